"""What the kit declares is what the platform declares; the two know nothing of each other."""

from archive_shared.messaging import topology as platform
from archive_shared.wire.catalogue import CATALOGUE
from archive_subscriber import topology


def test_exchanges_are_the_platforms() -> None:
    declared = {exchange.name: exchange.kind for exchange in platform.platform_topology().exchanges}

    assert topology.EXCHANGES.items() <= declared.items()


def test_shared_queues_are_the_platforms() -> None:
    declared = {queue.name: queue for queue in platform.platform_topology().queues}

    for queue in topology.SHARED_QUEUES:
        assert queue.arguments == declared[queue.name].arguments
        assert [platform.Binding(queue.exchange, queue.key)] == list(declared[queue.name].bindings)
    assert {queue.name for queue in topology.SHARED_QUEUES} == {platform.DEAD_LETTERS, platform.LOG}


def test_a_services_queue_is_as_the_platforms_services_have_it() -> None:
    theirs = platform.event_queue(platform.service_queue("viewer"), [])

    ours = topology.own_queue("viewer")

    assert (ours.name, ours.arguments) == (theirs.name, theirs.arguments)


def test_events_come_from_the_exchange_the_platform_publishes_to() -> None:
    assert topology.EVENTS == platform.EVENTS
    assert topology.DEAD == platform.DEAD


def test_no_subscriber_can_take_the_name_of_a_part_of_the_platform() -> None:
    parts = {entry.producer for entry in CATALOGUE} | {
        name for entry in CATALOGUE for name in entry.consumers
    }

    assert parts < topology.PLATFORM
