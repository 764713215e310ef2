"""The table of who may hear what: complete, denying by default, and written here a second time."""

from dataclasses import asdict

import pytest
from jsonschema import Draft202012Validator

from archive_shared.events import Event, PreviewReady
from archive_shared.wire.catalogue import CATALOGUE
from archive_shared.wire.schemas import event_schema
from feed.domain.audience import NOBODY, RULES, Audience, audience_of, told
from feed.domain.whereabouts import Whereabouts
from tests.support.feed_events import ARCHIVE, CREATOR, PERSON, SAMPLES
from tests.support.imports import an_import

IMAGE = Audience(members=("an archive that holds the image",))
SESSION = Audience(people=("whoever began the session",))

MEMBERS_OF_THE_ARCHIVE = Audience(members=(ARCHIVE,))
WHO_UPLOADED = Audience(people=(CREATOR,))
EDITORS_AND_THE_PERSON = Audience(editors=(ARCHIVE,), people=(PERSON,), within=(ARCHIVE,))
THE_PERSON = Audience(people=(PERSON,))

EXPECTED = {
    "archive.archive.": MEMBERS_OF_THE_ARCHIVE,
    "archive.item.": MEMBERS_OF_THE_ARCHIVE,
    "archive.image.deleted.": IMAGE,
    "archive.image.imported.": Audience(members=(ARCHIVE,), people=(CREATOR,)),
    "archive.upload.": WHO_UPLOADED,
    "archive.session.": WHO_UPLOADED,
    "archive.file.rejected.": SESSION,
    "archive.preview.": IMAGE,
    "archive.tiles.": IMAGE,
    "archive.slide.": IMAGE,
    "archive.role.": EDITORS_AND_THE_PERSON,
    "archive.access.": EDITORS_AND_THE_PERSON,
    "archive.user.": THE_PERSON,
    "archive.token.": THE_PERSON,
    "archive.task.": NOBODY,
}


def known(kind: str, identifier: str) -> Audience:
    return {"image": IMAGE, "session": SESSION}[kind]


def expected(type: str) -> Audience:
    return next(audience for prefix, audience in EXPECTED.items() if type.startswith(prefix))


def test_every_event_of_the_platform_has_a_rule() -> None:
    without = {entry.event.TYPE for entry in CATALOGUE} - RULES.keys()

    assert without == set(), "add a row to RULES: until then only administrators hear of it"


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_the_audience_of_each_event(event: Event) -> None:
    assert audience_of(event.TYPE, asdict(event), known) == expected(event.TYPE)


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(event) for event in SAMPLES} == {entry.event for entry in CATALOGUE}


def test_what_has_no_rule_is_for_nobody() -> None:
    everything = {"archive": ARCHIVE, "creator": CREATOR, "user": PERSON}

    assert audience_of("archive.secret.told.v1", everything, known) == NOBODY
    assert audience_of("archive.item.created.v2", everything, known) == NOBODY


def test_an_image_without_a_target_is_for_its_uploader() -> None:
    event = an_import(creator=CREATOR)

    assert audience_of(event.TYPE, asdict(event), known) == Audience(people=(CREATOR,))


def test_a_session_is_for_its_creator_within_the_archive_that_it_is_for() -> None:
    told_of = {"session": "s", "creator": CREATOR, "archive": ARCHIVE}

    found = audience_of("archive.session.started.v1", told_of, known)

    assert found == Audience(people=(CREATOR,), within=(ARCHIVE,))


def test_the_patient_is_left_out_and_the_rest_stays_as_the_schema_wants_it() -> None:
    event = an_import()
    data = asdict(event)
    data["description"] |= {
        "patient_name": "Muster^Erika",
        "patient_birth_date": "1960-01-01",
        "patient_sex": "F",
        "patient_age": "066Y",
    }

    outside = told(data)

    assert all(not value for name, value in outside["description"].items() if name.startswith("patient_"))
    assert outside["description"]["width"] == 512
    Draft202012Validator(event_schema(type(event))).validate(outside)
    assert {**outside, "description": None} == {**data, "description": None}


def test_what_has_no_patient_is_told_as_it_is() -> None:
    assert told(asdict(PreviewReady(image="i"))) == {"image": "i"}


# --- who may see an image, from what items said of it


def test_until_an_item_holds_it_an_image_is_for_its_uploader_and_the_archive_it_is_meant_for() -> None:
    image = Whereabouts(id="image:i")
    image.note_origin(creator=CREATOR, archive=ARCHIVE)

    assert image.audience() == Audience(members=(ARCHIVE,), people=(CREATOR,))


def test_items_decide_as_soon_as_there_are_any() -> None:
    image = Whereabouts(id="image:i")
    image.note_origin(creator=CREATOR, archive=ARCHIVE)
    image.note_holder("item-1", "b", sequence=1)
    image.note_holder("item-2", "a", sequence=1)
    image.note_holder("item-3", "a", sequence=1)

    assert image.audience() == Audience(members=("a", "b"))
    image.note_holder("item-1", None, sequence=2)
    assert image.audience() == Audience(members=("a",))


def test_an_image_no_item_holds_any_more_is_its_uploaders() -> None:
    image = Whereabouts(id="image:i")
    image.note_origin(creator=CREATOR, archive=ARCHIVE)
    image.note_holder("item-1", ARCHIVE, sequence=1)
    image.note_holder("item-1", None, sequence=2)

    assert image.audience() == Audience(people=(CREATOR,))


def test_late_and_repeated_words_of_an_item_change_nothing() -> None:
    image = Whereabouts(id="image:i")
    image.note_holder("item-1", None, sequence=5)
    image.note_holder("item-1", "a", sequence=4)
    image.note_holder("item-1", "a", sequence=5)

    assert image.audience() == NOBODY
