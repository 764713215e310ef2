"""What a confined child does for the fuzzer: import one damaged upload from first look to canonical image."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from ingest_worker.adapters.readers import dicom
from ingest_worker.adapters.tasks import OnProgress, convert_candidate, file_document, look_at
from ingest_worker.adapters.tasks import recognised_from_document as recognised
from ingest_worker.adapters.unpacking import Allowance, is_zip, unpack
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import gather
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat
from tests.support import misbehaviour


def import_with_broken_decoder(
    arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress
) -> dict[str, Any]:
    """Do the same with a decoder of DICOM pixels that misbehaves as asked, as decoders of strangers' bytes may."""
    misbehave = getattr(misbehaviour, arguments["decoder"])
    for reading in ("read_frames", "read_together"):
        setattr(dicom, reading, lambda *_: misbehave({}, budget=budget, on_progress=on_progress))
    return import_alone(arguments, budget=budget, on_progress=on_progress)


def import_alone(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Return the checksums of the pixels of whatever could be imported, and the names of all files accounted for."""
    folder = Path(arguments["folder"])
    for left in folder.iterdir():  # by an attempt that died, together with others
        if left.name != "in":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    present = sorted(path for path in (folder / "in").rglob("*") if path.is_file())
    files = [SourceFile(path.relative_to(folder / "in").as_posix(), path) for path in present]
    rejected = []
    for archive in [file for file in files if is_zip(file.path)]:
        unpacked = unpack(archive, folder, Allowance.of(budget))
        files = [file for file in files if file != archive] + unpacked.files
        rejected += [rejection.file for rejection in unpacked.rejections]
    looked = look_at(
        {"files": [file_document(file) for file in files]}, budget=budget, on_progress=on_progress
    )
    candidates, rejections = gather(list(map(recognised, files, looked["recognised"])))
    rejected += [rejection.file for rejection in rejections]
    pixels, used = [], set[str]()
    for number, candidate in enumerate(one.without_tiler() for one in candidates):
        used |= {file.name for file in candidate.files}
        if isinstance(candidate.format, SlideFormat):
            continue
        (folder / str(number)).mkdir()
        converted = convert_candidate(
            {
                "format": candidate.format,
                "files": [file_document(file) for file in candidate.files],
                "folder": str(folder / str(number)),
                "threads": 1,
            },
            budget=budget,
            on_progress=on_progress,
        )
        pixels += [image["pixels_sha256"] for image in converted["images"]]
        for image in converted["images"]:
            assert hashlib.sha256((folder / str(number) / image["file"]).read_bytes()).digest()
    missing = {file.name for file in files} - used - set(rejected)
    assert not missing, missing
    return {"pixels": sorted(pixels)}
