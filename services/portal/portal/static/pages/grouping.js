// Which of the files that were sent become one item: shown file by file before the import begins.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import * as choices from "../choices.js";
import { element, plainTable } from "../dom.js";

const SESSIONS = "/api/v1/cases/upload-sessions/";
const KINDS = [["name", "By their names"], ["folder", "By the folder they lie in inside of an archive such as zip"]];

const SOCKETS_HINT =
  "What {socket}, or the file’s name in its folder, stands for: one on each line, such as “mask: generic-overlay”. Everything else fills the usual socket.";

// `begin` is told how to group; `leave` is called when nothing is to be imported.
export function groupingForm(archive, uploads, { signal, begin, leave }) {
  const fields = {
    by: choices.choice({ name: "grouping.by", label: "Files become one item" }, "name", KINDS, { none: null }),
    pattern: choices.text({ name: "grouping.pattern", label: "Pattern", hint: "For names: {item} stands for the title of the item, {socket} for what tells its images apart, * for anything." }, "{item}_{socket}.*"),
    sockets: choices.named({ name: "grouping.sockets", label: "Sockets", hint: SOCKETS_HINT }, {}),
  };
  const said = element("div", { role: "status" });
  const shown = element("div", { class: "scrolled" });
  const ask = async () => {
    const { files } = await api.post(SESSIONS, { uploads, archive: archive.pk, grouping: groupingOf(fields), dry_run: true }, { signal });
    shown.replaceChildren(plainTable(["File", "Item", "Socket"], files.map((each) => [each.file, each.item || "One of its own", each.socket])));
  };
  const import_ = acting(said, async () => {
    await ask();
    await begin(groupingOf(fields));
  });
  return element(
    "form",
    { class: "card grouping", novalidate: true, onsubmit: submitting(said, ask) },
    Object.values(fields).map((each) => each.view),
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
}

function groupingOf({ by, pattern, sockets }) {
  const named = Object.fromEntries(Object.entries(sockets.value()).map(([text, [socket = ""]]) => [text, socket]));
  return { by: by.value(), pattern: by.value() === "name" ? pattern.value() : "", sockets: named };
}
