// The tiles of one slide as pictures: what was fetched is kept, and what is seen comes before what may be seen next.

import { ImagePass } from "./image-pass.js";

export const KEPT_TILES = 400; // a large screen sees more at once; these are kept too
const AT_ONCE = 12; // more would wait in the browser, and longer than the pass they are sent with is good for

export class TileSource {
  // Hears `onArrival()` of every tile that came, and `onFailure(error)` of every one that did not.
  constructor(base, signal, { onArrival, onFailure }) {
    Object.assign(this, { onArrival, onFailure });
    this.pass = new ImagePass(base, signal);
    this.tiles = new Map(); // bitmap by path, the least recently drawn first
    this.outdated = new Set(); // paths of bitmaps that are shown until there is a better one
    this.onTheWay = new Set();
    this.waiting = [];
  }

  // Returns the bitmap that is here, as the one drawn last.
  find(path) {
    const bitmap = this.tiles.get(path);
    if (!bitmap) return null;
    this.tiles.delete(path);
    this.tiles.set(path, bitmap);
    return bitmap;
  }

  // Makes these the ones that are fetched if they are not here, in this order, and not forgotten; others are waited for no longer.
  need(paths) {
    const needed = new Set(paths);
    this.waiting = [...needed].filter((path) => !this.onTheWay.has(path) && (!this.tiles.has(path) || this.outdated.has(path)));
    this.forgetOld(needed);
    this.fetchNext();
  }

  // What is here was made of an image that has a new version: it is fetched anew where it is needed.
  renew() {
    this.pass.renew();
    this.outdated = new Set(this.tiles.keys());
  }

  fetchNext() {
    while (this.waiting.length && this.onTheWay.size < AT_ONCE) this.fetch(this.waiting.shift());
  }

  async fetch(path) {
    this.onTheWay.add(path);
    this.outdated.delete(path);
    try {
      const bitmap = await this.pass.bitmap("tiles", path);
      this.tiles.get(path)?.close();
      this.tiles.set(path, bitmap);
      this.onArrival();
    } catch (error) {
      if (this.tiles.has(path)) this.outdated.add(path); // in any case it is asked for again when it is seen again
      this.onFailure(error);
    } finally {
      this.onTheWay.delete(path);
      this.fetchNext();
    }
  }

  forgetOld(needed) {
    for (const [path, bitmap] of this.tiles) {
      if (this.tiles.size <= Math.max(KEPT_TILES, needed.size)) return;
      if (needed.has(path)) continue;
      bitmap.close();
      this.tiles.delete(path);
    }
  }
}
