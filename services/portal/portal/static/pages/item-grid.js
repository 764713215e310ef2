// The items of an archive with their pictures, newest first, a page at a time.

import * as api from "../api.js";
import { element, link, notice } from "../dom.js";
import { COLORS, STATES, size } from "../words.js";
import { rememberListed } from "./neighbours.js";

const PAGE_SIZE = 24;

export class ItemGrid {
  constructor(archive, { signal, onCount }) {
    this.archive = archive;
    this.signal = signal;
    this.onCount = onCount;
    this.count = archive.item_count;
    this.page = 0;
    this.cards = new Map(); // by what they show, so that only what changed is drawn again
    this.list = element("ul", { class: "cards items" });
    this.empty = notice("empty", "Nothing is in here yet.");
    this.newer = this.turnButton("Newer", -1);
    this.older = this.turnButton("Older", +1);
    this.where = element("span");
    this.turning = element("nav", { class: "turning", "aria-label": "Pages of items" }, this.newer, this.where, this.older);
    this.said = element("div", { role: "status" });
    this.view = element("div", {}, this.list, this.empty, this.said, this.turning);
  }

  get isBusy() {
    return this.items?.some((item) => item.state === "pending") ?? false;
  }

  // Shows a page, that of the last time when none is given; what was asked for last counts, in whatever order answers come.
  async refresh(page = this.page) {
    const asked = (this.asked = Symbol(page));
    const items = await this.itemsOf(page);
    if (this.asked !== asked) return;
    Object.assign(this, { items, page });
    this.onCount(this.count);
    this.draw();
  }

  // The API lists the oldest first, so the newest page is found from the end.
  async itemsOf(page) {
    for (;;) {
      const end = Math.max(this.count - page * PAGE_SIZE, 0);
      const offset = Math.max(end - PAGE_SIZE, 0);
      const query = `archive=${this.archive.pk}&offset=${offset}&limit=${end - offset || PAGE_SIZE}`;
      const answer = await api.get(`/api/v1/archives/items/?${query}`, { signal: this.signal });
      if (answer.count === this.count) return answer.results.reverse();
      this.count = answer.count;
    }
  }

  draw() {
    rememberListed(this.archive, this.items);
    const cards = new Map(this.items.map((item) => [keyOf(item), null]));
    for (const item of this.items) {
      const key = keyOf(item);
      cards.set(key, this.cards.get(key) ?? itemCard(this.archive, item, this.signal));
    }
    this.cards = cards;
    const drawn = [...cards.values()];
    if (drawn.some((card, index) => this.list.children[index] !== card) || drawn.length !== this.list.children.length) {
      this.list.replaceChildren(...drawn);
    }
    this.drawTurning();
  }

  drawTurning() {
    const pages = Math.ceil(this.count / PAGE_SIZE);
    this.empty.hidden = this.count > 0;
    this.turning.hidden = pages < 2;
    this.newer.disabled = this.page === 0;
    this.older.disabled = this.page >= pages - 1;
    this.where.textContent = `Page ${this.page + 1} of ${pages}`;
  }

  async turnTo(page) {
    this.said.replaceChildren();
    try {
      await this.refresh(page);
    } catch (error) {
      if (error.name !== "AbortError") this.said.replaceChildren(notice("error", error.reasons || String(error)));
    }
  }

  turnButton(text, step) {
    return element("button", { type: "button", onclick: () => this.turnTo(this.page + step) }, text);
  }
}

function keyOf(item) {
  return [item.pk, item.state, item.modified].join(" ");
}

function itemCard(archive, item, signal) {
  const picture = element("div", { class: "picture", "aria-hidden": "true" });
  const facts = element("p", { class: "facts" });
  fill(item, picture, facts, signal);
  const path = `/archives/${encodeURIComponent(archive.slug)}/items/${item.pk}/`;
  return element(
    "li",
    { class: "card item", "data-state": item.state },
    picture,
    element("h3", {}, link(path, item.title || "Untitled item")),
    facts,
    item.state !== "ready" && element("p", { class: `state ${item.state}`, title: item.reason }, STATES[item.state]),
  );
}

async function fill(item, picture, facts, signal) {
  const value = item.values.find((each) => each.image);
  if (!value) return;
  try {
    const image = await api.get(value.image, { signal });
    facts.textContent = [image.modality?.modality || COLORS[image.color_space], size(image)].filter(Boolean).join(" · ");
    await showPreview(image, picture, signal);
  } catch (error) {
    if (error.name !== "AbortError") facts.textContent = "The picture could not be fetched.";
  }
}

export async function showPreview(image, frame, signal, description = "") {
  if (!image.preview) return;
  const shown = element("img", { alt: description });
  shown.src = await api.picture(image.preview, { signal });
  shown.onload = () => URL.revokeObjectURL(shown.src);
  frame.replaceChildren(shown);
}
