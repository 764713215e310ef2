"""Bodies in chunks that cannot be read are their sender's mistake."""

import pytest
from flask import Blueprint
from gunicorn.http.errors import InvalidChunkSize, NoMoreData

from archive_shared.http.app import build_app


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(InvalidChunkSize("ZZ"), id="no chunk"),  # type: ignore[no-untyped-call]
        pytest.param(NoMoreData(b""), id="cut short"),  # type: ignore[no-untyped-call]
    ],
)
def test_a_body_whose_chunks_cannot_be_read_is_refused_with_400(error: Exception) -> None:
    routes = Blueprint("routes", __name__)

    @routes.post("/")
    def read() -> bytes:
        raise error  # as gunicorn does while the body is read

    client = build_app("service", blueprints=[routes], ready={}).test_client()

    answer = client.post("/")

    assert (answer.status_code, answer.content_type) == (400, "application/problem+json")
