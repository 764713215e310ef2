"""What the feed does, one file per verb."""
