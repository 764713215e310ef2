"""Looks whether the beginning of a file is what its socket's kind promises."""

from collections.abc import Callable, Mapping

SNIFFED_BYTES = 4096
_TEXT_CONTROLS = set(range(32)) - set(b"\t\n\r\f")


def content_error(kind: str, head: bytes) -> str:
    """Say why a file is not of a kind, going by its first `SNIFFED_BYTES`; "" when it may be."""
    fits = _TESTS.get(kind)
    if not head:
        return "The file is empty."
    return "" if fits is None or fits(head) else f"The content of this file is not that of a {kind}."


def _begins(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_text(head: bytes) -> bool:
    if _TEXT_CONTROLS & set(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return len(head) == SNIFFED_BYTES and error.start > SNIFFED_BYTES - 4  # cut within a character
    return True


def _is_newick(head: bytes) -> bool:
    return _is_text(head) and head.lstrip().startswith(b"(")


def _is_obj(head: bytes) -> bool:
    words = {line.split()[0] for line in head.splitlines() if line.split()}
    return _is_text(head) and bool(words & {b"v", b"vn", b"vt", b"f", b"o", b"g", b"mtllib", b"#"})


def _is_biom(head: bytes) -> bool:
    return head.startswith(b"\x89HDF\r\n\x1a\n") or (_is_text(head) and head.lstrip().startswith(b"{"))


_TESTS: Mapping[str, Callable[[bytes], bool]] = {
    "PDF file": _begins(b"%PDF-"),
    "SQREG file": _begins(b"SQLite format 3\0"),
    "Thumbnail jpg": _begins(b"\xff\xd8\xff"),
    "Thumbnail png": _begins(b"\x89PNG\r\n\x1a\n"),
    "MP4 file": lambda head: head[4:8] == b"ftyp",
    "ZIP file": _begins(b"PK\x03\x04", b"PK\x05\x06"),
    "CSV file": _is_text,
    "OBJ file": _is_obj,
    "Newick tree-format file": _is_newick,
    "BIOM format": _is_biom,
}
