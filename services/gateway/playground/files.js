// The files of the conversation: attach, follow their processing, tick, read, download, detach.

import { announce, attempt, button, byId, element, fill, link } from "./dom.js";

const FIRST_POLL_MS = 700;
const LONGEST_POLL_MS = 5000;
const WORDS = { uploading: "uploading", processing: "processing", ready: "ready", uploaded: "stored, no text", error: "error" };

export function createFiles(session, viewer) {
  const list = byId("file-list");
  let generation = 0; // grows with every conversation shown, so that answers meant for an earlier one are dropped
  let showing = Promise.resolve();

  function show(conversationId) {
    showing = load(conversationId, ++generation);
    return showing;
  }

  async function load(conversationId, mine) {
    const { files } = await session.api.attachedFiles(conversationId);
    if (mine !== generation) return;
    list.replaceChildren();
    for (const file of files) {
      const row = addRow();
      draw(row, file);
      follow(row, file);
    }
    countRows();
  }

  async function attach(files) {
    const conversationId = await session.ensureConversation();
    await Promise.allSettled([showing]); // or its rows would take the place of ours
    await Promise.all(files.map((file) => attachOne(file, conversationId)));
  }

  async function attachOne(file, conversationId) {
    const row = addRow();
    countRows();
    const bar = element("progress", { max: 1, value: 0, ariaLabel: `Uploading ${file.name}` });
    drawPending(row, file.name, WORDS.uploading, "uploading", bar);
    try {
      const { max_upload_size: limit } = session.limits;
      if (limit && file.size > limit) throw new Error(`Larger than the limit of ${sizeOf(limit)}.`);
      const attached = await session.api.attach(file, conversationId, (fraction) => { bar.value = fraction; });
      draw(row, attached);
      follow(row, attached);
    } catch (error) {
      const reason = element("p", { className: "problem" }, error.message);
      const dismiss = button("Dismiss", () => { row.remove(); countRows(); });
      drawPending(row, file.name, WORDS.error, "error", reason, element("div", { className: "actions" }, dismiss));
      announce(`${file.name} was not attached: ${error.message}`);
    }
  }

  // Ask again, ever more slowly, until the file's processing has ended.
  function follow(row, file, delay = FIRST_POLL_MS) {
    if (file.processing_status !== "processing") return;
    setTimeout(async () => {
      if (!row.isConnected) return;
      const now = await session.api.file(file.file_id).catch((error) => (error.status === 404 ? null : file));
      if (now === null) {
        row.remove();
        countRows();
        return;
      }
      if (now.processing_status !== "processing") {
        draw(row, now);
        announce(`${now.filename}: ${WORDS[now.processing_status]}`);
      }
      follow(row, now, Math.min(delay * 1.5, LONGEST_POLL_MS));
    }, delay);
  }

  function draw(row, file) {
    const id = `use-${file.file_id}`;
    const tick = element("input", { type: "checkbox", id, checked: file.is_active });
    tick.addEventListener("change", () => attempt(() => activate(tick, file)));
    row.dataset.status = file.processing_status;
    fill(
      row,
      tick,
      element("label", { htmlFor: id, className: "name", title: "Use in answers" }, file.filename),
      element("span", { className: "badge" }, WORDS[file.processing_status] ?? file.processing_status),
      element("p", { className: "hint" }, describe(file)),
      problemOf(file),
      actionsOf(row, file),
    );
  }

  function actionsOf(row, file) {
    return element(
      "div",
      { className: "actions" },
      file.has_extractable_content
        ? button("Text", () => viewer.show(file.file_id, file.filename, 1), { ariaLabel: `Text of ${file.filename}` })
        : null,
      link("Download", file.download_url, { ariaLabel: `Download ${file.filename}` }),
      button("Detach", () => attempt(() => detach(row, file)), { ariaLabel: `Detach ${file.filename}` }),
    );
  }

  async function activate(tick, file) {
    const wanted = tick.checked;
    try {
      await session.api.setActive(file.file_id, wanted);
      announce(`${file.filename} is ${wanted ? "used" : "not used"} in answers`);
    } catch (error) {
      tick.checked = !wanted;
      throw error;
    }
  }

  async function detach(row, file) {
    await session.api.detach(file.file_id);
    row.remove();
    countRows();
    announce(`${file.filename} was deleted`);
  }

  function addRow() {
    const row = element("li", { className: "file" });
    list.prepend(row);
    return row;
  }

  function countRows() {
    byId("no-files").hidden = list.childElementCount > 0;
  }

  acceptFiles((files) => attempt(() => attach(files)));
  return { show };
}

function drawPending(row, name, word, status, ...rest) {
  row.dataset.status = status;
  fill(row, element("span", { className: "name" }, name), element("span", { className: "badge" }, word), ...rest);
}

function describe(file) {
  const parts = [file.file_type.toUpperCase(), file.file_size_display];
  if (file.page_count) parts.push(`${file.page_count} ${file.page_count === 1 ? "page" : "pages"}`);
  if (file.token_count) parts.push(`${file.token_count.toLocaleString()} tokens`);
  if (file.conversation_id === null) parts.push("shared by all conversations");
  return parts.join(" · ");
}

function problemOf(file) {
  if (file.error) return element("p", { className: "problem" }, `${file.error.message} (${file.error.code})`);
  if (file.warnings?.length) return element("p", { className: "hint" }, `Note: ${file.warnings.join(", ")}`);
  return null;
}

export function sizeOf(bytes) {
  const units = ["bytes", "KB", "MB", "GB"];
  const step = bytes ? Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1) : 0;
  return `${+(bytes / 1024 ** step).toFixed(1)} ${units[step]}`;
}

function acceptFiles(attach) {
  const [picker, panel] = [byId("picker"), byId("files")];
  picker.addEventListener("change", () => {
    attach([...picker.files]);
    picker.value = "";
  });
  for (const name of ["dragenter", "dragover"]) {
    panel.addEventListener(name, (event) => {
      event.preventDefault();
      panel.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) panel.addEventListener(name, () => panel.classList.remove("over"));
  panel.addEventListener("drop", (event) => {
    event.preventDefault();
    attach([...event.dataTransfer.files]);
  });
}
