"""Which item and socket an image belongs to, by manifest, folder or name."""

import pytest

from ingest_worker.domain.grouping import GroupBy, Grouping, ManifestRow, Placement, pattern_errors, place

OWN = "generic-medical-image"


def placed(grouping: Grouping | None, *images: list[str]) -> list[tuple[str, str]]:
    return [(each.item, each.socket) for each in place(grouping, images, socket=OWN)]


def test_without_grouping_every_image_is_an_item_of_its_own() -> None:
    assert placed(None, ["a.mha"], ["b.mha"]) == [("", OWN), ("", OWN)]


def test_a_manifest_names_item_and_socket_of_each_file() -> None:
    rows = [
        ManifestRow("a.mha", "case 1"),
        ManifestRow("mask.mha", "case 1", "overlay"),
        ManifestRow("b.zip/x/b.mha", "case 2"),
    ]
    grouping = Grouping(by=GroupBy.MANIFEST, rows=rows)

    assert placed(grouping, ["a.mha"], ["m.zip/deep/mask.mha"], ["b.zip/x/b.mha"], ["other.mha"]) == [
        ("case 1", OWN),
        ("case 1", "overlay"),
        ("case 2", OWN),
        ("", OWN),
    ]


def test_a_series_belongs_where_a_row_puts_any_of_its_files() -> None:
    grouping = Grouping(by=GroupBy.MANIFEST, rows=[ManifestRow("2.dcm", "case")])

    assert placed(grouping, ["1.dcm", "2.dcm"]) == [("case", OWN)]


def test_the_files_of_a_folder_are_one_item() -> None:
    grouping = Grouping(by=GroupBy.FOLDER, sockets={"seg": "overlay"})

    assert placed(
        grouping,
        ["all.zip/patient 1/ct.mha"],
        ["all.zip/patient 1/seg.mha"],
        ["all.zip/patient 2/ct.mha"],
        ["loose.mha"],
    ) == [("patient 1", OWN), ("patient 1", "overlay"), ("patient 2", OWN), ("", OWN)]


def test_names_are_taken_apart_by_a_pattern() -> None:
    grouping = Grouping(by=GroupBy.NAME, pattern="{item}_{socket}.*", sockets={"seg": "overlay"})

    assert placed(grouping, ["p1_ct.mha"], ["p1_seg.nii.gz"], ["zip/p2_ct.mha"], ["nothing.mha"]) == [
        ("p1", OWN),
        ("p1", "overlay"),
        ("p2", OWN),
        ("", OWN),
    ]


def test_two_images_for_one_socket_of_one_item_do_not_displace_one_another() -> None:
    grouping = Grouping(by=GroupBy.NAME, pattern="{item}-*")

    assert placed(grouping, ["p-1.mha"], ["p-2.mha"]) == [("p", OWN), ("", OWN)]


@pytest.mark.parametrize("text", ["{item}.(mha", "{item}[0-9", "{item}\\", "{item}(a+)+$"])
def test_a_pattern_is_no_expression(text: str) -> None:
    grouping = Grouping(by=GroupBy.NAME, pattern=text)

    assert placed(grouping, [text.replace("{item}", "case")]) == [("case", OWN)]


@pytest.mark.parametrize(
    "pattern", ["", "*", "{item}{item}", "{item}{socket}{socket}", "{item}***", "*{item}*{socket}"]
)
def test_a_pattern_that_names_no_item_or_takes_long_is_refused(pattern: str) -> None:
    assert pattern_errors(pattern)


def test_equal_outcomes_give_equal_places() -> None:
    grouping = Grouping(by=GroupBy.NAME, pattern="{item}.*")
    images = [["b.mha"], ["a.mha"], ["b.nii"]]

    assert place(grouping, images, socket=OWN) == place(grouping, images, socket=OWN)
    assert place(grouping, images, socket=OWN)[2] == Placement("", OWN)
