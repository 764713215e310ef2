"""What the pictures of archives and viewers must be: large enough for every screen, small enough to decode safely."""

from dataclasses import dataclass

from archive_shared.errors import Invalid

LARGEST_PIXELS = 20_000_000
LARGEST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class PictureRule:
    """What one kind of picture must be, and in which widths it is kept.

    Parameters
    ----------
    field
        The setting, as it is named in requests and refusals.
    folder
        Where it is kept in the bucket `media`.
    """

    field: str
    folder: str
    smallest_width_px: int
    smallest_height_px: int
    square: bool
    widths_px: tuple[int, ...]

    @property
    def name(self) -> str:
        """Return what people call it."""
        return self.field.replace("_", " ")

    def require_bytes(self, size_bytes: int) -> None:
        """Refuse a file that is not worth opening; raise `Invalid` naming its size."""
        if size_bytes > LARGEST_BYTES:
            raise self.refused(
                f"The {self.name} has {size_bytes / 1024 / 1024:.1f} MB; it may have 10 MB at the most."
            )

    def require_size(self, width_px: int, height_px: int) -> None:
        """Refuse a picture of the wrong shape, too small, or dangerously large; raise `Invalid` naming its size."""
        size = f"The {self.name} is {width_px} × {height_px} pixels"
        if width_px * height_px > LARGEST_PIXELS:
            raise self.refused(f"{size}; it may have 20 megapixels at the most.")
        is_small = width_px < self.smallest_width_px or height_px < self.smallest_height_px
        if is_small or (self.square and width_px != height_px):
            shape = "square and " if self.square else ""
            raise self.refused(
                f"{size}; it must be {shape}at least {self.smallest_width_px} × {self.smallest_height_px} pixels."
            )

    def refused(self, reason: str) -> Invalid:
        return Invalid({self.field: [reason]})


LOGO = PictureRule(
    field="logo",
    folder="logos",
    smallest_width_px=640,
    smallest_height_px=640,
    square=True,
    widths_px=(1280, 640, 320, 160),
)
SOCIAL_IMAGE = PictureRule(
    field="social_image",
    folder="social-images",
    smallest_width_px=640,
    smallest_height_px=320,
    square=False,
    widths_px=(1280, 640),
)
VIEWER_LOGO = PictureRule(
    field="logo",
    folder="viewer-logos",
    smallest_width_px=640,
    smallest_height_px=640,
    square=True,
    widths_px=(640, 320, 160),
)
