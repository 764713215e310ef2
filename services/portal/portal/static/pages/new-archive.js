// The form for a new archive. The server decides what is right; the page only hints at it early.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { element, field, link } from "../dom.js";
import { usualViewer } from "../usual-viewer.js";
import { HINTS, SMALLEST_LOGO_PX } from "../hints.js";
import { viewerName } from "./viewer-name.js";

export async function newArchivePage({ signal, go, title }) {
  title("New archive");
  const usual = await usualViewer(signal);
  const inputs = {
    title: element("input", { type: "text", autocomplete: "off" }),
    description: element("textarea", { rows: "3" }),
    public: element("input", { type: "checkbox" }),
    deidentify: element("input", { type: "checkbox" }),
    keep_labels: element("input", { type: "checkbox" }),
    logo: element("input", { type: "file", accept: "image/*" }),
  };
  const hint = element("p", { class: "hint", role: "status" });
  inputs.logo.addEventListener("change", () => describeLogo(inputs.logo.files[0], hint));
  const problem = element("div", { role: "status" });
  const form = element(
    "form",
    { class: "card", novalidate: true, onsubmit: submitting(problem, () => create(inputs, go)) },
    problem,
    field({ name: "title", label: "Title", input: inputs.title }),
    field({ name: "description", label: "Description", hint: HINTS.description, input: inputs.description }),
    field({ name: "logo", label: "Logo", hint: HINTS.logo, input: inputs.logo }),
    hint,
    field({ name: "public", label: "Public", hint: HINTS.public, input: inputs.public }),
    field({ name: "deidentify", label: "De-identify", hint: HINTS.deidentify, input: inputs.deidentify }),
    field({ name: "keep_labels", label: "Keep labels of slides", hint: HINTS.keep_labels, input: inputs.keep_labels }),
    usual && viewerName(usual, signal, element("p", { class: "hint" }, `Its items are opened in ${usual.title}, the viewer of this installation, until its settings say otherwise.`)),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Create archive"), link("/", "Cancel")),
  );
  return element("section", { class: "narrow" }, element("h1", {}, "New archive"), form);
}

async function create(inputs, go) {
  const made = await api.post("/api/v1/archives/", contents(inputs));
  go(`/archives/${encodeURIComponent(made.slug)}/`);
}

function contents(inputs) {
  const form = new FormData();
  form.set("title", inputs.title.value);
  form.set("description", inputs.description.value);
  form.set("public", String(inputs.public.checked));
  form.set("deidentify", String(inputs.deidentify.checked));
  form.set("keep_labels", String(inputs.keep_labels.checked));
  if (inputs.logo.files[0]) form.set("logo", inputs.logo.files[0]);
  return form;
}

async function describeLogo(file, hint) {
  hint.textContent = "";
  if (!file) return;
  try {
    const { width, height } = await createImageBitmap(file);
    const good = width === height && width >= SMALLEST_LOGO_PX;
    hint.textContent = `The picture is ${width} × ${height} pixels${good ? "." : "; it will probably be refused."}`;
  } catch {
    hint.textContent = "This browser cannot show the file; it may not be a picture.";
  }
}
