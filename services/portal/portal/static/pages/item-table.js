// Items as rows with their values as columns: fetched page by page, sorted, chosen to be deleted.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { STATES, moment } from "../words.js";
import { archivePath } from "./archive-head.js";
import { rememberListed } from "./neighbours.js";

const PAGE_SIZE = 100;
const ORDERINGS = { Title: "title", Added: "created" }; // by which the server sorts what is not filtered; the rest is sorted here

export class ItemTable {
  // `onChoice` hears whenever other items are chosen; null where nothing can be done with them.
  constructor(archive, { signal, onChoice }) {
    Object.assign(this, { archive, signal, onChoice, items: [], count: null, chosen: new Set(), sorting: { name: null, step: 1 } });
    this.said = element("p", { class: "hint", role: "status" });
    this.place = element("div", { class: "scrolled" });
    this.more = element("button", { type: "button", onclick: () => this.load(this.next) }, "Show more");
    this.view = element("div", { class: "item-table" }, this.said, this.place, this.more);
  }

  // Shows what meets the query; that of the last time when none is given.
  async search(query = this.query) {
    this.query = query;
    this.choose([]);
    const { ordering } = this;
    const asked = [["archive", this.archive.pk], ["limit", PAGE_SIZE], ...(ordering ? [["ordering", ordering]] : []), ...query];
    await this.load(`/api/v1/archives/items/?${new URLSearchParams(asked)}`, { behind: [], ordering });
  }

  // Null for what has to be sorted here.
  get ordering() {
    const { name, step } = this.sorting;
    const field = !this.query.size && ORDERINGS[name];
    return field ? `${step < 0 ? "-" : ""}${field}` : null;
  }

  // What was asked for last is shown, in whatever order answers come; `ordering` is that of the server.
  async load(address, { behind = this.items, ordering = this.sortedBy } = {}) {
    const asked = (this.asked = Symbol(address));
    this.more.disabled = true; // or a second press fetches the same page again
    try {
      const page = await api.get(address, { signal: this.signal });
      if (this.asked !== asked) return;
      Object.assign(this, { items: [...behind, ...page.results], count: page.count, next: page.next, sortedBy: ordering });
      this.draw();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (this.asked === asked) this.complain(error);
    } finally {
      if (this.asked === asked) this.more.disabled = false;
    }
  }

  complain(error) {
    this.more.hidden = true;
    this.place.replaceChildren(notice("error", error.reasons || String(error)));
  }

  choose(items) {
    this.chosen = new Set(items);
    this.onChoice?.([...this.chosen]);
  }

  draw() {
    const columns = this.columns();
    const heads = element("tr", {}, this.onChoice && element("td", {}, this.chooseAll()), columns.map((column) => this.head(column)));
    const sorted = this.sorted(columns);
    rememberListed(this.archive, sorted);
    const rows = sorted.map((item) => element("tr", { "data-item": item.title }, this.onChoice && element("td", {}, this.chooseOne(item)), columns.map((column) => element("td", {}, column.show(item)))));
    this.place.replaceChildren(element("table", {}, element("thead", {}, heads), element("tbody", {}, rows)));
    this.more.hidden = !this.next;
    this.said.textContent = summary(this.items.length, this.count, Boolean(this.next), Boolean(this.sorting.name) && !this.isOrdered);
  }

  columns() {
    const sockets = new Map(this.items.flatMap((item) => item.values.map((value) => [value.socket.slug, value.socket])));
    const values = [...sockets.values()].sort((one, other) => one.title.localeCompare(other.title)).map(valueColumn);
    const title = { name: "Title", of: (item) => item.title, show: (item) => link(archivePath(this.archive, `items/${item.pk}/`), item.title || "Untitled item") };
    const state = { name: "State", of: (item) => STATES[item.state], show: (item) => element("span", { title: item.reason }, STATES[item.state]) };
    return [title, ...values, state, { name: "Added", of: (item) => item.created, show: (item) => moment(item.created) }];
  }

  head({ name }) {
    const { sorting } = this;
    const sort = () => {
      this.sorting = { name, step: sorting.name === name ? -sorting.step : 1 };
      if (this.next && this.ordering) this.search();
      else this.draw();
    };
    const order = sorting.name !== name ? "none" : sorting.step > 0 ? "ascending" : "descending";
    return element("th", { scope: "col", "aria-sort": order }, element("button", { type: "button", class: "quiet", onclick: sort }, name));
  }

  // Whether the server has sorted them, also what is not here yet.
  get isOrdered() {
    return this.sortedBy === this.ordering && this.ordering !== null;
  }

  sorted(columns) {
    const column = columns.find(({ name }) => name === this.sorting.name);
    if (!column || this.isOrdered) return this.items;
    return [...this.items].sort((one, other) => this.sorting.step * compare(column.of(one), column.of(other)));
  }

  chooseAll() {
    const all = element("input", { type: "checkbox", "aria-label": "Choose all that are shown", checked: this.items.length > 0 && this.chosen.size === this.items.length });
    all.onchange = () => {
      this.choose(all.checked ? this.items : []);
      this.draw();
    };
    return all;
  }

  chooseOne(item) {
    const box = element("input", { type: "checkbox", "aria-label": `Choose ${item.title || "the untitled item"}`, checked: this.chosen.has(item) });
    box.onchange = () => this.choose(box.checked ? [...this.chosen, item] : [...this.chosen].filter((each) => each !== item));
    return box;
  }
}

function valueColumn({ slug, title }) {
  const of = (item) => {
    const value = item.values.find((each) => each.socket.slug === slug);
    if (!value) return "";
    if (value.image) return "Image";
    return value.file ? "File" : value.value;
  };
  return { name: title, of, show: (item) => written(of(item)) };
}

function written(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return written(one).localeCompare(written(other), undefined, { numeric: true });
}

function summary(shown, count, isMore, isSorted) {
  if (!shown) return "No items are like this.";
  const total = count == null ? "" : ` of ${count}`;
  return `${shown}${total} ${shown === 1 && !total ? "item" : "items"}${isMore && isSorted ? ", sorted among these; there are more" : isMore ? "; there are more" : ""}.`;
}
