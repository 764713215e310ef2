"""Says what is wrong with values that somebody sent for sockets, before anything is stored or started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive_api.domain.archive import Archive
from archive_api.domain.image import Image
from archive_api.domain.image_rules import NOT_TAKEN, identity_error, image_error
from archive_api.domain.sockets import Socket
from archive_api.domain.value import LARGEST_JSON_BYTES, Value
from archive_api.use_cases.browse_images import visible_images
from archive_api.use_cases.check_json import value_errors
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Invalid

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
    there = library.archive(archive) if everything else None
    for prefix, sent in lists.items():
        errors |= _refused_sockets(prefix, sent, there)
    if errors:
        return errors
    images = _visible_images(library, token, everything)
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


def _refused_sockets(prefix: str, sent: Sequence[SentValue], archive: Archive | None) -> dict[str, list[str]]:
    return {
        f"{prefix}values.{index}.interface": [NOT_TAKEN]
        for index, each in enumerate(sent)
        if archive is not None and not archive.settings.takes(each.socket)
    }


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
