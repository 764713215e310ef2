"""Reads uploaded images in this process; loads libraries when they are needed, for most work needs few of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive_shared.processors import usable_processors
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide_files import SlideFiles
from tiler.use_cases.reading import Progress, Rendering

if TYPE_CHECKING:
    from tiler.adapters.slides.associated_pictures import AssociatedPicture
    from tiler.adapters.slides.conversion import Converted
    from tiler.adapters.slides.filling import Filled


@dataclass(frozen=True)
class ReadingHere:
    """The `Reading` that the confined process does; others confine it, see `tiler.adapters.confinement`."""

    threads: int = field(default_factory=usable_processors)

    def render(self, source: RangedSource, folder: Path, *, with_index: bool) -> Rendering:
        from tiler.adapters.preview import preview, preview_and_index  # noqa: PLC0415 (image libraries)

        return Rendering(*preview_and_index(source)) if with_index else Rendering(preview(source), None)

    def convert(self, files: SlideFiles, target: Path, name: str, on_progress: Progress) -> "Converted":
        from tiler.adapters.slides.conversion import convert_slide  # noqa: PLC0415 (likewise)

        return convert_slide(files, target, name=name, threads=self.threads, on_progress=on_progress)

    def associated(self, files: SlideFiles, vendor: str, folder: Path) -> "Sequence[AssociatedPicture]":
        from tiler.adapters.slides.associated_pictures import associated_pictures  # noqa: PLC0415 (few archives keep them)

        return associated_pictures(files, vendor)

    def fill(self, path: Path, on_progress: Progress) -> "Filled":
        from tiler.adapters.slides.filling import fill_levels  # noqa: PLC0415 (image libraries)

        return fill_levels(path, threads=self.threads, on_progress=on_progress)
