"""Money and quantities: decimal strings in, exact numbers out. Nothing here is a float."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache, lru_cache

# ISO 4217 currencies without a minor unit. All others here have cents; those with three
# decimals do not fit the columns and are refused.
WITHOUT_CENTS = frozenset(
    {
        *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
        *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
    }
)
WITH_MILLS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class MoneyError(ValueError):
    """A text that is no amount; the message says what was found and wanted."""


def digits(currency: str) -> int:
    """Return how many decimals `currency` has: 0 or 2. Raises MoneyError for three."""
    if currency in WITH_MILLS:
        raise MoneyError(f"{currency} has 3 decimals; at most 2 can be kept")
    return 0 if currency in WITHOUT_CENTS else 2


@cache
def reader(places: int, whole_digits: int) -> Callable[[str], str]:
    """Return `normal_form` for these digits, with a memory: a till repeats its prices."""

    @lru_cache(maxsize=100_000)
    def read(text: str) -> str:
        return normal_form(text, places, whole_digits)

    return read


def normal_form(text: str, places: int = 2, whole_digits: int = 10) -> str:
    """Return a decimal string with exactly `places` decimals and no needless zeros before.

    Raises MoneyError for anything but digits with an optional minus and decimals, for more
    decimals than `places`, and for more than `whole_digits` before them.

    >>> normal_form("00.5"), normal_form("-0")
    ('0.50', '0.00')
    """
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise MoneyError(f"{_short(text)} is not a decimal number")
    minus, whole, fraction = match[1], match[2].lstrip("0") or "0", match[3] or ""
    if len(fraction) > places:
        raise MoneyError(f"{_short(text)} has {len(fraction)} decimals, not at most {places}")
    if len(whole) > whole_digits:
        raise MoneyError(f"{_short(text)} has more than {whole_digits} digits before the decimals")
    fraction = fraction.ljust(places, "0")
    if not (whole + fraction).strip("0"):
        minus = ""
    return f"{minus}{whole}.{fraction}" if places else f"{minus}{whole}"


def parse(text: str, places: int = 2, whole_digits: int = 10) -> Decimal:
    """Return the exact value of a decimal string; raises MoneyError as `normal_form` does."""
    return Decimal(normal_form(text, places, whole_digits))


def to_text(amount: Decimal, currency: str) -> str:
    """Return `amount` with its currency's decimals, as tills read it."""
    return normal_form(f"{_exact(amount, digits(currency)):f}", digits(currency), 28)


def to_cents(amount: Decimal) -> int:
    """Return `amount` in hundredths. Raises MoneyError if it has a fraction of one."""
    return int(_exact(amount, 2).scaleb(2))


def from_cents(cents: int) -> Decimal:
    """Return hundredths as an amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def _exact(amount: Decimal, places: int) -> Decimal:
    rounded = round(amount, places)
    if rounded != amount:
        raise MoneyError(f"{amount} has more than {places} decimals")
    return rounded


def _short(text: object) -> str:
    shown = repr(text)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
