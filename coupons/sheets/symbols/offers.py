"""The coupon of North America (AI 8110) and the positive offer file (AI 8112) as digits.

Their fields follow each other without separators; a variable one is led by a digit that says how
long it is. GS1 US, North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

MOST_DIGITS: Final = 70
_NO_PREFIX: Final = 9
_REQUIREMENT_CODES: Final = (0, 1, 2, 3, 4, 9)
_SAVE_VALUE_CODES: Final = (0, 1, 2, 5, 6)
_CENTURY: Final = 2000


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be bought as well.

    amount counts units (code 0), cents spent on the items (1) or in the whole basket (2),
    hundredths of a pound (3), grams (4); code 9 asks the cashier. An empty company_prefix means
    the coupon's own. Raises ValueError for what has no place in the barcode.
    """

    amount: int
    code: int
    family_code: str = "000"
    company_prefix: str = ""

    def __post_init__(self) -> None:
        _check_requirement(self.amount, self.code, self.family_code)
        if self.company_prefix:
            _check_digits("the company prefix", self.company_prefix, 6, 12)

    def to_text(self) -> str:
        """Return its digits, without the field's own."""
        prefix = _led(self.company_prefix, 6) if self.company_prefix else str(_NO_PREFIX)
        return f"{_led(str(self.amount), 0)}{self.code}{self.family_code}{prefix}"


@dataclass(frozen=True, slots=True)
class NorthAmerican:
    """A coupon of North America.

    save_value is cents (save value code 0, 6), the cents that cap a free item (1), free items
    (2) or percent (5); requirement and requirement_code as in Requirement. additional_rules say
    how the requirements combine: 0 any of them, 1 all, 2 the first and one of the others, 3 the
    first or both others. applies_to says on which of the required items the saving is made.
    expires and starts are days of this century; serial has 6 to 15 digits, retailer 7 to 13.
    Raises ValueError for what has no place in the barcode.
    """

    company_prefix: str
    offer_code: str
    save_value: int
    requirement: int = 1
    requirement_code: int = 0
    family_code: str = "000"
    second: Requirement | None = None
    additional_rules: int = 0
    third: Requirement | None = None
    expires: date | None = None
    starts: date | None = None
    serial: str = ""
    retailer: str = ""
    save_value_code: int = 0
    applies_to: int = 0
    store_flag: int = 0
    no_multiply: bool = False

    def __post_init__(self) -> None:
        _check_digits("the company prefix", self.company_prefix, 6, 12)
        _check_digits("the offer code", self.offer_code, 6, 6)
        _check_amount("the saving", self.save_value)
        _check_requirement(self.requirement, self.requirement_code, self.family_code)
        if self.serial:
            _check_digits("the serial number", self.serial, 6, 15)
        if self.retailer:
            _check_digits("the retailer", self.retailer, 7, 13)
        _check_one_of("additional rules", self.additional_rules, range(4))
        _check_one_of("the save value code", self.save_value_code, _SAVE_VALUE_CODES)
        _check_one_of("the item the saving applies to", self.applies_to, range(3))
        _check_one_of("the store coupon flag", self.store_flag, range(10))
        if self.additional_rules and self.second is None:
            raise ValueError("additional rules without a second requirement say nothing")
        for day in (self.expires, self.starts):
            if day is not None and not _CENTURY <= day.year < _CENTURY + 100:
                raise ValueError(f"{day} is not in this century")
        if self.expires and self.starts and self.starts > self.expires:
            raise ValueError(f"it starts on {self.starts}, after it expired on {self.expires}")
        if len(self.to_text()) > MOST_DIGITS:
            raise ValueError(f"it takes {len(self.to_text())} digits of at most {MOST_DIGITS}")

    def to_text(self) -> str:
        """Return the digits after (8110)."""
        parts = [
            _led(self.company_prefix, 6),
            self.offer_code,
            _led(str(self.save_value), 0),
            _led(str(self.requirement), 0),
            str(self.requirement_code),
            self.family_code,
        ]
        if self.second:
            parts += "1", str(self.additional_rules), self.second.to_text()
        if self.third:
            parts += "2", self.third.to_text()
        if self.expires:
            parts += "3", f"{self.expires:%y%m%d}"
        if self.starts:
            parts += "4", f"{self.starts:%y%m%d}"
        if self.serial:
            parts += "5", _led(self.serial, 6)
        if self.retailer:
            parts += "6", _led(self.retailer, 6)
        more = (self.save_value_code, self.applies_to, self.store_flag, int(self.no_multiply))
        if any(more):
            parts += "9", "".join(map(str, more))
        return "".join(parts)

    @classmethod
    def from_text(cls, text: str) -> "NorthAmerican":
        """Return the coupon that the digits after (8110) describe.

        Raises ValueError for what is cut short, goes on too long or cannot be.
        """
        reader = _Reader(text)
        with reader.at("a coupon of North America"):
            prefix = reader.led(6, "the company prefix", 6)
            offer_code = reader.take(6)
            save_value = reader.amount("the saving")
            requirement = reader.amount("the requirement")
            code, family = reader.number(), reader.take(3)
            second = third = expires = starts = None
            rules, serial, retailer, more = 0, "", "", (0, 0, 0, 0)
            if reader.field("1"):
                rules, second = reader.number(), reader.requirement()
            if reader.field("2"):
                third = reader.requirement()
            if reader.field("3"):
                expires = reader.day()
            if reader.field("4"):
                starts = reader.day()
            if reader.field("5"):
                serial = reader.led(6, "the serial number", 9)
            if reader.field("6"):
                retailer = reader.led(6, "the retailer", 7, least=1)
            if reader.field("9"):
                more = (reader.number(), reader.number(), reader.number(), reader.number())
            reader.end()
            _check_one_of("the flag against multiplying", more[3], range(2))
        return cls(
            company_prefix=prefix,
            offer_code=offer_code,
            save_value=save_value,
            requirement=requirement,
            requirement_code=code,
            family_code=family,
            second=second,
            additional_rules=rules,
            third=third,
            expires=expires,
            starts=starts,
            serial=serial,
            retailer=retailer,
            save_value_code=more[0],
            applies_to=more[1],
            store_flag=more[2],
            no_multiply=bool(more[3]),
        )


