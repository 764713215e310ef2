"""Sockets that tests add to those that are built in."""

from typing import Any

from tests.support.archive_service import ArchiveService


def a_socket(service: ArchiveService, title: str, kind: str, **more: Any) -> dict[str, Any]:
    """Let an administrator add a socket."""
    token = service.people.add_person("socket-maker", administrator=True)
    answer = service.call(
        "POST", "/api/v1/components/interfaces/", token, json={"title": title, "kind": kind, **more}
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json
    return made
