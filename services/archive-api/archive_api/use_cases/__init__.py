"""What archive-api does, one file per verb."""
