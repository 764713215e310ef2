"""An archive with an image in it, somebody of each kind, and a request for every route that would be right."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from werkzeug.test import TestResponse

from archive_api.domain.history import Actor
from archive_api.domain.service_link import TargetKind
from archive_api.domain.task import Task
from archive_api.domain.value import StoredFile, Value
from archive_api.use_cases.link_services import WantedLink, register_link
from archive_gateway.routes import Service
from archive_shared.identifiers import derived_id, new_id
from tests.integration.matrix.table import ARCHIVE, UPLOAD
from tests.support import canonical_images
from tests.support.assembled_platform import AssembledPlatform, assembled_platform
from tests.support.pictures import a_picture
from tiler.bootstrap import documents as tiler_documents
from tiler.bootstrap import jobs_of
from tiler.entrypoints.http.entity_tags import entity_tag

DISPLAY_SETTINGS: dict[str, dict[str, Any]] = {
    "workstations/configs": {"title": "Mammography"},
    "workstations/window-presets": {"title": "Lung", "center": -600, "width": 1500},
    "workstations/look-up-tables": {"title": "Hot", "color": "[0 0 0 0, 1 1 1 1]", "alpha": "[0 0, 1 1]"},
    "hanging-protocols": {"title": "One", "json": [{"viewport_name": "main"}]},
    "workstations": {"title": "Viewer", "url": "https://viewer.test/", "public": True},
}
RECEIVER = "https://93.184.215.14/hook"  # on the open internet; nothing is sent there, no worker runs
LUNG, NODULE = ({"name": name, "voxel_value": value} for value, name in ((1, "lung"), (2, "nodule")))
REPORT = Value(
    socket="report", file=StoredFile(key="values/ab/ab", name="report.pdf", size_bytes=1, sha256="ab")
)


@dataclass
class Scene:
    """An archive with two images in it, and somebody of each kind.

    Parameters
    ----------
    image, volume
        A slide, and one whose slices can be asked for.
    nowhere
        Whether archive and images are ones nobody ever made; then neither is anything else that is asked about.
    """

    platform: AssembledPlatform
    archive: str
    image: str
    volume: str = field(default_factory=new_id)
    nowhere: bool = False
    _numbers: Iterator[int] = field(default_factory=count)

    def ask(self, who: str, service: Service, method: str, route: str) -> TestResponse:
        """Send a request that would be right, were it not for who sends it."""
        values = self._values(route)
        path = route
        for name, value in values.items():
            path = path.replace(f"<{name}>", value)
        query = "?name=target" if route.endswith("/find/") else ""
        caller = None if who == "anonymous" else who
        content = self._content(method, route, who)
        return self.platform.call_service(service, method, path + query, caller, **content)

    def sent_path(self, answer: TestResponse) -> str:
        """Return the path that was asked for, which an answer may repeat."""
        return str(answer.request.path)

    def documents(self) -> list[Any]:
        """Return what the archive is made of, as it is stored now."""
        library = self.platform.library
        return [
            library.archives.require(self.archive),
            library.images.require(self.image),
            library.items.find({"images": self.image}),
            self.platform.directory.rosters.require(self.archive),
            self.platform.directory.admissions.get(self.archive),
        ]

    # --- what a route is about

    def _values(self, route: str) -> dict[str, str]:
        fixed = {
            "archive": self.archive,
            "image": self.volume if "/slices/" in route or route.endswith("/volume") else self.image,
            "version": self._version() if "<version>" in route else "",
            "axis": "axial",
            "int:index": "3",
            "name": _name(route),
            "file": derived_id("test file", self.image),
            "user": self.platform.user_id("target"),
            "role": "user",
            "int:pk": "1",
            "int:width": "640" if "social-images" in route else "160",
            "int:value": str(REPORT.number),
            "slug": "chest-ct",
            "item": self.image,
            "path:name": "app.js",
            "path:unknown": "nowhere/to/be/found",
            "bucket": "images",
            "path:key": f"{self.image}/1/slide.tif",
            "int:level": "0",
            "int:column": "0",
            "int:row": "0",
            "int:z": "0",
            "int:x": "0",
            "int:y": "0",
            "extension": "jpeg",
            "encoding": "jpeg",
            "region": "full",
            "size": "max",
            "rotation": "0",
            "quality": "default",
            "format": "jpg",
            "download": derived_id("test download", self.archive),
            "delivery": derived_id("test delivery", self.archive),
        }
        return fixed | self._own(route)

    def _version(self) -> str:
        """Return what stands in lasting addresses of the volume's slices."""
        found = jobs_of(tiler_documents(self.platform.settings)).get(self.volume)
        return entity_tag(found.source.key if found else self.volume)

    def _own(self, route: str) -> dict[str, str]:
        """Make the thing a route is about, of somebody who is none of those who ask."""
        if self.nowhere:
            return {name: new_id() for name in ("pk", "multipart_id", "user", "snapshot", "link")}
        for part, make in self._makers().items():
            if part in route:
                return make()
        return {"pk": self.archive}

    def _makers(self) -> dict[str, Callable[[], dict[str, str]]]:
        return {
            "/members/<user>": self._member,
            **{f"/{path}/<pk>": partial(self._display_setting, path) for path in DISPLAY_SETTINGS},
            "/modalities/<slug>": partial(self._term, "modalities"),
            "/structures/<slug>": partial(self._term, "structures"),
            "/publications/<pk>": self._publication,
            "/archives/items/<pk>/view-link/": self._item_with_viewer,
            "/archives/items/<pk>": self._item,
            "/archives/snapshots/<pk>": self._snapshot,
            "/archives/<pk>/links/<link>": self._link,
            "/media/snapshots/<snapshot>": self._snapshot_with_file,
            "/media/items/<item>": self._item_with_file,
            "/media/viewer-logos/<viewer>": self._viewer_with_logo,
            "/downloads/<download>": self._download,
            "/tasks/<pk>": self._task,
            "/components/interfaces/<int:pk>": self._segmentation,
            "/cases/images/<pk>": lambda: {"pk": self.image},
            "/uploads/<pk>": self._upload,
            "/upload-sessions/<pk>": self._session,
            "/requests/<pk>": self._request,
            "/webhooks/<pk>": self._webhook,
            "/notifications/<pk>": self._notification,
            "/organisations/<pk>": self._organisation,
            "/users/find": self._no_other_archive,
            "/users/<pk>": lambda: {"pk": self.platform.user_id("target")},
            "/tokens/<pk>": self._token,
        }

    def _member(self) -> dict[str, str]:
        self.platform.give(self.archive, "target", "user", by="editor")
        return {}

    def _item(self) -> dict[str, str]:
        sent = {"archive": self._address()}
        return {"pk": self.platform.ok("POST", "/api/v1/archives/items/", "editor", json=sent)["pk"]}

    def _item_with_viewer(self) -> dict[str, str]:
        if not self.platform.library.archives.require(self.archive).settings.workstation:
            path = f"/api/v1/workstations/{self._display_setting('workstations')['pk']}/"
            sent = {"workstation": f"{self.platform.settings.public_url}{path}"}
            self.platform.ok("PATCH", f"/api/v1/archives/{self.archive}/", "editor", json=sent)
        return self._item()

    def _item_with_file(self) -> dict[str, str]:
        item = self._item()["pk"]
        library = self.platform.library
        library.items.change(item, lambda present: present.put(REPORT, at=library.clock.now()))
        return {"item": item}

    def _display_setting(self, path: str) -> dict[str, str]:
        made = self.platform.ok("POST", f"/api/v1/{path}/", "administrator", json=DISPLAY_SETTINGS[path])
        return {"pk": str(made["pk"])}

    def _term(self, kind: str) -> dict[str, str]:
        sent = self._new_term(kind)
        return {"slug": self.platform.ok("POST", f"/api/v1/{kind}/", "administrator", json=sent)["slug"]}

    def _new_term(self, kind: str) -> dict[str, str]:
        return {"name": f"New {next(self._numbers)}"} | ({"region": "Head"} if kind == "structures" else {})

    def _publication(self) -> dict[str, str]:
        sent = self._new_publication()
        return {"pk": self.platform.ok("POST", "/api/v1/publications/", "administrator", json=sent)["pk"]}

    def _new_publication(self) -> dict[str, Any]:
        return {"identifier": f"10.1000/{next(self._numbers)}", "title": "On lungs", "year": 2026}

    def _viewer_with_logo(self) -> dict[str, str]:
        sent = DISPLAY_SETTINGS["workstations"] | {"logo": base64.b64encode(a_picture()).decode()}
        made = self.platform.ok("POST", "/api/v1/workstations/", "administrator", json=sent)
        return {"viewer": made["pk"], "name": made["logo"].rpartition("/")[2]}

    def _snapshot(self) -> dict[str, str]:
        path = f"/api/v1/archives/{self.archive}/snapshots/"
        return {"pk": self.platform.ok("POST", path, "editor", json={})["pk"]}

    def _snapshot_with_file(self) -> dict[str, str]:
        item = self._item_with_file()
        return item | {"snapshot": self._snapshot()["pk"]}

    def _link(self) -> dict[str, str]:
        wanted = WantedLink(
            reference=new_id(),
            kind="evaluation",
            title="",
            url="",
            target_kind=TargetKind.ARCHIVE,
            target=self.archive,
        )
        return {"pk": self.archive, "link": register_link(self.platform.library, "challenges", wanted).id}

    def _download(self) -> dict[str, str]:
        path = f"/api/v1/archives/{self.archive}/downloads/"
        return {"pk": self.archive, "download": self.platform.ok("POST", path, "editor", json={})["pk"]}

    def _segmentation(self) -> dict[str, str]:
        sent = {"title": f"Mask {next(self._numbers)}", "kind": "Segmentation", "overlay_segments": [LUNG]}
        made = self.platform.ok("POST", "/api/v1/components/interfaces/", "administrator", json=sent)
        return {"int:pk": str(made["pk"])}

    def _task(self) -> dict[str, str]:
        library = self.platform.library
        task = Task.begin(
            id=new_id(),
            kind="bulk",
            archive=self.archive,
            creator=Actor("nobody", "nobody"),
            total=0,
            at=library.clock.now(),
        )
        return {"pk": library.tasks.add(task).id}

    def _upload(self) -> dict[str, str]:
        upload = self.platform.upload("target")
        return {"pk": upload["pk"], "multipart_id": upload["s3_upload_id"]}

    def _session(self) -> dict[str, str]:
        sent = {"uploads": [self.platform.uploaded("target")]}
        return {"pk": self.platform.ok("POST", "/api/v1/cases/upload-sessions/", "target", json=sent)["pk"]}

    def _request(self) -> dict[str, str]:
        name = f"asker{next(self._numbers)}"
        self.platform.person(name)
        path = f"/api/v1/archives/{self.archive}/requests/"
        return {"pk": self.platform.ok("POST", path, name, json={})["pk"]}

    def _webhook(self) -> dict[str, str]:
        name = f"listener{next(self._numbers)}"  # one may have twenty
        self.platform.person(name)
        return {"pk": self.platform.ok("POST", "/api/v1/webhooks/", name, json={"url": RECEIVER})["pk"]}

    def _notification(self) -> dict[str, str]:
        self._member()
        return {"pk": self.platform.ok("GET", "/api/v1/notifications/", "target")["results"][0]["pk"]}

    def _organisation(self) -> dict[str, str]:
        sent = {"slug": f"clinic-{next(self._numbers)}", "title": "Clinic"}
        return {"pk": self.platform.ok("POST", "/api/v1/organisations/", "administrator", json=sent)["pk"]}

    def _token(self) -> dict[str, str]:
        made = self.platform.ok("POST", "/api/v1/tokens/", "target", json={"name": "one more"})
        return {"pk": made["pk"]}

    def _no_other_archive(self) -> dict[str, str]:
        """Forget the archives that others have made meanwhile: their editors look for people as well."""
        documents = self.platform.permissions.documents
        for archive in set(documents.identifiers("rosters")) - {self.archive}:
            documents.delete("rosters", archive)
        return {}

    def _address(self) -> str:
        return f"{self.platform.settings.public_url}/api/v1/archives/{self.archive}/"

    # --- what is sent

    def _content(self, method: str, route: str, who: str) -> dict[str, Any]:
        if method in ("GET", "DELETE") and (method, route) != ("DELETE", "/api/v1/archives/<pk>/"):
            return {}
        if route == "/blobs/<bucket>/<path:key>":
            return {"data": b"x"}
        return {"json": self._body(method, route, who)}

    def _body(self, method: str, route: str, who: str) -> dict[str, Any]:
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("POST", "/api/v1/archives/"): {"title": "New"},
            ("PATCH", "/api/v1/archives/<pk>/"): {"description": "New"},
            **{("POST", f"/api/v1/{kind}/"): self._new_term(kind) for kind in ("modalities", "structures")},
            **{
                ("PATCH", f"/api/v1/{kind}/<slug>/"): {"description": "New"}
                for kind in ("modalities", "structures")
            },
            ("POST", "/api/v1/publications/"): self._new_publication(),
            ("PATCH", "/api/v1/publications/<pk>/"): {"title": "Other"},
            ("POST", "/api/v1/archives/items/"): {"archive": self._address()},
            ("PATCH", "/api/v1/archives/items/<pk>/"): {"title": f"New {next(self._numbers)}"},
            ("PUT", "/api/v1/archives/items/<pk>/"): {"values": []},
            ("POST", "/api/v1/archives/<pk>/import/"): {"content": "title\nx\n", "dry_run": True},
            ("POST", "/api/v1/archives/items/<pk>/move/"): {"archive": self._address()},
            ("POST", "/api/v1/archives/items/<pk>/copy/"): {"archive": self._address()},
            ("POST", "/api/v1/archives/items/bulk/"): {
                "archive": self._address(),
                "rows": [{"operation": "create"}],
            },
            ("POST", "/api/v1/components/interfaces/"): {
                "title": f"Score {next(self._numbers)}",
                "kind": "Float",
            },
            ("PATCH", "/api/v1/components/interfaces/<int:pk>/"): {"overlay_segments": [LUNG, NODULE]},
            ("POST", "/api/v1/uploads/"): {"filename": "a.mha"},
            ("PATCH", f"{UPLOAD}/generate-presigned-urls/"): {"part_numbers": [1]},
            ("PATCH", f"{UPLOAD}/complete-multipart-upload/"): {"parts": [{"PartNumber": 1, "ETag": "x"}]},
            ("POST", f"{ARCHIVE}/members/"): {"user": "target", "role": "user"},
            ("PATCH", f"{ARCHIVE}/admission/"): {"handling": "manual"},
            ("POST", "/api/v1/organisations/"): {"slug": f"new-{next(self._numbers)}", "title": "New"},
            ("PATCH", "/api/v1/organisations/<pk>/"): {"title": "Other"},
            ("POST", "/api/v1/sessions/"): {
                "username": f"nobody{next(self._numbers)}",  # too many wrong passwords for one name are refused
                "password": "not the right one",
            },
            ("POST", "/api/v1/webhooks/"): {"url": RECEIVER},
            ("PATCH", "/api/v1/webhooks/<pk>/"): {"types": []},
            ("POST", "/api/v1/users/"): {"username": f"new{next(self._numbers)}"},
            ("PATCH", "/api/v1/users/me/"): {"mail": "digest"},
            ("PATCH", "/api/v1/users/<pk>/"): {"verified": True},
            ("PUT", "/api/v1/users/<pk>/password/"): {"password": "a quite long password"},
            ("POST", "/api/v1/tokens/"): {"name": "new"},
        }
        if (method, route) == ("POST", "/api/v1/cases/upload-sessions/"):
            known = who not in ("anonymous", "wrong")
            uploads = [self.platform.uploaded(who)] if known else []
            return {"uploads": uploads, "archive": self.archive}
        changes = {("PATCH", f"/api/v1/{path}/<pk>/"): {"title": "New"} for path in DISPLAY_SETTINGS}
        additions = {("POST", f"/api/v1/{path}/"): sent for path, sent in DISPLAY_SETTINGS.items()}
        return (bodies | changes | additions).get((method, route), {})


