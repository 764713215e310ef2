// Begins a session: with a username and a password, or with a token.

import * as api from "../api.js";
import { element, field, showComplaints } from "../dom.js";
import { header, publications } from "./archive.js";
import { archiveList } from "./archives.js";
import { findArchive } from "./find-archive.js";

const OF_AN_ARCHIVE = /^\/archives\/([^/]+)\//;

// Stands at every address while nobody is signed in; of a public archive the card is there before.
export async function signInPage({ onSignIn, signal, title }) {
  const { pathname } = window.location;
  const archive = await cardAt(pathname, signal);
  title(archive ? archive.title : "Sign in");
  if (archive) return element("article", {}, header(archive, signal), publications(archive), signIn("Sign in to ask for access, or to see its items.", onSignIn, "h2"));
  const archives = await archiveList(signal);
  const lead = pathname === "/" ? "Upload what scanners and microscopes write, and look at it seconds later." : "Sign in to see this page, if it is shown to you.";
  return element("div", {}, signIn(lead, onSignIn), archives && element("section", { class: "public" }, element("h2", {}, "Public archives"), archives));
}

// Null where there is no archive that everybody may know of.
async function cardAt(path, signal) {
  const [, name] = path.match(OF_AN_ARCHIVE) || [];
  if (!name) return null;
  try {
    return await findArchive(decodeURIComponent(name), signal);
  } catch (error) {
    if (error.status !== 404 && error.status !== 401) throw error;
    return null;
  }
}

function signIn(lead, onSignIn, heading = "h1") {
  const title = heading === "h1" ? "Medical image archives" : "Sign in";
  return element("section", { class: "narrow sign-in" }, element(heading, {}, title), element("p", { class: "lead" }, lead), passwordForm(onSignIn), tokenForm(onSignIn));
}

function passwordForm(onSignIn) {
  const username = element("input", { type: "text", autocomplete: "username", autocapitalize: "none", spellcheck: "false", required: true });
  const password = element("input", { type: "password", autocomplete: "current-password", required: true });
  const credentials = () => ({ username: username.value, password: password.value });
  return element(
    "form",
    { class: "card", onsubmit: (event) => begin(event, credentials(), "password", onSignIn) },
    field({ name: "username", label: "Username", input: username }),
    field({ name: "password", label: "Password", hint: "The first start prints the administrator's.", input: password }),
    element("button", { type: "submit", class: "primary" }, "Sign in"),
  );
}

function tokenForm(onSignIn) {
  const token = element("input", { type: "password", autocomplete: "off", spellcheck: "false", required: true });
  return element(
    "form",
    { class: "card", onsubmit: (event) => begin(event, { token: token.value.trim() }, "token", onSignIn) },
    field({ name: "token", label: "Your token", hint: "An API token that is good for everything works as well.", input: token }),
    element("button", { type: "submit" }, "Sign in with a token"),
  );
}

async function begin(event, credentials, name, onSignIn) {
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
