"""Images and their files over HTTP: who sees them when, what is told of them, how they are downloaded."""

from dataclasses import replace
from typing import Any

import pytest

from archive_shared.events import ImageImported, PreviewReady, TilesReady
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import an_import

IMAGES = "/api/v1/cases/images/"


@pytest.fixture
def uploader(service: ArchiveService) -> str:
    return service.people.add_person("uploader")


def shown(service: ArchiveService, token: str, image: str) -> dict[str, Any] | None:
    answer = service.call("GET", f"{IMAGES}{image}/", token)
    return dict(answer.json) if answer.status_code == 200 else None


def listed(service: ArchiveService, token: str, query: str = "") -> list[str]:
    page = service.call("GET", f"{IMAGES}{query}", token).json
    names = [image["name"] for image in page["results"]]
    assert page["count"] == len(names)
    return names


def place(service: ArchiveService, name: str, archive: str) -> ImageImported:
    """Let an image arrive in an archive, and everything that follows from it happen."""
    event = an_import(name, archive=archive)
    service.hear(event)
    service.settle()
    return event


def test_an_image_is_described_in_full(service: ArchiveService, editor: str, archive: str) -> None:
    event = replace(
        an_import("ct.mha", archive=archive), notes=["The pixel size is measured at the detector."]
    )
    service.hear(event)

    image = shown(service, editor, event.image)

    assert image is not None
    [file] = event.files
    assert image == {
        "pk": event.image,
        "name": "ct.mha",
        "api_url": f"{SITE}{IMAGES}{event.image}/",
        "created": image["created"],
        "files": [
            {
                "pk": file.id,
                "image": event.image,
                "file": f"{SITE}/media/images/{event.image}/{file.id}/ct.mha",
                "image_type": "MHD",
                "size_bytes": 1234,
                "sha256": "ab" * 32,
            }
        ],
        "dicom_image_set": None,
        "sources": ["ct.mha"],
        "source_count": 1,
        "pixels_sha256": "cd" * 32,
        "deidentified": False,
        "notes": ["The pixel size is measured at the detector."],
        "width": 512,
        "height": 256,
        "depth": 60,
        "timepoints": None,
        "resolution_levels": None,
        "shape_without_color": [60, 256, 512],
        "shape": [60, 256, 512],
        "voxel_width_mm": 0.5,
        "voxel_height_mm": 0.7,
        "voxel_depth_mm": 2.5,
        "color_space": "GRAY",
        "window_center": None,
        "window_width": None,
        "segments": None,
        "modality": None,
        "eye_choice": "NA",
        "stereoscopic_choice": None,
        "field_of_view": None,
        "patient_id": "P1",
        "patient_name": "",
        "patient_birth_date": None,
        "patient_age": "",
        "patient_sex": "",
        "study_date": "2026-01-31",
        "study_instance_uid": "",
        "series_instance_uid": "",
        "study_description": "",
        "series_description": "",
        "preview": None,
        "preview_state": "pending",
        "tiles": None,
        "tiles_state": None,
        "volume": None,
        "state": "pending",
        "reason": "ct.mha can be downloaded; its preview is being made.",
    }


