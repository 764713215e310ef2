"""Joining parts while they change under our hands."""

import io
from pathlib import Path

import pytest

from archive_shared.blobs.folder_uploads import FolderUploads
from archive_shared.errors import Invalid, NotFound

BIG = bytes(5 << 20)


@pytest.fixture
def uploads(tmp_path: Path) -> FolderUploads:
    (tmp_path / "uploads").mkdir()
    (tmp_path / "incoming").mkdir()
    return FolderUploads(tmp_path / "uploads", incoming=tmp_path / "incoming")


class Meddling(io.BytesIO):
    """A target during whose first write something happens."""

    def __init__(self, meddle: object) -> None:
        super().__init__()
        self._meddle = meddle

    def write(self, data: object, /) -> int:
        meddle, self._meddle = self._meddle, None
        if callable(meddle):
            meddle()
        return super().write(data)  # type: ignore[arg-type]  # BytesIO says "buffer", which has no name in 3.11


def test_a_wrong_part_is_noticed_before_any_is_copied(uploads: FolderUploads) -> None:
    upload = uploads.begin("key")
    first = uploads.put_part("key", upload, 1, BIG).strip('"')
    uploads.put_part("key", upload, 2, b"tail")
    target = io.BytesIO()

    with pytest.raises(Invalid):
        uploads.join("key", upload, [(1, first), (2, first)], target)

    assert target.getvalue() == b""


def test_a_part_sent_again_while_joining_is_not_mixed_in(uploads: FolderUploads) -> None:
    upload = uploads.begin("key")
    first = uploads.put_part("key", upload, 1, BIG).strip('"')
    second = uploads.put_part("key", upload, 2, b"tail").strip('"')
    target = Meddling(lambda: uploads.put_part("key", upload, 2, b"other"))

    with pytest.raises(Invalid):
        uploads.join("key", upload, [(1, first), (2, second)], target)


def test_an_upload_that_goes_while_joining_is_not_found(uploads: FolderUploads) -> None:
    upload = uploads.begin("key")
    first = uploads.put_part("key", upload, 1, BIG).strip('"')
    second = uploads.put_part("key", upload, 2, b"tail").strip('"')
    target = Meddling(lambda: uploads.remove("key", upload))

    with pytest.raises(NotFound):
        uploads.join("key", upload, [(1, first), (2, second)], target)
