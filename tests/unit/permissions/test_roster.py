"""Who holds which role on an archive, and what is announced and written down when that changes."""

from datetime import UTC, datetime

import pytest

from archive_shared.errors import Conflict
from archive_shared.events import RoleGranted, RoleRevoked
from permissions.domain.person import Person
from permissions.domain.role import Role
from permissions.domain.roster import Roster

ANN, BOB = Person("1", "ann"), Person("2", "bob")
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def roster(*, editors: tuple[Person, ...] = (ANN,), users: tuple[Person, ...] = ()) -> Roster:
    return Roster(id="archive", editors=[each.id for each in editors], users=[each.id for each in users])


def test_granting_a_role_lists_the_member_and_announces_it() -> None:
    present = roster()

    present.grant(BOB, Role.USER, by=ANN, at=NOW)

    assert present.of("2") == [Role.USER]
    assert present.members() == ["1", "2"]
    assert present._recorded == [RoleGranted(archive="archive", user="2", role="user", granted_by="1")]


def test_who_changed_what_is_part_of_the_same_document() -> None:
    present = roster(users=(BOB,))

    present.revoke(BOB, Role.USER, by=ANN, at=NOW)

    [act] = present.unfiled
    assert (act.action, act.actor, act.subject, act.archive) == ("role.revoked", ANN, BOB, "archive")
    assert (act.at, act.details) == (NOW, {"role": "user"})


def test_granting_a_role_twice_announces_once() -> None:
    present = roster()

    present.grant(BOB, Role.USER, by=ANN, at=NOW)
    present.grant(BOB, Role.USER, by=ANN, at=NOW)

    assert len(present._recorded) == len(present.unfiled) == 1


def test_somebody_may_hold_several_roles_and_lose_one_of_them() -> None:
    present = roster(users=(BOB,))
    present.grant(BOB, Role.UPLOADER, by=ANN, at=NOW)

    present.revoke(BOB, Role.USER, by=ANN, at=NOW)

    assert present.of("2") == [Role.UPLOADER]
    assert present._recorded[-1] == RoleRevoked(archive="archive", user="2", role="user", revoked_by="1")


def test_losing_the_last_role_ends_the_membership() -> None:
    present = roster(users=(BOB,))

    present.revoke(BOB, Role.USER, by=ANN, at=NOW)

    assert present.members() == ["1"]


def test_the_last_editor_cannot_be_removed() -> None:
    present = roster()

    with pytest.raises(Conflict, match="at least one editor"):
        present.revoke(ANN, Role.EDITOR, by=ANN, at=NOW)

    assert present.of("1") == [Role.EDITOR]
    assert present.unfiled == []


def test_an_editor_may_go_when_another_stays() -> None:
    present = roster(editors=(ANN, BOB))

    present.revoke(ANN, Role.EDITOR, by=BOB, at=NOW)

    assert present.members() == ["2"]


def test_taking_a_role_nobody_holds_announces_nothing() -> None:
    present = roster()

    present.revoke(BOB, Role.USER, by=ANN, at=NOW)

    assert present._recorded == []
    assert present.unfiled == []
