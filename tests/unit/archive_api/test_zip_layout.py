"""Zip files written around data of any size, read back by the standard library."""

import io
import zipfile
import zlib
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from archive_api.domain.zip_layout import (
    DESCRIPTOR_BYTES,
    END_BYTES,
    ZipEntry,
    central_record,
    descriptor,
    end_records,
    local_header,
)

AT = datetime(2026, 11, 26, 7, 30, 14, tzinfo=UTC)
NAMES = st.text(st.characters(exclude_characters="\0\\/", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(files=st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_what_is_written_is_read_back_and_as_long_as_said(files: dict[str, bytes]) -> None:
    entries = {name: ZipEntry(name, len(data)) for name, data in files.items()}
    local, central = b"", b""
    for name, data in files.items():
        entry, crc32, begins_at = entries[name], zlib.crc32(data), len(local)
        header = local_header(entry, AT)
        assert len(header) == entry.header_bytes
        local += header + data + descriptor(entry, crc32)
        assert len(local) - begins_at == entry.local_bytes
        central += central_record(entry, crc32, begins_at, AT)
    end = end_records(len(files), central_at=len(local), central_bytes=len(central))

    assert len(central) == sum(entry.central_bytes for entry in entries.values())
    assert len(end) == END_BYTES
    with zipfile.ZipFile(io.BytesIO(local + central + end)) as found:
        assert found.testzip() is None
        assert {info.filename: found.read(info) for info in found.infolist()} == files
        assert all(info.date_time == (2026, 11, 26, 7, 30, 14) for info in found.infolist())


def test_sizes_and_offsets_beyond_four_gigabytes_are_kept() -> None:
    entry, offset = ZipEntry("large.tif", 5 * 2**30), 9 * 2**30
    central = central_record(entry, 1, offset, AT)
    end = end_records(1, central_at=offset + entry.local_bytes, central_bytes=len(central))

    class Sparse(io.BytesIO):
        """The end of a file so large that nobody holds it."""

        shift = offset + entry.local_bytes

        def seek(self, place: int, whence: int = 0) -> int:
            return super().seek(place - (self.shift if whence == 0 else 0), whence) + self.shift

        def tell(self) -> int:
            return super().tell() + self.shift

    with zipfile.ZipFile(Sparse(central + end)) as found:
        [info] = found.infolist()

    assert (info.file_size, info.header_offset) == (5 * 2**30, offset)
    assert entry.local_bytes == entry.header_bytes + 5 * 2**30 + DESCRIPTOR_BYTES
