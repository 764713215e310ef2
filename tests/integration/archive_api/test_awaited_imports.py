"""Values that wait for an upload session: each ends, with its image or with a reason, whatever is heard when and how often."""

from typing import Any, NoReturn

import pytest

from archive_api.use_cases import edit_items
from archive_api.use_cases.library import Library
from archive_shared.errors import Unavailable
from archive_shared.events import ImageImported, SessionFailed
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.sockets import a_socket
from tests.support.sweeping import sweep, sweep_for_a_month

NOT_ONE_IMAGE = "An import failed: Image imports should result in a single image."
REMOVED = "An import failed: Its image was not used for days and removed; upload its files again."


def put(service: ArchiveService, editor: str, item: str, **source: Any) -> dict[str, Any]:
    wanted = {"values": [{"interface": SOCKET, **source}]}
    shown: dict[str, Any] = service.call("PATCH", item, editor, json=wanted).json
    return shown


def uploads(service: ArchiveService, editor: str) -> dict[str, Any]:
    upload = service.uploads.upload(editor, "ct.mha", b"pixels")
    return {"user_uploads": [f"{SITE}/api/v1/uploads/{upload}/"]}


def named(session: str) -> dict[str, Any]:
    return {"upload_session": f"{SITE}/api/v1/cases/upload-sessions/{session}/"}


def session_of(shown: dict[str, Any]) -> str:
    return str(shown["arriving"][0]["upload_session"].split("/")[-2])


def shown_of(service: ArchiveService, editor: str, item: str) -> tuple[str, str, int]:
    """Return the state of an item, why it is in it, and how many values it has."""
    shown = service.call("GET", item, editor).json
    return shown["state"], shown["reason"], len(shown["values"])


def imported(service: ArchiveService, item: str, archive: str, session: str) -> ImageImported:
    """Let a session end with one image, which is heard of, and return its announcement."""
    event = an_import(
        item=item.split("/")[-2], archive=archive, image=new_id(), session=session, creator="user-editor"
    )
    service.uploads.finish(session, event.image)
    service.hear(event)
    service.settle()
    return event


