// Which of the files that were sent become one item: shown file by file before the import begins.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import * as choices from "../choices.js";
import { recordsOf } from "../csv.js";
import { element, field, plainTable } from "../dom.js";

const SESSIONS = "/api/v1/cases/upload-sessions/";
const KINDS = [
  ["name", "By their names"],
  ["folder", "By the folder they lie in inside of an archive such as zip"],
  ["manifest", "As a table says"],
];
const HINTS = {
  sockets: "What {socket}, or the file’s name in its folder, stands for: one on each line, such as “mask: generic-overlay”. Everything else fills the usual socket.",
  pattern: "{item} stands for the title of the item, {socket} for what tells its images apart, * for anything.",
  table: "CSV with the columns “file” and “item”, and “socket” where it is not the usual one.",
};
const ROW = /^grouping\.rows\.(\d+)\./;

// `begin` is told how to group; `leave` is called when nothing is to be imported.
export function groupingForm(archive, uploads, { signal, begin, leave }) {
  const rule = new Rule(archive);
  const said = element("div", { role: "status" });
  const shown = element("div", { class: "scrolled" });
  const ask = async () => {
    const { files } = await dryRun({ uploads, archive: archive.pk, grouping: await rule.read(), dry_run: true }, signal);
    shown.replaceChildren(plainTable(["File", "Item", "Socket"], files.map((each) => [each.file, each.item || "One of its own", each.socket])));
  };
  const import_ = acting(said, async () => {
    await ask();
    await begin(await rule.read());
  });
  const form = element(
    "form",
    { class: "card grouping", novalidate: true, onsubmit: submitting(said, ask) },
    rule.views,
    shown,
    said,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "submit" }, "Preview"),
      element("button", { type: "button", class: "primary", onclick: import_ }, "Import"),
      element("button", { type: "button", class: "quiet", onclick: leave }, "Do not import"),
    ),
  );
  return { form, canBegin: rule.kind !== "manifest" };
}

async function dryRun(asked, signal) {
  try {
    return await api.post(SESSIONS, asked, { signal });
  } catch (error) {
    if (error.errors) error.errors = ofTable(error.errors);
    throw error;
  }
}

// What is wrong with rows of the table belongs to the table.
function ofTable(errors) {
  const others = Object.entries(errors).filter(([name]) => !ROW.test(name));
  const rows = Object.entries(errors).filter(([name]) => ROW.test(name)).map(([name, reasons]) => `Row ${Number(name.match(ROW)[1]) + 1}: ${reasons.join(" ")}`);
  return rows.length ? { ...Object.fromEntries(others), "grouping.rows": rows } : errors;
}

// What tells which files belong together. Names may tell whose images they are, so archives that de-identify take tables only.
class Rule {
  constructor({ deidentify }) {
    const kinds = deidentify ? KINDS.filter(([kind]) => kind === "manifest") : KINDS;
    this.by = choices.choice({ name: "grouping.by", label: "Files become one item" }, kinds[0][0], kinds, { none: null });
    this.pattern = choices.text({ name: "grouping.pattern", label: "Pattern", hint: HINTS.pattern }, "{item}_{socket}.*");
    this.sockets = choices.named({ name: "grouping.sockets", label: "Sockets", hint: HINTS.sockets }, {});
    this.file = element("input", { type: "file", accept: ".csv,text/csv" });
    this.table = field({ name: "grouping.rows", label: "Table", hint: HINTS.table, input: this.file });
    this.by.view.addEventListener("change", () => this.show());
    this.show();
  }

  get kind() {
    return this.by.value();
  }

  get views() {
    return [this.by.view, this.pattern.view, this.sockets.view, this.table];
  }

  show() {
    this.pattern.view.hidden = this.kind !== "name";
    this.sockets.view.hidden = this.kind === "manifest";
    this.table.hidden = this.kind !== "manifest";
  }

  // Returns the rule as the API takes it.
  async read() {
    if (this.kind === "manifest") return { by: this.kind, rows: await this.rows() };
    const sockets = Object.fromEntries(Object.entries(this.sockets.value()).map(([text, [socket = ""]]) => [text, socket]));
    return { by: this.kind, pattern: this.kind === "name" ? this.pattern.value() : "", sockets };
  }

  async rows() {
    if (!this.file.files.length) throw wrongTable("Choose a file.");
    const records = recordsOf(await this.file.files[0].text());
    if (!records.length || !("file" in records[0] && "item" in records[0])) throw wrongTable("Its first line must name the columns “file” and “item”, and a row must follow.");
    return records.map(({ file, item, socket = "" }) => ({ file, item, socket }));
  }
}

function wrongTable(reason) {
  return new api.ApiError(400, { errors: { "grouping.rows": [reason] } });
}
