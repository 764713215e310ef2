"""Memory to decode into is where libjpeg-turbo keeps to the processor's cache."""

import numpy as np
import pytest
from simplejpeg import decode_jpeg, encode_jpeg

from tests.support.slide_files.scene import scene
from tiler.adapters.jpeg_room import jpeg_room


@pytest.mark.parametrize("shape", [(128, 128, 4), (120, 120, 3), (7, 5, 1), (1024, 1024, 4)])
def test_it_never_begins_where_whole_vectors_do(shape: tuple[int, int, int]) -> None:
    rooms = [jpeg_room(*shape) for _ in range(20)]

    assert all(room.shape == shape for room in rooms)
    assert all(room.ctypes.data % 32 for room in rooms)
    assert all(room.ctypes.data % 4 == 0 for room in rooms)


def test_an_image_decodes_into_it() -> None:
    stream = encode_jpeg(scene(64, 48), 90)
    room = jpeg_room(48, 64, 4)

    decoded = decode_jpeg(stream, "BGRX", buffer=room)

    assert np.shares_memory(decoded, room)
    assert np.array_equal(room[..., 2::-1], decode_jpeg(stream))
