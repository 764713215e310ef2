// A pyramid of tiles one can move about and zoom into; fetches only the tiles that are seen.

import * as api from "./api.js";
import { element } from "./dom.js";
import { FullScreen } from "./full-screen.js";
import { Grip, isByTouch, keyOf, placeOf } from "./grip.js";
import { OverviewMap } from "./overview-map.js";
import { Ruler } from "./ruler.js";
import { KEPT_TILES, TileSource } from "./tile-source.js";
import { Viewport } from "./viewport.js";
import { magnification, microns } from "./words.js";
import { zoomButtons } from "./zoom-buttons.js";

const ZOOM_STEP = 1.4;
const MOVE_STEP_PX = 80;
const AHEAD = [0.5, 0.25]; // tiles around what is seen are fetched too, for so much of the screen, or less on a large one
const LOOK_AGAIN_MS = 2000;
const MOST_LOOKS = 30;
const FALLBACK_LEVELS = 4; // coarser tiles drawn below those that are still on their way
const KEYS = "Keys: arrows, plus, minus, 0 for all of it, M to measure, F for the whole screen.";
const WHOLE = { z: 0, x: 0, y: 0 };

export class TileView {
  static async open(image, signal) {
    return new TileView(image, await api.get(image.tiles, { signal }), signal);
  }

  constructor(image, pyramid, signal) {
    this.address = image.tiles;
    this.source = new TileSource(image.tiles, signal, { onArrival: () => this.arrive(), onFailure: (error) => this.complain(error) });
    this.pyramid = pyramid;
    this.view = new Viewport(pyramid.width, pyramid.height);
    this.signal = signal;
    this.canvas = element("canvas", { tabindex: "0", role: "img", "aria-label": `${image.name}. ${help()} ${KEYS}` });
    this.caption = element("p", { class: "slice-caption", "aria-live": "off" });
    this.ruler = new Ruler(this);
    this.scene = ""; // there is one picture only to measure in
    this.map = new OverviewMap(this);
    this.complaint = element("p", { class: "complaint", role: "alert", hidden: true });
    this.element = element("div", { class: "tile-view" });
    this.fullScreen = new FullScreen(this.element);
    this.element.append(
      element("div", { class: "tile-picture" }, this.canvas, this.caption, this.map.canvas, zoomButtons(this, ZOOM_STEP)),
      element("div", { class: "slice-controls tile-tools" }, this.ruler.button, this.fullScreen.button, element("p", { class: "slice-help", title: KEYS }, help()), this.complaint),
    );
    this.listen();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
  }

  // Null for slides of unknown pixel size.
  millimetres(x, y) {
    const { pixel_width_um: width, pixel_height_um: height } = this.pyramid;
    return width ? Math.hypot(x * width, y * (height ?? width)) / 1000 : null;
  }

  showAll() {
    this.view.showAll();
    this.draw();
  }

  move(x, y) {
    this.view.move(x, y);
    this.draw();
  }

  moveTo(x, y) {
    this.view.moveTo(x, y);
    this.draw();
  }

  zoom(factor, x, y) {
    this.view.zoom(factor, x, y);
    this.draw();
  }

  // Levels were added to the slide: once they are served, what was made without them is fetched anew where it is seen.
  async expectLevels() {
    for (let look = 0; look < MOST_LOOKS; look += 1) {
      const pyramid = await api.get(this.address, { signal: this.signal });
      if (pyramid.levels.length > this.pyramid.levels.length) return this.lookAgain(pyramid);
      await api.pause(LOOK_AGAIN_MS, this.signal);
    }
  }

  lookAgain(pyramid) {
    this.pyramid = pyramid;
    this.source.renew();
    this.draw();
  }

  // --- What is seen

  draw() {
    if (this.drawing) return;
    this.drawing = requestAnimationFrame(() => {
      this.drawing = null;
      this.drawNow();
    });
  }

  drawNow() {
    const { context } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.imageSmoothingEnabled = this.view.scale < 2;
    const best = this.bestLevel();
    for (let z = Math.max(best - FALLBACK_LEVELS, 0); z <= best; z += 1) {
      for (const tile of this.visibleTiles(z)) this.drawTile(tile);
    }
    this.ruler.draw(context);
    this.map.draw(this.source.find(this.pathOf(WHOLE)));
    this.source.need(this.neededTiles(best).map((tile) => this.pathOf(tile)));
    this.describe();
  }

  // How large things are: as they were scanned, and on the screen now. Slides of unknown pixel size tell their zoom alone.
  describe() {
    const { pixel_width_um: pixelUm, magnification: objective } = this.pyramid;
    const now = pixelUm ? magnification(pixelUm / this.view.scale) : `${Math.round(this.view.scale * 100)} %`;
    const scanned = pixelUm && `Scanned at ${objective ? `${objective}×` : magnification(pixelUm)}, ${microns(pixelUm)} µm per pixel`;
    this.caption.textContent = [scanned, `Shown at ${now}`].filter(Boolean).join("   ");
  }

