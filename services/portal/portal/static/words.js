// Says sizes, lengths, dates and states in words.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

export function bytes(count) {
  let power = 0;
  while (count >= 1000 && power < UNITS.length - 1) {
    count /= 1000;
    power += 1;
  }
  return `${power && count < 10 ? count.toFixed(1) : Math.round(count)} ${UNITS[power]}`;
}

export function countOf(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

export function day(text) {
  return new Date(text).toLocaleDateString(undefined, { dateStyle: "medium" });
}

export function moment(text) {
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

// Width first, as people say it: 512 × 512 × 120, 12 time points. `unit` is said of the lengths, not of the moments.
export function size(image, unit = "") {
  const lengths = [image.width, image.height, image.depth > 1 ? image.depth : null].filter(Boolean);
  const extent = [lengths.join(" × "), lengths.length > 0 && unit].filter(Boolean).join(" ");
  return image.timepoints > 1 ? `${extent}, ${image.timepoints} time points` : extent;
}

// In millimetres, or in micrometres for what microscopes see.
export function spacing(image) {
  const lengths = [image.voxel_width_mm, image.voxel_height_mm, image.voxel_depth_mm].filter((each) => each != null);
  if (!lengths.length) return "";
  const isSmall = Math.max(...lengths) < 0.1;
  return `${lengths.map((each) => significant(isSmall ? each * 1000 : each)).join(" × ")} ${isSmall ? "µm" : "mm"}`;
}

export function distance(mm) {
  return mm < 1 ? `${significant(mm * 1000, 3)} µm` : `${Number(mm.toFixed(1))} mm`;
}

// As people name objectives: 10 µm on a pixel are a magnification of one, so a quarter of a micrometre is 40×.
export function magnification(pixelUm) {
  return `${significant(10 / pixelUm, 2)}×`;
}

export function microns(length) {
  return significant(length, 4);
}

function significant(number, digits = 5) {
  return String(Number(number.toPrecision(digits)));
}

// --- Of patients, as DICOM writes it (PS3.5 section 6.2); what is not written so stays as it is.

const AGE = /^(\d{3})([DWMY])$/;
const AGE_UNITS = { D: "day", W: "week", M: "month", Y: "year" };
export const SEXES = { F: "Female", M: "Male", O: "Other" };

// "Muster^Erika^^Dr." is Dr. Erika Muster. The same name in other scripts comes after "=", and keeps the order of its parts.
export function personName(text) {
  const [latin, ...others] = text.split("=").map((name) => name.split("^").map((part) => part.trim()));
  const [family, given, middle, prefix, suffix] = latin;
  const spoken = [[prefix, given, middle, family].filter(Boolean).join(" "), suffix].filter(Boolean).join(", ");
  const written = others.map((parts) => parts.filter(Boolean).join(" ")).filter(Boolean).join(", ");
  return spoken && written ? `${spoken} (${written})` : spoken || written;
}

export function age(text) {
  const [, count, unit] = text.match(AGE) || [];
  return unit ? countOf(Number(count), AGE_UNITS[unit]) : text;
}

export const COLORS = { GRAY: "Grey values", RGB: "RGB colour", RGBA: "RGB colour with opacity", YCBCR: "YCbCr colour" };
export const STATES = { pending: "In preparation", ready: "Ready", failed: "Failed" };
export const EYES = { OD: "Right eye (OD)", OS: "Left eye (OS)", U: "Unknown side" };
