// Lines drawn over a picture and how long they are, and a bar that tells how large things look.

import { announce, element } from "./dom.js";
import { distance } from "./words.js";

const COLOUR = "#ffd23f";
const SHORTEST_PX = 4; // less is a click, not a line
const TICK_PX = 7;
const BAR_SHARE = 0.25; // of the screen's width, at most
const ROUND = [5, 2, 1];

export class Ruler {
  // `host` draws the picture: it has a `view`, `draw`, `scene`, which names what lines belong to, and `millimetres(x, y)`,
  // which returns how long a step of so many picture pixels is, null if that is not known.
  constructor(host) {
    this.host = host;
    this.lines = new Map(); // those of a scene, the latest last
    this.button = element("button", { type: "button", "aria-pressed": "false", title: "Draw a line to measure; Delete removes the last one (M)", onclick: () => this.toggle() }, "Measure");
  }

  get isOn() {
    return this.button.getAttribute("aria-pressed") === "true";
  }

  toggle() {
    this.button.setAttribute("aria-pressed", String(!this.isOn));
  }

  get here() {
    if (!this.lines.has(this.host.scene)) this.lines.set(this.host.scene, []);
    return this.lines.get(this.host.scene);
  }

  // Places are of the screen, in its own pixels.
  begin(x, y) {
    const point = this.host.view.pointAt(x, y);
    this.here.push([point, point]);
  }

  follow(x, y) {
    const line = this.here.at(-1);
    if (!line) return;
    line[1] = this.host.view.pointAt(x, y);
    this.host.draw();
  }

  finish() {
    const line = this.here.at(-1);
    if (!line) return;
    const [[x, y], [toX, toY]] = line;
    if (Math.hypot(toX - x, toY - y) * this.host.view.scale < SHORTEST_PX) this.here.pop();
    else announce(this.lengthOf(line));
    this.host.draw();
  }

  removeLast() {
    this.here.pop();
    this.host.draw();
  }

  lengthOf([[x, y], [toX, toY]]) {
    const mm = this.host.millimetres(toX - x, toY - y);
    return mm === null ? `${Math.round(Math.hypot(toX - x, toY - y))} px` : distance(mm);
  }

  draw(context) {
    for (const line of this.lines.get(this.host.scene) || []) this.drawLine(context, line);
    this.drawBar(context);
  }

  drawLine(context, line) {
    const [from, to] = line.map(([x, y]) => this.host.view.place(x, y));
    const angle = Math.atan2(to[1] - from[1], to[0] - from[0]) + Math.PI / 2;
    const [across, along] = [Math.cos(angle) * TICK_PX, Math.sin(angle) * TICK_PX];
    const ticks = [from, to].map(([x, y]) => [[x - across, y - along], [x + across, y + along]]);
    outlined(context, COLOUR, [[from, to], ...ticks]);
    written(context, COLOUR, this.lengthOf(line), to[0] + 2 * TICK_PX, to[1] - TICK_PX);
  }

  drawBar(context) {
    const { screen, scale } = this.host.view;
    const perPixel = this.host.millimetres(1 / scale, 0);
    if (perPixel === null) return;
    const mm = roundedDown(screen.width * BAR_SHARE * perPixel);
    const [right, bottom] = [screen.width - 2 * TICK_PX, screen.height - 2 * TICK_PX];
    const left = right - mm / perPixel;
    outlined(context, "#fff", [[[left, bottom - TICK_PX], [left, bottom], [right, bottom], [right, bottom - TICK_PX]]]);
    written(context, "#fff", distance(mm), left, bottom - 1.5 * TICK_PX);
  }
}

// Lines that are seen on any ground.
function outlined(context, colour, lines) {
  const ratio = window.devicePixelRatio;
  context.beginPath();
  for (const [[x, y], ...others] of lines) {
    context.moveTo(x, y);
    for (const [toX, toY] of others) context.lineTo(toX, toY);
  }
  for (const [stroke, width] of [["rgb(0 0 0 / 70%)", 4], [colour, 1.75]]) {
    Object.assign(context, { strokeStyle: stroke, lineWidth: width * ratio, lineJoin: "round" });
    context.stroke();
  }
}

function written(context, colour, text, x, y) {
  const ratio = window.devicePixelRatio;
  Object.assign(context, { font: `${14 * ratio}px system-ui, sans-serif`, strokeStyle: "rgb(0 0 0 / 70%)", lineWidth: 3.5 * ratio, fillStyle: colour });
  const left = Math.min(x, context.canvas.width - context.measureText(text).width - 2 * TICK_PX); // or it is cut off at the border
  context.strokeText(text, left, y);
  context.fillText(text, left, y);
}

// The largest of 1, 2, 5, 10, 20 … that is no longer.
function roundedDown(length) {
  const power = 10 ** Math.floor(Math.log10(length));
  return ROUND.find((each) => each * power <= length) * power;
}
