"""The cells of one sheet of a workbook, as a table.

Numbers become the digits a person sees, never more than the 15 a spreadsheet keeps; a share that
is shown as percent becomes '50%'. What a formula came to when the file was saved is its value.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Final, Protocol
from xml.etree.ElementTree import Element, iterparse

from openpyxl.utils import column_index_from_string, get_column_letter, range_boundaries
from openpyxl.utils.datetime import from_excel, from_ISO8601
from openpyxl.xml.constants import SHEET_MAIN_NS

from pos_integration.tables.table import (
    Cell,
    Misread,
    Row,
    Table,
    TableError,
    check_count,
    in_ranges,
)

_MOST_COLUMNS: Final = 200
_ROW, _CELL, _VALUE, _FORMULA, _INLINE, _TEXT, _RUN, _MERGED = (
    f"{{{SHEET_MAIN_NS}}}{name}" for name in ("row", "c", "v", "f", "is", "t", "r", "mergeCell")
)
_NEVER_CALCULATED: Final = (
    "A formula stands here that was never calculated. Open the file in a spreadsheet and save it, "
    "or put the value itself here."
)


class Source(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


@dataclass
class Meaning:
    """What the workbook says of the cells of all its sheets."""

    strings: Sequence[str]  # by the numbers that cells have for them
    epoch: datetime  # the day that is 0
    days: Collection[int]  # the styles that show a number as a day or time
    percents: Collection[int]  # and those that show it as percent


@dataclass
class _Found:
    """What a pass over the sheet found beside its rows."""

    misread: list[Misread] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    merged: list[str] = field(default_factory=list)


def read(source: Source, meaning: Meaning, most_rows: int) -> Table:
    """Return the table in the XML of a sheet, which declares no entities. Raises TableError."""
    found = _Found()
    rows = _rows(source, meaning, found)
    header_row, header = next(rows, (0, []))
    table = Table([*map(str, header)], misread=found.misread)
    width = len(table.header)
    for number, cells in rows:
        if len(cells) > width:
            table.add_uneven(number, len(cells))
        table.rows.append(Row(number, [*cells[:width], *[""] * (width - len(cells))]))
        check_count(len(table.rows), most_rows)
    hidden = [row.number for row in table.rows if row.number in found.hidden]
    if hidden:
        word = "row" if len(hidden) == 1 else "rows"
        table.notes.append(
            f"Hidden in the spreadsheet, and read all the same: {word} {in_ranges(hidden)}."
        )
    for area in found.merged:
        _refuse_merged(area, table, header_row)
    return table


def _refuse_merged(area: str, table: Table, header_row: int) -> None:
    """Only the first of merged cells holds a value: nobody can know what the others should say."""
    first_column, first_row, _, last_row = (edge or 0 for edge in range_boundaries(area))
    if first_column > len(table.header):
        return
    sentence = f"The cells {area} are merged: take them apart and fill each of them."
    if first_row <= header_row <= last_row:
        raise TableError(sentence)
    table.misread.extend(
        Misread(row.number, first_column - 1, sentence)
        for row in table.rows
        if first_row <= row.number <= last_row
    )


def _rows(source: Source, meaning: Meaning, found: _Found) -> Iterator[tuple[int, list[Cell]]]:
    """The rows that say something, each up to its last cell that does."""
    number = 0
    for _, element in iterparse(source):  # noqa: S314 - declarations were looked for
        if element.tag == _ROW:
            number = int(element.get("r") or number + 1)
            cells = _cells(number, element, meaning, found.misread)
            if cells:
                if element.get("hidden") in ("1", "true"):
                    found.hidden.add(number)
                yield number, cells
            element.clear()
        elif element.tag == _MERGED:
            found.merged.append(element.get("ref", ""))


def _cells(row: int, element: Element, meaning: Meaning, misread: list[Misread]) -> list[Cell]:
    cells: list[Cell] = []
    place = -1
    for cell in element.iterfind(_CELL):
        at = cell.get("r")
        place = _column(at.rstrip("0123456789")) if at else place + 1
        value = _value(cell, meaning)
        if value == "" or place < len(cells):
            continue
        if place >= _MOST_COLUMNS:
            raise TableError(
                f"Row {row} has a value in column {get_column_letter(place + 1)}; no column "
                f"after {get_column_letter(_MOST_COLUMNS)} is read. Clear it."
            )
        cells.extend([""] * (place - len(cells)))
        if isinstance(value, _Wrong):
            misread.append(Misread(row, place, value.sentence))
            cells.append(" ")  # the row is there, though this cell says nothing
        else:
            cells.append(value)
    return cells


@cache
def _column(letters: str) -> int:
    return column_index_from_string(letters) - 1


@dataclass
class _Wrong:
    sentence: str


def _value(cell: Element, meaning: Meaning) -> Cell | _Wrong:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        return _inline(cell)
    text = cell.findtext(_VALUE) or ""
    if not text:
        is_uncalculated = kind != "str" and cell.find(_FORMULA) is not None
        return _Wrong(_NEVER_CALCULATED) if is_uncalculated else ""
    match kind:
        case "s":
            return _trimmed(meaning.strings[int(text)])
        case "str":
            return _trimmed(text)
        case "b":
            return "TRUE" if text == "1" else "FALSE"
        case "e":
            return _Wrong(f"The spreadsheet has the error {text} here; a value is wanted.")
    style = int(cell.get("s", 0))
    if kind == "d" or style in meaning.days:
        try:
            if kind == "d":
                return _day(from_ISO8601(text))  # type: ignore[no-untyped-call] # its stubs lack it
            return _day(from_excel(float(text), meaning.epoch))
        except (OverflowError, ValueError):
            return _Wrong(f"The spreadsheet calls {text} a day, and there is no such day.")
    return f"{_digits(text, 100)}%" if style in meaning.percents else _digits(text)


def _inline(cell: Element) -> str:
    """A text that stands in the cell itself, in one piece or in runs of one style each."""
    inline = cell.find(_INLINE)
    if inline is None:
        return ""
    pieces = [inline.findtext(_TEXT), *(run.findtext(_TEXT) for run in inline.iterfind(_RUN))]
    return _trimmed("".join(filter(None, pieces)))


def _trimmed(text: str) -> str:
    return text.strip().replace("\r\n", "\n")


def _day(value: object) -> Cell:
    """A day; what says a time, too, stays a text that no day is read from."""
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
    return value if isinstance(value, date) else str(value)


def _digits(text: str, times: int = 1) -> str:
    """A number of a sheet as plain digits.

    >>> _digits("12345678905.0"), _digits("0.30000000000000004"), _digits("5.0E-1", 100)
    ('12345678905', '0.3', '50')
    """
    if times == 1 and text.isdecimal():
        return text.lstrip("0") or "0"
    return f"{Decimal(f'{times * float(text):.15g}'):f}"
