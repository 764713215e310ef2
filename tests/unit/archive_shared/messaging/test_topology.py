"""What is declared follows from the catalogue."""

from archive_shared.events import ItemCreated, ItemDeleted
from archive_shared.messaging.topology import (
    DEAD_LETTERS,
    EVENTS,
    LOG,
    Binding,
    LogRetention,
    Queue,
    event_queue,
    platform_topology,
    service_queue,
    without_others,
)
from archive_shared.wire.catalogue import CATALOGUE


def queues(*job_queues: str, days: int = 1) -> dict[str, Queue]:
    topology = platform_topology(*job_queues, retention=LogRetention(days, size_bytes=5))
    return {queue.name: queue for queue in topology.queues}


def test_every_listening_service_has_a_queue_for_what_it_listens_to() -> None:
    expected: dict[str, set[Binding]] = {}
    for entry in CATALOGUE:
        for service in entry.consumers:
            expected.setdefault(service_queue(service), set()).add(Binding(EVENTS, entry.event.TYPE))

    declared = {name: set(queue.bindings) for name, queue in queues().items() if name in expected}

    assert declared == expected


def test_everything_goes_to_the_log_for_as_long_as_wanted() -> None:
    log = queues(days=7)[LOG]

    assert log.bindings == [Binding(EVENTS, "#")]
    assert log.arguments == {"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 5}


def test_every_work_queue_sends_its_dead_to_the_dead_letters() -> None:
    declared = queues("a-service.work")

    mortal = {name for name, queue in declared.items() if "x-dead-letter-exchange" in queue.arguments}
    assert mortal == declared.keys() - {LOG, DEAD_LETTERS}
    assert "a-service.work" in mortal


def test_a_queue_sheds_the_other_types_of_the_catalogue() -> None:
    queue = without_others(event_queue("q", [ItemCreated.TYPE]))

    unwanted = {binding.key for binding in queue.unwanted}
    assert ItemDeleted.TYPE in unwanted
    assert ItemCreated.TYPE not in unwanted
    assert len(unwanted) == len(CATALOGUE) - 1
