"""What a logo must be: a square picture, large enough for every screen, small enough to decode safely."""

from archive_shared.errors import Invalid

SMALLEST_SIDE_PX = 640
LARGEST_PIXELS = 20_000_000
LARGEST_BYTES = 10 * 1024 * 1024


def require_logo_bytes(size_bytes: int) -> None:
    """Refuse a file that is not worth opening; raise `Invalid` naming its size."""
    if size_bytes > LARGEST_BYTES:
        raise logo_refused(f"The logo has {size_bytes / 1024 / 1024:.1f} MB; it may have 10 MB at the most.")


def require_logo_size(width_px: int, height_px: int) -> None:
    """Refuse a picture that is not square, too small, or dangerously large; raise `Invalid` naming its size."""
    size = f"The logo is {width_px} × {height_px} pixels"
    if width_px * height_px > LARGEST_PIXELS:
        raise logo_refused(f"{size}; it may have 20 megapixels at the most.")
    if width_px != height_px or width_px < SMALLEST_SIDE_PX:
        raise logo_refused(
            f"{size}; it must be square and at least {SMALLEST_SIDE_PX} × {SMALLEST_SIDE_PX} pixels."
        )


def logo_refused(reason: str) -> Invalid:
    return Invalid({"logo": [reason]})
