"""How items look to clients: the public client's shapes (spec/gcapi.md 2) and what we add to them."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from archive_api.domain.arriving import Arriving
from archive_api.domain.display_settings import DisplaySetting
from archive_api.domain.item import Item
from archive_api.domain.rendering import Progress
from archive_api.domain.sockets import Socket
from archive_api.domain.value import Value
from archive_api.domain.viewports import layout_icon
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.shapes import Json, show_socket
from archive_api.use_cases.browse_items import ShownItem
from archive_api.use_cases.check_display import Display
from archive_shared.clock import to_text

Sockets = Mapping[str, Socket]


def show_items(shown: Sequence[ShownItem], links: Links, sockets: Sockets) -> list[Json]:
    """Return items for reading: sockets in full, under both names clients know them by."""
    cards = {slug: show_socket(socket) for slug, socket in sockets.items()}
    return [_item(each, links) | {"values": _read_values(each.item, links, sockets, cards)} for each in shown]


def show_written_item(shown: ShownItem, links: Links, sockets: Sockets) -> Json:
    """Return an item as the answer to writing it: sockets by slug."""
    values = [
        {"interface": value.socket, "image_name": None, **_value(shown.item, value, links)}
        for value in _in_order(shown.item, sockets)
    ]
    return _item(shown, links) | {"values": values}


def _item(shown: ShownItem, links: Links) -> Json:
    item, display = shown.item, shown.display
    return {
        "pk": item.id,
        "title": item.title,
        "archive": links.archive(item.archive),
        "viewer": viewer_address(display, item.id, links) if display.viewer else None,
        "hanging_protocol": _layout(display.protocol) if display.protocol else None,
        "optional_hanging_protocols": [_layout(each) for each in display.optional_protocols],
        "view_content": display.view_content,
        "warnings": display.warnings(item),
        "version": item.version,
        "state": shown.readiness.state.value,
        "reason": shown.readiness.reason,
        "arriving": [_arriving(socket, each, links) for socket, each in sorted(item.arriving.items())],
        "created": to_text(item.created_at),
        "modified": to_text(item.modified_at),
        "api_url": links.item(item.id),
    }


def _layout(protocol: DisplaySetting) -> Json:
    """Return a hanging protocol as items carry it."""
    viewports = protocol.content["json"]
    return {
        "pk": protocol.id,
        "title": protocol.title,
        "json": viewports,
        "svg_icon": layout_icon(viewports),
    }


def viewer_address(display: Display, item: str, links: Links) -> str:
    """Return where the item is opened: the address of the viewer, which is told of it; an address has one query."""
    assert display.viewer is not None
    address = str(display.viewer.content["url"])
    told = {"item": links.item(item)}
    if display.configuration:
        told["config"] = links.viewer_configuration(display.configuration.id)
    return f"{address}{'&' if '?' in address else '?'}{urlencode(told)}"


def _in_order(item: Item, sockets: Sockets) -> list[Value]:
    """Return values by group of their sockets: JSON, pictures, files, images; then by the sockets' names."""
    groups = {"json": 0, "file": 1, "image": 2}
    return sorted(item.values, key=lambda value: (groups[sockets[value.socket].traits.group], value.socket))


def _read_values(item: Item, links: Links, sockets: Sockets, cards: Mapping[str, Json]) -> list[Json]:
    return [
        {"socket": cards[value.socket], "interface": cards[value.socket], **_value(item, value, links)}
        for value in _in_order(item, sockets)
    ]


def _value(item: Item, value: Value, links: Links) -> Json:
    return {
        "pk": value.number,
        "value": value.json,
        "file": links.value_file(item.id, value) if value.file else None,
        "image": links.image(value.image) if value.image else None,
    }


def _arriving(socket: str, arriving: Arriving, links: Links) -> Json:
    return {
        "interface": socket,
        "upload_session": links.session(arriving.session),
        "state": (Progress.FAILED if arriving.failure else Progress.PENDING).value,
        "reason": arriving.failure,
    }
