"""Imports through the front door: cancelled and tried again, slides handed on, images without identity."""

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import openslide

from demo.client import ApiError, ArchiveClient
from demo.imaging import anatomy, write_dicom_series, write_picture
from tests.support.platform import running_platform
from tests.support.processes import wait_until
from tests.support.slide_files import aperio_slide

PICTURES = 60  # each of three megabytes has a child of its own, which takes long enough to be caught at it


def many_pictures(folder: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (1024, 1024, 3), np.uint8)
    picture = write_picture(folder / "p.png", noise).read_bytes()
    with zipfile.ZipFile(folder / "many.zip", "w") as packed:
        for number in range(PICTURES):
            packed.writestr(f"{number}.png", picture)
    return folder / "many.zip"


def act(client: ArchiveClient, session: str, verb: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.call("POST", f"cases/upload-sessions/{session}/{verb}/", json={})
    return answer


def session_of(client: ArchiveClient, session: str) -> dict[str, Any]:
    found: dict[str, Any] = client.call("GET", f"cases/upload-sessions/{session}/")
    return found


def test_a_running_import_is_cancelled_and_tried_again(data: Path, tmp_path: Path) -> None:
    with running_platform(data) as platform:
        client = platform.client()
        archive = client.create_archive("Cancelled")["pk"]
        session = client.start_session([client.upload(many_pictures(tmp_path))], archive=archive)["pk"]
        running = wait_until(
            lambda: (
                (found := session_of(client, session))
                and found["progress"]["phase"] == "converting"
                and 0 < found["progress"]["files_done"] < PICTURES
                and found
            ),
            timeout_s=120,
            what="progress",
        )

        cancelled = act(client, session, "cancel")
        # The worker that was fenced off is free for others, who need not wait for what nobody wants.
        other = client.start_session([client.upload(write_picture(tmp_path / "other.png"))], archive=archive)
        client.wait_for_session(other["pk"])
        retried = act(client, session, "retry")
        ended = client.wait_for_session(session, timeout_s=240)

        assert (running["status"], running["progress"]["files_total"]) == ("Started", PICTURES)
        assert (cancelled["status"], cancelled["image_set"]) == ("Cancelled", [])
        assert retried["status"] == "Re-Queued"
        assert (ended["status"], len(ended["image_set"])) == ("Succeeded", PICTURES)
        assert ended["progress"]["files_done"] == ended["progress"]["files_total"] == PICTURES
        assert len(client.wait_for_items(archive, PICTURES + 1)) == PICTURES + 1


def test_an_archive_that_de_identifies_knows_no_patient(data: Path, tmp_path: Path) -> None:
    with running_platform(data) as platform:
        client = platform.client()
        archive = client.call("POST", "archives/", json={"title": "Nobody", "deidentify": True})["pk"]
        files = write_dicom_series(tmp_path / "Muster", anatomy())
        uploads = [client.upload(file) for file in files]

        session = client.wait_for_session(client.start_session(uploads, archive=archive)["pk"])
        (item,) = client.wait_for_items(archive, 1)

        image = client.image(item["values"][0]["image"])
        assert "PatientName" in session["report"]["images"][0]["removed"]
        secrets = (
            "Muster",
            "P-0815",
            "Thorax",
            "19640812",
            "1964-08-12",
        )  # longer than what identifiers hold by chance
        assert not [secret for secret in secrets if secret in f"{item}{image}"]
        assert image["study_instance_uid"].startswith("2.25.")
        assert image["deidentified"] is True


def downloaded_slide(client: ArchiveClient, url: str, target: Path) -> Path | None:
    """Download the canonical slide if there is one; the first is replaced by one with all levels, maybe just now."""
    files = client.image(url)["files"]
    with suppress(ApiError):
        return client.download(files[0]["file"], target) if files else None
    return None


def test_a_scanners_slide_is_converted_on_every_store_and_looked_at(
    data: Path, tmp_path: Path, stores: Mapping[str, str]
) -> None:
    slide = aperio_slide(tmp_path / "case 7.svs", size=(2048, 1536))
    with running_platform(data, environment=stores) as platform:
        client = platform.client()
        archive = client.create_archive("Slides")["pk"]
        client.wait_for_session(client.start_session([client.upload(slide.path)], archive=archive)["pk"])
        (item,) = client.wait_for_items(archive, 1)
        url = item["values"][0]["image"]

        stored = wait_until(
            lambda: downloaded_slide(client, url, tmp_path / "stored.tif"), timeout_s=240, what="the slide"
        )
        assert stored is not None
        image = client.wait_for_preview(url, timeout_s=240)
        info = client.call("GET", f"tiles/images/{image['pk']}/iiif/info.json")

    assert (image["width"], image["height"], image["color_space"]) == (2048, 1536, "RGB")
    assert (info["width"], info["height"]) == (2048, 1536)
    assert not [private for private in slide.private if private in stored.read_bytes()]
    with openslide.OpenSlide(slide.path) as source, openslide.OpenSlide(stored) as product:
        region = ((512, 256), 0, (700, 500))
        assert product.read_region(*region).tobytes() == source.read_region(*region).tobytes()
