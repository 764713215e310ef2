// Which archives somebody does not want to hear of when people ask for access to them.

import * as api from "./api.js";

export function isMuted(user, archive) {
  return user.muted.includes(archive);
}

// Changes what `user` holds as well.
export async function mute(user, archive, isWanted, signal) {
  const others = user.muted.filter((each) => each !== archive);
  const { muted } = await api.patch("/api/v1/users/me/", { muted: isWanted ? [...others, archive] : others }, { signal });
  user.muted = muted;
}
