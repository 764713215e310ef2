// The values of an item by socket; those who may edit it add, replace and remove them.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { announce, element, field, link, notice } from "../dom.js";
import { valueInput } from "../value-input.js";
import { changeItem } from "./item-change.js";

const MOST_SOCKETS = 1000;
const LONGEST_SHOWN = 90;

export async function valuesSection(editing) {
  const { item, mayEdit } = editing;
  if (!mayEdit && !item.values.length) return null;
  const rows = item.values.map((value) => valueRow(value, editing));
  return element(
    "section",
    { class: "chapter values" },
    element("h2", {}, "Values"),
    element("ul", { class: "people" }, rows),
    mayEdit && adding(await freeSockets(editing), editing),
  );
}

// Those that the archive allows, where it does not allow all.
async function freeSockets({ item, archive, signal }) {
  const { results } = await api.get(`/api/v1/components/interfaces/?limit=${MOST_SOCKETS}`, { signal });
  const filled = new Set([...item.values.map((value) => value.socket.slug), ...item.arriving.map((each) => each.interface)]);
  const isAllowed = ({ slug }) => !archive.allowed_sockets.length || archive.allowed_sockets.includes(slug);
  return results.filter((socket) => !filled.has(socket.slug) && isAllowed(socket)).sort((one, other) => one.title.localeCompare(other.title));
}

function valueRow(value, editing) {
  const { socket } = value;
  const row = element("li", { class: "card person value", "data-socket": socket.slug });
  const said = element("div", { role: "status" });
  const remove = acting(said, () => change(editing, { removed: [socket.slug] }, `${socket.title} is removed.`));
  const show = () =>
    row.replaceChildren(
      element("div", {}, element("p", {}, element("strong", {}, socket.title), element("span", { class: "hint" }, ` ${socket.kind}`)), shown(value), said),
      editing.mayEdit ? actions(socket, { edit, remove }) : "",
    );
  const edit = () => {
    row.replaceChildren(valueForm(socket, value.value, editing, show));
    row.querySelector("input, textarea, select").focus();
  };
  show();
  return row;
}

function actions(socket, { edit, remove }) {
  const button = (text, onclick) => element("button", { type: "button", class: "quiet", "aria-label": `${text} ${socket.title}`, onclick }, text);
  return element("div", { class: "actions" }, button("Change", edit), button("Remove", remove));
}

function shown({ value, file, image, socket }) {
  if (image) return element("p", { class: "hint" }, "Shown above.");
  if (file) return element("a", { href: api.local(file), download: true }, decodeURIComponent(file.slice(file.lastIndexOf("/") + 1)));
  const text = typeof value === "string" ? value : JSON.stringify(value);
  if (text.length <= LONGEST_SHOWN) return element("p", { class: "written-value" }, text);
  return element("details", {}, element("summary", {}, `${text.slice(0, LONGEST_SHOWN)} …`), element("pre", { tabindex: "0" }, socket.kind === "String" ? text : JSON.stringify(value, null, 2)));
}

function valueForm(socket, present, editing, cancel) {
  const input = valueInput(socket, present, editing.signal);
  const said = element("div", { role: "status" });
  const save = submitting(said, async () => {
    const value = { interface: socket.slug, ...(await input.read()) };
    await change(editing, { values: [value] }, `${socket.title} is saved.`);
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: save },
    input.view,
    said,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Save value"), element("button", { type: "button", onclick: cancel }, "Cancel")),
  );
}

function adding(sockets, editing) {
  const place = element("div");
  const options = sockets.map((socket) => element("option", { value: socket.slug }, `${socket.title} (${socket.kind})`));
  const select = element("select", { onchange: () => choose() }, element("option", { value: "" }, "Choose a socket …"), options);
  const cancel = () => {
    select.value = "";
    place.replaceChildren();
  };
  const choose = () => {
    const socket = sockets.find((each) => each.slug === select.value);
    place.replaceChildren(...(socket ? [valueForm(socket, socket.default_value, editing, cancel)] : []));
  };
  const picker = field({ name: "socket", label: "Add a value", input: select });
  const about = element("p", {}, link("/sockets/", "About the sockets"));
  return sockets.length ? element("div", { class: "adding" }, picker, about, place) : element("div", { class: "adding" }, notice("empty", "Every socket that may be filled here has a value."), about);
}

// What the server says of the one value that was sent belongs to the one input there is.
async function change(editing, body, said) {
  const { item, signal, again } = editing;
  try {
    await changeItem(editing, (tag) => api.patch(item.api_url, body, { signal, tag }));
  } catch (error) {
    if (error.errors) error.errors = Object.fromEntries(Object.entries(error.errors).map(([name, reasons]) => [name.startsWith("values.0") ? "value" : name, reasons]));
    throw error;
  }
  again();
  announce(said);
}
