"""While permissions cannot be reached, and nothing fresh is remembered, the answer of every route is a no."""

from typing import Any

import httpx2
import pytest
from httpx2 import WSGITransport
from werkzeug.test import TestResponse

from archive_gateway.routes import Service
from tests.integration.matrix.scene import Scene
from tests.integration.matrix.table import ALL, NOBODY, TABLE

ASKED_ELSEWHERE = {
    Service.PERMISSIONS,
    Service.PORTAL,
    Service.BLOBS,
}  # itself, nobody, and links that prove themselves
OTHERS = [cell for cell, row in TABLE.items() if cell[0] not in ASKED_ELSEWHERE and row not in (ALL, NOBODY)]


@pytest.fixture
def cut_off(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Permissions is away whenever a request is sent, though not while what it is about is being made."""
    platform, send, pass_on = scene.platform, scene.platform.call_service, WSGITransport.handle_request
    away = False

    def send_meanwhile(*arguments: Any, **content: Any) -> TestResponse:
        nonlocal away
        away = True
        try:
            return send(*arguments, **content)
        finally:
            away = False

    def refuse(transport: WSGITransport, request: httpx2.Request) -> httpx2.Response:
        if away and request.url.host == "permissions":
            raise httpx2.ConnectError("permissions is away")
        return pass_on(transport, request)

    monkeypatch.setattr("archive_shared.http.cached_access.LONGEST_AGE_S", 0.0)
    monkeypatch.setattr(platform, "call_service", send_meanwhile)
    monkeypatch.setattr(WSGITransport, "handle_request", refuse)
    return scene


@pytest.mark.parametrize("who", ["editor", "administrator"])
@pytest.mark.parametrize("cell", OTHERS, ids=" ".join)
def test_without_an_answer_nobody_is_let_in(cut_off: Scene, cell: tuple[Service, str, str], who: str) -> None:
    answer = cut_off.ask(who, *cell)

    assert answer.status_code == 503, answer.get_data(as_text=True)[:300]
    assert int(answer.headers["Retry-After"]) >= 1
