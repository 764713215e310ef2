"""Prints small tables."""

from collections.abc import Sequence


def print_table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under headings, columns as wide as they need to be."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    print(f"\n{title}")
    for row in [headings, ["─" * width for width in widths], *rows]:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
