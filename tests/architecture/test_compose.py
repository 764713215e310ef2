"""docker-compose.yml: valid, complete, and starting what the supervisor and the tests start."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from archive_gateway.parts import PREPARE_BLOBS, WEB, background_parts
from archive_gateway.routes import ROUTES, Service
from tests.support.compose import (
    ROOT,
    SECRETS,
    command_of,
    compose_config,
    environment_file,
    written_services,
)
from tests.support.servers import MINIO_COLLECTIONS

BACKGROUND = background_parts(ingest_workers=1, tiler_workers=1)
SERVERS = {"rabbitmq", "mongo", "minio"}
OTHERS = {"gateway", "prepare"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return written_services()


def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    done = compose_config(environment_file(tmp_path, SECRETS))

    assert done.returncode == 0, done.stderr
    assert set(yaml.safe_load(done.stdout)["services"]) == set(written_services())


@pytest.mark.parametrize("missing", SECRETS)
def test_nothing_starts_without_a_secret(tmp_path: Path, missing: str) -> None:
    others = {name: value for name, value in SECRETS.items() if name != missing}

    done = compose_config(environment_file(tmp_path, others))

    assert done.returncode != 0
    assert ".env.example" in done.stderr


def test_every_process_is_a_container_and_nothing_else_is(services: dict[str, Any]) -> None:
    processes = {part.name for part in (*WEB, *BACKGROUND)}

    assert set(services) == processes | SERVERS | OTHERS


@pytest.mark.parametrize("part", BACKGROUND, ids=lambda part: part.name)
def test_background_processes_start_as_under_the_supervisor(services: dict[str, Any], part: Any) -> None:
    assert command_of(services[part.name]) == ["python", "-m", *part.arguments]


@pytest.mark.parametrize("part", WEB, ids=lambda part: part.name)
def test_web_processes_serve_an_application_that_is_there(services: dict[str, Any], part: Any) -> None:
    assert command_of(services[part.name]) == list(part.arguments)
    module, _, function = part.arguments[-1].partition(":")
    assert callable(getattr(importlib.import_module(module), function.removesuffix("()")))


def test_buckets_are_prepared_by_the_command_the_supervisor_uses(services: dict[str, Any]) -> None:
    assert command_of(services["prepare"]) == ["python", "-m", *PREPARE_BLOBS]


def test_every_container_is_built_from_the_service_it_is_named_after(services: dict[str, Any]) -> None:
    for part in (*WEB, *BACKGROUND):
        service = services[part.name]["build"]["args"]["SERVICE"]
        assert part.name.startswith(f"{service}-")
        assert services[part.name]["image"] == f"archive-platform/{service}"
        assert (ROOT / "services" / service / "pyproject.toml").exists()


def test_every_container_stops_in_good_order_and_says_whether_it_is_well(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert service["init"] is True, name
        assert re.fullmatch(r"\d+s", service["stop_grace_period"]), name
        assert name == "prepare" or service["healthcheck"]["test"][0] == "CMD", name


@pytest.mark.parametrize("part", BACKGROUND, ids=lambda part: part.name)
def test_a_container_may_take_as_long_to_stop_as_its_process(services: dict[str, Any], part: Any) -> None:
    assert int(services[part.name]["stop_grace_period"].removesuffix("s")) > part.grace_s


def test_no_secret_has_a_default(services: dict[str, Any]) -> None:
    text = yaml.safe_dump(services)

    for name in SECRETS:
        assert f"${{{name}:?" in text
        assert not re.search(rf"\${{{name}:?-", text)


# --- nginx and the one-machine gateway route alike

TEMPLATE = (ROOT / "deploy/gateway/nginx.conf.template").read_text()
LOCATION = re.compile(
    r'^ *location ~ "(?P<pattern>[^"]+)" \{ (?:proxy_pass http://\$(?P<service>\w+)|return 404)'
)
VARIABLES = {
    Service.PERMISSIONS: "permissions",
    Service.ARCHIVE_API: "archive_api",
    Service.INGEST: "ingest_worker",
    Service.TILER: "tiler",
    Service.FEED: "feed",
    Service.PORTAL: "portal",
    Service.GATEWAY: "archive_api",  # it has health of its own; nginx asks the service everything leads to
    Service.NOBODY: None,
    Service.BLOBS: None,  # the links of S3 lead to the S3 server
}


def test_nginx_has_every_row_of_the_routing_table_in_order() -> None:
    rows = [
        match.group("pattern", "service") for line in TEMPLATE.splitlines() if (match := LOCATION.match(line))
    ]

    assert rows == [(route.pattern, VARIABLES[route.service]) for route in ROUTES]
    assert TEMPLATE.count("location") == len(ROUTES) + 1  # the word is in a comment once


def test_compose_gives_nginx_every_variable_of_its_template(services: dict[str, Any]) -> None:
    wanted = set(re.findall(r"\$\{(\w+)\}", TEMPLATE)) - {"NGINX_LOCAL_RESOLVERS"}  # of the image itself

    assert wanted == set(services["gateway"]["environment"]) - {"NGINX_ENTRYPOINT_LOCAL_RESOLVERS"}


def test_minio_is_the_release_the_tests_run_on(services: dict[str, Any]) -> None:
    tested = re.search(
        r"minio/minio v0\.0\.0-(\d{14})", (ROOT / "deploy/test-servers/minio/go.mod").read_text()
    )
    assert tested is not None

    image = services["minio"]["image"]

    assert re.sub(r"\D", "", image.partition("RELEASE")[2]) == tested[1]


def test_minio_collects_garbage_as_that_of_the_benchmarks_does(services: dict[str, Any]) -> None:
    assert MINIO_COLLECTIONS.items() <= services["minio"]["environment"].items()
