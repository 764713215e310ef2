"""The public client, unmodified, in two versions from the package index, against the whole platform over https."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from demo.client import ArchiveClient
from tests.support.platform import RunningPlatform, running_platform
from tests.support.servers import installed

SCRIPT = Path(__file__).with_name("gcapi_flows.py")
README = Path(__file__).parents[2] / "README.md"
FLOWS = re.findall(r"@flow\ndef (\w+)", SCRIPT.read_text())
VERSIONS = ("0.16.1", "0.15.1")
SOCKETS = (
    {"title": "Cancer score", "kind": "Float"},
    {"title": "Report PDF", "kind": "PDF file", "relative_path": "report.pdf"},
    {"title": "Reader notes", "kind": "Anything", "store_in_database": False},
)
Outcomes = Callable[[str], dict[str, str]]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatform]:
    with running_platform(tmp_path_factory.mktemp("gcapi") / "data", arguments=["--tls"]) as platform:
        with ArchiveClient(platform.address, platform.token, verify=_certificate(platform)) as administrator:
            for socket in SOCKETS:
                administrator.call("POST", "components/interfaces/", json=socket)
        yield platform


@pytest.fixture(scope="module")
def outcomes(platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """Run the script once per version, when the first of its flows is asked for."""
    found: dict[str, dict[str, str]] = {}

    def of(version: str) -> dict[str, str]:
        if version not in found:
            folder = tmp_path_factory.mktemp("files")
            write_files(folder)
            found[version] = run_script(platform, installed(f"gcapi {version}")["python"], folder)
        return found[version]

    return of


@pytest.mark.timeout(600)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", FLOWS)
def test_the_public_client_works_unmodified(outcomes: Outcomes, version: str, name: str) -> None:
    outcome = outcomes(version)[name]

    assert outcome == "ok", outcome


def test_the_readme_is_right_about_the_public_client(platform: RunningPlatform, tmp_path: Path) -> None:
    write_files(tmp_path)
    section = README.read_text().split("## The same from Python")[1].split("\n## ")[0]
    (script,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    script = script.replace("https://localhost:8080", platform.address).replace("/tmp/", f"{tmp_path}/")

    done = subprocess.run(
        [installed(f"gcapi {VERSIONS[0]}")["python"], "-c", script],
        env=_trusting(platform) | {"TOKEN": platform.token},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stderr
    (item,) = done.stdout.split()
    with ArchiveClient(platform.address, platform.token, verify=_certificate(platform)) as administrator:
        assert administrator.call("GET", f"archives/items/{item}/")["pk"] == item


def run_script(platform: RunningPlatform, python: str, folder: Path) -> dict[str, str]:
    done = subprocess.run(
        [python, SCRIPT, f"{platform.address}/api/v1/", platform.token, folder],
        env=_trusting(platform),
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    outcomes: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return outcomes


def write_files(folder: Path) -> None:
    for name, offset in (("ct.mha", 0), ("other.mha", 1), ("pair.mhd", 2)):
        volume = sitk.GetImageFromArray(np.arange(8 * 6 * 4, dtype=np.int16).reshape(4, 6, 8) + offset)
        volume.SetSpacing((0.7, 0.8, 2.5))
        sitk.WriteImage(volume, str(folder / name))
    (folder / "report.pdf").write_bytes(b"%PDF-1.4\n% a report\n")
    (folder / "notes.txt").write_text("nothing but text")
    (folder / "number.json").write_text("0.25")


def _trusting(platform: RunningPlatform) -> dict[str, str]:
    """Return the environment of programs that trust the platform's certificate."""
    return {
        **os.environ,
        "SSL_CERT_FILE": _certificate(platform),
        "NO_PROXY": "localhost,127.0.0.1",
        "PYTHONPATH": "",
    }


def _certificate(platform: RunningPlatform) -> str:
    return str(platform.data / "tls" / "certificate.pem")
