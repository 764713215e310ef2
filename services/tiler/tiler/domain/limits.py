"""How much an image may ask of us; every number protects a worker from a file that lies about its size."""

MIB = 1 << 20

MAX_PAGES = 1024
"""Directories of one file, counted over all chains; focal stacks have some hundred."""

MAX_TAGS = 4096
"""Entries of one directory; real ones have fewer than a hundred."""

MAX_TILES = 1 << 22
"""Tiles of all pages together: a slide of 500,000 pixels square in tiles of 256 has 3.8 million."""

MAX_DIRECTORY_BYTES = 256 * MIB
"""Bytes read to know a file's directories; the arrays of the largest slide take 64 MiB."""

MAX_DIRECTORY_READS = 8192
"""Ranges read to know a file's directories, so that a scattered file cannot keep a store busy."""

MAX_TAG_BYTES = MIB
"""Size of one value other than the arrays of tile positions: tables, descriptions, colour maps."""

MAX_LARGE_TAG_BYTES = 16 * MIB
"""Size of a colour profile, of which those of Aperio's GT450 take 13 MB, and of Ventana's XML, which has 250 bytes for every tile."""

MAX_TILE_BYTES = 64 * MIB
"""Size of one tile, as stored and as decoded; 4096 pixels square in RGB are 48 MiB."""

MAX_TILES_PER_PICTURE = 256
"""Stored tiles decoded for one tile that is asked for; twelve rows of a slide's smallest level need 144."""

MAX_PREVIEW_PIXELS = 1 << 32
"""Pixels decoded for one preview: 65,000 square, if a slide comes without any smaller level; of a larger one, tiles are left out."""

MAX_PREVIEW_TILES = 1 << 17
"""Tiles or strips read for one preview: those of 46,000 pixels square in the smallest usual tiles of 128; likewise."""

MAX_SLIDE_FILES = 256
"""Files one slide may consist of; Hamamatsu's VMS has a handful, MRXS some dozens."""

MAX_SLIDE_PIXELS = 1 << 39
"""Pixels of a slide's full resolution: 740,000 square."""

MAX_SKIPPED_BYTES = 1 << 35
"""Bytes inflated and thrown away to come to a slice of an image without an index of its slices."""

MAX_CROSSED_BYTES = 1 << 30
"""Size of a volume, at one time point, that is inflated as a whole to cut it across the direction it is stored in."""

MAX_ROW_BYTES = 64 * MIB
"""Size of a row of voxels; 4 million RGBA values of 32 bits."""

MAX_SLICE_BYTES = 64 * MIB
"""Size of a slice that is shown as it is; 8,000 pixels square of 8 bits. Eight threads may hold one each."""

BLOCK_CACHE_BYTES = 256 * MIB
"""Of slides of a distant store, kept by each process of the web server: what a few people look at who look at a few slides."""
