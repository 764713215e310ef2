"""Adds a socket, which administrators do: sockets are the vocabulary that all archives share."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from archive_api.domain.slugs import slugify
from archive_api.domain.socket_kinds import KINDS, NEVER_IN_DATABASE
from archive_api.domain.sockets import BUILT_IN, Socket, segments_from
from archive_api.domain.value import canonical_json
from archive_api.use_cases.check_json import json_errors, schema_errors
from archive_api.use_cases.library import Library, known
from archive_shared.access import Action, Question
from archive_shared.errors import Duplicate, Forbidden, Invalid

MOST_SEGMENTS = 256
_UUID = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_SAFE_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")


@dataclass(frozen=True, kw_only=True)
class NewSocket:
    """A socket somebody wants; `relative_path` "" takes one that follows from the title.

    Parameters
    ----------
    look_up_table
        As clients are shown it; None for the viewer's own.
    """

    title: str
    kind: str
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    default_value: Any = None
    relative_path: str = ""
    store_in_database: bool | None = None
    overlay_segments: list[dict[str, Any]] = field(default_factory=list)
    look_up_table: Mapping[str, Any] | None = None
    example_value: Any = None
    example_note: str = ""


def require_administrator(library: Library, token: str | None) -> None:
    """Raise `Unauthenticated` or `Forbidden` unless an administrator calls; permissions decides, and files the use."""
    answers = library.access.ask(token, [Question(Action.CREATE_SOCKET)])
    known(answers.caller)
    if not answers.allowed[0]:
        raise Forbidden("Only administrators may do this.")


def create_socket(library: Library, wanted: NewSocket) -> Socket:
    """Store a new socket.

    Raises
    ------
    Invalid
        Something about it breaks the rules of spec/archives.md 1.5, or its title or path is taken.
    """
    errors: dict[str, list[str]] = {}
    for name, reason in _errors(wanted):
        errors.setdefault(name, []).append(reason)
    if errors:
        raise Invalid(errors)
    try:
        return library.sockets.add(_socket(library, wanted))
    except Duplicate as error:
        raise _taken() from error


def _socket(library: Library, wanted: NewSocket) -> Socket:
    default, example, table = (
        None if each is None else canonical_json(each)
        for each in (wanted.default_value, wanted.example_value, wanted.look_up_table)
    )
    return Socket(
        id=slugify(wanted.title),
        number=0,
        title=wanted.title,
        description=wanted.description,
        kind=wanted.kind,
        schema_text=canonical_json(wanted.schema),
        default_text=default,
        relative_path=_path(wanted),
        in_database=_in_database(wanted),
        overlay_segments=segments_from(wanted.overlay_segments),
        look_up_table_text=table,
        example_text=example,
        example_note=wanted.example_note,
        created_at=library.clock.now(),
    )


def _in_database(wanted: NewSocket) -> bool:
    if wanted.store_in_database is not None:
        return wanted.store_in_database
    return KINDS[wanted.kind].group == "json" and wanted.kind not in NEVER_IN_DATABASE


def _path(wanted: NewSocket) -> str:
    if wanted.relative_path:
        return wanted.relative_path
    slug, kind = slugify(wanted.title), KINDS[wanted.kind]
    return f"images/{slug}" if kind.group == "image" else f"{slug}{kind.suffix}"


def _errors(wanted: NewSocket) -> Iterator[tuple[str, str]]:
    slug = slugify(wanted.title)
    if not slug:
        yield "title", "It must hold at least one letter or digit."
    if slug in BUILT_IN or wanted.title in {socket.title for socket in BUILT_IN.values()}:
        yield "title", "A socket of this title is built in."
    if wanted.kind not in KINDS:
        yield "kind", f"Choose one of: {', '.join(KINDS)}."
        return
    yield from _path_errors(wanted)
    yield from _storage_errors(wanted)
    yield from segment_errors(wanted.kind, wanted.overlay_segments)
    yield from (("schema", reason) for reason in schema_errors(wanted.schema))
    for name in ("default_value", "example_value"):
        if getattr(wanted, name) is not None:
            yield from _sample_errors(wanted, name)
    if wanted.look_up_table is not None and KINDS[wanted.kind].group != "image":
        yield "look_up_table", "Only images are shown in colours."


def _path_errors(wanted: NewSocket) -> Iterator[tuple[str, str]]:
    path, kind = _path(wanted), KINDS[wanted.kind]
    parts = path.split("/")
    if not _SAFE_PATH.fullmatch(path) or {".", ".."} & set(parts) or len(path) > 255:
        yield "relative_path", "It must be a plain relative path of letters, digits, '.', '-' and '_'."
    if path == "inputs.json" or _UUID.search(path):
        yield "relative_path", "It must not be inputs.json, nor hold an identifier."
    if kind.group == "image" and not (path.startswith("images/") and len(parts) > 1):
        yield "relative_path", "Images are kept in a folder below images/."
    if kind.group != "image" and not path.endswith(kind.suffix):
        yield "relative_path", f"It must end in {kind.suffix}."
    if path in {socket.relative_path for socket in BUILT_IN.values()}:
        yield "relative_path", "A built-in socket has this path."


def _storage_errors(wanted: NewSocket) -> Iterator[tuple[str, str]]:
    kind = KINDS[wanted.kind]
    if _in_database(wanted) and (kind.group != "json" or wanted.kind in NEVER_IN_DATABASE):
        yield "store_in_database", f"{wanted.kind} is always kept as a file."
    if wanted.schema and kind.group != "json":
        yield "schema", "Only JSON has a schema."


def segment_errors(kind: str, segments: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Say why these are no segments for a socket of a kind, by the name of the field."""
    is_segmentation = kind == "Segmentation"
    if bool(segments) != is_segmentation:
        yield "overlay_segments", "Segmentations need them, and nothing else may have them."
    values = {0, *(segment["voxel_value"] for segment in segments)}
    if segments and (len(segments) > MOST_SEGMENTS or values != set(range(len(values)))):
        yield (
            "overlay_segments",
            f"Voxel values must go on from 0 or 1 without gaps, {MOST_SEGMENTS} at the most.",
        )


def _sample_errors(wanted: NewSocket, name: str) -> Iterator[tuple[str, str]]:
    """Say why a default or an example is none for this socket; the example of a file is its content."""
    if KINDS[wanted.kind].group != "json":
        yield name, "Only JSON has one."
        return
    schemas = [KINDS[wanted.kind].schema, wanted.schema]
    yield from ((name, reason) for reason in json_errors(getattr(wanted, name), schemas))


def _taken() -> Invalid:
    return Invalid({"title": ["Another socket has this title or path."]})
