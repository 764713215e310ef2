// The form for a new archive. The server decides what is right; the page only hints at it early.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { element, field, link } from "../dom.js";

const SMALLEST_SIDE_PX = 640;

export function newArchivePage({ go, title }) {
  title("New archive");
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
    field({ name: "description", label: "Description", hint: "What is in it, and for whom.", input: inputs.description }),
    field({ name: "logo", label: "Logo", hint: `Square, at least ${SMALLEST_SIDE_PX} × ${SMALLEST_SIDE_PX} pixels; optional.`, input: inputs.logo }),
    hint,
    field({ name: "public", label: "Public", hint: "Everybody sees title, description and logo. The images always need a role.", input: inputs.public }),
    field({ name: "deidentify", label: "De-identify", hint: "Imported images lose names, dates, identifiers and descriptions. Pictures with writing in them are refused where the file says so.", input: inputs.deidentify }),
    field({ name: "keep_labels", label: "Keep labels of slides", hint: "Editors may look at label and overview of slides, which often name the patient. Otherwise these are dropped; de-identified archives always drop them.", input: inputs.keep_labels }),
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
    const good = width === height && width >= SMALLEST_SIDE_PX;
    hint.textContent = `The picture is ${width} × ${height} pixels${good ? "." : "; it will probably be refused."}`;
  } catch {
    hint.textContent = "This browser cannot show the file; it may not be a picture.";
  }
}
