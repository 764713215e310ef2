"""Turns what somebody sent for sockets into values: checks it, stores files, and starts the import of uploads.

Everything is checked before anything is stored or started, so a refusal leaves nothing behind.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from archive_api.domain.arriving import NOT_ONE_IMAGE, REMOVED
from archive_api.domain.image_rules import WITH_IDENTITY
from archive_api.domain.sockets import Socket
from archive_api.domain.value import Value
from archive_api.use_cases.check_values import ABSENT, SentValue, check_values
from archive_api.use_cases.keep_file import file_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.uploaded import ImportSession
from archive_shared.errors import Invalid, NotFound


@dataclass(frozen=True)
class Destination:
    """The archive, and the item in it, that values are for."""

    archive: str
    item: str


@dataclass(frozen=True)
class Accepted:
    """Values that can be set, and upload sessions to wait for, by socket."""

    values: list[Value] = field(default_factory=list)
    arriving: dict[str, ImportSession] = field(default_factory=dict)


def accept_values(
    library: Library, token: str | None, destination: Destination, sent: Sequence[SentValue]
) -> Accepted:
    """Make values of what was sent for an item the caller may edit.

    Raises
    ------
    Invalid
        Something cannot be used: a socket does not exist or is named twice, a source does not fit its socket, an
        image or upload does not exist for the caller, an image has an identity and the archive takes none of those,
        JSON or file content is not of the kind. Nothing was done.
    """
    sockets = check_values(library, token, destination.archive, sent)
    accepted = Accepted()
    # Imports last: they cannot be taken back, while a file may still turn out not to be of its kind.
    for index, each in sorted(enumerate(sent), key=lambda pair: pair[1].user_uploads is not None):
        _accept(_Place(library, token, destination, index), sockets[each.socket], each, accepted)
    return accepted


@dataclass(frozen=True)
class _Place:
    """For whom and for what a value is made: which one of the request, for which item."""

    library: Library
    token: str | None
    destination: Destination
    index: int


def _accept(place: _Place, socket: Socket, sent: SentValue, accepted: Accepted) -> None:
    library, token = place.library, place.token
    if sent.image is not None:
        accepted.values.append(Value(socket=sent.socket, image=sent.image))
    elif sent.user_upload is not None:
        accepted.values.append(_named(place.index, file_of, library, token, socket, sent.user_upload))
    elif sent.user_uploads is not None:
        start = partial(library.uploaded.start_import, item=place.destination.item, socket=sent.socket)
        accepted.arriving[sent.socket] = _named(place.index, start, token, sent.user_uploads)
    elif sent.upload_session is not None:
        _accept_session(place, sent.socket, sent.upload_session, accepted)
    else:
        accepted.values.append(Value.of_json(sent.socket, sent.value))


def _accept_session(place: _Place, socket: str, session: str, accepted: Accepted) -> None:
    """Take the one image of a session, or wait for it."""
    found = _named(place.index, place.library.uploaded.session, place.token, session)
    if found.finished and len(found.images) != 1:
        raise Invalid({f"values.{place.index}": [NOT_ONE_IMAGE]})
    if not found.finished or _is_unheard(place, found.images[0]):
        _require_fit(place, found)
        accepted.arriving[socket] = found
        return
    of_image = [SentValue(socket=socket, image=found.images[0])]
    _named(place.index, check_values, place.library, place.token, place.destination.archive, of_image)
    accepted.values.append(Value(socket=socket, image=found.images[0]))


def _is_unheard(place: _Place, image: str) -> bool:
    """Tell whether an image is still to be announced to us; refuse one that was removed since."""
    if place.library.images.get(image) is not None:
        return False
    if place.library.departures.get(image) is not None:
        raise Invalid({f"values.{place.index}": [REMOVED]})
    return True


def _require_fit(place: _Place, session: ImportSession) -> None:
    """Refuse to wait for an image that the archive will not take."""
    archive = place.library.archive(place.destination.archive)
    if archive is not None and archive.settings.deidentify and not session.deidentify:
        raise Invalid({f"values.{place.index}": [WITH_IDENTITY]})


def _named(index: int, step: Callable[..., Any], *arguments: Any) -> Any:
    """Do a step about one value; what it refuses is named by the value's place in the request."""
    try:
        return step(*arguments)
    except Invalid as error:
        reasons = [reason for reasons in error.errors.values() for reason in reasons]
        raise Invalid({f"values.{index}": reasons}) from error
    except NotFound as error:
        raise Invalid({f"values.{index}": [ABSENT]}) from error
