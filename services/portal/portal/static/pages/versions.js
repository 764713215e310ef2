// The versions of an archive: what others can cite and refer to. Editors make new ones.

import * as api from "../api.js";
import { announce, element, field, notice, showComplaints } from "../dom.js";
import { countOf, day } from "../words.js";

export class VersionsPanel {
  constructor(archive, { signal }) {
    this.signal = signal;
    this.base = `/api/v1/archives/${archive.pk}`;
    this.list = element("ul", { class: "people", "aria-label": "Versions" });
    this.form = element("div");
    this.view = element("section", { class: "chapter", hidden: true }, element("h2", {}, "Versions"), this.list, this.form);
  }

  async load() {
    const [versions, mayMake] = await Promise.all([api.get(`${this.base}/snapshots/?limit=1000`, { signal: this.signal }), this.isEditor()]);
    this.list.replaceChildren(...versions.results.map(version));
    this.form.replaceChildren(...(mayMake ? [this.newVersion()] : []));
    this.view.hidden = !versions.count && !mayMake;
  }

  // Only editors see what refers to their archive, and only the server knows who they are.
  async isEditor() {
    try {
      await api.get(`${this.base}/links/`, { signal: this.signal });
      return true;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      return false;
    }
  }

  newVersion() {
    const text = (name, label, hint) => field({ name, label, hint, input: element("input", { type: "text" }) });
    const said = element("div", { role: "status" });
    const form = element(
      "form",
      { class: "card", onsubmit: (event) => this.make(event, form, said) },
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
    return form;
  }

  async make(event, form, said) {
    event.preventDefault();
    const sent = Object.fromEntries(new FormData(form));
    sent.embargo_until = sent.embargo_until || null;
    said.replaceChildren();
    form.inert = true;
    try {
      const made = await api.post(`${this.base}/snapshots/`, sent, { signal: this.signal });
      announce(`Version ${made.number} was made.`);
      await this.load();
    } catch (error) {
      const others = showComplaints(form, error.errors || {});
      if (error.name !== "AbortError") said.replaceChildren(notice("error", others.join(" ") || error.reasons || String(error)));
    } finally {
      form.inert = false;
    }
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
