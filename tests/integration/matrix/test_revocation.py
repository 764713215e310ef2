"""A role taken away is refused by every service within a second, under load, and when nobody tells of it.

The tests do not measure how fast anything is: they look at requests that begin a second after the role was taken,
and those must be refused however slow the machine is.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from archive_shared.clock import SystemClock
from archive_shared.errors import NotFound
from archive_shared.events import ItemCreated
from archive_shared.http.cached_access import LONGEST_AGE_S
from archive_shared.messaging.publisher import connect_publisher
from archive_shared.outbox.relay import Relay
from permissions.bootstrap import ANNOUNCING
from tests.integration.matrix.scene import Scene, archive_with_people
from tests.support.feed import received
from tests.support.processes import wait_until


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with archive_with_people(tmp_path, public=False) as made:
        yield made


def doors(scene: Scene) -> dict[str, Callable[[], int]]:
    """Return a request to every service that only a member may make, and for each door to the data."""
    platform, image = scene.platform, scene.image
    [shown] = [platform.ok("GET", f"/api/v1/cases/images/{image}/", "uploader")["files"][0]["file"]]
    items = platform.ok("GET", "/api/v1/archives/items/", "uploader")["results"]
    uploads = [platform.uploaded("uploader")]
    download = platform.ok("POST", f"/api/v1/archives/{scene.archive}/downloads/", "uploader", json={})["pk"]
    made = ItemCreated(item=items[0]["pk"], archive=scene.archive, title="A slide", images=[image])
    platform.tell_feed(received(made, at=SystemClock().now()))

    [item] = platform.library.items.find({"images": image})
    viewing = platform.ok("GET", f"/api/v1/archives/items/{item.id}/viewing/", "uploader")["viewing"]

    def download_archive() -> int:
        path = f"/api/v1/archives/{scene.archive}/downloads/{download}/archive.zip"
        try:
            return platform.call("GET", path, "uploader").status_code
        except NotFound:  # broken off while it was sent: the role is asked for again before each piece
            return 404

    def get(path: str, who: str = "uploader") -> Callable[[], int]:
        return lambda: platform.call("GET", path, who).status_code

    def start_session() -> int:
        sent = {"uploads": uploads, "archive": scene.archive}
        return platform.call("POST", "/api/v1/cases/upload-sessions/", "uploader", json=sent).status_code

    def hears_of_item() -> int:
        heard = platform.call("GET", "/api/v1/events/?types=archive.item.created.v1", "uploader")
        return 200 if heard.get_json()["events"] else 404

    def listed() -> int:
        found = platform.call("GET", f"/api/v1/archives/items/?archive={scene.archive}", "uploader")
        return 200 if found.get_json()["count"] else 404

    return {
        "card": get(f"/api/v1/archives/{scene.archive}/"),
        "feed": hears_of_item,
        "item": get(f"/api/v1/archives/items/{items[0]['pk']}/"),
        "list": listed,
        "image": get(f"/api/v1/cases/images/{image}/"),
        "zip": download_archive,
        "file": get(shown.removeprefix(platform.settings.public_url)),
        "preview": get(f"/api/v1/tiles/images/{image}/preview.jpeg"),
        "tile": get(f"/api/v1/tiles/images/{image}/0/0/0.jpeg"),
        "slice": get(f"/api/v1/tiles/images/{scene.volume}/slices/axial/3.jpeg"),
        "item in a viewer": get(f"/api/v1/archives/items/{item.id}/", viewing),
        "image in a viewer": get(f"/api/v1/cases/images/{image}/", viewing),
        "tile in a viewer": get(f"/api/v1/tiles/images/{image}/0/0/0.jpeg", viewing),
        "tile by pass of a viewer": PassHolder(scene, image, "tiles", "0/0/0.jpeg", viewing).look,
        "tile by pass": PassHolder(scene, scene.image, "tiles", "0/0/0.jpeg").look,
        "slice by pass": PassHolder(scene, scene.volume, "slices", "axial/3.jpeg").look,
        "session": start_session,
    }


@dataclass
class PassHolder:
    """Looks at a picture with a pass, and gets another one when its time is over."""

    scene: Scene
    image: str
    product: str
    path: str
    who: str = "uploader"
    _pass: dict[str, str] = field(default_factory=dict)

    def look(self) -> int:
        status = self._picture() if self._pass else 401
        if status == 401:
            status = self._get_pass()
        return self._picture() if status == 200 else status

    def _picture(self) -> int:
        given = dict(self._pass)
        headers = {"X-Tile-Pass": given["pass"]}
        path = given[self.product] + self.path
        return self.scene.platform.call("GET", path, headers=headers).status_code

    def _get_pass(self) -> int:
        path = f"/api/v1/tiles/images/{self.image}/pass"
        answer = self.scene.platform.call("GET", path, self.who)
        if answer.status_code == 200:
            self._pass = answer.get_json()
        return answer.status_code


@dataclass
class Crowd:
    """Clients that knock at all doors as often as they can, and note when they began and what they heard."""

    heard: list[tuple[float, str, int]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def knock(self, doors: dict[str, Callable[[], int]]) -> None:
        while not self._stop.is_set():
            for name, door in doors.items():
                began_s = time.monotonic()
                self.heard.append((began_s, name, door()))

    @contextmanager
    def knocking(self, doors: dict[str, Callable[[], int]], clients: int) -> Iterator[None]:
        threads = [threading.Thread(target=self.knock, args=(doors,)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def let_in_since(self, at_s: float) -> set[str]:
        return {name for began_s, name, status in list(self.heard) if began_s >= at_s and status < 400}

    def has_knocked_at(self, doors: dict[str, Callable[[], int]], *, since_s: float) -> bool:
        return {name for began_s, name, _ in list(self.heard) if began_s >= since_s} == set(doors)


def revoke_under_load(scene: Scene) -> tuple[Crowd, float]:
    """Take the uploader's role once a crowd with it was let in at every door; return the crowd, and when it was gone."""
    crowd, knocked = Crowd(), doors(scene)
    with crowd.knocking(knocked, clients=4):
        wait_until(lambda: crowd.let_in_since(0) == set(knocked), timeout_s=60, what="everybody in")
        scene.platform.take(scene.archive, "uploader", "uploader", by="editor")
        gone_s = time.monotonic()
        later_s = gone_s + LONGEST_AGE_S
        wait_until(lambda: crowd.has_knocked_at(knocked, since_s=later_s), timeout_s=60, what="all refused")
    return crowd, gone_s


