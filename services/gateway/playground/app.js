// Connect with a key, then show one conversation at a time.

import { Api } from "./api.js";
import { createChat } from "./chat.js";
import { attempt, byId, element } from "./dom.js";
import { createFiles, sizeOf } from "./files.js";
import { createViewer } from "./viewer.js";

const STORAGE = "satchel.connection";
const FIELDS = ["app", "agent", "key"];

const session = {
  api: null,
  limits: {},
  conversationId: null,
  starting: null,

  // The conversation shown; the first file or question of a new visitor begins one.
  async ensureConversation() {
    if (this.conversationId) return this.conversationId;
    this.starting ??= this.api.createConversation().finally(() => { this.starting = null; });
    const conversation = await this.starting;
    if (!this.conversationId) addConversation(conversation);
    return this.conversationId;
  },
};
const viewer = createViewer(session);
const files = createFiles(session, viewer);
const chat = createChat(session, viewer, { onAnswer: nameConversation, onReset: showConversation });
const conversations = byId("conversations");

async function connect(credentials) {
  byId("state").textContent = "Connecting…";
  try {
    session.api = new Api(credentials);
    const { data: agents } = await session.api.agents();
    byId("agents").replaceChildren(...agents.map((agent) => element("option", { value: agent.agent_id }, agent.name)));
    const agent = agents.find((one) => one.agent_id === credentials.agent) ?? agents[0];
    if (!agent) throw new Error("This key may talk to no agent.");
    session.api.useAgent(agent.agent_id);
    remember({ ...credentials, agent: agent.agent_id });
    await open(agent);
  } catch (error) {
    byId("state").textContent = "Not connected";
    throw error;
  }
}

async function open(agent) {
  const [limits, { data }] = await Promise.all([session.api.limits(), session.api.conversations()]);
  session.limits = limits;
  session.conversationId = null;
  chat.clear();
  byId("limit").textContent = limits.max_upload_size ? `, up to ${sizeOf(limits.max_upload_size)} each` : "";
  byId("picker").accept = Object.keys(limits.extensions ?? {}).join(",");
  conversations.replaceChildren(...data.map(option));
  byId("connection").open = false;
  byId("files").hidden = byId("chat").hidden = false;
  byId("state").textContent = `Connected to ${agent.name}`;
  if (data.length) await showConversation(data[0].conversation_id);
  byId("question").focus();
}

async function showConversation(id) {
  session.conversationId = id;
  conversations.value = id;
  await Promise.all([chat.show(id), files.show(id)]);
}

function addConversation(conversation) {
  conversations.prepend(option(conversation));
  session.conversationId = conversation.conversation_id;
  conversations.value = conversation.conversation_id;
}

function option({ conversation_id: id, title, created_at: created }) {
  const choice = element("option", { value: id }, title || `Conversation of ${new Date(created).toLocaleString()}`);
  choice.dataset.title = title ?? "";
  return choice;
}

// A conversation without a title takes its first message's words, on the server as here.
function nameConversation(id, question) {
  const shown = [...conversations.options].find((one) => one.value === id);
  if (shown && !shown.dataset.title) shown.replaceWith(option({ conversation_id: id, title: question.slice(0, 80) }));
  conversations.value = session.conversationId;
}

function remember(credentials) {
  sessionStorage.setItem(STORAGE, JSON.stringify(credentials));
  for (const field of FIELDS) byId(field).value = credentials[field] ?? "";
}

// Credentials from a link (#app=…&agent=…&key=…), which leaves the address bar and the history at once.
function fromAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!given.has("key")) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return Object.fromEntries(FIELDS.map((field) => [field, given.get(field) ?? ""]));
}

function start() {
  const credentials = fromAddress() ?? JSON.parse(sessionStorage.getItem(STORAGE) ?? "null");
  if (!credentials) return;
  remember(credentials);
  attempt(() => connect(credentials));
}

byId("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(() => connect(Object.fromEntries(FIELDS.map((field) => [field, byId(field).value.trim()]))));
});
conversations.addEventListener("change", () => attempt(() => showConversation(conversations.value)));
byId("new").addEventListener("click", () => attempt(async () => {
  addConversation(await session.api.createConversation());
  await showConversation(session.conversationId);
}));
addEventListener("hashchange", () => location.hash && start());
start();
