"""The rendering program as the worker starts it: one order on standard input, one line of JSON, an exit code."""

import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from archive_shared.jobs.child import EX_DATAERR, EX_UNAVAILABLE
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Ending, Program, Refused, Succeeded
from tests.integration.tiler.conftest import Studio
from tiler.bootstrap import RENDERING_PROGRAM, rendering_handler
from tiler.domain.tile_index import TileIndex

TRACEPARENT = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"


def payload(studio: Studio, image: str, **changes: Any) -> dict[str, Any]:
    return dict(rendering_handler().payload(studio.job(image))) | changes


def run(environment: Mapping[str, str], order: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        RENDERING_PROGRAM,
        input=json.dumps(order) + "\n",
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ordered(work: Mapping[str, Any]) -> dict[str, Any]:
    return {"parent": os.getpid(), "traceparent": TRACEPARENT, "payload": work}


def test_it_stores_the_products_and_says_where(
    studio: Studio, environment: Mapping[str, str], slide: bytes
) -> None:
    image = studio.import_image(slide, type="TIFF")

    done = run(environment, ordered(payload(studio, image, epoch=7)))

    assert done.returncode == 0
    (line,) = done.stdout.splitlines()
    preview, index = f"previews/{image}/7", f"indexes/{image}/7"
    result = json.loads(line)["result"]
    assert result["preview"] == {"key": preview, "content_type": "image/jpeg"}
    assert result["index"] == {
        "key": index,
        "levels": 3,
        "source": {"key": studio.job(image).source.key, "size_bytes": len(slide), "type": "TIFF"},
        "width": 500,
        "height": 380,
        "pixel_width_um": 0.5,
        "pixel_height_um": 0.25,
    }
    assert studio.media.read(preview).startswith(b"\xff\xd8")
    assert len(TileIndex.from_bytes(studio.media.read(index)).levels) == 3


def test_it_refuses_an_unreadable_image_with_a_reason(studio: Studio, environment: Mapping[str, str]) -> None:
    image = studio.import_image(b"noise" * 100)

    done = run(environment, ordered(payload(studio, image)))

    assert done.returncode == EX_DATAERR
    assert json.loads(done.stdout) == {"failure": "The file is neither a TIFF nor a MetaImage."}
    assert list(studio.media.list()) == []


def test_it_refuses_an_image_that_is_gone(
    studio: Studio, environment: Mapping[str, str], volume: bytes
) -> None:
    image = studio.import_image(volume)
    studio.images.delete(studio.job(image).source.key)

    done = run(environment, ordered(payload(studio, image)))

    assert done.returncode == EX_DATAERR
    assert json.loads(done.stdout) == {"failure": "The file of the image is not there any more."}


def test_it_waits_for_a_store_that_does_not_answer(
    studio: Studio, environment: Mapping[str, str], volume: bytes
) -> None:
    image = studio.import_image(volume)
    silent = {
        "ARCHIVE_BLOBS_URL": "s3://127.0.0.1:9?secure=0",
        "ARCHIVE_BLOBS_ACCESS_KEY": "key",
        "ARCHIVE_BLOBS_SECRET_KEY": "secret of the store",
    }

    done = run({**environment, **silent}, ordered(payload(studio, image)))

    assert done.returncode == EX_UNAVAILABLE
    assert json.loads(done.stdout) == {"failure": "A store that the tiler works with does not answer."}
    assert "a store does not answer" in done.stderr


def test_it_does_nothing_for_a_worker_that_died(
    studio: Studio, environment: Mapping[str, str], volume: bytes
) -> None:
    image = studio.import_image(volume)
    orphaned = {"parent": 1, "traceparent": TRACEPARENT, "payload": payload(studio, image)}

    done = run(environment, orphaned)

    assert (done.returncode, done.stdout) == (0, "")
    assert list(studio.media.list()) == []


def test_a_worker_understands_its_result_and_leaves_it_room(
    studio: Studio, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, slide: bytes
) -> None:
    set_all(monkeypatch, environment)
    image = studio.import_image(slide, type="TIFF")

    ending = ended(Program(RENDERING_PROGRAM, JobPolicy()), payload(studio, image))

    assert isinstance(ending, Succeeded)
    assert (ending.result["index"]["key"], ending.result["index"]["levels"]) == (f"indexes/{image}/0", 3)


def test_a_worker_understands_its_refusal(
    studio: Studio, environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, environment)
    image = studio.import_image(b"noise")

    ending = ended(Program(RENDERING_PROGRAM, JobPolicy()), payload(studio, image))

    assert ending == Refused("The file is neither a TIFF nor a MetaImage.")


def set_all(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def ended(program: Program, work: Mapping[str, Any]) -> Ending:
    """Have a program do its work as the worker does, and return how it ended."""
    try:
        program.order(work, TRACEPARENT)
        while not program.has_ended():
            program.listen(1)
        return program.ending()
    finally:
        program.kill()