def _name(route: str) -> str:
    """Return the name of the file a route is about."""
    if "logos" in route or "social-images" in route:
        return "logo.png"
    if "associated" in route:
        return "label"
    is_value = "/media/items/" in route or "/media/snapshots/" in route
    return "report.pdf" if is_value else "slide.tif"


@contextmanager
def archive_with_people(folder: Path, *, public: bool) -> Iterator[Scene]:
    """Build the scene on stores of its own."""
    with assembled_platform() as platform:
        yield scene_on(platform, folder, public=public)


def scene_on(platform: AssembledPlatform, folder: Path, *, public: bool) -> Scene:
    """Build the scene on a platform where nobody is yet; the folder is for the file of the slide."""
    for name in ("outsider", "user", "uploader", "editor", "target"):
        platform.person(name)
    platform.person("administrator", administrator=True)
    platform.tokens["wrong"] = "map_nobodys"
    archive = platform.archive(editor="editor", public=public)
    platform.put_logo(archive, "logo.png")
    for role in ("user", "uploader"):
        platform.give(archive, role, role, by="editor")
    platform.library.media_blobs.put("values/ab/ab", b"%")  # of REPORT
    socket = {"title": "Report", "kind": "PDF file"}
    platform.ok("POST", "/api/v1/components/interfaces/", "administrator", json=socket)
    image = platform.import_image(
        archive=archive, creator="uploader", body=canonical_images.slide(folder, profile="srgb")
    )
    platform.render(image)
    volume = platform.import_image(
        archive=archive, creator="uploader", body=canonical_images.volume(folder), name="ct.mha", type="MHD"
    )
    platform.keep_label(image, archive)
    return Scene(platform, archive, image, volume)
