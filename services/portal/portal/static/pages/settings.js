// The settings of an archive, for its editors.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import * as choices from "../choices.js";
import { announce, element, link } from "../dom.js";
import { HINTS } from "../hints.js";
import { mayManage } from "../rights.js";
import { usualViewer } from "../usual-viewer.js";
import { ViewContent, byViewport } from "../view-content.js";
import { bytes } from "../words.js";
import { pageOfArchive } from "./archive-head.js";
import { deletion } from "./delete-archive.js";
import { publicationDescription } from "./describe-publication.js";
import { findArchive } from "./find-archive.js";
import { historyOf } from "./history.js";
import { viewerName } from "./viewer-name.js";

const MOST_CHOICES = 1000;

export async function settingsPage({ signal, title, go }, name) {
  const found = await findArchive(name, signal);
  if (!mayManage(found)) throw new api.ApiError(404);
  const [{ body: archive, tag }, lists] = await Promise.all([api.getTagged(found.api_url, { signal }), listsToChooseFrom(signal)]);
  title(`Settings of ${archive.title}`);
  const again = () => go(`/archives/${encodeURIComponent(archive.slug)}/settings/`);
  const publications = publicationsOf(archive, lists);
  return pageOfArchive(
    archive,
    "settings/",
    "Settings",
    signal,
    settingsForm(archive, chapters(archive, lists, publications, signal), { tag, signal, again }),
    publicationDescription({ signal, onDescribed: ({ identifier }) => publications.add(identifier) }),
    historyOf(archive.api_url, signal),
    deletion(archive, { signal, go }),
  );
}

async function listsToChooseFrom(signal) {
  const list = async (path) => (await api.get(`/api/v1/${path}/?limit=${MOST_CHOICES}`, { signal })).results;
  const paths = ["workstations", "workstations/configs", "hanging-protocols", "components/interfaces", "publications", "modalities", "structures"];
  const [usual, viewers, configurations, protocols, sockets, described, ...terms] = await Promise.all([usualViewer(signal), ...paths.map(list)]);
  const [modalities, structures] = terms.map((found) => found.map(({ name }) => [name, name]));
  return { usual, viewers, configurations, protocols, sockets, described, modalities, structures };
}

function publicationsOf(archive, { described }) {
  const hint = "DOI, arXiv number, or PubMed number with pmid: before it, one on each line. Below the settings, one that is not offered here can be described.";
  const known = described.map(({ identifier, title }) => [identifier, `${title} (${identifier})`]);
  return choices.lines({ name: "publications", label: "Publications", hint }, archive.publications.map((each) => each.identifier), known);
}

function chapters(archive, lists, publications, signal) {
  return {
    "The card, which everybody sees of a public archive": [...card(archive, lists, signal), publications],
    "The page, for those with a role": page(archive),
    "What its items are shown with": viewing(archive, lists, signal),
    "What comes in": arriving(archive, lists),
  };
}

function card(archive, { modalities, structures }, signal) {
  return [
    choices.text({ name: "title", label: "Title" }, archive.title),
    choices.text({ name: "description", label: "Description", hint: HINTS.description }, archive.description, { rows: "3" }),
    choices.flag({ name: "public", label: "Public", hint: HINTS.public }, archive.public),
    choices.picture({ name: "logo", label: "Logo", hint: HINTS.logo }, archive.logo_renditions["640"] || archive.logo, signal),
    choices.picture({ name: "social_image", label: "Social image", hint: "Stands for the archive where others link to it." }, archive.social_image, signal),
    choices.lines({ name: "modalities", label: "Modalities", hint: "One on each line, such as CT." }, archive.modalities, modalities),
    choices.lines({ name: "structures", label: "Structures", hint: "Parts of the body, one on each line." }, archive.structures, structures),
    choices.lines({ name: "organizations", label: "Organisations", hint: "One on each line." }, archive.organizations),
  ];
}

