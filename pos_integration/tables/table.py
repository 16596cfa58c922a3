"""A table as it was read from a file, whatever kind of file that was."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

MOST_BYTES: Final = 10 * 2**20
MOST_ROWS: Final = 50_000

# A spreadsheet takes a cell that begins so for a formula; an apostrophe before it keeps it a text.
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")

Cell = str | date  # trimmed; a day where the spreadsheet itself says that it is one


class TableError(ValueError):
    """A file nothing can be read from; `sentences` say what was found and what is wanted."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


class WritingError(ValueError):
    """A row that such a file cannot hold; the message says which and what would help."""


class Row(NamedTuple):
    number: int  # as a spreadsheet numbers them: the header is 1 if nothing stands above it
    cells: list[Cell]  # as many as the header has columns


class Misread(NamedTuple):
    """A cell, or a whole row where `column` is None, that says something no table can."""

    row: int
    column: int | None
    sentence: str


@dataclass
class Table:
    header: list[str]
    rows: list[Row] = field(default_factory=list)  # without empty ones
    misread: list[Misread] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # what whoever confirms has to know
    is_semicolons: bool = False  # such files come from where decimals are written with a comma

    def add_uneven(self, row: int, cells: int) -> None:
        self.misread.append(
            Misread(
                row,
                None,
                f"This row has {cells} cells and the header {len(self.header)}: a text with a "
                "separator in it wants quotes around it, and an empty cell its separator.",
            )
        )


def check_count(rows: int, most: int) -> None:
    """Raise TableError if a table of `rows` rows is longer than `most`."""
    if rows > most:
        raise TableError(
            f"This file has more than {most:,} rows. Cut it into files of that many at most."
        )


def in_ranges(numbers: Iterable[int]) -> str:
    """Name row numbers in few words.

    >>> in_ranges([2, 3, 4, 9])
    '2-4, 9'
    """
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    shown = [f"{first}-{last}" if last > first else f"{first}" for first, last in ranges[:10]]
    return ", ".join(shown) + (", ..." if len(ranges) > 10 else "")
