"""What may stand in a cell of a table, by the kind of its column.

A cell is read into the type its column keeps and written from it again, and nothing in between is
guessed: what could be read in two ways is refused in a sentence that says how to write it.
"""

import csv
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from pos_integration.tables.table import Cell

Value = str | int | Decimal | date | tuple[str, ...] | None

_PLAIN = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")
_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}|0,[0-9]+")
_WHOLE = re.compile(r"([0-9]{1,12})(\.0{1,2})?")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})([T ]00:00(:00(\.0+)?)?)?")
_DOTTED = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_ROUNDED = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
_WORD = re.compile(r"[-a-zA-Z0-9_]*")
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_YES: Final = {"yes", "true", "1"}
_NO: Final = {"no", "false", "0"}
MOST_SMALL: Final = 32_767
MOST_LARGE: Final = 2_147_483_647
CSV_LONGEST: Final = 2**20  # characters: some 65,000 GTINs, more than any offer names
csv.field_size_limit(CSV_LONGEST)  # Python's own 131,072 are 8,000 GTINs, and an offer named 14,000


class CellError(ValueError):
    """What stands in a cell cannot be meant; the message says what was found and wanted."""


@dataclass(frozen=True, kw_only=True)
class Column(ABC):
    """One column. `says` explains it to whoever fills the file; `empty` is what no text means."""

    name: str
    says: str
    empty: Value = None
    is_wanted: bool = False  # in every file and every row

    def read(self, cell: Cell, *, is_semicolons: bool = False) -> Value:
        """Return the value in `cell`. Raises CellError.

        is_semicolons: the file's cells are parted by semicolons, as they are where a decimal is
            written with a comma.
        """
        if cell == "":
            if self.is_wanted:
                raise CellError("This cell is empty; a value is wanted.")
            return self.empty
        return self._read(cell, is_semicolons)

    @abstractmethod
    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        """Return the value of a cell that is not empty. Raises CellError."""

    def write(self, value: Value) -> str:
        """Return what `read` makes `value` of."""
        if isinstance(value, tuple):
            return "; ".join(map(_quoted, value))
        return "" if value is None else str(value)


@dataclass(frozen=True, kw_only=True)
class TextColumn(Column):
    longest: int
    is_word: bool = False  # letters, digits, hyphens and underscores
    has_lines: bool = False

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        text = _text(cell)
        if not self.has_lines and "\n" in text:
            raise CellError(f"'{_short(text)}' has more than one line; one is wanted.")
        if len(text) > self.longest:
            raise CellError(
                f"'{_short(text)}' has {len(text)} characters; {self.longest} is the most."
            )
        if self.is_word and not _WORD.fullmatch(text):
            raise CellError(
                f"'{_short(text)}' is not one word of letters, digits, hyphens and underscores."
            )
        return text


@dataclass(frozen=True, kw_only=True)
class ChoiceColumn(Column):
    choices: tuple[str, ...]

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        choice = re.sub(r"[\s-]+", "_", _text(cell)).casefold()
        if choice not in self.choices:
            raise CellError(f"'{_short(str(cell))}' is not one of {', '.join(self.choices)}.")
        return choice


@dataclass(frozen=True, kw_only=True)
class AmountColumn(Column):
    digits: int = 8
    places: int = 2
    is_share: bool = False  # may be written as percent

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        text = _text(cell)
        is_percent = self.is_share and text.endswith("%")
        number = text[:-1].rstrip() if is_percent else text
        if is_semicolons and _COMMA.fullmatch(number):
            number = number.replace(",", ".")
        elif "," in number:
            raise CellError(_says_of_comma(text, is_semicolons))
        elif is_semicolons and _GROUPED.fullmatch(number):
            raise CellError(
                f"'{text}' may be thousands or have decimals; write it without the point, or "
                "with two decimals."
            )
        if number.startswith("-"):
            raise CellError(f"'{_short(text)}' is below 0.")
        if not _PLAIN.fullmatch(number):
            raise CellError(f"'{_short(text)}' is not a plain number such as {self._example()}.")
        amount = Decimal(number) / 100 if is_percent else Decimal(number)
        if amount >= 10 ** (self.digits - self.places):
            raise CellError(
                f"'{_short(text)}' is too much: less than "
                f"{10 ** (self.digits - self.places):,} is wanted."
            )
        if amount != (rounded := round(amount, self.places)):
            raise CellError(f"'{_short(text)}' has more than {self.places} decimals.")
        return rounded

    def _example(self) -> str:
        return "0.5" if self.is_share else "1.50"


