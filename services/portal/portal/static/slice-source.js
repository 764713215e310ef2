// The slices of one volume as pictures: what was fetched is kept, and neighbours are fetched before they are asked for.

import * as api from "./api.js";
import { ImagePass } from "./image-pass.js";

const KEPT = 160;
const AT_ONCE = 4; // a browser holds six connections to one server; the slice that is looked at must find one
const AHEAD = 8; // slices in the direction one turns to
const BEHIND = 3;

export class SliceSource {
  // `format` is what slices are asked for as, when not as the volume says.
  static async open(address, signal, { format } = {}) {
    const volume = await api.get(address, { signal });
    return new SliceSource(address, format ? { ...volume, format } : volume, signal);
  }

  constructor(address, volume, signal) {
    this.volume = volume;
    this.signal = signal;
    this.pass = new ImagePass(address.replace(/volume$/, ""), signal);
    this.pictures = new Map(); // bitmap by path, the least recently seen first
    this.onTheWay = new Map();
    this.waiting = []; // paths that would be good to have
  }

  // Where a slice is; `place` says plane, index, time and window.
  pathOf({ plane, index, time, window }, format = this.volume.format) {
    const asked = new URLSearchParams();
    if (time) asked.set("time", time);
    if (window) {
      asked.set("center", shortened(window.center, window.width));
      asked.set("width", shortened(window.width, window.width));
    }
    const query = asked.toString();
    return `${plane.axis}/${index}.${format}${query && `?${query}`}`;
  }

  // Returns the picture if it is here.
  find(place) {
    const path = this.pathOf(place);
    const found = this.pictures.get(path);
    if (!found) return null;
    this.pictures.delete(path);
    this.pictures.set(path, found);
    return found;
  }

  // Fetches a picture, once however often it is asked for.
  get(place) {
    return this.fetch(this.pathOf(place));
  }

  // Makes neighbours the only ones that are fetched beforehand; `direction` is 1 or -1.
  prepare(place, direction) {
    const steps = [];
    for (let step = 1; step <= AHEAD; step += 1) {
      steps.push(step * direction);
      if (step <= BEHIND) steps.push(-step * direction);
    }
    this.waiting = steps
      .map((step) => place.index + step)
      .filter((index) => index >= 0 && index < place.plane.count)
      .map((index) => this.pathOf({ ...place, index }))
      .filter((path) => !this.pictures.has(path));
    this.fetchNext();
  }

  fetchNext() {
    while (this.waiting.length && this.onTheWay.size < AT_ONCE) this.fetch(this.waiting.shift()).catch(() => {});
  }

  fetch(path) {
    if (this.pictures.has(path)) return Promise.resolve(this.pictures.get(path));
    if (!this.onTheWay.has(path)) this.onTheWay.set(path, this.fetched(path));
    return this.onTheWay.get(path);
  }

  async fetched(path) {
    try {
      const picture = await this.pass.bitmap("slices", path);
      this.pictures.set(path, picture);
      this.forgetOld();
      return picture;
    } finally {
      this.onTheWay.delete(path);
      this.fetchNext();
    }
  }

  forgetOld() {
    for (const [path, picture] of this.pictures) {
      if (this.pictures.size <= KEPT) return;
      picture.close();
      this.pictures.delete(path);
    }
  }
}

// Returns a number short enough for windows that look alike to be one picture; of values far from zero the width says what that is.
function shortened(value, width) {
  const beyond = Math.max(Math.ceil(Math.log10(Math.abs(value) / width)), 0);
  return Number(value.toPrecision(6 + beyond));
}
