"""Whether a version of an event says no less than when it was published: within a version, things are only added."""

from collections.abc import Iterator

from archive_shared.wire.schemas import Schema

_WORDS = {"title", "description", "$schema"}
_JUDGED = {"properties", "required", "items", "anyOf"}


def breaks(published: Schema, present: Schema) -> list[str]:
    """Return what readers of the published version would trip over, one reason each; nothing when all is well.

    Words may change. Fields may come, with a default: events that were written before lack them. Everything else
    wants a new version.
    """
    return list(_breaks(published, present, "the event"))


def _breaks(published: Schema, present: Schema, place: str) -> Iterator[str]:
    for key in sorted((published.keys() | present.keys()) - _WORDS - _JUDGED):
        if published.get(key) != present.get(key):
            yield f"{place}: {key} was {published.get(key)!r} and is {present.get(key)!r}"
    yield from _broken_fields(published, present, place)
    yield from _broken_options(published, present, place)
    if "items" in published and "items" not in present:
        yield f"{place}: has no items any more"
    elif "items" in published:
        yield from _breaks(published["items"], present["items"], f"elements of {place}")


def _broken_fields(published: Schema, present: Schema, place: str) -> Iterator[str]:
    before, now = published.get("properties", {}), present.get("properties", {})
    promised, needed = set(published.get("required", [])), set(present.get("required", []))
    yield from (f"{name}: is gone" for name in sorted(before.keys() - now.keys()))
    yield from (
        f"{name}: was always there and may be missing now" for name in sorted(promised & now.keys() - needed)
    )
    yield from (
        f"{name}: has no default, and events that were written before lack it"
        for name in sorted(needed - promised)
    )
    for name in sorted(before.keys() & now.keys()):
        yield from _breaks(before[name], now[name], name)


def _broken_options(published: Schema, present: Schema, place: str) -> Iterator[str]:
    before, now = published.get("anyOf", []), present.get("anyOf", [])
    if len(before) != len(now):
        yield f"{place}: was one of {len(before)} kinds and is one of {len(now)}"
        return
    for one, other in zip(before, now, strict=True):
        yield from _breaks(one, other, place)
