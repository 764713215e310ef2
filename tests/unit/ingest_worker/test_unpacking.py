"""Archives are unpacked whole or not at all, within a budget, and nothing in them names a place on disk."""

import stat
import zipfile
from pathlib import Path

import pytest

from demo.imaging import cut_short
from ingest_worker.adapters.unpacking import Allowance, Unpacked, unpack
from ingest_worker.domain.budget import MIB, Budget
from ingest_worker.domain.files import SourceFile
from tests.support.odd_files import flip_bit


def write_zip(path: Path, members: dict[str, bytes], *, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def unpacked(path: Path, *, budget: Budget | None = None) -> Unpacked:
    target = path.parent / "target"
    target.mkdir(exist_ok=True)
    return unpack(SourceFile(path.name, path), target, Allowance.of(budget or Budget()))


def contents(found: Unpacked) -> dict[str, bytes]:
    return {file.name: file.path.read_bytes() for file in found.files}


def reason(found: Unpacked) -> str:
    assert not found.files
    (rejection,) = found.rejections
    return rejection.reasons[0]


def test_members_are_known_by_the_archive_and_their_path_in_it(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x/10.dcm": b"ten", "x/2.dcm": b"two", "y.png": b"why"})

    found = unpacked(archive)

    assert list(contents(found)) == ["a.zip/x/2.dcm", "a.zip/x/10.dcm", "a.zip/y.png"]
    assert contents(found)["a.zip/x/10.dcm"] == b"ten"
    assert found.archives == ["a.zip"]


def test_archives_in_archives_are_unpacked_too(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"deep.txt": b"!"})
    archive = write_zip(tmp_path / "a.zip", {"folder/b.zip": inner.read_bytes()})

    found = unpacked(archive)

    assert contents(found) == {"a.zip/folder/b.zip/deep.txt": b"!"}
    assert found.archives == ["a.zip", "a.zip/folder/b.zip"]


def test_archives_nested_too_deep_are_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "0.zip", {"x": b"x"})
    for level in range(1, 4):
        path = write_zip(tmp_path / f"{level}.zip", {f"{level - 1}.zip": path.read_bytes()})

    found = unpacked(path, budget=Budget(unpacked_depth=3))

    assert not found.files
    assert found.rejections[0].file == "3.zip/2.zip/1.zip/0.zip"
    assert found.rejections[0].reasons == ("Archives may be nested 3 deep at most.",)


