// The files of folders that were dropped on the page or chosen as a whole, however deep they lie. A folder is sent as one zip: names
// that are the same in several folders stay apart, and thousands of slices cost no more requests than one file.

import { zipped } from "./zip.js";

const OF_THE_SYSTEM = /^(\.|Thumbs\.db$|desktop\.ini$)/i; // what file managers leave in folders, and nobody means to send

export class Folder {
  // `files` are pairs of a path, which begins with the folder's own name, and a file.
  constructor(name, files) {
    this.name = name;
    this.files = files.filter(({ file }) => !OF_THE_SYSTEM.test(file.name)).sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  packed(options) {
    return zipped(`${this.name}.zip`, this.files, options);
  }
}

export function chosenFolder(files) {
  return new Folder(files[0].webkitRelativePath.split("/")[0], files.map((file) => ({ path: file.webkitRelativePath, file })));
}

// Returns files and folders. Has to be called while the drop is handled: afterwards the browser has forgotten what was dropped.
export async function dropped({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const folders = entries.filter((entry) => entry.isDirectory);
  if (!folders.length) return [...files];
  const loose = await Promise.all(entries.filter((entry) => entry.isFile).map(fileOf));
  return [...loose, ...(await Promise.all(folders.map(async (entry) => new Folder(entry.name, await filesIn(entry)))))];
}

function fileOf(entry) {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function filesIn(entry) {
  if (entry.isFile) return [{ path: entry.fullPath.replace(/^\//, ""), file: await fileOf(entry) }];
  return (await Promise.all((await entriesOf(entry.createReader())).map(filesIn))).flat();
}

// A reader tells them a hundred at a time, and none when there are no more.
async function entriesOf(reader) {
  const all = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}
