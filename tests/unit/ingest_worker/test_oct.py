"""Tomograms of eyes: Topcon's .fda and .fds, Heidelberg's .e2e."""

from pathlib import Path

import numpy as np
import pytest

from ingest_worker.domain.budget import Budget
from ingest_worker.domain.images import EyeChoice
from tests.support.conversions import REAL_INPUTS, convert_here, read_with_itk, the_image, the_reason
from tests.support.oct_files import e2e_slice, retina, write_e2e, write_fda, write_fds


def light(code: int) -> float:
    """What a sample of an .e2e means, computed the slow way: six bits of exponent, ten of mantissa, no sign."""
    bits = f"{code:016b}"
    mantissa = 1 + sum(int(bit) / 2**place for place, bit in enumerate(bits[6:], start=1))
    return float(mantissa * 2.0 ** (int(bits[:6], 2) - 63))


def test_plain_topcon_slices_keep_their_samples_and_their_size(tmp_path: Path) -> None:
    source = write_fds(tmp_path / "eye.FDS", retina(), field_mm=(6.0, 3.5, 4.5))

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert (image.name, image.sample_type, image.metadata.eye_choice) == (
        "eye.FDS",
        "uint16",
        EyeChoice.UNKNOWN,
    )
    assert np.array_equal(got.pixels, retina())
    assert got.spacing == pytest.approx((6.0 / 16, 0.0035, 4.5 / 3))


def test_a_scan_that_does_not_say_its_size_has_none(tmp_path: Path) -> None:
    image = the_image(convert_here([write_fds(tmp_path / "eye.fds", retina())], tmp_path / "out"))

    assert image.metadata.voxel_width_mm is None
    assert image.notes == ("The file does not say how large a pixel is.",)


@pytest.mark.parametrize("sample_type", ["uint8", "uint16"])
def test_compressed_topcon_slices_stay_integers(tmp_path: Path, sample_type: str) -> None:
    volume = (retina() % 251).astype(sample_type)

    image = the_image(convert_here([write_fda(tmp_path / "eye.fda", volume)], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert image.sample_type == sample_type
    assert np.array_equal(got.pixels, volume)
    assert got.spacing == pytest.approx((6.0 / 16, 0.0035, 3.0 / 3))


def test_heidelberg_samples_become_intensities(tmp_path: Path) -> None:
    codes = (retina() * 3).astype(np.uint16)
    source = write_e2e(tmp_path / "eye.E2E", {7: ("R", codes)})

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels
    expected = [256 * light(int(code)) ** (1 / 2.4) for code in codes.ravel()]
    assert np.allclose(got.ravel(), expected, rtol=1e-6, atol=0)
    assert image.metadata.eye_choice is EyeChoice.OD
    assert image.notes == (
        "The size of a pixel is that of the scanner's usual field; the file does not say it in a known way.",
    )


def test_two_eyes_in_one_file_are_two_images(tmp_path: Path) -> None:
    codes = retina()
    source = write_e2e(tmp_path / "eyes.e2e", {1: ("R", codes), 2: ("L", codes[:2]), 3: ("?", codes[:1])})

    report = convert_here([source], tmp_path / "out")

    assert [
        (image.name, image.metadata.depth, image.metadata.eye_choice.value) for image in report.images
    ] == [
        ("eyes.e2e", 3, "OD"),
        ("eyes.e2e (2)", 2, "OS"),
        ("eyes.e2e (3)", 1, "U"),
    ]


def test_heidelberg_files_of_several_volumes_begin_with_a_mark_of_their_own(tmp_path: Path) -> None:
    source = write_e2e(tmp_path / "eyes", {1: ("R", retina()), 2: ("L", retina())})
    source.write_bytes(b"E2EMultipleVolumeFile".ljust(64, b"\0") + source.read_bytes())

    report = convert_here([source], tmp_path / "out")

    assert [image.metadata.eye_choice for image in report.images] == [EyeChoice.OD, EyeChoice.OS]
    first, second = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(first, second)


@pytest.mark.parametrize(
    ("codes", "kind"),
    [
        (np.zeros((20, 0), np.uint16), 0x02200201),
        (np.zeros((0, 16), np.uint16), 0x02200201),
        (retina()[0].astype(np.uint8), 0x02010201),
    ],
    ids=["no columns", "no rows", "bytes"],
)
def test_heidelberg_slices_without_known_samples_cost_their_tomogram_only(
    tmp_path: Path, codes: np.ndarray, kind: int
) -> None:
    source = write_e2e(tmp_path / "eye.e2e", {1: ("R", retina())})
    odd = e2e_slice(codes, series=2, number=0, kind=kind)
    source.write_bytes(source.read_bytes() + odd + bytes(codes.size))

    report = convert_here([source], tmp_path / "out")

    assert [image.metadata.depth for image in report.images] == [3]
    assert [rejection.reasons for rejection in report.rejected] == [
        ("The slices of a tomogram in eye.e2e hold no samples that can be imported.",)
    ]


def _slices(path: Path, numbers: list[int]) -> Path:
    path.write_bytes(
        b"CMDb" + bytes(32) + b"".join(e2e_slice(retina()[0], series=1, number=number) for number in numbers)
    )
    return path


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 2, 6], "Slices are missing in a tomogram in eye.e2e: their numbers have gaps."),
        ([0, 2, 2], "Several slices of a tomogram in eye.e2e have the same number."),
        ([], "The file eye.e2e holds no tomogram."),
    ],
)
def test_heidelberg_slices_must_be_complete(tmp_path: Path, numbers: list[int], expected: str) -> None:
    source = _slices(tmp_path / "eye.e2e", numbers)

    assert the_reason(convert_here([source], tmp_path / "out")) == expected


