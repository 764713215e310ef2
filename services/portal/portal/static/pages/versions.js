// The versions of an archive: what others can cite and refer to. Editors make new ones, and say later how they are cited.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { announce, element, field, notice } from "../dom.js";
import { mayManage } from "../rights.js";
import { ended } from "../tasks.js";
import { countOf, day } from "../words.js";
import { archivePath, pageOfArchive } from "./archive-head.js";
import { findArchive } from "./find-archive.js";

const MOST_SHOWN = 1000;

export async function versionsPage({ signal, title, go }, name) {
  const archive = await findArchive(name, signal);
  title(`Versions of ${archive.title}`);
  const { results } = await api.get(`/api/v1/archives/${archive.pk}/snapshots/?limit=${MOST_SHOWN}`, { signal });
  const editing = mayManage(archive) && { archive, signal, again: () => go(archivePath(archive, "versions/")) };
  return pageOfArchive(
    archive,
    "versions/",
    "Versions",
    signal,
    element("p", { class: "lead" }, "A version holds the items as they were when it was made, and never changes. It is what others cite."),
    results.length ? element("ul", { class: "people", "aria-label": "Versions" }, results.map((each) => version(each, editing))) : notice("empty", "There are no versions yet."),
    editing && newVersion(editing),
  );
}

function version(each, editing) {
  const row = element("li", { class: "card person", "data-version": each.number });
  const show = () => row.replaceChildren(words(each), actions(each, editing && cite));
  const cite = () => {
    row.replaceChildren(citationForm(each, editing, show));
    row.querySelector("input").focus();
  };
  show();
  return row;
}

function words(each) {
  const facts = [countOf(each.item_count, "item"), day(each.created), each.licence, each.embargo_until && `for editors only until ${day(each.embargo_until)}`];
  return element(
    "div",
    {},
    element("p", {}, element("strong", {}, nameOf(each)), each.title && ` (version ${each.number})`),
    each.citation && element("p", { class: "lead" }, each.citation),
    element("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
  );
}

function nameOf({ title, number }) {
  return title || `Version ${number}`;
}

function actions(each, cite) {
  return element(
    "div",
    { class: "actions" },
    each.doi && element("a", { href: each.doi_url, rel: "noopener" }, each.doi),
    element("a", { href: api.local(`${each.api_url}manifest/`), download: true, "aria-label": `Manifest of ${nameOf(each)}` }, "Manifest"),
    cite && element("button", { type: "button", class: "quiet", "aria-label": `Change citation of ${nameOf(each)}`, onclick: cite }, "Change citation"),
  );
}

function citationForm(each, { signal, again }, cancel) {
  const said = element("div", { role: "status" });
  const save = submitting(said, async (form) => {
    await api.patch(each.api_url, sentBy(form), { signal });
    again();
    announce("The citation is saved.");
  });
  return element(
    "form",
    { novalidate: true, onsubmit: save },
    element("h2", {}, `How ${nameOf(each)} is cited`),
    citationFields(each),
    said,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Save citation"), element("button", { type: "button", onclick: cancel }, "Cancel")),
  );
}

function newVersion(editing) {
  const said = element("div", { role: "status" });
  return element(
    "section",
    { class: "chapter" },
    element("h2", {}, "Make a version"),
    element(
      "form",
      { class: "card settings", novalidate: true, onsubmit: submitting(said, (form) => make(form, said, editing)) },
      textField({ name: "title", label: "Title", hint: "Such as “Release 1”." }),
      citationFields({}),
      said,
      element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Make a version")),
    ),
  );
}

async function make(form, said, { archive, signal, again }) {
  const made = await api.post(`/api/v1/archives/${archive.pk}/snapshots/`, sentBy(form), { signal });
  if (!made.number) await madeInSteps(made, said, signal);
  again();
  announce("The version was made.");
}

async function madeInSteps(begun, said, signal) {
  const onProgress = ({ done, total }) => said.replaceChildren(`${done} of ${countOf(total, "item")} …`);
  const { errors } = await ended(begun, { signal, onProgress });
  if (errors.length) throw new api.ApiError(409, { detail: errors.flatMap((each) => each.reasons).join(" ") });
}

function citationFields({ citation, doi, licence, embargo_until: embargo }) {
  return [
    textField({ name: "citation", label: "How to cite it" }, citation),
    textField({ name: "doi", label: "DOI", hint: "May be given later; one that was given stays." }, doi),
    textField({ name: "licence", label: "Licence", hint: "Such as CC-BY-4.0" }, licence),
    field({ name: "embargo_until", label: "Embargo", hint: "Until this day only editors see it.", input: element("input", { type: "date", value: embargo ?? "" }) }),
  ];
}

function textField(about, value = "") {
  return field({ ...about, input: element("input", { type: "text", autocomplete: "off", value }) });
}

function sentBy(form) {
  const sent = Object.fromEntries(new FormData(form));
  return { ...sent, embargo_until: sent.embargo_until || null };
}
