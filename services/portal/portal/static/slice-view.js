// A volume one can turn over slice by slice, in three directions and any window; a picture is a volume of one slice.

import { BodyDirections, isPlacedInBody } from "./body-directions.js";
import { Cine } from "./cine.js";
import { element } from "./dom.js";
import { FullScreen } from "./full-screen.js";
import { isByTouch } from "./grip.js";
import { Overlays } from "./overlays.js";
import { Ruler } from "./ruler.js";
import { SliceControls, TITLES } from "./slice-controls.js";
import { ZOOM_STEP, listenTo } from "./slice-hands.js";
import { SliceSource } from "./slice-source.js";
import { Viewport } from "./viewport.js";
import { VoxelValues } from "./voxel-values.js";
import { zoomButtons } from "./zoom-buttons.js";

const SETTLED_MS = 120; // after this without a change the neighbours are worth fetching

export class SliceView {
  // `presets` are windows to choose from, `layers` what can be laid over it.
  static async open(image, { presets, layers, signal }) {
    return new SliceView(image, await SliceSource.open(image.volume, signal), { presets, layers, signal });
  }

  constructor(image, source, { presets, layers, signal }) {
    this.source = source;
    this.volume = source.volume;
    this.presets = this.volume.window ? presets : [];
    this.isScaled = image.voxel_width_mm !== null;
    this.planes = [...this.volume.planes].sort((one, two) => one.name.localeCompare(two.name));
    this.window = null; // null: as the image comes
    this.time = 0;
    this.direction = 1;
    this.indexes = new Map(this.planes.map((plane) => [plane, plane.count >> 1]));
    this.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": `${image.name}. ${this.help()} ${this.keys()}` });
    this.caption = element("p", { class: "slice-caption", "aria-live": "off" });
    this.values = new VoxelValues(this);
    this.ruler = new Ruler(this);
    this.overlays = new Overlays(layers, this, signal);
    this.directions = !this.isPicture && isPlacedInBody(image) ? new BodyDirections() : null;
    this.element = element("div", { class: "slice-view" });
    this.fullScreen = new FullScreen(this.element);
    this.cine = new Cine(this, signal);
    this.controls = new SliceControls(this);
    this.element.append(element("div", { class: "slice-picture" }, this.canvas, this.caption, this.values.view, this.directions?.view ?? "", zoomButtons(this, ZOOM_STEP)), this.controls.element);
    this.show(this.planes.find((plane) => plane.axis === "z")); // as it was taken, which is also the quickest
    listenTo(this);
    this.overlays.choose();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  get isPicture() {
    return this.volume.size[2] === 1;
  }

  // Whether there is but one picture to see from any side.
  get isStill() {
    return this.isPicture && this.volume.times === 1;
  }

  get place() {
    return { plane: this.plane, index: this.indexes.get(this.plane), time: this.time, window: this.window };
  }

  // What measured lines belong to.
  get scene() {
    return `${this.plane.axis}/${this.place.index}/${this.time}`;
  }

  // The picture's points are as wide as high, whatever its voxels are.
  millimetres(x, y) {
    return this.isScaled ? Math.hypot(x, y) * this.plane.pixel_width_mm : null;
  }

  help() {
    if (isByTouch()) return `${this.volume.window ? "Drag for brightness and contrast; two fingers to zoom and move" : "Drag to move, two fingers to zoom"}.`;
    const turn = this.isPicture ? "Scroll to zoom" : "Scroll for other slices, with Ctrl to zoom";
    const drag = this.volume.window ? "drag for brightness and contrast, with Shift to move" : "drag to move";
    return `${turn}; ${drag}.`;
  }

  keys() {
    const arrows = this.isPicture ? "arrows to move" : "arrows for other slices";
    return `Keys: ${arrows}, plus and minus to zoom, 0 for all of it${this.isStill ? "" : ", space to play"}${this.volume.window ? ", R for the window it came with" : ""}${this.presets.length ? `, 1 to ${this.presets.length} for other windows` : ""}, M to measure, F for the whole screen.`;
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
    this.directions?.show(plane);
    this.controls.showPlane(plane, this.indexes.get(plane));
    this.change();
  }

  turnTo(index, direction) {
    const next = Math.min(Math.max(index, 0), this.plane.count - 1);
    const now = this.indexes.get(this.plane);
    if (next === now) return;
    this.direction = direction ?? Math.sign(next - now);
    this.indexes.set(this.plane, next);
    this.controls.showIndex(next);
    this.change();
  }

  // Something else is to be seen: shown at once if it is here, else as soon as it comes, unless something newer is wanted.
  change() {
    this.describe();
    this.values.tell();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.prepare(), SETTLED_MS);
    const found = this.source.find(this.place);
    if (found) {
      this.complain("");
      this.put(found);
    } else if (!this.fetching) this.catchUp();
  }

  prepare() {
    this.source.prepare(this.place, this.direction);
    this.overlays.prepare(this.direction);
  }

  // Fetches what is wanted now, until that is what is shown; what was wanted in between is skipped.
  async catchUp() {
    this.fetching = true;
    for (let path = null; path !== this.source.pathOf(this.place); ) {
      const { place } = this;
      path = this.source.pathOf(place);
      try {
        const picture = await this.source.get(place);
        if (place.plane === this.plane) this.put(picture);
        this.complain("");
      } catch (error) {
        if (error.name === "AbortError") break;
        this.complain(`This slice could not be shown. ${error.reasons || error.message}`);
      }
    }
    this.fetching = false;
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
    const box = [...view.place(0, 0), view.width * view.scale, view.height * view.scale];
    context.drawImage(this.picture, ...box);
    this.overlays.draw(context, ...box);
    this.ruler.draw(context);
  }

  describe() {
    const { index } = this.place;
    const parts = [];
    if (!this.isPicture) parts.push(`${TITLES[this.plane.name]} ${index + 1} / ${this.plane.count}`);
    if (this.volume.times > 1) parts.push(`Time ${this.time + 1} / ${this.volume.times}`);
    const window = this.window || this.volume.window;
    if (window) parts.push(`C ${rounded(window.center)}  W ${rounded(window.width)}`);
    this.caption.textContent = parts.join("   ");
    this.controls.describe(this.caption.textContent, this.window);
  }

  complain(text) {
    this.controls.complain(text);
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

  // Null for the window it came with.
  lookThrough(window) {
    this.window = window;
    this.change();
  }

  setTime(time) {
    this.time = time;
    this.controls.showTime(time);
    this.change();
  }

  zoom(factor, x, y) {
    this.view.zoom(factor, x, y);
    this.values.tell();
    this.draw();
  }

  move(x, y) {
    this.view.move(x, y);
    this.draw();
  }

  showAll() {
    this.view.showAll();
    this.draw();
  }
}

function rounded(value) {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
