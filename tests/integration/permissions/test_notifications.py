"""What people are told: on the page until they read it, and by e-mail as often as they want."""

import email
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from archive_shared.errors import Unavailable
from archive_shared.events import SessionFailed, SessionSucceeded
from archive_shared.wire.cloud_events import ReceivedEvent
from permissions.adapters.smtp_mail import SmtpMail
from permissions.entrypoints.clerk import handlers
from permissions.use_cases.send_mail import Letter, send_due_mail
from tests.support.folders import folder_in_memory
from tests.support.permissions_service import (
    ARCHIVE,
    SITE,
    PermissionsService,
    permissions_service,
    permissions_settings,
)

REQUESTS = f"archives/{ARCHIVE}/requests/"


@dataclass
class Mailbox:
    """A mail server that keeps what it gets, or is away."""

    letters: list[Letter] = field(default_factory=list)
    away_for: set[str] = field(default_factory=set)

    def send(self, letter: Letter) -> None:
        if letter.to in self.away_for:
            raise Unavailable("not now")
        self.letters.append(letter)


@pytest.fixture
def world() -> Iterator[PermissionsService]:
    with folder_in_memory() as folder:
        settings = permissions_settings(smtp_url="smtp://mail", mail_from="archive@site.example")
        made = permissions_service(folder, settings=settings)
        made.person("ed", email="ed@site.example")
        made.person("out", email="out@site.example")
        made.archive("ed")
        yield made


def send(world: PermissionsService, box: Mailbox) -> tuple[int, int]:
    sent = send_due_mail(world.directory, box, public_url=SITE)
    return sent.taken, sent.refused


def test_reading_is_remembered_one_at_a_time_and_all_at_once(world: PermissionsService) -> None:
    world.people("a", "b", "c")
    for name in ("a", "b", "c"):
        world.ok("POST", REQUESTS, name)
    newest = world.ok("GET", "notifications/", "ed")["results"][0]

    world.ok("POST", f"notifications/{newest['pk']}/read/", "ed")
    assert world.ok("GET", "notifications/?unread=true", "ed")["count"] == 2
    world.ok("POST", "notifications/read/", "ed")

    assert world.ok("GET", "notifications/?unread=true", "ed")["count"] == 0
    assert world.ok("GET", "notifications/", "ed")["count"] == 3
    assert world.call("GET", "notifications/?unread=perhaps", "ed").status_code == 400


def test_nobody_reads_or_sees_what_others_are_told(world: PermissionsService) -> None:
    world.ok("POST", REQUESTS, "out")
    told = world.ok("GET", "notifications/", "ed")["results"][0]

    assert world.ok("GET", "notifications/", "out")["count"] == 0
    assert world.call("POST", f"notifications/{told['pk']}/read/", "out").status_code == 404


def test_a_role_given_or_taken_is_told_to_whom_it_concerns_and_not_to_who_did_it(
    world: PermissionsService,
) -> None:
    world.give("out", "user", by="ed")
    world.take("out", "user", by="ed")

    kinds = [each["kind"] for each in world.ok("GET", "notifications/", "out")["results"]]
    assert set(kinds) == {"role.granted", "role.revoked", "access.rejected"}
    assert world.ok("GET", "notifications/", "ed")["count"] == 0


def test_a_letter_is_sent_once_and_says_where_to_look(world: PermissionsService) -> None:
    box = Mailbox()
    world.ok("POST", REQUESTS, "out", json={"message": "secret plans"})

    assert send(world, box) == (1, 0)
    assert send(world, box) == (0, 0)

    [letter] = box.letters
    assert letter.to == "ed@site.example"
    assert letter.subject == "out asks for access to an archive you edit."
    assert f"{SITE}/archives/{ARCHIVE}/" in letter.text
    assert "secret plans" not in letter.text


@pytest.mark.parametrize(("mail", "at_once", "in_the_morning"), [("digest", 0, 1), ("off", 0, 0)])
def test_how_often_is_up_to_them(
    world: PermissionsService, mail: str, at_once: int, in_the_morning: int
) -> None:
    box = Mailbox()
    world.ok("PATCH", "users/me/", "ed", json={"mail": mail})
    world.people("a", "b")
    for name in ("a", "b"):
        world.ok("POST", REQUESTS, name)

    assert send(world, box) == (at_once, 0)
    world.clock.move(hours=24)
    assert send(world, box) == (in_the_morning, 0)

    assert all("2 things" in letter.subject for letter in box.letters)


def test_what_was_read_on_the_page_is_not_sent_any_more(world: PermissionsService) -> None:
    box = Mailbox()
    world.ok("PATCH", "users/me/", "ed", json={"mail": "digest"})
    world.ok("POST", REQUESTS, "out")

    world.ok("POST", "notifications/read/", "ed")
    world.clock.move(hours=24)

    assert send(world, box) == (0, 0)


def test_a_letter_that_is_not_taken_stays_due_and_holds_up_nobody(world: PermissionsService) -> None:
    box = Mailbox(away_for={"ed@site.example"})
    world.person("eve", email="eve@site.example")
    world.give("eve", "editor", by="ed")
    world.ok("POST", REQUESTS, "out")

    assert send(world, box) == (1, 1)
    assert {letter.to for letter in box.letters} == {"eve@site.example"}
    box.away_for.clear()
    assert send(world, box) == (1, 0)


def test_without_a_mail_server_nothing_is_due() -> None:
    with folder_in_memory() as folder:
        world = permissions_service(folder)
        world.person("ed", email="ed@site.example")
        world.person("out")
        world.archive("ed")
        world.ok("POST", REQUESTS, "out")

        assert world.ok("GET", "notifications/", "ed")["count"] == 1
        assert send(world, Mailbox()) == (0, 0)


