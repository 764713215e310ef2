// Plays a volume: its moments if it has several, else its slices, over and over.

import { element } from "./dom.js";

const STEP_MS = 100; // ten pictures a second

export class Cine {
  // `view` is a slice view; `signal` ends when its page is left.
  constructor(view, signal) {
    this.view = view;
    this.button = element("button", { type: "button", "aria-pressed": "false", title: "Play, and stop (space)", onclick: () => this.toggle() }, "Play");
    signal.addEventListener("abort", () => this.stop());
  }

  get isPlaying() {
    return this.timer !== undefined;
  }

  toggle() {
    if (this.isPlaying) return this.stop();
    this.timer = setInterval(() => this.step(), STEP_MS);
    this.tell();
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.tell();
  }

  tell() {
    this.button.setAttribute("aria-pressed", String(this.isPlaying));
  }

  // Waits for a picture that is on its way, or all one would see is the slowest of them.
  step() {
    const { view } = this;
    if (view.fetching) return;
    if (view.volume.times > 1) view.setTime((view.time + 1) % view.volume.times);
    else view.turnTo((view.place.index + 1) % view.plane.count, 1);
    view.prepare(); // nothing settles while it plays
  }
}
