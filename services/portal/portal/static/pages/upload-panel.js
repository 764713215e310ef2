// Sends files into an archive and tells how their import goes.

import * as api from "../api.js";
import { announce, element, notice } from "../dom.js";
import { Folder, chosenFolder, dropped } from "../folder-files.js";
import { LEAVING } from "../leaving.js";
import { together, upload } from "../upload.js";
import { bytes, countOf } from "../words.js";
import { earlierImports, underWay } from "./earlier-imports.js";
import { groupingForm } from "./grouping.js";
import { SessionCard } from "./session-card.js";

const FILES_AT_ONCE = 3;
const MOST_FILES = 2000; // of one import, see `Sessions` of the ingest worker
const REMEMBERED_SESSIONS = 5;
const GIVE_UP = "Files are still being sent. If you leave this page, they are not added.";

export class UploadPanel {
  constructor(archive, { signal }) {
    this.archive = archive;
    this.signal = signal;
    this.sessions = new Map();
    this.isSending = false;
    this.input = element("input", { type: "file", multiple: true, id: "files", onchange: () => this.send([...this.input.files]) });
    this.folder = element("input", { type: "file", webkitdirectory: true, id: "folder", onchange: () => this.folder.files.length && this.send([chosenFolder([...this.folder.files])]) });
    this.stop = new AbortController();
    this.progress = element("progress", { max: "1", value: 0, "aria-label": "Sending files" });
    this.progressText = element("p", { class: "hint", role: "status" });
    this.sending = element("div", { class: "sending", hidden: true }, this.progress, this.progressText, element("button", { type: "button", class: "quiet", onclick: () => this.stop.abort() }, "Stop sending"));
    this.complaints = element("div");
    this.isGrouped = element("input", { type: "checkbox", name: "grouped" });
    this.grouping = element("div");
    this.list = element("div", { class: "sessions" });
    this.view = element("section", { class: "upload", "aria-label": "Add images" }, this.dropZone(), this.together(), this.sending, this.complaints, this.grouping, this.list, earlierImports(archive, signal));
    window.addEventListener("beforeunload", (event) => this.isSending && event.preventDefault(), { signal });
    document.addEventListener(LEAVING, (event) => this.isSending && !window.confirm(GIVE_UP) && event.preventDefault(), { signal });
  }

  get isBusy() {
    return [...this.sessions.values()].some((card) => card.isBusy);
  }

  // Ends when the reader wants no more to be sent, or leaves.
  get stopped() {
    return AbortSignal.any([this.signal, this.stop.signal]);
  }

  async refresh() {
    this.others ??= await underWay(this.archive, this.signal); // begun on another page, or by a program
    for (const pk of [...this.others, ...remembered(this.archive)]) if (!this.sessions.has(pk)) this.watch(pk);
    await Promise.all([...this.sessions.values()].filter((card) => card.isBusy).map((card) => card.refresh()));
  }

  dropZone() {
    const label = (input, content) => element("label", { for: input.id }, content);
    const takesFolders = "webkitdirectory" in this.folder; // phones do not
    const zone = element(
      "div",
      { class: "drop" },
      this.input,
      label(this.input, element("span", { class: "button primary" }, "Add images")),
      takesFolders && [this.folder, label(this.folder, element("span", { class: "button" }, "Add a folder"))],
      label(this.input, "or drop files and folders here: DICOM, MetaImage, NIfTI, NRRD, TIFF, slides, photographs, or a zip of them"),
    );
    const hold = (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    };
    for (const name of ["dragover", "dragleave", "drop"]) zone.addEventListener(name, hold);
    zone.addEventListener("drop", (event) => this.sendDropped(event.dataTransfer));
    return zone;
  }

  async sendDropped(transfer) {
    try {
      await this.send(await dropped(transfer));
    } catch (error) {
      this.complain("The folder could not be read.", String(error));
    }
  }

  together() {
    return element("label", { class: "inline" }, this.isGrouped, "Several of these files belong to one item");
  }

