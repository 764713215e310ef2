// Builds elements. Data only ever becomes text or attributes here, never markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(made, name, value);
  made.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return made;
}

function set(target, name, value) {
  if (value == null || value === false) return;
  if (name.startsWith("on")) target.addEventListener(name.slice(2), value);
  else if (name === "value" || name === "checked" || name === "disabled") target[name] = value;
  else target.setAttribute(name, value === true ? "" : value);
}

export function link(href, ...children) {
  return element("a", { href, "data-inside": true }, ...children);
}

export function buttonLink(href, text) {
  return element("a", { href, "data-inside": true, class: "button primary" }, text);
}

let lastFieldId = 0;

// A label, an input, a hint, and room for what the server has to say about it.
export function field({ name, label, hint, input }) {
  const id = `field-${++lastFieldId}`;
  const complaint = element("p", { class: "complaint", id: `${id}-complaint`, hidden: true });
  input.id = id;
  input.name = name;
  input.setAttribute("aria-describedby", `${id}-hint ${id}-complaint`);
  return element(
    "div",
    { class: input.type === "checkbox" ? "field check" : "field", "data-field": name },
    element("label", { for: id }, label),
    hint && element("p", { class: "hint", id: `${id}-hint` }, hint),
    input,
    complaint,
  );
}

// Puts reasons beside the fields they are about, those of one in a list, as "authors.0", beside the list; returns those that
// belong to no field of the form.
export function showComplaints(form, errors) {
  const boxes = [...form.querySelectorAll("[data-field]")];
  const known = new Set(boxes.map((box) => box.dataset.field));
  const homeOf = (name) => (known.has(name) ? name : name.split(".")[0]);
  const about = (isMeant) => Object.entries(errors).filter(([name]) => isMeant(homeOf(name))).flatMap(([, reasons]) => reasons);
  for (const box of boxes) {
    const reasons = about((home) => home === box.dataset.field);
    const complaint = box.querySelector(":scope > .complaint");
    complaint.textContent = reasons.join(" ");
    complaint.hidden = reasons.length === 0;
    box.querySelector(":scope > :is(input, textarea, select)")?.setAttribute("aria-invalid", String(reasons.length > 0));
  }
  const first = [...form.querySelectorAll(".complaint")].find((each) => each.textContent && !each.hidden);
  first?.scrollIntoView({ block: "nearest" });
  form.querySelector("[aria-invalid=true]")?.focus();
  return about((home) => !known.has(home));
}

export function plainTable(heads, rows) {
  return element(
    "table",
    {},
    element("thead", {}, element("tr", {}, heads.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, rows.map((cells) => element("tr", {}, cells.map((cell) => element("td", {}, cell))))),
  );
}

export function notice(kind, ...children) {
  return element("div", { class: `notice ${kind}`, role: kind === "error" ? "alert" : null }, ...children);
}

// Tells people who do not see the page that something happened.
export function announce(text) {
  document.getElementById("status").textContent = text;
}
