"""CSV: a line item a row, under a header with the names of the basket's own fields.

Rows that follow one another with the same store, till, business_date and receipt are one basket;
its fields are repeated on each row and may not differ. An empty field is one that is not there.

a row holds        columns
a line             line, code, description, quantity, unit, amount, discount, line_kind,
                   returns_store, returns_till, returns_business_date, returns_receipt, returns_line
a coupon           coupon_code, coupon_amount: taken off the line of its row, or off the basket
                   where the row has no line
a tender           tender_kind, tender_amount

Any of the three may be on a row. Fields are parted by commas, semicolons or tabs, as the
header is, and quoted as RFC 4180 says.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    PIECE,
    SHOWN_BYTES,
    Entry,
    Source,
    UnreadableError,
    converted,
)
from pos_integration.records import Fault

KEY = ("store", "till", "business_date", "receipt")
_HEAD = ("ended_at", "kind", "card", "currency")
_LINE = ("line", "code", "description", "quantity", "unit", "amount", "discount", "line_kind")
_REFERENCE = ("store", "till", "business_date", "receipt", "line")
_VOIDS = tuple(f"voids_{name}" for name in _REFERENCE)
_RETURNS = tuple(f"returns_{name}" for name in _REFERENCE)
COLUMNS = (
    *KEY,
    *_HEAD,
    *_LINE,
    *("coupon_code", "coupon_amount", "tender_kind", "tender_amount"),
    *_VOIDS,
    *_RETURNS,
)
_REQUIRED = ("receipt", "line", "code", "amount")
_OF_BASKET = (*KEY, *_HEAD, *_VOIDS)
_LONGEST_RECORD = 1 << 20  # characters; a quote that is never closed would swallow the file
_MOST_ROWS = 10_000

_Row = dict[str, str]


def read(source: Source) -> Iterator[Entry]:
    """Yield the basket of each run of rows with one key.

    Raises UnreadableError for a header with other columns, for bytes that are no UTF-8 and where
    quotes are wrong.
    """
    records = _records(source)
    header_text = next(records, "")
    delimiter = _delimiter(header_text)
    columns = _columns(_split(header_text, delimiter))
    position = 0
    rows: list[_Row] = []
    texts: list[str] = []
    size, is_too_long = 0, False
    for text in records:
        values = _split(text, delimiter)
        if not any(value.strip() for value in values):
            continue
        row = dict(zip(columns, (value.strip() for value in values), strict=False))
        row["extra"] = "yes" if len(values) != len(columns) else ""
        if rows and any(row.get(name) != rows[0].get(name) for name in KEY):
            yield _entry(position, header_text, texts, rows, is_too_long)
            position += 1
            rows, texts, size, is_too_long = [], [], 0, False
        size += len(text)
        is_too_long = is_too_long or size > LONGEST_BASKET or len(rows) >= _MOST_ROWS
        if not rows or not is_too_long:
            rows.append(row)
            texts.append(text)
    if rows:
        yield _entry(position, header_text, texts, rows, is_too_long)


def _records(source: Source) -> Iterator[str]:
    """Yield the text of each record, line ends within quotes included, without its own end."""
    text = io.TextIOWrapper(
        io.BufferedReader(_Raw(source), PIECE), encoding="utf-8-sig", newline=""
    )
    record = ""
    try:
        while line := text.readline(_LONGEST_RECORD):
            record += line
            if len(record) > _LONGEST_RECORD:
                raise UnreadableError("A row of this CSV has more than a million characters")
            # A record is whole when its quotes are: each that is doubled counts twice.
            if record.count('"') % 2 == 0 and record.endswith(("\n", "\r")):
                yield record.rstrip("\r\n")
                record = ""
    except UnicodeDecodeError as error:
        raise UnreadableError(f"This is not UTF-8: {error.reason}") from error
    if record.count('"') % 2:
        raise UnreadableError("This CSV ends within quotes")
    if record:
        yield record


class _Raw(io.RawIOBase):
    """A source as the raw stream that a text stream is made of."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        given = self._source.read(len(buffer))
        buffer[: len(given)] = given
        return len(given)