  // Of files and folders.
  async send(wanted) {
    if (!wanted.length || this.isSending) return;
    if (wanted.length > MOST_FILES) return this.complain(`These are ${wanted.length} files.`, `One import takes ${MOST_FILES}; send their folder, a zip of them, or some after the others.`);
    this.begin();
    try {
      await requireWelcome(this.archive);
      const files = await this.packed(wanted);
      const sent = await this.sendAll(files);
      if (sent.length) await (this.isGrouped.checked ? this.group(sent) : this.start(sent));
    } catch (error) {
      if (error.name !== "AbortError") this.complain("The files were not sent.", error.reasons || String(error));
      else if (this.stop.signal.aborted) this.complain("Sending was stopped.", "Nothing was added.");
    } finally {
      this.end();
    }
  }

  begin() {
    this.isSending = true;
    this.stop = new AbortController();
    this.input.disabled = this.folder.disabled = true;
    this.sending.hidden = false;
    this.complaints.replaceChildren();
  }

  end() {
    this.isSending = false;
    this.input.disabled = this.folder.disabled = false;
    this.input.value = this.folder.value = "";
    this.sending.hidden = true;
  }

  // Makes a file of each folder; what cannot be read in one is named and left out.
  async packed(wanted) {
    const files = [];
    for (const each of wanted) files.push(each instanceof Folder ? await this.pack(each) : each);
    return files.filter(Boolean);
  }

  async pack(folder) {
    const { stopped: signal } = this;
    const total = countOf(folder.files.length, "file");
    const onProgress = (done) => {
      this.progress.value = done / folder.files.length;
      this.progressText.textContent = `Reading ${folder.name}: ${done} of ${total}`;
    };
    const canNotRead = (file, error) => {
      if (error.name === "AbortError") throw error;
      this.complain(file.name, "It could not be read.");
    };
    if (folder.files.length) return folder.packed({ signal, onProgress, canNotRead });
    this.complain(folder.name, "There are no files in this folder.");
  }

  // A file that is refused or lost hurts only itself.
  async sendAll(files) {
    const sent = [];
    const arrived = new Map(files.map((file) => [file, 0]));
    await together(FILES_AT_ONCE, files, this.stopped, async (file, signal) => {
      const onProgress = (count) => this.showProgress(arrived.set(file, count), sent.length);
      try {
        sent.push(await upload(file, { onProgress, signal }));
      } catch (error) {
        if (!(error instanceof api.ApiError)) throw error;
        this.complain(file.name, error.reasons);
      }
    });
    return sent;
  }

  showProgress(arrived, done) {
    const total = [...arrived.keys()].reduce((sum, file) => sum + file.size, 0);
    const count = [...arrived.values()].reduce((sum, each) => sum + each, 0);
    this.progress.value = total ? count / total : 0;
    this.progressText.textContent = `Sending: ${bytes(count)} of ${bytes(total)}, ${done} of ${countOf(arrived.size, "file")} complete`;
  }

  group(uploads) {
    const leave = () => this.grouping.replaceChildren();
    const begin = async (grouping) => {
      await this.start(uploads, grouping);
      leave();
    };
    const { form, canBegin } = groupingForm(this.archive, uploads, { signal: this.signal, begin, leave });
    this.grouping.replaceChildren(form);
    if (canBegin) form.requestSubmit(); // shows the first preview
  }

  async start(uploads, grouping = null) {
    const session = await api.post("/api/v1/cases/upload-sessions/", { uploads, archive: this.archive.pk, grouping });
    remember(this.archive, session.pk);
    announce(`${countOf(uploads.length, "file")} sent; the import has begun.`);
    await this.watch(session.pk).refresh();
  }

  watch(pk) {
    const card = new SessionCard(pk, this.signal);
    this.sessions.set(pk, card);
    this.list.prepend(card.view);
    return card;
  }

  complain(subject, reason) {
    this.complaints.append(notice("error", element("strong", {}, subject), " ", reason));
  }
}

// Asks whether we may add to the archive before anything is sent: a session without files is refused for
// its files only if nothing else is wrong with it.
async function requireWelcome(archive) {
  try {
    await api.post("/api/v1/cases/upload-sessions/", { uploads: [], archive: archive.pk });
  } catch (error) {
    if (!error.errors?.uploads) throw error;
  }
}

// --- Sessions started in this tab, for when the page is opened again

function noteName(archive) {
  return `sessions:${archive.pk}`;
}

function remembered(archive) {
  return JSON.parse(sessionStorage.getItem(noteName(archive))) || [];
}

function remember(archive, pk) {
  const latest = [...remembered(archive), pk].slice(-REMEMBERED_SESSIONS);
  sessionStorage.setItem(noteName(archive), JSON.stringify(latest));
}
