"""A platform where everything the OpenAPI document describes can be asked for and answered well.

What is somebody's own is the administrator's, and no list is empty: an answer without anything in it shows little.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from archive_api.domain.history import Actor
from archive_api.domain.task import RowError, Task
from archive_api.use_cases.index_item import index_item
from archive_shared.clock import SystemClock
from archive_shared.identifiers import new_id
from feed.bootstrap import connect as feed_documents
from feed.bootstrap import deliveries_of
from feed.domain.delivery import Attempt, Delivery
from feed.settings import Settings as FeedSettings
from tests.integration.matrix.scene import DISPLAY_SETTINGS, RECEIVER, Scene, scene_on
from tests.integration.matrix.table import ARCHIVE, UPLOAD
from tests.support.assembled_platform import assembled_platform

ME = "administrator"
PASSWORD = "a quite long password"


@dataclass(frozen=True)
class Request:
    """A request that is answered well."""

    method: str
    path: str
    who: str | None
    content: dict[str, Any]


@dataclass
class DocumentedScene(Scene):
    """The scene in which one person can do everything."""

    etag: str = ""
    hook: str = ""
    caller: str = ME

    def send(self, request: Request, **content: Any) -> TestResponse:
        """Send it through the front door, with another content where one is given."""
        return self.platform.call(request.method, request.path, request.who, **request.content | content)

    def request(self, method: str, route: str) -> Request:
        """Return a request that is answered well: what it is about is made for it."""
        self.caller = ME
        special = self._special().get((method, route))
        return special() if special else self._usual(method, route)

    def path_values(self, route: str) -> dict[str, str]:
        """Return what to put for the variables of a route, by their names."""
        return {name.rpartition(":")[2]: value for name, value in self._values(route).items()}

    def fill(self) -> None:
        """Leave something behind in everything that is listed."""
        self._fill_archive()
        self._ask(f"/api/v1/archives/{self.archive}/requests/", {"message": "Please."})
        for make in (
            *(self._upload, self._session, self._task, self._token, self._webhook, self._organisation),
            *(self._item_with_file, self._snapshot, self._link, self._delivery, self._notification),
        ):
            make()
        download = self._download()["download"]
        path = f"/api/v1/archives/{self.archive}/downloads/{download}/archive.zip"
        assert self.platform.call("GET", path, ME).status_code == 200
        self.platform.ok("DELETE", f"/api/v1/archives/items/{self._item()['pk']}/", ME)
        library = self.platform.library
        for item in library.items.identifiers({"archive": self.archive}):
            index_item(library, item)  # as the consumer would when it hears of them

    # --- what cannot be made from the table alone

    def _special(self) -> dict[tuple[str, str], Callable[[], Request]]:
        return {
            ("DELETE", "/api/v1/archives/<pk>/"): self._deletion_of_archive,
            ("POST", "/api/v1/sessions/"): self._signing_in,
            ("DELETE", "/api/v1/sessions/current/"): self._signing_out,
            ("POST", f"{ARCHIVE}/requests/"): self._asking_for_access,
            ("POST", "/api/v1/cases/upload-sessions/<pk>/retry/"): self._retrying,
            ("GET", "/api/v1/webhooks/"): self._listing_webhooks,
        }

    def _usual(self, method: str, route: str) -> Request:
        path = route
        for name, value in self._values(route).items():
            path = path.replace(f"<{name}>", value)
        query = {"/find/": "?name=target", "/studies/": "?patient_id=P1"}
        asked = next((text for end, text in query.items() if route.endswith(end)), "")
        return Request(method, path + asked, self.caller, self._content(method, route, ME))

    def _listing_webhooks(self) -> Request:
        self._webhook()  # the one there was may just have been deleted
        return self._usual("GET", "/api/v1/webhooks/")

    def _deletion_of_archive(self) -> Request:
        path = f"/api/v1/archives/{self.platform.archive(editor=ME, public=False)}/"
        code = self._ask(f"{path}deletion/")["confirmation"]
        return Request("DELETE", path, ME, {"json": {"confirmation": code}})

    def _signing_in(self) -> Request:
        path = f"/api/v1/users/{self.platform.user_id('target')}/password/"
        self.platform.ok("PUT", path, ME, json={"password": PASSWORD})
        sent = {"username": "target", "password": PASSWORD}
        return Request("POST", "/api/v1/sessions/", None, {"json": sent})

    def _signing_out(self) -> Request:
        cookie = self.send(self._signing_in()).headers["Set-Cookie"]
        secret = cookie.partition("=")[2].partition(";")[0]
        return Request("DELETE", "/api/v1/sessions/current/", secret, {})

    def _asking_for_access(self) -> Request:
        path = f"/api/v1/archives/{self.archive}/requests/"
        return Request("POST", path, self._new_person("asker"), {"json": {}})

    def _retrying(self) -> Request:
        path = f"/api/v1/cases/upload-sessions/{self._session()['pk']}"
        self.platform.ok("POST", f"{path}/cancel/", ME)
        return Request("POST", f"{path}/retry/", ME, {})

    # --- what is the administrator's own here

    def _makers(self) -> dict[str, Callable[[], dict[str, str]]]:
        own = {
            "/requests/<pk>/withdraw/": self._own_request,
            "/deliveries/": self._delivery,
            "/users/find": dict,
        }
        return own | super()._makers()

    def _upload(self) -> dict[str, str]:
        upload = self.platform.upload(ME)
        base = f"/api/v1/uploads/{upload['pk']}/{upload['s3_upload_id']}"
        signed = self.platform.ok("PATCH", f"{base}/generate-presigned-urls/", ME, json={"part_numbers": [1]})
        link = signed["presigned_urls"]["1"].removeprefix(self.platform.settings.public_url)
        self.etag = self.platform.call("PUT", link, data=b"pixels").headers["ETag"]
        return {"pk": upload["pk"], "multipart_id": upload["s3_upload_id"]}

    def _session(self) -> dict[str, str]:
        sent = {"uploads": [self.platform.uploaded(ME)]}
        return {"pk": self._ask("/api/v1/cases/upload-sessions/", sent)["pk"]}

    def _task(self) -> dict[str, str]:
        library = self.platform.library
        task = Task.begin(
            id=new_id(),
            kind="bulk",
            archive=self.archive,
            creator=Actor(self.platform.user_id(ME), ME),
            total=2,
            at=library.clock.now(),
        )
        task.errors = [RowError(row=1, reasons=["There is no such item."])]
        return {"pk": library.tasks.add(task).id}

    def _webhook(self) -> dict[str, str]:
        if self.hook:  # one may have twenty
            self.platform.call("DELETE", f"/api/v1/webhooks/{self.hook}/", ME)
        self.hook = self._ask("/api/v1/webhooks/", {"url": RECEIVER})["pk"]
        return {"pk": self.hook}

    def _delivery(self) -> dict[str, str]:
        """Make one that failed."""
        hook, now = self._webhook(), self.platform.library.clock.now()
        identifier = self._ask(f"/api/v1/webhooks/{self.hook}/test/")["pk"]

        def end(delivery: Delivery) -> None:
            delivery.job, delivery.ended_at = delivery.job.fail("It answers 500."), now
            delivery.attempts = [Attempt(at=now, duration_ms=7, status=500, reason="It answers 500.")]

        settings = FeedSettings(self.platform.settings)
        deliveries_of(feed_documents(settings), SystemClock()).change(identifier, end)
        return hook | {"delivery": identifier}

    def _notification(self) -> dict[str, str]:
        """Give a role and take it, which is told each time, however often it was removed."""
        self.platform.give(self.archive, ME, "user", by="editor")
        self.platform.take(self.archive, ME, "user", by="editor")
        return {"pk": self.platform.ok("GET", "/api/v1/notifications/", ME)["results"][0]["pk"]}

    def _own_request(self) -> dict[str, str]:
        self.caller = self._new_person("withdrawer")
        path = f"/api/v1/archives/{self.archive}/requests/"
        return {"pk": self.platform.ok("POST", path, self.caller, json={})["pk"]}

    def _body(self, method: str, route: str, who: str) -> dict[str, Any]:
        if route == f"{UPLOAD}/complete-multipart-upload/":
            return {"parts": [{"PartNumber": 1, "ETag": self.etag}]}
        if route == "/api/v1/archives/<pk>/import/":
            return {"content": f"title\nimported {next(self._numbers)}\n"}
        return super()._body(method, route, who)

    def _fill_archive(self) -> None:
        """Let the items of the archive be shown with something of every kind, and hold a value of every kind."""
        made = {path: self._ask(f"/api/v1/{path}/", sent) for path, sent in DISPLAY_SETTINGS.items()}
        configuration = {
            "title": "All",
            "window_presets": [made["workstations/window-presets"]["pk"]],
            "overlay_luts": [made["workstations/look-up-tables"]["pk"]],
            "overlay_segments": [{"name": "lung", "voxel_value": 1}],
            "key_bindings": [{"key": "k", "command": "zoom"}],
        }
        self._publication()
        organisation = self._organisation()["pk"]
        shown = {
            "organizations": [f"/api/v1/organisations/{organisation}/"],
            "workstation": made["workstations"]["api_url"],
            "workstation_config": self._ask("/api/v1/workstations/configs/", configuration)["api_url"],
            "hanging_protocol": made["hanging-protocols"]["api_url"],
            "optional_hanging_protocols": [made["hanging-protocols"]["api_url"]],
            "view_content": {"main": ["generic-medical-image"]},
            "publications": ["10.1000/182"],
            "page_markdown": "# Hello",
        }
        self.platform.ok("PATCH", f"/api/v1/archives/{self.archive}/", ME, json=shown)
        self._ask("/api/v1/components/interfaces/", {"title": "Score", "kind": "Float", "example_value": 1})
        mask = {
            "title": "Mask",
            "kind": "Segmentation",
            "overlay_segments": [{"name": "a", "voxel_value": 1}],
        }
        self._ask("/api/v1/components/interfaces/", mask)
        path, item = f"/api/v1/archives/items/{self._item()['pk']}/", {"interface": "score", "value": 0.5}
        self.platform.ok("PATCH", path, ME, json={"values": [item]})

    def _ask(self, path: str, sent: Any = None) -> Any:
        return self.platform.ok("POST", path, ME, json=sent or {})

    def _new_person(self, kind: str) -> str:
        name = f"{kind}{next(self._numbers)}"
        self.platform.person(name)
        return name


def path_of(route: str) -> str:
    """Return a route as the document writes its path."""
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


@contextmanager
def documented_scene(folder: Path) -> Iterator[DocumentedScene]:
    """Build the scene on stores of its own; the folder is for the file of the slide."""
    with assembled_platform() as platform:
        made = scene_on(platform, folder, public=True)
        scene = DocumentedScene(platform, made.archive, made.image, made.volume)
        scene.fill()
        yield scene