@dataclass(frozen=True, slots=True)
class PositiveOffer:
    """One use of an offer whose terms are kept in a positive offer file.

    funder has 6 to 12 digits, serial 6 to 15. format_digit is 0 or 1; some issuers print 2.
    Raises ValueError for what has no place in the barcode.
    """

    funder: str
    offer_code: str
    serial: str
    format_digit: int = 0

    def __post_init__(self) -> None:
        _check_one_of("the format", self.format_digit, range(3))
        _check_digits("the funder", self.funder, 6, 12)
        _check_digits("the offer code", self.offer_code, 6, 6)
        _check_digits("the serial number", self.serial, 6, 15)

    def to_text(self) -> str:
        """Return the digits after (8112)."""
        return f"{self.format_digit}{_led(self.funder, 6)}{self.offer_code}{_led(self.serial, 6)}"

    @classmethod
    def from_text(cls, text: str) -> "PositiveOffer":
        """Return what the digits after (8112) name. Raises ValueError as NorthAmerican does."""
        reader = _Reader(text)
        with reader.at("a positive offer"):
            format_digit = reader.number()
            funder = reader.led(6, "the funder", 6)
            offer_code = reader.take(6)
            serial = reader.led(6, "the serial number", 9)
            reader.end()
        return cls(funder, offer_code, serial, format_digit)


class _Reader:
    """Digits, taken one field after another."""

    def __init__(self, text: str) -> None:
        if not (text.isascii() and text.isdigit()):
            raise ValueError(f"{text!r} are not digits")
        self._text = text
        self._at = 0

    @contextmanager
    def at(self, what: str) -> Iterator[None]:
        try:
            yield
        except ValueError as error:
            raise ValueError(f"{self._text!r} is not {what}: {error}") from None

    def take(self, length: int) -> str:
        taken = self._text[self._at : self._at + length]
        if len(taken) < length:
            raise ValueError(f"{length} digits wanted at place {self._at}, {len(taken)} left")
        self._at += length
        return taken

    def number(self) -> int:
        return int(self.take(1))

    def led(self, more: int, what: str, most: int, *, least: int = 0) -> str:
        length = self.number()
        if not least <= length <= most:
            raise ValueError(f"length {length} of {what} is not from {least} to {most}")
        return self.take(length + more)

    def amount(self, what: str) -> int:
        return int(self.led(0, what, 5, least=1))

    def field(self, name: str) -> bool:
        found = self._text.startswith(name, self._at)
        self._at += found
        return found

    def day(self) -> date:
        text = self.take(6)
        return date(_CENTURY + int(text[:2]), int(text[2:4]), int(text[4:]))

    def requirement(self) -> Requirement:
        amount = self.amount("the requirement")
        code, family = self.number(), self.take(3)
        if self.field(str(_NO_PREFIX)):
            return Requirement(amount, code, family)
        return Requirement(amount, code, family, self.led(6, "the company prefix", 6))

    def end(self) -> None:
        if self._at < len(self._text):
            raise ValueError(f"{self._text[self._at :]!r} is left over")


def _led(digits: str, fewest: int) -> str:
    """Return digits led by how many more there are than the fewest."""
    return f"{len(digits) - fewest}{digits}"


def _check_digits(what: str, text: str, least: int, most: int) -> None:
    if not (text.isascii() and text.isdigit() and least <= len(text) <= most):
        wanted = f"{least}" if least == most else f"{least} to {most}"
        raise ValueError(f"{what} {text!r} is not {wanted} digits")


def _check_amount(what: str, amount: int) -> None:
    if not 0 <= amount <= 99_999:
        raise ValueError(f"{what} is {amount}, not 0 to 99999")


def _check_requirement(amount: int, code: int, family_code: str) -> None:
    _check_amount("the requirement", amount)
    _check_one_of("the requirement code", code, _REQUIREMENT_CODES)
    _check_digits("the family code", family_code, 3, 3)


def _check_one_of(what: str, value: int, allowed: range | tuple[int, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {value}, not one of {', '.join(map(str, allowed))}")
