// A picture on the whole screen: by the browser, or over the whole page where it gives no screen away (iPhones).

import { element } from "./dom.js";

const OVER_THE_PAGE = "spread";

export class FullScreen {
  // `shown` is what gets the screen.
  constructor(shown) {
    this.shown = shown;
    this.button = element("button", { type: "button", "aria-pressed": "false", title: "The whole screen, and back (F)", onclick: () => this.toggle() }, "Full screen");
    shown.addEventListener("fullscreenchange", () => this.tell());
    shown.addEventListener("keydown", (event) => event.key === "Escape" && this.spread(false));
  }

  get isGiven() {
    return document.fullscreenElement === this.shown;
  }

  get isSpread() {
    return this.shown.classList.contains(OVER_THE_PAGE);
  }

  async toggle() {
    if (this.isGiven) return document.exitFullscreen();
    if (this.isSpread) return this.spread(false);
    try {
      await this.shown.requestFullscreen();
    } catch {
      this.spread(true);
    }
  }

  spread(isWanted) {
    this.shown.classList.toggle(OVER_THE_PAGE, isWanted);
    this.tell();
  }

  tell() {
    this.button.setAttribute("aria-pressed", String(this.isGiven || this.isSpread));
  }
}
