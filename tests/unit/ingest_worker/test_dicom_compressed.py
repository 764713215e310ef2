"""Compressed DICOM: every usual transfer syntax decodes to the pixels that went in, and half a frame is no frame."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from demo.imaging import Grid, a_dataset, anatomy, ct_slice, picture, put_pixels
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason
from tests.support.enhanced_ct import write_enhanced_ct

GRAY_ENCODERS: dict[str, Any] = {
    JPEGLosslessSV1: lambda a: imagecodecs.ljpeg_encode(a, bitspersample=12),
    JPEGLSLossless: imagecodecs.jpegls_encode,
    JPEG2000Lossless: lambda a: imagecodecs.jpeg2k_encode(a, level=0, codecformat="j2k", reversible=True),
    HTJ2KLossless: lambda a: imagecodecs.htj2k_encode(a, reversible=True),
}


def with_frames(dataset: Any, frames: list[bytes], transfer_syntax: str, path: Path) -> Path:
    dataset.PixelData = encapsulate(frames)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax)
    dataset.save_as(path, enforce_file_format=True)
    return path


def compressed_series(folder: Path, transfer_syntax: str) -> list[Path]:
    folder.mkdir()
    files = []
    for index, plane in enumerate(anatomy(3)):
        dataset = ct_slice(plane, Grid(), index, index + 1)
        if transfer_syntax == RLELossless:
            dataset.compress(RLELossless, generate_instance_uid=False)
            dataset.save_as(folder / f"{index}.dcm", enforce_file_format=True)
        else:
            encoded = bytes(GRAY_ENCODERS[transfer_syntax](dataset.pixel_array))
            with_frames(dataset, [encoded], transfer_syntax, folder / f"{index}.dcm")
        files.append(folder / f"{index}.dcm")
    return files


@pytest.mark.parametrize("transfer_syntax", [*GRAY_ENCODERS, RLELossless], ids=lambda uid: UID(uid).name)
def test_a_losslessly_compressed_series_has_the_original_pixels(tmp_path: Path, transfer_syntax: str) -> None:
    files = compressed_series(tmp_path / "in", transfer_syntax)

    image = the_image(convert_here(files, tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(3))


@pytest.mark.parametrize(
    "transfer_syntax",
    [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
    ids=lambda uid: uid.name,
)
def test_other_ways_to_write_plain_pixels(tmp_path: Path, transfer_syntax: UID) -> None:
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    if transfer_syntax == ExplicitVRBigEndian:
        dataset.PixelData = dataset.pixel_array.astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(1))


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize(
    "transfer_syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
    ],
    ids=lambda uid: uid.name,
)
def test_bits_below_and_above_a_sample_are_no_part_of_it(
    tmp_path: Path, transfer_syntax: UID, signed: bool
) -> None:
    samples = anatomy(1)[0] % 1024 - (512 if signed else 0)
    words = (samples.astype(np.uint16) & 0x3FF) << 4 | 0xC00D
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 10, 13, int(signed)
    dataset.RescaleIntercept = 0
    dataset.PixelData = words.astype(">u2" if transfer_syntax == ExplicitVRBigEndian else "<u2").tobytes()
    if transfer_syntax == RLELossless:
        dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels[0], samples)


@pytest.mark.parametrize("bits", [8, 16])
def test_rle_colour_has_its_most_significant_bytes_first(tmp_path: Path, bits: int) -> None:
    rgb = picture() if bits == 8 else picture().astype(np.uint16) * 201 + 7
    dataset = a_dataset()
    put_pixels(dataset, rgb)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels[0], rgb)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize(
    ("transfer_syntax", "encode"),
    [
        (JPEGBaseline8Bit, lambda a: imagecodecs.jpeg8_encode(a, level=95)),
        (JPEGLSLossless, imagecodecs.jpegls_encode),
        (JPEG2000Lossless, lambda a: imagecodecs.jpeg2k_encode(a, level=0, codecformat="j2k")),
        (RLELossless, None),
    ],
    ids=["JPEG", "JPEG-LS", "JPEG 2000", "RLE"],
)
def test_compressed_colour_lies_as_its_codestream_says_not_its_header(
    tmp_path: Path, transfer_syntax: UID, encode: Any, planar: int
) -> None:
    dataset = a_dataset()
    put_pixels(dataset, picture())
    if encode is None:
        dataset.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
        frames = [get_frame(dataset.PixelData, 0)]
    else:
        frames = [bytes(encode(picture()))]
    dataset.PlanarConfiguration = planar
    if transfer_syntax == JPEGBaseline8Bit:
        dataset.PhotometricInterpretation = "YBR_FULL"
    source = with_frames(dataset, frames, transfer_syntax, tmp_path / "in.dcm")

    image = the_image(convert_here([source], tmp_path / "out"))

    got, expected = read_with_itk(tmp_path / "out" / image.file), read_with_itk(source)
    assert np.array_equal(got.pixels, expected.pixels)
    assert np.abs(got.pixels[0].astype(int) - picture()).max() < (30 if frames[0][:2] == b"\xff\xd8" else 1)


@pytest.mark.parametrize("colored", [False, True])
def test_baseline_jpeg_decodes_as_itk_does(tmp_path: Path, colored: bool) -> None:
    pixels = picture() if colored else np.ascontiguousarray(picture()[..., 0])
    dataset = a_dataset()
    put_pixels(dataset, pixels)
    if colored:
        dataset.PhotometricInterpretation = "YBR_FULL_422"
    encoded = bytes(imagecodecs.jpeg8_encode(pixels, level=95, subsampling="422" if colored else None))
    source = with_frames(dataset, [encoded], JPEGBaseline8Bit, tmp_path / "in.dcm")

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, read_with_itk(source).pixels)
    assert np.abs(got.pixels[0].astype(int) - pixels).mean() < 5


def test_jpeg_of_twelve_bits_decodes_as_itk_does(tmp_path: Path) -> None:
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    encoded = bytes(imagecodecs.jpeg8_encode(dataset.pixel_array, level=98, bitspersample=12))
    source = with_frames(dataset, [encoded], JPEGExtended12Bit, tmp_path / "in.dcm")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, read_with_itk(source).pixels)


def test_compressed_frames_are_decoded_one_by_one_in_the_order_of_positions(tmp_path: Path) -> None:
    volume = anatomy(4)
    source = write_enhanced_ct(tmp_path / "in.dcm", volume, order=[2, 0, 3, 1])
    dataset = dcmread(source)
    frames = [bytes(imagecodecs.jpegls_encode(frame)) for frame in dataset.pixel_array]
    with_frames(dataset, frames, JPEGLSLossless, source)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, volume)


@pytest.mark.parametrize("transfer_syntax", [*GRAY_ENCODERS, RLELossless], ids=lambda uid: UID(uid).name)
def test_half_a_frame_is_refused(tmp_path: Path, transfer_syntax: str) -> None:
    (file, *_) = compressed_series(tmp_path / "in", transfer_syntax)
    dataset = dcmread(file)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    with_frames(dataset, [frame[: len(frame) // 2 // 2 * 2]], transfer_syntax, file)

    reason = the_reason(convert_here([file], tmp_path / "out"))

    assert "0.dcm is damaged" in reason


@pytest.mark.parametrize("transfer_syntax", [JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_frames_beyond_the_only_one_that_is_announced_are_not_left_out_silently(
    tmp_path: Path, transfer_syntax: str
) -> None:
    files = compressed_series(tmp_path / "in", transfer_syntax)
    frames = [get_frame(dcmread(file).PixelData, 0, number_of_frames=1) for file in files]
    dataset = dcmread(files[0])
    with_frames(dataset, frames, transfer_syntax, files[0])
    dataset.PixelData = encapsulate(frames, has_bot=False)
    dataset.save_as(files[0], enforce_file_format=True)

    reason = the_reason(convert_here([files[0]], tmp_path / "out"))

    assert reason == "The file 0.dcm is damaged: it announces 1 frames but holds 3."


@pytest.mark.parametrize("fragments", [1, 2, 5])
def test_a_frame_may_come_in_several_fragments(tmp_path: Path, fragments: int) -> None:
    (file, *_) = compressed_series(tmp_path / "in", JPEG2000Lossless)
    dataset = dcmread(file)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = encapsulate([frame], fragments_per_frame=fragments, has_bot=False)
    dataset.save_as(file, enforce_file_format=True)

    image = the_image(convert_here([file], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels[0], anatomy(3)[0])


def test_zeros_behind_a_frame_do_not_cut_it_off(tmp_path: Path) -> None:
    (file, *_) = compressed_series(tmp_path / "in", JPEGLSLossless)
    dataset = dcmread(file)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    with_frames(dataset, [frame + bytes(64)], JPEGLSLossless, file)

    image = the_image(convert_here([file], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels[0], anatomy(3)[0])


def test_missing_frames_are_counted(tmp_path: Path) -> None:
    (file, *_) = compressed_series(tmp_path / "in", JPEGLSLossless)
    dataset = dcmread(file)
    dataset.NumberOfFrames = 3
    dataset.save_as(file, enforce_file_format=True)

    reason = the_reason(convert_here([file], tmp_path / "out"))

    assert reason in {
        "The file 0.dcm is damaged: it announces 3 frames but holds 1.",
        "The file 0.dcm is damaged: its compressed frames cannot be told apart.",
    }


@pytest.mark.parametrize(
    ("syntax", "name"),
    [
        ("1.2.840.10008.1.2.4.100", "MPEG2 Main Profile / Main Level"),
        ("1.2.840.10008.1.2.4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1"),
        ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.110"),
    ],
)
def test_an_unknown_compression_is_named(tmp_path: Path, syntax: str, name: str) -> None:
    """A video is one fragment for all frames, and JPEG XL (110) ends with no mark: neither is damage."""
    dataset = a_dataset()
    put_pixels(dataset, anatomy(3))
    file = with_frames(dataset, [b"\0\0\0\x18ftypmp42" * 9], MPEG2MPML, tmp_path / "0.dcm")
    file.write_bytes(
        file.read_bytes().replace(MPEG2MPML.encode(), syntax.encode())
    )  # pydicom knows no JPEG XL

    reason = the_reason(convert_here([file], tmp_path / "out"))

    assert reason == f"The pixels of 0.dcm are compressed as {name}, which is not supported."


LARGER = np.pad(anatomy(1)[0] + 1024, ((0, 8), (0, 8))).astype(np.uint16)
COLORED = np.repeat((anatomy(1)[0] // 8 + 128).astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    ("transfer_syntax", "frame"),
    [
        *((syntax, encode(LARGER)) for syntax, encode in GRAY_ENCODERS.items()),
        (JPEGBaseline8Bit, imagecodecs.jpeg8_encode(COLORED)),
        (JPEGLSLossless, imagecodecs.jpegls_encode(COLORED)),
        (JPEG2000Lossless, GRAY_ENCODERS[JPEG2000Lossless](COLORED)),
    ],
)
def test_a_frame_that_is_not_what_its_header_says_is_refused(
    tmp_path: Path, transfer_syntax: str, frame: bytes
) -> None:
    """Decoders cut it to the size announced, or make gray of colours, and say nothing."""
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)

    file = with_frames(dataset, [bytes(frame)], transfer_syntax, tmp_path / "in.dcm")

    reason = the_reason(convert_here([file], tmp_path / "out"))
    assert reason == "The file in.dcm is damaged: frame 1 is of another size or kind than its header says."


def test_samples_of_more_bits_than_announced_are_refused(tmp_path: Path) -> None:
    dataset = a_dataset()
    put_pixels(dataset, np.zeros((24, 32), np.uint8))
    frame = bytes(GRAY_ENCODERS[JPEG2000Lossless](LARGER[:24, :32]))

    file = with_frames(dataset, [frame], JPEG2000Lossless, tmp_path / "in.dcm")

    assert "of another size or kind" in the_reason(convert_here([file], tmp_path / "out"))


def test_boxes_before_a_frame_of_jpeg_2000_are_stepped_over(tmp_path: Path) -> None:
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    frame = imagecodecs.jpeg2k_encode(dataset.pixel_array, level=0, codecformat="jp2", reversible=True)

    file = with_frames(dataset, [bytes(frame)], JPEG2000Lossless, tmp_path / "in.dcm")

    image = the_image(convert_here([file], tmp_path / "out"))
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(1))


def test_fragments_that_are_announced_as_plain_pixels_are_refused(tmp_path: Path) -> None:
    dataset = ct_slice(anatomy(1)[0], Grid(), 0, 1)
    file = with_frames(dataset, [dataset.PixelData], JPEGLSLossless, tmp_path / "in.dcm")
    plain = ExplicitVRLittleEndian.encode().ljust(len(JPEGLSLossless) + len(JPEGLSLossless) % 2, b"\0")
    file.write_bytes(file.read_bytes().replace(JPEGLSLossless.encode(), plain))

    reason = the_reason(convert_here([file], tmp_path / "out"))

    assert reason == (
        "The file in.dcm is damaged: its pixels are announced as uncompressed but are not stored so."
    )
