// What somebody should know of, and how often they want to hear of it by e-mail.

import * as api from "../api.js";
import { acting } from "../acting.js";
import { announce, element, field, link, notice } from "../dom.js";
import { mute } from "../muting.js";
import { moment } from "../words.js";
import { OPENED_BY } from "./earlier-imports.js";

const NOTIFICATIONS = "/api/v1/notifications/";
const PAGE_SIZE = 50;
const MAIL = { instant: "At once", digest: "Once a day", off: "Never" };
const SENTENCES = {
  "access.requested": (each) => `${each.subject.username} asks for access.`,
  "access.accepted": () => "Your request for access was accepted.",
  "access.rejected": (each) => `Your request for access was rejected.${each.text ? ` “${each.text}”` : ""}`,
  "role.granted": (each) => `${each.actor.username} gave you a role: ${each.text}.`,
  "role.revoked": (each) => `${each.actor.username} took a role from you: ${each.text}.`,
  "import.succeeded": (each) => `An import of yours is done: ${each.text}.`,
  "import.partial": (each) => `An import of yours is done: ${each.text}.`,
  "import.failed": (each) => `An import of yours failed: ${each.text}`,
};

// Whose reader may be a stranger, to whom the archive shows where to ask; what else is told of one that is not shown leads nowhere.
const MAY_ASK = ["access.accepted", "access.rejected", "role.granted", "role.revoked"];

// The link to the list, with how many were not read.
export function bell(signal) {
  const count = element("span", { class: "badge", hidden: true });
  api.get(`${NOTIFICATIONS}?unread=true&limit=1`, { signal }).then(
    (unread) => {
      count.textContent = unread.count;
      count.hidden = unread.count === 0;
    },
    () => {}, // the list itself says what is wrong
  );
  return link("/notifications/", "Notifications ", count);
}

export async function notificationsPage({ signal, title, user, go }) {
  title("Notifications");
  const page = await api.get(`${NOTIFICATIONS}?limit=${PAGE_SIZE}`, { signal });
  const titles = await titlesOf([...page.results.map((each) => each.archive).filter(Boolean), ...user.muted], signal);
  const readAll = async () => {
    await api.post(`${NOTIFICATIONS}read/`, {}, { signal });
    go("/notifications/");
  };
  return element(
    "section",
    { class: "narrow" },
    element(
      "div",
      { class: "heading" },
      element("h1", {}, "Notifications"),
      page.results.some((each) => !each.read) && element("button", { type: "button", onclick: readAll }, "Mark all as read"),
    ),
    page.results.length ? element("ul", { class: "people" }, page.results.map((each) => row(each, titles))) : notice("empty", "Nothing has happened yet."),
    mailForm(user),
    mutedList(user, titles, signal),
  );
}

// Returns the titles of archives; those that are gone, or may not be seen any more, have none.
async function titlesOf(archives, signal) {
  const ask = async (archive) => [archive, (await api.get(`/api/v1/archives/${archive}/`, { signal })).title];
  const answers = await Promise.allSettled([...new Set(archives)].map(ask));
  return new Map(answers.filter(({ status }) => status === "fulfilled").map(({ value }) => value));
}

function row(each, titles) {
  const sentence = (SENTENCES[each.kind] || (() => "Something changed."))(each);
  const title = titles.get(each.archive);
  return element(
    "li",
    { class: "card person", "data-read": String(each.read) },
    element("div", {}, element("p", {}, sentence), element("p", { class: "hint" }, [title, moment(each.created)].filter(Boolean).join(" · "))),
    each.archive && (title || MAY_ASK.includes(each.kind)) && link(`/archives/${each.archive}/${placeOf(each)}`, title ? `Open ${title}` : "Open the archive"),
  );
}

// Where in the archive it is told at length.
function placeOf({ kind }) {
  if (kind === "access.requested") return "members/";
  return kind.startsWith("import.") ? `?${OPENED_BY}` : "";
}

function mutedList(user, titles, signal) {
  const muted = user.muted.filter((archive) => titles.has(archive));
  if (!muted.length) return null;
  return element(
    "section",
    { class: "chapter" },
    element("h2", {}, "Muted archives"),
    element("p", { class: "hint" }, "You do not hear of it when somebody asks for access to them."),
    element("ul", { class: "people" }, muted.map((archive) => mutedRow(user, archive, titles.get(archive), signal))),
  );
}

function mutedRow(user, archive, title, signal) {
  const row = element("li", { class: "card person" }, element("div", {}, title));
  const said = element("div", { role: "status" });
  const unmute = acting(said, async () => {
    await mute(user, archive, false, signal);
    row.remove();
    announce(`You hear of ${title} again.`);
  });
  row.append(element("button", { type: "button", "aria-label": `Hear of ${title} again`, onclick: unmute }, "Hear of it again"), said);
  return row;
}

function mailForm(user) {
  const email = element("input", { type: "email", autocomplete: "email", value: user.email });
  const how = element("select", {}, Object.entries(MAIL).map(([value, text]) => element("option", { value, selected: user.mail === value }, text)));
  const said = element("p", { class: "hint", role: "status" });
  const save = async (event) => {
    event.preventDefault();
    try {
      const wanted = email.value.trim() ? { email: email.value.trim(), mail: how.value } : { mail: how.value };
      Object.assign(user, await api.patch("/api/v1/users/me/", wanted));
      said.textContent = "Saved.";
    } catch (error) {
      said.textContent = error.reasons;
    }
  };
  return element(
    "form",
    { class: "card", onsubmit: save },
    field({ name: "email", label: "E-mail", input: email }),
    field({ name: "mail", label: "Letters", hint: "Where this installation sends any.", input: how }),
    element("div", { class: "actions" }, element("button", { type: "submit" }, "Save"), said),
  );
}