def _split(record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([record], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise UnreadableError(f"This is not CSV: {error} in {record[:60]!r}") from error


def _delimiter(header: str) -> str:
    """Return what parts the header's names: the sign of the three that it has most of."""
    return max(",;\t", key=header.count)


def _columns(header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    for name in names:
        if name not in COLUMNS:
            known = ", ".join(COLUMNS)
            raise UnreadableError(f"No column is called '{name[:40]}'; known are {known}")
        if names.count(name) > 1:
            raise UnreadableError(f"The column '{name}' is there twice")
    for name in _REQUIRED:
        if name not in names:
            raise UnreadableError(f"The column '{name}' is missing")
    return names


def _entry(
    position: int, header: str, texts: list[str], rows: list[_Row], is_too_long: bool
) -> Entry:
    raw = "\r\n".join((header, *texts, "")).encode()
    if is_too_long:
        detail = f"The basket has more than {LONGEST_BASKET} bytes or {_MOST_ROWS} rows."
        return Entry(position, raw[:SHOWN_BYTES], None, Fault("too_long", detail))
    if fault := _fault(rows, b"\0" in raw):
        return Entry(position, raw, None, fault)
    first = rows[0]
    said: dict[str, Any] = {
        "store": first.get("store") or None,
        "till": first.get("till") or None,
        "business_date": first.get("business_date") or None,
        "receipt": first["receipt"],
        "lines": [_line(row) for row in rows if _holds_line(row)],
        "coupons": [
            {
                "code": row["coupon_code"],
                "line": _whole(row["line"]),
                "amount": row.get("coupon_amount", ""),
            }
            for row in rows
            if row.get("coupon_code")
        ],
        "tenders": [
            {"kind": row["tender_kind"], "amount": row.get("tender_amount", "")}
            for row in rows
            if row.get("tender_kind")
        ],
        "voids": _reference(first, _VOIDS),
    }
    said |= {name: first[name] for name in _HEAD if first.get(name)}
    return converted(position, raw, said)


def _fault(rows: list[_Row], holds_nul: bool) -> Fault | None:
    if holds_nul:
        return Fault("bad_text", "The basket holds a NUL character, which no text can keep.")
    for row in rows:
        if row["extra"]:
            return Fault("bad_field", "A row has more or fewer fields than the header has columns.")
        for name in _OF_BASKET:
            if row.get(name) != rows[0].get(name):
                one, other = rows[0].get(name), row.get(name)
                detail = f"{name} is '{one}' in one row and '{other}' in another of one receipt."
                return Fault("bad_field", detail)
    return None


def _holds_line(row: _Row) -> bool:
    """Whether a row tells of an item: one with a coupon may name the line it was taken off."""
    if row["code"] or row["amount"]:
        return True
    return bool(row["line"]) and not row.get("coupon_code") and not row.get("tender_kind")


def _line(row: _Row) -> dict[str, Any]:
    said: dict[str, Any] = {"line": _whole(row["line"]), "code": row["code"]}
    for name in ("description", "quantity", "unit", "discount"):
        if row.get(name):
            said[name] = row[name]
    said["amount"] = row["amount"]
    if row.get("line_kind"):
        said["kind"] = row["line_kind"]
    said["returns"] = _reference(row, _RETURNS)
    return said


def _whole(text: str) -> int | str | None:
    """Return a whole number as one, and anything else as it is, for the fault."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text or None


def _reference(row: _Row, columns: tuple[str, ...]) -> dict[str, Any] | None:
    said: dict[str, Any] = {
        name: row[column]
        for name, column in zip(_REFERENCE, columns, strict=True)
        if row.get(column)
    }
    if "line" in said:
        said["line"] = _whole(said["line"])
    return said or None
