"""Viewers, viewer configurations, hanging protocols and view content: every rule of spec/archives.md 1.12 to 1.14."""

import xml.etree.ElementTree as Xml
from typing import Any

import pytest

from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.sockets import a_socket

API = "/api/v1"
ITEMS = "/api/v1/archives/items/"
MAIN = {"viewport_name": "main"}
SECOND = {"viewport_name": "secondary"}
HOT = {"title": "Hot", "color": "[0 0 0 0, 0.5 1 0 0, 1 1 1 1]", "alpha": "[0 0, 0.5 0.5, 1 1]"}
LUNG = {"title": "Lung", "center": -600, "width": 1500}


@pytest.fixture
def root(service: ArchiveService) -> str:
    return service.people.add_person("root", administrator=True)


def make(service: ArchiveService, token: str, path: str, **sent: Any) -> Any:
    answer = service.call("POST", f"{API}/{path}/", token, json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json


def errors(answer: Answer) -> dict[str, list[str]]:
    assert answer.status_code == 400, answer.text
    found: dict[str, list[str]] = answer.json["errors"]
    return found


def change(service: ArchiveService, token: str, archive: str, **sent: Any) -> Answer:
    return service.call("PATCH", f"{API}/archives/{archive}/", token, json=sent)


def protocol(service: ArchiveService, token: str, *viewports: Any, title: str = "Two") -> Any:
    return make(service, token, "hanging-protocols", title=title, json=list(viewports))


# --- every kind


KINDS: list[tuple[str, dict[str, Any]]] = [
    ("workstations", {"title": "Viewer", "url": "https://viewer.test/", "public": True}),
    ("workstations/configs", {"title": "Mammography"}),
    ("hanging-protocols", {"title": "One up", "json": [MAIN]}),
    ("workstations/window-presets", LUNG),
    ("workstations/look-up-tables", HOT),
]


@pytest.mark.parametrize(("path", "sent"), KINDS, ids=[path for path, _ in KINDS])
def test_each_is_made_listed_shown_changed_and_deleted(
    service: ArchiveService, editor: str, root: str, path: str, sent: dict[str, Any]
) -> None:
    made = make(service, root, path, **sent)
    url = made["api_url"]

    assert made.items() >= ({**sent} if "json" not in sent else {"json": [MAIN]}).items()
    assert service.call("GET", url, editor).json == made
    assert service.call("GET", f"{API}/{path}/?slug={made['slug']}", editor).json["results"] == [made]
    changed = service.call("PATCH", url, root, json={"description": "other"}).json
    assert changed | {"description": "", "modified": made["modified"]} == made
    assert service.call("PATCH", url, editor, json={"description": "x"}).status_code == 403
    assert service.call("DELETE", url, editor).status_code == 403
    assert service.call("DELETE", url, root).status_code == 204
    assert service.call("GET", url, root).status_code == 404


@pytest.mark.parametrize(
    "path", ["workstations", "workstations/window-presets", "workstations/look-up-tables"]
)
def test_what_all_archives_share_is_made_by_administrators(
    service: ArchiveService, editor: str, path: str
) -> None:
    sent = dict(KINDS)[path]

    assert service.call("POST", f"{API}/{path}/", editor, json=sent).status_code == 403


@pytest.mark.parametrize("pk", ["²", "0", "1" * 40, "x", "0d9e0f6f-4c3d-4e4f-8a2b-1a2b4c3d8e4f"])
def test_what_is_no_identifier_names_nothing(service: ArchiveService, editor: str, pk: str) -> None:
    for path, _ in KINDS:
        assert service.call("GET", f"{API}/{path}/{pk}/", editor).status_code == 404


def test_equal_titles_get_slugs_of_their_own(service: ArchiveService, editor: str) -> None:
    slugs = [protocol(service, editor, MAIN)["slug"] for _ in range(3)]

    assert slugs == ["two", "two-2", "two-3"]


def test_an_owner_changes_and_deletes_what_is_theirs(service: ArchiveService, editor: str) -> None:
    mine = protocol(service, editor, MAIN)

    assert service.call("PATCH", mine["api_url"], editor, json={"json": [MAIN, SECOND]}).status_code == 200
    assert service.call("DELETE", mine["api_url"], editor).status_code == 204


# --- window presets, look-up tables, configurations


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"center": 1},
        {"width": 1},
        {"center": 1, "width": 0},
        {"center": 1.5, "width": 1},
        {"center": 1, "width": 1, "lower_percentile": 1, "upper_percentile": 2},
        {"lower_percentile": 1},
        {"lower_percentile": 5, "upper_percentile": 5},
        {"lower_percentile": 5, "upper_percentile": 101},
        {"lower_percentile": -1, "upper_percentile": 10},
    ],
    ids=str,
)
def test_a_window_is_a_width_or_percentiles(service: ArchiveService, root: str, sent: dict[str, Any]) -> None:
    path = f"{API}/workstations/window-presets/"

    assert service.call("POST", path, root, json={"title": "x", **sent}).status_code == 400


