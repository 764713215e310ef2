"""Files of one name: an archive may hold a name twice, and one in it may be called like a folder beside it.

Images, their sources and the report know files by name alone, so that two of one name would pass for one another.
"""

from collections import defaultdict
from collections.abc import Iterable

from ingest_worker.adapters.checksums_of_files import same_bytes
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.report import Rejection

AMBIGUOUS = "Several files of this name were sent, and they differ; nobody knows which of them is meant."


def without_namesakes(files: Iterable[SourceFile]) -> tuple[list[SourceFile], list[Rejection]]:
    """Return files whose names are their own, and the names that stand for different ones; copies count once.

    Reads files of one name and size, and no others.
    """
    by_name: dict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        by_name[file.name].append(file)
    clear = [named for named in by_name.values() if _are_copies(named)]
    names = {named[0].name for named in clear}
    return [named[0] for named in clear], [
        Rejection(name, (AMBIGUOUS,)) for name in by_name if name not in names
    ]


def _are_copies(files: list[SourceFile]) -> bool:
    first, *others = files
    return all(same_bytes(first.path, other.path) for other in others)
