"""Rows as CSV and as XLSX that a spreadsheet opens as they are and never runs."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from pos_integration.tables.cells import CSV_LONGEST, Value
from pos_integration.tables.forms import Form
from pos_integration.tables.table import FORMULAS, WritingError

Rows = Iterable[Mapping[str, Value]]  # by the names of all columns of the form

_XLSX_LONGEST: Final = 32_767
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML has no way to say these
_WIDTH: Final = 18
_PIECE: Final = 2**16  # characters


def as_csv(rows: Rows, form: Form) -> bytes:
    """Return all of `csv_pieces`. Raises WritingError."""
    return b"".join(csv_pieces(rows, form))


def csv_pieces(rows: Rows, form: Form) -> Iterator[bytes]:
    """Yield UTF-8 with its mark, parted by commas, lines ended by CR LF, some rows at a time.

    A text that a spreadsheet would run is led by an apostrophe, which reading takes away. Raises
    WritingError.
    """
    out = io.StringIO(newline="")
    out.write("\N{BYTE ORDER MARK}")
    writer = csv.writer(out)
    writer.writerow(column.name for column in form.columns)
    for row in rows:
        texts = [column.write(row[column.name]) for column in form.columns]
        _check(row, texts, form, CSV_LONGEST)
        writer.writerow(map(_escaped, texts))
        if out.tell() >= _PIECE:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def as_xlsx(rows: Rows, form: Form) -> bytes:
    """Return a workbook of one sheet: days and numbers as such, all else as text.

    Raises WritingError, also for more rows than such a file is read with again.
    """
    lines = []
    for row in rows:
        texts = [column.write(row[column.name]) for column in form.columns]
        _check(row, texts, form, _XLSX_LONGEST)
        lines.append([*zip((row[column.name] for column in form.columns), texts, strict=True)])
        if len(lines) > form.most_rows:
            raise WritingError(
                f"More than {form.most_rows:,} rows are too many for one workbook: filter the "
                "list first, or take CSV."
            )
    book = Workbook(write_only=True)
    sheet = book.create_sheet(form.sheet.capitalize())
    sheet.freeze_panes = "C2"
    for place in range(1, len(form.columns) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.append([_heading(sheet, column.name) for column in form.columns])
    for line in lines:
        sheet.append([_cell(sheet, value, text) for value, text in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _check(row: Mapping[str, Value], texts: list[str], form: Form, longest: int) -> None:
    for column, text in zip(form.columns, texts, strict=True):
        if len(text) > longest:
            raise WritingError(
                f"The {column.name} of '{row[form.key]}' are too many for a cell of such a file: "
                f"{len(text):,} characters where {longest:,} fit. Say them by category or brand"
                + (", or take CSV." if longest < CSV_LONGEST else ".")
            )


def _escaped(text: str) -> str:
    """A text that begins like a formula, with or without apostrophes, gets one more of these."""
    return f"'{text}" if text.lstrip("'").startswith(FORMULAS) else text


def _heading(sheet: Any, name: str) -> Any:
    cell = WriteOnlyCell(sheet, name)
    cell.font = Font(bold=True)
    return cell


def _cell(sheet: Any, value: Value, text: str) -> Any:
    if not text:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, date):
        day = WriteOnlyCell(sheet)
        day.value = value
        day.number_format = "yyyy-mm-dd"
        return day
    if text.startswith("'"):
        text = _escaped(text)  # reading takes one apostrophe away before a formula
    cell = WriteOnlyCell(sheet, _UNWRITABLE.sub(" ", text))
    cell.data_type = "s"  # also what begins with '=': a text is never run
    cell.number_format = "@"  # digits that are entered here later stay as they are
    return cell
