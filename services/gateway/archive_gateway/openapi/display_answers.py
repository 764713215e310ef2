"""What is shown of viewers, configurations, hanging protocols, window presets and look-up tables: what is sent of them, and who
made it when.
"""

from apispec.ext.marshmallow.openapi import OpenAPIConverter

from archive_api.domain.display_settings import SettingKind
from archive_api.entrypoints.http.display_settings import SHELVES, Shelf
from archive_gateway.openapi.json_schema import (
    LINK,
    OBJECT,
    TEXT,
    TIME,
    WHOLE,
    JsonSchema,
    by_name,
    listed,
    maybe,
    named,
    thing,
)

_REFERENCES: dict[SettingKind, JsonSchema] = {
    SettingKind.PRESET: named("Preset"),
    SettingKind.COLOURS: named("Colours"),
}


def name_of(shelf: Shelf) -> str:
    """Return the name of what is shown of the settings of a kind."""
    return shelf.schema.__name__.removesuffix("Fields")


def display_answers(converter: OpenAPIConverter) -> dict[str, JsonSchema]:
    """Return the schemas of all kinds by their names; the converter knows how the fields that are sent look."""
    return {name_of(shelf): _shown(shelf, converter) for shelf in SHELVES}


def _shown(shelf: Shelf, converter: OpenAPIConverter) -> JsonSchema:
    sent = {name: converter.field2property(field) for name, field in shelf.schema().fields.items()}
    common = {
        "pk": WHOLE if shelf.numbered else TEXT,
        "slug": TEXT,
        "creator": TEXT,
        "created": TIME,
        "modified": TIME,
        "api_url": LINK,
    }
    return thing(**sent | common | _particular(shelf))


def _particular(shelf: Shelf) -> dict[str, JsonSchema]:
    """Return what is shown otherwise than it is sent."""
    if shelf.kind is SettingKind.PROTOCOL:
        return {"json": listed(OBJECT), "svg_icon": TEXT}
    if shelf.kind is SettingKind.VIEWER:
        return {"default_config": maybe(LINK), "logo": TEXT, "logo_renditions": by_name(LINK)}
    lists = {"window_presets", "overlay_luts"}
    return {
        name: listed(_REFERENCES[kind]) if name in lists else maybe(_REFERENCES[kind])
        for name, kind in shelf.refers.items()
    }
