// How one import goes: its state, how far it is, what it became, and what was refused and why.

import * as api from "../api.js";
import { element } from "../dom.js";
import { bytes, countOf } from "../words.js";

const ENDED = ["Succeeded", "Failed", "Cancelled"];
const WORDS = { Queued: "Waiting", Started: "Importing", "Re-Queued": "Waiting to be tried again", Succeeded: "Imported", Failed: "Failed", Cancelled: "Cancelled" };

export class SessionCard {
  constructor(pk, signal) {
    this.pk = pk;
    this.signal = signal;
    this.isBusy = true;
    this.view = element("section", { class: "card session", "aria-label": "Import" });
  }

  async refresh() {
    const session = await api.get(`/api/v1/cases/upload-sessions/${this.pk}/`, { signal: this.signal });
    this.isBusy = !ENDED.includes(session.status);
    this.view.dataset.status = session.status;
    this.view.replaceChildren(summary(session), ...details(session), ...this.actions(session));
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

function summary(session) {
  return element("p", { class: "summary" }, element("strong", {}, WORDS[session.status] || session.status), " ", outcome(session));
}

function outcome(session) {
  const files = countOf(session.uploads.length, "file");
  if (session.status === "Succeeded") return `${countOf(session.report.images.length, "image")} from ${files}`;
  return files;
}

function details(session) {
  return [progress(session), session.error_message && element("p", { class: "reason" }, session.error_message), refusals(session.report.rejected)].filter(Boolean);
}

function progress({ status, progress: done }) {
  if (status !== "Started" || !done.bytes_total) return null;
  const text = `${done.files_done} of ${countOf(done.files_total, "file")}, ${bytes(done.bytes_done)} of ${bytes(done.bytes_total)}`;
  return element("div", {}, element("progress", { max: String(done.bytes_total), value: done.bytes_done, "aria-label": "Importing" }), element("p", { class: "hint" }, text));
}

function refusals(rejected) {
  if (!rejected.length) return null;
  return element(
    "table",
    { class: "refusals" },
    element("caption", {}, "Refused files"),
    element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "File"), element("th", { scope: "col" }, "Why"))),
    element("tbody", {}, rejected.map((each) => element("tr", {}, element("td", {}, each.file), element("td", {}, each.reasons.join(" "))))),
  );
}
