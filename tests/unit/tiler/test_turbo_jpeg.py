"""Planes of JPEG as libturbojpeg decodes them, where a machine has it."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from simplejpeg import decode_jpeg

from tests.support.servers import installed
from tests.support.slide_files.scene import jpeg, scene
from tiler.adapters import turbo_jpeg
from tiler.adapters.turbo_jpeg import PlanarFrame, Planes, TurboJpeg
from tiler.domain.problems import UnreadableImage

WIDTH, HEIGHT = 128, 96
FRAMES = {
    "4:4:4": PlanarFrame(WIDTH, HEIGHT, 1, 1),
    "4:2:2": PlanarFrame(WIDTH, HEIGHT, 2, 1),
    "4:2:0": PlanarFrame(WIDTH, HEIGHT, 2, 2),
}
Samples = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def library() -> None:
    installed("libturbojpeg")


def stream(subsampling: str) -> bytes:
    return jpeg(scene(WIDTH, HEIGHT), subsampling=subsampling)


def decoded(body: bytes, frame: PlanarFrame) -> tuple[Samples, Samples]:
    luma = np.zeros((frame.height, frame.width), np.uint8)
    chroma = np.zeros((2, frame.height // frame.down, frame.width // frame.across), np.uint8)
    with TurboJpeg() as turbo:
        turbo.decode(body, frame, Planes.of(luma, *chroma))
    return luma, chroma


def of_pillow(body: bytes) -> Samples:
    with Image.open(BytesIO(body)) as image:
        image.draft("YCbCr", image.size)
        return np.asarray(image)


@pytest.mark.parametrize("subsampling", FRAMES)
def test_a_stream_says_how_large_it_is_and_how_much_chroma_it_has(subsampling: str) -> None:
    with TurboJpeg() as turbo:
        assert turbo.frame(stream(subsampling)) == FRAMES[subsampling]


@pytest.mark.parametrize("subsampling", FRAMES)
def test_planes_are_what_others_decode(subsampling: str) -> None:
    body, frame = stream(subsampling), FRAMES[subsampling]
    expected = of_pillow(body)

    luma, chroma = decoded(body, frame)

    assert np.array_equal(luma, decode_jpeg(body, "GRAY")[..., 0])
    repeated = chroma.repeat(frame.down, axis=1).repeat(frame.across, axis=2)
    differences = np.moveaxis(repeated, 0, -1).astype(np.int16) - expected[..., 1:]
    assert np.abs(differences).mean() < (1e-9 if subsampling == "4:4:4" else 3)  # others interpolate


def test_planes_may_lie_within_larger_ones() -> None:
    body, frame = stream("4:2:2"), FRAMES["4:2:2"]
    luma, chroma = np.zeros((200, 300), np.uint8), np.zeros((2, 200, 150), np.uint8)
    within = luma[50 : 50 + HEIGHT, 31 : 31 + WIDTH], chroma[:, 50 : 50 + HEIGHT, 15 : 15 + WIDTH // 2]

    with TurboJpeg() as turbo:
        turbo.decode(body, frame, Planes.of(within[0], *within[1]))

    for found, expected in zip(within, decoded(body, frame), strict=True):
        assert np.array_equal(found, expected)
    assert np.count_nonzero(luma) == np.count_nonzero(within[0])
    assert np.count_nonzero(chroma) == np.count_nonzero(within[1])


def test_streams_of_several_heads_follow_each_other() -> None:
    frame = FRAMES["4:2:2"]
    luma, chroma = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((2, HEIGHT, WIDTH // 2), np.uint8)

    with TurboJpeg() as turbo:
        for quality in (50, 90, 50):
            body = jpeg(scene(WIDTH, HEIGHT), quality=quality)
            turbo.decode(body, frame, Planes.of(luma, *chroma))

            assert np.array_equal(luma, decode_jpeg(body, "GRAY")[..., 0])


@pytest.mark.parametrize(
    "other",
    [
        jpeg(scene(WIDTH, HEIGHT), subsampling="4:4:4"),
        jpeg(scene(WIDTH, HEIGHT), subsampling="4:2:0"),
        jpeg(scene(2 * WIDTH, HEIGHT)),
        jpeg(scene(WIDTH, 2 * HEIGHT)),
        jpeg(scene(WIDTH // 2, HEIGHT)),
    ],
    ids=["more chroma", "less chroma", "wider", "higher", "narrower"],
)
def test_a_stream_of_another_frame_is_refused_before_anything_is_written(other: bytes) -> None:
    frame = FRAMES["4:2:2"]
    luma, chroma = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((2, HEIGHT, WIDTH // 2), np.uint8)

    with TurboJpeg() as turbo, pytest.raises(UnreadableImage, match="size"):
        turbo.decode(other, frame, Planes.of(luma, *chroma))

    assert not luma.any()


def rgb() -> bytes:
    body = BytesIO()
    Image.fromarray(scene(WIDTH, HEIGHT)).save(body, "JPEG", keep_rgb=True)
    return body.getvalue()


@pytest.mark.parametrize(
    "body",
    [b"", b"no JPEG", stream("4:2:2")[:100], jpeg(scene(WIDTH, HEIGHT)[..., 0]), rgb()],
    ids=["nothing", "something else", "cut off", "gray", "RGB"],
)
def test_what_has_no_luma_and_chroma_is_refused(body: bytes) -> None:
    with TurboJpeg() as turbo, pytest.raises(UnreadableImage):
        turbo.frame(body)


@pytest.mark.parametrize("at", [0.6, 0.95])
def test_a_damaged_stream_is_refused(at: float) -> None:
    body = stream("4:2:2")
    cut = int(at * len(body))

    for damaged in (body[:cut], body[:cut] + b"\xff\xd9" + body[cut:]):
        with pytest.raises(UnreadableImage):
            decoded(damaged, FRAMES["4:2:2"])


def test_a_head_whose_end_only_we_see_does_not_vouch_for_others() -> None:
    """The library goes on where a segment claims to be longer than the head; its frame may come from there."""
    body = stream("4:2:2")
    start = body.index(b"\xff\xda")
    lying = body[:start] + b"\xff\xda\x00\x03\x00" + body[start:]

    with TurboJpeg() as turbo, pytest.raises(UnreadableImage):
        turbo.decode(lying, FRAMES["4:2:2"], Planes(0, 0, 0, WIDTH, WIDTH // 2))


@pytest.mark.parametrize("subsampling", FRAMES)
def test_whatever_damage_makes_of_a_stream_nothing_is_written_beside_its_place(subsampling: str) -> None:
    random = np.random.default_rng(7)
    body, frame = stream(subsampling), FRAMES[subsampling]
    head = body.index(b"\xff\xda") + 14
    luma = np.full((HEIGHT + 64, WIDTH + 64), 77, np.uint8)
    chroma = np.full((2, HEIGHT // frame.down + 64, WIDTH // frame.across + 64), 77, np.uint8)
    within = luma[32:-32, 32:-32], chroma[:, 32:-32, 32:-32]
    refused = 0

    with TurboJpeg() as turbo:
        for _ in range(1000):
            damaged = bytearray(body)
            for at in random.integers(0, random.choice([head, len(body)]), random.integers(1, 4)):
                damaged[at] = random.integers(256)
            try:
                turbo.decode(bytes(damaged), frame, Planes.of(within[0], *within[1]))
            except UnreadableImage:
                refused += 1

    within[0][:] = within[1][:] = 77
    assert (luma == 77).all()
    assert (chroma == 77).all()
    assert 300 < refused < 1000


def test_pixels_are_split_into_luma_and_chroma() -> None:
    pixels = scene(WIDTH, HEIGHT)
    packed = np.dstack((pixels[..., ::-1], pixels[..., :1]))
    expected = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(np.int16)
    luma, chroma = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((2, HEIGHT // 2, WIDTH // 2), np.uint8)

    with TurboJpeg() as turbo:
        turbo.split(packed, Planes.of(luma, *chroma))

    means = expected[..., 1:].reshape(HEIGHT // 2, 2, WIDTH // 2, 2, 2).mean(axis=(1, 3))
    assert np.abs(luma - expected[..., 0]).max() <= 1
    assert np.abs(np.moveaxis(chroma, 0, -1) - means).max() <= 1.5


def test_pixels_of_a_part_are_those_of_the_part() -> None:
    larger = np.random.default_rng(5).integers(0, 256, (HEIGHT, 2 * WIDTH, 4), np.uint8)
    found, expected = (np.zeros((3, HEIGHT, WIDTH), np.uint8) for _ in range(2))

    with TurboJpeg() as turbo:
        turbo.split(larger[:, 40 : 40 + WIDTH], Planes.of(*found), across=1, down=1)
        turbo.split(larger[:, 40 : 40 + WIDTH].copy(), Planes.of(*expected), across=1, down=1)

    assert np.array_equal(found, expected)


def test_a_machine_without_the_library_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    turbo_jpeg._loaded.cache_clear()
    monkeypatch.setattr(turbo_jpeg, "_LIBRARY", "libturbojpeg-of-nobody.so.0")

    assert not turbo_jpeg.is_there()
