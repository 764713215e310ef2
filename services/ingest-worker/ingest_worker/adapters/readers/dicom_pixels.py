"""Reads the pixels of DICOM frames: plain ones straight from the file (`dicom_plain`), all others through pydicom's decoders."""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final

import numpy as np
from pydicom import dcmread
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options, iter_pixels
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from ingest_worker.adapters.readers.dicom_headers import PARSING_ERRORS, DicomHeader, check_length
from ingest_worker.adapters.readers.dicom_plain import PLAIN, bit_frames, is_plain, plain_frames
from ingest_worker.adapters.readers.dicom_samples import GRAY, PALETTE, SampleFormat, meaningful
from ingest_worker.adapters.readers.dicom_streams import frame_header, is_whole, pictures_in
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Damaged, Refused, Truncated

NATIVE: Final = (*PLAIN, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
AS_STORED: Final = (*NATIVE, RLELossless)
"""Where samples keep the bits around them that mean nothing; other encoders leave these out."""

# Decoders are named, so that what else is installed never changes a pixel. All of them under permissive licences:
# GDCM (Apache-2.0), OpenJPEG (BSD-2-Clause), pydicom (MIT).
DECODERS: Final = {
    JPEGBaseline8Bit: "gdcm",
    JPEGExtended12Bit: "gdcm",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "gdcm",
    JPEGLSNearLossless: "gdcm",
    JPEG2000Lossless: "pylibjpeg",
    JPEG2000: "pylibjpeg",
    HTJ2KLossless: "pylibjpeg",
    HTJ2KLosslessRPCL: "pylibjpeg",
    HTJ2K: "pylibjpeg",
    RLELossless: "pydicom",
}

COLORS: Final = (*GRAY, PALETTE, "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
"""What decoders turn into RGB, or what is RGB by then: JPEG 2000 has the last two, and files that were decompressed keep their names."""

DECODER_ERRORS = (*PARSING_ERRORS, RuntimeError)


def read_frames(
    header: DicomHeader, form: SampleFormat, frames: Sequence[int], count: int
) -> Iterator[Pixels]:
    """Yield frames, shape (rows, columns) or (rows, columns, 3), unused bits dropped and tables applied: `form.real`.

    Parameters
    ----------
    frames
        Indices of the frames wanted, in the order wanted.
    count
        How many frames the file announces.

    Raises
    ------
    Refused
        The pixels are incomplete, damaged, or compressed in a way that is not supported.
    """
    native = header.transfer_syntax in NATIVE
    if not native:
        _require_decoder(header)
    if form.photometric not in COLORS:
        raise Refused(
            f"The colours of {header.file.base_name} are told in a way that cannot be imported ({form.photometric})."
        )
    if native:
        _require_known_length(header)
        _require_length(header, form, count)
    else:
        _check_fragments(header, form, count)
    as_stored = header.transfer_syntax in AS_STORED
    for pixels in _frames(header, form, frames, count):
        stored = meaningful(pixels, form, as_stored=as_stored)
        if form.palette is not None:
            yield form.palette.colored(stored)
        else:
            yield form.modality.real(stored) if form.modality else stored


def _require_length(header: DicomHeader, form: SampleFormat, count: int) -> None:
    """Refuse a file with fewer pixels than it describes; whether a single plain frame is all there shows when it is read."""
    expected = -(-form.native_bits * count // 8)
    if count > 1 or not is_plain(header, form) or (header.pixels.length or 0) < expected:
        check_length(header, expected)


def surplus_note(header: DicomHeader, form: SampleFormat, count: int) -> tuple[str, ...]:
    """Return a remark if an uncompressed file holds more pixels than its header describes; a byte may be padding."""
    expected = -(-form.native_bits * count // 8)
    surplus = (header.pixels.length or 0) - expected
    if header.transfer_syntax not in NATIVE or surplus <= 1:
        return ()
    return (
        f"{header.file.base_name} holds {surplus} bytes of pixels more than its header describes; they were left out.",
    )


def _frames(header: DicomHeader, form: SampleFormat, frames: Sequence[int], count: int) -> Iterator[Pixels]:
    if form.allocated_bits == 1 and header.transfer_syntax in NATIVE:
        return _bit_frames(header, form, frames, count)
    if is_plain(header, form):
        return plain_frames(header, form, frames)
    return _decoded_frames(header, form, frames, count)


def _bit_frames(
    header: DicomHeader, form: SampleFormat, frames: Sequence[int], count: int
) -> Iterator[Pixels]:
    """Read masks of single bits; pydicom takes out frames that begin inside a byte of plain files only."""
    if header.transfer_syntax in PLAIN:
        with header.file.path.open("rb") as stream:
            yield from bit_frames(stream, header.pixels.offset or 0, form, frames)
        return
    element = dcmread(header.file.path, force=True)["PixelData"]
    packed = element.value
    if header.transfer_syntax == ExplicitVRBigEndian and element.VR == "OW":
        packed = np.frombuffer(packed[: len(packed) // 2 * 2], ">u2").astype("<u2").tobytes()
    expected = -(-form.native_bits * count // 8)
    if len(packed) < expected:
        raise Truncated(header.file.base_name, expected_bytes=expected, found_bytes=len(packed))
    yield from bit_frames(BytesIO(packed), 0, form, frames)


def _decoded_frames(
    header: DicomHeader, form: SampleFormat, frames: Sequence[int], count: int
) -> Iterator[Pixels]:
    """Decode frames of any other encoding; pydicom turns YBR colour into RGB.

    It is told to leave unused bits alone: it takes for granted that they are the highest ones.
    """
    try:
        if header.transfer_syntax == DeflatedExplicitVRLittleEndian:
            yield from iter_pixels(
                dcmread(header.file.path, force=True), indices=list(frames), correct_unused_bits=False
            )
        elif header.transfer_syntax in NATIVE:
            yield from iter_pixels(header.file.path, indices=list(frames), correct_unused_bits=False)
        elif header.transfer_syntax == JPEGExtended12Bit and form.stored_bits > 8:
            yield from _twelvebit_frames(header, frames, count)
        else:
            yield from _encapsulated_frames(header, frames)
    except DECODER_ERRORS as error:
        raise Damaged(header.file.base_name, "its pixels cannot be decoded") from error


def _encapsulated_frames(header: DicomHeader, frames: Sequence[int]) -> Iterator[Pixels]:
    options = as_pixel_options(
        header.dataset, pixel_keyword="PixelData", pixel_vr="OB", transfer_syntax_uid=header.transfer_syntax
    )
    # The codestream says how its samples lie, and decoders hand them out side by side (PS3.5 8.2.1, 8.2.4); many files keep
    # what was true of their plain pixels. pydicom takes it for true, but of RLE and JPEG-LS.
    options["planar_configuration"] = 0
    decoder, plugin = get_decoder(header.transfer_syntax), DECODERS[header.transfer_syntax]
    with header.file.path.open("rb") as stream:
        stream.seek(header.pixels.offset or 0)
        decoded = decoder.iter_array(
            stream, indices=list(frames), decoding_plugin=plugin, correct_unused_bits=False, **options
        )
        for pixels, _ in decoded:
            yield pixels


def _twelvebit_frames(header: DicomHeader, frames: Sequence[int], count: int) -> Iterator[Pixels]:
    """Decode JPEG with 12 bits per sample, which GDCM leaves to others, through libjpeg-turbo."""
    from imagecodecs import jpeg8_decode  # noqa: PLC0415  # rare, and a large library

    with header.file.path.open("rb") as stream:
        stream.seek(header.pixels.offset or 0)
        found = list(generate_frames(stream, number_of_frames=count))
    for frame in frames:
        yield jpeg8_decode(found[frame])


def _require_decoder(header: DicomHeader) -> None:
    """Refuse what nobody here decodes, before anything is made of how it lies in the file: videos are one fragment."""
    if header.transfer_syntax not in DECODERS:
        kind = header.transfer_syntax.name
        raise Refused(
            f"The pixels of {header.file.base_name} are compressed as {kind}, which is not supported."
        )


def _require_known_length(header: DicomHeader) -> None:
    if header.pixels.offset is not None and header.pixels.length is None:
        raise Damaged(header.file.base_name, "its pixels are announced as uncompressed but are not stored so")


def _check_fragments(header: DicomHeader, form: SampleFormat, count: int) -> None:
    """Refuse compressed pixels with frames missing, cut off or other than announced, of which decoders make something."""
    if header.pixels.offset is None or header.pixels.length is not None:
        raise Damaged(header.file.base_name, "its pixels are announced as compressed but are not stored so")
    ends_with_mark = header.transfer_syntax != RLELossless
    found = 0
    try:
        with header.file.path.open("rb") as stream:
            stream.seek(header.pixels.offset)
            for frame in generate_frames(stream, number_of_frames=count):
                found += 1
                if ends_with_mark and not is_whole(frame):
                    raise Damaged(header.file.base_name, f"frame {found} is cut off")
                if ends_with_mark and not _is_as_announced(frame, form):
                    raise Damaged(
                        header.file.base_name,
                        f"frame {found} is of another size or kind than its header says",
                    )
            if count == 1:
                stream.seek(header.pixels.offset)
                found = pictures_in(stream, one_each=not ends_with_mark)
    except (*PARSING_ERRORS, struct.error) as error:
        raise Damaged(header.file.base_name, "its compressed frames cannot be told apart") from error
    if found != count:
        raise Damaged(header.file.base_name, f"it announces {count} frames but holds {found}")


def _is_as_announced(frame: bytes, form: SampleFormat) -> bool:
    """Compare a frame with the file's header; what has no header of its own is left to the decoder to refuse."""
    found = frame_header(frame)
    if found is None:
        return True
    size_and_kind = (found.rows, found.columns, found.samples) == (form.rows, form.columns, form.samples)
    return size_and_kind and found.bits <= (form.stored_bits if form.is_shifted else form.allocated_bits)
