"""Complete JPEG tiles, decoded or cut at the image's edge."""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from tiler.domain.problems import UnreadableImage


def decode(stream: bytes, *, shrink: int = 1) -> NDArray[np.uint8]:
    """Decode a complete stream, at a half, a quarter or an eighth of its size when `shrink` is 2, 4 or 8.

    Returns
    -------
    ndarray
        Shape (rows, columns, 1 or 3).
    """
    try:
        with Image.open(BytesIO(stream), formats=("JPEG",)) as image:
            if shrink > 1:
                image.draft(None, (image.width // shrink, image.height // shrink))
            pixels = np.asarray(image)
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImage("A JPEG tile is damaged.") from problem
    return pixels.reshape(*pixels.shape[:2], -1)


def crop(stream: bytes, width: int, height: int) -> bytes:
    """Cut a complete stream to its upper left part, quantised as before, so that hardly anything is lost."""
    body = BytesIO()
    try:
        with JpegImagePlugin.JpegImageFile(BytesIO(stream)) as image:
            is_rgb = image.info.get("adobe_transform") == 0
            image.crop((0, 0, width, height)).save(
                body,
                "JPEG",
                qtables=image.quantization,
                subsampling=0 if is_rgb else _subsampling(image),
                keep_rgb=is_rgb,
            )
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImage("A JPEG tile is damaged.") from problem
    return body.getvalue()


def _subsampling(image: JpegImagePlugin.JpegImageFile) -> int:
    """Return in Pillow's words how coarse colours are; none in those it has no word for, as in RGB, where it refuses to."""
    return max(JpegImagePlugin.get_sampling(image), 0)
