"""What the ingest worker does, one file per verb."""
