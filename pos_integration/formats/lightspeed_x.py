"""Lightspeed Retail (X-Series): `{"data": [...]}`, as its API 2.0 answers for sales.

Lightspeed writes amounts as JSON numbers, some with more decimals than money has: they are read
exactly, added exactly, and rounded to hundredths last. Times are UTC.

store          outlet_id
till           register_id
receipt        id: `return_for` names sales by it
ended_at       sale_date, or created_at; no trading day is told
card           customer.customer_code, or customer_id
lines          line_items: sku or product_id; a negative quantity, or is_return, comes back.
               The amount is price_total (total_price) with tax_total (total_tax), unless the line
               says that its shelf price is told without tax.
discount       discount_total, total_discount or discount x quantity
returns        return_for, on each line that comes back
tenders        payments that were not deleted, with the sign they have

Skipped: what is open, saved, parked, laid by or awaited, and what was deleted. A VOIDED sale
becomes a void of the receipt that it was, under that number and "/v".
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from pos_integration.formats import vendors
from pos_integration.formats.entries import Entry, Source
from pos_integration.formats.numbers import plain, rounded, tender

_ZERO = Decimal(0)


class _Item(Struct):
    quantity: Decimal
    product_id: str | None = None
    sku: str | None = None
    name: str | None = None
    price: Decimal | None = None
    price_total: Decimal | None = None
    total_price: Decimal | None = None
    tax: Decimal | None = None
    tax_total: Decimal | None = None
    total_tax: Decimal | None = None
    discount: Decimal | None = None
    discount_total: Decimal | None = None
    total_discount: Decimal | None = None
    is_return: bool = False
    display_retail_price_tax_inclusive: str | int | bool | None = None


class _Payment(Struct):
    amount: Decimal
    name: str | None = None
    deleted_at: str | None = None


class _Customer(Struct):
    customer_code: str | None = None


class _Sale(Struct):
    id: str
    outlet_id: str
    status: str
    register_id: str | None = None
    customer_id: str | None = None
    customer: _Customer | None = None
    return_for: str | None = None
    sale_date: str | None = None
    created_at: str | None = None
    deleted_at: str | None = None
    line_items: list[_Item] | None = None
    payments: list[_Payment] | None = None


def read(source: Source) -> Iterator[Entry]:
    """Yield an entry for every sale."""
    return vendors.read(source, "data", _Sale, _tell)


def _tell(sale: _Sale) -> Iterator[vendors.Told]:
    status = sale.status.upper()
    if sale.deleted_at:
        yield "deleted"
    elif status == "VOIDED":
        yield vendors.taken_back(_basket(sale))
    elif status.endswith("CLOSED") or status == "ONACCOUNT":
        yield _basket(sale)
    else:
        yield status.lower().replace("_", " ")[:80] or "no status"


def _basket(sale: _Sale) -> vendors.Said:
    lines = [_line(place, item, sale) for place, item in enumerate(sale.line_items or (), 1)]
    customer = sale.customer.customer_code if sale.customer else None
    card = customer or sale.customer_id
    return {
        "store": sale.outlet_id,
        "till": sale.register_id,
        "business_date": None,
        "receipt": sale.id,
        "ended_at": sale.sale_date or sale.created_at,
        "kind": vendors.kind_of(lines),
        "card": vendors.short_id(card) if card else None,
        "lines": lines,
        "tenders": [
            {"kind": tender(paid.name or ""), "amount": plain(rounded(paid.amount))}
            for paid in sale.payments or ()
            if not paid.deleted_at
        ],
    }


def _line(number: int, item: _Item, sale: _Sale) -> vendors.Said:
    comes_back = item.quantity < 0 or item.is_return
    paid = _first(item.price_total, item.total_price, item.price, item.quantity)
    if str(item.display_retail_price_tax_inclusive).lower() not in ("0", "false"):
        paid += _first(item.tax_total, item.total_tax, item.tax, item.quantity)
    off = _first(item.discount_total, item.total_discount, item.discount, item.quantity)
    if comes_back:
        paid, off = abs(paid), abs(off)
    return {
        "line": number,
        "code": vendors.code(item.sku, item.product_id),
        "description": item.name,
        "quantity": plain(abs(item.quantity)),
        "amount": plain(rounded(paid)),
        "discount": plain(rounded(off)),
        "kind": "return" if comes_back else "sale",
        "returns": {"receipt": sale.return_for} if comes_back and sale.return_for else None,
    }


def _first(
    total: Decimal | None, other: Decimal | None, each: Decimal | None, quantity: Decimal
) -> Decimal:
    """Return the line's total under either of its names, or what its unit's amounts to."""
    if total is not None:
        return total
    if other is not None:
        return other
    return _ZERO if each is None else each * quantity
