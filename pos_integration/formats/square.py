"""Square: `{"orders": [...]}`, as its Orders API answers a search.

Square writes money as a whole number of the currency's smallest unit and quantities as text.

store          location_id
till           the device_id of the device_details of a tender, if there; the source of an order
               names a program, not a till
receipt        id
ended_at       closed_at, or created_at; Square knows no trading day
card           customer_id of the order, or of a tender
currency       that of the first amount
lines          line_items, numbered as they come: sku or catalog_object_id, else uid. The amount
               is gross_sales_money less total_discount_money: with tax where prices are told
               with tax. Square's item_type GIFT_CARD is no good of the shop, and left out.
returns        returns[].return_line_items are lines that come back, of the order source_order_id;
               their line is known if that is this order
coupons        discounts with reward_ids: the first id, for each line it was applied to
tenders        tenders, and refunds as less than nothing

Skipped: what is OPEN, DRAFT or CANCELED.
"""

from collections.abc import Iterator

from msgspec import Struct, field

from pos_integration.formats import vendors
from pos_integration.formats.entries import Entry, Source
from pos_integration.formats.numbers import from_minor, tender, tidy, unit


class _Money(Struct):
    amount: int = 0
    currency: str = "USD"


class _Measure(Struct):
    weight_unit: str | None = None
    volume_unit: str | None = None
    length_unit: str | None = None
    generic_unit: str | None = None


class _QuantityUnit(Struct):
    measurement_unit: _Measure | None = None


class _Applied(Struct):
    discount_uid: str | None = None
    applied_money: _Money | None = None


class _Item(Struct):
    quantity: str
    uid: str | None = None
    source_line_item_uid: str | None = None
    name: str | None = None
    sku: str | None = None
    catalog_object_id: str | None = None
    item_type: str | None = None
    quantity_unit: _QuantityUnit | None = None
    gross_sales_money: _Money | None = None
    gross_return_money: _Money | None = None
    total_money: _Money | None = None
    total_discount_money: _Money | None = None
    applied_discounts: list[_Applied] | None = None


class _Return(Struct):
    source_order_id: str | None = None
    return_line_items: list[_Item] | None = None


class _Discount(Struct):
    uid: str | None = None
    reward_ids: list[str] | None = None


class _Device(Struct):
    device_id: str | None = None


class _Tender(Struct):
    id: str | None = None
    type: str = "OTHER"
    amount_money: _Money | None = None
    customer_id: str | None = None
    device_details: _Device | None = None


class _Refund(Struct):
    amount_money: _Money
    tender_id: str | None = None


class _Order(Struct):
    id: str
    location_id: str
    state: str = "COMPLETED"
    created_at: str | None = None
    closed_at: str | None = None
    customer_id: str | None = None
    device_details: _Device | None = None
    line_items: list[_Item] | None = None
    returns: list[_Return] | None = None
    discounts: list[_Discount] | None = None
    tenders: list[_Tender] | None = None
    refunds: list[_Refund] | None = None
    total_money: _Money = field(default_factory=_Money)


_NOT_SOLD = {"OPEN": "open", "DRAFT": "draft", "CANCELED": "cancelled"}
# Square's own words for what is weighed and measured.
_UNITS = {
    "METRIC_KILOGRAM": "KGM",
    "METRIC_GRAM": "GRM",
    "IMPERIAL_POUND": "LBR",
    "IMPERIAL_WEIGHT_OUNCE": "ONZ",
    "METRIC_LITER": "LTR",
    "METRIC_MILLILITER": "MLT",
    "METRIC_METER": "MTR",
}


def read(source: Source) -> Iterator[Entry]:
    """Yield an entry for every order."""
    return vendors.read(source, "orders", _Order, _tell)


def _tell(order: _Order) -> Iterator[vendors.Told]:
    if order.state in _NOT_SOLD:
        yield _NOT_SOLD[order.state]
        return
    lines: list[vendors.Said] = []
    numbers: dict[str, int] = {}
    coupons = []
    rewards = {d.uid: d.reward_ids[0] for d in order.discounts or () if d.uid and d.reward_ids}
    for item in order.line_items or ():
        if item.item_type == "GIFT_CARD":
            continue
        line = _line(len(lines) + 1, item)
        lines.append(line)
        if item.uid:
            numbers[item.uid] = line["line"]
        for applied in item.applied_discounts or ():
            reward = rewards.get(applied.discount_uid or "")
            if reward and applied.applied_money:
                amount = _amount(applied.applied_money)
                coupons.append({"code": reward, "line": line["line"], "amount": amount})
    for returned in order.returns or ():
        for item in returned.return_line_items or ():
            line = _line(len(lines) + 1, item) | {"kind": "return"}
            if returned.source_order_id:
                is_own = returned.source_order_id == order.id
                line["returns"] = {
                    "receipt": returned.source_order_id,
                    "line": numbers.get(item.source_line_item_uid or "") if is_own else None,
                }
            lines.append(line)
    tenders = order.tenders or []
    devices = [paid.device_details for paid in tenders] + [order.device_details]
    kinds = {paid.id: tender(paid.type) for paid in tenders}
    yield {
        "store": order.location_id,
        "till": next((d.device_id for d in devices if d and d.device_id), None),
        "business_date": None,
        "receipt": order.id,
        "ended_at": order.closed_at or order.created_at,
        "kind": vendors.kind_of(lines),
        "card": order.customer_id or next((p.customer_id for p in tenders if p.customer_id), None),
        "currency": _currency(order),
        "lines": lines,
        "coupons": coupons,
        "tenders": [
            {"kind": tender(paid.type), "amount": _amount(paid.amount_money)} for paid in tenders
        ]
        + [
            {
                "kind": kinds.get(refund.tender_id, "other"),
                "amount": from_minor(
                    -abs(refund.amount_money.amount), refund.amount_money.currency
                ),
            }
            for refund in order.refunds or ()
        ],
    }


def _line(number: int, item: _Item) -> vendors.Said:
    gross = item.gross_sales_money or item.gross_return_money
    off = item.total_discount_money or _Money()
    paid = _Money(gross.amount - off.amount, gross.currency) if gross else item.total_money
    return {
        "line": number,
        "code": vendors.code(item.sku, item.catalog_object_id, item.uid),
        "description": item.name,
        "quantity": tidy(item.quantity),
        "unit": _unit(item.quantity_unit),
        "amount": _amount(paid),
        "discount": _amount(off),
        "kind": "sale",
    }


def _unit(quantity_unit: _QuantityUnit | None) -> str:
    measure = quantity_unit.measurement_unit if quantity_unit else None
    if measure is None:
        return "EA"
    word = measure.weight_unit or measure.volume_unit or measure.length_unit or ""
    return _UNITS.get(word) or unit(word.rpartition("_")[2])


def _amount(money: _Money | None) -> str:
    return from_minor(money.amount, money.currency) if money else "0"


def _currency(order: _Order) -> str:
    amounts = [item.total_money or item.gross_sales_money for item in order.line_items or ()]
    amounts += [item.total_money for r in order.returns or () for item in r.return_line_items or ()]
    return next((money.currency for money in amounts if money), order.total_money.currency)
