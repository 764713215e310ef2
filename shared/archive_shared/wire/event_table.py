"""The catalogue of events as a page for people."""

from typing import Any

from archive_shared.wire.catalogue import CATALOGUE, Entry
from archive_shared.wire.describing import fields_in_words, inner_kinds
from archive_shared.wire.schemas import summary

_INTRODUCTION = """\
# Events

Generated from `archive_shared.wire.catalogue`; change it there and run `make contracts`.

Facts on the topic exchange `archive.events`; the type is the routing key. Messages are CloudEvents 1.0 in binary
mode: attributes in headers (`ce-id`, `ce-type`, `ce-source`, `ce-subject`, `ce-time`, `ce-sequence`, `ce-traceparent`),
the fields below as JSON in the body. Delivered at least once: compare `ce-id`, or `ce-sequence` per subject. Within
a version only fields with a default are added, so ignore fields you do not know. Anybody may subscribe; "heard by"
names the parts of the platform that do. For machines: `asyncapi.yaml` and `events/<type>.schema.json`;
in a browser: `events.html`.
"""


def event_table() -> str:
    """Return the page in Markdown."""
    overview = "\n".join([_INTRODUCTION, "| type | when | said by | heard by |", "|---|---|---|---|"])
    rows = [_row(entry) for entry in CATALOGUE]
    return "\n".join([overview, *rows, *(_section(entry) for entry in CATALOGUE)])


def _row(entry: Entry) -> str:
    link = f"[`{entry.event.TYPE}`](#{entry.event.__name__.lower()})"
    return f"| {link} | {entry.description} | {entry.producer} | {', '.join(entry.consumers) or '–'} |"


def _section(entry: Entry) -> str:
    intro = f"{summary(entry.event)} Type `{entry.event.TYPE}`, subject: `{entry.event.SUBJECT}`."
    parts = [f"\n## {entry.event.__name__}\n", intro, _fields(entry.event)]
    parts += [f"`{kind.__name__}`: {summary(kind)}\n{_fields(kind)}" for kind in inner_kinds(entry.event)]
    return "\n".join(parts)


def _fields(kind: type[Any]) -> str:
    rows = ["\n| field | type | default | meaning |", "|---|---|---|---|"]
    for field in fields_in_words(kind):
        default = f"`{field.default}`" if field.default else ""
        rows.append(f"| `{field.name}` | {field.type} | {default} | {field.meaning} |")
    return "\n".join(rows) + "\n"
