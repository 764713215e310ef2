"""The events of the platform over HTTP: a feed to read, and webhooks that call."""
