"""The examples do what they say, in an environment that has the kit and pika alone; the READMEs show them as they are."""

import re
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from archive_shared.events import ItemUpdated
from tests.support.bare_python import make_bare_python
from tests.support.bus import Bus, a_deletion, an_item, waiting
from tests.support.processes import running_process, wait_until
from tests.support.subscribing import ROOT, has_consumer, wait_for_line

SUBSCRIBER = ROOT / "subscriber"
EXAMPLES = SUBSCRIBER / "examples"


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bare_python(tmp_path_factory.mktemp("another-service"))


def python_in(readme: Path) -> list[str]:
    """Return the Python programs a README shows."""
    return re.findall(r"```python\n(.*?)```", readme.read_text(), flags=re.DOTALL)


def titles_in(file: Path) -> dict[str, str | None]:
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE name = 'titles'").fetchall()
        return dict(connection.execute("SELECT item, title FROM titles")) if found else {}


@pytest.mark.parametrize("example", ["item_titles", "plain_pika"])
def test_the_readme_shows_the_examples_as_they_are(example: str) -> None:
    assert (EXAMPLES / f"{example}.py").read_text() in python_in(SUBSCRIBER / "README.md")


def test_the_kit_needs_pika_and_nothing_else(bare_python: Path) -> None:
    listed = "from importlib.metadata import distributions; print(*sorted(d.name for d in distributions()))"

    done = subprocess.run([bare_python, "-c", listed], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["archive-subscriber", "pika"]


def test_the_ten_lines_of_both_readmes_hear_an_item(bus: Bus, bare_python: Path, tmp_path: Path) -> None:
    lines = python_in(SUBSCRIBER / "README.md")[0]
    assert lines in python_in(ROOT / "README.md")
    assert len(lines.splitlines()) <= 10
    program = tmp_path / "ten_lines.py"
    program.write_text(lines.replace("amqp://user:password@host/vhost", bus.url))

    with running_process([bare_python, "-u", program], log_path=tmp_path / "log") as process:
        process.wait_until_ready(lambda: has_consumer(bus, "my-service.events"), timeout_s=20)
        bus.publish(an_item(1, title="chest"))
        wait_for_line(process, "chest")

    assert process.log() == "item-1 chest\n"


def test_the_whole_service_keeps_up_with_the_archive(bus: Bus, bare_python: Path, tmp_path: Path) -> None:
    file = tmp_path / "titles.db"
    renamed = ItemUpdated(item="item-1", archive="archive-1", title="new")
    bus.publish(an_item(1, title="old"), an_item(2, title="gone soon"), an_item(3, title="three"))
    with bus.publisher() as publisher:
        publisher.publish(waiting(renamed, sequence=2))
        publisher.publish(waiting(an_item(1, title="late"), sequence=1))
        publisher.publish(waiting(a_deletion(2), sequence=2))

    with running_process(
        [bare_python, EXAMPLES / "item_titles.py", file],
        log_path=tmp_path / "log",
        environment={"ARCHIVE_BUS_URL": bus.url},
    ) as process:
        wait_until(lambda: titles_in(file).get("item-2", "") is None, timeout_s=30)
        exit_code = process.stop()

    assert exit_code == 0
    assert titles_in(file) == {"item-1": "new", "item-2": None, "item-3": "three"}


def test_plain_pika_hears_the_same(bus: Bus, bare_python: Path, tmp_path: Path) -> None:
    bus.publish(an_item(0))  # the platform was there before
    told = waiting(an_item(1, title="chest"), sequence=4)

    with running_process(
        [bare_python, "-u", EXAMPLES / "plain_pika.py"],
        log_path=tmp_path / "log",
        environment={"ARCHIVE_BUS_URL": bus.url},
    ) as process:
        process.wait_until_ready(lambda: has_consumer(bus, "plain.events"), timeout_s=20)
        with bus.publisher() as publisher:
            publisher.publish(told)
        wait_for_line(process, "chest")

    assert process.log().split() == [told["id"], told["type"], "item-1", "4".zfill(20), "chest"]


def test_plain_pika_takes_twenty_lines() -> None:
    lines = (EXAMPLES / "plain_pika.py").read_text().splitlines()

    assert len([line for line in lines if line.strip()]) <= 20