def test_percentiles_make_a_window(service: ArchiveService, root: str) -> None:
    made = make(
        service, root, "workstations/window-presets", title="x", lower_percentile=2, upper_percentile=98
    )

    assert (made["lower_percentile"], made["upper_percentile"], made["width"]) == (2, 98, None)
    refused = service.call("PATCH", made["api_url"], root, json={"upper_percentile": 1})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"alpha": "[0 0, 1 1]"},
        {"color": "red"},
        {"color_invert": "[0 0 0 0, 1 1 1 1]"},
        {"range_min": 10, "range_max": 10},
        {"color_interpolation": "HSV"},
    ],
    ids=str,
)
def test_look_up_tables_are_checked(service: ArchiveService, root: str, wrong: dict[str, Any]) -> None:
    path = f"{API}/workstations/look-up-tables/"

    assert service.call("POST", path, root, json=HOT | wrong).status_code == 400


def test_points_of_another_form_are_refused_with_the_form_they_have(
    service: ArchiveService, root: str
) -> None:
    answer = service.call("POST", f"{API}/workstations/look-up-tables/", root, json=HOT | {"color": "red"})

    assert errors(answer) == {
        "color": ["Write points of numbers with commas between them, like [0 0, 0.5 1]."]
    }


def test_a_configuration_has_defaults_and_shows_what_it_names_in_full(
    service: ArchiveService, editor: str, root: str
) -> None:
    preset = make(service, root, "workstations/window-presets", **LUNG)
    table = make(service, root, "workstations/look-up-tables", **HOT)

    made = make(
        service,
        editor,
        "workstations/configs",
        title="Chest",
        window_presets=[preset["pk"]],
        default_window_preset=preset["pk"],
        overlay_luts=[table["pk"]],
        default_overlay_lut=table["pk"],
        key_bindings=[{"key": "ctrl+z", "command": "undo"}],
    )

    assert made["window_presets"] == [preset]
    assert made["default_window_preset"] == preset
    assert made["default_overlay_lut"] == table
    assert made["ghosting_slice_depth"] == 3
    assert made["default_image_interpolation"] == "CU"
    assert made["show_swivel_tool"] is False
    assert made["link_panning"] is True
    for used in (preset, table):
        refused = service.call("DELETE", used["api_url"], root)
        assert (refused.status_code, refused.json["detail"]) == (409, "It is used by 1 other setting.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"default_slab_thickness_mm": 0},
        {"default_slab_thickness_mm": 100},
        {"default_slab_render_method": "SUM"},
        {"default_orientation": "X"},
        {"default_zoom_scale": 0},
        {"default_image_interpolation": "XX"},
        {"default_overlay_alpha": 1.1},
        {"default_brush_size": 0},
        {"default_annotation_color": "red"},
        {"point_bounding_box_size_mm": -1},
        {"image_context": "OTHER"},
        {"key_bindings": [{"key": "a"}]},
        {"key_bindings": [{"key": "a", "command": "b", "more": 1}]},
        {"window_presets": [77]},
        {"default_window_preset": 1},
        {"link_images": "yes"},
        {"unknown": 1},
        {"overlay_segments": [{"name": "a", "voxel_value": 1}, {"name": "b", "voxel_value": 1}]},
    ],
    ids=str,
)
def test_configurations_are_checked(service: ArchiveService, editor: str, wrong: dict[str, Any]) -> None:
    path = f"{API}/workstations/configs/"

    assert service.call("POST", path, editor, json={"title": "x", **wrong}).status_code == 400


