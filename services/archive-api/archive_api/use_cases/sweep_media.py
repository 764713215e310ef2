"""Removes objects of the bucket `media` that nothing refers to: files of values, replaced pictures, rows of done tasks,
plans of downloads that never came to be.

What is found unused is first suspected. Whoever uses it from then on lets the suspicion begin anew
(`archive_api.use_cases.hold`). Once it is old enough it is confirmed, which only one of the two can win; then references are
looked up once more, and the object is removed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice

from archive_api.domain.logo import LOGO, SOCIAL_IMAGE, VIEWER_LOGO, PictureRule
from archive_api.domain.suspicion import Suspicion, suspicion_id
from archive_api.domain.task import TaskState
from archive_api.use_cases.hold import WRITE_WITHIN
from archive_api.use_cases.library import Library
from archive_api.use_cases.references import know_what_is_kept, referred_files
from archive_shared.blobs.port import BlobInfo
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, NotFound
from archive_shared.sweeping import Leftover, Stage

_AT_ONCE = 500
_Referred = Callable[[Library, Sequence[str]], set[str]]


def sweep_media(library: Library, *, unused_for: timedelta, dry_run: bool) -> Iterator[Leftover]:
    """Yield objects that nothing refers to, after each was taken one step further; a dry run takes none.

    Parameters
    ----------
    unused_for
        How long nothing must have referred to an object; an hour at the least.
    """
    know_what_is_kept(library)
    before = library.clock.now() - max(unused_for, WRITE_WITHIN)
    if not dry_run:
        _finish_removals(library)
    for prefix, referred in _RULES.items():
        for blob in _unreferred(library, prefix, referred, before):
            yield _leftover(blob, _stage(library, blob.key, referred, before, dry_run=dry_run))


def _unreferred(library: Library, prefix: str, referred: _Referred, before: datetime) -> Iterator[BlobInfo]:
    old = (blob for blob in library.media_blobs.list(prefix) if blob.modified_at <= before)
    while batch := list(islice(old, _AT_ONCE)):
        used = referred(library, [blob.key for blob in batch])
        _forget(library, used)
        yield from (blob for blob in batch if blob.key not in used)


def _stage(library: Library, key: str, referred: _Referred, before: datetime, *, dry_run: bool) -> Stage:
    suspicion = library.suspicions.get(suspicion_id(key))
    if dry_run:
        due = suspicion is not None and suspicion.since <= before
        return Stage.DUE if due else Stage.WAITING
    if suspicion is None:
        with suppress(Duplicate):
            library.suspicions.add(Suspicion.about(key, at=library.clock.now()))
        return Stage.WAITING
    return _confirm(library, suspicion, referred, before)


def _confirm(library: Library, suspicion: Suspicion, referred: _Referred, before: datetime) -> Stage:
    try:
        confirmed = library.suspicions.change(suspicion.id, lambda each: each.confirm(unused_since=before))
    except NotFound:
        return Stage.WAITING
    if not confirmed.removing:
        return Stage.WAITING
    if not referred(library, [confirmed.key]):
        library.media_blobs.delete(confirmed.key)
    library.suspicions.delete(confirmed.id)
    return Stage.REMOVED


def _finish_removals(library: Library) -> None:
    """Finish what a sweep that died had begun to remove; nobody could use that meanwhile."""
    for suspicion in library.suspicions.find({"removing": True}):
        referred = next(rule for prefix, rule in _RULES.items() if suspicion.key.startswith(prefix))
        _confirm(library, suspicion, referred, suspicion.since)


def _forget(library: Library, keys: set[str]) -> None:
    """Drop suspicions about what is used."""
    if keys:
        wanted = sorted(map(suspicion_id, keys))
        for suspicion in library.suspicions.find({"_id": one_of(wanted), "removing": False}):
            library.suspicions.delete(suspicion.id)


def _shown_pictures(rule: PictureRule) -> _Referred:
    def referred(library: Library, keys: Sequence[str]) -> set[str]:
        """Return the pictures that archives show: `<folder>/<archive>/[<width>/]<name>`."""
        archives = sorted({key.split("/")[1] for key in keys})
        names = {
            archive.id: getattr(archive.settings, rule.field)
            for archive in library.archives.find({"_id": one_of(archives), "deleted": False})
        }
        return {key for key in keys if key.split("/")[-1] == names.get(key.split("/")[1])}

    return referred


def _viewer_logos(library: Library, keys: Sequence[str]) -> set[str]:
    """Return the logos that viewers show: `viewer-logos/<viewer>/[<width>/]<name>`."""
    viewers = sorted({key.split("/")[1] for key in keys})
    names = {
        each.id: each.content.get("logo") for each in library.display_settings.find({"_id": one_of(viewers)})
    }
    return {key for key in keys if key.split("/")[-1] == names.get(key.split("/")[1])}


def _rows_to_do(library: Library, keys: Sequence[str]) -> set[str]:
    """Return the rows of tasks that are not done: `tasks/<task>/<step>.json`."""
    tasks = sorted({key.split("/")[1] for key in keys})
    running = {
        task.id for task in library.tasks.find({"_id": one_of(tasks)}) if task.state is not TaskState.DONE
    }
    return {key for key in keys if key.split("/")[1] in running}


def _planned(library: Library, keys: Sequence[str]) -> set[str]:
    """Return what belongs to a download that is planned: `downloads/<download>/…`."""
    downloads = sorted({key.split("/")[1] for key in keys})
    present = {each.id for each in library.downloads.find({"_id": one_of(downloads)})}
    return {key for key in keys if key.split("/")[1] in present}


_RULES: Mapping[str, _Referred] = {
    "values/": referred_files,
    f"{LOGO.folder}/": _shown_pictures(LOGO),
    f"{SOCIAL_IMAGE.folder}/": _shown_pictures(SOCIAL_IMAGE),
    f"{VIEWER_LOGO.folder}/": _viewer_logos,
    "tasks/": _rows_to_do,
    "downloads/": _planned,
}


def _leftover(blob: BlobInfo, stage: Stage) -> Leftover:
    return Leftover(
        kind="file", name=f"media/{blob.key}", size_bytes=blob.size_bytes, since=blob.modified_at, stage=stage
    )
