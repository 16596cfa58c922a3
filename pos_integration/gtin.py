"""Item numbers: check digits, the 14-digit form that is stored, and the chain's own numbers."""

from functools import lru_cache

LENGTHS = (8, 12, 13, 14)
IN_HOUSE_DIGITS = 10  # what fits between the prefix 20 and the check digit


class GtinError(ValueError):
    """A number that cannot be what it looks like; the message says what was found and wanted."""


def check_digit(body: str) -> str:
    """Return the digit that belongs after `body`, which holds digits only.

    >>> check_digit("400638133393")
    '1'
    """
    weighted = (int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return str(-sum(weighted) % 10)


def is_shaped(text: str) -> bool:
    """Whether `text` has the look of a scanned GTIN or UPC-E, right or wrong."""
    return len(text) in LENGTHS and text.isascii() and text.isdigit()


@lru_cache(maxsize=200_000)
def normal_form(text: str) -> str:
    """Return the GTIN-14 of a scanned GTIN-8, UPC-E, UPC-A, EAN-13 or GTIN-14.

    Eight digits after a 0 are read as UPC-E where its check digit is right: GTIN-8 gives that
    prefix to nobody. Raises GtinError.

    >>> normal_form("04252614")  # UPC-E
    '00042100005264'
    """
    if not is_shaped(text):
        raise GtinError(f"'{text}' is not 8, 12, 13 or 14 digits")
    if len(text) == 8 and text[0] == "0":
        upc_a = expand_upc_e(text)
        if check_digit(upc_a[:-1]) == text[-1]:
            return upc_a.zfill(14)
    wanted = check_digit(text[:-1])
    if text[-1] != wanted:
        raise GtinError(f"'{text}' ends in {text[-1]}, not {wanted}")
    return text.zfill(14)


def expand_upc_e(text: str) -> str:
    """Return the 12 digits of UPC-A that 8 digits of UPC-E stand for; the check digit is kept."""
    system, body, check = text[0], text[1:7], text[7]
    last = body[5]
    if last in "012":
        middle = body[:2] + last + "0000" + body[2:5]
    elif last == "3":
        middle = body[:3] + "00000" + body[3:5]
    elif last == "4":
        middle = body[:4] + "00000" + body[4]
    else:
        middle = body[:5] + "0000" + last
    return system + middle + check


@lru_cache(maxsize=200_000)
def in_store(code: str) -> str:
    """Return the restricted-circulation GTIN-14 of the chain's own number, up to 10 digits.

    It means this item inside the chain only. Raises GtinError.

    >>> in_store("1095275")
    '02000010952755'
    """
    if not (code.isascii() and code.isdigit() and len(code) <= IN_HOUSE_DIGITS):
        raise GtinError(f"'{code}' is not a number of up to {IN_HOUSE_DIGITS} digits")
    body = "20" + code.zfill(IN_HOUSE_DIGITS)
    return f"0{body}{check_digit(body)}"


def has_in_store_number(code: str) -> bool:
    """Whether `code` is short enough to become a restricted-circulation number."""
    return 0 < len(code) <= IN_HOUSE_DIGITS and code.isascii() and code.isdigit()


def is_restricted(gtin: str) -> bool:
    """Whether a GTIN-14 means something inside one chain only: prefixes 20-29, 02 and 04.

    >>> is_restricted(in_store("1095275")), is_restricted("04006381333931")
    (True, False)
    """
    return gtin.startswith(("02", "002", "004")) or gtin[:7] in ("0000000", "0000002")
