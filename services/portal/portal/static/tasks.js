// Long work that the server does step by step.

import * as api from "./api.js";

const LOOK_AGAIN_MS = 700;

// Returns the task once it has ended; `onProgress` hears of it meanwhile.
export async function ended(task, { signal, onProgress = () => {} }) {
  let now = task;
  while (now.state === "running") {
    onProgress(now);
    await api.pause(LOOK_AGAIN_MS, signal);
    now = await api.get(task.api_url, { signal });
  }
  return now;
}
