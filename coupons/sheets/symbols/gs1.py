"""What stands in a coupon's barcode by GS1's rules, put together and taken apart.

An element string is written as GS1 prints it, "(255)9501101530003000000000042": an application
identifier in brackets, then its value. GS1 General Specifications, section 3; the digits of the
coupon of North America (8110) and of the positive offer file (8112) are read in offers.py.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer
from pos_integration.gtin import check_digit

SERIAL_DIGITS: Final = 12
SEPARATOR: Final = "\x1d"  # FNC1 as scanners send it: ends an element of variable length

_BRACKETED: Final = re.compile(r"(?:\([0-9]{2,4}\)[!-'*-~]+)+")
_GCN: Final = re.compile(r"([0-9]{13})([0-9]{0,12})")
_LINK: Final = re.compile(
    r"https?://[^/?#\s]+(?:/[^/?#\s]+)*/255/([0-9]{13,25})/?(?:[?#]\S*)?", re.IGNORECASE
)
_IDENTIFIER: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # of the symbology, sent by scanners

# By their first two digits: how long an identifier is, and its value where GS1 says so beforehand.
_IDENTIFIER_DIGITS: Final = {
    **{f"{number:02}": 2 for number in (*range(4), *range(10, 23), 30, 37, *range(90, 100))},
    **{f"{number:02}": 3 for number in (23, 24, 25, 40, 41, 42)},
    **{f"{number:02}": 4 for number in (*range(31, 37), 39, 43, 70, 72, 80, 81, 82)},
    "71": 3,
}
_VALUE_LENGTHS: Final = {
    "00": 18,
    **dict.fromkeys(("01", "02", "03"), 14),
    **{f"{number}": 6 for number in range(11, 20)},
    "20": 2,
    **{f"{number}": 6 for number in range(31, 37)},
    "41": 13,
}
_DECIMALS: Final = {"981": 1, "982": 2}  # of the value in an EAN-13 coupon


def gcn(company_prefix: str, reference: str) -> str:
    """Return the global coupon number of an offer: 13 digits, check digit included.

    Raises ValueError unless prefix and reference make 12 digits.
    """
    return _thirteen(company_prefix + reference, "a global coupon number")


def ean13(prefix: str, reference: str, value_cents: int | None = None) -> str:
    """Return the 13 digits of an EAN-13 coupon, check digit included.

    With prefix 981 or 982 the last three digits before the check digit are what the coupon is
    worth, with one or two decimals (981: up to 99.90 in steps of 10 cents, 982: up to 9.99);
    None stands for goods that are free, and is written 000. No other prefix says a value.

    Raises ValueError unless prefix, reference and value make 12 digits, and for a value that
    the prefix cannot say.
    """
    decimals = _DECIMALS.get(prefix[:3])
    if decimals is None:
        if value_cents is not None:
            raise ValueError(f"an EAN-13 coupon that begins with {prefix[:3]} says no value")
        return _thirteen(prefix + reference, "an EAN-13 coupon")
    units, rest = divmod(value_cents or 0, 10 ** (2 - decimals))
    if rest or not 0 <= units <= 999:
        raise ValueError(f"three digits with {decimals} decimals cannot say {value_cents} cents")
    return _thirteen(f"{prefix}{reference}{units:03}", "an EAN-13 coupon")


def _thirteen(body: str, what: str) -> str:
    if not (len(body) == 12 and body.isascii() and body.isdigit()):
        raise ValueError(f"{what} needs 12 digits before its check digit, not {body!r}")
    return body + check_digit(body)


def ai_255(number: str, serial: str = "") -> str:
    """Return the element string of a global coupon number and its serial of up to 12 digits.

    Raises ValueError for a number without its right check digit, or a serial of other characters.
    """
    text = number + serial
    _check_gcn(text)
    if len(number) != 13:
        raise ValueError(f"a global coupon number has 13 digits, unlike {number!r}")
    return f"(255){text}"


def ai_8110(coupon: NorthAmerican) -> str:
    """Return the element string of a coupon of North America."""
    return f"(8110){coupon.to_text()}"


def ai_8112(offer: PositiveOffer) -> str:
    """Return the element string of one use of a positive offer."""
    return f"(8112){offer.to_text()}"


def digital_link(home: str, number: str, serial: str = "") -> str:
    """Return the GS1 Digital Link of a coupon below `home`, such as https://id.example.com.

    Raises ValueError as ai_255 does, and for a home that is no address of the web.
    """
    link = f"{home.rstrip('/')}/255/{ai_255(number, serial)[5:]}"
    if not _LINK.fullmatch(link):
        raise ValueError(f"{home!r} is no address of the web")
    return link


def elements(text: str) -> list[tuple[str, str]]:
    """Return identifiers and values of an element string with its brackets.

    Raises ValueError for what is no element string, and for a coupon that cannot be.
    """
    if not _BRACKETED.fullmatch(text):
        raise ValueError(f"{text!r} is no element string such as (255)9501101530003")
    found = []
    for part in text[1:].split("("):
        identifier, _, value = part.partition(")")
        check = _CHECKS.get(identifier)
        if check is not None:
            check(value)
        found.append((identifier, value))
    return found


def unbracketed(text: str) -> str:
    """Return an element string as a barcode carries it: no brackets, FNC1 where it must be.

    Raises ValueError as elements does.
    """
    carried = ""
    ends_itself = False
    for identifier, value in elements(text):
        if carried and not ends_itself:
            carried += SEPARATOR
        carried += identifier + value
        ends_itself = identifier[:2] in _VALUE_LENGTHS
    return carried


def bracketed(carried: str) -> str:
    """Return the element string that a barcode carried. Raises ValueError for an unknown one."""
    parts = []
    rest = carried.removeprefix(SEPARATOR)
    while rest:
        digits = _IDENTIFIER_DIGITS.get(rest[:2])
        if digits is None:
            raise ValueError(f"{rest[:4]!r} begins no element of GS1")
        identifier, rest = rest[:digits], rest[digits:]
        length = _VALUE_LENGTHS.get(identifier[:2])
        if length is None:
            value, _, rest = rest.partition(SEPARATOR)
        else:
            value, rest = rest[:length], rest[length:].removeprefix(SEPARATOR)
        parts.append(f"({identifier}){value}")
    text = "".join(parts)
    elements(text)
    return text


@dataclass(frozen=True, slots=True)
class Scanned:
    """A coupon as a till's scanner read it.

    kind is an application identifier ("255", "8110", "8112") or "ean"; gcn the 13 digits of a
    global coupon number or an EAN-13; company_prefix and reference (the offer code) what names an
    offer by 8110 and 8112; serial what tells one coupon from the others of its offer; payload
    the same for every way of scanning one coupon: an element string, or the 13 digits.
    """

    kind: str
    payload: str
    gcn: str = ""
    company_prefix: str = ""
    reference: str = ""
    serial: int | None = None


def parse(scanned: str) -> Scanned | None:
    """Return which coupon of GS1 a scanner read, or None where it is none or a broken one.

    Understood are what scanners send before the data (]C1, ]e0, ]d2, ]Q1, ]Q3, ]E0 ...), FNC1 as
    \\x1d, element strings with and without brackets, Digital Links on any host, and the 13 digits
    of an EAN-13.
    """
    text = scanned.strip()
    identifier = _IDENTIFIER.match(text)
    if identifier:
        text = text[identifier.end() :]
    link = _LINK.fullmatch(text)
    try:
        if link:
            return _coupon(elements(f"(255){link[1]}"))
        if text.startswith("("):
            return _coupon(elements(text))
        if len(text) == 13 and text.isascii() and text.isdigit():
            return Scanned("ean", text, text) if check_digit(text[:-1]) == text[-1] else None
        return _coupon(elements(bracketed(text)))
    except ValueError:
        return None


def _coupon(found: list[tuple[str, str]]) -> Scanned | None:
    """Return the coupon among an element string's elements."""
    for identifier, value in found:
        payload = f"({identifier}){value}"
        if identifier == "255":
            serial = value[13:]
            return Scanned("255", payload, value[:13], serial=int(serial) if serial else None)
        if identifier == "8110":
            coupon = NorthAmerican.from_text(value)
            return Scanned(
                "8110",
                payload,
                company_prefix=coupon.company_prefix,
                reference=coupon.offer_code,
                serial=int(coupon.serial) if coupon.serial else None,
            )
        if identifier == "8112":
            offer = PositiveOffer.from_text(value)
            return Scanned(
                "8112",
                payload,
                company_prefix=offer.funder,
                reference=offer.offer_code,
                serial=int(offer.serial),
            )
    return None


def _check_gcn(value: str) -> None:
    found = _GCN.fullmatch(value)
    if found is None:
        raise ValueError(f"{value!r} is not 13 digits and a serial number of up to 12")
    wanted = _remembered_check_digit(value[:12])
    if value[12] != wanted:
        raise ValueError(f"{value[:13]!r} ends in {value[12]}, not {wanted}")


_remembered_check_digit: Final = lru_cache(maxsize=4096)(check_digit)  # offers are few
_CHECKS: Final = {
    "255": _check_gcn,
    "8110": NorthAmerican.from_text,
    "8112": PositiveOffer.from_text,
}
