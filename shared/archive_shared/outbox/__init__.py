"""Events on their way out: published from the documents they are part of, then removed."""

from archive_shared.outbox.lease import LEASES
from archive_shared.outbox.relay import Relay, Round

__all__ = ["LEASES", "Relay", "Round"]
