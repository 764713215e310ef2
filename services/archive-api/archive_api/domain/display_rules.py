"""What holds between the fields of display settings (spec/archives.md 1.13, 1.14); form is checked where they come in."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from archive_api.domain.display_settings import SettingKind
from archive_api.domain.viewports import protocol_errors

Content = Mapping[str, Any]
Fault = tuple[str, str]
"""A field, and what is wrong with it."""


def content_faults(kind: SettingKind, content: Content) -> Iterator[Fault]:
    """Say what is wrong with the content of a setting as a whole."""
    rule = _RULES.get(kind)
    return iter(()) if rule is None else rule(content)


def _preset_faults(preset: Content) -> Iterator[Fault]:
    by_width = [preset["center"] is not None, preset["width"] is not None]
    by_share = [preset["lower_percentile"] is not None, preset["upper_percentile"] is not None]
    if not ((all(by_width) and not any(by_share)) or (all(by_share) and not any(by_width))):
        yield "", "Give either center and width, or lower_percentile and upper_percentile."
    elif all(by_share) and preset["upper_percentile"] <= preset["lower_percentile"]:
        yield "upper_percentile", "It must be larger than lower_percentile."


def _colour_faults(table: Content) -> Iterator[Fault]:
    for colour, alpha in (("color", "alpha"), ("color_invert", "alpha_invert")):
        if bool(table[colour]) != bool(table[alpha]) or _points(table[colour]) != _points(table[alpha]):
            yield alpha, f"It must have as many points as {colour}."
    if table["range_max"] <= table["range_min"]:
        yield "range_max", "It must be larger than range_min."


def _configuration_faults(configuration: Content) -> Iterator[Fault]:
    for default, among in (
        ("default_window_preset", "window_presets"),
        ("default_overlay_lut", "overlay_luts"),
    ):
        if configuration[default] is not None and configuration[default] not in configuration[among]:
            yield default, f"It must be one of {among}."
    values = [segment["voxel_value"] for segment in configuration["overlay_segments"]]
    if len(set(values)) != len(values):
        yield "overlay_segments", "Every voxel value may have one segment."


def _protocol_faults(protocol: Content) -> Iterator[Fault]:
    return (("json", reason) for reason in protocol_errors(protocol["json"]))


def _points(text: str) -> int:
    return text.count(",")


_RULES: Mapping[SettingKind, Callable[[Content], Iterator[Fault]]] = {
    SettingKind.PRESET: _preset_faults,
    SettingKind.COLOURS: _colour_faults,
    SettingKind.CONFIGURATION: _configuration_faults,
    SettingKind.PROTOCOL: _protocol_faults,
}
