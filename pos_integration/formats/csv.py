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
import itertools
from collections.abc import Callable, Iterator
from operator import itemgetter
from typing import Any

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    PIECE,
    Entry,
    Source,
    UnreadableError,
    converted,
    too_long,
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
_PLAIN = ("description", "quantity", "unit", "discount")
_OF_BASKET = (*KEY, *_HEAD, *_VOIDS)
_LONGEST_RECORD = 1 << 20  # characters; a quote that is never closed would swallow the file
_MOST_ROWS = 10_000

_Row = list[str]
# Beyond it a quote is missing. Python's own limit is one for all readers: tables allow more.
_LONGEST_FIELD = 131_072


def read(source: Source) -> Iterator[Entry]:
    """Yield the basket of each run of rows with one key.

    Raises UnreadableError for a header with other columns, for bytes that are no UTF-8 and where
    quotes are wrong.
    """
    lines = _Lines(source)
    try:
        header = next(lines, "")
        delimiter = max(",;\t", key=header.count)
        rows = csv.reader(itertools.chain((header,), lines), delimiter=delimiter, strict=True)
        table = _Table(header, next(rows, []))
        lines.given()
        for position, basket in enumerate(_baskets(table, rows, lines)):
            yield table.entry(position, basket)
    except csv.Error as error:
        raise UnreadableError(f"This is not CSV: {error} in {lines.given()[:60]!r}") from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"This is not UTF-8: {error.reason}") from error


class _Basket:
    """Rows that follow one another with one key, and their text."""

    __slots__ = ("is_too_long", "is_uneven", "rows", "size", "texts")

    def __init__(self) -> None:
        self.rows: list[_Row] = []
        self.texts: list[str] = []
        self.size = 0
        self.is_too_long = False
        self.is_uneven = False  # a row has other fields than the header has columns


def _baskets(table: "_Table", rows: Iterator[_Row], lines: "_Lines") -> Iterator[_Basket]:
    basket = _Basket()
    key = None
    for fields in rows:
        text = lines.given()
        if len(text) > _LONGEST_FIELD < max(map(len, fields), default=0):
            raise csv.Error(f"field larger than {_LONGEST_FIELD} characters")
        row = [field.strip() for field in fields]
        if not any(row):
            continue
        is_uneven = len(row) != table.width
        if is_uneven:
            row = (row + [""] * table.width)[: table.width]
        its_key = table.key(row)
        if its_key != key and basket.rows:
            yield basket
            basket = _Basket()
        key = its_key
        basket.is_uneven |= is_uneven
        basket.size += len(text)
        basket.is_too_long |= basket.size > LONGEST_BASKET or len(basket.rows) >= _MOST_ROWS
        if not basket.rows or not basket.is_too_long:
            basket.rows.append(row)
            basket.texts.append(text)
    if basket.rows:
        yield basket


class _Lines:
    """The lines of a source, each with its end, and those that made up the last row."""

    def __init__(self, source: Source) -> None:
        stream = io.BufferedReader(_Raw(source), PIECE)
        self._text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
        self._given: list[str] = []
        self._length = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(_LONGEST_RECORD + 1)
        self._length += len(line)
        if self._length > _LONGEST_RECORD:
            raise UnreadableError("A row of this CSV has more than a million characters")
        if not line:
            raise StopIteration
        self._given.append(line)
        return line

    def given(self) -> str:
        """Return the lines given since this was asked last."""
        text = self._given[0] if len(self._given) == 1 else "".join(self._given)
        self._given.clear()
        self._length = 0
        return text


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


