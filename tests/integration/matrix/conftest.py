"""A public and a private archive, each with somebody of each kind."""

from collections.abc import Iterator

import pytest

from tests.integration.matrix.scene import Scene, archive_with_people


@pytest.fixture(scope="module", params=["public", "private"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with archive_with_people(tmp_path_factory.mktemp("slide"), public=request.param == "public") as made:
        yield made


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with archive_with_people(tmp_path_factory.mktemp("slide"), public=False) as made:
        yield made


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with archive_with_people(tmp_path_factory.mktemp("slide"), public=True) as made:
        yield made
