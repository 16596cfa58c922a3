"""Shopify: `{"orders": [...]}`, as its REST Admin API answers for orders.

Shopify writes money as decimal text, in the shop's currency; ids are whole numbers.

store          location_id
till           device_id
receipt        id of the order; a refund's is its own id
ended_at       processed_at, or created_at; no trading day is told
card           customer.id after "shopify-": every tenth id alone has the look of a payment card
lines          line_items: sku, variant_id or id. The amount is price x quantity less all its
               discount_allocations, which are its discount
coupons        discount_applications of type discount_code: the code, for each line they took off
tenders        transactions, where they came with the order; else the one gateway and total_price
returns        each of `refunds` is a receipt of kind return by itself; its lines name the order
               and the line's place there, and are worth their subtotal

Skipped: test orders, orders not paid for, orders cancelled without a refund, and refunds of no
item. A cancelled order with refunds is a sale and its return.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from pos_integration.formats import vendors
from pos_integration.formats.entries import Entry, Source
from pos_integration.formats.numbers import plain, rounded, tender

_ZERO = Decimal(0)
_NOT_PAID = ("pending", "authorized", "expired", "voided")


class _Allocation(Struct):
    amount: Decimal
    discount_application_index: int = -1


class _Application(Struct):
    type: str = ""
    code: str | None = None


class _Item(Struct):
    id: int
    quantity: Decimal
    price: Decimal
    variant_id: int | None = None
    sku: str | None = None
    name: str | None = None
    title: str | None = None
    discount_allocations: list[_Allocation] | None = None


class _RefundItem(Struct):
    line_item_id: int
    quantity: Decimal
    subtotal: Decimal | None = None
    location_id: int | None = None
    line_item: _Item | None = None


class _Transaction(Struct):
    amount: Decimal
    kind: str = "sale"
    status: str = "success"
    gateway: str | None = None


class _Refund(Struct):
    id: int
    processed_at: str | None = None
    created_at: str | None = None
    refund_line_items: list[_RefundItem] | None = None
    transactions: list[_Transaction] | None = None


class _Customer(Struct):
    id: int | None = None


class _Order(Struct):
    id: int
    currency: str | None = None
    location_id: int | None = None
    device_id: int | str | None = None
    processed_at: str | None = None
    created_at: str | None = None
    cancelled_at: str | None = None
    test: bool = False
    financial_status: str | None = None
    customer: _Customer | None = None
    total_price: Decimal | None = None
    payment_gateway_names: list[str] | None = None
    line_items: list[_Item] | None = None
    discount_applications: list[_Application] | None = None
    refunds: list[_Refund] | None = None
    transactions: list[_Transaction] | None = None


def read(source: Source) -> Iterator[Entry]:
    """Yield an entry for every order, and one for each of its refunds."""
    return vendors.read(source, "orders", _Order, _tell)


def _tell(order: _Order) -> Iterator[vendors.Told]:
    refunds = order.refunds or []
    if order.test:
        yield "test"
    elif order.financial_status in _NOT_PAID:
        yield f"not paid: {order.financial_status}"
    elif order.cancelled_at and not refunds:
        yield "cancelled"
    else:
        yield _sale(order)
        for refund in refunds:
            yield _returned(order, refund) if refund.refund_line_items else "refund of no item"


def _head(order: _Order) -> vendors.Said:
    customer = order.customer.id if order.customer else None
    return {
        "store": None if order.location_id is None else str(order.location_id),
        "till": None if order.device_id is None else str(order.device_id),
        "business_date": None,
        "card": None if customer is None else f"shopify-{customer}",
        "currency": order.currency,
    }


def _sale(order: _Order) -> vendors.Said:
    lines, coupons = [], []
    applications = order.discount_applications or []
    for place, item in enumerate(order.line_items or (), 1):
        allocations = item.discount_allocations or []
        off = sum((allocation.amount for allocation in allocations), _ZERO)
        lines.append(_line(place, item, item.quantity, item.price * item.quantity - off, off))
        for allocation in allocations:
            index = allocation.discount_application_index
            source = applications[index] if 0 <= index < len(applications) else _Application()
            if source.type == "discount_code" and source.code:
                amount = plain(allocation.amount)
                coupons.append({"code": source.code, "line": place, "amount": amount})
    return _head(order) | {
        "receipt": str(order.id),
        "ended_at": order.processed_at or order.created_at,
        "kind": "sale",
        "lines": lines,
        "coupons": coupons,
        "tenders": _paid(order),
    }


def _returned(order: _Order, refund: _Refund) -> vendors.Said:
    head = _head(order)
    items = {item.id: (place, item) for place, item in enumerate(order.line_items or (), 1)}
    lines = []
    for number, back in enumerate(refund.refund_line_items or (), 1):
        place, item = items.get(back.line_item_id, (None, back.line_item))
        if item is None:
            item = _Item(back.line_item_id, back.quantity, _ZERO)
        paid = item.price * back.quantity if back.subtotal is None else back.subtotal
        off = max(item.price * back.quantity - paid, _ZERO)
        original = {"receipt": str(order.id), "store": head["store"], "till": head["till"]}
        lines.append(
            _line(number, item, back.quantity, abs(paid), off)
            | {
                "kind": "return",
                "returns": {name: said for name, said in original.items() if said is not None}
                | {"line": place},
            }
        )
    places = [back.location_id for back in refund.refund_line_items or () if back.location_id]
    return head | {
        "store": str(places[0]) if places else head["store"],
        "receipt": str(refund.id),
        "ended_at": refund.processed_at or refund.created_at,
        "kind": "return",
        "lines": lines,
        "tenders": [
            {"kind": tender(paid.gateway or ""), "amount": plain(-abs(paid.amount))}
            for paid in refund.transactions or ()
            if paid.status == "success"
        ],
    }


def _line(number: int, item: _Item, quantity: Decimal, paid: Decimal, off: Decimal) -> vendors.Said:
    return {
        "line": number,
        "code": vendors.code(item.sku, item.variant_id, item.id),
        "description": item.name or item.title,
        "quantity": plain(quantity),
        "amount": plain(rounded(paid)),
        "discount": plain(rounded(off)),
        "kind": "sale",
    }


def _paid(order: _Order) -> list[vendors.Said]:
    if order.transactions:
        return [
            {"kind": tender(paid.gateway or ""), "amount": plain(paid.amount)}
            for paid in order.transactions
            if paid.status == "success" and paid.kind in ("sale", "capture")
        ]
    names = order.payment_gateway_names or []
    if len(names) != 1 or order.total_price is None:
        return []  # how much was paid by which is not told
    return [{"kind": tender(names[0]), "amount": plain(order.total_price)}]