class _Table:
    """What the columns of one header mean."""

    def __init__(self, header: str, names: list[str]) -> None:
        names = [name.strip() for name in names]
        for name in names:
            if name not in COLUMNS:
                known = ", ".join(COLUMNS)
                raise UnreadableError(f"No column is called '{name[:40]}'; known are {known}")
            if names.count(name) > 1:
                raise UnreadableError(f"The column '{name}' is there twice")
        for name in _REQUIRED:
            if name not in names:
                raise UnreadableError(f"The column '{name}' is missing")
        self._header = header
        self._at = {name: place for place, name in enumerate(names)}
        self.width = len(names)
        self.key = self._pick(KEY)
        self._head = self._pick(_OF_BASKET)
        self._plain = [(name, self._at[name]) for name in _PLAIN if name in self._at]
        self._returns = [name for name in _RETURNS if name in self._at]

    def entry(self, position: int, basket: _Basket) -> Entry:
        """Return the basket that these rows tell of, or what is wrong with them."""
        raw = "".join((self._header, *basket.texts)).encode()
        if basket.is_too_long:
            return too_long(position, raw, f"{LONGEST_BASKET} bytes or {_MOST_ROWS} rows")
        if fault := self._fault(basket, raw):
            return Entry(position, raw, None, fault)
        return converted(position, raw, self._said(basket.rows))

    def _pick(self, names: tuple[str, ...]) -> Callable[[_Row], object]:
        return itemgetter(*(self._at[name] for name in names if name in self._at))

    def _of(self, row: _Row, name: str) -> str:
        place = self._at.get(name)
        return "" if place is None else row[place]

    def _fault(self, basket: _Basket, raw: bytes) -> Fault | None:
        if b"\0" in raw:
            return Fault("bad_text", "The basket holds a NUL character, which no text can keep.")
        if basket.is_uneven:
            return Fault("bad_field", "A row has more or fewer fields than the header has columns.")
        first = basket.rows[0]
        head = self._head(first)
        for row in basket.rows:
            if self._head(row) != head:
                name = next(n for n in _OF_BASKET if self._of(row, n) != self._of(first, n))
                one, other = self._of(first, name), self._of(row, name)
                detail = f"{name} is '{one}' in one row and '{other}' in another of one receipt."
                return Fault("bad_field", detail)
        return None

    def _said(self, rows: list[_Row]) -> dict[str, Any]:
        first = rows[0]
        said: dict[str, Any] = {name: self._of(first, name) or None for name in KEY}
        said |= {name: text for name in _HEAD if (text := self._of(first, name))}
        said["receipt"] = self._of(first, "receipt")
        said["lines"] = [self._line(row) for row in rows if self._holds_line(row)]
        if "coupon_code" in self._at:
            said["coupons"] = [
                {
                    "code": code,
                    "line": _whole(self._of(row, "line")),
                    "amount": self._of(row, "coupon_amount"),
                }
                for row in rows
                if (code := self._of(row, "coupon_code"))
            ]
        if "tender_kind" in self._at:
            said["tenders"] = [
                {"kind": kind, "amount": self._of(row, "tender_amount")}
                for row in rows
                if (kind := self._of(row, "tender_kind"))
            ]
        said["voids"] = self._reference(first, _VOIDS)
        return said

    def _holds_line(self, row: _Row) -> bool:
        """Whether a row tells of an item: one with a coupon may name the line it is off."""
        if self._of(row, "code") or self._of(row, "amount"):
            return True
        if self._of(row, "coupon_code") or self._of(row, "tender_kind"):
            return False
        return bool(self._of(row, "line"))

    def _line(self, row: _Row) -> dict[str, Any]:
        at = self._at
        said: dict[str, Any] = {
            "line": _whole(row[at["line"]]),
            "code": row[at["code"]],
            "amount": row[at["amount"]],
        }
        for name, place in self._plain:
            if row[place]:
                said[name] = row[place]
        if kind := self._of(row, "line_kind"):
            said["kind"] = kind
        if self._returns:
            said["returns"] = self._reference(row, _RETURNS)
        return said

    def _reference(self, row: _Row, columns: tuple[str, ...]) -> dict[str, Any] | None:
        said: dict[str, Any] = {
            name: text
            for name, column in zip(_REFERENCE, columns, strict=True)
            if (text := self._of(row, column))
        }
        if "line" in said:
            said["line"] = _whole(said["line"])
        return said or None


def _whole(text: str) -> int | str | None:
    """Return a whole number as one, and anything else as it is, for the fault."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text or None
