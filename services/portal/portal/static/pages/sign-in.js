// Takes a token and finds out whose it is.

import * as api from "../api.js";
import { element, field, showComplaints } from "../dom.js";
import { archiveList } from "./archives.js";

export async function signInPage({ onSignIn, signal, title }) {
  title("Sign in");
  const archives = await archiveList(signal);
  return element(
    "div",
    {},
    element(
      "section",
      { class: "narrow sign-in" },
      element("h1", {}, "Medical image archives"),
      element("p", { class: "lead" }, "Upload what scanners and microscopes write, and look at it seconds later."),
      tokenForm(onSignIn),
      element("p", { class: "hint" }, "The token stays in this tab and is forgotten when you close it."),
    ),
    archives && element("section", { class: "public" }, element("h2", {}, "Public archives"), archives),
  );
}

function tokenForm(onSignIn) {
  const input = element("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true });
  return element(
    "form",
    { class: "card", onsubmit: (event) => signIn(event, input, onSignIn) },
    field({ name: "token", label: "Your token", hint: "The first start prints one; administrators make more.", input }),
    element("button", { type: "submit", class: "primary" }, "Sign in"),
  );
}

async function signIn(event, input, onSignIn) {
  event.preventDefault();
  const form = event.currentTarget;
  api.token.keep(input.value.trim());
  try {
    await api.get("/api/v1/users/me/");
    onSignIn();
  } catch (error) {
    api.token.forget();
    const reason = error.status === 401 ? "Nobody has this token." : error.message;
    showComplaints(form, { token: [reason] });
  }
}
