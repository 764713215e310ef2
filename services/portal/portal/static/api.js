// Speaks with the platform's API for the person who is signed in; the browser keeps the session where scripts cannot read it.

const PUBLIC_URL = document.querySelector('meta[name="public-url"]').content;
const CSRF = /(?:^|; )archive-csrf=([0-9a-f]+)/;
const TRIES = 4;
const PAUSE_MS = 300;

export class ApiError extends Error {
  // status 0: no answer at all
  constructor(status, problem = {}) {
    super(problem.detail || problem.title || `The server answered ${status}.`);
    this.status = status;
    this.errors = problem.errors || {};
  }

  // Everything the server said, in one sentence or more, for places without fields.
  get reasons() {
    const said = Object.values(this.errors).flat();
    return said.length ? said.join(" ") : this.message;
  }
}

export const session = {
  get isOpen() {
    return CSRF.test(document.cookie);
  },
  // `credentials`: username and password, or a token.
  begin: (credentials) => post("/api/v1/sessions/", credentials),
  async end() {
    try {
      await remove("/api/v1/sessions/current/");
    } finally {
      session.forget();
    }
  },
  forget() {
    document.cookie = "archive-csrf=; Max-Age=0; Path=/; SameSite=Strict";
  },
};

// The API names everything by its public address. The page may have been opened under another name of the
// same machine, so addresses of the platform are used without their host.
export function local(url) {
  return url.startsWith(`${PUBLIC_URL}/`) ? url.slice(PUBLIC_URL.length) : url;
}

export function get(path, options) {
  return json("GET", path, options);
}

export function post(path, body, options) {
  return json("POST", path, { ...options, body });
}

export function put(path, body, options) {
  return json("PUT", path, { ...options, body });
}

export function patch(path, body, options) {
  return json("PATCH", path, { ...options, body });
}

export function remove(path, options) {
  return json("DELETE", path, options);
}

// Returns what is read as `body`, and the `tag` of its version, to be sent with a change so that nobody overwrites what they have not seen.
export async function getTagged(path, { signal } = {}) {
  const answer = await ask("GET", local(path), { signal });
  return { body: await answer.json(), tag: answer.headers.get("ETag") };
}

// Returns an address of the bytes that <img> may show; release it with URL.revokeObjectURL.
export async function picture(url, { signal } = {}) {
  const answer = await ask("GET", local(url), { signal });
  return URL.createObjectURL(await answer.blob());
}

// Returns a picture that can be drawn; close it to free its memory.
export async function bitmap(url, { signal } = {}) {
  const answer = await ask("GET", local(url), { signal });
  return createImageBitmap(await answer.blob());
}

export async function bytes(url, { signal } = {}) {
  const answer = await ask("GET", local(url), { signal });
  return answer.arrayBuffer();
}

// Returns the signed address a file address leads to, without fetching the file itself.
export async function downloadAddress(url) {
  const controller = new AbortController();
  const answer = await ask("GET", local(url), { signal: controller.signal });
  controller.abort();
  return answer.url;
}

async function json(method, path, { body, signal, tag } = {}) {
  const headers = tag ? { "If-Match": tag } : {};
  if (body !== undefined && !(body instanceof FormData)) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(body);
  }
  const answer = await ask(method, path.includes("://") ? local(path) : path, { body, headers, signal });
  return answer.status === 204 ? null : answer.json();
}

async function ask(method, path, { body, headers = {}, signal } = {}) {
  const word = document.cookie.match(CSRF)?.[1];
  if (word && method !== "GET") headers["X-CSRF-Token"] = word;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await answerTo(path, { method, body, headers, signal });
    if (answer?.ok) return answer;
    // Without an answer something may have been done; only reading is repeated then.
    const repeatable = answer ? answer.status === 503 : method === "GET";
    if (!repeatable || attempt === TRIES) throw await errorOf(answer);
    await pause(PAUSE_MS * 2 ** attempt, signal);
  }
}

async function answerTo(path, request) {
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

async function errorOf(answer) {
  if (!answer) return new ApiError(0, { detail: "The server cannot be reached." });
  const isJson = (answer.headers.get("Content-Type") || "").includes("json");
  return new ApiError(answer.status, isJson ? await answer.json() : {});
}

export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new DOMException("The page was left.", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
