// Who has which role on an archive, who asks for one, and by which rule people are admitted; for its editors.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { element, field } from "../dom.js";
import { isMuted, mute } from "../muting.js";
import { moment } from "../words.js";
import { pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";

const ROLES = { user: "User", uploader: "Uploader", editor: "Editor" };
const HANDLING = { manual: "Editors decide", verified: "Verified users are let in", all: "Everybody is let in" };

export async function membersPage({ signal, title, go, user }, name) {
  const archive = await findArchive(name, signal);
  title(`Members of ${archive.title}`);
  const base = `/api/v1/archives/${archive.pk}`;
  const get = (path) => api.get(`${base}/${path}`, { signal });
  const [members, requests, admission] = await Promise.all([get("members/"), get("requests/?state=pending"), get("admission/")]);
  const again = () => go(`/archives/${encodeURIComponent(name)}/members/`);
  return pageOfArchive(
    archive,
    "members/",
    "Members",
    signal,
    requests.count > 0 && chapter("Requests for access", people(requests, (request) => asking(request, `${base}/requests/${request.pk}/`, again))),
    chapter("Who has a role", people(members, (member) => person(member, base, again)), newMember(base, again)),
    chapter("Who is admitted", telling(archive, user, signal), rule(admission, base)),
  );
}

function chapter(heading, ...content) {
  return element("section", { class: "chapter" }, element("h2", {}, heading), content);
}

function people({ results }, row) {
  return element("ul", { class: "people" }, results.map(row));
}

function asking(request, url, again) {
  const said = element("div", { role: "status" });
  const reason = element("input", { type: "text", placeholder: "Reason, if you say no", "aria-label": `Reason for ${request.user.username}` });
  const decide = (decision, body) => acting(said, async () => {
    await api.post(`${url}${decision}/`, body());
    again();
  });
  return element(
    "li",
    { class: "card person", "data-asks": request.user.username },
    element(
      "div",
      {},
      element("p", {}, element("strong", {}, request.user.username), ` asked ${moment(request.requested)}`),
      request.message && element("p", { class: "lead" }, request.message),
      reason,
      said,
    ),
    element(
      "div",
      { class: "actions" },
      element("button", { type: "button", class: "primary", onclick: decide("accept", () => ({})) }, "Accept"),
      element("button", { type: "button", onclick: decide("reject", () => ({ reason: reason.value })) }, "Reject"),
    ),
  );
}

function person(member, base, again) {
  const said = element("div", { role: "status" });
  const taking = (role) => acting(said, async () => {
    await api.remove(`${base}/members/${member.user}/${role}/`);
    again();
  });
  const role = (name) =>
    element(
      "span",
      { class: "role badge" },
      ROLES[name],
      element("button", { type: "button", class: "quiet", "aria-label": `Take the role ${ROLES[name]} from ${member.username}`, onclick: taking(name) }, "×"),
    );
  return element(
    "li",
    { class: "card person", "data-member": member.username },
    element("div", {}, element("strong", {}, member.username), said),
    element("div", { class: "actions" }, member.roles.map(role)),
  );
}

function newMember(base, again) {
  const name = element("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", required: true });
  const role = element("select", {}, Object.entries(ROLES).map(([value, text]) => element("option", { value }, text)));
  const said = element("div", { role: "status" });
  const add = submitting(said, async () => {
    await api.post(`${base}/members/`, { user: name.value, role: role.value });
    again();
  });
  return element(
    "form",
    { class: "card settings", onsubmit: add },
    field({ name: "user", label: "Username", hint: "The whole name; nobody can look through who there is.", input: name }),
    field({ name: "role", label: "Role", input: role }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Give role")),
    said,
  );
}

// Whether the reader hears of requests; other editors choose for themselves.
function telling(archive, user, signal) {
  const said = element("p", { class: "hint", role: "status" });
  const box = element("input", { type: "checkbox", name: "told", checked: !isMuted(user, archive.pk) });
  box.onchange = async () => {
    try {
      await mute(user, archive.pk, !box.checked, signal);
      said.textContent = box.checked ? "You are notified." : "You are not notified any more.";
    } catch (error) {
      box.checked = !box.checked;
      said.textContent = error.reasons || String(error);
    }
  };
  return element("div", { class: "actions" }, element("label", { class: "inline" }, box, "Notify me when somebody asks for access"), said);
}

function rule(admission, base) {
  const handling = element("select", {}, Object.entries(HANDLING).map(([value, text]) => element("option", { value, selected: admission.handling === value }, text)));
  const terms = element("textarea", { rows: "4", value: admission.terms });
  const said = element("p", { class: "hint", role: "status" });
  const save = async (event) => {
    event.preventDefault();
    try {
      await api.patch(`${base}/admission/`, { handling: handling.value, terms: terms.value });
      said.textContent = "Saved. Requests that were waiting have been looked at again.";
    } catch (error) {
      said.textContent = error.reasons;
    }
  };
  return element(
    "form",
    { class: "card settings", onsubmit: save },
    field({ name: "handling", label: "When somebody asks", input: handling }),
    field({ name: "terms", label: "Terms", hint: "Accepted by everybody who asks; empty for none.", input: terms }),
    element("div", { class: "actions" }, element("button", { type: "submit" }, "Save"), said),
  );
}
