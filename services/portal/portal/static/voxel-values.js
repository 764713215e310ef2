// What the voxel under the pointer holds. Pictures of slices do not tell, so values are fetched of the slice one rests on.

import { element } from "./dom.js";

const REST_MS = 150; // longer than a slice stays while a volume is played
const KEPT = 4;
const MOST_VOXELS = 1 << 22; // of a slice that is fetched for its values: 8 MB of CT
const TYPES = {
  "|u1": Uint8Array,
  "|i1": Int8Array,
  "<u2": Uint16Array,
  "<i2": Int16Array,
  "<u4": Uint32Array,
  "<i4": Int32Array,
  "<u8": BigUint64Array,
  "<i8": BigInt64Array,
  "<f4": Float32Array,
  "<f8": Float64Array,
};

export class VoxelValues {
  // `host` is a slice view.
  constructor(host) {
    this.host = host;
    this.slices = new Map(); // by path, the least recently fetched first
    this.pointer = null; // on the screen, in its own pixels
    this.view = element("p", { class: "voxel-value" });
  }

  // `pointer` is null where there is none.
  point(pointer) {
    this.pointer = pointer;
    this.tell();
  }

  tell() {
    clearTimeout(this.resting);
    const voxel = this.voxel();
    const path = this.host.source.pathOf({ ...this.host.place, window: null }, "npy");
    const slice = this.slices.get(path);
    this.view.textContent = voxel && slice ? `Value ${slice(...voxel)}` : "";
    if (voxel && !slice) this.resting = setTimeout(() => this.fetch(path), REST_MS);
  }

  // Returns column and row of what the pointer is at, null if that is nothing.
  voxel() {
    const { plane, view } = this.host;
    if (!this.pointer || plane.width * plane.height > MOST_VOXELS) return null;
    const [x, y] = view.pointAt(...this.pointer);
    const [column, row] = [Math.floor(x), Math.floor(y / view.stretch)];
    return column >= 0 && column < plane.width && row >= 0 && row < plane.height ? [column, row] : null;
  }

  async fetch(path) {
    try {
      this.slices.set(path, read(await this.host.source.pass.bytes("slices", path)));
    } catch {
      return; // the picture is what matters, and says itself if it cannot be had
    }
    if (this.slices.size > KEPT) this.slices.delete(this.slices.keys().next().value);
    this.tell();
  }
}

// Reads an array of shape (rows, columns, channels) as NumPy writes it (NEP 1); its values begin at a multiple of 64 bytes.
function read(buffer) {
  const start = 10 + new DataView(buffer).getUint16(8, true);
  const header = new TextDecoder().decode(new Uint8Array(buffer, 10, start - 10));
  const [, type] = header.match(/'descr': '([^']+)'/);
  const [, columns, channels] = header.match(/'shape': \(([^)]+)\)/)[1].split(",").map(Number);
  const values = new TYPES[type](buffer, start);
  return (column, row) => {
    const first = (row * columns + column) * channels;
    return [...values.subarray(first, first + channels)].map(written).join(", ");
  };
}

function written(value) {
  return String(typeof value === "bigint" || Number.isInteger(value) ? value : Number(value.toPrecision(6)));
}
