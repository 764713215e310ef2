// The form that describes a publication nobody described yet: field by field, or by a record that reference managers export.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import * as choices from "../choices.js";
import { element, notice } from "../dom.js";

// Calls `onDescribed` with what is known of the publication then.
export function publicationDescription({ signal, onDescribed }) {
  const said = element("div", { role: "status" });
  const fields = emptyFields();
  const describe = submitting(said, async (form) => {
    const made = await api.post("/api/v1/publications/", read(await choices.changesOf(fields)), { signal });
    form.reset();
    onDescribed(made);
    said.replaceChildren(notice("good", `“${made.title}” stands among the publications above; save the settings to keep it there.`));
  });
  return element(
    "section",
    { class: "chapter" },
    element("h2", {}, "Describe a publication"),
    element("p", { class: "lead" }, "It is shown as it is cited wherever an archive refers to it, and offered to other archives too."),
    element(
      "form",
      { class: "card settings publication", novalidate: true, onsubmit: describe },
      fields.map((each) => each.view),
      said,
      element("div", { class: "actions" }, element("button", { type: "submit" }, "Describe publication")),
    ),
  );
}

function emptyFields() {
  return [
    choices.text({ name: "csl", label: "Record", hint: "In CSL JSON, as reference managers export it; the fields below count more, and may stay empty." }, "", { rows: "4" }),
    choices.text({ name: "identifier", label: "Identifier", hint: "DOI, arXiv number, or PubMed number with pmid: before it." }, ""),
    choices.text({ name: "title", label: "Title" }, ""),
    choices.lines({ name: "authors", label: "Authors", hint: "In order, one on each line." }, []),
    choices.text({ name: "year", label: "Year" }, ""),
    choices.text({ name: "journal", label: "Journal" }, ""),
    choices.text({ name: "citation", label: "How to cite it", hint: "If empty, it follows from the rest." }, "", { rows: "2" }),
  ];
}

// A year that is none is sent as it is, for the server to say so.
function read({ csl, year, ...others }) {
  const sent = { ...others };
  if (csl !== undefined) sent.csl = record(csl);
  if (year !== undefined) sent.year = /^\d+$/.test(year.trim()) ? Number(year) : year;
  return sent;
}

function record(written) {
  try {
    return JSON.parse(written);
  } catch {
    throw new api.ApiError(400, { errors: { csl: ["This is not JSON."] } });
  }
}
