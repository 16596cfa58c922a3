"""Scale labels: which item a code with its price or weight in it names, and what it says."""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from biip.checksums import gs1_price_weight_check_digit

from pos_integration import gtin

_PATTERN = re.compile(r"(2[0-9]{0,3})(I+)(V?)(P{3,6}|W{3,6})C")
_LENGTHS = (12, 13)  # UPC-A, EAN-13
_VERIFIED = (4, 5)  # digits for which GS1 defines a verifier


class ScaleError(ValueError):
    """A label or a layout that cannot be what it looks like; the message says why."""


class Layout(NamedTuple):
    """Where a scale writes what: 2112345928753 is read by `21IIIIIVPPPPC`.

    Fixed digits, I for the item, V for the verifier of what follows, P for the price or W for
    the weight, C for the check digit; 13 places for EAN-13, 12 for UPC-A.
    """

    pattern: str
    decimals: int  # of the price in store currency, or of the weight in kilograms


class ScaleCode(NamedTuple):
    """What a scale label says. One of price and weight is None."""

    item: str  # the digits of the item as they stand there
    code: str  # the label with nothing in the place of price or weight: the same at any price
    gtin: str  # of that, 14 digits
    price: Decimal | None  # store currency, for the whole piece
    weight: Decimal | None  # kilograms


class _Places(NamedTuple):
    fixed: str
    item: slice
    verifier: int | None
    measure: slice
    is_price: bool
    length: int


@lru_cache(maxsize=1_000)
def _places(pattern: str) -> _Places:
    """Raises ScaleError for a pattern that is none."""
    match = _PATTERN.fullmatch(pattern)
    if match is None:
        raise ScaleError(
            f"'{pattern}' is no layout: fixed digits beginning with 2, I for the item, V for the "
            "verifier, 3 to 6 P for the price or W for the weight, and C for the check digit, "
            "in this order, are wanted, as in 21IIIIIVPPPPC"
        )
    if len(pattern) not in _LENGTHS:
        raise ScaleError(
            f"'{pattern}' has {len(pattern)} places, not 13 for EAN-13 or 12 for UPC-A"
        )
    if match[3] and len(match[4]) not in _VERIFIED:
        raise ScaleError(
            f"'{pattern}' has a verifier of {len(match[4])} digits: GS1 defines one for 4 and 5"
        )
    return _Places(
        match[1],
        slice(*match.span(2)),
        match.start(3) if match[3] else None,
        slice(*match.span(4)),
        match[4][0] == "P",
        len(pattern),
    )


def check_layout(layout: Layout, others: Collection[Layout] = ()) -> None:
    """Raise ScaleError if `layout` cannot be read, or could not be told from one of `others`.

    Layouts of one length whose fixed digits are the same are one too many; where one's are only
    the beginning of the other's, the longer goes first.
    """
    mine = _places(layout.pattern)
    for other in others:
        its = _places(other.pattern)
        if (its.fixed, its.length) == (mine.fixed, mine.length):
            raise ScaleError(
                f"'{layout.pattern}' begins with {mine.fixed} as '{other.pattern}' does: "
                "a label could be read either way"
            )


def is_shaped(code: str) -> bool:
    """Whether a scanned text has the look of a scale label, whatever the layouts."""
    return (
        code.startswith(("2", "02"))
        and len(code) in _LENGTHS
        and (code[0] == "2" or len(code) == 13)
        and code.isascii()
        and code.isdigit()
    )


def read(code: str, layouts: Sequence[Layout]) -> ScaleCode | None:
    """Return what the label `code` says, or None where no layout is for it.

    layouts: a store's own before those of every store. The one with the most fixed digits counts,
    of several the first. A UPC-A label may come with the zero that makes it EAN-13. Raises
    ScaleError for a wrong check digit or verifier, and for a layout that is none.

    >>> read("2112345928753", [Layout("21IIIIIVPPPPC", 2)])  # doctest: +NORMALIZE_WHITESPACE
    ScaleCode(item='12345', code='2112345000008', gtin='02112345000008', price=Decimal('28.75'),
              weight=None)
    """
    if not is_shaped(code):
        return None
    code = code.removeprefix("0")
    found: tuple[_Places, Layout] | None = None
    for layout in layouts:
        places = _places(layout.pattern)
        if (
            len(code) == places.length
            and code.startswith(places.fixed)
            and (found is None or len(places.fixed) > len(found[0].fixed))
        ):
            found = places, layout
    return None if found is None else _read(code, *found)


def _read(code: str, places: _Places, layout: Layout) -> ScaleCode:
    if code[-1] != (wanted := gtin.check_digit(code[:-1])):
        raise ScaleError(f"'{code}' ends in {code[-1]}, not {wanted}")
    digits = code[places.measure]
    empty = "0" * len(digits)
    body = f"{code[: places.measure.start]}{empty}"
    if places.verifier is not None:
        verifier = code[places.verifier]
        # GS1 General Specifications, 7.9.2 to 7.9.4.
        if verifier != (wanted := str(gs1_price_weight_check_digit(digits))):
            what = "price" if places.is_price else "weight"
            raise ScaleError(
                f"'{code}' says {verifier} for the verifier of the {what} {digits}, not {wanted}"
            )
        body = f"{code[: places.verifier]}{gs1_price_weight_check_digit(empty)}{empty}"
    bare = f"{body}{gtin.check_digit(body)}"
    measure = Decimal(digits).scaleb(-layout.decimals)
    return ScaleCode(
        code[places.item],
        bare,
        bare.zfill(14),
        measure if places.is_price else None,
        None if places.is_price else measure,
    )
