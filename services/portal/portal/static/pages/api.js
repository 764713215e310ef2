// The API, as its OpenAPI document describes it: every address, what it takes and what it answers.

import * as api from "../api.js";
import { element } from "../dom.js";

const METHODS = ["get", "post", "put", "patch", "delete"];

export async function apiPage({ signal, title }) {
  title("API");
  const described = await api.get("/api/openapi.json", { signal });
  const sections = [...grouped(operations(described))].sort(([a], [b]) => a.localeCompare(b)).map(([tag, found]) => section(tag, found, described));
  return element(
    "article",
    { class: "chapters" },
    element("h1", {}, described.info.title),
    element("p", { class: "lead" }, described.info.description.replaceAll("`", "")),
    element("p", {}, element("a", { href: "/api/openapi.json" }, "The same for programs (OpenAPI 3.1)")),
    sections,
  );
}

function operations({ paths }) {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({
      ...item[method],
      path,
      method,
      tag: item[method].tags[0],
      parameters: [...(item.parameters || []), ...(item[method].parameters || [])],
    })),
  );
}

function grouped(found) {
  const groups = new Map();
  for (const each of found) groups.set(each.tag, [...(groups.get(each.tag) || []), each]);
  return groups;
}

function section(tag, found, described) {
  return element("section", {}, element("h2", {}, tag), found.map((each) => operation(each, described)));
}

function operation({ method, path, summary, parameters, requestBody, responses }, described) {
  const body = requestBody?.content["application/json"].schema;
  return element(
    "details",
    { class: "operation" },
    element("summary", {}, element("code", {}, `${method.toUpperCase()} ${path}`), " ", summary),
    parameters.length > 0 && [element("h3", {}, "Parameters"), parameterTable(parameters)],
    body && [element("h3", {}, "Body"), shape(body, described)],
    element("h3", {}, "Answers"),
    Object.entries(responses).map(([status, answer]) => response(status, answer, described)),
  );
}

function parameterTable(parameters) {
  const rows = parameters.map((each) =>
    element("tr", {}, element("td", {}, element("code", {}, each.name)), element("td", {}, each.in), element("td", {}, each.schema.type)),
  );
  return element("table", {}, element("tbody", {}, rows));
}

function response(status, { description, content = {} }, described) {
  const schema = content["application/json"]?.schema;
  return element(
    "div",
    {},
    element("p", {}, element("strong", {}, status), ` ${description} ${Object.keys(content).join(", ")}`),
    schema && shape(schema, described),
  );
}

function shape(schema, described) {
  return element("pre", { tabindex: "0" }, JSON.stringify(resolved(schema, described, 0), null, 2));
}

// Puts what a reference stands for in its place, so that everything can be read where it is used.
function resolved(schema, described, depth) {
  if (Array.isArray(schema)) return schema.map((each) => resolved(each, described, depth));
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref && depth < 6) return resolved(described.components.schemas[schema.$ref.split("/").pop()], described, depth + 1);
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, resolved(value, described, depth)]));
}
