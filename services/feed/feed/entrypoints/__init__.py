"""The ways in: HTTP, the consumer and the worker."""
