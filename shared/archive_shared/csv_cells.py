"""Text in the cells of CSV, kept from being taken for formulas by spreadsheets, and read back as it was."""

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def as_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula (OWASP: CSV injection)."""
    return f"'{text}" if _looks_like_one(text) else text


def from_cell(cell: str) -> str:
    """Return the text that `as_cell` made a cell of."""
    return cell[1:] if cell.startswith("'") and _looks_like_one(cell) else cell


def _looks_like_one(text: str) -> bool:
    """Tell whether it begins like a formula, or like one with apostrophes before, which must come back too."""
    return text.lstrip("'").startswith(_STARTS_A_FORMULA)
