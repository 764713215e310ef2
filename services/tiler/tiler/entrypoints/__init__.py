"""The ways in: HTTP, the consumer, the worker and the relay."""
