"""The two canonical forms: compressed MetaImage and tiled pyramidal TIFF."""
