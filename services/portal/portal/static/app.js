// Decides by the address which page is shown, and by the session whether somebody is signed in.

import * as api from "./api.js";
import { announce, element, link, notice } from "./dom.js";
import { mayLeave } from "./leaving.js";
import { accessLogPage } from "./pages/access-log.js";
import { accountPage } from "./pages/account.js";
import { apiPage } from "./pages/api.js";
import { archivePage } from "./pages/archive.js";
import { archivesPage } from "./pages/archives.js";
import { deletedItemsPage } from "./pages/deleted-items.js";
import { duplicatesPage } from "./pages/duplicates.js";
import { itemPage } from "./pages/item.js";
import { membersPage } from "./pages/members.js";
import { newArchivePage } from "./pages/new-archive.js";
import { bell, notificationsPage } from "./pages/notifications.js";
import { peoplePage } from "./pages/people.js";
import { settingsPage } from "./pages/settings.js";
import { signInPage } from "./pages/sign-in.js";
import { socketsPage } from "./pages/sockets.js";
import { tablePage } from "./pages/table.js";
import { versionsPage } from "./pages/versions.js";
import { viewersPage } from "./pages/viewers.js";
import { webhooksPage } from "./pages/webhooks.js";

const PAGES = [
  [/^\/$/, archivesPage],
  [/^\/new-archive\/$/, newArchivePage],
  [/^\/viewers\/$/, viewersPage],
  [/^\/sockets\/$/, socketsPage],
  [/^\/webhooks\/$/, webhooksPage],
  [/^\/notifications\/$/, notificationsPage],
  [/^\/account\/$/, accountPage],
  [/^\/people\/$/, peoplePage],
  [/^\/api\/$/, apiPage],
  [/^\/archives\/([^/]+)\/$/, archivePage],
  [/^\/archives\/([^/]+)\/members\/$/, membersPage],
  [/^\/archives\/([^/]+)\/settings\/$/, settingsPage],
  [/^\/archives\/([^/]+)\/table\/$/, tablePage],
  [/^\/archives\/([^/]+)\/versions\/$/, versionsPage],
  [/^\/archives\/([^/]+)\/duplicates\/$/, duplicatesPage],
  [/^\/archives\/([^/]+)\/downloads\/$/, accessLogPage],
  [/^\/archives\/([^/]+)\/deleted\/$/, deletedItemsPage],
  [/^\/archives\/([^/]+)\/items\/([^/]+)\/$/, itemPage],
];

const main = document.getElementById("main");
const account = document.getElementById("account");
let left = new AbortController();
let user = null;
let here = location.href; // of the page that is shown

// What a page gets: `signal` ends when it is left, `go` leads to another one, `user` is who looks at it.
function context() {
  return { signal: left.signal, go, user, title: setTitle };
}

async function show() {
  left.abort();
  left = new AbortController();
  here = location.href;
  const { signal } = left;
  main.replaceChildren(element("p", { class: "loading" }, "Loading …"));
  try {
    user ??= await whoAmI(signal);
    showAccount();
    const shown = await (user ? pageOf(location.pathname) : signInPage({ ...context(), onSignIn: show }));
    if (!signal.aborted) present(shown);
  } catch (error) {
    if (error.name !== "AbortError") present(complaint(error));
  }
}

function pageOf(path) {
  for (const [pattern, page] of PAGES) {
    const matched = path.match(pattern);
    if (matched) return page(context(), ...matched.slice(1).map(decodeURIComponent));
  }
  return nowhere("There is nothing at this address.");
}

async function whoAmI(signal) {
  if (!api.session.isOpen) return null;
  try {
    return await api.get("/api/v1/users/me/", { signal });
  } catch (error) {
    if (error.status !== 401) throw error;
    api.session.forget();
    return null;
  }
}

function present(shown) {
  main.replaceChildren(shown);
  main.querySelector(".pages [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" }); // a phone shows a part of the strip
  main.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  announce(document.title);
}

function complaint(error) {
  if (error.status === 401) {
    forget();
    return element("p", {}, "Your session has ended.");
  }
  if (error.status === 404) return nowhere("It does not exist, or is not shown to you.");
  const again = element("button", { type: "button", onclick: show }, "Try again");
  return notice("error", element("p", {}, error.reasons || String(error)), again);
}

function nowhere(text) {
  setTitle("Not found");
  return element("section", { class: "narrow" }, element("h1", {}, "Not found"), element("p", {}, text), link("/", "All archives"));
}

function showAccount() {
  if (!user) return account.replaceChildren();
  const leave = element("button", { type: "button", class: "quiet", onclick: signOut }, "Sign out");
  const people = user.administrator ? [link("/people/", "People"), link("/sockets/", "Sockets")] : [];
  const places = element("nav", { "aria-label": "Platform" }, bell(left.signal), ...people, link("/webhooks/", "Webhooks"), link("/api/", "API"));
  const own = element("div", {}, link("/account/", user.username), leave);
  return account.replaceChildren(places, own);
}

async function signOut() {
  try {
    await api.session.end();
  } finally {
    forget();
  }
}

function forget() {
  api.session.forget();
  user = null;
  show();
}

function setTitle(text) {
  document.title = text ? `${text} · Archives` : "Archives";
}

function go(path) {
  history.pushState(null, "", path);
  show();
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("a[data-inside]");
  const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) && event.button === 0;
  if (!target || !plain) return;
  event.preventDefault();
  if (mayLeave()) go(target.getAttribute("href"));
});
window.addEventListener("popstate", () => {
  if (mayLeave()) show();
  else history.pushState(null, "", here); // the browser has gone already
});
show();
