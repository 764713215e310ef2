"""Who gets which event, for every event and every kind of person; a leak here would be a disaster."""

from collections.abc import Mapping

import pytest

from archive_shared.errors import Unavailable
from archive_shared.events import (
    ArchiveUpdated,
    Event,
    FileRejected,
    ItemCreated,
    ItemDeleted,
    PreviewReady,
    RoleRevoked,
    SessionFailed,
    SessionStarted,
    SessionSucceeded,
    UploadCompleted,
    UserVerified,
)
from archive_shared.identifiers import new_id
from feed.bootstrap import listener
from tests.support.feed import EVENTS, FeedService, received
from tests.support.feed_events import ARCHIVE, IMAGE, ITEM, SAMPLES, SESSION
from tests.support.imports import an_import

ROLES = ("user", "uploader", "editor")
PEOPLE = ("anonymous", "outsider", *ROLES, "other-editor", "admin")

MEMBERS = {"user", "uploader", "editor"}
UPLOADER = {"uploader"}
EDITORS_AND_USER = {"editor", "user"}  # it is about the user
USER = {"user"}

# Written down by hand, by the beginning of the type. Administrators hear everything, so they are not repeated.
MAY_HEAR: Mapping[str, set[str]] = {
    "archive.archive.": MEMBERS,
    "archive.item.": MEMBERS,
    "archive.image.imported.": MEMBERS,
    "archive.image.deleted.": MEMBERS,  # in truth nobody holds it any more, and its uploader hears
    "archive.preview.": MEMBERS,
    "archive.tiles.": MEMBERS,
    "archive.slide.": MEMBERS,
    "archive.upload.": UPLOADER,
    "archive.session.": UPLOADER,
    "archive.file.rejected.": UPLOADER,
    "archive.role.": EDITORS_AND_USER,
    "archive.access.": EDITORS_AND_USER,
    "archive.user.": USER,
    "archive.token.": USER,
    "archive.task.": set(),
}


@pytest.fixture
def tokens(feed: FeedService) -> dict[str, str]:
    """People: each role on the archive, nobody, an editor of another archive, an administrator."""
    tokens = {name: feed.people.add_person(name) for name in PEOPLE if name not in ("anonymous", "admin")}
    for role in ROLES:
        feed.people.give(tokens[role], role, ARCHIVE)
    feed.people.give(tokens["other-editor"], "editor", "archive-2")
    return tokens | {"admin": feed.people.add_person("admin", administrator=True)}


def may_hear(event: Event) -> set[str]:
    return next(who for prefix, who in MAY_HEAR.items() if event.TYPE.startswith(prefix)) | {"admin"}


def test_every_event_reaches_exactly_those_who_may_hear_it(feed: FeedService, tokens: dict[str, str]) -> None:
    ids = {feed.hear(event): event for event in SAMPLES}

    heard = {name: set(feed.heard_by(token)) for name, token in tokens.items()}

    for identifier, event in ids.items():
        got = {name for name, seen in heard.items() if identifier in seen}
        assert got == may_hear(event), event.TYPE
    assert feed.call("GET", EVENTS).status_code == 401
    assert heard["outsider"] == heard["other-editor"] == set()


def test_nobody_is_told_who_the_patient_is(feed: FeedService, tokens: dict[str, str]) -> None:
    feed.hear(an_import(archive=ARCHIVE))

    [event] = feed.get(tokens["admin"])["events"]

    assert event["data"]["description"]["patient_id"] == ""
    assert event["data"]["description"]["width"] == 512


