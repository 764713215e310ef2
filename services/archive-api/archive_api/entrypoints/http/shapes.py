"""How tasks, changes and sockets look to clients (spec/gcapi.md 2); archives, items and images have their own files."""

import json
from dataclasses import asdict
from typing import Any

from archive_api.domain.history import Change
from archive_api.domain.sockets import Socket
from archive_api.domain.task import Task, TaskState
from archive_api.entrypoints.http.links import Links
from archive_shared.clock import to_text

Json = dict[str, Any]


def show_task(task: Task, links: Links) -> Json:
    return {
        "pk": task.id,
        "kind": task.kind,
        "archive": links.archive(task.archive),
        "state": task.state.value,
        "total": task.total,
        "done": task.done,
        "failed": task.failed,
        "errors": [asdict(error) for error in task.errors],
        "made": _made_by(task, links),
        "created": to_text(task.created_at),
        "modified": to_text(task.modified_at),
        "api_url": links.task(task.id),
    }


def _made_by(task: Task, links: Links) -> str | None:
    """Return the address of the version that a task made, null for other tasks and until it is there."""
    is_made = task.kind == "snapshot" and task.state is TaskState.DONE and not task.failed
    return links.snapshot(task.id) if is_made else None


def show_change(change: Change) -> Json:
    return asdict(change) | {"at": to_text(change.at)}


def show_socket(socket: Socket) -> Json:
    return {
        "pk": socket.number,
        "slug": socket.slug,
        "title": socket.title,
        "description": socket.description,
        "kind": socket.kind,
        "super_kind": socket.super_kind,
        "schema": json.loads(socket.schema_text),
        "default_value": _parsed(socket.default_text),
        "relative_path": socket.relative_path,
        "overlay_segments": [asdict(segment) for segment in socket.overlay_segments],
        "look_up_table": _parsed(socket.look_up_table_text),
        "example_value": _parsed(socket.example_text),
        "example_note": socket.example_note,
    }


def _parsed(text: str | None) -> Any:
    return None if text is None else json.loads(text)
