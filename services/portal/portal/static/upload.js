// Sends files in parts straight to the blob store through signed links; goes on where it was interrupted.

import * as api from "./api.js";

const PART_BYTES = 8 * 1024 * 1024; // S3 takes no smaller ones than 5 MiB
const PARTS_AT_ONCE = 3;
const TRIES = 6;
const PAUSE_MS = 500;

const beingSent = new Set(); // names of notes

// Returns the API address of the completed upload. `onProgress` hears how many bytes have arrived.
export async function upload(file, { onProgress, signal }) {
  const note = await Note.of(file);
  if (beingSent.has(note.name)) return send(file, { note: null, onProgress, signal }); // its twin is on the way
  beingSent.add(note.name);
  try {
    return await send(file, { note, onProgress, signal });
  } finally {
    beingSent.delete(note.name);
  }
}

async function send(file, { note, onProgress, signal }) {
  const begun = (await interrupted(file, note)) || (await begin(file, note));
  const path = `/api/v1/uploads/${begun.pk}/${begun.s3_upload_id}`;
  const sent = await sendParts(file, path, begun.parts, { onProgress, signal });
  const completed = await api.patch(`${path}/complete-multipart-upload/`, { parts: sent });
  note?.forget();
  return completed.api_url;
}

async function begin(file, note) {
  const created = await api.post("/api/v1/uploads/", { filename: file.name });
  note?.write({ pk: created.pk, s3_upload_id: created.s3_upload_id });
  return { ...created, parts: [] };
}

// The same file chosen again in this tab, after a lost connection or a reload: ask which parts are there.
async function interrupted(file, note) {
  const known = note?.read();
  if (!known) return null;
  try {
    const listed = await api.get(`/api/v1/uploads/${known.pk}/${known.s3_upload_id}/list-parts/`);
    return { ...known, parts: listed.parts.filter((part) => part.Size === lengthOf(file, part.PartNumber)) };
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    note.forget();
    return null;
  }
}

async function sendParts(file, path, present, { onProgress, signal }) {
  const sent = new Map(present.map((part) => [part.PartNumber, part.ETag]));
  const missing = partNumbers(file).filter((number) => !sent.has(number));
  const tally = new Tally(file, sent, onProgress);
  await together(PARTS_AT_ONCE, missing, signal, async (number, shared) => {
    const hear = (count) => tally.underway(number, count);
    tally.arrived(number, await sendPart(file, path, number, { hear, signal: shared }));
  });
  return [...sent].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
}

// Adds up what has arrived and what is on its way.
class Tally {
  constructor(file, sent, onProgress) {
    Object.assign(this, { file, sent, onProgress, counts: new Map() });
    this.report();
  }

  underway(number, count) {
    this.counts.set(number, count);
    this.report();
  }

  arrived(number, etag) {
    this.counts.delete(number);
    this.sent.set(number, etag);
    this.report();
  }

  report() {
    const done = [...this.sent.keys()].map((number) => lengthOf(this.file, number));
    this.onProgress([...done, ...this.counts.values()].reduce((sum, count) => sum + count, 0));
  }
}

// Does something with every entry, several at a time; the first failure stops all of them.
export async function together(count, entries, signal, work) {
  const stop = new AbortController();
  const shared = AbortSignal.any([stop.signal, ...(signal ? [signal] : [])]);
  const waiting = [...entries];
  const worker = async () => {
    while (waiting.length && !shared.aborted) await work(waiting.shift(), shared);
  };
  try {
    await Promise.all(Array.from({ length: count }, worker));
  } finally {
    stop.abort();
  }
  signal?.throwIfAborted();
}

async function sendPart(file, path, number, { hear, signal }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const signed = await api.patch(`${path}/generate-presigned-urls/`, { part_numbers: [number] }, { signal });
      const link = api.local(signed.presigned_urls[number]);
      return await put(link, file.slice(...rangeOf(file, number)), { hear, signal });
    } catch (error) {
      if (!isPassing(error) || attempt === TRIES) throw error;
      await api.pause(PAUSE_MS * 2 ** attempt, signal);
    }
  }
}

// Lost connections, overload, and links that expired while a laptop slept pass.
function isPassing(error) {
  return error instanceof api.ApiError && (error.status >= 500 || [0, 403, 429].includes(error.status));
}

// XMLHttpRequest, because fetch does not tell how much has been sent.
function put(url, data, { hear, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const fail = (problem) => reject(new api.ApiError(request.status, problem));
    request.open("PUT", url);
    request.upload.onprogress = (event) => hear(event.loaded);
    request.onload = () => {
      const etag = request.getResponseHeader("ETag");
      if (request.status < 300 && etag) resolve(etag);
      else fail({ detail: `The store did not take a part (${request.status}).` });
    };
    request.onerror = () => fail({ detail: "The connection to the store was lost." });
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(data);
  });
}

function partNumbers(file) {
  return Array.from({ length: Math.ceil(file.size / PART_BYTES) }, (_, index) => index + 1);
}

function rangeOf(file, number) {
  return [(number - 1) * PART_BYTES, Math.min(number * PART_BYTES, file.size)];
}

function lengthOf(file, number) {
  const [start, end] = rangeOf(file, number);
  return end - start;
}

// --- What this tab remembers of uploads that were begun

const LOOKED_AT_BYTES = 4096;

// Kept under all that tells a file from others: series have files of one name, size and date in several folders, and the rest of
// one must never be put behind the beginning of another.
class Note {
  static async of(file) {
    const ends = [file.slice(0, LOOKED_AT_BYTES), file.slice(-LOOKED_AT_BYTES)];
    const bytes = await new Blob(ends).arrayBuffer();
    return new Note(`upload:${file.webkitRelativePath || file.name}:${file.size}:${file.lastModified}:${checksum(bytes)}`);
  }

  constructor(name) {
    this.name = name;
  }

  read() {
    return JSON.parse(sessionStorage.getItem(this.name));
  }

  write(begun) {
    sessionStorage.setItem(this.name, JSON.stringify(begun));
  }

  forget() {
    sessionStorage.removeItem(this.name);
  }
}

// FNV-1a of 32 bits; what browsers offer instead they offer over https alone.
function checksum(bytes) {
  return new Uint8Array(bytes).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
}
