"""Puts the document together: routes from the services' own tables, bodies from their marshmallow schemas."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from archive_api.entrypoints.http.fields import Chosen, Flag, Picture
from archive_gateway.openapi.archive_answers import ARCHIVE_ANSWERS
from archive_gateway.openapi.display_answers import display_answers
from archive_gateway.openapi.json_schema import TEXT, WHOLE, JsonSchema, by_name, listed, named, thing
from archive_gateway.openapi.operation import Operation
from archive_gateway.openapi.operations import OPERATIONS
from archive_gateway.openapi.parameters import IDEMPOTENCY_KEY, in_header, in_path, in_query
from archive_gateway.openapi.service_answers import SERVICE_ANSWERS
from archive_gateway.routes import Service, service_for

_TITLE = "Medical-image archive"
_ABOUT = (
    "Archives of medical images: upload, import, browse, search, download. Send an API token as "
    "`Authorization: Bearer ...`. Every error is `application/problem+json`; what may not be seen does not exist (404); who "
    "asks too often hears 429 with `Retry-After`. A token that is for some archives only sees and changes what belongs to these, "
    "and imports into these alone. Every POST takes an `Idempotency-Key`, but for signing in."
)
_UNCHANGED = 304
_SIGNING_IN = "/api/v1/sessions/"  # nobody is signed in yet whose key it could be
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HIDDEN = (Service.PORTAL, Service.BLOBS, Service.GATEWAY, Service.NOBODY)
_FIELDS = {Flag: ("boolean", None), Picture: ("string", None), Chosen: ("string", None)}
_FILE = {"type": "string", "contentMediaType": "application/octet-stream"}
_PROBLEM = thing(type=TEXT, title=TEXT, status=WHOLE, detail=TEXT) | {
    "description": "RFC 9457. `errors` holds reasons by field of the request."
}
_PROBLEM["properties"] |= {"errors": by_name(listed(TEXT))}
_VARIABLE = re.compile(r"<(?:(\w+):)?(\w+)>")


def describe(services: Mapping[Service, Flask]) -> dict[str, Any]:
    """Return the OpenAPI document of everything these services answer from outside."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title=_TITLE,
        version="1",
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": _ABOUT},
        servers=[{"url": "/"}],
        security=[{"token": []}],
    )
    assert plugin.converter is not None
    for kind, described in _FIELDS.items():
        plugin.converter.field_mapping[kind] = described
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for name, schema in _answers(plugin.converter).items():
        spec.components.schema(name, schema)
    for service, rule, view in _routes(services):
        for method in sorted(set(_METHODS) & (rule.methods or set())):
            operation = _described(service, rule, view, method, plugin.converter)
            spec.path(_path(rule), operations={method.lower(): operation}, parameters=_in_path(rule))
    return spec.to_dict()


def _answers(converter: OpenAPIConverter) -> dict[str, JsonSchema]:
    return {"Problem": _PROBLEM} | ARCHIVE_ANSWERS | display_answers(converter) | SERVICE_ANSWERS


def _routes(services: Mapping[Service, Flask]) -> Iterator[tuple[Service, Rule, Any]]:
    """Yield the routes that can be reached through the front door, in order of their paths."""
    for service, app in services.items():
        for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
            if service not in _HIDDEN and service_for(_sample(rule)) is service:
                yield service, rule, app.view_functions[rule.endpoint]


def _sample(rule: Rule) -> str:
    """Return a path that the rule matches, as far as the gateway can tell."""
    return _VARIABLE.sub("0", rule.rule)


def _path(rule: Rule) -> str:
    return _VARIABLE.sub(lambda found: f"{{{found[2]}}}", rule.rule)


def _in_path(rule: Rule) -> list[dict[str, Any]]:
    return [in_path(kind, name) for kind, name in _VARIABLE.findall(rule.rule)]


def _described(
    service: Service, rule: Rule, view: Any, method: str, converter: OpenAPIConverter
) -> dict[str, Any]:
    operation = OPERATIONS[method, rule.rule]
    described: dict[str, Any] = {
        "operationId": f"{service.value}.{rule.endpoint}.{method.lower()}",
        "tags": [_tag(rule)],
        **_about(view),
        "parameters": [
            *map(in_query, operation.query),
            *map(in_header, _headers(rule, method, operation)),
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = _request(operation, operation.body, converter)
    return described


def _about(view: Any) -> dict[str, str]:
    """Return what the first line of a view's docstring says, and what stands below it if anything does."""
    summary, _, description = (inspect.getdoc(view) or "").partition("\n")
    return {"summary": summary} | ({"description": description.strip()} if description.strip() else {})


def _headers(rule: Rule, method: str, operation: Operation) -> tuple[str, ...]:
    keyed = method == "POST" and rule.rule != _SIGNING_IN
    return (*operation.headers, IDEMPOTENCY_KEY) if keyed else operation.headers


def _request(operation: Operation, schema: Schema, converter: OpenAPIConverter) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if operation.form:
        content["multipart/form-data"] = {"schema": _form(schema, converter)}
    return {"required": True, "content": content}


def _form(schema: Schema, converter: OpenAPIConverter) -> JsonSchema:
    """Return what is sent as a form: pictures as files; nothing of what only JSON can say."""
    return {
        "type": "object",
        "properties": {
            name: _FILE if isinstance(field, Picture) else converter.field2property(field)
            for name, field in schema.fields.items()
            if not isinstance(field, fields.Dict)
        },
        "required": sorted(name for name, field in schema.fields.items() if field.required),
        "additionalProperties": False,
    }


def _responses(operation: Operation) -> dict[str, Any]:
    found = {str(status): _success(operation, status) for status in operation.statuses}
    found |= {str(status): _answered(answer) for status, answer in operation.further.items()}
    problem = {"content": {"application/problem+json": {"schema": named("Problem")}}}
    return found | {
        "4XX": {"description": "The request cannot be done as it is; `detail` and `errors` say why."}
        | problem,
        "503": {"description": "A part this depends on does not answer; try again."} | problem,
    }


def _success(operation: Operation, status: int) -> dict[str, Any]:
    if status == _UNCHANGED:
        return {"description": "What is kept is still right."}
    content: dict[str, Any] = {kind: {} for kind in operation.content_types}
    if operation.answer is not None:
        content |= {"application/json": {"schema": operation.answer}}
    return {"description": "Done." if status < 300 else "It is elsewhere."} | (
        {"content": content} if content else {}
    )


def _answered(answer: JsonSchema) -> dict[str, Any]:
    return {
        "description": "Looked at, and nothing done.",
        "content": {"application/json": {"schema": answer}},
    }


def _schema_name(schema: Any) -> str:
    """Return the name of a body; one whose fields may all be left out is for changing."""
    named_by = schema if isinstance(schema, type) else type(schema)
    name = str(named_by.__name__).removesuffix("Fields")
    return f"Sent{'Partial' if getattr(schema, 'partial', None) else ''}{name.removeprefix('Sent')}"


def _tag(rule: Rule) -> str:
    """Return the part of the API a path belongs to, by which pages group it."""
    names = [part.removesuffix(".csv") for part in rule.rule.split("/") if part not in ("", "api", "v1")]
    inner = names[0] == "cases" or names[:2] == ["archives", "items"]
    return names[1 if inner else 0]
