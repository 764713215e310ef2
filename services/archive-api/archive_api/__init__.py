"""Archives, items, images and their metadata."""
