"""The shape of a volume before its pixels are read, compared with the budget in time."""

import math
from dataclasses import dataclass, replace

from ingest_worker.domain.budget import Budget, readable_bytes
from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.images import ColorSpace, ImageMetadata
from ingest_worker.domain.refusals import Refused, TooLarge

SAMPLE_BYTES = {
    "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4,
    "int64": 8, "uint64": 8, "float32": 4, "float64": 8,
}  # fmt: skip

DIMENSIONS = (2, 3, 4)
COLOR_SPACES = {1: ColorSpace.GRAY, 3: ColorSpace.RGB, 4: ColorSpace.RGBA}


@dataclass(frozen=True)
class VolumeLayout:
    """Size, samples and grid of a volume.

    Parameters
    ----------
    size
        Samples along x, y[, z[, t]].
    sample_type
        numpy's name; samples are little-endian.
    """

    size: tuple[int, ...]
    channels: int
    sample_type: str
    geometry: Geometry

    @property
    def row_bytes(self) -> int:
        return self.size[0] * self.channels * SAMPLE_BYTES[self.sample_type]

    @property
    def slice_bytes(self) -> int:
        return self.row_bytes * self.size[1]

    @property
    def slices(self) -> int:
        return math.prod(self.size[2:])

    @property
    def total_bytes(self) -> int:
        return self.slice_bytes * self.slices

    def of_type(self, sample_type: str) -> "VolumeLayout":
        """Return the same layout for samples of another type."""
        return replace(self, sample_type=sample_type)

    def check(self, name: str, budget: Budget) -> "VolumeLayout":
        """Return the layout itself if such an image may be converted slice by slice.

        Raises
        ------
        Refused
            Too large for the budget, or a number of dimensions or channels without a meaning.
        """
        self.check_streamed(name, budget)
        if self.slice_bytes > budget.memory_bytes:  # slices are worked on whole
            what = f"A single slice of {name} would take {readable_bytes(self.slice_bytes)} uncompressed"
            raise TooLarge(what, limit=readable_bytes(budget.memory_bytes))
        return self

    def check_streamed(self, name: str, budget: Budget) -> "VolumeLayout":
        """Return the layout itself if such an image may be converted a few rows at a time; raises as `check` does."""
        if len(self.size) not in DIMENSIONS:
            raise Refused(
                f"The image {name} has {len(self.size)} dimensions; images of 2, 3 and 4 dimensions can be imported."
            )
        if self.channels not in COLOR_SPACES:
            raise Refused(
                f"The image {name} has {self.channels} values per pixel; images with 1 (gray), 3 (RGB) and 4 (RGBA) "
                "can be imported."
            )
        if max(self.size) > budget.side_pixels:
            raise TooLarge(f"The image {name} is {max(self.size)} pixels long", limit=f"{budget.side_pixels}")
        if self.total_bytes > budget.image_bytes:
            what = f"The image {name} would take {readable_bytes(self.total_bytes)} uncompressed"
            raise TooLarge(what, limit=readable_bytes(budget.image_bytes))
        return self

    def metadata(self, *, pixel_size_known: bool = True, slice_distance_known: bool = True) -> ImageMetadata:
        """Return what the layout alone tells about its image."""
        size = (*self.size, None, None)
        spacing = self.geometry.spacing
        third = len(self.size) > 2 and slice_distance_known
        return ImageMetadata(
            width=self.size[0],
            height=self.size[1],
            depth=size[2],
            timepoints=size[3],
            voxel_width_mm=spacing[0] if pixel_size_known else None,
            voxel_height_mm=spacing[1] if pixel_size_known else None,
            voxel_depth_mm=spacing[2] if third else None,
            color_space=COLOR_SPACES[self.channels],
        )
