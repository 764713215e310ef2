// Other images of the same grid, laid over the one that is looked at: segmentations in their colours, heat maps by their strength.

import { element } from "./dom.js";
import { SliceSource } from "./slice-source.js";

const OPACITY = 0.5;
const COLOUR = "#ff5a5a"; // of masks and heat maps, which have none of their own
const SAME_MM = 1e-3;
const GOLDEN_RATIO = 0.618034;
const LAID_OVER = ["Segmentation", "Heat Map"];

// Returns those of `shown`, pairs of a socket and its image, that fit over an image; `isWanted` tells of those the archive shows together.
export function layersOver(image, shown, viewContent) {
  const own = shown.find((each) => each.image === image).socket.slug;
  const together = Object.values(viewContent || {}).filter((slugs) => slugs.includes(own)).flat();
  return shown
    .filter((each) => LAID_OVER.includes(each.socket.kind) && each.image !== image && each.image.volume && isSameGrid(image, each.image))
    .map((each) => ({ ...each, isWanted: together.includes(each.socket.slug) }));
}

function isSameGrid(one, other) {
  const isEqual = ["width", "height", "depth"].every((name) => one[name] === other[name]);
  return isEqual && ["voxel_width_mm", "voxel_height_mm", "voxel_depth_mm"].every((name) => Math.abs((one[name] ?? 0) - (other[name] ?? 0)) < SAME_MM);
}

export class Overlays {
  // `host` draws the picture: it has `place`, which says what is seen, and `draw`.
  constructor(layers, host, signal) {
    Object.assign(this, { layers, host, signal, source: null, tinted: new WeakMap() });
    this.select = element("select", { "aria-label": "Overlay", onchange: () => this.choose() }, element("option", { value: "" }, "No overlay"), layers.map(({ socket, isWanted }, index) => element("option", { value: index, selected: isWanted }, socket.title)));
    this.opacity = element("input", { type: "range", min: 0, max: 1, step: 0.05, value: String(OPACITY), "aria-label": "Opacity of the overlay", oninput: () => host.draw() });
    this.colour = element("input", { type: "color", value: COLOUR, "aria-label": "Colour of the overlay", onchange: () => this.repaint() });
    this.legend = element("ul", { class: "legend", "aria-label": "Segments" });
    this.view = element("div", { class: "overlays" }, this.select, this.opacity, this.colour, this.legend);
  }

  get layer() {
    return this.layers[this.select.value];
  }

  // Lays over what is chosen.
  async choose() {
    const { layer } = this;
    this.use(null);
    if (!layer) return;
    try {
      const source = await SliceSource.open(layer.image.volume, this.signal, { format: "png" }); // a JPEG has no sharp borders
      if (layer === this.layer) this.use(source);
    } catch (error) {
      if (error.name !== "AbortError") this.host.complain(`${layer.socket.title} could not be laid over. ${error.reasons || error.message}`);
    }
  }

  use(source) {
    this.source = source;
    this.show();
    this.host.draw();
  }

  show() {
    const isColoured = Boolean(this.source?.volume.labels);
    this.opacity.hidden = !this.layer;
    this.colour.hidden = !this.source || isColoured;
    this.legend.replaceChildren(...(isColoured ? segmentsOf(this.layer).map(entry) : []));
  }

  repaint() {
    this.tinted = new WeakMap();
    this.host.draw();
  }

  // Fetches what is about to be seen.
  prepare(direction) {
    const place = this.placeOf(this.host.place);
    if (place) this.source.prepare(place, place.plane.towards === this.host.plane.towards ? direction : -direction);
  }

  draw(context, ...box) {
    const place = this.placeOf(this.host.place);
    if (!place) return;
    const picture = this.source.find(place);
    if (!picture) {
      this.source.get(place).then(() => this.host.draw(), () => {}); // the slice below says when nothing can be fetched
      return;
    }
    context.globalAlpha = Number(this.opacity.value);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.paint(picture), ...box);
    context.globalAlpha = 1;
  }

  // The same cut through the overlay, which may count its slices from the other side of the body; null while there is none, and for
  // one that lies otherwise in it.
  placeOf({ plane, index, time }) {
    const volume = this.source?.volume;
    const found = volume?.planes.find((each) => each.axis === plane.axis && each.name === plane.name && each.count === plane.count);
    if (!found) return null;
    const there = found.towards === plane.towards ? index : found.count - 1 - index;
    return { plane: found, index: there, time: Math.min(time, volume.times - 1), window: null };
  }

  paint(picture) {
    const isSolid = this.layer.socket.kind === "Segmentation";
    if (!this.tinted.has(picture)) this.tinted.set(picture, tint(picture, channels(this.colour.value), isSolid));
    return this.tinted.get(picture);
  }
}

// Black is nothing; grey takes the colour, as strong as it is bright unless it is `isSolid`; colours stay.
function tint(picture, colour, isSolid) {
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  const pixels = context.getImageData(0, 0, picture.width, picture.height);
  const { data } = pixels;
  for (let at = 0; at < data.length; at += 4) {
    const brightest = Math.max(data[at], data[at + 1], data[at + 2]);
    if (data[at] === data[at + 1] && data[at] === data[at + 2]) data.set(colour, at);
    data[at + 3] = isSolid && brightest ? 255 : brightest;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

function channels(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}

// --- What the colours of a segmentation stand for

function segmentsOf({ socket, image }) {
  const present = new Set(image.segments?.map(Number));
  return socket.overlay_segments.filter(({ voxel_value: value }) => value !== 0 && (!present.size || present.has(value)));
}

// The page allows no inline styles in markup; a colour set by script is none.
function entry({ name, voxel_value: value }) {
  const swatch = element("span", { class: "swatch" });
  swatch.style.background = `rgb(${labelColour(value)})`;
  return element("li", {}, swatch, name);
}

// As the tiler colours labels, see its `label_colours`.
function labelColour(value) {
  const hue = (value * GOLDEN_RATIO) % 1;
  return [0, 4, 2].map((shift) => {
    const pure = Math.min(Math.max(Math.abs(((hue * 6 + shift) % 6) - 3) - 1, 0), 1);
    return Math.round(255 * (0.2 + 0.8 * pure));
  });
}
