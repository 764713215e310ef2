// A pass for the pictures of one image: fetched when it is needed, renewed before it ends, shared by all who ask at once.

import * as api from "./api.js";

const RENEWED_AFTER_MS = 10_000; // of 15 s; clocks of other machines are not looked at

export class ImagePass {
  // `base` is the address of the image at the tiler, with a slash at its end.
  constructor(base, signal) {
    this.address = `${base}pass`;
    this.signal = signal;
    this.given = null;
    this.givenAt = 0;
  }

  // Returns what the pass opens: addresses at which pictures never change. The pass itself is a cookie.
  open() {
    if (!this.given || performance.now() - this.givenAt > RENEWED_AFTER_MS) this.renew();
    return this.given;
  }

  renew() {
    this.givenAt = performance.now();
    const given = api.get(this.address, { signal: this.signal });
    given.catch(() => {
      if (this.given === given) this.given = null; // the next one who asks tries again
    });
    this.given = given;
  }

  // Returns a picture below one of the addresses; where the browser kept it, nobody is asked.
  bitmap(product, path, { signal = this.signal } = {}) {
    return this.fetched(api.bitmap, product, path, signal);
  }

  // Returns what stands there as it is.
  bytes(product, path) {
    return this.fetched(api.bytes, product, path, this.signal);
  }

  async fetched(ask, product, path, signal) {
    const given = await this.open();
    try {
      return await ask(given[product] + path, { signal });
    } catch (error) {
      if (error.status !== 401 && error.status !== 404) throw error;
      if (this.given && (await this.given) === given) this.renew(); // it ended on the way, or the image has a new version
      return ask((await this.open())[product] + path, { signal });
    }
  }
}
