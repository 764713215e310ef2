"""What permissions does, one file per verb."""
