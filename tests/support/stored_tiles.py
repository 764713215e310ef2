"""What a TIFF stores: the compressed bytes of all tiles of all its pages."""

from pathlib import Path

import tifffile


def stored_tiles(path: Path) -> list[list[bytes]]:
    """Return the bytes of each tile, page by page; empty for tiles that were never written."""
    with tifffile.TiffFile(path) as tiff:
        file = tiff.filehandle
        return [
            [_read(file, *segment) for segment in zip(page.dataoffsets, page.databytecounts, strict=True)]
            for page in tiff.pages
        ]


def _read(file: tifffile.FileHandle, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