def test_while_the_bus_is_silent_nobody_is_let_in_after_a_second(scene: Scene) -> None:
    """No relay runs here: the event is never told to anybody."""
    crowd, gone_s = revoke_under_load(scene)

    assert LONGEST_AGE_S <= 1
    assert crowd.let_in_since(gone_s + LONGEST_AGE_S) == set()


def test_once_the_bus_has_told_nobody_is_let_in_although_the_second_is_not_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound on age is lifted, so that only the event can have done it."""
    monkeypatch.setattr("archive_shared.http.cached_access.LONGEST_AGE_S", 3600.0)
    knocked = doors(scene)
    wait_until(lambda: remembers(scene, knocked), timeout_s=30, what="a role that is remembered")
    scene.platform.take(scene.archive, "uploader", "uploader", by="editor")
    assert knocked["image"]() == 200  # nobody has told yet

    publisher = connect_publisher(scene.platform.settings.bus_url)
    Relay(scene.platform.permissions.documents, ANNOUNCING, publisher).run_once()
    publisher.close()

    for name, door in knocked.items():
        wait_until(lambda door=door: door() >= 400, timeout_s=30, what=f"refusal at {name}")  # type: ignore[misc]  # each its own


def remembers(scene: Scene, knocked: dict[str, Callable[[], int]]) -> bool:
    """Tell whether archive-api believes what it was told before: it hears the bus by now."""
    if knocked["image"]() != 200:
        return False
    scene.platform.take(scene.archive, "uploader", "uploader", by="editor")
    believed = knocked["image"]() == 200
    scene.platform.give(scene.archive, "uploader", "uploader", by="editor")
    return believed
