"""The libraries behind the tiler: file formats, codecs, stores."""
