"""The ways in: HTTP, the worker, the relay and the command line."""
