"""What the platform holds survives stopping and starting it."""

from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tests.support.platform import running_platform


def test_a_restart_shows_the_same_archives_and_items(tmp_path: Path, data: Path) -> None:
    file = tmp_path / "volume.mha"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((4, 8, 8), np.int16)), str(file))
    with running_platform(data) as platform:
        client = platform.client()
        archive = client.create_archive("Kept")["pk"]
        client.wait_for_session(client.start_session([client.upload(file)], archive=archive)["pk"])
        before = client.wait_for_items(archive, 1)
        token = platform.token

    with running_platform(data, token=token) as platform:
        client = platform.client()

        assert [found["title"] for found in client.call("GET", "archives/")["results"]] == ["Kept"]
        assert [item["pk"] for item in client.items(archive)] == [item["pk"] for item in before]


def test_stopping_is_clean_and_leaves_no_process_behind(data: Path) -> None:
    with running_platform(data) as platform:
        pids = list(platform.pids().values())

        assert platform.process.stop(timeout_s=40) == 0

    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
