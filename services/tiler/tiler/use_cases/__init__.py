"""What the tiler does, one file per verb."""
