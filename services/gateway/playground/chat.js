// The conversation: its messages, their footnotes, and what the model saw of each file.

import { attempt, button, byId, element } from "./dom.js";

const FOOTNOTE = /<sup>(\d+)<\/sup>|\[(\d+)\]/;

export function createChat(session, viewer, { onAnswer, onReset }) {
  const [messages, question, form] = [byId("messages"), byId("question"), byId("ask")];
  let generation = 0; // both as in files.js
  let showing = Promise.resolve();

  function show(conversationId) {
    showing = load(conversationId, ++generation);
    return showing;
  }

  async function load(conversationId, mine) {
    const conversation = await session.api.conversation(conversationId);
    if (mine === generation) messages.replaceChildren(...conversation.messages.map(draw));
    scroll();
  }

  function clear() {
    generation += 1;
    messages.replaceChildren();
  }

  async function send() {
    const text = question.value.trim();
    if (!text) return;
    question.value = "";
    busy(true);
    try {
      await exchange(text);
    } catch (error) {
      question.value ||= text;
      throw error;
    } finally {
      busy(false);
      scroll();
      question.focus();
    }
  }

  async function exchange(text) {
    const conversationId = await session.ensureConversation();
    await Promise.allSettled([showing]);
    const mine = generation;
    const asked = draw({ role: "user", text });
    const pending = element("li", { className: "message assistant pending" }, "Reading and thinking…");
    messages.append(asked, pending);
    scroll();
    try {
      const answer = await session.api.ask(text, conversationId);
      if (mine === generation) pending.replaceWith(draw({ ...answer, role: "assistant", text: answer.response }));
      onAnswer(conversationId, text);
    } catch (error) {
      asked.remove();
      pending.remove();
      throw error;
    }
  }

  async function reset() {
    const conversationId = session.conversationId;
    if (!conversationId || !confirm("Delete this conversation's messages and its own files for good?")) return;
    await session.api.reset(conversationId);
    await onReset(conversationId);
  }

  function draw({ role, text, references = [], files = [] }) {
    const known = new Map(references.map((reference) => [reference.sequence_number, reference]));
    return element(
      "li",
      { className: `message ${role}` },
      element("p", { className: "visually-hidden" }, role === "user" ? "You" : "Agent"),
      element("div", { className: "text" }, ...withFootnotes(text ?? "", known)),
      references.length ? element("ol", { className: "footnotes" }, ...references.map(footnote)) : null,
      role === "assistant" && files.length ? seen(files) : null,
    );
  }

  // The text with <sup>1</sup> or [1] as a button, where there is such a reference; everything else stays as written.
  function withFootnotes(text, known) {
    const nodes = [];
    for (let rest = text; rest; ) {
      const match = FOOTNOTE.exec(rest);
      if (!match) return [...nodes, rest];
      const reference = known.get(Number(match[1] ?? match[2]));
      const end = match.index + match[0].length;
      nodes.push(reference ? rest.slice(0, match.index) : rest.slice(0, end));
      if (reference) nodes.push(element("sup", {}, openButton(reference, String(reference.sequence_number))));
      rest = rest.slice(end);
    }
    return nodes;
  }

  function openButton(reference, text) {
    const { file_id: id, name, page, quote } = reference;
    return button(text, () => viewer.show(id, name, page ?? 1, quote ?? ""), { className: "plain", title: `Open ${name}` });
  }

  function footnote(reference) {
    const place = reference.page ? `${reference.name}, page ${reference.page}` : reference.name;
    return element(
      "li",
      { value: reference.sequence_number },
      openButton(reference, place),
      reference.quote ? element("q", {}, reference.quote) : null,
    );
  }

  function busy(state) {
    messages.setAttribute("aria-busy", String(state));
    form.querySelector("button").disabled = state;
  }

  function scroll() {
    messages.scrollTop = messages.scrollHeight;
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(send);
  });
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!form.querySelector("button").disabled) form.requestSubmit();
  });
  byId("reset").addEventListener("click", () => attempt(reset));

  return { show, clear };
}

function seen(files) {
  const used = files.reduce((sum, file) => sum + file.tokens_used, 0);
  const total = files.reduce((sum, file) => sum + file.tokens_total, 0);
  return element(
    "details",
    { className: "seen" },
    element("summary", {}, `What the model saw: ${used.toLocaleString()} of ${total.toLocaleString()} tokens`),
    element("ul", {}, ...files.map((file) => element("li", {}, describe(file)))),
  );
}

function describe(file) {
  const parts = [`${file.tokens_used.toLocaleString()} of ${file.tokens_total.toLocaleString()} tokens`];
  if (file.pages_used?.length) parts.push(`pages ${file.pages_used.join(", ")}`);
  if (file.truncated) parts.push("shortened");
  if (file.processing_status !== "ready") parts.push(file.error?.message ?? file.processing_status);
  return `${file.filename}: ${parts.join(" · ")}`;
}
