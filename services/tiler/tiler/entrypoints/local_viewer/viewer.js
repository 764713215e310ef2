// One slide, filling the window: drag to move, scroll to zoom. Fetches only the tiles that are seen.

const canvas = document.querySelector("canvas");
const caption = document.querySelector("p");
const context = canvas.getContext("2d");
const tiles = new Map(); // picture by path, the least recently drawn first
const KEPT_TILES = 400; // a large screen sees more at once; these are kept too
const CLOSEST = 4; // screen pixels per image pixel
let slide, scale, center, drawing, drawn;

function showAll() {
  scale = Math.min(canvas.width / slide.width, canvas.height / slide.height);
  center = { x: slide.width / 2, y: slide.height / 2 };
  draw();
}

function move(x, y) {
  center.x = Math.min(Math.max(center.x + x / scale, 0), slide.width);
  center.y = Math.min(Math.max(center.y + y / scale, 0), slide.height);
  draw();
}

// Zooms so that what is under the point stays under it.
function zoom(factor, x = canvas.width / 2, y = canvas.height / 2) {
  const smallest = Math.min(canvas.width / slide.width, canvas.height / slide.height) / 2;
  const next = Math.min(Math.max(scale * factor, smallest), CLOSEST);
  center.x += (x - canvas.width / 2) * (1 / scale - 1 / next);
  center.y += (y - canvas.height / 2) * (1 / scale - 1 / next);
  scale = next;
  move(0, 0);
}

function draw() {
  drawing ??= requestAnimationFrame(drawNow);
}

function drawNow() {
  drawing = undefined;
  drawn = 0;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const last = slide.zoom_levels - 1;
  const best = Math.min(Math.max(last - Math.floor(Math.log2(1 / scale)), 0), last);
  for (let z = Math.max(best - 4, 0); z <= best; z += 1) drawLevel(z, 2 ** (last - z), z === best || z === 0);
  for (const path of [...tiles.keys()].slice(0, -Math.max(KEPT_TILES, drawn))) tiles.delete(path);
  const micrometres = slide.pixel_width_um ? `${(slide.pixel_width_um / scale).toFixed(2)} µm per pixel` : "";
  caption.textContent = `${slide.width} × ${slide.height} ${micrometres}`;
}

function drawLevel(z, shrink, isWanted) {
  const side = slide.tile_size * shrink;
  const [halfWidth, halfHeight] = [canvas.width / 2 / scale, canvas.height / 2 / scale];
  const lastColumn = Math.ceil(slide.width / side) - 1;
  const lastRow = Math.ceil(slide.height / side) - 1;
  for (let y = Math.max(Math.floor((center.y - halfHeight) / side), 0); y <= Math.min(Math.floor((center.y + halfHeight) / side), lastRow); y += 1) {
    for (let x = Math.max(Math.floor((center.x - halfWidth) / side), 0); x <= Math.min(Math.floor((center.x + halfWidth) / side), lastColumn); x += 1) {
      drawTile(`tiles/${z}/${x}/${y}.${slide.format}`, x * side, y * side, shrink * scale, isWanted);
    }
  }
}

function drawTile(path, left, top, perPixel, isWanted) {
  let picture = tiles.get(path);
  if (!picture && isWanted) {
    picture = new Image();
    picture.onload = draw;
    picture.src = path;
  }
  if (!picture) return;
  drawn += 1;
  tiles.delete(path);
  tiles.set(path, picture);
  if (!picture.complete || !picture.naturalWidth) return;
  const [x, y] = [(left - center.x) * scale + canvas.width / 2, (top - center.y) * scale + canvas.height / 2];
  context.drawImage(picture, Math.floor(x), Math.floor(y), Math.ceil(picture.naturalWidth * perPixel) + 1, Math.ceil(picture.naturalHeight * perPixel) + 1);
}

function resize() {
  canvas.width = canvas.clientWidth * devicePixelRatio;
  canvas.height = canvas.clientHeight * devicePixelRatio;
  if (scale) draw();
  else showAll();
}

canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
canvas.addEventListener("pointermove", (event) => {
  if (event.buttons === 1) move(-event.movementX * devicePixelRatio, -event.movementY * devicePixelRatio);
});
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(1.4 ** -Math.sign(event.deltaY), event.offsetX * devicePixelRatio, event.offsetY * devicePixelRatio);
}, { passive: false });
canvas.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey) return; // the browser's own
  const acts = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] };
  if (acts[key]) move(...acts[key]);
  else if (key === "+") zoom(1.4);
  else if (key === "-") zoom(1 / 1.4);
  else if (key === "0") showAll();
});

fetch("slide.json").then((answer) => answer.json()).then((found) => {
  slide = found;
  new ResizeObserver(resize).observe(canvas);
  canvas.focus(); // so that keys work at once
}).catch(() => {
  caption.textContent = "The slide cannot be shown: `tiler serve` does not answer any more.";
});
