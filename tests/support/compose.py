"""docker-compose.yml as Docker Compose understands it, for tests that compare it with the code."""

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.servers import installed

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / ".env.example"

SECRETS = {
    "ARCHIVE_SECRET": "a secret of at least thirty-two bytes!",
    "RABBITMQ_PASSWORD": "rabbitmq-password",
    "MONGO_PASSWORD": "mongo-password",
    "ARCHIVE_BLOBS_ACCESS_KEY": "access-key",
    "ARCHIVE_BLOBS_SECRET_KEY": "secret-key",
}


def written_services() -> dict[str, Any]:
    """Return the services as they are written, anchors merged, variables not filled in."""
    services: dict[str, Any] = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    return services


def compose_config(environment_file: Path) -> subprocess.CompletedProcess[str]:
    """Run `docker compose config` with nothing but a file of variables."""
    program = installed("Docker Compose")["program"]
    return subprocess.run(
        [program, "--env-file", str(environment_file), "--file", str(COMPOSE_FILE), "config"],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=False,
    )


def environment_file(folder: Path, variables: dict[str, str]) -> Path:
    """Write variables as an .env file."""
    place = folder / "variables.env"
    place.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    return place


def command_of(service: dict[str, Any]) -> list[str]:
    command = service["command"]
    assert isinstance(command, list), (
        f"in exec form, so that signals reach the process: {json.dumps(command)}"
    )
    return command
