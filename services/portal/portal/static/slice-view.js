// A volume one can turn over slice by slice, in three directions and any window; a picture is a volume of one slice.

import { element } from "./dom.js";
import { SliceSource } from "./slice-source.js";
import { Viewport } from "./viewport.js";
import { zoomButtons } from "./zoom-buttons.js";

const ZOOM_STEP = 1.25;
const MOVE_STEP_PX = 80;
const TURN_PX = 60; // of scrolling for one slice
const SETTLED_MS = 120; // after this without a change the neighbours are worth fetching
const TITLES = { axial: "Axial", coronal: "Coronal", sagittal: "Sagittal" };

export class SliceView {
  static async open(image, signal) {
    return new SliceView(image, await SliceSource.open(image.volume, signal));
  }

  constructor(image, source) {
    this.source = source;
    this.volume = source.volume;
    this.planes = [...this.volume.planes].sort((one, two) => one.name.localeCompare(two.name));
    this.window = null; // null: as the image comes
    this.time = 0;
    this.direction = 1;
    this.scrolled = 0;
    this.indexes = new Map(this.planes.map((plane) => [plane, plane.count >> 1]));
    this.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": `${image.name}. ${this.help()} ${this.keys()}` });
    this.caption = element("p", { class: "slice-caption", "aria-live": "off" });
    this.element = element("div", { class: "slice-view" }, element("div", { class: "slice-picture" }, this.canvas, this.caption, zoomButtons(this, ZOOM_STEP)), this.controls());
    this.show(this.planes.find((plane) => plane.axis === "z")); // as it was taken, which is also the quickest
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  get isPicture() {
    return this.volume.size[2] === 1;
  }

  get place() {
    return { plane: this.plane, index: this.indexes.get(this.plane), time: this.time, window: this.window };
  }

  help() {
    const turn = this.isPicture ? "Scroll to zoom" : "Scroll for other slices, with Ctrl to zoom";
    const drag = this.volume.window ? "drag for brightness and contrast, with Shift to move" : "drag to move";
    return `${turn}; ${drag}.`;
  }

  keys() {
    const arrows = this.isPicture ? "arrows to move" : "arrows for other slices";
    return `Keys: ${arrows}, plus and minus to zoom, 0 for all of it${this.volume.window ? ", R for the window it came with" : ""}.`;
  }

  // --- What is seen

  show(plane) {
    this.plane = plane;
    this.picture = null; // what is on the screen stays there until a slice of the new direction comes
    const stretch = plane.pixel_height_mm / plane.pixel_width_mm;
    const screen = this.view?.screen;
    this.view = new Viewport(plane.width, plane.height, stretch);
    if (screen) {
      this.view.fit(screen.width, screen.height);
      this.view.showAll();
    }
    for (const [each, button] of this.planeButtons) button.setAttribute("aria-pressed", String(each === plane));
    Object.assign(this.slider, { max: plane.count - 1, value: this.indexes.get(plane) });
    this.slider.disabled = plane.count < 2;
    this.change();
  }

  turnTo(index) {
    const next = Math.min(Math.max(index, 0), this.plane.count - 1);
    const now = this.indexes.get(this.plane);
    if (next === now) return;
    this.direction = next > now ? 1 : -1;
    this.indexes.set(this.plane, next);
    this.slider.value = next;
    this.change();
  }

  // Something else is to be seen: shown at once if it is here, else as soon as it comes, unless something newer is wanted.
  change() {
    this.describe();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.source.prepare(this.place, this.direction), SETTLED_MS);
    const found = this.source.find(this.place);
    if (found) this.put(found);
    else if (!this.fetching) this.catchUp();
  }

  // Fetches what is wanted now, until that is what is shown; what was wanted in between is skipped.
  async catchUp() {
    this.fetching = true;
    try {
      for (let path = null; path !== this.source.pathOf(this.place); ) {
        const { place } = this;
        path = this.source.pathOf(place);
        const picture = await this.source.get(place);
        if (place.plane === this.plane) this.put(picture);
      }
      this.complain("");
    } catch (error) {
      if (error.name !== "AbortError") this.complain(`This slice could not be shown. ${error.reasons || error.message}`);
    } finally {
      this.fetching = false;
    }
  }

  put(picture) {
    this.picture = picture;
    this.draw();
  }

