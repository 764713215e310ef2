"""How much one conversion may cost; checked before allocation where a header tells, enforced by the system where not."""

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
LARGEST_DEFLATE_RATIO = 1032
"""Most bytes that a byte of zlib or gzip can become (RFC 1951: 258 bytes from two bits)."""


@dataclass(frozen=True)
class Budget:
    """Limits of the child process that works on one candidate, and of unpacking one upload.

    Parameters
    ----------
    wall_time_s, cpu_time_s
        Longest a child may live, and compute (all its threads together).
    memory_bytes
        Address space a child may add to what its interpreter and libraries occupy.
    look_time_s
        Longest a child may look at a few files to tell what they are: a header takes milliseconds.
    file_bytes
        Largest file a child may write.
    disk_bytes
        What one conversion may hold on disk beside its input: unpacked files, finished images, and those being written.
    open_files
        File descriptors of a child.
    image_bytes
        Uncompressed pixels of one image; compared with what a header announces before anything is read.
    side_pixels
        Longest side of an image.
    header_bytes
        Longest text or binary header, and most metadata kept of one file.
    unpacked_bytes, unpacked_files, unpacked_depth
        What all archives of one upload may become together, and how deep archives may be nested.
    unpacked_ratio
        Unpacked bytes per packed byte, counted only beyond `unpacked_ratio_free_bytes`: an empty label
        map legitimately packs a thousandfold, so small bombs are left to the other limits.
    """

    wall_time_s: float = 1800.0
    look_time_s: float = 30.0
    cpu_time_s: int = 1800
    memory_bytes: int = 4 * GIB
    file_bytes: int = 64 * GIB
    disk_bytes: int = 128 * GIB
    open_files: int = 256
    image_bytes: int = 64 * GIB
    side_pixels: int = 2**20
    header_bytes: int = 16 * MIB
    unpacked_bytes: int = 64 * GIB
    unpacked_files: int = 100_000
    unpacked_depth: int = 4
    unpacked_ratio: int = 200
    unpacked_ratio_free_bytes: int = 256 * MIB


def readable_bytes(count: int) -> str:
    """Return a byte count the way people read it: "1.5 GB", rounded to three digits."""
    for unit, size in (("GB", GIB), ("MB", MIB), ("kB", KIB)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