function page(archive) {
  return [choices.text({ name: "page_markdown", label: "Page", hint: "In Markdown: # for headings, - for lists, [text](address) for links." }, archive.page_markdown, { rows: "10" })];
}

function viewing(archive, { usual, viewers, configurations, protocols, sockets }, signal) {
  const named = (each) => [each.api_url, each.title];
  const protocol = choices.choice({ name: "hanging_protocol", label: "Hanging protocol" }, archive.hanging_protocol, protocols.map(named));
  const content = new ViewContent(archive.view_content, { sockets, protocol: () => protocols.find((each) => each.api_url === protocol.value()) || null });
  protocol.view.addEventListener("change", () => content.follow());
  return [
    viewer(archive, { usual, viewers }, signal),
    choices.choice({ name: "workstation_config", label: "Viewer configuration", hint: "Its window presets are those of this page, too." }, archive.workstation_config, configurations.map(named)),
    protocol,
    choices.choices({ name: "optional_hanging_protocols", label: "Other hanging protocols to choose from" }, archive.optional_hanging_protocols, protocols.map(named)),
    content,
  ];
}

// The logo of the viewer that is chosen stands below the choice.
function viewer(archive, { usual, viewers }, signal) {
  const named = (each) => [each.api_url, each.api_url === usual?.api_url ? `${each.title} (this installation’s)` : each.title];
  const chosen = choices.choice({ name: "workstation", label: "Viewer", hint: viewerHint(usual) }, archive.workstation, viewers.map(named));
  const place = element("div");
  const show = () => {
    const found = viewers.find((each) => each.api_url === chosen.value());
    place.replaceChildren(found ? viewerName(found, signal) : "");
  };
  show();
  chosen.view.addEventListener("change", show);
  chosen.view.append(place, element("p", {}, link("/viewers/", "About the viewers")));
  return chosen;
}

function viewerHint(usual) {
  const about = "Where items are opened beside this page.";
  return usual ? `${about} New archives get ${usual.title}, the viewer of this installation.` : about;
}

function arriving(archive, { sockets }) {
  return [
    choices.flag({ name: "deidentify", label: "De-identify", hint: HINTS.deidentify }, archive.deidentify),
    choices.flag({ name: "keep_labels", label: "Keep labels of slides", hint: HINTS.keep_labels }, archive.keep_labels),
    choices.choices({ name: "allowed_sockets", label: "Sockets that items may fill", hint: "None chosen: all of them." }, archive.allowed_sockets, sockets.map(({ slug, title }) => [slug, title])),
    choices.flag({ name: "versions_required", label: "Changes must name a version", hint: "Programs that change items have to say which version they have seen; this page always does." }, archive.versions_required),
  ];
}

async function save(archive, sent, options) {
  try {
    await api.patch(archive.api_url, sent, options);
  } catch (error) {
    if (error.errors) error.errors = byViewport(error.errors);
    throw error;
  }
}

// Sends what was changed, for the version that was seen.
function settingsForm(archive, settings, { tag, signal, again }) {
  const said = element("div", { role: "status" });
  const all = Object.values(settings).flat();
  const submit = submitting(said, async () => {
    await save(archive, await choices.changesOf(all), { signal, tag });
    again();
    announce("The settings are saved.");
  });
  return element(
    "form",
    { class: "card settings", novalidate: true, onsubmit: submit },
    Object.entries(settings).map(([name, fields]) => element("fieldset", {}, element("legend", {}, name), fields.map((each) => each.view))),
    element("p", { class: "hint" }, room(archive.quota)),
    said,
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Save settings")),
  );
}

function room(quota) {
  if (!quota) return "There is no limit to what it may hold.";
  const { held_bytes: held, most_bytes: most } = quota;
  return `It holds ${bytes(held)} of the ${bytes(most)} it may${held >= most ? ": it is full, and takes no more files" : ""}.`;
}