  draw() {
    this.drawing ??= requestAnimationFrame(() => {
      this.drawing = null;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.context || !this.picture) return;
    const { context, view } = this;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = !this.volume.labels;
    context.imageSmoothingQuality = "high";
    const [left, top] = view.place(0, 0);
    context.drawImage(this.picture, left, top, view.width * view.scale, view.height * view.scale);
  }

  describe() {
    const { index } = this.place;
    const parts = [];
    if (!this.isPicture) parts.push(`${TITLES[this.plane.name]} ${index + 1} / ${this.plane.count}`);
    if (this.volume.times > 1) parts.push(`Time ${this.time + 1} / ${this.volume.times}`);
    const window = this.window || this.volume.window;
    if (window) parts.push(`C ${rounded(window.center)}  W ${rounded(window.width)}`);
    this.caption.textContent = parts.join("   ");
    this.slider.setAttribute("aria-valuetext", this.caption.textContent);
    this.reset.disabled = !this.window;
  }

  complain(text) {
    this.complaint.textContent = text;
    this.complaint.hidden = !text;
  }

  resize() {
    const ratio = window.devicePixelRatio;
    this.canvas.width = Math.max(Math.round(this.canvas.clientWidth * ratio), 1);
    this.canvas.height = Math.max(Math.round(this.canvas.clientHeight * ratio), 1);
    this.context = this.canvas.getContext("2d");
    this.view.fit(this.canvas.width, this.canvas.height);
    this.drawNow();
  }

  // --- Hands

  // Brightness follows the hand up and down, contrast to the sides; a hand's breadth is about the window itself.
  dragWindow(x, y) {
    const { center, width } = this.window || this.volume.window;
    const step = width / 300;
    this.window = { center: center - y * step, width: Math.max(width * 1.004 ** x, 1e-6) };
    this.change();
  }

  resetWindow() {
    this.window = null;
    this.change();
  }

  zoom(factor, x, y) {
    this.view.zoom(factor, x, y);
    this.draw();
  }

  move(x, y) {
    this.view.move(x, y);
    this.draw();
  }

  drag(event) {
    const ratio = window.devicePixelRatio;
    const moves = event.shiftKey || event.buttons === 4 || !this.volume.window;
    if (moves) this.move(-event.movementX * ratio, -event.movementY * ratio);
    else this.dragWindow(event.movementX, event.movementY);
  }

  scroll(event) {
    event.preventDefault();
    const ratio = window.devicePixelRatio;
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 20 : event.deltaY;
    if (this.isPicture || event.ctrlKey) {
      this.zoom(ZOOM_STEP ** (-Math.sign(pixels) * Math.min(Math.abs(pixels) / 100, 1)), event.offsetX * ratio, event.offsetY * ratio);
      return;
    }
    this.scrolled += pixels;
    const slices = Math.trunc(this.scrolled / TURN_PX);
    this.scrolled -= slices * TURN_PX;
    if (slices) this.turnTo(this.place.index + slices);
  }

  listen() {
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.canvas.focus({ preventScroll: true });
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    this.canvas.addEventListener("wheel", (event) => this.scroll(event), { passive: false });
    this.canvas.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    const turn = (slices) => (this.isPicture ? null : () => this.turnTo(this.place.index + slices));
    const actions = {
      ArrowUp: turn(-1) || (() => this.move(0, -MOVE_STEP_PX)),
      ArrowDown: turn(1) || (() => this.move(0, MOVE_STEP_PX)),
      ArrowLeft: turn(-1) || (() => this.move(-MOVE_STEP_PX, 0)),
      ArrowRight: turn(1) || (() => this.move(MOVE_STEP_PX, 0)),
      PageUp: turn(-10),
      PageDown: turn(10),
      Home: turn(-this.plane.count),
      End: turn(this.plane.count),
      "+": () => this.zoom(ZOOM_STEP),
      "-": () => this.zoom(1 / ZOOM_STEP),
      0: () => this.showAll(),
      r: () => this.resetWindow(),
    };
    const act = actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  showAll() {
    this.view.showAll();
    this.draw();
  }

  // --- What can be pressed

  controls() {
    this.planeButtons = new Map(
      this.planes.map((plane) => [plane, element("button", { type: "button", onclick: () => this.show(plane) }, TITLES[plane.name])]),
    );
    this.slider = element("input", { type: "range", min: 0, step: 1, "aria-label": "Slice", oninput: () => this.turnTo(Number(this.slider.value)) });
    const times = element("input", { type: "range", min: 0, max: this.volume.times - 1, value: "0", "aria-label": "Time" });
    times.addEventListener("input", () => {
      this.time = Number(times.value);
      this.change();
    });
    this.reset = element("button", { type: "button", title: "Brightness and contrast as the image comes", onclick: () => this.resetWindow() }, "Reset window");
    this.complaint = element("p", { class: "complaint", role: "alert", hidden: true });
    return element(
      "div",
      { class: "slice-controls" },
      !this.isPicture && element("div", { class: "slice-planes", role: "group", "aria-label": "Direction" }, [...this.planeButtons.values()]),
      !this.isPicture && labelled("Slice", this.slider),
      this.volume.times > 1 && labelled("Time", times),
      this.volume.window && this.reset,
      element("p", { class: "slice-help", title: this.keys() }, this.help()),
      this.complaint,
    );
  }
}

function labelled(text, input) {
  return element("label", { class: "slice-slider" }, element("span", {}, text), input);
}

function rounded(value) {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
