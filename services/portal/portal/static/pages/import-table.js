// A table of values that creates and edits items: shown row by row before anything is done.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { announce, element, field, link, notice, plainTable } from "../dom.js";
import { ended } from "../tasks.js";
import { countOf } from "../words.js";
import { archivePath } from "./archive-head.js";

const MOST_SHOWN = 200;
const ROW = /^rows\.(\d+)\./;

export function importPanel(archive, { signal, onDone }) {
  const input = element("input", { type: "file", accept: ".csv,.json,.jsonl" });
  const said = element("div", { role: "status" });
  const result = element("div");
  const check = submitting(said, async () => {
    result.replaceChildren();
    const table = await read(input.files[0]);
    result.replaceChildren(...(await checked(archive, table, { signal, onDone, result })));
  });
  return element(
    "section",
    { class: "chapter import" },
    element("h2", {}, "Import"),
    element(
      "form",
      { class: "card", onsubmit: check },
      field({ name: "content", label: "Table", hint: "CSV, a JSON list of objects, or one in each line: a column “title”, one for each socket, and “pk” for items that are there already, as in an export.", input }),
      said,
      element("div", { class: "actions" }, element("button", { type: "submit" }, "Check the table")),
    ),
    result,
  );
}

async function read(file) {
  if (!file) throw new api.ApiError(400, { errors: { content: ["Choose a file."] } });
  const [, format = "csv"] = file.name.toLowerCase().match(/\.(jsonl?)$/) || [];
  return { format, content: await file.text() };
}

async function checked(archive, table, { signal, onDone, result }) {
  try {
    const found = await api.post(`${archive.api_url}import/`, { ...table, dry_run: true }, { signal });
    return [planTable(archive, found.plan), starting(archive, table, found, { signal, onDone, result })];
  } catch (error) {
    const wrong = Object.entries(error.errors || {}).filter(([name]) => ROW.test(name));
    if (!wrong.length) throw asOneField(error);
    return [wrongTable(wrong)];
  }
}

// Wrong columns are named by the server; they all belong to the one file.
function asOneField(error) {
  const said = Object.entries(error.errors || {}).map(([name, reasons]) => (name === "content" ? reasons.join(" ") : `${name}: ${reasons.join(" ")}`));
  if (said.length) error.errors = { content: said };
  return error;
}

function planTable(archive, plan) {
  const rows = plan.slice(0, MOST_SHOWN).map((row, index) => [
    index + 1,
    row.operation === "create" ? "A new item" : link(archivePath(archive, `items/${row.item}/`), "Changes an item"),
    row.title || "",
    Object.entries(row.values).map(([socket, value]) => `${socket} = ${JSON.stringify(value)}`).join(", "),
  ]);
  const rest = plan.length - rows.length;
  return element("div", { class: "scrolled plan" }, plainTable(["Row", "What", "Title", "Values"], rows), rest > 0 && element("p", { class: "hint" }, `And ${countOf(rest, "more row")}.`));
}

function wrongTable(wrong) {
  const byRow = new Map();
  for (const [name, reasons] of wrong) {
    const row = Number(name.match(ROW)[1]) + 1;
    byRow.set(row, [...(byRow.get(row) || []), ...reasons]);
  }
  const rows = [...byRow].sort(([one], [other]) => one - other).map(([row, reasons]) => [row, reasons.join(" ")]);
  return element("div", {}, notice("error", `${countOf(byRow.size, "row")} cannot be imported; nothing was done.`), element("div", { class: "scrolled wrong" }, plainTable(["Row", "Why"], rows)));
}

function starting(archive, table, { rows, create, edit, ignored }, { signal, onDone, result }) {
  const said = element("div", { role: "status" });
  const progress = (task) => said.replaceChildren(`${task.done + task.failed} of ${task.total} rows done …`);
  const start = acting(said, async () => {
    const task = await ended(await api.post(`${archive.api_url}import/`, table, { signal }), { signal, onProgress: progress });
    result.replaceChildren(outcome(task));
    announce(`${countOf(task.done, "row")} imported.`);
    await onDone();
  });
  return element(
    "div",
    { class: "actions starting" },
    element("button", { type: "button", class: "primary", onclick: start }, `Import ${countOf(rows, "row")}`),
    element("span", { class: "hint" }, `${create} new, ${edit} changed${ignored.length ? `; left alone: ${ignored.join(", ")}` : ""}`),
    said,
  );
}

function outcome(task) {
  const wrong = task.errors.map((each) => [each.row + 1, each.reasons.join(" ")]);
  return element("div", {}, notice("good", `${countOf(task.done, "row")} imported.`), wrong.length > 0 && plainTable(["Row", "Why not"], wrong));
}
