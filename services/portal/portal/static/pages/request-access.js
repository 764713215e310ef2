// Asks for access to an archive, shows what became of it, and takes the question back.

import * as api from "../api.js";
import { submitting } from "../acting.js";
import { element, field, notice } from "../dom.js";
import { moment } from "../words.js";

const STATES = {
  pending: (request) => `You asked ${moment(request.requested)}; the editors will decide.`,
  accepted: (request) => `Your request was accepted ${moment(request.decided)}.`,
  rejected: (request) => `Your request was rejected ${moment(request.decided)}.${request.reason ? ` “${request.reason}”` : ""}`,
  withdrawn: () => "You took your request back.",
};

// Throws a 404 when there is no archive of this identifier.
export async function accessPanel(archive, { signal, again }) {
  const base = `/api/v1/archives/${archive}`;
  const admission = await api.get(`${base}/admission/`, { signal });
  const { request } = admission;
  return element(
    "div",
    { class: "narrow access" },
    request && notice(request.state === "rejected" ? "error" : "empty", element("p", {}, STATES[request.state](request))),
    request?.state === "pending" ? withdrawing(request, base, again) : asking(admission, base, again),
  );
}

function asking(admission, base, again) {
  const message = element("textarea", { rows: "3" });
  const agreed = element("input", { type: "checkbox", required: Boolean(admission.terms) });
  const problem = element("div", { role: "status" });
  const ask = submitting(problem, async () => {
    await api.post(`${base}/requests/`, { message: message.value, terms_version: admission.terms ? admission.terms_version : 0 });
    again();
  });
  return element(
    "form",
    { class: "card", onsubmit: ask },
    element("h2", {}, "Ask for access"),
    field({ name: "message", label: "Message", hint: "Who you are, and what for.", input: message }),
    admission.terms && element("p", { class: "lead terms" }, admission.terms),
    admission.terms && field({ name: "terms_version", label: "I accept these terms", input: agreed }),
    element("div", { class: "actions" }, element("button", { type: "submit", class: "primary" }, "Ask for access")),
    problem,
  );
}

function withdrawing(request, base, again) {
  const withdraw = async () => {
    await api.post(`${base}/requests/${request.pk}/withdraw/`, {});
    again();
  };
  return element("div", { class: "actions" }, element("button", { type: "button", onclick: withdraw }, "Take it back"));
}
