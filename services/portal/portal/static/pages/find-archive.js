// Finds an archive by what stands in its address: its slug, or its identifier.

import * as api from "../api.js";

const IDENTIFIER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function isIdentifier(name) {
  return IDENTIFIER.test(name);
}

export async function findArchive(name, signal) {
  if (isIdentifier(name)) return api.get(`/api/v1/archives/${name}/`, { signal });
  const { results } = await api.get(`/api/v1/archives/?slug=${encodeURIComponent(name)}`, { signal });
  if (!results.length) throw new api.ApiError(404);
  return api.get(results[0].api_url, { signal });
}
