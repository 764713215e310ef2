"""Small pictures made on the spot, for tests of logos."""

import io

from PIL import Image


def a_picture(
    width_px: int = 640, height_px: int = 640, *, format: str = "PNG", mode: str = "RGB", **options: object
) -> bytes:
    """Return the bytes of a picture with something to see in its upper left corner."""
    picture = Image.new(mode, (width_px, height_px))
    picture.paste(Image.new(mode, (width_px // 2, height_px // 2), color=_light(mode)))
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def _light(mode: str) -> float | tuple[float, ...]:
    special: dict[str, float | tuple[float, ...]] = {"L": 200, "P": 7, "1": 1, "LA": (200, 255)}
    return special.get(mode, (200, 180, 20, 255)[: len(mode)])
