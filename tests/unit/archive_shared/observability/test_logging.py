"""A configured process logs one line per fact, with its service and trace, and nothing private by any way."""

import json
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextvars import Context
from typing import Any

import pytest
import structlog

from archive_shared.observability import configure_logging
from archive_shared.tracing import current_trace_id, present_trace_id, traced

CANARY = "JansenPiet"
OUTSIDE_OF_ANY_TRACE = Context()
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """Log as JSON, give the lines so far, and leave logging as it was."""
    known = [logging.root, *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.handlers[:], logger.propagate) for logger in known]
    hooks = sys.excepthook, sys.unraisablehook
    configure_logging("tiler", level="INFO", json=True)
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logging.captureWarnings(False)
    structlog.reset_defaults()
    sys.excepthook, sys.unraisablehook = hooks
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


def test_a_line_tells_event_service_level_time_and_fields(lines: Lines) -> None:
    OUTSIDE_OF_ANY_TRACE.run(structlog.get_logger().warning, "tiles_failed", image="i1", attempts=2)

    [line] = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "service": "tiler",
        "level": "warning",
        "event": "tiles_failed",
        "image": "i1",
        "attempts": 2,
    }


def test_a_line_within_a_trace_tells_it(lines: Lines) -> None:
    with traced(None):
        trace_id = current_trace_id()
        structlog.get_logger().info("tiles_ready")

    assert lines()[0]["trace"] == trace_id


def test_logging_does_not_start_a_trace(lines: Lines) -> None:
    OUTSIDE_OF_ANY_TRACE.run(structlog.get_logger().info, "tiles_ready")

    assert "trace" not in lines()[0]
    assert OUTSIDE_OF_ANY_TRACE.run(present_trace_id) is None


def test_bound_context_is_in_every_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(job="j1", patient_name=CANARY):
        structlog.get_logger().info("job_started")

    [line] = lines()
    assert (line["job"], line["patient_name"]) == ("j1", "[removed]")


def test_lower_levels_are_left_out(lines: Lines) -> None:
    structlog.get_logger().debug("detail")

    assert lines() == []


def test_private_fields_and_quoting_errors_do_not_come_out(lines: Lines) -> None:
    try:
        int(CANARY)
    except ValueError:
        structlog.get_logger().exception(
            "import_failed", file_name=CANARY, authorization=f"Bearer {CANARY}xyz"
        )

    [line] = lines()
    assert line["error"] == "ValueError"
    assert line["frames"][0].endswith("in test_private_fields_and_quoting_errors_do_not_come_out")
    assert CANARY not in json.dumps(line)


def test_an_error_handed_over_is_described(lines: Lines) -> None:
    structlog.get_logger().error("request failed", exc_info=KeyError(CANARY), route="/api/v1/archives/")

    [line] = lines()
    assert (line["error"], line["frames"], line["route"]) == ("KeyError", [], "/api/v1/archives/")


def test_libraries_that_talk_of_connections_are_heard(lines: Lines) -> None:
    logging.getLogger("pymongo.connection").warning("connection to %s lost", "mongodb://me:pass@db")
    logging.getLogger("pymongo.connection").info("connected")

    [line] = lines()
    assert line["event"] == "connection to mongodb://[removed]@db lost"
    assert (line["logger"], line["level"]) == ("pymongo.connection", "warning")


def test_other_libraries_do_not_quote(lines: Lines) -> None:
    logging.getLogger("pydicom").warning("Invalid value for VR PN: %r", CANARY)
    logging.getLogger("tifffile").error(f"<TiffFile {CANARY}.tif> is broken")  # noqa: G004 (as they do)

    first, second = lines()
    assert (first["logger"], first["event"], first["level"]) == ("pydicom", "library spoke", "warning")
    assert (second["logger"], second["level"]) == ("tifffile", "error")
    assert CANARY not in json.dumps([first, second])


def test_handlers_that_libraries_brought_are_taken_off(
    capsys: pytest.CaptureFixture[str], lines: Lines
) -> None:
    logger = logging.getLogger("gunicorn.error")
    logger.addHandler(logging.StreamHandler(sys.stderr))
    logger.propagate = False
    configure_logging("tiler", level="INFO", json=True)

    logger.error("worker failed")

    assert [line["event"] for line in lines()] == ["worker failed"]


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        configure_logging("tiler", level="LOUD", json=True)


@pytest.mark.parametrize(
    "program",
    [
        "raise ValueError('JansenPiet')",
        "import threading; t = threading.Thread(target=int, args=('JansenPiet',)); t.start(); t.join()",
        "import warnings; warnings.warn('JansenPiet')",
        """
        class Closing:
            def __del__(self): raise ValueError('JansenPiet')
        Closing()
        """,
        "import structlog; structlog.get_logger().info('x', name='JansenPiet', image=['ok', {'PatientName': 'JansenPiet'}])",
    ],
    ids=["uncaught", "thread", "warning", "unraisable", "logged"],
)
def test_whatever_happens_in_a_process_nothing_private_comes_out(program: str) -> None:
    setup = "from archive_shared.observability import configure_logging; configure_logging('x', level='INFO', json=False)\n"

    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", setup + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": ""},
    )

    assert CANARY not in done.stderr + done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert "service=x" in done.stderr


def test_an_interrupt_is_no_error(lines: Lines) -> None:
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)

    assert lines() == []
