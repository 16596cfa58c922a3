"""Numbers as other systems write them: read exactly, told as the decimal strings of a basket."""

import re
from decimal import ROUND_HALF_UP, Decimal

from pos_integration import money

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,20}(?:\.[0-9]{0,20})?|\.[0-9]{1,20})", re.ASCII)


def number(text: str) -> Decimal | None:
    """Return the value of a decimal number, or None if `text` is none."""
    text = text.strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def plain(value: Decimal) -> str:
    """Return `value` in digits, without zeros that say nothing.

    >>> plain(Decimal("26.990")), plain(Decimal("1E+2")), plain(Decimal("-0.00"))
    ('26.99', '100', '0')
    """
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tidy(text: str) -> str:
    """Return a number without zeros that say nothing, and what is no number as it is."""
    value = number(text)
    return text if value is None else plain(value)


def rounded(value: Decimal, places: int = 2) -> Decimal:
    """Return `value` with so many decimals, halves away from nothing, as tills round."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def from_minor(amount: int, currency: str) -> str:
    """Return an amount in a currency's smallest unit (cents, yen) as a decimal string.

    >>> from_minor(199, "USD"), from_minor(199, "JPY"), from_minor(199, "KWD")
    ('1.99', '199', '0.199')
    """
    places = 3 if currency in money.WITH_MILLS else money.digits(currency)
    return plain(Decimal(amount).scaleb(-places))


# Codes of UN/ECE Recommendation 20 for the units that tills name in words of their own.
_UNITS = {
    **dict.fromkeys(("", "EA", "EACH", "PC", "PCE", "PCS", "PIECE", "C62", "H87", "UNIT"), "EA"),
    **dict.fromkeys(("KG", "KGM", "KGS", "KILO", "KILOGRAM", "KILOGRAMS"), "KGM"),
    **dict.fromkeys(("G", "GR", "GRM", "GRAM", "GRAMS"), "GRM"),
    **dict.fromkeys(("LB", "LBS", "LBR", "POUND", "POUNDS"), "LBR"),
    **dict.fromkeys(("OZ", "ONZ", "OUNCE", "OUNCES"), "ONZ"),
    **dict.fromkeys(("L", "LT", "LTR", "LITER", "LITRE", "LITERS", "LITRES"), "LTR"),
    **dict.fromkeys(("ML", "MLT", "MILLILITER", "MILLILITRE"), "MLT"),
    **dict.fromkeys(("M", "MTR", "METER", "METRE"), "MTR"),
}


def unit(word: str) -> str:
    """Return the code of up to 3 letters for a unit of measure; pieces where none is named."""
    word = word.strip().upper()
    return _UNITS.get(word, word[:3])


_TENDERS = {
    **dict.fromkeys(("cash", "change", "rounding"), "cash"),
    **dict.fromkeys(
        ("card", "credit", "debit", "creditdebit", "creditcard", "debitcard", "nonintegratedcard"),
        "card",
    ),
    **dict.fromkeys(("check", "cheque", "travelerscheck"), "check"),
    **dict.fromkeys(
        ("coupon", "manufacturercoupon", "vendorcoupon", "storecoupon", "electroniccoupon"),
        "coupon",
    ),
    **dict.fromkeys(
        ("voucher", "giftcard", "giftcertificate", "storecredit", "squaregiftcard", "storedvalue"),
        "voucher",
    ),
    **dict.fromkeys(("ebt", "foodstamps", "electronicbenefits", "wic", "snap"), "ebt"),
    **dict.fromkeys(("account", "customeraccount", "houseaccount", "onaccount"), "account"),
    **dict.fromkeys(("loyalty", "loyaltypoints", "points"), "points"),
    **dict.fromkeys(("wallet", "mobile", "mobilepayment"), "wallet"),
}


def tender(word: str) -> str:
    """Return our word for how it was paid, or the system's own in small letters, cut to 20.

    >>> tender("CreditDebit"), tender("Manufacturer Coupon"), tender("Pfandbon"), tender("")
    ('card', 'coupon', 'pfandbon', 'other')
    """
    word = re.sub(r"[^\w]|_", "", word).lower()
    return _TENDERS.get(word) or word[:20] or "other"
