"""Archives, items, images and the rules about them; knows no framework."""
