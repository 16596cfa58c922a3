"""The LineItems of a POSLog's RetailTransaction: items, tenders and coupons.

line         SequenceNumber of the LineItem
kind         Return: return; Sale: sale, and return if its quantity is below nothing; void for
             what VoidFlag or CancelFlag says never was, and for the earlier line it takes back
code         SerialNumber[Type=GTIN], POSIdentity/POSItemID, ItemID: the first that is filled
quantity     Quantity, or its Units where those are weighed; never signed
unit         UnitOfMeasureCode
amount       what was paid for the line. ExtendedAmount is told before discount by some vendors
             and after it by others: where it is quantity x RegularSalesUnitPrice to the cent, it
             is before, and ExtendedDiscountAmount (or all RetailPriceModifiers) is taken off;
             else it is after. Of what comes back, the amount is not signed.
discount     ExtendedDiscountAmount, or all RetailPriceModifiers, or what the actual price is
             below the regular one; and the rewards below
returns      TransactionLink of a Return, or of the whole receipt with the ReasonCode Return
coupon       Tender/Coupon: ScanCode, the tender's Amount. The line's amount stays: it was paid,
             if with paper.
reward       LoyaltyReward: CustomOfferID, or PromotionID; ExtendedRewardAmount, if it is money
             and no points or messages (RewardCategory); the line is that of RewardBasis/ItemID
             or of OperatorSequenceReference. It is a coupon, and lowers what was paid for the
             line, unless the receipt's grand total says that it has done so already. A reward
             told by item and once more as a sum counts by item.
"""

from decimal import Decimal
from typing import Any, NamedTuple

from pos_integration.formats.numbers import number, plain, rounded, tender, tidy, unit
from pos_integration.formats.poslog_elements import Element

_SALES = ("Sale", "SaleForDelivery", "SaleForPickup")
_RETURNS = ("Return", "ReturnForDelivery", "ReturnForPickup")
_GIVEN_BACK = ("refund", "return", "change", "void")
_CODE_LENGTH = 32
_ZERO = Decimal(0)


class Parts(NamedTuple):
    """What the LineItems of one receipt say, under the names of a basket's fields."""

    lines: list[dict[str, Any]]
    coupons: list[dict[str, Any]]
    tenders: list[dict[str, Any]]


def read_lines(retail: Element) -> Parts:
    """Return the items, coupons and tenders of a RetailTransaction."""
    parts = Parts([], [], [])
    marks: dict[str, dict[str, Any]] = {}  # item code or operator sequence -> the first such line
    for place, item in enumerate(retail.each("LineItem"), 1):
        void = item.flag("VoidFlag") or item.flag("CancelFlag")
        what = next(item.each(*_SALES, *_RETURNS), None)
        if what is not None:
            line = _line(_line_number(item, place), what)
            if void:
                _void(line, what, parts.lines)
            else:
                marks.setdefault(line["code"], line)
                if sequence := what.said("OperatorSequence"):
                    marks[f"sequence {sequence}"] = line
            _finish(line)
            parts.lines.append(line)
        elif not void:
            for paid in item.each("Tender"):
                _add_tender(parts, paid)
        for named in _voided_numbers(item):
            for line in parts.lines:
                if line["line"] == named:
                    line["kind"] = "void"
    _link_returns(parts, retail)
    _add_rewards(parts, retail, marks)
    for line in parts.lines:
        line["amount"], line["discount"] = _text(line["amount"]), _text(line["discount"])
    return parts


def reference(link: Element) -> dict[str, Any] | None:
    """Return the receipt, and the line of it, that a TransactionLink names."""
    receipt = link.said("ReceiptNumber") or link.said("SequenceNumber")
    if not receipt:
        return None
    line = link.said("LineItemSequenceNumber")
    said = {
        "receipt": receipt,
        "store": link.said("RetailStoreID") or link.said("BusinessUnit", "UnitID"),
        "till": link.said("WorkstationID"),
        "business_date": link.said("BusinessDayDate")[:10],
        "line": int(line) if _is_whole(line) else None,
    }
    return {name: value for name, value in said.items() if value or name == "line"}


def _line_number(item: Element, place: int) -> int:
    said = item.said("SequenceNumber") or item.attributes.get("SequenceNumber", "")
    return int(said) if _is_whole(said) else place


