"""What the feed tells to whom, and how webhooks behave; knows no framework."""
