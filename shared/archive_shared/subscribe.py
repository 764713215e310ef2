"""The subscriber kit under the name the platform's packages have; services of others install `archive-subscriber` alone.

`archive-shared[subscribe]` brings it along. The platform's own services do not subscribe this way: they `consume`
(`archive_shared.messaging.consumer`), on the embedded bus as well.
"""

from archive_subscriber import (
    Event,
    LoopLeft,
    Retries,
    Subscription,
    SubscriptionRefused,
    TryLater,
    Undecodable,
    Unusable,
)

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
