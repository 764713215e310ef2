"""Every tile is looked at: those of one encoder by counting their markers all at once, any others one by one."""

import random
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.slide_files.scene import jpeg, scan_start, scene
from tiler.adapters.slides import copied_tiles, marker_counts
from tiler.adapters.slides.copied_tiles import TileCheck
from tiler.adapters.slides.marker_counts import markers_within
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.jpeg_stream import EOI, ForeignSegment
from tiler.domain.level import Level
from tiler.domain.problems import UnreadableImage

TILE = 64
TEXT = b"Jane Roe"
COMMENT = b"\xff\xfe" + (2 + len(TEXT)).to_bytes(2) + TEXT
TILES = [jpeg(scene(TILE, TILE, seed)) for seed in range(12)]
HEAD = TILES[0][: scan_start(TILES[0])]
Look = Callable[[Sequence[bytes]], bytes]


@pytest.fixture
def look() -> Look:
    """Looks at tiles as at those of a piece that is not the first of its level."""
    nothing = array("Q")
    encoding = Encoding(Compression.JPEG, Photometric.YCBCR, samples_per_pixel=3)
    check = TileCheck(Level(TILE, TILE, TILE, TILE, True, encoding, nothing, nothing))
    check.cleared(TILES[0], [0], [len(TILES[0])])

    def cleared(tiles: Sequence[bytes]) -> bytes:
        sizes = [len(tile) for tile in tiles]
        return check.cleared(b"".join(tiles), list(accumulate(sizes[:-1], initial=0)), sizes)

    return cleared


@pytest.mark.parametrize("padding", [b"", b"\0"])
def test_tiles_of_one_encoder_are_looked_at_all_at_once(
    look: Look, padding: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        pytest.fail("a tile was looked at by itself")

    monkeypatch.setattr(copied_tiles, "end_of_image", fail)
    tiles = [tile + padding for tile in TILES]
    assert look(tiles) == b"".join(tiles)


@pytest.mark.parametrize("at", [len(HEAD), -2])
def test_a_comment_among_the_pixels_of_a_later_tile_is_refused(look: Look, at: int) -> None:
    damaged = TILES[5][:at] + COMMENT + TILES[5][at:]
    with pytest.raises(ForeignSegment):
        look([*TILES[:5], damaged, *TILES[6:]])


def test_a_comment_in_place_of_the_end_of_the_tile_before_is_refused(look: Look) -> None:
    with pytest.raises(ForeignSegment):
        look([TILES[1][:-2], TILES[2][:-2] + COMMENT + EOI, TILES[3]])


@pytest.mark.parametrize("text", [TEXT, TEXT + EOI, b"\0" + TEXT])
def test_text_behind_a_later_tile_is_blanked(look: Look, text: bytes) -> None:
    assert look([TILES[1], TILES[2] + text, TILES[3]]) == b"".join((*TILES[1:3], bytes(len(text)), TILES[3]))


@pytest.mark.parametrize("piece_bytes", [1, 2, 3, 7, 1 << 18])
def test_markers_are_counted_across_the_pieces_of_a_body(
    piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marker_counts, "_AT_ONCE_BYTES", piece_bytes)
    assert markers_within(b"\xff\xd8a\xff\x00\xff\xff\xffb\x00\xff") == 4
    assert [markers_within(body) for body in (b"", b"\xff", b"\xff\x01", b"\xff\x00")] == [0, 0, 1, 0]


@given(st.lists(st.sampled_from([b"\xff", b"\x00", b"\xd9", b"a"]), max_size=30))
def test_markers_are_counted_alike_without_numpy(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    assert marker_counts._counted_one_by_one(body) == marker_counts._counted_by_numpy(body)


def test_counting_finds_what_looking_at_each_tile_finds(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = [outcome(look, tiles) for tiles in mutants(600)]
    monkeypatch.setattr(copied_tiles, "markers_within", lambda _: 0)
    assert counted == [outcome(look, tiles) for tiles in mutants(600)]
    assert len({type(each) for each in counted}) > 1


def outcome(look: Look, tiles: Sequence[bytes]) -> bytes | str:
    try:
        return look(tiles)
    except UnreadableImage as problem:
        return repr(problem)


def mutants(count: int) -> list[list[bytes]]:
    """Return three tiles each, of which one has some bytes changed, left out or put in, most of them near markers."""
    chance = random.Random(11)
    return [mutant(chance) for _ in range(count)]


def mutant(chance: random.Random) -> list[bytes]:
    tiles = chance.sample(TILES, 3)
    stream = bytearray(tiles[1])
    for _ in range(chance.randint(1, 3)):
        at = chance.choice((chance.randrange(len(stream)), len(stream) - chance.randint(0, 4), len(HEAD), 2))
        put = chance.choice(
            (b"", b"\xff", b"\0", b"\xff\xff", EOI, COMMENT, b"\xff\xd0", chance.randbytes(2))
        )
        stream[at : at + chance.randint(0, 2)] = put
    return [tiles[0], bytes(stream), tiles[2]]