def test_d37_there_may_not_be_more_segments_than_the_limit(service: ArchiveService, editor: str) -> None:
    segments = [{"name": str(number), "voxel_value": number} for number in range(1, 300)]
    path = f"{API}/workstations/configs/"

    answer = service.call("POST", path, editor, json={"title": "x", "overlay_segments": segments})
    assert list(errors(answer)) == ["overlay_segments"]


# --- hanging protocols


PLACED = {"x": 0, "y": 0, "w": 1, "h": 1}
WRONG_PROTOCOLS: dict[str, Any] = {
    "no list": {"viewport_name": "main"},
    "empty": [],
    "no name": [{}],
    "no main": [SECOND],
    "a name twice": [MAIN, SECOND, SECOND],
    "an unknown name": [MAIN, {"viewport_name": "tenth"}],
    "more fields": [MAIN | {"colour": "red"}],
    "half a place": [MAIN | {"x": 0, "y": 0}],
    "a place for some": [MAIN | PLACED, SECOND],
    "opacity": [MAIN | {"opacity": 1.5}],
    "start": [MAIN | {"relative_start_position": -0.1}],
    "orientation": [MAIN | {"orientation": "oblique"}],
    "label": [MAIN | {"label": "<b>"}],
    "flag": [MAIN | {"draggable": "yes"}],
    "a minimap without a parent": [MAIN, SECOND | {"specialized_view": "minimap"}],
    "a sideview without an orientation": [
        MAIN,
        SECOND | {"specialized_view": "3D-sideview", "parent_id": "main"},
    ],
    "a chart without a parent": [MAIN, SECOND | {"specialized_view": "intensity-over-time-chart"}],
    "an unknown view": [MAIN | {"specialized_view": "4D"}],
    "a parent of nothing": [MAIN, SECOND | {"parent_id": "tertiary", "draggable": True}],
    "its own parent": [MAIN | {"parent_id": "main", "draggable": True}],
    "a parent of what is not dragged": [MAIN, SECOND | {"parent_id": "main"}],
    "an indicator of nothing": [MAIN | {"slice_plane_indicator": "secondary"}],
    "its own indicator": [MAIN | {"slice_plane_indicator": "main"}],
    "fading without an indicator": [MAIN | {"slice_plane_indicator_fade_ms": 5}],
    "fading backwards": [
        MAIN | {"slice_plane_indicator": "secondary", "slice_plane_indicator_fade_ms": -1},
        SECOND,
    ],
}


@pytest.mark.parametrize("wrong", WRONG_PROTOCOLS.values(), ids=WRONG_PROTOCOLS)
def test_a_wrong_hanging_protocol_is_refused(service: ArchiveService, editor: str, wrong: Any) -> None:
    answer = service.call("POST", f"{API}/hanging-protocols/", editor, json={"title": "x", "json": wrong})

    assert list(errors(answer)) == ["json"]


def test_a_protocol_of_everything_is_taken_and_drawn(service: ArchiveService, editor: str) -> None:
    made = protocol(
        service,
        editor,
        MAIN | {"x": 0, "y": 0, "w": 2, "h": 2, "slice_plane_indicator": "secondary", "label": "Left 1"},
        SECOND | {"x": 2, "y": 0, "w": 2, "h": 1, "parent_id": "main", "draggable": True, "opacity": 0.5},
        {
            "viewport_name": "overview",
            "specialized_view": "minimap",
            "parent_id": "main",
            "x": 2,
            "y": 1,
            "w": 2,
            "h": 1,
        },
    )

    icon = Xml.fromstring(made["svg_icon"])
    assert (icon.get("width"), icon.get("height")) == ("32", "18")
    boxes = [tuple(box.get(side) for side in ("x", "y", "width", "height")) for box in icon]
    assert boxes == [("0", "0", "16", "18"), ("16", "0", "16", "9"), ("16", "9", "16", "9")]


