"""Who holds which role on an archive, and what is announced when that changes."""

import pytest

from archive_shared.errors import Conflict
from archive_shared.events import RoleGranted, RoleRevoked
from permissions.domain.role import Role
from permissions.domain.roster import Roster


def roster(**roles: list[Role]) -> Roster:
    return Roster(id="archive", roles=dict(roles), members=list(roles))


def test_granting_a_role_lists_the_member_and_announces_it() -> None:
    present = roster(ann=[Role.EDITOR])

    present.grant("bob", Role.USER, by="ann")

    assert present.of("bob") == [Role.USER]
    assert present.members == ["ann", "bob"]
    assert present._recorded == [RoleGranted(archive="archive", user="bob", role="user", granted_by="ann")]


def test_granting_a_role_twice_announces_once() -> None:
    present = roster(ann=[Role.EDITOR])

    present.grant("bob", Role.USER, by="ann")
    present.grant("bob", Role.USER, by="ann")

    assert len(present._recorded) == 1


def test_somebody_may_hold_several_roles_and_lose_one_of_them() -> None:
    present = roster(ann=[Role.EDITOR], bob=[Role.USER, Role.UPLOADER])

    present.revoke("bob", Role.USER, by="ann")

    assert present.of("bob") == [Role.UPLOADER]
    assert present._recorded == [RoleRevoked(archive="archive", user="bob", role="user", revoked_by="ann")]


def test_losing_the_last_role_ends_the_membership() -> None:
    present = roster(ann=[Role.EDITOR], bob=[Role.USER])

    present.revoke("bob", Role.USER, by="ann")

    assert present.members == ["ann"]


def test_the_last_editor_cannot_be_removed() -> None:
    present = roster(ann=[Role.EDITOR], bob=[Role.UPLOADER])

    with pytest.raises(Conflict, match="at least one editor"):
        present.revoke("ann", Role.EDITOR, by="ann")

    assert present.of("ann") == [Role.EDITOR]


def test_an_editor_may_go_when_another_stays() -> None:
    present = roster(ann=[Role.EDITOR], bob=[Role.EDITOR])

    present.revoke("ann", Role.EDITOR, by="bob")

    assert present.members == ["bob"]


def test_taking_a_role_nobody_holds_announces_nothing() -> None:
    present = roster(ann=[Role.EDITOR])

    present.revoke("bob", Role.USER, by="ann")

    assert present._recorded == []
