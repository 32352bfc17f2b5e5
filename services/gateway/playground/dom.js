// Build and find nodes. Strings become text nodes and never markup, so what a stranger wrote stays text.

export const byId = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  return fill(node, ...children);
}

// Replace what a node holds; null stands for a child that is not there.
export function fill(node, ...children) {
  node.replaceChildren(...children.filter((child) => child !== null));
  return node;
}

export function button(text, onClick, properties = {}) {
  const node = element("button", { type: "button", ...properties }, text);
  node.addEventListener("click", onClick);
  return node;
}

// A link to another place, only if it is a web address: anything else a server might send is not followed.
export function link(text, address, properties = {}) {
  const { protocol } = new URL(address, location.href);
  if (protocol !== "https:" && protocol !== "http:") return element("span", {}, text);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer", ...properties }, text);
}

// Tell someone who does not see the screen.
export function announce(text) {
  byId("announcer").textContent = text;
}

// Show what went wrong until the next success.
export function showProblem(error) {
  const notice = byId("notice");
  notice.textContent = error.message;
  notice.hidden = false;
}

export function hideProblem() {
  byId("notice").hidden = true;
}

// Run an action of the visitor's and show its failure.
export async function attempt(action) {
  hideProblem();
  try {
    return await action();
  } catch (error) {
    showProblem(error);
    if (!(error instanceof Error && error.name === "ApiError")) console.error(error);
    return undefined;
  }
}
