"""Folders that are added to an archive on the page, and what became of imports that began elsewhere."""

import base64
import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from selenium.webdriver.common.by import By

from demo.imaging import anatomy, write_dicom_series
from tests.support.platform import RunningPlatform
from tests.support.portal import Page, volume
from tests.support.portal_images import AXES
from tests.support.processes import wait_until

SAME_MOMENT = (1_700_000_000, 1_700_000_000)
ZIPPED = """
    const [largest, done] = arguments;
    (async () => {
        const { zipped } = await import("/static/zip.js");
        const texts = { "a/ü.txt": "hello", "b/x.bin": "x".repeat(3000), "empty": "" };
        const files = Object.entries(texts).map(([path, text]) => ({ path, file: new File([text], "a name") }));
        const made = await zipped("made.zip", files, { largest, canNotRead: (file, error) => { throw error; } });
        return btoa(String.fromCharCode(...new Uint8Array(await made.arrayBuffer())));
    })().then(done, (error) => done(String(error)));
"""


@pytest.fixture
def disc(tmp_path: Path) -> Path:
    """Return a folder as hospitals hand it out: two series whose files have the same names, sizes and dates."""
    folder = tmp_path / "disc"
    for number in (1, 2):

        def change(dataset: Dataset, _: int, number: int = number) -> None:
            for name in ("SeriesInstanceUID", "SOPInstanceUID"):
                dataset[name].value += f".{number}"
            dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
            dataset.SeriesDescription = f"Series {number}"

        for file in write_dicom_series(folder / f"SER{number}", anatomy(6, seed=number), change=change):
            os.utime(file, SAME_MOMENT)
    (folder / ".DS_Store").write_bytes(b"of the file manager")
    return folder


def test_a_folder_of_series_with_files_of_the_same_names_is_added_at_once(
    page: Page, platform: RunningPlatform, disc: Path
) -> None:
    archive = platform.client().create_archive("Of a disc")
    page.sign_in(platform.token)
    page.shows("Of a disc")
    page.open(f"/archives/{archive['slug']}/")

    page.find("#folder").send_keys(str(disc))

    page.shows("2 images from 1 file", timeout_s=60)
    assert not page.all(".refusals")
    items = platform.client().wait_for_items(archive["pk"], 2)
    assert {item["title"].partition("-")[0] for item in items} == {"Series 1", "Series 2"}


def test_folders_and_files_are_dropped_together(
    page: Page, platform: RunningPlatform, disc: Path, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Dropped")
    page.sign_in(platform.token)
    page.shows("Dropped")
    page.open(f"/archives/{archive['slug']}/")
    box = page.find(".drop").rect
    middle = {start: box[start] + box[length] / 2 for start, length in AXES}
    files = [str(disc), str(volume(tmp_path, "loose.mha"))]
    data = {"items": [], "files": files, "dragOperationsMask": 1}

    for kind in ("dragEnter", "dragOver", "drop"):
        page.browser.execute_cdp_cmd("Input.dispatchDragEvent", {"type": kind, **middle, "data": data})

    page.shows("3 images from 2 files", timeout_s=60)


@pytest.mark.parametrize("largest", [0xFFFFFFFF, 1000, 3])
def test_zips_of_the_page_can_be_read_also_beyond_what_32_bits_count(page: Page, largest: int) -> None:
    page.open("/")

    made = page.browser.execute_async_script(ZIPPED, largest)

    with zipfile.ZipFile(BytesIO(base64.b64decode(made))) as found:
        assert found.testzip() is None
        assert found.namelist() == ["a/ü.txt", "b/x.bin", "empty"]
        assert found.read("a/ü.txt") == b"hello"


def test_files_that_only_look_alike_outside_are_not_taken_for_an_interrupted_upload(page: Page) -> None:
    page.open("/")

    names = page.browser.execute_async_script("""
        const done = arguments[0];
        const noted = [];
        const { setItem } = Storage.prototype;
        Storage.prototype.setItem = function (name, value) { noted.push(name); setItem.call(this, name, value); };
        const answers = { "/uploads/": { pk: "1", s3_upload_id: "2" } };
        window.fetch = async () => new Response(JSON.stringify({ pk: "1", s3_upload_id: "2", parts: [] }));
        import("/static/upload.js").then(async ({ upload }) => {
            const stop = AbortSignal.abort();
            const file = (text) => new File([text], "IM0001", { lastModified: 1 });
            for (const text of ["one slice", "another 1"]) await upload(file(text), { onProgress() {}, signal: stop }).catch(() => {});
            done(noted);
        });
    """)

    assert len(set(names)) == 2


def test_sending_is_stopped_and_nothing_is_added(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    archive = platform.client().create_archive("Stopped")
    page.sign_in(platform.token)
    page.shows("Stopped")
    page.open(f"/archives/{archive['slug']}/")
    page.find("#files")
    page.send_slowly(2_000)
    page.find("#files").send_keys(str(volume(tmp_path, "large.mha")))
    page.shows("Sending:")

    page.press("Stop sending")

    page.shows("Sending was stopped.")
    assert page.find("#files").is_enabled()
    sessions = platform.client().call("GET", "cases/upload-sessions/")["results"]
    assert archive["pk"] not in [session["archive"] for session in sessions]


def test_more_files_than_an_import_takes_are_not_sent_first(page: Page, platform: RunningPlatform) -> None:
    archive = platform.client().create_archive("Too many")
    page.sign_in(platform.token)
    page.shows("Too many")
    page.open(f"/archives/{archive['slug']}/")
    page.find("#files")

    page.browser.execute_script("""
        const data = new DataTransfer();
        for (let at = 0; at <= 2000; at += 1) data.items.add(new File(["x"], `${at}.dcm`));
        const input = document.querySelector("#files");
        input.files = data.files;
        input.dispatchEvent(new Event("change"));
    """)

    page.shows("These are 2001 files.")


def test_reasons_of_an_import_are_found_from_its_notification_on_any_machine(
    page: Page, platform: RunningPlatform, tmp_path: Path
) -> None:
    client = platform.client()
    archive = client.create_archive("Elsewhere begun")
    broken = tmp_path / "broken.mha"
    broken.write_bytes(b"ObjectType = Image\nNDims = 3\n")
    uploads = [client.upload(file) for file in (volume(tmp_path, "good.mha"), broken)]
    client.wait_for_session(client.start_session(uploads, archive=archive["pk"])["pk"])
    wait_until(
        lambda: any(
            each["archive"] == archive["pk"] for each in client.call("GET", "notifications/")["results"]
        ),
        timeout_s=30,
        what="the notification",
    )
    page.sign_in(platform.token)
    page.shows("New archive")
    page.open("/notifications/")
    page.shows("1 image; 1 refused")

    page.browser.find_element(By.PARTIAL_LINK_TEXT, "Open Elsewhere begun").click()

    page.shows("1 image from 2 files")
    assert "broken.mha" in page.find(".earlier .refusals").text
