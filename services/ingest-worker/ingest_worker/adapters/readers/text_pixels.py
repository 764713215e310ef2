"""Turns pixels that are written as text into raw ones: numbers between blanks (MetaImage with BinaryData = False, NRRD in
ascii), and bytes of two digits (NRRD in hex).
"""

import binascii
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from ingest_worker.adapters.readers.pixel_bytes import INPUT_BYTES, PixelBytes
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Damaged, Refused

NUMBERS: Final = "numbers.raw"
"""What the file with the raw ones is called, in the folder of the conversion."""

AS_READ: Final = bytes.maketrans(b",_", b" ?")
"""Commas part numbers, as in ITK; 1_000 is one to Python only."""

WHITE_SPACE: Final = b" \t\r\n\v\f"
LONGEST_NUMBER: Final = 400
"""A float64 written out in full takes some 330 digits."""


def written_raw(source: PixelBytes, sample_type: str, samples: int, target: Path) -> PixelBytes:
    """Write the numbers little-endian to a file; return where they lie there, a block of text in memory at a time.

    Parameters
    ----------
    samples
        How many are announced; that they are fewer is noticed by who reads them.

    Raises
    ------
    Refused
        Something is no number, or none that the sample type holds, or there are more than announced.
    """
    name, left = source.file.base_name, samples
    little = np.dtype(sample_type).newbyteorder("<")
    with target.open("wb") as raw:
        for words in _words(source):
            left -= len(words)
            if left < 0:
                raise Refused(f"The file {name} holds more numbers than its header announces.")
            raw.write(_numbers(words, sample_type, name).astype(little).tobytes())
    return PixelBytes(replace(source.file, path=target), "raw", 0)


def bytes_written_raw(source: PixelBytes, target: Path) -> PixelBytes:
    """Write bytes that are told in hexadecimal, with or without blanks between digits, to a file as they are.

    Raises
    ------
    Refused
        Something is no digit, or half a byte is left over.
    """
    digits = b""
    with source.file.path.open("rb") as stream, target.open("wb") as raw:
        stream.seek(source.offset)
        try:
            while data := stream.read(INPUT_BYTES):
                digits += data.translate(None, WHITE_SPACE)
                whole = len(digits) // 2 * 2
                raw.write(binascii.unhexlify(digits[:whole]))
                digits = digits[whole:]
            raw.write(binascii.unhexlify(digits))
        except binascii.Error as error:
            raise Damaged(
                source.file.base_name, "something among its pixels is no hexadecimal byte"
            ) from error
    return PixelBytes(replace(source.file, path=target), "raw", 0)


def _words(source: PixelBytes) -> Iterator[list[bytes]]:
    """Yield what stands between blanks, many at a time."""
    unread = b""
    with source.file.path.open("rb") as stream:
        stream.seek(source.offset)
        while data := stream.read(INPUT_BYTES):
            text = unread + data.translate(AS_READ)
            end = len(text) - len(text.rsplit(None, 1)[-1]) if text[-1] not in WHITE_SPACE else len(text)
            yield text[:end].split()
            unread = text[end:]
            if len(unread) > LONGEST_NUMBER:
                raise Damaged(source.file.base_name, "something among its pixels is no number")
    yield unread.split()


def _numbers(words: list[bytes], sample_type: str, name: str) -> Pixels:
    number = float if sample_type.startswith("float") else int
    try:  # numpy refuses what an integer type does not hold, and what is infinite only as a short float if told to
        with np.errstate(over="raise"):
            return np.array([number(word) for word in words], sample_type)
    except (ValueError, ArithmeticError) as error:
        raise Damaged(name, "something among its pixels is no number, or none of its type") from error
