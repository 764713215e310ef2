"""A memory for identifiers that does not grow without end."""

from archive_subscriber.recent import Recent


def test_it_forgets_what_is_oldest() -> None:
    recent: Recent[int] = Recent(2)

    for number, id in enumerate("abc"):
        recent.remember(id, number)

    assert [recent.recall(id) for id in "abc"] == [None, 1, 2]


def test_what_is_remembered_again_is_not_old() -> None:
    recent: Recent[int] = Recent(2)

    for number, id in enumerate("abac"):
        recent.remember(id, number)

    assert "a" in recent
    assert "b" not in recent


def test_forgetting_gives_what_was_known() -> None:
    recent: Recent[int] = Recent(2)
    recent.remember("a", 1)

    assert recent.forget("a") == 1
    assert recent.forget("a") is None
