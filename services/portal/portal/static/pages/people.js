// Everybody who may sign in, for administrators: somebody is added, gets a password, and is let in no more.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { announce, element, field } from "../dom.js";

const USERS = "/api/v1/users/";
const PAGE_SIZE = 100;

export async function peoplePage({ signal, title }) {
  title("People");
  const list = element("ul", { class: "people" });
  const said = element("div", { role: "status" });
  const more = element("button", { type: "button", onclick: acting(said, () => load(more.dataset.next)) }, "Show more");
  async function load(address) {
    const page = await api.get(address, { signal });
    list.append(...page.results.map((user) => card(user, signal)));
    more.dataset.next = page.next || "";
    more.hidden = !page.next;
  }
  await load(`${USERS}?limit=${PAGE_SIZE}`);
  return element(
    "section",
    { class: "narrow wide" },
    element("h1", {}, "People"),
    element("p", { class: "lead" }, "Everybody who may sign in. What they may do, the members of each archive say."),
    newPerson((made) => list.prepend(card(made, signal))),
    list,
    more,
    said,
  );
}

function newPerson(onMade) {
  const username = element("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  const email = element("input", { type: "email", autocomplete: "off" });
  const password = element("input", { type: "password", autocomplete: "new-password" });
  const said = element("div", { role: "status" });
  let made = null; // whoever has no password yet, because the one that was chosen was refused
  const add = submitting(said, async (form) => {
    const name = username.value.trim();
    if (made?.username !== name) {
      const address = email.value.trim();
      made = await api.post(USERS, { username: name, ...(address && { email: address }) });
      onMade(made);
    }
    if (password.value) await api.put(`${USERS}${made.pk}/password/`, { password: password.value });
    made = null;
    form.reset();
    announce(`${name} is added.`);
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: add },
    field({ name: "username", label: "Username", input: username }),
    field({ name: "email", label: "E-mail", hint: "Optional.", input: email }),
    field({ name: "password", label: "First password", hint: "Tell it to them; they change it in their account. Empty for those who sign in elsewhere.", input: password }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Add person")),
    said,
  );
}

function card(user, signal) {
  const shown = element("li", { class: "card person", "data-user": user.username });
  const show = (present) => shown.replaceChildren(...contents(present, { show, signal }));
  show(user);
  return shown;
}

function contents(user, { show, signal }) {
  const said = element("div", { role: "status" });
  const set = (text, change) => element("button", { type: "button", onclick: acting(said, async () => show(await api.patch(`${USERS}${user.pk}/`, change, { signal }))) }, text);
  const states = [user.administrator && "Administrator", user.verified && "Verified", !user.active && "May not sign in"].filter(Boolean);
  return [
    element("div", {}, element("strong", {}, user.username), element("p", { class: "facts" }, states.map((text) => element("span", { class: "badge" }, text)), user.email), said),
    element(
      "div",
      { class: "actions" },
      set(user.verified ? "Not verified" : "Verify", { verified: !user.verified }),
      set(user.active ? "Shut out" : "Let in again", { active: !user.active }),
    ),
    newPassword(user),
  ];
}

function newPassword(user) {
  const password = element("input", { type: "password", autocomplete: "new-password" });
  const said = element("p", { class: "hint", role: "status" });
  const change = submitting(said, async (form) => {
    await api.put(`${USERS}${user.pk}/password/`, { password: password.value });
    form.reset();
    said.textContent = "It is set, and they are signed out everywhere.";
  });
  return element(
    "details",
    {},
    element("summary", {}, "New password"),
    element("form", { novalidate: true, onsubmit: change }, field({ name: "password", label: `New password of ${user.username}`, input: password }), element("button", { type: "submit" }, "Set password"), said),
  );
}
