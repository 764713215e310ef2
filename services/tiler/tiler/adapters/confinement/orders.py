"""What a confined process does when it is told to: one order, with results in files where they are large."""

import errno
import importlib
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tiler.adapters.confinement.desk_files import DeskFiles
from tiler.adapters.reading_here import ReadingHere
from tiler.domain.problems import UnreadableImage
from tiler.use_cases.reading import Progress

Order = Mapping[str, Any]
PREVIEW, INDEX = "preview.jpeg", "index"

_OF_PILLOW = tuple(f"PIL.{each}ImagePlugin" for each in ("Bmp", "Gif", "Jpeg", "Ppm", "Png"))
"""What it loads when it first encodes a picture, of whatever kind."""

_LOADED = {
    "render": (
        "tiler.adapters.preview",
        "numpy.ma",  # numpy loads it when it first looks for distinct values
        *_OF_PILLOW,
    ),
    "convert": ("tiler.adapters.slides.conversion", "numpy"),  # which makes the look at tiles faster
    "fill": ("tiler.adapters.slides.filling",),
}
_STOPPED_BY = {
    errno.EFBIG: "file size",
    errno.EMFILE: "open files",
    errno.ENOMEM: "memory",
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk full",
}


def load(kind: str) -> None:
    """Load what most orders of a kind need, before there is one."""
    for module in _LOADED[kind]:
        importlib.import_module(module)


def obey(order: Order, on_progress: Progress) -> dict[str, Any]:
    """Do what is ordered, and say what came of it.

    This is the wall around decoders of a dozen libraries fed with bytes from strangers: whatever they raise ends this one
    order with a reason, without its text, which may quote the file.
    """
    try:
        return {"done": _DUTIES[order["duty"]](order, on_progress)}
    except UnreadableImage as refused:
        return {"unreadable": refused.reason}
    except MemoryError:
        return {"stopped": "memory", "detail": ""}
    except OSError as error:
        return {"stopped": _STOPPED_BY.get(error.errno or 0, "error"), "detail": _where(error)}
    except Exception as error:
        return {"stopped": "memory" if "bad_alloc" in str(error) else "error", "detail": _where(error)}


def _render(order: Order, _: Progress) -> dict[str, Any]:
    folder = Path(order["folder"])
    with _files(order) as files:
        rendering = ReadingHere().render(files.open(files.main), folder, with_index=order["with_index"])
    (folder / PREVIEW).write_bytes(rendering.preview.body)
    if rendering.index is not None:
        (folder / INDEX).write_bytes(rendering.index.to_bytes())
    return {"content_type": rendering.preview.content_type}


def _convert(order: Order, on_progress: Progress) -> dict[str, Any]:
    with _files(order) as files:
        found = ReadingHere().convert(files, Path(order["target"]), order["name"], on_progress)
    return {
        "route": str(found.route),
        "vendor": str(found.vendor),
        "sha256": found.sha256,
        "size_bytes": found.size_bytes,
        "is_complete": found.is_complete,
    }


def _associated(order: Order, _: Progress) -> dict[str, Any]:
    folder = Path(order["folder"])
    with _files(order) as files:
        pictures = ReadingHere().associated(files, order["vendor"], folder)
    for picture in pictures:
        (folder / f"{picture.name}.png").write_bytes(picture.png)
    return {
        "pictures": [{"name": each.name, "width": each.width, "height": each.height} for each in pictures]
    }


def _fill(order: Order, on_progress: Progress) -> dict[str, Any]:
    filled = ReadingHere().fill(Path(order["target"]), on_progress)
    return {
        "sha256": filled.sha256,
        "size_bytes": filled.size_bytes,
        "damaged_tiles": filled.damaged_tiles,
    }


def _files(order: Order) -> DeskFiles:
    return DeskFiles(Path(order["folder"]), order["files"])


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


_DUTIES: dict[str, Callable[[Order, Progress], dict[str, Any]]] = {
    "render": _render,
    "convert": _convert,
    "associated": _associated,
    "fill": _fill,
}