  // The coarsest level that is at least as fine as the screen.
  bestLevel() {
    const last = this.pyramid.zoom_levels - 1;
    return Math.min(Math.max(last - Math.floor(Math.log2(1 / this.view.scale)), 0), last);
  }

  arrive() {
    this.complaint.hidden = true;
    this.draw();
  }

  // All of the slide small, what is seen, and what is around it as far as that many can be kept.
  neededTiles(best) {
    const around = AHEAD.map((beyond) => [...this.visibleTiles(best, beyond)]).find((tiles) => tiles.length < KEPT_TILES);
    return [WHOLE, ...this.visibleTiles(best), ...(around || [])];
  }

  *visibleTiles(z, beyond = 0) {
    const side = this.pyramid.tile_size * 2 ** (this.pyramid.zoom_levels - 1 - z); // in image pixels
    const { center, scale, screen } = this.view;
    const reach = { x: (screen.width * (0.5 + beyond)) / scale, y: (screen.height * (0.5 + beyond)) / scale };
    const range = (middle, half, length) => [
      Math.max(Math.floor((middle - half) / side), 0),
      Math.min(Math.floor((middle + half) / side), Math.ceil(length / side) - 1),
    ];
    const [left, right] = range(center.x, reach.x, this.pyramid.width);
    const [top, bottom] = range(center.y, reach.y, this.pyramid.height);
    for (let y = top; y <= bottom; y += 1) for (let x = left; x <= right; x += 1) yield { z, x, y, side };
  }

  drawTile(tile) {
    const bitmap = this.source.find(this.pathOf(tile));
    if (!bitmap) return;
    const perPixel = (tile.side / this.pyramid.tile_size) * this.view.scale;
    const [left, top] = this.view.place(tile.x * tile.side, tile.y * tile.side).map(Math.floor);
    this.context.drawImage(bitmap, left, top, Math.ceil(bitmap.width * perPixel) + 1, Math.ceil(bitmap.height * perPixel) + 1);
  }

  pathOf({ z, x, y }) {
    return `${z}/${x}/${y}.${this.pyramid.format}`;
  }

  // Tells why there is nothing to see, unless it is one tile of many that is damaged.
  complain(error) {
    if (error.name === "AbortError" || error.status === 500) return;
    this.complaint.textContent = `The slide could not be shown further. ${error.reasons || error.message}`;
    this.complaint.hidden = false;
  }

  resize() {
    const ratio = window.devicePixelRatio;
    this.canvas.width = Math.max(Math.round(this.canvas.clientWidth * ratio), 1);
    this.canvas.height = Math.max(Math.round(this.canvas.clientHeight * ratio), 1);
    this.context = this.canvas.getContext("2d");
    this.view.fit(this.canvas.width, this.canvas.height);
    this.drawNow(); // a frame later it would have been seen empty
  }

  // --- Hands

  listen() {
    const grip = new Grip();
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      grip.take(event);
      if (this.ruler.isOn && !grip.isByTwo) this.ruler.begin(...placeOf(event));
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (event.buttons !== 1 || !grip.has(event)) return;
      const { x, y, factor, around } = grip.follow(event);
      if (this.ruler.isOn && !grip.isByTwo) return this.ruler.follow(...placeOf(event));
      this.move(-x, -y);
      if (factor !== 1) this.zoom(factor, ...around);
    });
    this.canvas.addEventListener("pointerup", () => this.ruler.isOn && !grip.isByTwo && this.ruler.finish());
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, (event) => grip.leave(event));
    this.canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const factor = ZOOM_STEP ** (-Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY) / 100, 1));
      this.zoom(factor, ...placeOf(event));
    }, { passive: false });
    this.canvas.addEventListener("dblclick", (event) => this.zoom(2, ...placeOf(event)));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
  }

  press(event) {
    const actions = {
      ArrowLeft: () => this.move(-MOVE_STEP_PX, 0),
      ArrowRight: () => this.move(MOVE_STEP_PX, 0),
      ArrowUp: () => this.move(0, -MOVE_STEP_PX),
      ArrowDown: () => this.move(0, MOVE_STEP_PX),
      "+": () => this.zoom(ZOOM_STEP),
      "-": () => this.zoom(1 / ZOOM_STEP),
      0: () => this.showAll(),
      m: () => this.ruler.toggle(),
      f: () => this.fullScreen.toggle(),
      Delete: () => this.ruler.removeLast(),
    };
    const act = actions[keyOf(event)];
    if (!act) return;
    event.preventDefault();
    act();
  }
}

function help() {
  return isByTouch() ? "Drag to move, two fingers to zoom." : "Drag to move, scroll to zoom.";
}
