"""Subscribe to the events of the medical-image archive; README.md tells how, `subscription` is where to start reading."""

from archive_subscriber.event import Event
from archive_subscriber.problems import LoopLeft, SubscriptionRefused, TryLater, Undecodable, Unusable
from archive_subscriber.retries import Retries
from archive_subscriber.subscription import Subscription

__all__ = [
    "Event",
    "LoopLeft",
    "Retries",
    "Subscription",
    "SubscriptionRefused",
    "TryLater",
    "Undecodable",
    "Unusable",
]
