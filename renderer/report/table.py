"""Plain tables for terminals, log files and pipes alike: aligned columns, no colours, no box drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last one is not padded."""
    cells = [[name.upper() for name in header], *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header) - 1)]
    return "\n".join(_line(row, widths) for row in cells)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "  ".join([*padded, row[-1]]).rstrip()


def counted(number: int, noun: str) -> str:
    """`1 site`, `2 sites`, `1,000 sites`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
