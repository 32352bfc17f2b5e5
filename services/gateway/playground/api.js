// The public API as one visitor with one key sees it.

export class ApiError extends Error {
  constructor(status, problem) {
    const fields = (problem.errors ?? []).map((fault) => `${fault.field}: ${fault.message}`);
    super([problem.detail || problem.title || `The server answered ${status}.`, ...fields].join(" "));
    this.name = "ApiError";
    this.status = status;
    this.code = problem.code ?? "";
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a proxy's page, not the API's answer: the status says enough
  }
}

export class Api {
  constructor({ app, agent, key }) {
    this.root = `/public/v1/app/${encodeURIComponent(app)}`;
    this.key = key;
    this.useAgent(agent);
  }

  useAgent(agent) {
    this.files = `/files/${encodeURIComponent(agent)}`;
    this.chat = `/chat/${encodeURIComponent(agent)}`;
  }

  async request(method, path, body) {
    const headers = { "X-API-KEY": this.key };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(this.root + path, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new ApiError(0, { detail: "The server cannot be reached." });
    }
    const answer = parsed(await response.text());
    if (!response.ok) throw new ApiError(response.status, answer);
    return answer;
  }

  agents = () => this.request("GET", "/agents");
  limits = () => this.request("GET", "/limits");

  conversations = () => this.request("GET", `${this.chat}/conversations?limit=50`);
  createConversation = () => this.request("POST", `${this.chat}/conversations`, {});
  conversation = (id) => this.request("GET", `${this.chat}/conversations/${id}`);
  ask = (message, id) => this.request("POST", `${this.chat}/call`, { message, conversation_id: id });
  reset = (id) => this.request("POST", `${this.chat}/reset?conversation_id=${encodeURIComponent(id)}`);

  attachedFiles = (id) => this.request("GET", `${this.files}/attached-files?conversation_id=${encodeURIComponent(id)}`);
  file = (id) => this.request("GET", `${this.files}/attached-files/${id}`);
  setActive = (id, active) => this.request("PATCH", `${this.files}/attached-files/${id}`, { is_active: active });
  detach = (id) => this.request("DELETE", `${this.files}/detach-file/${id}`);
  page = (id, number) => this.request("GET", `${this.files}/attached-files/${id}/content?page=${number}&limit=1`);

  // Upload one file; `onProgress` hears the fraction that has left the browser, which fetch cannot tell.
  attach(file, conversationId, onProgress) {
    const form = new FormData();
    form.append("conversation_id", conversationId);
    form.append("file", file);
    return new Promise((resolve, reject) => {
      const upload = new XMLHttpRequest();
      upload.open("POST", `${this.root}${this.files}/attach-file?wait=0`);
      upload.setRequestHeader("X-API-KEY", this.key);
      upload.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
      upload.addEventListener("error", () => reject(new ApiError(0, { detail: "The connection broke." })));
      upload.addEventListener("load", () => {
        const answer = parsed(upload.responseText);
        if (upload.status >= 200 && upload.status < 300) resolve(answer);
        else reject(new ApiError(upload.status, answer));
      });
      upload.send(form);
    });
  }
}
