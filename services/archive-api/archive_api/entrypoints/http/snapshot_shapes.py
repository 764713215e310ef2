"""What clients get of snapshots."""

import hashlib
import json
from collections.abc import Iterable, Iterator

from archive_api.domain.publications import publication_link
from archive_api.domain.snapshot import FrozenItem, FrozenValue, Snapshot
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json
from archive_shared.clock import to_text


def show_snapshot(snapshot: Snapshot, links: Links) -> Json:
    citation = snapshot.citation
    return {
        "pk": snapshot.id,
        "archive": links.archive(snapshot.archive),
        "number": snapshot.number,
        "title": snapshot.title,
        "citation": citation.text,
        "doi": citation.doi,
        "doi_url": publication_link(citation.doi) if citation.doi else "",
        "licence": citation.licence,
        "embargo_until": citation.embargo_until,
        "item_count": snapshot.items,
        "sha256": snapshot.sha256,
        "creator": snapshot.creator.username,
        "created": to_text(snapshot.created_at),
        "api_url": links.snapshot(snapshot.id),
    }


def show_frozen_item(snapshot: Snapshot, frozen: FrozenItem, links: Links) -> Json:
    return {
        "item": frozen.item,
        "title": frozen.title,
        "version": frozen.version,
        "values": [_value(snapshot, frozen, each, links) for each in frozen.values],
    }


def manifest_lines(snapshot: Snapshot, items: Iterable[FrozenItem], links: Links) -> Iterator[str]:
    """Yield a JSON object per value and line: its digest, and of images and files where the bytes are."""
    for frozen in items:
        for value in _values(snapshot, frozen, links):
            yield json.dumps({"item": frozen.item, "title": frozen.title, **value}, ensure_ascii=False) + "\n"


def _values(snapshot: Snapshot, frozen: FrozenItem, links: Links) -> Iterable[Json]:
    return (_value(snapshot, frozen, each, links) for each in frozen.values)


def _value(snapshot: Snapshot, frozen: FrozenItem, each: FrozenValue, links: Links) -> Json:
    value = each.value
    image, file = value.image, value.file
    return {
        "pk": value.number,
        "interface": value.socket,
        "value": value.json,
        "image": links.image(image) if image else None,
        "file": links.snapshot_file(snapshot.id, frozen.item, value) if file else None,
        "sha256": _digest(each),
        "files": [
            {"file": links.file(image, part), "size_bytes": part.size_bytes, "sha256": part.sha256}
            for part in each.files
            if image
        ],
    }


def _digest(each: FrozenValue) -> str:
    """Return the digest of what a value is: of pixels, of a file, or of JSON in its one spelling."""
    if each.value.file is not None:
        return each.value.file.sha256
    if each.value.json_text is not None:
        return hashlib.sha256(each.value.json_text.encode()).hexdigest()
    return each.pixels_sha256 or (each.files[0].sha256 if each.files else "")