@pytest.mark.parametrize("name", ["eye.fds", "eye.fda", "eye.e2e"])
@pytest.mark.parametrize("keep", [0.2, 0.6, 0.95])
def test_a_shortened_tomogram_is_refused(tmp_path: Path, name: str, keep: float) -> None:
    source = tmp_path / name
    if name == "eye.e2e":
        write_e2e(source, {1: ("R", retina())})
    else:
        (write_fds if name == "eye.fds" else write_fda)(source, retina())
    source.write_bytes(source.read_bytes()[: int(source.stat().st_size * keep)])

    assert name in the_reason(convert_here([source], tmp_path / "out"))


@pytest.mark.parametrize("announced", [(16, 20, 65_535), (65_535, 65_535, 3), (16, 21, 3), (0, 20, 3)])
def test_headers_that_lie_are_refused_before_anything_is_decoded(
    tmp_path: Path, announced: tuple[int, int, int]
) -> None:
    source = write_fda(tmp_path / "eye.fda", retina(), announced=announced)

    assert "eye.fda" in the_reason(convert_here([source], tmp_path / "out"))


def test_a_tomogram_beyond_the_budget_is_refused(tmp_path: Path) -> None:
    source = write_fds(tmp_path / "eye.fds", retina())

    report = convert_here([source], tmp_path / "out", budget=Budget(image_bytes=1000))

    assert "at most 1000 bytes is allowed" in the_reason(report)


@pytest.mark.skipif(not REAL_INPUTS.is_dir(), reason="the folder of real inputs is not on this machine")
@pytest.mark.parametrize(
    ("name", "size", "spacing", "alike"),
    [
        ("fda_minimized.fda", (512, 650, 1), (6 / 512, 0.0035, 6.0), 0.8),
        ("e2e_minimized.E2E", (512, 496, 1), (6 / 512, 0.0039, 4.5), 0.87),
    ],
)
def test_files_of_real_machines(
    tmp_path: Path, name: str, size: tuple[int, ...], spacing: tuple[float, ...], alike: float
) -> None:
    image = the_image(convert_here([REAL_INPUTS / "oct" / name], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert got.size == size
    assert got.spacing == pytest.approx(spacing)
    # Neighbours look alike in an eye; bits in a wrong order would make noise.
    across = np.corrcoef(got.pixels[0, :, :-1].ravel(), got.pixels[0, :, 1:].ravel())[0, 1]
    assert across > alike
