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
