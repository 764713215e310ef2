// All of a slide, small, in a corner of its view, with a frame around what is seen; a press on it leads there.

import { element } from "./dom.js";

const LONGEST_PX = 180;
const SHARE = 0.4; // of the view, at most
const SMALLEST_FRAME_PX = 6; // or nobody finds it
const FRAME = [["rgb(0 0 0 / 70%)", 4], ["#ffd23f", 2]];

export class OverviewMap {
  // `host` has a `view`, and `moveTo(x, y)`, which brings a point of the picture into the middle. Keys move the view itself, so
  // that the map offers nothing to those who do not see it.
  constructor(host) {
    this.host = host;
    this.canvas = element("canvas", { class: "overview-map", "aria-hidden": "true", hidden: true });
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.lead(event);
    });
    this.canvas.addEventListener("pointermove", (event) => event.buttons && this.lead(event));
  }

  lead({ offsetX, offsetY }) {
    const { view } = this.host;
    this.host.moveTo((offsetX / this.canvas.clientWidth) * view.width, (offsetY / this.canvas.clientHeight) * view.height);
  }

  // `picture` is all of the slide; null while it is not here. Where everything is seen anyway there is no map.
  draw(picture) {
    const { view } = this.host;
    this.canvas.hidden = !picture || view.isWhole;
    if (this.canvas.hidden) return;
    this.resize();
    const { canvas } = this;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    this.drawFrame(context);
  }

  resize() {
    const { view } = this.host;
    const ratio = window.devicePixelRatio;
    const scale = Math.min(LONGEST_PX * ratio / Math.max(view.width, view.height), SHARE * view.fitting);
    const [width, height] = [view.width, view.height].map((length) => Math.max(Math.round(length * scale), 1));
    if (this.canvas.width === width && this.canvas.height === height) return;
    Object.assign(this.canvas, { width, height });
    Object.assign(this.canvas.style, { width: `${width / ratio}px`, height: `${height / ratio}px` });
  }

  drawFrame(context) {
    const { view } = this.host;
    const ratio = window.devicePixelRatio;
    const scale = context.canvas.width / view.width;
    const [left, top] = view.pointAt(0, 0).map((each) => Math.max(each, 0) * scale);
    const [right, bottom] = view.pointAt(view.screen.width, view.screen.height);
    const length = (end, start, whole) => Math.max(Math.min(end * scale, whole) - start, SMALLEST_FRAME_PX * ratio);
    const box = [left, top, length(right, left, context.canvas.width), length(bottom, top, context.canvas.height)];
    for (const [strokeStyle, width] of FRAME) {
      Object.assign(context, { strokeStyle, lineWidth: width * ratio });
      context.strokeRect(...box);
    }
  }
}
