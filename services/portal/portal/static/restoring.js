// Brings deleted items back.

import * as api from "./api.js";

// Nobody changes what is deleted, so there is no version that must have been seen.
export async function restore(items, signal) {
  for (const { pk } of items) await api.post(`/api/v1/archives/items/${pk}/restore/`, {}, { signal, tag: "*" });
}
