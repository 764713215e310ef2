"""What processes measure, as Prometheus reads it; every metric of the platform is declared here, with its unit.

The text format needs no library: https://prometheus.io/docs/instrumenting/exposition_formats/ (a test reads it with
Prometheus' own parser).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Metric:
    """A quantity; its name ends in its unit if it has one."""

    name: str
    kind: Literal["gauge", "counter"]
    meaning: str


@dataclass(frozen=True)
class Sample:
    """The value of a metric for some labels."""

    metric: Metric
    labels: Mapping[str, str]
    value: float


Measure = Callable[[], Iterable[Sample]]
"""Measures when somebody asks, so that nothing costs anything until then; for any thread."""

HEALTHY = Metric("archive_process_healthy", "gauge", "1 while the process is well, else /readyz says why not")
MEASURED = Metric("archive_documents_measured", "gauge", "1 if the documents of the service answered")
OUTBOX = Metric("archive_outbox_documents", "gauge", "Documents with events that are not published yet")
OUTBOX_AGE = Metric(
    "archive_outbox_oldest_unpublished_seconds", "gauge", "Age of the oldest event that is not published yet"
)
JOBS = Metric(
    "archive_jobs", "gauge", "Jobs that wait to be started (queued) or are being worked on (running)"
)
JOBS_AGE = Metric(
    "archive_jobs_oldest_due_seconds", "gauge", "For how long the oldest queued job could have been started"
)
SETTLED = Metric(
    "archive_events_settled_total", "counter", "Events a consumer was done with, by what became of them"
)


def exposition(samples: Iterable[Sample]) -> str:
    """Write samples down in the text format, those of a metric together."""
    by_metric: dict[Metric, list[Sample]] = {}
    for sample in samples:
        by_metric.setdefault(sample.metric, []).append(sample)
    return "".join(_written(metric, found) for metric, found in by_metric.items())


def _written(metric: Metric, samples: Sequence[Sample]) -> str:
    lines = [f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} {metric.kind}"]
    lines += [f"{metric.name}{_labels(sample.labels)} {sample.value!r}" for sample in samples]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{_escaped(value)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
