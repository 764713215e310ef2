"""The ways in: HTTP, the relay and the command line."""
