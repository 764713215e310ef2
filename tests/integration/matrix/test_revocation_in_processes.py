"""The same with every service in processes of its own, on both pairs of stores: a role taken away is refused within a second.

As in one process, what counts are requests that begin a second after the role was gone, however slow the machine is.
"""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from archive_shared.settings import PlatformSettings
from tests.integration.matrix.scene import Scene, scene_on
from tests.integration.matrix.test_revocation import revoke_under_load
from tests.support.folders import folder_in_memory
from tests.support.permissions_service import SECRET, SITE
from tests.support.platform_in_processes import PlatformInProcesses, platform_in_processes
from tests.support.toxic_proxy import toxic_proxy

pytestmark = pytest.mark.minutes
WITHIN_S = 1.0


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """SQLite for documents and bus; it falls silent by its relay being away."""
    folder = tmp_path_factory.mktemp("embedded")
    with folder_in_memory() as stores:
        settings = _settings(
            stores, documents_url=f"sqlite:///{stores}", bus_url=f"sqlite:///{stores / 'bus.db'}"
        )
        with platform_in_processes(settings, folder) as platform:
            yield scene_on(platform, folder, public=False)


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, rabbitmq_server: Any, mongo_server: Any
) -> Iterator[Scene]:
    """RabbitMQ and MongoDB; the bus falls silent as when the network is cut, which nobody notices for seconds."""
    folder = tmp_path_factory.mktemp("servers")
    bus = urlsplit(rabbitmq_server.vhost())
    with folder_in_memory() as stores, toxic_proxy(bus.port or 0) as proxy:
        settings = _settings(
            stores,
            documents_url=f"{mongo_server.url.rstrip('/')}/{mongo_server.database_name()}",
            bus_url=bus._replace(netloc=bus.netloc.replace(f":{bus.port}", f":{proxy.port}")).geturl(),
        )
        with platform_in_processes(settings, folder, silence=proxy.silent) as platform:
            yield scene_on(platform, folder, public=False)


def _settings(stores: Path, *, documents_url: str, bus_url: str) -> PlatformSettings:
    return PlatformSettings(
        public_url=SITE,
        documents_url=documents_url,
        bus_url=bus_url,
        blobs_url=f"file://{stores / 'blobs'}",
        secret=SECRET,
    )


@pytest.mark.timeout(400)
@pytest.mark.parametrize("stores", ["embedded", "servers"])
@pytest.mark.parametrize("bus", ["tells", "is silent"])
def test_a_role_taken_away_is_refused_by_every_process_within_a_second(
    request: pytest.FixtureRequest, stores: str, bus: str
) -> None:
    scene: Scene = request.getfixturevalue(stores)
    platform = scene.platform
    assert isinstance(platform, PlatformInProcesses)
    platform.give(scene.archive, "uploader", "uploader", by="editor")

    with platform.silence() if bus == "is silent" else nullcontext():
        crowd, gone_s = revoke_under_load(scene)

    assert crowd.let_in_since(gone_s + WITHIN_S) == set()
