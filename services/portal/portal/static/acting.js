// What buttons and forms do: they wait while it is done, and say beside it what went wrong.

import { element, notice, showComplaints } from "./dom.js";

// For `onclick`; `said` is the place for complaints.
export function acting(said, action) {
  return async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    said.replaceChildren();
    try {
      await action();
    } catch (error) {
      if (error.name !== "AbortError") said.replaceChildren(complaint(error, error.reasons || String(error)));
    } finally {
      button.disabled = false;
    }
  };
}

// For `onsubmit`; reasons stand at the fields they are about, and the others in `said`.
export function submitting(said, action) {
  return async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    said.replaceChildren();
    form.inert = true;
    try {
      await action(form);
      form.inert = false;
      showComplaints(form, {});
    } catch (error) {
      form.inert = false;
      if (error.name !== "AbortError") complain(form, error, said);
    }
  };
}

function complain(form, error, said) {
  const errors = error.errors || {};
  const homeless = showComplaints(form, errors);
  const text = homeless.join(" ") || (Object.keys(errors).length ? "" : error.message || String(error));
  if (text) said.replaceChildren(complaint(error, text));
}

// Somebody else was faster: what they did has to be looked at before it is changed again.
function complaint(error, text) {
  const isOutdated = error.status === 412;
  const again = element("button", { type: "button", onclick: () => window.location.reload() }, "Show it as it is now");
  return notice("error", element("p", {}, text), isOutdated && again);
}

// A button that asks before it acts: `ask` returns what is said beside the second one, which does it.
export function twoSteps({ first, ask, second, act }) {
  const place = element("div");
  const said = element("div", { role: "status" });
  const button = (text, onclick, look) => element("button", { type: "button", class: look, onclick }, text);
  const begin = () => place.replaceChildren(button(first, acting(said, question)));
  const question = async () => {
    const sentences = await ask();
    const choice = element("div", { class: "actions" }, button(second, acting(said, act), "bad"), button("Keep it", begin));
    place.replaceChildren(notice("error", sentences.map((each) => element("p", {}, each)), choice));
    choice.querySelector("button").focus();
  };
  begin();
  return element("div", {}, place, said);
}
