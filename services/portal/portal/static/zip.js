// Packs files into a zip as they are (APPNOTE.TXT 6.3.10, method 0): a folder travels as one file, and its files keep their paths.

const LARGEST = 0xffffffff; // beyond it a number stands in a field of ZIP64
const MOST_ENTRIES = 0xffff;
const NAMES_ARE_UTF8 = 0x0800;
const STORED = 0;
const [PLAIN, ZIP64] = [20, 45]; // versions that a reader needs
const EXTRA_OF_ZIP64 = 0x0001;
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit += 1) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte;
});

// Returns a File; of `files` it takes up no memory. Each has a `path` and a `file`; those that `canNotRead` hears of are left
// out. `largest` is what tests set.
export async function zipped(name, files, { signal, onProgress = () => {}, canNotRead, largest = LARGEST }) {
  const parts = [];
  const entries = [];
  let offset = 0;
  for (const { path, file } of files) {
    const entry = await entryOf(path, file, { offset, largest, signal }).catch((error) => canNotRead(file, error));
    if (!entry) continue;
    const header = localHeader(entry);
    parts.push(header, file);
    entries.push(entry);
    offset += header.size + file.size;
    onProgress(entries.length);
  }
  const directory = new Blob(entries.map(directoryEntry));
  const lastModified = Math.max(0, ...files.map(({ file }) => file.lastModified));
  return new File([...parts, directory, ...endOf(entries.length, directory.size, offset, largest)], name, { lastModified });
}

async function entryOf(path, file, { offset, largest, signal }) {
  const crc = await checksum(file, signal);
  return { name: new TextEncoder().encode(path), crc, size: file.size, offset, ...momentOf(file), isLarge: file.size >= largest, isFar: offset >= largest };
}

async function checksum(file, signal) {
  const reader = file.stream().getReader();
  let crc = LARGEST;
  for (;;) {
    signal?.throwIfAborted();
    const { done, value } = await reader.read();
    if (done) return (crc ^ LARGEST) >>> 0;
    for (const byte of value) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  }
}

// As MS-DOS counts, which begins in 1980.
function momentOf({ lastModified }) {
  const at = new Date(Math.max(lastModified, Date.UTC(1980, 0, 2)));
  return {
    time: (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1),
    date: ((at.getFullYear() - 1980) << 9) | ((at.getMonth() + 1) << 5) | at.getDate(),
  };
}

// What local headers and the directory say alike of a file, up to the length of its name.
function common({ time, date, crc, size, name }, { isLarge }) {
  const shown = isLarge ? LARGEST : size;
  return [[isLarge ? ZIP64 : PLAIN, 2], [NAMES_ARE_UTF8, 2], [STORED, 2], [time, 2], [date, 2], [crc, 4], [shown, 4], [shown, 4], [name.length, 2]];
}

function extra(...numbers) {
  return numbers.length ? [[EXTRA_OF_ZIP64, 2], [8 * numbers.length, 2], ...numbers.map((number) => [number, 8])] : [];
}

function localHeader(entry) {
  const more = fields(...(entry.isLarge ? extra(entry.size, entry.size) : []));
  return new Blob([fields([0x04034b50, 4], ...common(entry, entry), [more.length, 2]), entry.name, more]);
}

function directoryEntry(entry) {
  const isLarge = entry.isLarge || entry.isFar;
  const more = fields(...(isLarge ? extra(entry.size, entry.size, entry.offset) : []));
  const rest = [[more.length, 2], [0, 2], [0, 2], [0, 2], [0, 4], [isLarge ? LARGEST : entry.offset, 4]]; // no comment, one disk, no attributes
  return new Blob([fields([0x02014b50, 4], [ZIP64, 2], ...common(entry, { isLarge }), ...rest), entry.name, more]);
}

function endOf(count, size, offset, largest) {
  const isLarge = count >= MOST_ENTRIES || offset + size >= largest;
  const [many, long, far] = isLarge ? [MOST_ENTRIES, LARGEST, LARGEST] : [count, size, offset];
  const end = fields([0x06054b50, 4], [0, 2], [0, 2], [many, 2], [many, 2], [long, 4], [far, 4], [0, 2]);
  if (!isLarge) return [end];
  const record = fields([0x06064b50, 4], [44, 8], [ZIP64, 2], [ZIP64, 2], [0, 4], [0, 4], [count, 8], [count, 8], [size, 8], [offset, 8]);
  return [record, fields([0x07064b50, 4], [0, 4], [offset + size, 8], [1, 4]), end];
}

// Returns the bytes of pairs of a number and its length, the lowest byte first.
function fields(...pairs) {
  const bytes = new Uint8Array(pairs.reduce((sum, [, length]) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [number, length] of pairs) {
    if (length === 8) view.setBigUint64(at, BigInt(number), true);
    else if (length === 4) view.setUint32(at, number, true);
    else view.setUint16(at, number, true);
    at += length;
  }
  return bytes;
}
