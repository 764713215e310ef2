"""The catalogue of events as a page for browsers: one file that loads nothing, with a message of each type to look at."""

import json
from collections.abc import Sequence
from html import escape
from typing import Any

from archive_shared.wire.asyncapi import EXCHANGE, HEADERS
from archive_shared.wire.catalogue import CATALOGUE, Entry
from archive_shared.wire.describing import fields_in_words, inner_kinds
from archive_shared.wire.schemas import Schema, event_schema, summary

_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --link: #0a6ebd }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; display: grid; grid-template-columns: 19rem minmax(0, 60rem) }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem; box-sizing: border-box;
      border-right: 1px solid var(--line); font-size: .85rem }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem } nav h2 { font-size: 1rem; margin: .5rem 0 }
main { padding: 1.5rem 3rem 6rem } a { color: var(--link) }
section { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 2.5rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
pre { background: var(--soft); padding: 1rem; overflow: auto; border-radius: 6px } code, pre { font-size: .85rem }
h2 code { font-size: 1.15rem } td:first-child { white-space: nowrap }
dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1rem } dt { opacity: .7 } dd { margin: 0 }
@media (max-width: 60rem) { body { display: block } nav { position: static; height: auto } main { padding: 1.5rem } }
"""

_INTRODUCTION = f"""<h1>Events of the medical-image archive</h1>
<p>Facts on the durable topic exchange <code>{EXCHANGE}</code> of RabbitMQ; the type of an event is its routing key. Messages are
CloudEvents 1.0 in binary mode: attributes in headers, the fields below as JSON in the body. They are delivered at least once, now and
then twice or late: remember <code>ce-id</code>, or compare <code>ce-sequence</code> per source and subject. Within a version only fields with a
default are added, so ignore fields you do not know; a change of any other kind is a new type that ends in another version.</p>
<p>Generated from <code>archive_shared.wire.catalogue</code>. For machines: <a href="asyncapi.yaml">asyncapi.yaml</a>, and a JSON Schema of
every event.</p>"""


def event_page() -> str:
    """Return the page."""
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">\n<title>Events of the medical-image archive</title>',
            f"<style>{_STYLE}</style>",
            f"<nav>{_navigation()}</nav>",
            f"<main>\n{_INTRODUCTION}\n{_headers()}",
            *(_section(entry) for entry in CATALOGUE),
            "</main>\n</html>\n",
        ]
    )


def _navigation() -> str:
    producers = dict.fromkeys(entry.producer for entry in CATALOGUE)
    return "\n".join(f"<h2>{producer}</h2>\n<ul>{_links(producer)}</ul>" for producer in producers)


def _links(producer: str) -> str:
    types = [entry.event.TYPE for entry in CATALOGUE if entry.producer == producer]
    return "".join(f'<li><a href="#{type}">{type}</a></li>' for type in types)


def _headers() -> str:
    rows = [
        (_code(name), escape(header.get("description", header.get("const", ""))))
        for name, header in HEADERS["properties"].items()
    ]
    return f'<section id="headers"><h2>Headers of every event</h2>\n{_table(("header", "meaning"), rows)}</section>'


def _section(entry: Entry) -> str:
    type = entry.event.TYPE
    return "\n".join(
        [
            f'<section id="{type}"><h2>{_code(type)}</h2>',
            f"<p>{escape(entry.description)} {escape(summary(entry.event))}</p>",
            _particulars(entry),
            _fields(entry.event),
            *(
                f"<h3>{kind.__name__}</h3>\n<p>{escape(summary(kind))}</p>\n{_fields(kind)}"
                for kind in inner_kinds(entry.event)
            ),
            _folded("A message of this type", _message(entry)),
            _folded("Its JSON Schema", json.dumps(event_schema(entry.event), indent=2, ensure_ascii=False)),
            f'<p><a href="events/{type}.schema.json">{type}.schema.json</a></p></section>',
        ]
    )


def _particulars(entry: Entry) -> str:
    told = {
        "Said by": escape(entry.producer),
        "Heard by": escape(", ".join(entry.consumers)) or "no part of the platform itself",
        "Subject": f"what {_code(entry.event.SUBJECT)} identifies",
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in told.items()) + "</dl>"


def _fields(kind: type[Any]) -> str:
    rows = [
        (_code(field.name), escape(field.type), _code(field.default), escape(field.meaning))
        for field in fields_in_words(kind)
    ]
    return _table(("field", "type", "default", "meaning"), rows)


def _message(entry: Entry) -> str:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "6f7c1f0e-0c2f-4a57-9d1b-2f6f0a1c9e11",
        "ce-type": entry.event.TYPE,
        "ce-source": entry.producer,
        "ce-subject": f"({entry.event.SUBJECT})",
        "ce-time": "2026-11-26T08:30:00.000000Z",
        "ce-sequence": "00000000000000000001",
        "ce-traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    }
    head = "\n".join(f"{name}: {value}" for name, value in headers.items())
    return f"{head}\ncontent-type: application/json\n\n{json.dumps(skeleton(event_schema(entry.event)), indent=2)}"


def skeleton(schema: Schema) -> Any:
    """Return the smallest value with everything a schema names: defaults where there are any, else a value of the type."""
    if "default" in schema:
        return schema["default"]
    if "anyOf" in schema:
        return skeleton(schema["anyOf"][0])
    kind = schema["type"] if isinstance(schema["type"], str) else schema["type"][0]
    if kind == "object":
        return {name: skeleton(inner) for name, inner in schema["properties"].items()}
    if kind == "array":
        return [skeleton(schema["items"])]
    return {"string": "…", "integer": 1, "number": 0.5, "boolean": True, "null": None}[kind]


def _folded(title: str, text: str) -> str:
    return f"<details><summary>{title}</summary>\n<pre>{escape(text)}</pre></details>"


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in headings)
    body = "\n".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
