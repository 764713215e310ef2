"""One address for the whole platform, and the supervisor for one machine."""
