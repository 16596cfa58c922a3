"""Files of offers as staff would send them, made row by row."""

import csv
import io
from collections.abc import Callable, Mapping
from typing import Any

from openpyxl import Workbook

OATS = {
    "code": "OATS-1",
    "name": "Oat drink",
    "face_value": "0.50",
    "funder": "Oat Works",
    "valid_from": "2026-03-01",
    "valid_to": "2026-03-31",
    "products": "5012345678900",
}


def csv_of(*rows: Mapping[str, Any], separator: str = ",", encoding: str = "utf-8") -> bytes:
    """Rows under the columns of the first."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=separator)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_of(*rows: Mapping[str, Any], change: Callable[[Workbook], object] | None = None) -> bytes:
    """The same as a workbook, whose cells keep the type of their values."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([row[name] for name in rows[0]])
    if change is not None:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
