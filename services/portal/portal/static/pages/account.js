// The account of whoever is signed in: the password, and the tokens that programs come with.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { announce, element, field, notice } from "../dom.js";
import { day } from "../words.js";

const TOKENS = "/api/v1/tokens/";
const SCOPES = { write: "Everything you may do", read: "Looking and downloading only" };
const MOST_TOKENS = 1000;

export async function accountPage({ signal, title, user }) {
  title("Your account");
  const page = await api.get(`${TOKENS}?limit=${MOST_TOKENS}`, { signal });
  const list = element("ul", { class: "people" }, page.results.map((token) => card(token, signal)));
  return element(
    "section",
    { class: "narrow chapters" },
    element("h1", {}, user.username),
    element("section", { class: "chapter" }, element("h2", {}, "Password"), passwordForm(user)),
    element(
      "section",
      { class: "chapter" },
      element("h2", {}, "Tokens"),
      element("p", { class: "hint" }, "Programs such as gcapi come with one instead of your password."),
      newToken((made) => list.prepend(card(made, signal))),
      list,
    ),
  );
}

// A new password ends all sessions, also this one; it is begun again, so that the reader stays.
function passwordForm(user) {
  const username = element("input", { type: "text", autocomplete: "username", value: user.username, hidden: true, readonly: true }); // for password managers
  const present = element("input", { type: "password", autocomplete: "current-password" });
  const password = element("input", { type: "password", autocomplete: "new-password" });
  const said = element("div", { role: "status" });
  const change = submitting(said, async (form) => {
    await api.put(`/api/v1/users/${user.pk}/password/`, { present: present.value, password: password.value });
    await api.session.begin({ username: user.username, password: password.value });
    form.reset();
    said.replaceChildren(notice("good", "The password is changed; you are signed out everywhere else."));
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: change },
    username,
    field({ name: "present", label: "Present password", hint: "Empty if you never had one.", input: present }),
    field({ name: "password", label: "New password", input: password }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Change password")),
    said,
  );
}

function newToken(onMade) {
  const name = element("input", { type: "text", autocomplete: "off" });
  const scope = element("select", {}, Object.entries(SCOPES).map(([value, text]) => element("option", { value }, text)));
  const said = element("div", { role: "status" });
  const issue = submitting(said, async (form) => {
    const made = await api.post(TOKENS, { name: name.value, scope: scope.value });
    form.reset();
    said.replaceChildren(notice("good", element("p", {}, "The token, shown only now:"), element("code", { class: "secret" }, made.token)));
    onMade(made);
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: issue },
    field({ name: "name", label: "Name", hint: "What it is for, such as “laptop”.", input: name }),
    field({ name: "scope", label: "Good for", input: scope }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Make a token")),
    said,
  );
}

function card(token, signal) {
  const said = element("div", { role: "status" });
  const revoke = acting(said, async () => {
    await api.remove(`${TOKENS}${token.pk}/`, { signal });
    shown.remove();
    announce(`The token ${token.name} is good for nothing any more.`);
  });
  const used = token.last_used ? `last used ${day(token.last_used)}` : "never used";
  const limit = token.archives && `in ${token.archives.length === 1 ? "one archive" : `${token.archives.length} archives`} only, nothing else of yours`;
  const facts = [`… ${token.ending}`, SCOPES[token.scope], limit, `made ${day(token.created)}`, used, token.expires && `until ${day(token.expires)}`];
  const shown = element(
    "li",
    { class: "card person", "data-token": token.name },
    element("div", {}, element("strong", {}, token.name), element("p", { class: "hint" }, facts.filter(Boolean).join(" · ")), said),
    element("button", { type: "button", "aria-label": `Revoke ${token.name}`, onclick: revoke }, "Revoke"),
  );
  return shown;
}