def test_a_protocol_without_places_is_drawn_side_by_side(service: ArchiveService, editor: str) -> None:
    icon = Xml.fromstring(protocol(service, editor, MAIN, SECOND)["svg_icon"])

    assert [box.get("x") for box in icon] == ["0", "16"]


# --- archives


def test_an_archive_has_everything_it_is_shown_with(
    service: ArchiveService, editor: str, root: str, archive: str
) -> None:
    viewer = make(service, root, "workstations", title="V", url="https://viewer.test/", public=True)
    configuration = make(service, editor, "workstations/configs", title="C")
    chosen, other = (protocol(service, editor, MAIN, SECOND) for _ in range(2))
    wanted = {
        "workstation": viewer["api_url"],
        "workstation_config": configuration["api_url"],
        "hanging_protocol": chosen["api_url"],
        "optional_hanging_protocols": [other["api_url"]],
        "view_content": {"main": [SOCKET], "secondary": ["generic-overlay"]},
    }

    shown = change(service, editor, archive, **wanted)

    assert shown.status_code == 200, shown.text
    assert shown.json.items() >= wanted.items()
    for used in (viewer, configuration, chosen, other):
        assert service.call("DELETE", used["api_url"], root).status_code == 409
    [change_made] = service.call("GET", f"{API}/archives/{archive}/history/", editor).json["results"][:1]
    assert "view_content" in change_made["detail"]
    nothing = dict.fromkeys(("workstation", "workstation_config", "hanging_protocol"))
    cleared = change(service, editor, archive, **nothing, view_content={}, optional_hanging_protocols=[])
    assert cleared.json.items() >= nothing.items()


def test_items_carry_the_layout_the_public_client_expects(
    service: ArchiveService, editor: str, archive: str
) -> None:
    chosen, other = protocol(service, editor, MAIN), protocol(service, editor, MAIN, title="Other")
    change(
        service,
        editor,
        archive,
        hanging_protocol=chosen["api_url"],
        optional_hanging_protocols=[other["api_url"]],
        view_content={"main": [SOCKET]},
    )
    service.hear(an_import(archive=archive, image=new_id()))

    [item] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]

    assert item["hanging_protocol"] == {name: chosen[name] for name in ("pk", "title", "json", "svg_icon")}
    assert [each["title"] for each in item["optional_hanging_protocols"]] == ["Other"]
    assert item["view_content"] == {"main": [SOCKET]}
    assert item["warnings"] == []


def test_an_item_without_what_is_to_be_shown_warns(
    service: ArchiveService, editor: str, archive: str
) -> None:
    change(service, editor, archive, view_content={"main": [SOCKET, "generic-overlay"]})
    service.hear(an_import(archive=archive, image=new_id()))

    [item] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]

    assert item["warnings"] == ["Viewport main shows generic-overlay, of which this item has no value."]


@pytest.mark.parametrize(
    "wrong",
    [
        {"main": []},
        {"main": "generic-overlay"},
        {"main": [SOCKET, SOCKET]},
        {"tenth": [SOCKET]},
        {"main": ["nothing-like-it"]},
        {"main": [SOCKET, "second-image"]},
        {"main": ["report", SOCKET]},
        {"main": ["table"]},
        ["main"],
    ],
    ids=str,
)
def test_wrong_view_content_is_refused(
    service: ArchiveService, editor: str, archive: str, wrong: Any
) -> None:
    a_socket(service, "Second image", "Image")
    a_socket(service, "Report", "PDF file")
    a_socket(service, "Table", "CSV file")

    assert list(errors(change(service, editor, archive, view_content=wrong))) == ["view_content"]
    created = service.call("POST", f"{API}/archives/", editor, json={"title": "New", "view_content": wrong})
    assert list(errors(created)) == ["view_content"]


def test_d37_view_content_holds_names_of_sockets_and_nothing_else(
    service: ArchiveService, editor: str, archive: str
) -> None:
    assert list(errors(change(service, editor, archive, view_content={"main": [SOCKET, 1]}))) == [
        "view_content"
    ]