@dataclass(frozen=True, kw_only=True)
class CountColumn(Column):
    most: int = MOST_LARGE
    is_percent: bool = False

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        text = _text(cell)
        number = _WHOLE.fullmatch(text.removesuffix("%").rstrip() if self.is_percent else text)
        if number is None:
            wanted = "a whole percent such as 25" if self.is_percent else "a whole number such as 5"
            raise CellError(f"'{_short(text)}' is not {wanted}.")
        count = int(number[1])
        if count > self.most:
            raise CellError(f"'{text}' is too much: {self.most:,} is the most.")
        return count


@dataclass(frozen=True, kw_only=True)
class DayColumn(Column):
    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        if isinstance(cell, date):
            return _sensible(cell, str(cell))
        iso, dotted = _ISO.fullmatch(cell), _DOTTED.fullmatch(cell)
        if iso:
            parts = (int(iso[1]), int(iso[2]), int(iso[3]))
        elif dotted:
            # Whoever parts a date with points writes the day first.
            parts = (int(dotted[3]), int(dotted[2]), int(dotted[1]))
        elif "/" in cell:
            raise CellError(
                f"'{_short(cell)}' may be read in two ways: write year-month-day, such as "
                "2026-03-31."
            )
        else:
            raise CellError(
                f"'{_short(cell)}' is not a day such as 2026-03-31 or 31.3.2026, or a cell that "
                "the spreadsheet shows as a date."
            )
        try:
            day = date(*parts)
        except ValueError as error:
            raise CellError(f"'{cell}' is no day of the calendar.") from error
        return _sensible(day, cell)


@dataclass(frozen=True, kw_only=True)
class ListColumn(Column):
    empty: Value = ()
    are_numbers: bool = False

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        text = _text(cell)
        try:
            parts = csv.reader(text.splitlines(), delimiter=";", skipinitialspace=True, strict=True)
            items = [item.strip() for part in parts for item in part]
        except csv.Error as error:
            raise CellError(
                f"'{_short(text)}' is not a list with semicolons: {error}. A name with a semicolon "
                "or a quote stands in quotes."
            ) from error
        if self.are_numbers:
            items = [_number(item) for item in items]
        return tuple(dict.fromkeys(item for item in items if item))


@dataclass(frozen=True, kw_only=True)
class NumberColumn(Column):
    """A number that names something, such as a GTIN: its zeros count and nothing is added to it."""

    longest: int

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        number = _number(_text(cell))
        if len(number) > self.longest or "\n" in number:
            raise CellError(
                f"'{_short(number)}' has {len(number)} characters; one line of {self.longest} is "
                "the most."
            )
        return number


@dataclass(frozen=True, kw_only=True)
class YesNoColumn(Column):
    """Written yes and no; what spreadsheets make of true and false is read as well."""

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        word = _text(cell).casefold()
        if word not in _YES | _NO:
            raise CellError(f"'{_short(word)}' is neither yes nor no.")
        return word in _YES

    def write(self, value: Value) -> str:
        return "" if value is None else "yes" if value else "no"


def _number(item: str) -> str:
    if _ROUNDED.fullmatch(item):
        raise CellError(
            f"'{item}' is what a spreadsheet left of a long number. Format the column as text "
            "and enter all digits."
        )
    return re.sub(r"\A([0-9]+)\.0\Z", r"\1", item)


def _text(cell: Cell) -> str:
    if isinstance(cell, date):
        raise CellError(
            f"The spreadsheet has made the day {cell} of this. Format the cell as text and enter "
            "it again."
        )
    if unwanted := _UNWANTED.search(cell):
        raise CellError(f"A character that no paper shows stands here: {unwanted[0]!r}.")
    return cell


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _quoted(item: str) -> str:
    needs = ";" in item or '"' in item or "\n" in item
    return '"{}"'.format(item.replace('"', '""')) if needs else item


def _sensible(day: date, text: str) -> date:
    if day.year < 2000:
        raise CellError(f"'{text}' is before the year 2000.")
    return day


def _says_of_comma(text: str, is_semicolons: bool) -> str:
    if is_semicolons:
        return f"'{_short(text)}' may be thousands or have decimals; write 1500 or 1,50."
    return (
        f"'{_short(text)}' has a comma; decimals want a point, such as 1.50, and thousands nothing."
    )
