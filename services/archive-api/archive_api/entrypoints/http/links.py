"""The addresses of everything, as clients see them: built from the public address of the platform."""

import re
from pathlib import PurePosixPath
from urllib.parse import quote

from archive_api.domain.archive import picture_key
from archive_api.domain.logo import PictureRule
from archive_api.domain.value import Value
from archive_api.domain.vocabulary import TermKind
from archive_shared.events import ImageFile

_SUFFIXES = {"MHD": ".mha", "TIFF": ".tif"}
_IDENTIFIER = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Links:
    """Builds addresses.

    Parameters
    ----------
    public_url
        Scheme, host and port of the gateway, without a slash at the end.
    """

    def __init__(self, public_url: str) -> None:
        self._site = public_url
        self._api = f"{public_url}/api/v1"

    @property
    def archives(self) -> str:
        return f"{self._api}/archives/"

    @property
    def items(self) -> str:
        return f"{self._api}/archives/items/"

    @property
    def images(self) -> str:
        return f"{self._api}/cases/images/"

    @property
    def sockets(self) -> str:
        return f"{self._api}/components/interfaces/"

    @property
    def publications(self) -> str:
        return f"{self._api}/publications/"

    def archive(self, pk: str) -> str:
        return f"{self.archives}{pk}/"

    def item(self, pk: str) -> str:
        return f"{self.items}{pk}/"

    def deleted_items(self, archive: str) -> str:
        return f"{self.archive(archive)}deleted-items/"

    def restoring(self, item: str) -> str:
        """Return where a deleted item is brought back."""
        return f"{self.item(item)}restore/"

    def image(self, pk: str) -> str:
        return f"{self.images}{pk}/"

    def download(self, archive: str, pk: str) -> str:
        """Return where the plan of a download is."""
        return f"{self.archive(archive)}downloads/{pk}/"

    def zip(self, archive: str, pk: str) -> str:
        """Return where an archive is downloaded as it was planned."""
        return f"{self.download(archive, pk)}archive.zip"

    def access_log(self, archive: str) -> str:
        return f"{self.archive(archive)}access-log/"

    def duplicates(self, archive: str, cursor: str) -> str:
        """Return where the list of equal images goes on."""
        return f"{self.archive(archive)}duplicates/?cursor={cursor}"

    def terms(self, kind: TermKind) -> str:
        """Return where the modalities, or the structures, are listed."""
        return f"{self._api}/{kind.value}/"

    def organisation(self, pk: str) -> str:
        """Return where an organisation tells of itself; permissions keeps them."""
        return f"{self._api}/organisations/{pk}/"

    def page(self, slug: str) -> str:
        """Return the address of the page of an archive, for people."""
        return f"{self._site}/archives/{slug}/"

    def nameplate_logo(self, pk: str) -> str:
        return f"{self.archive(pk)}nameplate/logo.png"

    def picture(self, rule: PictureRule, archive: str, name: str, width_px: int | None = None) -> str:
        """Return the address of a picture of an archive, "" without one: the public client takes no null."""
        return f"{self._site}/media/{picture_key(rule.folder, archive, name, width_px)}" if name else ""

    def renditions(self, rule: PictureRule, owner: str, name: str) -> dict[str, str]:
        """Return the addresses of a picture by width in pixels; one that came small has fewer."""
        if not name:
            return {}
        return {str(width): self.picture(rule, owner, name, width) for width in rule.widths_px}

    def file(self, image: str, file: ImageFile) -> str:
        """Return where a file is downloaded; it ends in the file's suffix, without a query."""
        return f"{self._site}/media/images/{image}/{file.id}/{quote(file_name(file), safe='')}"

    def value_file(self, item: str, value: Value) -> str:
        """Return where the file in a socket of an item is downloaded."""
        assert value.file is not None
        return f"{self._site}/media/items/{item}/{value.number}/{quote(value.file.name, safe='')}"

    def snapshots_of(self, archive: str) -> str:
        return f"{self.archive(archive)}snapshots/"

    def snapshot(self, pk: str) -> str:
        return f"{self.archives}snapshots/{pk}/"

    def snapshot_file(self, snapshot: str, item: str, value: Value) -> str:
        """Return where a file that a snapshot holds is downloaded."""
        assert value.file is not None
        name = quote(value.file.name, safe="")
        return f"{self._site}/media/snapshots/{snapshot}/{item}/{value.number}/{name}"

    def viewer(self, pk: str) -> str:
        return f"{self._api}/workstations/{pk}/"

    def viewer_configuration(self, pk: str) -> str:
        return f"{self._api}/workstations/configs/{pk}/"

    def hanging_protocol(self, pk: str) -> str:
        return f"{self._api}/hanging-protocols/{pk}/"

    def display_settings(self, collection: str) -> str:
        """Return the list of one kind of display settings, by its path."""
        return f"{self._api}/{collection}/"

    def session(self, pk: str) -> str:
        return f"{self._api}/cases/upload-sessions/{pk}/"

    @property
    def tasks(self) -> str:
        return f"{self._api}/tasks/"

    def task(self, pk: str) -> str:
        return f"{self.tasks}{pk}/"

    def preview(self, image: str) -> str:
        return f"{self._api}/tiles/images/{image}/preview.jpeg"

    def volume(self, image: str) -> str:
        """Return where it is told how an image can be cut into slices."""
        return f"{self._api}/tiles/images/{image}/volume"

    def tiles(self, image: str) -> str:
        """Return where the tiler describes the pyramid of an image."""
        return f"{self._api}/tiles/images/{image}/"


def file_name(file: ImageFile) -> str:
    """Return the name a file is downloaded under: its own, with the suffix that belongs to its type.

    The public client takes everything behind the last dot of the address as the suffix (spec/gcapi.md 1.7).
    """
    name, suffix = PurePosixPath(file.name).name, _SUFFIXES.get(file.type, "")
    return name if name.lower().endswith(suffix) else f"{name}{suffix}"


def identifier_in(url: str, collection: str) -> str | None:
    """Return which thing of a collection ("archives", "cases/images") an API address names, None if none.

    Only the path counts: one platform may be reached under several names.
    """
    matched = re.fullmatch(rf"(?:https?://[^/?#]+)?/api/v1/{collection}/({_IDENTIFIER})/", url)
    return matched[1] if matched else None
