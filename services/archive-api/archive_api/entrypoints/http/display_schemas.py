"""What clients send of viewers, viewer configurations, hanging protocols, window presets and look-up tables.

Fields as in spec/archives.md 1.12 to 1.14. What holds between fields is checked when the whole is known, so that a change of
one field is held to the same rules as the first writing.
"""

import re
from typing import Any

from marshmallow import Schema, fields, validate

from archive_api.domain.item import LARGEST_TITLE
from archive_api.entrypoints.http.fields import Chosen, Distinct, Flag, Line, Picture, Text
from archive_api.entrypoints.http.schemas import LARGEST_DESCRIPTION, SegmentFields

_POINTS = r"\[\s*-?\d+(\.\d+)?(\s+-?\d+(\.\d+)?)*(\s*,\s*-?\d+(\.\d+)?(\s+-?\d+(\.\d+)?)*)*\s*\]"
_AS_POINTS = "Write points of numbers with commas between them, like [0 0, 0.5 1]."
_POINTS_ALONE = validate.Regexp(f"^{_POINTS}$", error=_AS_POINTS)
_POINTS_OR_NONE = validate.Regexp(f"^({_POINTS})?$", error=_AS_POINTS)
_INTERPOLATIONS = ("RGB", "HLS", "HLSpos", "HLSneg", "Constant")
MOST = 256
_MOST_USERS = 1000


class SettingFields(Schema):
    """What all of them have."""

    title = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    description = Text(load_default="", validate=validate.Length(max=LARGEST_DESCRIPTION))


class ViewerFields(SettingFields):
    """A viewer: a page elsewhere that items are opened with."""

    url = fields.Url(required=True, schemes={"https", "http"}, require_tld=False)
    public = Flag(load_default=False)
    logo = Picture(load_default=b"")
    users = Distinct(
        Line(validate=validate.Length(min=1, max=LARGEST_TITLE)),
        load_default=list,
        validate=validate.Length(max=_MOST_USERS),
    )
    default_config = Chosen("workstations/configs", load_default="")


class PresetFields(SettingFields):
    """A window preset: a centre and a width, or two percentiles."""

    center = fields.Integer(strict=True, load_default=None, allow_none=True)
    width = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(min=1))
    lower_percentile = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 100)
    )
    upper_percentile = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(0, 100)
    )


class ColoursFields(SettingFields):
    """A look-up table: colours and opacities along a range."""

    color = fields.String(required=True, validate=_POINTS_ALONE)
    alpha = fields.String(required=True, validate=_POINTS_ALONE)
    color_invert = fields.String(load_default="", validate=_POINTS_OR_NONE)
    alpha_invert = fields.String(load_default="", validate=_POINTS_OR_NONE)
    range_min = fields.Integer(strict=True, load_default=0)
    range_max = fields.Integer(strict=True, load_default=4095)
    relative = Flag(load_default=False)
    color_interpolation = fields.String(load_default="RGB", validate=validate.OneOf(_INTERPOLATIONS))
    color_interpolation_invert = fields.String(load_default="RGB", validate=validate.OneOf(_INTERPOLATIONS))


class ProtocolFields(SettingFields):
    """A hanging protocol: the viewports items are shown in."""

    json = fields.Raw(required=True)


class KeyBinding(Schema):
    """A key and what it does."""

    key = Line(required=True, validate=validate.Length(min=1, max=64))
    command = Line(required=True, validate=validate.Length(min=1, max=LARGEST_TITLE))
    when = Line(validate=validate.Length(max=LARGEST_TITLE))


def _number(low: float, high: float | None = None, **options: Any) -> fields.Float:
    return fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(low, high), allow_nan=False, **options
    )


def _choice(*choices: str, default: str = "") -> fields.String:
    return fields.String(load_default=default, validate=validate.OneOf(choices))


def _pks() -> fields.List[int]:
    return fields.List(fields.Integer(strict=True), load_default=list, validate=validate.Length(max=MOST))


class ConfigurationFields(SettingFields):
    """A viewer configuration."""

    image_context = _choice("", "PATH", "MPMRI")
    window_presets = _pks()
    default_window_preset = fields.Integer(strict=True, load_default=None, allow_none=True)
    default_slab_thickness_mm = _number(0.01, 99.99)
    default_slab_render_method = _choice("", "MAX", "MIN", "AVG")
    default_orientation = _choice("", "A", "C", "S")
    default_zoom_scale = _number(0.01, 99.99)
    default_limit_view_area_to_image_volume = Flag(load_default=False)
    default_image_interpolation = _choice("NN", "TL", "CU", default="CU")
    default_overlay_interpolation = _choice("NN", "TL", "CU", default="NN")
    overlay_luts = _pks()
    default_overlay_lut = fields.Integer(strict=True, load_default=None, allow_none=True)
    default_overlay_alpha = _number(0, 1)
    overlay_segments = fields.List(
        fields.Nested(SegmentFields), load_default=list, validate=validate.Length(max=MOST)
    )
    ghosting_slice_depth = fields.Integer(strict=True, load_default=3, validate=validate.Range(min=0))
    default_brush_size = _number(1e-6)
    default_annotation_color = fields.String(
        load_default="",
        validate=validate.Regexp(
            re.compile(r"^(#[0-9a-f]{6}|#[0-9a-f]{3})?$", re.IGNORECASE),
            error="Write a colour like #ff8800 or #f80.",
        ),
    )
    default_annotation_line_width = fields.Integer(
        strict=True, load_default=None, allow_none=True, validate=validate.Range(1, 1000)
    )
    point_bounding_box_size_mm = _number(0)
    auto_jump_center_of_gravity = Flag(load_default=True)
    key_bindings = fields.List(
        fields.Nested(KeyBinding), load_default=list, validate=validate.Length(max=MOST)
    )
    show_image_info_plugin = Flag(load_default=True)
    show_display_plugin = Flag(load_default=True)
    show_image_switcher_plugin = Flag(load_default=True)
    show_algorithm_output_plugin = Flag(load_default=True)
    show_overlay_plugin = Flag(load_default=True)
    show_annotation_statistics_plugin = Flag(load_default=False)
    show_swivel_tool = Flag(load_default=False)
    show_invert_tool = Flag(load_default=True)
    show_flip_tool = Flag(load_default=True)
    show_window_level_tool = Flag(load_default=True)
    show_reset_tool = Flag(load_default=True)
    show_overlay_selection_tool = Flag(load_default=True)
    show_lut_selection_tool = Flag(load_default=True)
    show_annotation_counter_tool = Flag(load_default=True)
    enable_contrast_enhancement = Flag(load_default=False)
    link_images = Flag(load_default=True)
    link_panning = Flag(load_default=True)
    link_zooming = Flag(load_default=True)
    link_slicing = Flag(load_default=True)
    link_orienting = Flag(load_default=True)
    link_windowing = Flag(load_default=True)
    link_inverting = Flag(load_default=True)
    link_flipping = Flag(load_default=True)
