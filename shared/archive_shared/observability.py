"""Logging: one line per fact on stderr, as JSON or for people; every entrypoint calls `configure_logging` once.

Code logs with `structlog.get_logger()`: a static event name, fields as keywords, identifiers instead of
objects. What libraries log through the standard library, warnings and uncaught errors come out the same way.
"""

import logging
import sys
import threading
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from archive_shared.redaction import describe_error, redact, redact_text
from archive_shared.tracing import present_trace_id

TRUSTED_LIBRARIES = ("gunicorn", "kombu", "amqp", "pika", "pymongo", "urllib3")
"""They talk of connections. Others, those that read images above all, quote from what they read."""


def configure_logging(service: str, *, level: str, json: bool) -> None:
    """Make this process log under its service's name; may be called again.

    Parameters
    ----------
    level
        Least level of our own events. Libraries are heard from WARNING on.
    json
        One JSON object per line; otherwise lines for people.
    """
    least = logging.getLevelNamesMapping().get(level.upper())
    if least is None:
        raise ValueError(f"there is no log level {level!r}")
    structlog.configure(
        processors=_processors(service, json=json),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
        cache_logger_on_first_use=False,  # else loggers used before, in tests say, would keep the old ways
    )
    _bridge_standard_library()
    sys.excepthook = _log_uncaught
    threading.excepthook = _log_uncaught_in_thread
    sys.unraisablehook = _log_unraisable


def _processors(service: str, *, json: bool) -> list[Processor]:
    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {"service": service, **event}

    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), sort_keys=False)
    )
    return [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        _describe_exception,
        _redact,
        name_service,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        renderer,
    ]


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    trace_id = present_trace_id()
    return event if trace_id is None else {**event, "trace": trace_id}


def _describe_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    return event if error is None else {**event, **describe_error(error)}


def _redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    name = redact_text(str(event.pop("event", "")))
    return {"event": name, **redact(event)}


class _Bridge(logging.Handler):
    """Hands records of the standard library to structlog; of libraries not trusted, only that they spoke."""

    def emit(self, record: logging.LogRecord) -> None:
        trusted = record.name.split(".")[0] in TRUSTED_LIBRARIES
        fields: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.exc_info:
            fields["exc_info"] = record.exc_info[1]
        event = record.getMessage() if trusted else "library spoke"
        structlog.get_logger().log(record.levelno, event, **fields)


def _bridge_standard_library() -> None:
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()  # gunicorn's own, which would write past the redaction
        logger.propagate = True
    logging.root.handlers[:] = [_Bridge()]
    logging.root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def _log_uncaught(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger().critical("uncaught error", exc_info=error)


def _log_uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    thread = arguments.thread.name if arguments.thread else None
    structlog.get_logger().critical("uncaught error in thread", thread=thread, exc_info=arguments.exc_value)


def _log_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    structlog.get_logger().error("error that could not be raised", exc_info=unraisable.exc_value)
