"""What goes wrong, as exceptions: two for code that handles events to raise, the others for it to meet."""


class TryLater(Exception):
    """Raise it when something else is at fault, such as a database that does not answer.

    The event is tried again after a pause, until it works: this does not count as an attempt. `ConnectionError` and
    `TimeoutError` are taken the same way.
    """


class Unusable(Exception):
    """Raise it when no further attempt can help: the event becomes a dead letter at once."""


class Undecodable(Exception):
    """The message is no event; it becomes a dead letter and never reaches the code that handles events."""


class LoopLeft(Exception):
    """The loop over a subscription was left while an event was being handled, and nobody told us why."""


class SubscriptionRefused(Exception):
    """The broker does not let us in, or not do what a subscriber must do; trying again would not help."""


class LinkBroken(Exception):
    """The connection is of no use any more and must be made anew; never leaves this package."""
