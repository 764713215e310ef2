// The versions of an archive: what others can cite and refer to. Editors make new ones.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { announce, element, field } from "../dom.js";
import { mayManage } from "../rights.js";
import { ended } from "../tasks.js";
import { countOf, day } from "../words.js";

export class VersionsPanel {
  constructor(archive, { signal }) {
    this.archive = archive;
    this.signal = signal;
    this.base = `/api/v1/archives/${archive.pk}`;
    this.list = element("ul", { class: "people", "aria-label": "Versions" });
    this.form = element("div");
    this.view = element("section", { class: "chapter", hidden: true }, element("h2", {}, "Versions"), this.list, this.form);
  }

  async load() {
    const versions = await api.get(`${this.base}/snapshots/?limit=1000`, { signal: this.signal });
    const mayMake = mayManage(this.archive);
    this.list.replaceChildren(...versions.results.map(version));
    this.form.replaceChildren(...(mayMake ? [this.newVersion()] : []));
    this.view.hidden = !versions.count && !mayMake;
  }

  newVersion() {
    const text = (name, label, hint) => field({ name, label, hint, input: element("input", { type: "text" }) });
    const said = element("div", { role: "status" });
    return element(
      "form",
      { class: "card", onsubmit: submitting(said, (form) => this.make(form, said)) },
      text("title", "Title", "Such as “Release 1”. A version holds the items as they are now, and never changes."),
      text("citation", "How to cite it"),
      text("doi", "DOI", "May be given later; one that was given stays."),
      text("licence", "Licence", "Such as CC-BY-4.0"),
      field({
        name: "embargo_until",
        label: "Embargo",
        hint: "Until this day only editors see it.",
        input: element("input", { type: "date" }),
      }),
      said,
      element("button", { type: "submit" }, "Make a version"),
    );
  }

  // A large version is made step by step.
  async wait(begun, said) {
    const onProgress = ({ done, total }) => said.replaceChildren(`${done} of ${countOf(total, "item")} …`);
    const { errors } = await ended(begun, { signal: this.signal, onProgress });
    if (errors.length) throw new api.ApiError(409, { detail: errors.flatMap((each) => each.reasons).join(" ") });
  }

  async make(form, said) {
    const sent = Object.fromEntries(new FormData(form));
    sent.embargo_until = sent.embargo_until || null;
    const made = await api.post(`${this.base}/snapshots/`, sent, { signal: this.signal });
    if (!made.number) await this.wait(made, said);
    announce("The version was made.");
    await this.load();
  }
}

function version(each) {
  const facts = [countOf(each.item_count, "item"), day(each.created), each.licence, each.embargo_until && `for editors only until ${day(each.embargo_until)}`];
  return element(
    "li",
    { class: "card person", "data-version": each.number },
    element(
      "div",
      {},
      element("p", {}, element("strong", {}, each.title || `Version ${each.number}`), each.title && ` (version ${each.number})`),
      each.citation && element("p", { class: "lead" }, each.citation),
      element("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    ),
    element(
      "div",
      { class: "actions" },
      each.doi && element("a", { href: each.doi_url, rel: "noopener" }, each.doi),
      element("a", { href: api.local(`${each.api_url}manifest/`), download: true }, "Manifest"),
    ),
  );
}
