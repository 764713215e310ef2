// Begins a session: with a username and a password, or with a token.

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
      passwordForm(onSignIn),
      tokenForm(onSignIn),
    ),
    archives && element("section", { class: "public" }, element("h2", {}, "Public archives"), archives),
  );
}

function passwordForm(onSignIn) {
  const username = element("input", { type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  const password = element("input", { type: "password", autocomplete: "current-password", required: true });
  const credentials = () => ({ username: username.value, password: password.value });
  return element(
    "form",
    { class: "card", onsubmit: (event) => signIn(event, credentials(), "password", onSignIn) },
    field({ name: "username", label: "Username", input: username }),
    field({ name: "password", label: "Password", hint: "The first start prints the administrator's.", input: password }),
    element("button", { type: "submit", class: "primary" }, "Sign in"),
  );
}

function tokenForm(onSignIn) {
  const token = element("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true });
  return element(
    "form",
    { class: "card", onsubmit: (event) => signIn(event, { token: token.value.trim() }, "token", onSignIn) },
    field({ name: "token", label: "Your token", hint: "An API token that is good for everything works as well.", input: token }),
    element("button", { type: "submit" }, "Sign in with a token"),
  );
}

async function signIn(event, credentials, name, onSignIn) {
  event.preventDefault();
  const form = event.currentTarget;
  try {
    await api.session.begin(credentials);
    onSignIn();
  } catch (error) {
    const unknown = error.status === 401 && name === "token";
    showComplaints(form, { [name]: [unknown ? "Nobody has this token." : error.reasons] });
  }
}
