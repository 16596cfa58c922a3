"""The columns of a file of offers: what each is called, what may stand in it, what empty means.

A cell is read into the type its column keeps and written from it again, and nothing in between is
guessed: what could be read in two ways is refused in a sentence that says how to write it.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from coupons.importing.table import Cell

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
_SMALL: Final = 32_767
_LARGE: Final = 2_147_483_647


class CellError(ValueError):
    """What stands in a cell cannot be meant; the message says what was found and wanted."""


@dataclass(frozen=True, kw_only=True)
class Column:
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

    def _read(self, cell: Cell, is_semicolons: bool) -> Value:
        raise NotImplementedError

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
    most: int = _LARGE
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
            items = [self._number(item) for item in items]
        return tuple(dict.fromkeys(item for item in items if item))

    def _number(self, item: str) -> str:
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


_KINDS: Final = ("amount", "percent", "fixed_price", "free_item", "multi_buy", "threshold")


def _level(number: int) -> Iterable[Column]:
    yield AmountColumn(
        name=f"level_{number}_face_value",
        says=f"Of level {number}, as face_value; empty, where its percent or price is given: "
        "the offer's own",
    )
    yield CountColumn(
        name=f"level_{number}_percent",
        says=f"Of level {number}, as percent",
        most=_SMALL,
        is_percent=True,
    )
    yield AmountColumn(name=f"level_{number}_price", says=f"Of level {number}, as price")


COLUMNS: Final[tuple[Column, ...]] = (
    TextColumn(name="code", says="The house's own reference", longest=40, is_wanted=True),
    TextColumn(name="name", says="What the shopper reads", longest=80, is_wanted=True),
    TextColumn(name="detail", says="Maker and size", empty="", longest=80),
    ChoiceColumn(name="kind", says=" or ".join(_KINDS), empty="amount", choices=_KINDS),
    AmountColumn(
        name="face_value",
        says="What it takes off; of other kinds than amount and threshold: the most it may come to",
        is_wanted=True,
    ),
    CountColumn(name="percent", says="Off, 1 to 100", most=_SMALL, is_percent=True),
    AmountColumn(name="price", says="A fixed price, or that of all units together"),
    CountColumn(name="units", says="That are bought together", empty=1, most=_SMALL),
    CountColumn(
        name="reduced_units", says="How many of these the percent is off", empty=1, most=_SMALL
    ),
    AmountColumn(name="threshold", says="To be spent"),
    TextColumn(
        name="category", says="A name, or Department > Category > Type", empty="", longest=250
    ),
    TextColumn(name="funder", says="Who pays, by name", longest=60, is_wanted=True),
    AmountColumn(
        name="funder_share",
        says="Their part, 0 to 1 or in percent; empty: all",
        empty=Decimal(1),
        digits=4,
        places=3,
        is_share=True,
    ),
    DayColumn(name="valid_from", says="The first day, such as 2026-03-01", is_wanted=True),
    DayColumn(name="valid_to", says="The last day", is_wanted=True),
    TextColumn(
        name="terms", says="A line each, two at most on paper", empty="", longest=1000,
        has_lines=True,
    ),
    TextColumn(
        name="picture", says="An icon's name; empty: a basket", empty="basket", longest=30
    ),
    TextColumn(
        name="stacking_group",
        says="On one item at most one coupon of each group; empty: coupon",
        empty="coupon",
        longest=20,
        is_word=True,
    ),
    ChoiceColumn(
        name="after_return",
        says="What a coupon is after a return: good_again or used",
        empty="good_again",
        choices=("good_again", "used"),
    ),
    TextColumn(name="shared_code", says="One code for everybody", longest=40),
    CountColumn(name="circulation", says="Copies handed out elsewhere", empty=0),
    TextColumn(
        name="rivals", says="A sheet has one of those with this word", empty="", longest=20,
        is_word=True,
    ),
    ListColumn(
        name="stores", says="Numbers with semicolons; empty: all", are_numbers=True
    ),
    CountColumn(name="least_coupons", says="Guaranteed to the funder"),
    CountColumn(name="most_coupons", says="All mailings together"),
    CountColumn(name="per_household", says="Times one household is given it", most=_SMALL),
    AmountColumn(name="expected_budget", says="Most it may be expected to cost", digits=12),
    AmountColumn(name="real_budget", says="Most it may really cost", digits=12),
    *_level(2),
    *_level(3),
    ListColumn(
        name="products",
        says="GTINs or in-house numbers with semicolons",
        are_numbers=True,
    ),
    ListColumn(name="categories", says="All products in these, with semicolons"),
    ListColumn(
        name="brands", says="All products of these; 'Brand @ Category' for those in a category"
    ),
    ListColumn(name="not_products", says="But not on these", are_numbers=True),
    ListColumn(name="not_categories", says="But not on these"),
    ListColumn(name="not_brands", says="But not on these"),
)  # fmt: skip
BY_NAME: Final = {column.name: column for column in COLUMNS}
GOOD_ON: Final = ("products", "categories", "brands")  # what an offer is good on
RULES: Final = (*GOOD_ON, *(f"not_{name}" for name in GOOD_ON))
LEVELS: Final = (2, 3)


def name_of(heading: str) -> str:
    """Return the name of the column that `heading` may mean.

    >>> name_of(" Valid From")
    'valid_from'
    """
    return re.sub(r"[\s_-]+", "_", heading.strip()).casefold()


def is_known(heading: str) -> bool:
    return name_of(heading) in BY_NAME
