"""Who may create archives: everyone, those an administrator vouches for, or those one named."""

from pathlib import Path

import pytest

from archive_shared.events import UserChanged
from permissions.domain.user import Creators
from tests.support.permissions_service import PermissionsService, permissions_service, permissions_settings

PEOPLE = ("anybody", "verified", "named", "root")


def world_where(folder: Path, creators: Creators) -> PermissionsService:
    world = permissions_service(folder, settings=permissions_settings(archive_creators=creators))
    world.administrator()
    world.people("anybody", "verified", "named")
    world.ok("PATCH", f"users/{world.user('verified').id}/", "root", json={"verified": True})
    world.ok("PATCH", f"users/{world.user('named').id}/", "root", json={"creates_archives": True})
    return world


@pytest.mark.parametrize(
    ("creators", "may"),
    [
        (Creators.EVERYONE, {"anybody", "verified", "named", "root"}),
        (Creators.VERIFIED, {"verified", "named", "root"}),
        (Creators.LISTED, {"named", "root"}),
    ],
)
def test_the_installation_decides_who_creates_archives(
    tmp_path: Path, creators: Creators, may: set[str]
) -> None:
    world = world_where(tmp_path, creators)

    assert {name for name in PEOPLE if world.may(name, "archive.create", None)} == may
    assert not world.may(None, "archive.create", None)


def test_whoever_is_named_no_longer_creates_none_and_everybody_hears_of_it(tmp_path: Path) -> None:
    world = world_where(tmp_path, Creators.LISTED)
    user = world.user("named")

    shown = world.ok("PATCH", f"users/{user.id}/", "root", json={"creates_archives": False})

    assert not shown["creates_archives"]
    assert not world.may("named", "archive.create", None)
    stored = world.service.documents.get("users", user.id)
    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == [UserChanged.TYPE] * 2


def test_nobody_names_themselves(tmp_path: Path) -> None:
    world = world_where(tmp_path, Creators.LISTED)

    answer = world.call(
        "PATCH", f"users/{world.user('anybody').id}/", "anybody", json={"creates_archives": True}
    )

    assert answer.status_code == 403
    assert not world.may("anybody", "archive.create", None)
