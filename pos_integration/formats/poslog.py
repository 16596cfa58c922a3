"""ARTS/NRF POSLog XML, versions 2 to 6, of any vendor.

Elements are known by their local names, wherever a vendor's namespace puts them:

store          RetailStoreID, or BusinessUnit/UnitID
till           WorkstationID
receipt        ReceiptNumber, or SequenceNumber
business_date  BusinessDayDate; left to the store's day of `ended_at` where there is none
ended_at       EndDateTime, ReceiptDateTime, POSLogDateTime, BeginDateTime: the first that is there
currency       CurrencyCode, or the Currency of an amount; XXX says none
card           LoyaltyMembership/LoyaltyID, LoyaltyAccount/LoyaltyCard/PrimaryAccountNumber,
               Customer/CustomerID: the first that is filled
kind           void for a PostVoid or a TransactionLink that voids, return if all items come back
lines          LineItem with Sale or Return: see `poslog_lines`
tenders        LineItem with Tender; money given back is less than nothing
coupons        Tender/Coupon, and each LoyaltyReward that took money off

No sales, and skipped: training, cancelled, suspended, and whatever is no RetailTransaction.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pos_integration.formats.entries import LONGEST_BASKET, Entry, Source, converted, too_long
from pos_integration.formats.poslog_elements import MOST_ELEMENTS, Element, transactions
from pos_integration.formats.poslog_lines import read_lines, reference

_CANCELLED = ("voided", "canceled", "cancelled", "suspendeddeleted")
_VOIDS = ("postvoid", "postvoided", "void", "voided", "voidtransaction", "postvoidtransaction")
_VOID_ELEMENTS = ("PostVoid", "PostVoidTransaction", "VoidTransaction")
_TYPES = ("TransactionType", "TransactionTypeCode", "TypeCode")
_OTHERS = ("ControlTransaction", "TenderControlTransaction")
_TIMES = ("EndDateTime", "ReceiptDateTime", "POSLogDateTime", "BeginDateTime")
_CARDS = (
    ("LoyaltyMembership", "LoyaltyID"),
    ("LoyaltyAccount", "LoyaltyCard", "PrimaryAccountNumber"),
    ("Customer", "CustomerID"),
)


def read(source: Source) -> Iterator[Entry]:
    """Yield an entry for every Transaction of a POSLog."""
    for position, (raw, transaction) in enumerate(transactions(source)):
        if transaction is None:
            yield too_long(position, raw, f"{LONGEST_BASKET} bytes or {MOST_ELEMENTS} elements")
        elif reason := _no_sale(transaction):
            yield Entry(position, raw, None, None, reason)
        else:
            yield converted(position, raw, _basket(transaction))


def _no_sale(transaction: Element) -> str:
    """Return why a transaction is no sale, or "" if it is one."""
    if transaction.flag("TrainingModeFlag"):
        return "training"
    if transaction.flag("CancelFlag"):
        return "cancelled"
    retail = _retail(transaction)
    if retail is None:
        other = transaction.find(*_OTHERS[:1]) or transaction.find(*_OTHERS[1:])
        if other is not None:
            what = next((child.name for child in other.children if child.children), other.name)
            return _words(what)
        kinds = [child.name for child in transaction.children if child.name.endswith("Transaction")]
        return _words(kinds[0]) if kinds else "no retail transaction"
    status = _status(transaction)
    if status == "suspended":
        return "suspended"
    if status in _CANCELLED and _voided(transaction) is None:
        return "cancelled"
    return ""


def _words(name: str) -> str:
    """Return the words of a name such as OperatorSignOn, in small letters."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()[:80]


def _retail(transaction: Element) -> Element | None:
    found = transaction.find("RetailTransaction")
    return found or next(transaction.each(*_VOID_ELEMENTS), None)


def _status(transaction: Element) -> str:
    """The status of a transaction in small letters; vendors say it in one of four places."""
    for place in (transaction, transaction.find("RetailTransaction")):
        if place is not None:
            said = place.attributes.get("TransactionStatus") or place.said("TransactionStatus")
            if said:
                return said.lower()
    return ""


def _basket(transaction: Element) -> dict[str, Any]:
    """Return what a transaction says, under the names of a basket's fields."""
    retail = _retail(transaction)
    assert retail is not None
    places = (transaction, retail)
    parts = read_lines(retail)
    return {
        "store": transaction.said("RetailStoreID") or transaction.said("BusinessUnit", "UnitID"),
        "till": transaction.said("WorkstationID") or None,
        "business_date": _date(_first(places, ("BusinessDayDate",))),
        "receipt": _first(places, ("ReceiptNumber", "SequenceNumber")),
        "ended_at": _time(_first(places, _TIMES)),
        "kind": _kind(transaction, parts.lines),
        "card": _card(retail),
        "currency": _currency(transaction, retail),
        "lines": parts.lines,
        "coupons": parts.coupons,
        "tenders": parts.tenders,
        "voids": _voided(transaction),
    }


def _first(places: tuple[Element, ...], names: tuple[str, ...]) -> str:
    """Return the first text under one of `names`, the better name before the better place."""
    return next((said for name in names for place in places if (said := place.said(name))), "")


def _date(text: str) -> str | None:
    """Return the day of an XML date, which may have a zone or a time behind it."""
    return text[:10] if re.match(r"\d{4}-\d\d-\d\d([TZ+-]|$)", text) else text or None


def _time(text: str) -> datetime | str | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text or None


def _kind(transaction: Element, lines: list[dict[str, Any]]) -> str:
    if _voided(transaction) is not None or _is_post_void(transaction):
        return "void"
    kinds = {line["kind"] for line in lines} - {"void"}
    return "return" if kinds == {"return"} else "sale"


def _is_post_void(transaction: Element) -> bool:
    if _status(transaction) in ("postvoid", "postvoided"):
        return True
    for place in (transaction, transaction.find("RetailTransaction")):
        if place is None:
            continue
        if next(place.each(*_VOID_ELEMENTS), None) is not None:
            return True
        if any(place.attributes.get(name, "").lower() in _VOIDS for name in _TYPES):
            return True
    return False


def _voided(transaction: Element) -> dict[str, Any] | None:
    """Return the receipt that a transaction takes back as a whole, if it names one."""
    is_void = _is_post_void(transaction)
    for place in (transaction, *transaction.each("RetailTransaction", *_VOID_ELEMENTS)):
        for holder in (place, *place.each(*_VOID_ELEMENTS)):
            for link in holder.each("TransactionLink"):
                reason = link.attributes.get("ReasonCode") or link.said("ReasonCode")
                if is_void or reason.lower() in _VOIDS:
                    return reference(link)
    return None


def _card(retail: Element) -> str | None:
    """Return the loyalty card; a number of zeros only fills a field that has to be there."""
    items = list(retail.each("LineItem"))
    for path in _CARDS:
        for place in (retail, *items):
            said = place.said(*path)
            if said.strip("0 "):
                return said
    return None


def _currency(transaction: Element, retail: Element) -> str | None:
    """Return the one currency that is named first."""
    said = _first((transaction, retail), ("CurrencyCode",))
    amounts = [*retail.each("Total")]
    for item in retail.each("LineItem"):
        for what in item.each("Sale", "Return", "Tender"):
            amounts += what.each("ExtendedAmount", "Amount")
    named = [said] + [
        amount.attributes.get("Currency") or amount.attributes.get("CurrencyCode", "")
        for amount in amounts
    ]
    return next((code for code in named if code not in ("", "XXX")), None)
