"""SHA-256 and equality of files."""

import filecmp
import hashlib
from pathlib import Path

from ingest_worker.domain.files import Source, SourceFile


def source_of(file: SourceFile) -> Source:
    """Return the file's name, size and SHA-256; reads all of it."""
    with file.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return Source(file.name, stream.tell(), digest)


def same_bytes(first: Path, second: Path) -> bool:
    """Tell whether two files hold the same bytes."""
    return filecmp.cmp(first, second, shallow=False)
