"""Metrics are written as Prometheus' own parser reads them."""

from prometheus_client.parser import text_string_to_metric_families

from archive_shared.metrics import JOBS, OUTBOX, SETTLED, Sample, exposition


def test_what_is_written_is_read_again() -> None:
    told = [
        Sample(OUTBOX, {"service": "archive-api", "collection": "items"}, 3),
        Sample(SETTLED, {"outcome": "done"}, 12_345_678),
        Sample(OUTBOX, {"service": "tiler", "collection": 'odd "\\\n'}, 0.25),
    ]

    families = list(text_string_to_metric_families(exposition(told)))

    assert [(family.name, family.type, family.documentation) for family in families] == [
        (OUTBOX.name, "gauge", OUTBOX.meaning),
        (SETTLED.name.removesuffix("_total"), "counter", SETTLED.meaning),
    ]
    read = [(found.name, found.labels, found.value) for family in families for found in family.samples]
    assert read == [(each.metric.name, dict(each.labels), each.value) for each in (told[0], told[2], told[1])]


def test_nothing_is_written_of_nothing() -> None:
    assert exposition([]) == ""


def test_labels_may_be_missing() -> None:
    assert exposition([Sample(JOBS, {}, 1)]).endswith("\narchive_jobs 1\n")
