"""Nothing acknowledged is lost and nothing happens twice, whichever part dies while files are imported."""

import random
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from demo.client import ArchiveClient
from tests.support.platform import RunningPlatform, running_platform
from tests.support.processes import wait_until
from tests.support.servers import MinioServer
from tests.support.toxic_proxy import toxic_proxy

pytestmark = pytest.mark.minutes
FILES = 10
PARTS = [
    "gateway",
    "permissions-relay",
    "archive-api-relay",
    "archive-api-consumer",
    "ingest-worker-relay",
    "ingest-worker-worker",
    "tiler-relay",
    "tiler-consumer",
    "tiler-worker",
]


def make_files(folder: Path) -> list[Path]:
    folder.mkdir()
    generator = np.random.default_rng(7)
    files = [folder / f"volume-{number:02d}.mha" for number in range(FILES)]
    for file in files:
        pixels = generator.integers(-1000, 1000, (24, 64, 64)).astype(np.int16)
        sitk.WriteImage(sitk.GetImageFromArray(pixels), str(file), useCompression=True)
    return files


def import_each(client: ArchiveClient, archive: str, files: list[Path]) -> list[str]:
    """Upload every file and start a session for each, so that there is work to be interrupted."""
    uploads = [client.upload(file) for file in files]
    return [client.start_session([upload], archive=archive)["pk"] for upload in uploads]


def titles(client: ArchiveClient, archive: str) -> list[str]:
    return sorted(item["title"] for item in client.items(archive))


def assert_every_file_is_one_item(
    client: ArchiveClient, archive: str, sessions: list[str], files: list[Path]
) -> None:
    statuses = [client.wait_for_session(pk, timeout_s=180)["status"] for pk in sessions]
    assert statuses == ["Succeeded"] * FILES
    expected = sorted(file.name for file in files)
    wait_until(
        lambda: titles(client, archive) == expected,
        timeout_s=60,
        what="exactly one item per file",
        interval_s=0.5,
    )
    time.sleep(4)  # longer than the visibility timeout: a message handled twice would show now
    assert titles(client, archive) == expected


@pytest.mark.timeout(400)
def test_one_random_part_dies_during_the_import_and_every_file_is_one_item(
    tmp_path: Path, data: Path, stores: Mapping[str, str]
) -> None:
    files = make_files(tmp_path / "files")
    part = random.choice(PARTS)

    with running_platform(data, environment=stores) as platform:
        client = platform.client()
        archive = client.create_archive("Crash")["pk"]
        sessions = import_each(client, archive, files)
        time.sleep(random.uniform(0, 2))
        platform.kill(part)

        assert_every_file_is_one_item(client, archive, sessions, files)
        assert_restarted(platform, part)


def assert_restarted(platform: RunningPlatform, part: str) -> None:
    wait_until(lambda: part in platform.pids(), timeout_s=30, what=f"{part} running again")
    assert f"{part} ended" in platform.process.log()


@pytest.mark.timeout(400)
def test_every_part_dies_once_during_the_import_and_every_file_is_one_item(
    tmp_path: Path, data: Path
) -> None:
    files = make_files(tmp_path / "files")

    with running_platform(data) as platform:
        client = platform.client()
        archive = client.create_archive("Crashes")["pk"]
        sessions = import_each(client, archive, files)
        for part in random.sample(PARTS, len(PARTS)):
            platform.kill(part)
            time.sleep(0.5)

        assert_every_file_is_one_item(client, archive, sessions, files)


@pytest.mark.timeout(400)
def test_a_blob_store_in_trouble_during_the_import_costs_time_only(
    tmp_path: Path, data: Path, minio_server: MinioServer
) -> None:
    files = make_files(tmp_path / "files")
    with toxic_proxy(int(minio_server.endpoint.rpartition(":")[2])) as proxy:
        stores = {
            "ARCHIVE_BLOBS_URL": f"s3://127.0.0.1:{proxy.port}?secure=0",
            "ARCHIVE_BLOBS_ACCESS_KEY": minio_server.access_key,
            "ARCHIVE_BLOBS_SECRET_KEY": minio_server.secret_key,
        }
        with running_platform(data, environment=stores) as platform:
            client = platform.client()
            archive = client.create_archive("Storm")["pk"]
            sessions = import_each(client, archive, files)
            for trouble in (proxy.refuse, proxy.fall_silent, lambda: proxy.lose_reply_to(b"PUT /")):
                trouble()
                time.sleep(2)
                proxy.heal()
                time.sleep(1)

            assert_every_file_is_one_item(client, archive, sessions, files)
            wait_until(lambda: all_have_previews(client, archive), timeout_s=120, what="a preview of each")


def all_have_previews(client: ArchiveClient, archive: str) -> bool:
    images = [item["values"][0]["image"] for item in client.items(archive)]
    return all(client.call("GET", image)["preview"] for image in images)
