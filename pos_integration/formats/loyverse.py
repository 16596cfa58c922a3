"""Loyverse: `{"receipts": [...]}`, as its API answers for receipts.

Loyverse writes amounts as JSON numbers in whole units of money: they are read exactly. Times are
UTC. Amounts of a refund are not signed.

store          store_id
till           pos_device_id
receipt        receipt_number: `refund_for` names receipts by it
ended_at       receipt_date, or created_at; no trading day is told
kind           REFUND: return
card           customer_id
lines          line_items: sku, variant_id or item_id. The amount is gross_total_money less
               total_discount: with tax where prices are told with tax
returns        refund_for
tenders        payments; less than nothing for a refund

A receipt that was cancelled becomes a void of the receipt that it was, under that number and
"/v".
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from pos_integration.formats import vendors
from pos_integration.formats.entries import Entry, Source
from pos_integration.formats.numbers import plain, rounded, tender

_ZERO = Decimal(0)


class _Item(Struct):
    quantity: Decimal
    sku: str | None = None
    item_id: str | None = None
    variant_id: str | None = None
    item_name: str | None = None
    gross_total_money: Decimal | None = None
    total_money: Decimal | None = None
    total_discount: Decimal | None = None


class _Payment(Struct):
    money_amount: Decimal
    type: str | None = None
    name: str | None = None


class _Receipt(Struct):
    receipt_number: str
    receipt_type: Literal["SALE", "REFUND"]
    store_id: str
    refund_for: str | None = None
    pos_device_id: str | None = None
    customer_id: str | None = None
    receipt_date: str | None = None
    created_at: str | None = None
    cancelled_at: str | None = None
    line_items: list[_Item] | None = None
    payments: list[_Payment] | None = None


def read(source: Source) -> Iterator[Entry]:
    """Yield an entry for every receipt."""
    return vendors.read(source, "receipts", _Receipt, _tell)


def _tell(receipt: _Receipt) -> Iterator[vendors.Told]:
    is_refund = receipt.receipt_type == "REFUND"
    said = {
        "store": receipt.store_id,
        "till": receipt.pos_device_id,
        "business_date": None,
        "receipt": receipt.receipt_number,
        "ended_at": receipt.receipt_date or receipt.created_at,
        "kind": "return" if is_refund else "sale",
        "card": vendors.short_id(receipt.customer_id) if receipt.customer_id else None,
        "lines": [
            _line(place, item, receipt) for place, item in enumerate(receipt.line_items or (), 1)
        ],
        "tenders": [
            {
                "kind": tender(paid.type or paid.name or ""),
                "amount": plain(-abs(paid.money_amount) if is_refund else paid.money_amount),
            }
            for paid in receipt.payments or ()
        ],
    }
    yield vendors.taken_back(said) if receipt.cancelled_at else said


def _line(number: int, item: _Item, receipt: _Receipt) -> vendors.Said:
    off = item.total_discount or _ZERO
    gross = item.gross_total_money
    paid = (item.total_money or _ZERO) if gross is None else gross - off
    is_refund = receipt.receipt_type == "REFUND"
    comes_back = is_refund or item.quantity < 0
    if comes_back:
        paid, off = abs(paid), abs(off)
    original = receipt.refund_for if is_refund else None
    return {
        "line": number,
        "code": vendors.code(item.sku, item.variant_id, item.item_id),
        "description": item.item_name,
        "quantity": plain(abs(item.quantity)),
        "amount": plain(rounded(paid)),
        "discount": plain(rounded(off)),
        "kind": "return" if comes_back else "sale",
        "returns": {"receipt": original} if original else None,
    }