def _is_whole(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


def _line(line: int, what: Element) -> dict[str, Any]:
    """Return what a Sale or a Return says; amounts as numbers, or as text that is none."""
    quantity, measure = _quantity(what)
    amount, discount = _paid(what, number(quantity))
    item = what.find("ItemID")
    description = what.said("Description") or what.said("ItemDescription")
    if not description and item is not None:
        description = item.attributes.get("Name", "")
    return {
        "line": line,
        "code": _code(what),
        "description": description or None,
        "quantity": quantity,
        "unit": measure,
        "amount": amount,
        "discount": discount,
        "kind": "return" if what.name in _RETURNS else "sale",
        "returns": _returned(what),
    }


def _finish(line: dict[str, Any]) -> None:
    """Take the signs off what comes back: its kind says it."""
    quantity = number(line["quantity"])
    if quantity is not None and quantity < 0:
        if line["kind"] == "sale":
            line["kind"] = "return"
        line["quantity"] = plain(-quantity)
    if line["kind"] != "sale" and isinstance(line["amount"], Decimal):
        line["amount"] = abs(line["amount"])


def _code(what: Element) -> str:
    for serial in what.each("SerialNumber"):
        if serial.attributes.get("Type", "").upper() == "GTIN" and serial.text:
            return serial.text[:_CODE_LENGTH]
    code = what.said("POSIdentity", "POSItemID") or what.said("POSItemID") or what.said("ItemID")
    return code[:_CODE_LENGTH]


def _quantity(what: Element) -> tuple[str, str]:
    """Return how much, as a signed decimal string, and of what unit."""
    quantity = what.find("Quantity")
    if quantity is None:
        return "1", "EA"
    measure = unit(quantity.attributes.get("UnitOfMeasureCode", ""))
    units = quantity.attributes.get("Units", "")
    if measure != "EA" and number(units):
        return tidy(units), measure
    return tidy(quantity.text or "1"), measure


def _amount(what: Element, name: str) -> Decimal | None:
    return number(what.said(name))


def _paid(what: Element, quantity: Decimal | None) -> tuple[Decimal | str, Decimal]:
    """Return what was paid for a line, and what was taken off before; see above."""
    regular, actual = (_amount(what, f"{name}SalesUnitPrice") for name in ("Regular", "Actual"))
    discount = abs(_amount(what, "ExtendedDiscountAmount") or _modifiers(what))
    extended = _amount(what, "ExtendedAmount")
    if extended is None:
        if said := what.said("ExtendedAmount"):
            return said, discount
        price = regular if actual is None else actual
        if price is None or quantity is None:
            return "", discount
        extended = rounded(price * quantity)
        if actual is not None and actual != regular:
            discount = discount or _below(regular, actual, quantity)
            return extended, discount
        return _nearer(extended, discount), discount
    if quantity is not None and regular is not None:
        before = abs(regular * quantity)
        if discount and abs(before - abs(extended)) < Decimal("0.01"):
            return _nearer(extended, discount), discount
        if not discount and actual is not None:
            discount = _below(regular, actual, quantity)
    return extended, discount


def _nearer(amount: Decimal, discount: Decimal) -> Decimal:
    """Take a discount off an amount of either sign."""
    return amount + discount if amount < 0 else amount - discount


def _below(regular: Decimal | None, actual: Decimal, quantity: Decimal) -> Decimal:
    if regular is None or actual >= regular:
        return _ZERO
    return rounded((regular - actual) * abs(quantity))


def _modifiers(what: Element) -> Decimal:
    """Return what all changes of a line's price took off together."""
    total = _ZERO
    for modifier in what.each("RetailPriceModifier"):
        amount = modifier.find("Amount")
        value = number(amount.text) if amount is not None else None
        if amount is None or value is None or modifier.flag("VoidFlag"):
            continue
        action = amount.attributes.get("Action", "Subtract").lower()
        total += {"subtract": abs(value), "add": -abs(value)}.get(action, _ZERO)
    return max(total, _ZERO)


def _returned(what: Element) -> dict[str, Any] | None:
    link = what.find("TransactionLink") or what.find("Disposal", "TransactionLink")
    return reference(link) if link is not None else None


def _link_returns(parts: Parts, retail: Element) -> None:
    """Give the lines that come back the original that is named once for all of them."""
    for link in retail.each("TransactionLink"):
        reason = link.attributes.get("ReasonCode") or link.said("ReasonCode")
        if reason.lower().startswith("return"):
            for line in parts.lines:
                if line["kind"] == "return" and line["returns"] is None:
                    line["returns"] = reference(link)


def _void(line: dict[str, Any], what: Element, earlier: list[dict[str, Any]]) -> None:
    """Mark a line that never was; if it takes back an earlier one by its sign, that too."""
    line["kind"] = "void"
    amount, quantity = line["amount"], number(line["quantity"])
    is_reversal = quantity is not None and quantity < 0
    if isinstance(amount, Decimal) and amount < 0:
        is_reversal = True
    if not is_reversal or _voided_numbers_in(what):
        return
    for other in reversed(earlier):
        same = isinstance(amount, Decimal) and isinstance(other["amount"], Decimal)
        if other["kind"] != "void" and other["code"] == line["code"]:
            if same and abs(other["amount"]) != abs(amount):
                continue
            other["kind"] = "void"
            return


_NAMES_OF_VOIDED = (
    "VoidedLineItemSequenceNumber",
    "VoidsLineItemSequenceNumber",
    "VoidedSequenceNumber",
)


def _voided_numbers(item: Element) -> set[int]:
    """Return the numbers of the lines that a LineItem says it takes back."""
    found = _voided_numbers_in(item)
    for what in item.each(*_SALES, *_RETURNS):
        found |= _voided_numbers_in(what)
    return found


def _voided_numbers_in(place: Element) -> set[int]:
    said = [child.text for child in place.each(*_NAMES_OF_VOIDED)]
    for void in place.each("Void", "LineItemVoid", "VoidedLineItem"):
        said += [
            child.text
            for child in void.each("SequenceNumber", "LineItemSequenceNumber", *_NAMES_OF_VOIDED)
        ]
        said.append(void.text)
    return {int(text) for text in said if _is_whole(text)}


def _add_tender(parts: Parts, paid: Element) -> None:
    kind = tender(paid.attributes.get("TenderType", "") or paid.said("TenderType"))
    amount = paid.said("Amount") or "0"
    value = number(amount)
    if value is not None:
        if paid.attributes.get("TypeCode", "").lower() in _GIVEN_BACK:
            value = -abs(value)
        amount = plain(value)
    parts.tenders.append({"kind": kind, "amount": amount})
    for change in paid.each("TenderChange"):
        value = _amount(change, "Amount")
        if value:
            parts.tenders.append({"kind": "cash", "amount": plain(-abs(value))})
    for coupon in paid.each("Coupon"):
        names = ("ScanCode", "PrimaryLabel", "CouponID", "SerialNumber")
        code = next((said for name in names if (said := coupon.said(name))), "")
        if code:
            off = plain(abs(value)) if value is not None else amount
            parts.coupons.append({"code": code, "amount": off, "line": None})


def _add_rewards(parts: Parts, retail: Element, marks: dict[str, dict[str, Any]]) -> None:
    """Add the coupons that a loyalty system took off, and lower their lines."""
    rewards = []
    for item in retail.each("LineItem"):
        if not (item.flag("VoidFlag") or item.flag("CancelFlag")):
            rewards += [found for found in item.each("LoyaltyReward") if _is_money(found)]
    by_item = {
        reward.said("PromotionID") for reward in rewards if not reward.flag("summarizedActivity")
    }
    is_in_lines = _sums_up(retail, parts.lines)
    for reward in rewards:
        if reward.flag("summarizedActivity") and reward.said("PromotionID") in by_item:
            continue
        amount = abs(_amount(reward, "ExtendedRewardAmount") or _ZERO)
        offer = reward.said("CustomOfferID")
        code = offer if offer.strip("0 ") else reward.said("PromotionID")
        line = _line_of(reward, marks)
        if not code or not amount:
            continue
        if line is not None and line["kind"] == "sale" and not is_in_lines:
            if isinstance(line["amount"], Decimal):
                line["amount"] -= amount
            line["discount"] += amount
        number_of_line = line["line"] if line is not None else None
        parts.coupons.append({"code": code, "amount": plain(amount), "line": number_of_line})


def _sums_up(retail: Element, lines: list[dict[str, Any]]) -> bool:
    """Whether the lines are worth the grand total as they are, with or without tax."""
    totals = {
        total.attributes.get("TotalType"): number(total.text) for total in retail.each("Total")
    }
    grand = totals.get("TransactionGrandAmount")
    if grand is None:
        return False
    signs = {"sale": 1, "return": -1, "void": 0}
    worth = [
        signs[line["kind"]] * line["amount"]
        for line in lines
        if isinstance(line["amount"], Decimal)
    ]
    tax = totals.get("TransactionTaxAmount") or _ZERO
    return sum(worth, _ZERO) in (grand, grand - tax)


def _is_money(reward: Element) -> bool:
    return reward.said("RewardCategory").lower() in ("", "monetary")


def _line_of(reward: Element, marks: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    sequence = reward.said("OperatorSequenceReference")
    if line := marks.get(f"sequence {sequence}"):
        return line
    for path in (("ItemID",), ("POSIdentity", "POSItemID"), ("POSItemID",)):
        if line := marks.get(reward.said("RewardBasis", *path)):
            return line
    return None


def _text(amount: Decimal | str) -> str:
    return plain(amount) if isinstance(amount, Decimal) else amount