def test_uploads_that_are_sent_again_once_their_image_was_removed_fail_and_say_so(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    wanted = uploads(service, editor)
    event = imported(service, item, archive, session_of(put(service, editor, item, **wanted)))
    service.call("PATCH", item, editor, json={"removed": [SOCKET]})
    service.settle()
    sweep_for_a_month(service)

    again = put(service, editor, item, **wanted)
    service.hear(event)

    assert (again["state"], again["reason"]) == ("failed", REMOVED)
    assert shown_of(service, editor, item) == ("failed", REMOVED, 0)


@pytest.mark.parametrize("until", ["going", "removed"])
def test_an_image_that_is_removed_while_its_uploads_are_sent_again_fails_the_item(
    service: ArchiveService,
    editor: str,
    archive: str,
    item: str,
    monkeypatch: pytest.MonkeyPatch,
    until: str,
) -> None:
    wanted = uploads(service, editor)
    event = imported(service, item, archive, session_of(put(service, editor, item, **wanted)))
    service.call("PATCH", item, editor, json={"removed": [SOCKET]})
    service.settle()
    find, library = service.library.images.find, service.library

    def find_and_remove(*arguments: Any, **more: Any) -> Any:
        found = find(*arguments, **more)
        if arguments == ({"session": event.session},):
            _remove(library, event.image, until)
        return found

    monkeypatch.setattr(library.images, "find", find_and_remove)
    put(service, editor, item, **wanted)

    assert shown_of(service, editor, item) == ("failed", REMOVED, 0)


def _remove(library: Library, image: str, until: str) -> None:
    def go(present: Any) -> None:
        present.gone = True

    library.images.change(image, go)
    if until == "removed":
        library.images.delete(image)


def test_an_import_that_is_heard_again_after_its_image_was_removed_fails_who_waits_for_it(
    service: ArchiveService, editor: str, item: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    event = an_import(image=new_id(), session=session, creator="user-editor")
    service.hear(event)
    sweep_for_a_month(service)
    put(service, editor, item, **named(session))

    service.hear(event)

    assert shown_of(service, editor, item) == ("failed", REMOVED, 0)


def test_a_session_whose_image_was_removed_is_refused_and_says_so(
    service: ArchiveService, editor: str, item: str
) -> None:
    event = an_import(image=new_id(), creator="user-editor")
    service.hear(event)
    session = service.uploads.import_session(editor, event.image)
    sweep_for_a_month(service)

    answer = put(service, editor, item, **named(session))

    assert answer["errors"] == {"values.0": [REMOVED.removeprefix("An import failed: ")]}


def test_a_session_that_ended_before_its_image_was_heard_of_fills_the_socket_once_it_is(
    service: ArchiveService, editor: str, item: str
) -> None:
    event = an_import(image=new_id(), creator="user-editor")
    session = service.uploads.import_session(editor, event.image)

    waiting = put(service, editor, item, **named(session))
    service.hear(an_import(image=event.image, creator="user-editor", session=session))

    assert (waiting["state"], waiting["reason"]) == ("pending", "A value is being imported.")
    assert shown_of(service, editor, item)[2] == 1


def test_an_item_that_is_restored_after_the_image_it_waited_for_was_removed_says_so(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    service.people.give(editor, "editor", archive)
    session = session_of(put(service, editor, item, **uploads(service, editor)))
    service.call("DELETE", item, editor)
    imported(service, item, archive, session)
    for _ in range(7):
        service.clock.advance(days=2)
        sweep(service)

    service.call("POST", f"{item}restore/", editor, json={})
    service.settle()

    assert shown_of(service, editor, item) == ("failed", REMOVED, 0)


@pytest.mark.parametrize("heard", ["before the item waits", "afterwards"])
def test_a_session_of_several_images_fills_no_socket_that_waits_for_one(
    service: ArchiveService, editor: str, item: str, heard: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    several = [
        an_import(image=new_id(), session=session, creator="user-editor", session_image_count=2)
        for _ in range(2)
    ]
    if heard == "before the item waits":  # but after its request asked for the session
        service.hear(several.pop())
    put(service, editor, item, **named(session))

    for event in several:
        service.hear(event)

    assert shown_of(service, editor, item) == ("failed", NOT_ONE_IMAGE, 0)


def test_the_images_of_a_session_for_an_archive_are_placed_though_an_item_waits_in_vain_for_one_of_them(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    put(service, editor, item, **named(session))

    for name in ("a.mha", "b.mha"):
        service.hear(an_import(name, archive=archive, session=session, session_image_count=2))

    assert shown_of(service, editor, item) == ("failed", NOT_ONE_IMAGE, 0)
    assert service.call("GET", f"/api/v1/archives/items/?archive={archive}", editor).json["count"] == 3


def failed_before(service: ArchiveService, session: str) -> None:
    """Let a session fail that is then tried again."""
    service.hear(SessionFailed(session=session, creator="user-editor", reason="The worker died."))


def test_a_session_that_failed_and_is_tried_again_is_waited_for(
    service: ArchiveService, editor: str, item: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    failed_before(service, session)

    waiting = put(service, editor, item, **named(session))
    service.hear(an_import(image=new_id(), session=session, creator="user-editor"))

    assert (waiting["state"], waiting["reason"]) == ("pending", "A value is being imported.")
    assert shown_of(service, editor, item)[2] == 1


@pytest.mark.parametrize("told", ["as it waits", "as it asks"])
def test_an_item_that_was_told_of_a_failure_gets_the_image_once_the_session_is_tried_again_and_succeeds(
    service: ArchiveService, editor: str, item: str, told: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    if told == "as it asks":
        failed_before(service, session)
    put(service, editor, item, **named(session))
    failed_before(service, session)
    if told == "as it waits":
        assert shown_of(service, editor, item) == ("failed", "An import failed: The worker died.", 0)

    event = an_import(image=new_id(), session=session, creator="user-editor")
    service.hear(event)
    service.hear(event)

    state, _, values = shown_of(service, editor, item)
    assert state != "failed"
    assert values == 1


def test_an_item_that_waits_for_no_failed_session_any_more_does_not_get_its_image(
    service: ArchiveService, editor: str, item: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    put(service, editor, item, **named(session))
    failed_before(service, session)
    [found] = service.library.items.find({})
    [socket] = found.arriving
    service.library.items.change(found.id, lambda each: each.remove(socket, at=service.library.clock.now()))

    service.hear(an_import(image=new_id(), session=session, creator="user-editor"))

    assert service.library.items.require(found.id).values == []


def test_uploads_that_are_sent_again_after_their_import_succeeded_at_last_do_not_show_its_first_failure(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    wanted = uploads(service, editor)
    session = session_of(put(service, editor, item, **wanted))
    failed_before(service, session)
    imported(service, item, archive, session)

    again = put(service, editor, item, **wanted)

    assert (again["arriving"], len(again["values"])) == ([], 1)


def test_a_failure_counts_as_it_was_heard_while_nobody_can_say_more(
    service: ArchiveService, editor: str, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = uploads(service, editor)
    failed_before(service, session_of(put(service, editor, item, **wanted)))

    def unavailable(*_: Any) -> NoReturn:
        raise Unavailable("the ingest worker is being replaced")

    monkeypatch.setattr(service.uploads, "session", unavailable)
    put(service, editor, item, **wanted)

    assert shown_of(service, editor, item) == ("failed", "An import failed: The worker died.", 0)


def test_a_session_that_failed_twice_says_why_it_did_the_last_time(
    service: ArchiveService, editor: str, item: str
) -> None:
    wanted = uploads(service, editor)
    session = session_of(put(service, editor, item, **wanted))
    failed_before(service, session)
    service.hear(SessionFailed(session=session, creator="user-editor", reason="Nothing came of it."))
    service.uploads.finish(session)

    again = put(service, editor, item, **wanted)

    assert again["reason"] == "An import failed: Nothing came of it."


def test_an_item_that_is_restored_after_its_image_came_has_it(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    service.people.give(editor, "editor", archive)
    session = session_of(put(service, editor, item, **uploads(service, editor)))
    service.call("DELETE", item, editor)
    event = imported(service, item, archive, session)

    service.call("POST", f"{item}restore/", editor, json={})
    service.settle()

    shown = service.call("GET", item, editor).json
    assert shown["arriving"] == []
    assert [value["image"] for value in shown["values"]] == [f"{SITE}/api/v1/cases/images/{event.image}/"]
    assert service.library.images.require(event.image).archives == [archive]


@pytest.mark.parametrize("outcome", ["an image", "a failure"])
def test_an_item_whose_request_died_before_it_looked_what_was_heard_is_settled_by_the_sweep(
    service: ArchiveService, editor: str, item: str, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    if outcome == "an image":
        service.hear(an_import(image=new_id(), session=session, creator="user-editor"))
    else:
        failed_before(service, session)
    with monkeypatch.context() as dying:
        dying.setattr(edit_items, "settle_import", _die)
        with pytest.raises(SystemExit):
            put(service, editor, item, **named(session))

    service.clock.advance(days=1)
    sweep(service)

    shown = service.call("GET", item, editor).json
    waiting = [each["state"] for each in shown["arriving"]]
    assert (waiting, len(shown["values"])) == (([], 1) if outcome == "an image" else (["failed"], 0))


def _die(*_: Any) -> NoReturn:
    raise SystemExit


def test_a_session_that_two_sockets_of_an_item_wait_for_fills_both(
    service: ArchiveService, editor: str, item: str
) -> None:
    a_socket(service, "Second", "Image")
    session = service.uploads.import_session(editor, finished=False)
    wanted = [{"interface": socket, **named(session)} for socket in (SOCKET, "second")]
    service.call("PATCH", item, editor, json={"values": wanted})

    for _ in range(2):
        service.hear(an_import(image="0c1a2b3c-0000-4000-8000-000000000000", session=session))

    shown = service.call("GET", item, editor).json
    assert (shown["arriving"], len(shown["values"])) == ([], 2)