def test_pictures_have_addresses_once_they_are_there(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import("slide.tif", archive=archive, type="TIFF")
    service.hear(event)
    before = shown(service, editor, event.image)

    service.hear(PreviewReady(image=event.image))
    service.hear(TilesReady(image=event.image, levels=4))

    after = shown(service, editor, event.image)
    assert before is not None
    assert after is not None
    assert (before["preview"], before["tiles"], before["tiles_state"]) == (None, None, "pending")
    tiles = f"{SITE}/api/v1/tiles/images/{event.image}/"
    assert (after["preview"], after["tiles"]) == (f"{tiles}preview.jpeg", tiles)
    assert (after["preview_state"], after["tiles_state"], after["state"]) == ("ready", "ready", "ready")
    assert (before["volume"], after["volume"]) == (None, None)


def test_a_volume_tells_where_its_slices_are_once_it_can_be_looked_at(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    service.settle()

    service.hear(PreviewReady(image=event.image))

    after = shown(service, editor, event.image)
    assert after is not None
    assert after["volume"] == f"{SITE}/api/v1/tiles/images/{event.image}/volume"


def test_a_modality_is_an_object_for_the_public_client(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive)
    service.hear(replace(event, description=replace(event.description, modality="CT")))

    image = shown(service, editor, event.image)

    assert image is not None
    assert image["modality"] == {"modality": "CT"}


def test_an_unplaced_image_is_its_uploaders_alone(
    service: ArchiveService, editor: str, uploader: str
) -> None:
    event = an_import(creator="user-uploader")
    service.hear(event)

    assert shown(service, uploader, event.image) is not None
    assert listed(service, uploader) == ["ct.mha"]
    assert shown(service, editor, event.image) is None
    assert listed(service, editor) == []


def test_a_placed_image_is_its_archives_and_no_longer_its_uploaders(
    service: ArchiveService, editor: str, archive: str, uploader: str
) -> None:
    event = place(service, "ct.mha", archive)

    assert shown(service, editor, event.image) is not None
    assert listed(service, editor) == ["ct.mha"]
    assert shown(service, uploader, event.image) is None
    assert listed(service, uploader) == []


def test_an_image_that_leaves_an_archive_is_seen_there_no_more_even_before_the_index_follows(
    service: ArchiveService, editor: str, archive: str, uploader: str
) -> None:
    event = place(service, "ct.mha", archive)
    [item] = service.library.items.find({"archive": archive})

    service.call("DELETE", f"/api/v1/archives/items/{item.id}/", editor)

    assert shown(service, editor, event.image) is None
    assert service.call("GET", f"{IMAGES}?archive={archive}", editor).json["results"] == []
    assert shown(service, uploader, event.image) is not None
    service.settle()
    assert listed(service, editor) == []
    assert listed(service, uploader) == ["ct.mha"]


def test_an_image_in_two_archives_is_listed_once_and_stays_while_one_holds_it(
    service: ArchiveService, editor: str, archive: str
) -> None:
    other = service.archive(editor=editor)
    event = place(service, "ct.mha", archive)
    url = f"{SITE}{IMAGES}{event.image}/"
    values = [{"interface": "generic-medical-image", "image": url}]
    body = {"archive": f"{SITE}/api/v1/archives/{other}/", "values": values}
    service.call("POST", "/api/v1/archives/items/", editor, json=body)
    service.settle()
    assert listed(service, editor) == ["ct.mha"]

    [item] = service.library.items.find({"archive": archive})
    service.call("DELETE", f"/api/v1/archives/items/{item.id}/", editor)
    service.settle()

    assert listed(service, editor, f"?archive={other}") == ["ct.mha"]
    assert listed(service, editor, f"?archive={archive}") == []


def test_images_can_be_listed_by_archive_and_name(service: ArchiveService, editor: str, archive: str) -> None:
    other, hidden = service.archive(user=editor), service.archive(public=True)
    for name, where in (("a.mha", archive), ("b.mha", other), ("c.mha", hidden), ("d.mha", archive)):
        place(service, name, where)

    assert listed(service, editor) == ["a.mha", "b.mha", "d.mha"]
    assert listed(service, editor, f"?archive={archive}") == ["a.mha", "d.mha"]
    assert listed(service, editor, f"?archive={archive}&name=d.mha") == ["d.mha"]
    assert listed(service, editor, "?name=b.mha") == ["b.mha"]
    assert listed(service, editor, f"?archive={hidden}") == []
    assert listed(service, editor, f"?archive={new_id()}") == []
    assert listed(service, editor, "?archive=foo&ordering=name") == []


def test_an_administrator_sees_every_image(service: ArchiveService, archive: str) -> None:
    administrator = service.people.add_person("root", administrator=True)
    place(service, "a.mha", archive)
    service.hear(an_import("b.mha"))

    assert listed(service, administrator) == ["a.mha", "b.mha"]
    assert listed(service, administrator, f"?archive={archive}") == ["a.mha"]


def test_pages_of_images_follow_one_another(service: ArchiveService, editor: str, archive: str) -> None:
    for number in range(7):
        place(service, f"{number}.mha", archive)

    url, found = f"{IMAGES}?limit=3", []
    while url:
        page = service.call("GET", url, editor).json
        assert page["count"] == 7
        found += [image["name"] for image in page["results"]]
        url = page["next"]

    assert found == [f"{number}.mha" for number in range(7)]


def test_a_file_is_downloaded_through_a_short_lived_link(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = place(service, "ct.mha", archive)
    image = shown(service, editor, event.image)
    assert image is not None

    answer = service.call("GET", image["files"][0]["file"], editor)

    assert answer.status_code == 302
    assert answer.data == b""
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Location"].startswith(f"{SITE}/blobs/images/{event.image}/1/ct.mha?")


def test_head_of_a_file_tells_its_size_without_a_redirect(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = place(service, "ct.mha", archive)
    image = shown(service, editor, event.image)
    assert image is not None

    answer = service.call("HEAD", image["files"][0]["file"], editor)

    assert answer.status_code == 200
    assert answer.headers["Content-Length"] == "1234"
    assert answer.headers["ETag"] == f'"{"ab" * 32}"'


@pytest.mark.parametrize(
    ("stored", "last"),
    [
        (("scan", "MHD"), "scan.mha"),
        (("scan.nii.gz", "MHD"), "scan.nii.gz.mha"),
        (("SCAN.MHA", "MHD"), "SCAN.MHA"),
        (("slide.svs", "TIFF"), "slide.svs.tif"),
        (("a b#?%é.mha", "MHD"), "a%20b%23%3F%25%C3%A9.mha"),
        (("../../etc/passwd", "MHD"), "passwd.mha"),
    ],
)
def test_the_address_of_a_file_ends_in_a_name_with_the_right_suffix_and_works(
    service: ArchiveService, editor: str, archive: str, stored: tuple[str, str], last: str
) -> None:
    name, type = stored
    event = an_import("x", archive=archive, type=type)
    service.hear(replace(event, files=[replace(event.files[0], name=name)]))
    image = shown(service, editor, event.image)
    assert image is not None

    url = image["files"][0]["file"]

    assert url.rsplit("/", 1)[1] == last
    assert service.call("GET", url, editor).status_code == 302


@pytest.mark.parametrize("part", ["image", "file", "name"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_under_another_address_is_not_found(
    service: ArchiveService, editor: str, archive: str, part: str, method: str
) -> None:
    event = place(service, "ct.mha", archive)
    address = {"image": event.image, "file": event.files[0].id, "name": "ct.mha"} | {part: new_id()}

    answer = service.call(
        method, f"/media/images/{address['image']}/{address['file']}/{address['name']}", editor
    )

    assert answer.status_code == 404


@pytest.mark.parametrize("pk", ["foo", "6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f", "%00"])
def test_an_unknown_or_malformed_image_is_not_found(service: ArchiveService, editor: str, pk: str) -> None:
    assert service.call("GET", f"{IMAGES}{pk}/", editor).status_code == 404
