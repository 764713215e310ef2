// The viewers that archives choose from; administrators add, change and delete them.

import * as api from "../api.js";
import { submitting, twoSteps } from "../acting.js";
import * as choices from "../choices.js";
import { announce, element, notice } from "../dom.js";
import { HINTS } from "../hints.js";
import { viewerName } from "./viewer-name.js";

const VIEWERS = "/api/v1/workstations/";
const MOST_SHOWN = 1000;
const NEW = { title: "", description: "", url: "", public: false, users: [], logo: "", default_config: null };

export async function viewersPage({ signal, title, go, user }) {
  title("Viewers");
  const list = async (path) => (await api.get(`${path}?limit=${MOST_SHOWN}`, { signal })).results;
  const [viewers, configurations] = await Promise.all([VIEWERS, `${VIEWERS}configs/`].map(list));
  const keeping = user.administrator && { configurations, signal, again: () => go("/viewers/") };
  return element(
    "section",
    { class: "narrow wide" },
    element("h1", {}, "Viewers"),
    element("p", { class: "lead" }, "Pages elsewhere that items are opened in; the settings of an archive say in which. You see those that you may use."),
    viewers.length ? element("ul", { class: "people", "aria-label": "Viewers" }, viewers.map((each) => row(each, keeping, signal))) : notice("empty", "There are no viewers yet."),
    keeping && newViewer(keeping),
  );
}

function row(viewer, keeping, signal) {
  const shown = element("li", { class: "card person", "data-viewer": viewer.slug });
  const show = () => shown.replaceChildren(about(viewer, signal), keeping ? actions(viewer, keeping, change) : "");
  const change = () => {
    shown.replaceChildren(changeForm(viewer, keeping, show));
    shown.querySelector("input").focus();
  };
  show();
  return shown;
}

function about(viewer, signal) {
  return element(
    "div",
    {},
    viewerName(viewer, signal, element("h2", {}, viewer.title)),
    viewer.description && element("p", { class: "lead" }, viewer.description),
    element("p", { class: "facts" }, element("span", { class: "badge" }, viewer.public ? "Public" : "Private"), viewer.url),
    viewer.users.length > 0 && element("p", { class: "facts" }, `May be chosen by ${viewer.users.join(", ")}`),
  );
}

function actions(viewer, { signal, again }, change) {
  const remove = async () => {
    await api.remove(viewer.api_url, { signal });
    again();
    announce(`${viewer.title} is deleted.`);
  };
  const ask = () => [`“${viewer.title}” will be deleted, and nobody can bring it back.`];
  return element(
    "div",
    { class: "actions" },
    element("button", { type: "button", "aria-label": `Change ${viewer.title}`, onclick: change }, "Change"),
    twoSteps({ first: `Delete ${viewer.title} …`, ask, second: "Delete for good", act: remove }),
  );
}

function changeForm(viewer, keeping, cancel) {
  return viewerForm(viewer, keeping, {
    heading: `Change ${viewer.title}`,
    done: "Save viewer",
    send: (sent) => api.patch(viewer.api_url, sent, { signal: keeping.signal }),
    cancel,
  });
}

function newViewer(keeping) {
  const send = (sent) => api.post(VIEWERS, sent, { signal: keeping.signal });
  return viewerForm(NEW, keeping, { heading: "Add a viewer", done: "Add viewer", send });
}

function viewerForm(viewer, { configurations, signal, again }, { heading, done, send, cancel }) {
  const said = element("div", { role: "status" });
  const fields = fieldsOf(viewer, configurations, signal);
  const save = submitting(said, async () => {
    const { title } = await send(await choices.changesOf(fields));
    again();
    announce(`${title} is saved.`);
  });
  return element(
    "form",
    { class: cancel ? null : "card", novalidate: true, onsubmit: save },
    element("h2", {}, heading),
    fields.map((each) => each.view),
    said,
    element(
      "div",
      { class: "actions" },
      element("button", { type: "submit", class: "primary" }, done),
      cancel && element("button", { type: "button", onclick: cancel }, "Cancel"),
    ),
  );
}

function fieldsOf(viewer, configurations, signal) {
  return [
    choices.text({ name: "title", label: "Title" }, viewer.title),
    choices.text({ name: "description", label: "Description" }, viewer.description, { rows: "2" }),
    choices.text({ name: "url", label: "Address", hint: "Where items are opened; which item it is, is added to it." }, viewer.url),
    choices.picture({ name: "logo", label: "Logo", hint: HINTS.logo }, viewer.logo_renditions?.["640"] || viewer.logo, signal),
    choices.flag({ name: "public", label: "Public", hint: "Every archive may choose it." }, viewer.public),
    choices.lines({ name: "users", label: "People who may choose it", hint: "While it is private: usernames, one on each line. Everybody with a role on an archive that chose it uses it." }, viewer.users),
    choices.choice({ name: "default_config", label: "Viewer configuration", hint: "For archives that choose none." }, viewer.default_config, configurations.map((each) => [each.api_url, each.title])),
  ];
}
