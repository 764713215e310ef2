"""The ways in: HTTP, the relay and the consumer of events."""
