// The dialog that shows a document's text, page by page, with a quote marked.

import { attempt, byId, element } from "./dom.js";

const dialog = byId("viewer");

export function createViewer(session) {
  let shown = null;

  async function show(fileId, name, number, quote = "") {
    const { pages, page_count: count, next_page: next } = await session.api.page(fileId, number);
    const [page] = pages;
    shown = { fileId, name, number: page.number, next };
    byId("viewer-title").textContent = name;
    byId("viewer-label").textContent = describe(page, count);
    byId("viewer-text").replaceChildren(...marked(page.text, quote));
    byId("viewer-previous").disabled = page.number <= 1;
    byId("viewer-next").disabled = !next;
    if (!dialog.open) dialog.showModal();
    const mark = dialog.querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
    else byId("viewer-text").scrollTop = 0;
  }

  byId("viewer-close").addEventListener("click", () => dialog.close());
  byId("viewer-previous").addEventListener("click", () => attempt(() => show(shown.fileId, shown.name, shown.number - 1)));
  byId("viewer-next").addEventListener("click", () => attempt(() => show(shown.fileId, shown.name, shown.next)));

  return { show: (...place) => attempt(() => show(...place)) };
}

function describe(page, count) {
  const parts = [count ? `Page ${page.number} of ${count}` : `Page ${page.number}`];
  if (page.label) parts.push(page.label);
  if (page.ocr) parts.push("read by OCR");
  return parts.join(" · ");
}

function marked(text, quote) {
  const start = quote ? text.indexOf(quote) : -1;
  if (start < 0) return [text];
  return [text.slice(0, start), element("mark", {}, quote), text.slice(start + quote.length)];
}
