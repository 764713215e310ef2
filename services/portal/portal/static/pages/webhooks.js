// The webhooks of whoever is signed in: add one, try it out, see what became of its calls, stop it, delete it.

import * as api from "../api.js";
import { acting, submitting } from "../acting.js";
import { announce, element, field, notice, plainTable } from "../dom.js";
import { countOf, moment } from "../words.js";

const WEBHOOKS = "/api/v1/webhooks/";
const LOG_SIZE = 10;
const LOOK_AGAIN_MS = 700;
const LOOKS = 20;
const STATES = { queued: "Waiting", running: "Being sent", done: "Arrived", failed: "Failed", cancelled: "Not sent" };

export async function webhooksPage({ signal, title }) {
  title("Webhooks");
  const list = element("ul", { class: "webhooks" });
  const page = await api.get(WEBHOOKS, { signal });
  list.append(...page.results.map((webhook) => card(webhook, signal)));
  return element(
    "section",
    { class: "narrow wide" },
    element("h1", {}, "Webhooks"),
    element("p", { class: "lead" }, "An address of yours is called with every event that you may see, signed with a secret that only it and we know."),
    newWebhook((made) => list.prepend(card(made, signal))),
    list,
  );
}

function newWebhook(onMade) {
  const url = element("input", { type: "text", inputmode: "url", autocomplete: "off", placeholder: "example.org/hook" });
  const types = element("input", { type: "text", autocomplete: "off", placeholder: "archive.item.*" });
  const said = element("div", { role: "status" });
  const create = submitting(said, async (form) => {
    const wanted = types.value.split(/[\s,]+/).filter(Boolean);
    const made = await api.post(WEBHOOKS, { url: url.value.trim(), types: wanted });
    form.reset();
    said.replaceChildren(secretNotice(made.secret));
    onMade(made);
  });
  return element(
    "form",
    { class: "card", novalidate: true, onsubmit: create },
    field({ name: "url", label: "Address", hint: "With https in front, reachable from the internet.", input: url }),
    field({ name: "types", label: "Events", hint: "Types, or patterns with *; empty for all.", input: types }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Add webhook")),
    said,
  );
}

function secretNotice(secret) {
  return notice("good", element("p", {}, "Its secret, shown only now:"), element("code", { class: "secret" }, secret));
}

function card(webhook, signal) {
  const body = element("li", { class: "card webhook" });
  const show = (present) => body.replaceChildren(...contents(present, { body, show, signal }));
  show(webhook);
  return body;
}

function contents(webhook, { body, show, signal }) {
  const said = element("div", { role: "status" });
  const log = element("div", { class: "log" });
  const act = (text, action) => element("button", { type: "button", onclick: acting(said, action) }, text);
  const test = async () => {
    const sent = await api.post(`${webhook.api_url}test/`, {}, { signal });
    said.replaceChildren("The test is on its way …");
    said.replaceChildren(outcome(await ended(`${webhook.api_url}deliveries/${sent.pk}/`, signal)));
  };
  const rotate = async () => said.replaceChildren(secretNotice((await api.post(`${webhook.api_url}rotate-secret/`, {}, { signal })).secret));
  const toggle = async () => show(await api.patch(webhook.api_url, { active: !webhook.active }, { signal }));
  const remove = async () => {
    await api.remove(webhook.api_url, { signal });
    body.remove();
    announce("The webhook is deleted.");
  };
  return [
    element("h2", {}, webhook.url),
    element("p", { class: "facts" }, element("span", { class: "badge" }, webhook.active ? "Active" : "Stopped"), webhook.types.join(", ") || "All events"),
    webhook.reason && element("p", { class: "complaint" }, webhook.reason),
    element(
      "div",
      { class: "actions" },
      act("Send a test", test),
      act("Show deliveries", () => showLog(webhook, log, signal)),
      act("New secret", rotate),
      act(webhook.active ? "Stop" : "Make active", toggle),
      act("Delete", remove),
    ),
    said,
    log,
  ].filter(Boolean);
}

async function ended(url, signal) {
  let delivery = await api.get(url, { signal });
  for (let look = 0; look < LOOKS && ["queued", "running"].includes(delivery.state); look += 1) {
    await api.pause(LOOK_AGAIN_MS, signal);
    delivery = await api.get(url, { signal });
  }
  return delivery;
}

function outcome(delivery) {
  const last = delivery.attempts.at(-1);
  const took = last ? ` after ${last.duration_ms} ms${last.status ? `, status ${last.status}` : ""}` : "";
  return `${STATES[delivery.state]}${took}. ${delivery.reason}`;
}

async function showLog(webhook, place, signal) {
  const url = `${webhook.api_url}deliveries/`;
  const page = await api.get(`${url}?limit=${LOG_SIZE}`, { signal });
  const refresh = () => showLog(webhook, place, signal);
  const again = async (delivery) => {
    await api.post(`${url}${delivery.pk}/redeliver/`, {}, { signal });
    await ended(`${url}${delivery.pk}/`, signal);
    await refresh();
  };
  const rows = page.results.map((delivery) => [
    moment(delivery.created),
    delivery.type,
    outcome(delivery),
    countOf(delivery.attempts.length, "attempt"),
    delivery.ended && element("button", { type: "button", class: "quiet", onclick: () => again(delivery).catch((error) => announce(String(error))) }, "Send again"),
  ]);
  place.replaceChildren(rows.length ? plainTable(["Queued", "Event", "Outcome", "Attempts", ""], rows) : element("p", { class: "hint" }, "Nothing was sent yet."));
}
