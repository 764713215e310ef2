// What the reader may do, which only the server knows: something that only those who may it are told is asked for.

import * as api from "./api.js";

export function mayManage(archive, signal) {
  return isTold(`${archive.api_url}links/`, signal);
}

export function mayEditItem(item, signal) {
  return isTold(`${item.api_url}history/`, signal);
}

async function isTold(path, signal) {
  try {
    await api.get(path, { signal });
    return true;
  } catch (error) {
    if (error.status === 403 || error.status === 404) return false;
    throw error;
  }
}
