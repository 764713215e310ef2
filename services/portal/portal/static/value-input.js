// An input for a value of a socket: of the right type for its kind, and JSON for what has no input of its own.

import * as api from "./api.js";
import { element, field } from "./dom.js";
import { upload } from "./upload.js";

// Returns what is shown, and `read`, which returns what the API is to be sent of it; files are uploaded by then.
export function valueInput(socket, present, signal) {
  const made = makerOf(socket)(socket, present, signal);
  const hint = [socket.description, made.hint].filter(Boolean).join(" ");
  return { view: field({ name: "value", label: socket.title, hint, input: made.input }), read: made.read };
}

function makerOf({ super_kind: group, kind, schema }) {
  if (group !== "Value") return group === "File" ? oneFile : imageFiles;
  if (kind === "Multiple choice" && schema.items?.enum) return several;
  if (schema.enum) return oneOf;
  return { String: text, Integer: number, Float: number, Bool: yesOrNo }[kind] || json;
}

function text(socket, present) {
  const input = element("textarea", { rows: "2", value: present ?? "" }); // reports have lines, which other inputs drop
  return { input, read: async () => ({ value: input.value }) };
}

function number({ kind, schema }, present) {
  const step = kind === "Integer" ? "1" : "any";
  const input = element("input", { type: "number", step, min: schema.minimum, max: schema.maximum, value: present ?? "" });
  const read = async () => {
    if (input.value === "") throw new api.ApiError(400, { errors: { value: [`Enter ${kind === "Integer" ? "a whole" : "a"} number.`] } });
    return { value: input.valueAsNumber };
  };
  return { input, read };
}

function yesOrNo(socket, present) {
  return select([[true, "Yes"], [false, "No"]], present);
}

function oneOf({ schema }, present) {
  return select(schema.enum.map((each) => [each, labelOf(each)]), present);
}

function select(options, present) {
  const shown = options.map(([value, label], index) => element("option", { value: index, selected: value === present }, label));
  const input = element("select", {}, shown);
  return { input, read: async () => ({ value: options[input.value][0] }) };
}

function several({ schema }, present) {
  const choices = schema.items.enum;
  const input = element("select", { multiple: true }, choices.map((each, index) => element("option", { value: index, selected: (present || []).includes(each) }, labelOf(each))));
  return { input, read: async () => ({ value: [...input.selectedOptions].map((option) => choices[option.value]) }), hint: "Several may be chosen." };
}

function labelOf(choice) {
  return typeof choice === "string" ? choice : JSON.stringify(choice);
}

function json(socket, present) {
  const input = element("textarea", { rows: "6", spellcheck: "false", value: present == null ? "" : JSON.stringify(present, null, 2) });
  const read = async () => ({ value: parsed(input.value) });
  return { input, read, hint: "As JSON." };
}

function parsed(written) {
  try {
    return JSON.parse(written);
  } catch (error) {
    throw new api.ApiError(400, { errors: { value: [`It is no JSON: ${error.message}.`] } });
  }
}

function oneFile(socket, present, signal) {
  const input = element("input", { type: "file" });
  return { input, read: async () => ({ user_upload: (await sent(input, signal))[0] }) };
}

function imageFiles(socket, present, signal) {
  const input = element("input", { type: "file", multiple: true });
  return { input, read: async () => ({ user_uploads: await sent(input, signal) }), hint: "The files of one image; it is imported, which takes a moment." };
}

async function sent(input, signal) {
  if (!input.files.length) throw new api.ApiError(400, { errors: { value: ["Choose a file."] } });
  return Promise.all([...input.files].map((file) => upload(file, { onProgress: () => {}, signal })));
}
