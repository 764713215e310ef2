"""Aggregates come back as they were saved, and every event a change caused waits in the document, once, in order."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import pytest

from archive_shared.documents import Aggregate, Collection, Document, Documents, Repository, at_most
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Duplicate, NotFound, Stale
from archive_shared.events import ArchiveUpdated

SLIDES = Collection(
    "slide",
    fields={"stain": "stain", "label": "label", **OUTBOX_FIELDS},
    unique=[("label",)],
    indexes=[("stain",), OUTBOX_INDEX],
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Stain(StrEnum):
    HE = "h&e"
    PAS = "pas"


class Grade(Enum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Region:
    name: str
    corners: list[float]
    drawn_at: datetime | None = None
    inner: "Region | None" = None


@dataclass(kw_only=True)
class Slide(Aggregate):
    stain: Stain = Stain.HE
    label: str | None = None
    grade: Grade | None = None
    scanned_at: datetime | None = None
    thickness_um: float | None = None
    regions: list[Region] = field(default_factory=list)
    main_region: Region | None = None
    remarks: dict[str, Any] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)

    def relabel(self, label: str) -> None:
        self.label = label
        self.record(ArchiveUpdated(archive=self.id, title=label, public=False))


@dataclass
class HandClock:
    """Moves a second with every look."""

    at: datetime = NOON

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[Documents]:
    documents = SqliteDocuments(tmp_path / "slides.db", [SLIDES])
    yield documents
    documents.close()


@pytest.fixture
def slides(documents: Documents) -> Repository[Slide]:
    return Repository(documents, "slide", Slide, source="microscope", clock=HandClock())


FULL = Slide(
    id="full",
    stain=Stain.PAS,
    label="é \u2028 '",
    grade=Grade.HIGH,
    scanned_at=datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
    thickness_um=3.5,
    regions=[Region("a", [0.0, -1.5, 1e300]), Region("b", [], NOON, inner=Region("c", [1.0]))],
    main_region=Region("m", [2.0], NOON),
    remarks={"free": [1, None, {"deep": True}], "": ""},
    views={"left": 1},
)


@pytest.mark.parametrize("slide", [Slide(id="empty"), FULL], ids=["empty", "full"])
def test_an_aggregate_comes_back_as_it_was_saved(slides: Repository[Slide], slide: Slide) -> None:
    slides.add(slide)

    found = slides.require(slide.id)

    assert found == slides.get(slide.id)
    assert found.version == 1
    found.version = 0
    assert found == slide


def test_instants_come_back_in_utc(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a", scanned_at=datetime.fromisoformat("2026-11-23T14:00:00+02:00")))

    scanned_at = slides.require("a").scanned_at

    assert scanned_at == NOON
    assert scanned_at is not None
    assert scanned_at.tzinfo is UTC


def test_enums_are_found_by_their_values(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a", stain=Stain.PAS))
    slides.add(Slide(id="b"))

    assert [slide.id for slide in slides.find({"stain": Stain.PAS})] == ["a"]
    assert slides.count({"stain": "h&e"}) == 1


def test_what_was_stored_before_a_field_existed_gets_its_default(
    slides: Repository[Slide], documents: Documents
) -> None:
    documents.put_new("slide", {"_id": "old", "version": 3, "stain": "pas", "field_of_later_days": 1})

    assert slides.require("old") == Slide(id="old", version=3, stain=Stain.PAS)


def test_adding_twice_is_refused(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a"))

    with pytest.raises(Duplicate):
        slides.add(Slide(id="a"))


def test_a_missing_aggregate_is_none_or_not_found(slides: Repository[Slide]) -> None:
    assert slides.get("nobody") is None
    with pytest.raises(NotFound):
        slides.require("nobody")
    with pytest.raises(NotFound):
        slides.change("nobody", lambda slide: slide.relabel("x"))


def test_events_wait_in_the_document_in_order_with_rising_sequence(
    slides: Repository[Slide], documents: Documents
) -> None:
    slide = Slide(id="a")
    slide.relabel("one")
    slide.relabel("two")
    slides.add(slide)
    slides.change("a", lambda slide: slide.relabel("three"))

    outbox = _stored(documents)["outbox"]

    assert [event["data"]["title"] for event in outbox] == ["one", "two", "three"]
    assert [event["sequence"] for event in outbox] == [1, 2, 3]
    assert {event["source"] for event in outbox} == {"microscope"}
    assert {event["subject"] for event in outbox} == {"a"}
    assert len({event["id"] for event in outbox}) == 3


def test_the_sequence_goes_on_after_events_were_published(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="a"))
    slides.change("a", lambda slide: slide.relabel("one"))
    _publish(documents)
    slides.change("a", lambda slide: slide.relabel("two"))

    assert [event["sequence"] for event in _publish(documents)] == [2]


def test_the_age_of_the_oldest_event_can_be_asked_for(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="quiet"))
    slides.add(Slide(id="a"))
    slides.change("a", lambda slide: slide.relabel("one"))
    since = _stored(documents)["outbox_since"]
    slides.change("a", lambda slide: slide.relabel("two"))

    waiting = documents.find("slide", {"outbox_since": at_most("9")}, sort=[("outbox_since", 1)])

    assert [(each["_id"], each["outbox_since"]) for each in waiting] == [("a", since)]
    _publish(documents)
    assert documents.count("slide", {"outbox_since": at_most("9")}) == 0


def test_a_change_returns_and_stores_the_next_version(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a"))

    changed = slides.change("a", lambda slide: slide.relabel("one"))

    assert (changed.version, changed.label) == (2, "one")
    assert slides.require("a") == changed


def test_publishing_moves_the_revision_but_not_the_version(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="a"))
    slides.change("a", lambda slide: slide.relabel("one"))

    _publish(documents)

    assert (_stored(documents)["rev"], slides.require("a").version) == (3, 2)


def test_a_saved_aggregate_can_be_changed_further(slides: Repository[Slide]) -> None:
    slide = slides.add(Slide(id="a"))
    slide.relabel("one")
    slide = slides.save(slide)
    slide.relabel("two")
    slides.save(slide)

    assert (slides.require("a").version, slides.require("a").label) == (3, "two")


def test_saving_what_somebody_else_changed_is_refused(slides: Repository[Slide]) -> None:
    slide = slides.add(Slide(id="a"))
    slides.change("a", lambda other: other.relabel("theirs"))
    slide.relabel("mine")

    with pytest.raises(Stale):
        slides.save(slide)

    assert slides.require("a").label == "theirs"


@pytest.mark.parametrize(
    "step",
    [
        lambda slide: slide.regions.append(Region("new", [])),
        lambda slide: slide.regions[1].corners.append(7.0),
        lambda slide: slide.remarks["free"].append("more"),
        lambda slide: slide.remarks["free"][2].update(deep=False),
        lambda slide: slide.views.update(left=2),
        lambda slide: setattr(slide, "scanned_at", None),
    ],
    ids=["list", "nested list", "free list", "free dict", "dict", "field"],
)
def test_a_change_in_place_is_noticed(slides: Repository[Slide], step: Any) -> None:
    slides.add(FULL)

    changed = slides.change("full", step)

    assert changed.version == 2
    assert slides.require("full") == changed


def test_a_change_that_changes_nothing_writes_nothing(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(FULL)
    before = documents.get("slide", "full")

    same = slides.change("full", lambda slide: setattr(slide, "label", FULL.label))

    assert same.version == 1
    assert documents.get("slide", "full") == before


def test_an_event_without_a_change_is_stored_too(slides: Repository[Slide], documents: Documents) -> None:
    slides.add(Slide(id="a", label="same"))

    slides.change("a", lambda slide: slide.relabel("same"))

    assert len(_stored(documents)["outbox"]) == 1


def test_a_step_that_fails_writes_nothing(slides: Repository[Slide], documents: Documents) -> None:
    slides.add(Slide(id="a"))

    def step(slide: Slide) -> None:
        slide.relabel("half")
        raise LookupError("as planned")

    with pytest.raises(LookupError):
        slides.change("a", step)

    assert (_stored(documents)["rev"], _stored(documents)["outbox"]) == (1, [])


def test_a_change_starts_again_from_what_somebody_faster_stored(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="a"))
    seen: list[str | None] = []

    def step(slide: Slide) -> None:
        seen.append(slide.label)
        if len(seen) == 1:
            slides.change("a", lambda other: other.relabel("theirs"))
        slide.relabel(f"{slide.label} and mine")

    slides.change("a", step)

    assert seen == [None, "theirs"]
    assert [event["data"]["title"] for event in _stored(documents)["outbox"]] == ["theirs", "theirs and mine"]


def test_published_events_do_not_come_back_with_a_stale_save(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="a"))
    slides.change("a", lambda slide: slide.relabel("one"))

    def step(slide: Slide) -> None:
        _publish(documents)
        slide.relabel("two")

    slides.change("a", step)

    assert [event["data"]["title"] for event in _stored(documents)["outbox"]] == ["two"]


def test_changes_and_publishing_at_once_lose_and_repeat_nothing(
    slides: Repository[Slide], documents: Documents
) -> None:
    slides.add(Slide(id="a"))
    published: list[Document] = []
    stop = threading.Event()

    def publish_until_stopped() -> None:
        while not stop.is_set():
            published.extend(_publish(documents))

    relay = threading.Thread(target=publish_until_stopped)
    relay.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: slides.change("a", lambda slide: slide.relabel(str(number))), range(60)))
    stop.set()
    relay.join()
    published.extend(_publish(documents))

    assert [event["sequence"] for event in published] == list(range(1, 61))
    assert sorted(event["data"]["title"] for event in published) == sorted(map(str, range(60)))
    assert slides.require("a").version == 61


def test_unique_groups_hold_for_aggregates(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a", label="taken"))
    slides.add(Slide(id="b"))
    slides.add(Slide(id="c"))

    with pytest.raises(Duplicate):
        slides.change("b", lambda slide: setattr(slide, "label", "taken"))


def test_deleting_tells_whether_it_was_there(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a"))

    assert slides.delete("a")
    assert not slides.delete("a")


def test_pages_of_aggregates(slides: Repository[Slide]) -> None:
    for identifier in "abcde":
        slides.add(Slide(id=identifier, label=identifier))

    page = slides.find(sort=[("label", -1)], skip=1, limit=2)

    assert [slide.id for slide in page] == ["d", "c"]


def test_fields_that_would_overwrite_the_bookkeeping_are_refused(documents: Documents) -> None:
    @dataclass(kw_only=True)
    class Careless(Aggregate):
        outbox: list[str] = field(default_factory=list)

    with pytest.raises(TypeError, match="outbox"):
        Repository(documents, "slide", Careless, source="microscope")


def _stored(documents: Documents) -> Document:
    stored = documents.get("slide", "a")
    assert stored is not None
    return stored


def _publish(documents: Documents) -> list[Document]:
    """Take out what waits, as the relay does: publish what was read, then remove exactly that."""
    waiting = list(_stored(documents)["outbox"])
    sent = {event["id"] for event in waiting}

    def remove(document: Document) -> Document:
        left = [event for event in document["outbox"] if event["id"] not in sent]
        document = {name: value for name, value in document.items() if name != "outbox_since"}
        return document | {"outbox": left} | ({"outbox_since": left[0]["time"]} if left else {})

    if waiting:
        documents.mutate("slide", "a", remove)
    return waiting


def test_several_are_changed_each_with_its_events(slides: Repository[Slide], documents: Documents) -> None:
    for identifier in ("a", "b", "c"):
        slides.add(Slide(id=identifier, label="new b" if identifier == "b" else None))

    def step(slide: Slide) -> None:
        if slide.label is None:
            slide.relabel(f"new {slide.id}")

    slides.change_each(["a", "b"], step)

    found = [(slide.label, slide.version) for slide in slides.get_each(["a", "b", "c"])]
    assert found == [("new a", 2), ("new b", 1), (None, 1)]
    assert [event["data"]["title"] for event in _stored(documents)["outbox"]] == ["new a"]


def test_several_are_changed_though_somebody_is_faster_with_one(slides: Repository[Slide]) -> None:
    for identifier in ("a", "b"):
        slides.add(Slide(id=identifier, label=identifier))
    disturbed: list[Slide] = []

    def step(slide: Slide) -> None:
        if slide.id == "b" and not disturbed:
            disturbed.append(slides.change("b", lambda other: other.relabel("theirs")))
        slide.relabel(f"{slide.label} and ours")

    slides.change_each(["a", "b"], step)

    assert [slide.label for slide in slides.get_each(["a", "b"])] == ["a and ours", "theirs and ours"]


def test_nothing_is_changed_if_one_of_several_is_missing(slides: Repository[Slide]) -> None:
    slides.add(Slide(id="a"))

    with pytest.raises(NotFound):
        slides.change_each(["a", "nobody"], lambda slide: slide.relabel("x"))

    assert slides.require("a").version == 1
    assert slides.get_each([]) == []
