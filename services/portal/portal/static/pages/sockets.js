// The sockets that values of items fill, such as a segmentation, a score or a report; administrators add to them.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import * as choices from "../choices.js";
import { announce, element } from "../dom.js";

const SOCKETS = "/api/v1/components/interfaces/";
const MOST_SHOWN = 1000;

// Those that people fill by hand; the API knows further ones, for annotations and for programs. Names are the API's.
const KINDS = {
  Image: "Image",
  Segmentation: "Segmentation, labels laid over an image",
  "Heat Map": "Heat map, laid over an image",
  String: "Text, such as a report",
  Float: "Number, such as a score",
  Integer: "Whole number",
  Bool: "Yes or no",
  Choice: "One of several choices",
  "Multiple choice": "Any of several choices",
  Anything: "Anything that can be written as JSON",
  "PDF file": "PDF file",
  "CSV file": "CSV file",
  "ZIP file": "ZIP file",
};
const HINTS = {
  title: "As people will read it; programs use it in small letters, with hyphens.",
  choices: "One on each line.",
  segments: "What the labels 1, 2, 3 and so on stand for, one on each line.",
};

export async function socketsPage({ signal, title, go, user }) {
  title("Sockets");
  const { results } = await api.get(`${SOCKETS}?limit=${MOST_SHOWN}`, { signal });
  const sorted = results.sort((one, other) => one.title.localeCompare(other.title));
  return element(
    "section",
    { class: "narrow wide" },
    element("h1", {}, "Sockets"),
    element("p", { class: "lead" }, "What items can hold: each value of an item fills a socket. All archives share them; administrators add some."),
    element("ul", { class: "people", "aria-label": "Sockets" }, sorted.map(row)),
    user.administrator && newSocket({ signal, again: () => go("/sockets/") }),
  );
}

function row({ slug, title, kind, description, schema, overlay_segments: segments }) {
  const options = segments.length ? segments.map(({ name }) => name) : optionsOf(schema);
  return element(
    "li",
    { class: "card person", "data-socket": slug },
    element("div", {}, element("p", {}, element("strong", {}, title), element("span", { class: "hint" }, ` ${slug}`)), description && element("p", { class: "lead" }, description), options.length > 0 && element("p", { class: "facts" }, options.join(", "))),
    element("span", { class: "badge" }, kind),
  );
}

function optionsOf(schema) {
  return (schema.enum || schema.items?.enum || []).map((each) => (typeof each === "string" ? each : JSON.stringify(each)));
}

function newSocket({ signal, again }) {
  const wanted = fields();
  const said = element("div", { role: "status" });
  const make = submitting(said, async () => {
    const made = await api.post(SOCKETS, contents(wanted), { signal });
    again();
    announce(`The socket ${made.title} is there.`);
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: make },
    element("h2", {}, "Add a socket"),
    element("p", { class: "hint" }, "It stays as it is: its kind can never be changed, since values may fill it."),
    Object.values(wanted).map((each) => each.view),
    said,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Add socket")),
  );
}

function fields() {
  const wanted = {
    title: choices.text({ name: "title", label: "Title", hint: HINTS.title }, ""),
    kind: choices.choice({ name: "kind", label: "Kind" }, "Segmentation", Object.entries(KINDS), { none: null }),
    description: choices.text({ name: "description", label: "Description" }, "", { rows: "2" }),
    schema: choices.lines({ name: "schema", label: "Choices", hint: HINTS.choices }, []),
    overlay_segments: choices.lines({ name: "overlay_segments", label: "Segments", hint: HINTS.segments }, []),
  };
  const show = () => {
    wanted.schema.view.hidden = !isChoice(wanted.kind.value());
    wanted.overlay_segments.view.hidden = wanted.kind.value() !== "Segmentation";
  };
  wanted.kind.view.addEventListener("change", show);
  show();
  return wanted;
}

function isChoice(kind) {
  return kind === "Choice" || kind === "Multiple choice";
}

function contents({ title, kind, description, schema, overlay_segments: segments }) {
  const made = { title: title.value(), kind: kind.value(), description: description.value() };
  if (made.kind === "Segmentation") return { ...made, overlay_segments: segments.value().map((name, index) => ({ name, voxel_value: index + 1, visible: true })) };
  return isChoice(made.kind) ? { ...made, schema: schemaOf(made.kind, schema.value()) } : made;
}

function schemaOf(kind, options) {
  if (!options.length) throw new api.ApiError(400, { errors: { schema: ["Write at least one choice."] } });
  return kind === "Choice" ? { enum: options } : { items: { enum: options } };
}
