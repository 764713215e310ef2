"""What tiles, levels and pyramids are, without any library."""