def test_view_content_is_for_the_viewports_of_the_protocol(
    service: ArchiveService, editor: str, archive: str
) -> None:
    two = protocol(service, editor, MAIN, SECOND)["api_url"]

    both = change(service, editor, archive, hanging_protocol=two, view_content={"main": [SOCKET]})
    assert "secondary" in errors(both)["view_content"][0]
    assert change(service, editor, archive, view_content={"main": [SOCKET]}).status_code == 200
    later = change(service, editor, archive, hanging_protocol=two)
    assert "secondary" in errors(later)["view_content"][0]


def test_the_viewports_of_a_protocol_stay_while_archives_say_what_to_show_in_them(
    service: ArchiveService, editor: str, archive: str
) -> None:
    chosen = protocol(service, editor, MAIN)
    change(service, editor, archive, hanging_protocol=chosen["api_url"], view_content={"main": [SOCKET]})

    refused = service.call("PATCH", chosen["api_url"], editor, json={"json": [MAIN, SECOND]})
    assert refused.status_code == 409
    relabelled = service.call("PATCH", chosen["api_url"], editor, json={"json": [MAIN | {"label": "A"}]})
    assert relabelled.status_code == 200


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("workstation", "workstations"),
        ("workstation_config", "workstations/configs"),
        ("hanging_protocol", "hanging-protocols"),
    ],
)
def test_only_what_is_there_can_be_chosen(
    service: ArchiveService, editor: str, archive: str, name: str, path: str
) -> None:
    absent = f"{SITE}{API}/{path}/{new_id()}/"

    assert list(errors(change(service, editor, archive, **{name: absent}))) == [name]
    assert list(errors(change(service, editor, archive, **{name: "nonsense"}))) == [name]


def test_d15_a_private_viewer_is_shared_with_everybody_of_the_archives_that_chose_it(
    service: ArchiveService, editor: str, root: str, archive: str
) -> None:
    user, outsider = (service.people.add_person(name) for name in ("user", "outsider"))
    service.people.give(user, "user", archive)
    viewer = make(service, root, "workstations", title="V", url="https://viewer.test/", public=False)
    url = viewer["api_url"]

    assert service.call("GET", url, user).status_code == 404
    assert list(errors(change(service, editor, archive, workstation=url))) == ["workstation"]
    assert change(service, root, archive, workstation=url).status_code == 200

    assert service.call("GET", url, user).status_code == 200
    assert service.call("GET", f"{API}/workstations/", user).json["count"] == 1
    assert service.call("GET", url, outsider).status_code == 404
    assert service.call("GET", f"{API}/workstations/", outsider).json["count"] == 0


def test_those_without_a_role_do_not_learn_how_items_are_shown(service: ArchiveService, editor: str) -> None:
    public = service.archive(editor=editor, public=True)
    change(service, editor, public, view_content={"main": [SOCKET]})
    outsider = service.people.add_person("outsider")

    shown = service.call("GET", f"{API}/archives/{public}/", outsider).json

    assert shown["view_content"] is None


# --- sockets


def test_a_socket_has_a_look_up_table_an_example_and_a_note(service: ArchiveService, root: str) -> None:
    table = make(service, root, "workstations/look-up-tables", **HOT)
    heat = a_socket(service, "Heat", "Heat Map", look_up_table=table["pk"])
    score = a_socket(service, "Score", "Float", example_value=0.5, example_note="Between **0** and 1.")

    assert heat["look_up_table"] == table
    assert (score["example_value"], score["example_note"]) == (0.5, "Between **0** and 1.")
    assert score["look_up_table"] is None


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("Float", {"example_value": "high"}),
        ("PDF file", {"example_value": 1}),
        ("Float", {"look_up_table": 1}),
        ("Heat Map", {"look_up_table": 77}),
    ],
    ids=str,
)
def test_examples_and_look_up_tables_must_fit_their_socket(
    service: ArchiveService, root: str, kind: str, wrong: dict[str, Any]
) -> None:
    make(service, root, "workstations/look-up-tables", **HOT)
    path = f"{API}/components/interfaces/"

    answer = service.call("POST", path, root, json={"title": "New", "kind": kind, **wrong})

    assert list(errors(answer)) == list(wrong)
