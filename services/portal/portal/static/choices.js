// Inputs for settings: texts, choices, lists, and pictures; each knows what it would send.

import * as api from "./api.js";
import { element, field } from "./dom.js";

// A field that compares what it holds with what it began with; `value` says what would be sent.
function setting(about, input, value) {
  const before = JSON.stringify(value());
  return {
    name: about.name,
    view: field({ ...about, input }),
    value,
    get isChanged() {
      return JSON.stringify(value()) !== before;
    },
  };
}

// Returns by name what would be sent of those that were changed.
export async function changesOf(settings) {
  const changed = settings.filter((each) => each.isChanged);
  return Object.fromEntries(await Promise.all(changed.map(async (each) => [each.name, await each.value()])));
}

export function text(about, present, { rows } = {}) {
  const input = rows ? element("textarea", { rows, value: present }) : element("input", { type: "text", autocomplete: "off", value: present });
  return setting(about, input, () => input.value);
}

export function flag(about, present) {
  const input = element("input", { type: "checkbox", checked: present });
  return setting(about, input, () => input.checked);
}

// One of `options`, pairs of what is sent and what is read; null for none of them where `none` says how that reads.
export function choice(about, present, options, { none = "None" } = {}) {
  const input = element("select", {}, none && element("option", { value: "" }, none), options.map(([value, title]) => element("option", { value, selected: value === present }, title)));
  return setting(about, input, () => input.value || null);
}

export function choices(about, present, options) {
  const input = element("select", { multiple: true }, options.map(([value, title]) => element("option", { value, selected: present.includes(value) }, title)));
  return setting(about, input, () => [...input.selectedOptions].map((option) => option.value));
}

// Texts, each on a line of its own; `known`, pairs of what is sent and what is read, are offered, and others may be written.
export function lines(about, present, known = []) {
  const input = element("textarea", { rows: "3", value: present.join("\n") });
  const made = setting(about, input, () => linesOf(input.value));
  made.add = (line) => (input.value = [...new Set([...linesOf(input.value), line])].join("\n"));
  if (known.length) made.view.append(offer(known, about.label, made.add));
  return made;
}

function offer(known, label, onChoice) {
  const add = ({ target }) => {
    onChoice(target.value);
    target.value = "";
  };
  return element("select", { "aria-label": `Add to ${label}`, onchange: add }, element("option", { value: "" }, "Add one that is known …"), known.map(([value, title]) => element("option", { value }, title)));
}

// Names with lists of words: "main: ct-image, overlay" on each line.
export function named(about, present) {
  const written = Object.entries(present).map(([name, words]) => `${name}: ${words.join(", ")}`);
  const input = element("textarea", { rows: "3", spellcheck: "false", value: written.join("\n") });
  return setting(about, input, () => Object.fromEntries(linesOf(input.value).map(pair)));
}

function pair(line) {
  const [name, words = ""] = line.split(/:(.*)/s);
  return [name.trim(), words.split(",").map((word) => word.trim()).filter(Boolean)];
}

function linesOf(written) {
  return written.split("\n").map((line) => line.trim()).filter(Boolean);
}

// A picture to be replaced or removed; `value` is known once the chosen file was read.
export function picture(about, present, signal) {
  const input = element("input", { type: "file", accept: "image/*" });
  const removal = element("input", { type: "checkbox" });
  const made = setting(about, input, () => (input.files[0] ? [input.files[0].name, input.files[0].size] : removal.checked));
  if (present) made.view.append(shownPicture(present, signal), element("label", { class: "inline" }, removal, " Remove it"));
  return { ...made, get isChanged() { return made.isChanged; }, value: () => (input.files[0] ? dataUrl(input.files[0]) : "") };
}

function shownPicture(url, signal) {
  const shown = element("img", { class: "present-picture", alt: "As it is now" });
  api.picture(url, { signal }).then((address) => (shown.src = address), () => shown.remove());
  return shown;
}

function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
