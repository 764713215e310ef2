// The items of an archive as a table: searched, sorted, exported, imported, and deleted many at once.

import * as api from "../api.js";
import { acting, twoSteps } from "../acting.js";
import { announce, element, notice } from "../dom.js";
import { restore } from "../restoring.js";
import { mayManage, mayUpload } from "../rights.js";
import { ended } from "../tasks.js";
import { countOf } from "../words.js";
import { pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";
import { importPanel } from "./import-table.js";
import { Conditions } from "./item-conditions.js";
import { ItemTable } from "./item-table.js";

const MOST_SOCKETS = 1000;
const FORMATS = { csv: "CSV", jsonl: "JSON lines", parquet: "Parquet" };

export async function tablePage({ signal, title }, name) {
  const archive = await findArchive(name, signal);
  title(`Table of ${archive.title}`);
  const sockets = await valueSockets(signal);
  const doing = element("div", { class: "chosen" });
  const table = new ItemTable(archive, { signal, onChoice: mayManage(archive) ? (items) => offer(archive, items, { table, doing, signal }) : null });
  const conditions = new Conditions(sockets, (query) => table.search(query));
  await table.search(conditions.query);
  return pageOfArchive(archive, "table/", "Table", signal, conditions.view, doing, table.view, exports(archive), mayUpload(archive) && importPanel(archive, { signal, onDone: () => table.search() }));
}

async function valueSockets(signal) {
  const { results } = await api.get(`/api/v1/components/interfaces/?limit=${MOST_SOCKETS}`, { signal });
  return results.filter((socket) => socket.super_kind === "Value").sort((one, other) => one.title.localeCompare(other.title));
}

function exports(archive) {
  const links = Object.entries(FORMATS).map(([format, text]) => element("a", { class: "button", href: `${api.local(archive.api_url)}export/?format=${format}`, download: true }, text));
  return element("section", { class: "chapter" }, element("h2", {}, "Export"), element("p", { class: "hint" }, "All items with all their values."), element("div", { class: "actions" }, links));
}

// What can be done with the chosen items, and afterwards undone.
function offer(archive, items, { table, doing, signal }) {
  if (!items.length) return doing.replaceChildren();
  const many = countOf(items.length, "item");
  const act = async () => {
    const versionOf = (item) => (archive.versions_required ? item.version : null);
    const rows = items.map((item) => ({ operation: "delete", item: item.api_url, version: versionOf(item) }));
    const task = await ended(await api.post("/api/v1/archives/items/bulk/", { archive: archive.api_url, rows }, { signal }), { signal });
    await table.search();
    doing.replaceChildren(outcome(task, items, { table, doing, signal }));
  };
  return doing.replaceChildren(twoSteps({ first: `Delete ${many} …`, ask: () => [`${many} will be deleted, and can be brought back for 30 days.`], second: "Delete now", act }));
}

function outcome(task, items, { table, doing, signal }) {
  const said = `${countOf(task.done, "item")} deleted.`;
  announce(said);
  const failures = task.errors.map((each) => element("p", {}, `${items[each.row].title}: ${each.reasons.join(" ")}`));
  const failed = new Set(task.errors.map((each) => each.row));
  const complaint = element("div", { role: "status" });
  const undo = acting(complaint, async () => {
    await restore(items.filter((_, row) => !failed.has(row)), signal);
    doing.replaceChildren();
    await table.search();
  });
  return notice("good", element("p", {}, said), failures, element("button", { type: "button", onclick: undo }, "Bring them back"), complaint);
}
