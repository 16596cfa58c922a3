"""XLSX: the sheet named Offers, or the first that is not hidden, as a table.

Numbers become the digits a person sees, never more than the 15 a spreadsheet keeps; a share that
is shown as percent becomes '50%'. What a formula came to when the file was saved is its value.
"""

import io
import warnings
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from defusedxml import DefusedXmlException  # type: ignore[import-untyped] # brings none
from openpyxl import Workbook, load_workbook
from openpyxl.styles.numbers import BUILTIN_FORMATS, BUILTIN_FORMATS_MAX_SIZE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from coupons.importing.table import (
    Cell,
    Misread,
    Row,
    Table,
    TableError,
    check_count,
    in_ranges,
)

MOST_UNPACKED: Final = 128 * 2**20  # bytes: 50,000 rows with every cell filled need less
_MOST_PARTS: Final = 1_000
_MOST_COLUMNS: Final = 200
_SHEET: Final = "offers"
_UNREADABLE: Final = (
    "This workbook cannot be read: it is damaged, or no XLSX file. Open it in a spreadsheet, save "
    "it anew as XLSX or 'CSV UTF-8', and try that file."
)
_ENTITIES: Final = (
    "This workbook declares entities of its own, which no spreadsheet does. It was not read."
)
_Found = dict[str, Any]  # one cell, as the library gives it


def read(body: bytes) -> Table:
    """Return the table in the workbook `body`. Raises TableError.

    A formula that was never calculated, an error value, and cells merged with others are misread.
    """
    _check_archive(body)
    try:
        with warnings.catch_warnings():
            # The library warns of what it leaves out: styles, charts, rules for entering.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(body), read_only=True, data_only=True)
            try:
                return _table(book)
            finally:
                book.close()
    except TableError:
        raise
    except Exception as error:  # whatever a broken workbook makes the library stumble over
        has_entities = any(isinstance(one, DefusedXmlException) for one in _chain(error))
        raise TableError(_ENTITIES if has_entities else _UNREADABLE) from error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and what led to it."""
    at: BaseException | None = error
    while at is not None:
        yield at
        at = at.__cause__ or at.__context__


def _check_archive(body: bytes) -> None:
    """Refuse what would fill the memory, and what is another kind of file."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(body)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise TableError(_UNREADABLE) from error
    # No part unpacks to more than it says here: reading stops there.
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED or len(parts) > _MOST_PARTS:
        raise TableError(
            f"This workbook unpacks to {unpacked / 2**20:,.0f} MiB in {len(parts):,} parts; "
            f"{MOST_UNPACKED // 2**20} MiB is the most that is read. Save only the sheet of "
            "offers, or save it as 'CSV UTF-8'."
        )
    names = {part.filename for part in parts}
    if "mimetype" in names and "content.xml" in names:
        raise TableError("This is an OpenDocument file. Save it as XLSX or 'CSV UTF-8'.")


def _table(book: Workbook) -> Table:
    sheets: list[Any] = book.worksheets
    visible = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    named = [sheet for sheet in visible if sheet.title.strip().casefold() == _SHEET]
    sheet = next(iter([*named, *visible]), None)
    if not isinstance(sheet, ReadOnlyWorksheet):
        raise TableError("This workbook has no sheet of cells that is not hidden.")
    reader = _Reader(book, sheet)
    table = reader.table()
    others = [f"'{other.title}'" for other in sheets if other is not sheet]
    if others:
        table.notes.insert(
            0, f"Only the sheet '{sheet.title}' was read, not {', '.join(others[:5])}."
        )
    return table


class _Parser(WorkSheetParser):
    """The library's own, that tells a formula without a value from an empty cell."""

    def parse_cell(self, element: Any) -> _Found:
        cell: _Found = super().parse_cell(element)
        if (
            cell["value"] is None
            and element.get("t") != "str"  # calculated, and came to an empty text
            and element.find(FORMULA_TAG) is not None
        ):
            cell["data_type"] = "f"
        return cell


