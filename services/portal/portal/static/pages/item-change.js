// Changes an item for the version that somebody has seen.

import * as api from "../api.js";

// `send` does it for a version. The platform makes new ones as well, such as when an item becomes ready; where people see no
// difference, the change is meant for the new one too.
export async function changeItem({ item, tag, signal }, send) {
  try {
    return await send(tag);
  } catch (error) {
    if (error.status !== 412) throw error;
    const now = await api.getTagged(item.api_url, { signal });
    if (seen(now.body) !== seen(item)) throw error;
    return send(now.tag);
  }
}

function seen({ title, values }) {
  return JSON.stringify([title, values]);
}
