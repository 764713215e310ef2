"""Who gets what from every route of every service, on a public and on a private archive.

The route tables of the services are walked: a route without a row fails, and so does a row without a route. Each
service is asked directly, past the gateway, which is the least protected way there is.
"""

import pytest

from archive_gateway.routes import Service
from tests.integration.matrix.scene import Scene
from tests.integration.matrix.table import TABLE, WHO, Row
from tests.support.assembled_platform import AssembledPlatform


def routes(platform: AssembledPlatform) -> set[tuple[Service, str, str]]:
    return {
        (service, method, rule.rule)
        for service, app in platform.services.items()
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def expected(scene_name: str, row: Row, who: str) -> int:
    statuses = row if isinstance(row[0], int) else row[0 if scene_name == "public" else 1]
    return int(statuses[WHO.index(who)])


def test_every_route_has_a_row_and_every_row_a_route(scene: Scene) -> None:
    assert routes(scene.platform) == set(TABLE)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("cell", TABLE, ids=" ".join)
def test_every_route_answers_everybody_as_the_table_says(
    scene: Scene, request: pytest.FixtureRequest, cell: tuple[Service, str, str], who: str
) -> None:
    visibility = request.node.callspec.params["scene"]

    answer = scene.ask(who, *cell)

    assert answer.status_code == expected(visibility, TABLE[cell], who), answer.get_data(as_text=True)[:500]


def test_there_are_as_many_cells_as_were_asked_for() -> None:
    assert len(TABLE) * len(WHO) * 2 >= 400
