// How one import goes: its state, how far it is, what it became, and what was refused and why.

import * as api from "../api.js";
import { element, plainTable } from "../dom.js";
import { bytes, countOf, moment } from "../words.js";

const FEW = 3;
const PHASES = { fetching: "Fetching", unpacking: "Unpacking", recognising: "Recognising", converting: "Converting", storing: "Storing" };
const ENDED = ["Succeeded", "Failed", "Cancelled"];
const WORDS = { Queued: "Waiting", Started: "Importing", "Re-Queued": "Waiting to be tried again", Succeeded: "Imported", Failed: "Failed", Cancelled: "Cancelled" };

export function hasEnded({ status }) {
  return ENDED.includes(status);
}

export class SessionCard {
  constructor(pk, signal, { isDated = false } = {}) {
    Object.assign(this, { pk, signal, isDated });
    this.isBusy = true;
    this.view = element("section", { class: "card session", "aria-label": "Import" });
  }

  async refresh() {
    const session = await api.get(`/api/v1/cases/upload-sessions/${this.pk}/`, { signal: this.signal });
    this.isBusy = !hasEnded(session);
    this.view.dataset.status = session.status;
    this.view.replaceChildren(summary(session, this.isDated), ...details(session), ...this.actions(session));
  }

  actions({ status }) {
    if (this.isBusy) return [this.action("Cancel", "cancel")];
    return status === "Succeeded" ? [] : [this.action("Try again", "retry")];
  }

  action(text, verb) {
    return element("button", { type: "button", class: "quiet", onclick: () => this.ask(verb) }, text);
  }

  async ask(verb) {
    try {
      await api.post(`/api/v1/cases/upload-sessions/${this.pk}/${verb}/`, {});
    } catch (error) {
      if (error.status !== 409) throw error; // it ended meanwhile, which the card is about to show
    }
    await this.refresh();
  }
}

function summary(session, isDated) {
  return element("p", { class: "summary" }, element("strong", {}, WORDS[session.status] || session.status), " ", outcome(session), isDated && ` · begun ${moment(session.created)}`);
}

function outcome(session) {
  const files = countOf(session.uploads.length, "file");
  if (session.status === "Succeeded") return `${countOf(session.report.image_count, "image")} from ${files}`;
  return files;
}

function details(session) {
  return [progress(session), session.error_message && element("p", { class: "reason" }, session.error_message), refusals(session.report), images(session.report)].filter(Boolean);
}

// Bytes are known once they are; until then files are counted, and the bar only shows that something is done.
function progress({ status, progress: done }) {
  if (status !== "Started") return null;
  const known = done.bytes_total > 0;
  const bar = element("progress", { max: known ? String(done.bytes_total) : null, value: known ? done.bytes_done : null, "aria-label": "Importing" });
  const files = done.files_total > 0 && `${done.files_done} of ${countOf(done.files_total, "file")}`;
  const text = [PHASES[done.phase], files, known && `${bytes(done.bytes_done)} of ${bytes(done.bytes_total)}`].filter(Boolean).join(", ");
  return element("div", {}, bar, element("p", { class: "hint" }, text || "Beginning …"));
}

function refusals({ rejected, rejected_count: count = rejected.length }) {
  if (!rejected.length) return null;
  const table = plainTable(["File", "Why"], rejected.map((each) => [each.file, each.reasons.join(" ")]));
  table.classList.add("refusals");
  table.prepend(element("caption", {}, count > rejected.length ? `Refused files, the first ${rejected.length} of ${count}` : "Refused files"));
  return table;
}

// What each image was made from, what is to be known of it, and what was taken away from it.
function images({ images: made, image_count: count = made.length }) {
  if (!made.length) return null;
  const noted = made.filter((each) => each.notes?.length).length;
  const facts = [countOf(count, "image"), noted && `${noted} with notes`, made.some((each) => each.removed.length) && "de-identified"].filter(Boolean);
  const rows = made.map((each) => [each.name, listed(each.sources, each.source_count), listed(each.notes || []), listed(each.removed)]);
  return element(
    "details",
    { class: "made" },
    element("summary", {}, facts.join(", ")),
    element("div", { class: "scrolled" }, plainTable(["Image", "Made from", "Notes", "Removed"], rows)),
  );
}

function listed(texts, count = texts.length) {
  if (count <= FEW) return texts.join(", ");
  const rest = count - texts.length;
  return element("details", {}, element("summary", {}, `${count}: ${texts[0]} …`), texts.join(", "), rest > 0 && ` and ${rest} more`);
}
