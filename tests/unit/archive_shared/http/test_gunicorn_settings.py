"""What the processes that serve do besides serving."""

import gc
from collections.abc import Iterator

import pytest

from archive_shared.http import gunicorn_settings


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("thawed")
def test_a_worker_is_not_looked_through_for_garbage_while_it_answers() -> None:
    application = {"routes": ["a", "b"]}

    gunicorn_settings.post_worker_init(None)

    assert gc.get_freeze_count() > 0
    assert not any(each is application for each in gc.get_objects())