class _Smtp(StreamRequestHandler):
    """As much of RFC 5321 as a client needs to hand over a letter."""

    def handle(self) -> None:
        self._say("220 ready")
        while line := self.rfile.readline().decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                self._say("354 go on")
                self._take()
            self._say("221 bye" if word == "QUIT" else "250 ok")

    def _take(self) -> None:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        self.server.received.append(email.message_from_bytes(b"".join(lines), policy=default))  # type: ignore[attr-defined]  # of this test

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[tuple[str, list[EmailMessage]]]:
    with ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        received: list[Any] = []
        server.received = received  # type: ignore[attr-defined]  # of this test
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"smtp://127.0.0.1:{server.server_address[1]}", received
        finally:
            server.shutdown()
            thread.join()


def test_a_letter_reaches_a_real_server_whole() -> None:
    with mail_server() as (url, received):
        SmtpMail(url, "archive@site.example").send(Letter("ann@site.example", "Grüße", "Zeile eins\nénde\n"))

    [message] = received
    assert (message["To"], message["From"], message["Subject"]) == (
        "ann@site.example",
        "archive@site.example",
        "Grüße",
    )
    assert message.get_content().splitlines() == ["Zeile eins", "énde"]


def test_a_server_that_is_away_takes_nothing() -> None:
    with pytest.raises(Unavailable):
        SmtpMail("smtp://127.0.0.1:1", "archive@site.example").send(Letter("a@b.example", "s", "t"))


# --- how imports ended


def heard(
    world: PermissionsService, event: SessionSucceeded | SessionFailed, identifier: str = "event-1"
) -> None:
    """Deliver an event as the bus does."""
    handlers(world.directory)[type(event)](
        ReceivedEvent(
            id=identifier,
            type=event.TYPE,
            source="ingest-worker",
            subject=event.session,
            sequence=1,
            at=world.clock.now(),
            traceparent=None,
            event=event,
        )
    )


def told(world: PermissionsService, who: str) -> list[tuple[str, str]]:
    results = world.ok("GET", "notifications/", who)["results"]
    return [(each["kind"], each["text"]) for each in results]


@pytest.mark.parametrize(
    ("images", "rejected", "expected"),
    [
        (["a"], 0, ("import.succeeded", "1 image")),
        (["a", "b"], 0, ("import.succeeded", "2 images")),
        (["a", "b"], 1, ("import.partial", "2 images; 1 refused")),
        ([], 1, ("import.failed", "None of the files could be imported.")),
    ],
)
def test_who_uploaded_is_told_once_how_the_import_ended(
    world: PermissionsService, images: list[str], rejected: int, expected: tuple[str, str]
) -> None:
    creator, box = world.user("out").id, Mailbox()
    event = (
        SessionSucceeded(session="s", creator=creator, images=images, rejected_files=rejected)
        if images
        else SessionFailed(session="s", creator=creator, reason="None of the files could be imported.")
    )

    for _ in range(2):
        heard(world, event)

    assert told(world, "out") == [expected]
    assert told(world, "ed") == []
    send(world, box)
    [letter] = box.letters
    assert letter.to == "out@site.example"
    assert expected[1] not in letter.text
    assert "/archives/" not in letter.text


def test_who_uploaded_is_told_into_which_archive(world: PermissionsService) -> None:
    creator = world.user("out").id

    heard(world, SessionFailed(session="s", creator=creator, reason="It is empty.", archive=ARCHIVE))

    [notification] = world.ok("GET", "notifications/", "out")["results"]
    assert notification["archive"] == ARCHIVE


def test_an_import_that_is_tried_again_is_told_of_again(world: PermissionsService) -> None:
    event = SessionFailed(session="s", creator=world.user("out").id, reason="It is empty.")

    for identifier in ("event-1", "event-2"):
        heard(world, event, identifier)

    assert len(told(world, "out")) == 2


def test_the_import_of_somebody_nobody_knows_is_told_to_nobody(world: PermissionsService) -> None:
    heard(world, SessionFailed(session="s", creator="nobody", reason="It is empty."))

    assert world.directory.notifications.count() == 0


# --- what one does not want


def test_whoever_muted_an_archive_does_not_hear_its_requests(world: PermissionsService) -> None:
    world.people("later")
    shown = world.ok("PATCH", "users/me/", "ed", json={"muted": [ARCHIVE]})
    world.ok("POST", REQUESTS, "out")
    world.ok("PATCH", "users/me/", "ed", json={"muted": []})
    world.ok("POST", REQUESTS, "later")

    assert shown["muted"] == [ARCHIVE]
    found = world.ok("GET", "notifications/", "ed")["results"]
    assert [each["subject"]["username"] for each in found] == ["later"]


def test_what_is_done_to_oneself_is_heard_of_a_muted_archive_too(world: PermissionsService) -> None:
    world.ok("PATCH", "users/me/", "out", json={"muted": [ARCHIVE]})

    world.give("out", "user", by="ed")

    assert [kind for kind, _ in told(world, "out")] == ["role.granted"]


def test_notifications_are_removed_by_those_they_are_for_alone(world: PermissionsService) -> None:
    world.give("out", "user", by="ed")
    [one] = world.ok("GET", "notifications/", "out")["results"]

    assert world.call("DELETE", f"notifications/{one['pk']}/", "ed").status_code == 404
    assert world.call("DELETE", f"notifications/{one['pk']}/", "out").status_code == 204
    assert told(world, "out") == []
    assert world.call("DELETE", f"notifications/{one['pk']}/", "out").status_code == 404
