"""Offers as CSV and as XLSX that a spreadsheet opens as they are and never runs."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from coupons.importing.cells import Value
from coupons.importing.columns import COLUMNS
from coupons.importing.table import FORMULAS, WritingError

Offers = Iterable[Mapping[str, Value]]  # of each offer, by the names of all columns

_CSV_LONGEST: Final = 131_072  # characters in a cell that are read again
_XLSX_LONGEST: Final = 32_767
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # XML has no way to say these
_WIDTH: Final = 18


def as_csv(offers: Offers) -> bytes:
    """Return UTF-8 with its mark, parted by commas, lines ended by CR LF. Raises WritingError.

    A text that a spreadsheet would run is led by an apostrophe, which reading takes away.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(column.name for column in COLUMNS)
    for offer in offers:
        texts = [column.write(offer[column.name]) for column in COLUMNS]
        _check(offer, texts, _CSV_LONGEST)
        writer.writerow(map(_escaped, texts))
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(offers: Offers) -> bytes:
    """Return a workbook of one sheet: days and numbers as such, all else as text.

    Raises WritingError.
    """
    lines = []
    for offer in offers:
        texts = [column.write(offer[column.name]) for column in COLUMNS]
        _check(offer, texts, _XLSX_LONGEST)
        lines.append([*zip((offer[column.name] for column in COLUMNS), texts, strict=True)])
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Offers")
    sheet.freeze_panes = "C2"
    for place in range(1, len(COLUMNS) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTH
    sheet.append([_heading(sheet, column.name) for column in COLUMNS])
    for line in lines:
        sheet.append([_cell(sheet, value, text) for value, text in line])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _check(offer: Mapping[str, Value], texts: list[str], longest: int) -> None:
    for column, text in zip(COLUMNS, texts, strict=True):
        if len(text) > longest:
            raise WritingError(
                f"The {column.name} of '{offer['code']}' are too many for a cell of such a file: "
                f"{len(text):,} characters where {longest:,} fit. Say them by category or brand"
                + (", or take CSV." if longest < _CSV_LONGEST else ".")
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
    if isinstance(value, int | Decimal):
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
