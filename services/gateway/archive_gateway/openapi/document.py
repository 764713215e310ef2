"""Puts the document together: routes from the services' own tables, bodies from their marshmallow schemas."""

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema
from werkzeug.routing import Rule

from archive_api.entrypoints.http.fields import Flag, Picture
from archive_gateway.openapi.answers import SCHEMAS, named
from archive_gateway.openapi.operations import OPERATIONS, QUERY, Operation
from archive_gateway.routes import Service, service_for

_TITLE = "Medical-image archive"
_ABOUT = (
    "Archives of medical images: upload, import, browse, search, download. Send an API token as "
    "`Authorization: Bearer ...`. Every error is `application/problem+json`; what may not be seen does not exist (404); who "
    "asks too often hears 429 with `Retry-After`. Every POST of archives, items, sockets and downloads takes an `Idempotency-Key`."
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_HIDDEN = (Service.PORTAL, Service.BLOBS, Service.GATEWAY, Service.NOBODY)
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
    plugin.converter.field_mapping[Flag] = ("boolean", None)
    plugin.converter.field_mapping[Picture] = ("string", None)
    spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    for name, schema in SCHEMAS.items():
        spec.components.schema(name, schema)
    for service, rule, view in _routes(services):
        for method in sorted(set(_METHODS) & (rule.methods or set())):
            operation = OPERATIONS.get((method, rule.rule), Operation())
            described = _described(service, rule, view, method, operation)
            spec.path(_path(rule), operations={method.lower(): described}, parameters=_in_path(rule))
    return spec.to_dict()


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
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0}
            if kind == "int"
            else {"type": "string", "minLength": 1},
        }
        for kind, name in _VARIABLE.findall(rule.rule)
    ]


def _described(service: Service, rule: Rule, view: Any, method: str, operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{service.value}.{rule.endpoint}.{method.lower()}",
        "tags": [_tag(rule)],
        "summary": (inspect.getdoc(view) or view.__name__.replace("_", " ").capitalize()).splitlines()[0],
        "parameters": [
            {"name": name, "in": "query", "schema": QUERY.get(name, {"type": "string"})}
            for name in operation.query
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        described["requestBody"] = _request(operation.body)
    return described


def _request(schema: Schema) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _responses(operation: Operation) -> dict[str, Any]:
    found = {str(status): _success(operation, status) for status in operation.statuses}
    problem = {"content": {"application/problem+json": {"schema": named("Problem")}}}
    return found | {
        "4XX": {"description": "The request cannot be done as it is; `detail` and `errors` say why."}
        | problem,
        "503": {"description": "A part this depends on does not answer; try again."} | problem,
    }


def _success(operation: Operation, status: int) -> dict[str, Any]:
    content: dict[str, Any] = {kind: {} for kind in operation.content_types}
    if operation.answer is not None:
        content |= {"application/json": {"schema": operation.answer}}
    return {"description": "Done." if status < 300 else "It is elsewhere."} | (
        {"content": content} if content else {}
    )


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