@pytest.mark.parametrize("name", ["../evil", "x/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "x\nevil"])
def test_a_name_that_leads_out_of_the_archive_is_left_out(tmp_path: Path, name: str) -> None:
    archive = write_zip(tmp_path / "a.zip", {name: b"evil", "good": b"good"})

    found = unpacked(archive)

    assert contents(found) == {"a.zip/good": b"good"}
    assert found.rejections[0].file.startswith("a.zip/")
    assert "leads out of its archive" in found.rejections[0].reasons[0]
    assert {path.name for path in (tmp_path / "target").iterdir()} == {"000001"}


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\u200b", "\u00ad"])
def test_a_name_may_hold_blanks_that_are_not_seen(tmp_path: Path, blank: str) -> None:
    """MacOS puts a narrow one into names of screenshots; in Windows' Cyrillic, a letter looks like one of them."""
    archive = write_zip(tmp_path / "a.zip", {f"Screenshot 10.00{blank}AM.png": b"x"})

    found = unpacked(archive)

    assert list(contents(found)) == [f"a.zip/Screenshot 10.00{blank}AM.png"]
    assert not found.rejections


def test_folders_may_be_separated_as_on_windows(tmp_path: Path) -> None:
    names = ("study\\", "study\\ct\\1.dcm", "__MACOSX\\._1.dcm", "study\\Thumbs.db")
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for name in names:
            entry = zipfile.ZipInfo("to be named")
            entry.filename = name
            opened.writestr(entry, b"" if name.endswith("\\") else b"1")

    found = unpacked(archive)

    assert contents(found) == {"a.zip/study/ct/1.dcm": b"1"}
    assert not found.rejections


@pytest.mark.parametrize(
    ("stored", "name"), [("Schädel.raw".encode(), "Schädel.raw"), (b"Sch\x84del.raw", "Schädel.raw")]
)
def test_names_are_read_though_their_encoding_is_not_told(tmp_path: Path, stored: bytes, name: str) -> None:
    """As UTF-8, which macOS writes so, or else as MS-DOS had them."""
    archive = write_zip(tmp_path / "a.zip", {"x" * len(stored): b"1"})
    archive.write_bytes(archive.read_bytes().replace(b"x" * len(stored), stored))

    assert contents(unpacked(archive)) == {f"a.zip/{name}": b"1"}


def test_links_are_not_followed(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        link = zipfile.ZipInfo("link.dcm")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")

    assert reason(unpacked(archive)) == "This is a link, and links in archives are not followed."


def test_what_operating_systems_leave_behind_is_ignored(tmp_path: Path) -> None:
    litter = {"__MACOSX/._x.dcm": b"1", ".DS_Store": b"2", "folder/desktop.ini": b"3", "Thumbs.db": b"4"}
    archive = write_zip(tmp_path / "a.zip", litter | {"x.dcm": b"x"})

    found = unpacked(archive)

    assert contents(found) == {"a.zip/x.dcm": b"x"}
    assert not found.rejections


def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    assert reason(unpacked(write_zip(tmp_path / "a.zip", {}))) == "The archive a.zip is empty."


def test_an_encrypted_archive_says_so(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x": b"secret"})
    content = bytearray(archive.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    archive.write_bytes(content)

    assert reason(unpacked(archive)).startswith("The archive a.zip is encrypted")


def test_an_archive_cut_short_or_with_a_flipped_bit_is_damaged(tmp_path: Path) -> None:
    short = cut_short(write_zip(tmp_path / "a.zip", {"x": bytes(range(256)) * 9}))
    flipped = flip_bit(write_zip(tmp_path / "b.zip", {"x": bytes(range(256)) * 9}, compression=0), 200)

    assert reason(unpacked(short)) == "The archive a.zip is damaged or packed in a way that is not supported."
    assert (
        reason(unpacked(flipped)) == "The archive b.zip is damaged or packed in a way that is not supported."
    )


def test_too_many_files_are_refused_before_any_is_written(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {str(number): b"" for number in range(11)})

    found = unpacked(archive, budget=Budget(unpacked_files=10))

    assert reason(found) == "The archives of this upload hold more than 10 files."
    assert not any((tmp_path / "target").iterdir())


def test_too_many_bytes_are_refused_before_any_is_written(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x": bytes(3 * MIB)})

    found = unpacked(archive, budget=Budget(unpacked_bytes=2 * MIB))

    assert reason(found) == "The archives of this upload hold more than 2 MB unpacked."
    assert not any((tmp_path / "target").iterdir())


def test_a_directory_that_lies_about_sizes_does_not_get_around_the_budget(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x": bytes(8 * MIB)})
    content = bytearray(archive.read_bytes())
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (100).to_bytes(4, "little")
    archive.write_bytes(content)

    found = unpacked(archive, budget=Budget(unpacked_bytes=2 * MIB))

    assert not found.files
    assert sum(path.stat().st_size for path in (tmp_path / "target").iterdir()) <= 2 * MIB


def test_a_bomb_is_known_by_its_ratio(tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"x": bytes(20 * MIB)})
    budget = Budget(unpacked_ratio=100, unpacked_ratio_free_bytes=10 * MIB)

    assert "looks like a bomb" in reason(unpacked(archive, budget=budget))


def test_the_budget_is_shared_by_nested_archives(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"x": bytes(MIB)}).read_bytes()
    archive = write_zip(tmp_path / "a.zip", {f"{number}.zip": inner for number in range(5)})

    found = unpacked(archive, budget=Budget(unpacked_bytes=3 * MIB))

    assert len(found.files) == 2
    assert {one.reasons[0] for one in found.rejections} == {
        "The archives of this upload hold more than 3 MB unpacked."
    }
