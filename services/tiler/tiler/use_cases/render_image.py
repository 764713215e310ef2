"""Makes the preview and the tile index of an image; the first half runs in the worker, the second in its program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from archive_shared.blobs.port import BlobStore
from archive_shared.jobs.work_folders import work_folder
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import PYRAMID, RenderingJob, SourceObject, StoredIndex, StoredPreview
from tiler.domain.tile_index import TileIndex
from tiler.use_cases.reading import Reading

QUEUE = "tiler.render"


@dataclass(frozen=True)
class RenderingHandler:
    """The `JobHandler` of rendering jobs.

    Parameters
    ----------
    command
        Starts `tiler.entrypoints.rendering_program`.
    """

    command: Sequence[str]

    def payload(self, aggregate: RenderingJob) -> Mapping[str, Any]:
        return {"image": aggregate.id, "epoch": aggregate.job.epoch, "source": asdict(aggregate.source)}

    def started(self, aggregate: RenderingJob) -> None:
        """Nothing is told about work that takes a second."""

    def progressed(self, aggregate: RenderingJob, progress: Mapping[str, Any]) -> None:
        """The program reports no progress."""

    def keep(self, aggregate: RenderingJob, result: Mapping[str, Any]) -> None:
        """The products are in the blob store already; the job's own document points at them."""

    def succeeded(self, aggregate: RenderingJob, result: Mapping[str, Any]) -> None:
        index = result["index"]
        aggregate.finish(StoredPreview(**result["preview"]), _stored_index(index) if index else None)

    def failed(self, aggregate: RenderingJob, reason: str) -> None:
        aggregate.give_up(reason)


@dataclass(frozen=True)
class RenderingWork:
    """What the program needs to make the products of an image.

    Parameters
    ----------
    open_source
        Opens an image by its key and size in bytes.
    """

    open_source: Callable[[str, int], RangedSource]
    media: BlobStore
    reading: Reading
    scratch: Path

    def run(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Make and store the products; they are named after the epoch, so a late attempt disturbs nobody.

        Raises
        ------
        UnreadableImage
            The image cannot be shown; the reason is meant for people.
        NotFound
            The image's file is gone.
        """
        found = payload["source"]
        source = self.open_source(found["key"], found["size_bytes"])
        image, epoch = payload["image"], payload["epoch"]
        located = SourceObject(**found)
        with work_folder(self.scratch, image, epoch, kind="render") as folder:
            rendering = self.reading.render(source, folder, with_index=located.type == PYRAMID)
        preview = StoredPreview(f"{preview_prefix(image)}{epoch}", rendering.preview.content_type)
        self.media.put(preview.key, rendering.preview.body)
        index = rendering.index and self._store_index(
            rendering.index, located, f"{index_prefix(image)}{epoch}"
        )
        return {"preview": asdict(preview), "index": asdict(index) if index else None}

    def _store_index(self, index: TileIndex, located: SourceObject, key: str) -> StoredIndex:
        stored = StoredIndex(
            key=key,
            levels=len(index.levels),
            source=located,
            width=index.width,
            height=index.height,
            pixel_width_um=index.pixel_width_um,
            pixel_height_um=index.pixel_height_um,
        )
        self.media.put(stored.key, index.to_bytes())
        return stored


def preview_prefix(image: str) -> str:
    """Return what the keys of all previews of an image begin with, in the bucket `media`."""
    return f"previews/{image}/"


def index_prefix(image: str) -> str:
    """Return what the keys of all its tile indexes begin with, likewise."""
    return f"indexes/{image}/"


def _stored_index(result: Mapping[str, Any]) -> StoredIndex:
    return StoredIndex(**{**result, "source": SourceObject(**result["source"])})
