"""Turns what somebody sent for sockets into values: checks it, stores files, and starts the import of uploads.

Everything is checked before anything is stored or started, so a refusal leaves nothing behind.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from archive_api.domain.archive import Archive
from archive_api.domain.image import Image
from archive_api.domain.image_rules import WITH_IDENTITY, identity_error, image_error
from archive_api.domain.sockets import Socket
from archive_api.domain.value import LARGEST_JSON_BYTES, Value
from archive_api.use_cases.browse_images import visible_images
from archive_api.use_cases.check_json import value_errors
from archive_api.use_cases.keep_file import file_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.uploaded import ImportSession
from archive_shared.documents import one_of
from archive_shared.errors import Invalid, NotFound

ABSENT = "Invalid hyperlink - Object does not exist."


@dataclass(frozen=True, kw_only=True)
class SentValue:
    """What somebody sent for one socket: one source, or None of them, which is the JSON value null.

    Parameters
    ----------
    value
        JSON.
    image, upload_session, user_upload, user_uploads
        Identifiers.
    """

    socket: str
    value: Any = None
    image: str | None = None
    upload_session: str | None = None
    user_upload: str | None = None
    user_uploads: Sequence[str] | None = None

    @property
    def sources(self) -> list[str]:
        """Name the sources that were sent."""
        names = ("value", "image", "upload_session", "user_upload", "user_uploads")
        return [name for name in names if getattr(self, name) is not None]


@dataclass(frozen=True)
class Destination:
    """The archive, and the item in it, that values are for."""

    archive: str
    item: str


@dataclass(frozen=True)
class Accepted:
    """Values that can be set, and upload sessions to wait for, by socket."""

    values: list[Value] = field(default_factory=list)
    arriving: dict[str, str] = field(default_factory=dict)


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


def check_values(
    library: Library, token: str | None, archive: str, sent: Sequence[SentValue]
) -> dict[str, Socket]:
    """Refuse what cannot be stored, naming each; return the sockets by slug. Uploads are not looked at."""
    errors = check_many(library, token, archive, {"": sent})
    if errors:
        raise Invalid(errors)
    return dict(library.sockets.named(each.socket for each in sent))


def check_many(
    library: Library, token: str | None, archive: str, lists: Mapping[str, Sequence[SentValue]]
) -> dict[str, list[str]]:
    """Say what is wrong with many lists of values; costs as many searches for thousands as for one.

    Parameters
    ----------
    archive
        The one that all the items are in.
    lists
        The values of each item, by what the names of their errors begin with.
    """
    everything = [each for sent in lists.values() for each in sent]
    sockets = library.sockets.named(each.socket for each in everything)
    errors: dict[str, list[str]] = {}
    for prefix, sent in lists.items():
        errors |= _form_errors(prefix, sent, sockets)
    if errors:
        return errors
    images = _visible_images(library, token, everything)
    there = library.archive(archive) if images else None
    for prefix, sent in lists.items():
        errors |= _image_errors(prefix, sent, sockets, images, there)
    return errors


def _form_errors(
    prefix: str, sent: Sequence[SentValue], sockets: Mapping[str, Socket]
) -> dict[str, list[str]]:
    errors = _socket_errors(prefix, sent, sockets)
    if errors:
        return errors
    found = {
        f"{prefix}values.{index}": _source_errors(sockets[each.socket], each)
        for index, each in enumerate(sent)
    }
    return {f"{place}.{name}": reasons for place, (name, reasons) in found.items() if reasons}


def _image_errors(
    prefix: str,
    sent: Sequence[SentValue],
    sockets: Mapping[str, Socket],
    images: Mapping[str, Image],
    archive: Archive | None,
) -> dict[str, list[str]]:
    found = {
        f"{prefix}values.{index}.image": _image_reason(sockets[each.socket], images.get(each.image), archive)
        for index, each in enumerate(sent)
        if each.image is not None
    }
    return {place: [reason] for place, reason in found.items() if reason}


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
    if not found.finished:
        _require_fit(place, found)
        accepted.arriving[socket] = found.id
        return
    if len(found.images) != 1:
        raise Invalid({f"values.{place.index}": ["Image imports should result in a single image."]})
    of_image = [SentValue(socket=socket, image=found.images[0])]
    _named(place.index, check_values, place.library, place.token, place.destination.archive, of_image)
    accepted.values.append(Value(socket=socket, image=found.images[0]))


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


def _socket_errors(
    prefix: str, sent: Sequence[SentValue], sockets: Mapping[str, Socket]
) -> dict[str, list[str]]:
    names = [each.socket for each in sent]
    unknown = {
        f"{prefix}values.{index}.interface": [f"Object with slug={name} does not exist."]
        for index, name in enumerate(names)
        if name not in sockets
    }
    doubled = {
        f"{prefix}values.{index}.interface": ["Another value is for the same socket."]
        for index, name in enumerate(names)
        if name in names[:index]
    }
    return unknown or doubled


_SOURCES = {
    "Image": ("image", "upload_session", "user_uploads"),
    "File": ("user_upload",),
    "Value": ("value",),
}


def _source_errors(socket: Socket, sent: SentValue) -> tuple[str, list[str]]:
    """Say what is wrong with the source of a value, and at which key."""
    possible, sources = _SOURCES[socket.super_kind], sent.sources
    if len(sources) > 1:
        return sources[1], ["You can only provide one source for each socket."]
    if not sources and socket.super_kind != "Value":
        return possible[0], [f"You must provide at least one of {', '.join(possible)}."]
    if sources and sources[0] not in possible:
        return sources[0], [f"{' or '.join(possible)} is required for interface kind {socket.kind}."]
    if socket.super_kind == "Value":
        return "value", _json_errors(socket, sent.value)
    return "", []


def _json_errors(socket: Socket, value: Any) -> list[str]:
    errors = value_errors(socket, value)
    if value is None and errors:
        return [f"value is required for interface kind {socket.kind}."]
    if not errors and len((Value.of_json(socket.slug, value).json_text or "").encode()) > LARGEST_JSON_BYTES:
        return [f"The value may have {LARGEST_JSON_BYTES // 1024} KiB at the most; keep it in a file."]
    return errors


def _visible_images(library: Library, token: str | None, sent: Sequence[SentValue]) -> dict[str, Image]:
    wanted = sorted({each.image for each in sent if each.image is not None})
    if not wanted:
        return {}
    caller, usable = library.require_usable(token)
    found = library.images.find({"_id": one_of(wanted)})
    return {image.id: image for image in visible_images(library, caller, usable, found)}


def _image_reason(socket: Socket, image: Image | None, archive: Archive | None) -> str:
    if image is None:
        return ABSENT
    return image_error(socket, image) or identity_error(archive, image)