def test_whoever_loses_a_role_loses_the_past_and_hears_that_they_lost_it(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    feed.hear(ArchiveUpdated(archive=ARCHIVE, title="t", public=True))
    feed.people.take(tokens["user"], ARCHIVE)
    lost = feed.hear(RoleRevoked(archive=ARCHIVE, user="user-user", role="user", revoked_by="user-editor"))

    assert feed.heard_by(tokens["user"]) == [lost]


def test_whoever_gets_a_role_hears_of_the_past(feed: FeedService, tokens: dict[str, str]) -> None:
    past = feed.hear(ItemCreated(item=ITEM, archive=ARCHIVE, title="t", images=[]))
    assert feed.heard_by(tokens["outsider"]) == []

    feed.people.give(tokens["outsider"], "user", ARCHIVE)

    assert feed.heard_by(tokens["outsider"]) == [past]


def test_a_token_for_some_archives_hears_what_is_for_its_owner_and_belongs_to_one_of_those(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    me, limited = "user-uploader", feed.people.limit(tokens["uploader"], ARCHIVE)
    heard = [
        feed.hear(ItemCreated(item=ITEM, archive=ARCHIVE, title="t", images=[])),
        feed.hear(RoleRevoked(archive=ARCHIVE, user=me, role="user", revoked_by="user-y")),
        feed.hear(SessionStarted(session=SESSION, creator=me, files=1, archive=ARCHIVE)),
        feed.hear(FileRejected(session=SESSION, file="a.mha", reasons=["It is empty."])),
        feed.hear(SessionFailed(session=SESSION, creator=me, reason="x", archive=ARCHIVE)),
    ]
    unheard = [
        feed.hear(RoleRevoked(archive="archive-2", user=me, role="user", revoked_by="user-y")),
        feed.hear(UserVerified(user=me, verified=True, verified_by="user-y")),
        feed.hear(UploadCompleted(upload=new_id(), creator=me, size_bytes=1)),
        feed.hear(SessionStarted(session="elsewhere", creator=me, files=1, archive="archive-2")),
        feed.hear(FileRejected(session="elsewhere", file="a.mha", reasons=["It is empty."])),
        feed.hear(SessionStarted(session="nowhere", creator=me, files=1)),
        feed.hear(SessionSucceeded(session="nowhere", creator=me, images=[IMAGE], rejected_files=0)),
        feed.hear(an_import(creator=me)),
        feed.hear(PreviewReady(image=IMAGE)),
    ]

    assert feed.heard_by(limited) == heard
    assert feed.heard_by(tokens["uploader"]) == heard + unheard


def test_a_session_is_told_to_nobody_else_for_the_archive_it_is_for(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    feed.hear(SessionStarted(session=SESSION, creator="user-uploader", files=1, archive=ARCHIVE))
    feed.hear(FileRejected(session=SESSION, file="a.mha", reasons=["It is empty."]))

    assert feed.heard_by(tokens["editor"]) == feed.heard_by(tokens["user"]) == []


def test_editors_of_one_archive_hear_of_its_roles_only(feed: FeedService, tokens: dict[str, str]) -> None:
    granted = feed.hear(RoleRevoked(archive="archive-2", user="user-x", role="user", revoked_by="user-y"))

    assert feed.heard_by(tokens["other-editor"]) == [granted]
    assert feed.heard_by(tokens["editor"]) == []


def test_pictures_of_an_image_are_told_to_those_who_may_see_it_then(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    """Its uploader while it is nowhere, then the archive that holds it, then its uploader again."""
    feed.hear(an_import(creator="user-uploader"))
    nowhere = feed.hear(PreviewReady(image=IMAGE))
    feed.hear(ItemCreated(item=ITEM, archive="archive-2", title="t", images=[IMAGE]), sequence=1)
    held = feed.hear(PreviewReady(image=IMAGE))
    feed.hear(ItemDeleted(item=ITEM, archive="archive-2", images=[IMAGE]), sequence=2)
    feed.hear(ItemCreated(item=ITEM, archive="archive-2", title="t", images=[IMAGE]), sequence=1)  # late
    again = feed.hear(PreviewReady(image=IMAGE))

    previews = "limit=1000&types=archive.preview.*"
    assert feed.heard_by(tokens["uploader"], previews) == [nowhere, again]
    assert feed.heard_by(tokens["other-editor"], previews) == [held]
    assert feed.heard_by(tokens["user"], previews) == []


def test_an_event_that_overtook_what_it_depends_on_waits_and_is_not_lost(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    with pytest.raises(Unavailable):
        feed.hear(PreviewReady(image=IMAGE), id="preview")
    feed.hear(an_import(archive=ARCHIVE))
    feed.hear(PreviewReady(image=IMAGE), id="preview")

    assert "preview" in feed.heard_by(tokens["user"])


def test_an_event_about_something_never_heard_of_is_for_administrators(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    event = received(PreviewReady(image=new_id()), at=feed.clock.now())
    feed.clock.advance(60)
    listener(feed.documents, feed.clock).hear(event)

    assert feed.heard_by(tokens["admin"]) == [event.id]
    assert all(not feed.heard_by(tokens[name]) for name in tokens if name != "admin")


def test_a_filter_by_archive_shows_nothing_that_is_hidden_without_it(
    feed: FeedService, tokens: dict[str, str]
) -> None:
    feed.hear(SessionStarted(session=SESSION, creator="user-uploader", files=1))
    mine = feed.hear(ItemCreated(item=ITEM, archive=ARCHIVE, title="t", images=[]))
    feed.hear(ItemCreated(item="item-2", archive="archive-2", title="t", images=[]))

    assert feed.heard_by(tokens["uploader"], f"archive={ARCHIVE}") == [mine]
    assert feed.heard_by(tokens["uploader"], "archive=archive-2") == []
    assert feed.heard_by(tokens["outsider"], f"archive={ARCHIVE}") == []