class _Reader:
    def __init__(self, book: Any, sheet: Any) -> None:
        # The library's public way gives neither hidden rows nor merged cells, and cannot tell a
        # formula that was never calculated. These names are the pinned version's own.
        self._open: Callable[[], Any] = sheet._get_source
        self._parser: Callable[[Any], Any] = lambda source: _Parser(
            source,
            sheet._shared_strings,
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,
            timedelta_formats=book._timedelta_formats,
        )
        self._percents = {
            style
            for style, its in enumerate(book._cell_styles)
            if "%" in _format(book, its.numFmtId)
        }
        self._misread: list[Misread] = []

    def table(self) -> Table:
        with self._open() as source:
            parser = self._parser(source)
            rows = (
                (number, cells) for number, cells in parser.parse() if any(map(_is_said, cells))
            )
            header_row, header = next(rows, (0, []))
            table = Table([*map(str, self._cells(header_row, header))], misread=self._misread)
            width = len(table.header)
            for number, found in rows:
                cells = self._cells(number, found)
                if len(cells) > width:
                    table.add_uneven(number, len(cells))
                table.rows.append(Row(number, [*cells[:width], *[""] * (width - len(cells))]))
                check_count(len(table.rows))
        _note_hidden(parser, table)
        _refuse_merged(parser, table, header_row)
        return table

    def _cells(self, row: int, found: list[_Found]) -> list[Cell]:
        """The cells of a row up to its last that says something."""
        cells: list[Cell] = []
        for cell in found:
            place = cell["column"] - 1
            if not _is_said(cell) or place < len(cells):
                continue
            if place >= _MOST_COLUMNS:
                raise TableError(
                    f"Row {row} has a value in column {get_column_letter(place + 1)}; no "
                    f"column after {get_column_letter(_MOST_COLUMNS)} is read. Clear it."
                )
            cells.extend([""] * (place - len(cells)))
            cells.append(self._cell(row, cell))
        return cells

    def _cell(self, row: int, cell: _Found) -> Cell:
        value = cell["value"]
        if cell["data_type"] == "f":
            sentence = (
                "A formula stands here that was never calculated. Open the file in a "
                "spreadsheet and save it, or put the value itself here."
            )
        elif cell["data_type"] == "e":
            sentence = f"The spreadsheet has the error {value} here; a value is wanted."
        else:
            return _as_cell(value, is_percent=cell["style_id"] in self._percents)
        self._misread.append(Misread(row, cell["column"] - 1, sentence))
        return ""


def _note_hidden(parser: Any, table: Table) -> None:
    flags = {
        int(number)
        for number, said in parser.row_dimensions.items()
        if said.get("hidden") in ("1", "true")
    }
    hidden = [row.number for row in table.rows if row.number in flags]
    if hidden:
        rows = "row" if len(hidden) == 1 else "rows"
        table.notes.append(
            f"Hidden in the spreadsheet, and read all the same: {rows} {in_ranges(hidden)}."
        )


def _refuse_merged(parser: Any, table: Table, header_row: int) -> None:
    """Only the first of merged cells holds a value: nobody can know what the others should say."""
    for area in parser.merged_cells.mergeCell if parser.merged_cells else []:
        first_column, first_row, _, last_row = area.bounds
        if first_column > len(table.header):
            continue
        sentence = f"The cells {area.coord} are merged: take them apart and fill each of them."
        if first_row <= header_row <= last_row:
            raise TableError(sentence)
        table.misread.extend(
            Misread(row.number, first_column - 1, sentence)
            for row in table.rows
            if first_row <= row.number <= last_row
        )


def _format(book: Any, number: int) -> str:
    """The number format of that id: built in, or the workbook's own."""
    if number < BUILTIN_FORMATS_MAX_SIZE:
        return BUILTIN_FORMATS.get(number) or ""
    own: list[str] = book._number_formats
    place = number - BUILTIN_FORMATS_MAX_SIZE
    return own[place] if place < len(own) else ""


def _is_said(cell: _Found) -> bool:
    value = cell["value"]
    return cell["data_type"] == "f" or (value is not None and bool(str(value).strip()))


def _as_cell(value: object, *, is_percent: bool) -> Cell:
    match value:
        case bool():
            return str(value).upper()
        case int() | float():
            number = _digits(100 * value if is_percent else value)
            return f"{number}%" if is_percent else number
        case datetime():
            return value.date() if value.time() == time() else f"{value:%Y-%m-%d %H:%M:%S}"
        case date():
            return value
    return str(value).strip().replace("\r\n", "\n")


def _digits(value: float) -> str:
    """A number as plain digits.

    >>> _digits(12345678905.0), _digits(0.1 + 0.2)
    ('12345678905', '0.3')
    """
    if isinstance(value, int):
        return str(value)
    return f"{Decimal(f'{value:.15g}'):f}"
