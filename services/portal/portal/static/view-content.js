// Which sockets are shown in which viewport: a row for each viewport, and a drawing of how they lie beside one another.

import { element } from "./dom.js";
import { layoutOf } from "./layout.js";

// The names that the API knows, in the order in which people fill them.
const VIEWPORTS = [
  "main", "secondary", "tertiary", "quaternary", "quinary", "senary", "septenary", "octonary", "nonary", "denary",
  "undenary", "duodenary", "tredenary", "quattuordenary", "quindenary", "sexdenary", "septendenary", "octodenary", "novemdenary", "vigintenary",
];
const NAME = "view_content";
const OF_VIEWPORT = /\bviewport (\w+): /i;

export class ViewContent {
  // `sockets` are all there are; `protocol` returns the hanging protocol that is chosen now, null for none.
  constructor(present, { sockets, protocol }) {
    this.name = NAME;
    this.protocol = protocol;
    this.sockets = [...sockets].sort((one, other) => one.title.localeCompare(other.title));
    this.rows = Object.entries(present).map(([viewport, slugs]) => ({ viewport, slugs: [...slugs] }));
    this.before = JSON.stringify(present);
    this.list = element("ul", { class: "viewports" });
    this.more = element("button", { type: "button", onclick: () => this.add() }, "Add a viewport");
    this.picture = element("div", { class: "layout-place" });
    this.view = element(
      "div",
      { class: "field", role: "group", "aria-labelledby": "view-content-label", "data-field": NAME },
      element("p", { class: "label", id: "view-content-label" }, "View content"),
      element("p", { class: "hint" }, "What each viewport shows: one image, and what is laid over it."),
      element("p", { class: "complaint", hidden: true }),
      this.list,
      element("div", { class: "actions" }, this.more),
      this.picture,
    );
    this.draw();
  }

  // Viewports nothing was chosen for are left out.
  value() {
    return Object.fromEntries(this.rows.filter(({ slugs }) => slugs.length).map(({ viewport, slugs }) => [viewport, slugs]));
  }

  get isChanged() {
    return JSON.stringify(this.value()) !== this.before;
  }

  get free() {
    return VIEWPORTS.filter((name) => !this.rows.some(({ viewport }) => viewport === name));
  }

  add() {
    this.rows.push({ viewport: this.free[0], slugs: [] });
    this.draw();
    this.list.lastElementChild.querySelector("select").focus();
  }

  draw() {
    this.list.replaceChildren(...this.rows.map((row) => this.rowOf(row)));
    this.more.disabled = !this.free.length;
    this.drawLayout();
  }

  // Another hanging protocol was chosen: something has to be said of each of its viewports.
  follow() {
    const named = (this.protocol()?.json || []).map((each) => each.viewport_name);
    this.rows.push(...this.free.filter((name) => named.includes(name)).map((viewport) => ({ viewport, slugs: [] })));
    this.draw();
  }

  drawLayout() {
    const titles = (slugs) => slugs.map((slug) => this.titleOf(slug));
    const content = Object.fromEntries(Object.entries(this.value()).map(([viewport, slugs]) => [viewport, titles(slugs)]));
    this.picture.replaceChildren(layoutOf(this.protocol(), content));
  }

  rowOf(row) {
    const names = VIEWPORTS.filter((name) => name === row.viewport || this.free.includes(name));
    const viewport = element("select", { "aria-label": "Viewport", onchange: () => this.change(() => (row.viewport = viewport.value)) }, names.map((name) => element("option", { value: name, selected: name === row.viewport }, name)));
    const remove = () => this.change(() => this.rows.splice(this.rows.indexOf(row), 1));
    return element(
      "li",
      { "data-field": `${NAME}.${row.viewport}` },
      viewport,
      element("ul", { class: "shown-sockets", "aria-label": `Shown in ${row.viewport}` }, row.slugs.map((slug) => this.chip(row, slug)), element("li", {}, this.picker(row))),
      element("button", { type: "button", class: "quiet", "aria-label": `Remove viewport ${row.viewport}`, onclick: remove }, "Remove"),
      element("p", { class: "complaint", hidden: true }),
    );
  }

  chip(row, slug) {
    const remove = () => this.change(() => row.slugs.splice(row.slugs.indexOf(slug), 1));
    const title = this.titleOf(slug);
    return element("li", { class: "badge" }, title, element("button", { type: "button", class: "quiet", "aria-label": `Remove ${title} from ${row.viewport}`, onclick: remove }, "×"));
  }

  picker(row) {
    const options = this.sockets.filter(({ slug }) => !row.slugs.includes(slug)).map(({ slug, title, kind }) => element("option", { value: slug }, `${title} (${kind})`));
    const add = (event) => this.change(() => row.slugs.push(event.target.value), `Socket of ${row.viewport}`);
    return element("select", { "aria-label": `Socket of ${row.viewport}`, onchange: add }, element("option", { value: "" }, "Add a socket …"), options);
  }

  // Draws anew, and gives the keyboard back to what was used: by its label, since it was drawn anew as well.
  change(act, label = document.activeElement?.getAttribute("aria-label")) {
    act();
    this.draw();
    [...this.list.querySelectorAll("[aria-label]")].find((each) => each.getAttribute("aria-label") === label)?.focus();
  }

  titleOf(slug) {
    return this.sockets.find((socket) => socket.slug === slug)?.title || slug;
  }
}

// Puts what the server says of one viewport beside its row.
export function byViewport(errors) {
  const { [NAME]: reasons = [], ...others } = errors;
  for (const reason of reasons) {
    const [, viewport] = reason.match(OF_VIEWPORT) || [];
    const name = viewport ? `${NAME}.${viewport}` : NAME;
    others[name] = [...(others[name] || []), reason];
  }
  return others;
}
