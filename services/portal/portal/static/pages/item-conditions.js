// What a table of items is to show: words, and conditions on values and images, kept in the address of the page.

import { element } from "../dom.js";

const IMAGE_TEXTS = ["modality", "patient_id", "patient_name", "patient_sex", "name", "color_space", "eye_choice", "study_description", "series_description"];
const IMAGE_NUMBERS = ["study_date", "patient_birth_date", "width", "height", "depth", "timepoints", "voxel_width_mm", "voxel_height_mm", "voxel_depth_mm"];
const OPERATORS = { "": "is", gte: "is at least", gt: "is more than", lte: "is at most", lt: "is less than", in: "is one of" };
const CONDITION = /^((?:value|image)\[[^\]]+\])(?:\[([a-z]+)\])?$/;

export class Conditions {
  // `onSearch` hears the query, as the API takes it.
  constructor(sockets, onSearch) {
    this.subjects = { Values: sockets.map((socket) => [`value[${socket.slug}]`, socket.title]), Image: imageSubjects() };
    this.words = element("input", { type: "search", "aria-label": "Words", placeholder: "Words of titles, values, names, patients and studies" });
    this.rows = element("div", { class: "conditions" });
    this.view = element(
      "form",
      { class: "card search", role: "search", onsubmit: (event) => this.search(event, onSearch) },
      element("div", {}, this.words),
      this.rows,
      element(
        "div",
        { class: "actions" },
        element("button", { type: "submit", class: "primary" }, "Search"),
        element("button", { type: "button", onclick: () => this.add() }, "Add a condition"),
      ),
    );
    this.read(new URLSearchParams(window.location.search));
  }

  get query() {
    const query = new URLSearchParams();
    if (this.words.value.trim()) query.set("search", this.words.value.trim());
    for (const row of this.rows.children) {
      const [subject, operator, text] = [...row.querySelectorAll("select, input")].map((each) => each.value.trim());
      if (subject && text) query.append(operator ? `${subject}[${operator}]` : subject, text);
    }
    return query;
  }

  read(query) {
    this.words.value = query.get("search") || "";
    for (const [name, text] of query) {
      const [, subject, operator = ""] = name.match(CONDITION) || [];
      if (subject) this.add(subject, operator, text);
    }
  }

  search(event, onSearch) {
    event.preventDefault();
    const { query } = this;
    window.history.replaceState(null, "", `${window.location.pathname}${query.size ? `?${query}` : ""}`);
    onSearch(query);
  }

  add(subject = "", operator = "", text = "") {
    const remove = () => row.remove();
    const row = element(
      "div",
      { class: "condition" },
      element("select", { "aria-label": "What" }, element("option", { value: "" }, "Choose …"), Object.entries(this.subjects).map(([group, each]) => element("optgroup", { label: group }, options(each, subject)))),
      element("select", { "aria-label": "How" }, options(Object.entries(OPERATORS), operator)),
      element("input", { type: "text", "aria-label": "Value", autocomplete: "off", value: text }),
      element("button", { type: "button", class: "quiet", "aria-label": "Remove this condition", onclick: remove }, "×"),
    );
    this.rows.append(row);
  }
}

function imageSubjects() {
  return [...IMAGE_TEXTS, ...IMAGE_NUMBERS].map((name) => [`image[${name}]`, name.replaceAll("_", " ")]);
}

function options(pairs, chosen) {
  return pairs.map(([value, text]) => element("option", { value, selected: value === chosen }, text));
}
