"""Feeds of other systems: each says its sales in its own way, and they are exact."""

import json

import pytest

from pos_integration import formats
from tests.pos_integration.samples import MEDIA_TYPES, read, told

SQUARE, LIGHTSPEED = MEDIA_TYPES["square.json"], MEDIA_TYPES["lightspeed-x.json"]
LOYVERSE, SHOPIFY = MEDIA_TYPES["loyverse.json"], MEDIA_TYPES["shopify.json"]


def one(media_type: str, key: str, sale: object) -> formats.Entry:
    (entry,) = formats.read(json.dumps({key: [sale]}).encode(), media_type)
    return entry


def summary(entry: formats.Entry) -> list[tuple[str, ...]]:
    return [
        tuple(line[name] for name in ("code", "quantity", "unit", "amount", "discount", "kind"))
        for line in told(entry)["lines"]
    ]


def test_square_counts_money_in_cents_and_weighs_in_text():
    sale, back, is_open = read("square.json")

    assert summary(sale) == [
        ("W62UWFY35CWMYGVWK6TWJDNI", "2", "EA", "4.25", "0.75", "sale"),
        ("2199001", "0.42", "LBR", "1.99", "0", "sale"),
    ]
    said = told(sale)
    assert {name: said[name] for name in ("store", "receipt", "ended_at", "card", "currency")} == {
        "store": "LH2G9M0F5K1QX",
        "receipt": "CAISENgvlJ6jLWAzERDzjyHVybY",
        "ended_at": "2026-03-05T11:53:26.123000Z",
        "card": "QPTXM8PQNX3Q726ZYHPMNP46XC",
        "currency": "USD",
    }
    assert "till" not in said
    assert "business_date" not in said
    assert said["coupons"] == [{"code": "rw-1", "line": 1, "amount": "0.75"}]
    assert said["tenders"] == [{"kind": "voucher", "amount": "6.59"}]
    assert summary(back) == [("W62UWFY35CWMYGVWK6TWJDNI", "1", "EA", "2.13", "0.37", "return")]
    assert told(back)["kind"] == "return"
    assert told(back)["lines"][0]["returns"] == {"receipt": "CAISENgvlJ6jLWAzERDzjyHVybY"}
    assert told(back)["tenders"] == [{"kind": "other", "amount": "-2.13"}]
    assert is_open.skipped == "open"


def test_square_knows_currencies_without_cents():
    money = {"amount": 199, "currency": "JPY"}
    item = {"uid": "a", "quantity": "1", "total_money": money}
    sale = told(one(SQUARE, "orders", {"id": "1", "location_id": "L", "line_items": [item]}))

    assert (sale["currency"], sale["lines"][0]["amount"]) == ("JPY", "199")


def test_an_exchange_at_square_names_the_line_of_its_own_order():
    item = {"uid": "a", "quantity": "1", "sku": "7"}
    returned = {"source_order_id": "1", "return_line_items": [item | {"source_line_item_uid": "a"}]}
    order = {"id": "1", "location_id": "L", "line_items": [item], "returns": [returned]}
    order["tenders"] = [{"type": "CASH", "device_details": {"device_id": "reg-3"}}]
    sale = told(one(SQUARE, "orders", order))

    assert (sale["kind"], sale["till"]) == ("sale", "reg-3")
    assert [line["kind"] for line in sale["lines"]] == ["sale", "return"]
    assert sale["lines"][1]["returns"] == {"receipt": "1", "line": 1}


def test_lightspeed_adds_its_fractions_exactly_and_rounds_last():
    sale, back, saved, _ = read("lightspeed-x.json")

    assert summary(sale) == [
        ("b1d7f020f01911e3a0f5b8ca3a64f8f4", "2", "EA", "20", "1.1", "sale"),
        ("9400000000017", "0.455", "EA", "2.1", "0", "sale"),
    ]
    said = told(sale)
    assert said["card"] == "b1cabb53f01911e3a0f5b8ca3a64f8f4"
    assert said["till"] == "b1e198a9-f019-11e3-a0f5-b8ca3a64f8f4"
    assert said["tenders"] == [{"kind": "cash", "amount": "22.1"}]  # the deleted one is none
    assert told(back)["card"] == "ANNA-77"
    assert told(back)["kind"] == "return"
    assert summary(back) == [("b1d7f020f01911e3a0f5b8ca3a64f8f4", "1", "EA", "10", "0", "return")]
    assert told(back)["lines"][0]["returns"]["receipt"] == said["receipt"]
    assert told(back)["tenders"] == [{"kind": "cash", "amount": "-10"}]
    assert saved.skipped == "saved"


@pytest.mark.parametrize(
    ("status", "skipped"),
    [("CLOSED", ""), ("ONACCOUNT", ""), ("LAYBY_CLOSED", ""), ("LAYBY", "layby"),
     ("AWAITING_PICKUP", "awaiting pickup")],
)  # fmt: skip
def test_lightspeed_sells_what_is_closed_or_on_account(status, skipped):
    entry = one(LIGHTSPEED, "data", {"id": "1", "outlet_id": "o", "status": status})
    assert entry.skipped == skipped


def test_a_shelf_price_told_without_tax_is_paid_without_it():
    item = {"quantity": 1, "sku": "7", "price_total": 10.0, "tax_total": 0.8}
    for inclusive, amount in (("1", "10.8"), ("0", "10"), (False, "10")):
        item["display_retail_price_tax_inclusive"] = inclusive
        sale = {"id": "1", "outlet_id": "o", "status": "CLOSED", "line_items": [item]}
        assert told(one(LIGHTSPEED, "data", sale))["lines"][0]["amount"] == amount


def test_loyverse_refunds_name_the_receipt_they_are_for():
    sale, back, _ = read("loyverse.json")

    assert summary(sale) == [("10145", "0.1", "EA", "1.79", "0.2", "sale")]
    assert told(sale)["tenders"] == [{"kind": "card", "amount": "1.79"}]
    assert told(sale)["card"] == "8d9a9b1e64c811ea8d930603130a05b8"
    assert told(back)["kind"] == "return"
    assert told(back)["lines"][0]["returns"] == {"receipt": "2-1008"}
    assert told(back)["tenders"] == [{"kind": "cash", "amount": "-1.79"}]


def test_a_receipt_cancelled_later_is_a_void_of_itself():
    void = read("loyverse.json")[2].basket
    assert void is not None
    assert void.voids is not None
    assert (void.kind, void.receipt, void.voids.receipt) == ("void", "2-1010/v", "2-1010")

    voided = read("lightspeed-x.json")[3].basket
    assert voided is not None
    assert voided.receipt == "36bf537b-c783-11e6-f6b9-7ea7909ffedd/v"
    assert voided.kind == "void"


def test_shopify_refunds_are_receipts_of_their_own():
    sale, back, empty, *others = read("shopify.json")

    assert summary(sale) == [
        ("IPOD2008GREEN", "2", "EA", "393.66", "4.34", "sale"),
        ("49148385", "1", "EA", "19.9", "0", "sale"),
    ]
    said = told(sale)
    assert (said["store"], said["till"], said["card"]) == ("905684977", "1187", "shopify-207119551")
    assert said["coupons"] == [{"code": "7Q4M-2222", "line": 1, "amount": "3.34"}]
    assert said["tenders"] == [{"kind": "cash", "amount": "409.94"}]
    returned = told(back)
    assert (returned["receipt"], returned["kind"], returned["store"]) == (
        "509562969", "return", "487838322",
    )  # fmt: skip
    assert summary(back) == [("49148385", "1", "EA", "19.9", "0", "return")]
    assert returned["lines"][0]["returns"] == {
        "receipt": "450789469", "store": "905684977", "till": "1187", "line": 2,
    }  # fmt: skip
    assert returned["tenders"] == [{"kind": "cash", "amount": "-19.9"}]
    assert empty.skipped == "refund of no item"
    assert [entry.skipped for entry in others] == ["test", "cancelled", "not paid: pending"]
    assert [entry.position for entry in read("shopify.json")] == list(range(6))


@pytest.mark.parametrize(
    ("raw", "code", "sentence"),
    [
        (b"5", "bad_field", "The sale: Expected object"),
        (b'{"location_id":"L"}', "missing_field", "'id' is missing."),
        (b'{"id":"1","location_id":"L","line_items":[{"uid":"a"}]}', "missing_field",
         "'quantity' is missing at line_items[0]."),
        (b'{"id":"1","location_id":"L","line_items":[{"quantity":1}]}', "bad_field",
         "line_items[0].quantity: Expected str, got int."),
        (b'{"id":"1","id":"1","location_id":"L"}', "bad_field", "'id' is given twice."),
        (b'{"id":"1","location_id":NaN}', "bad_json", "NaN is no number."),
        (b'{"id":"1","x":1e999999,"location_id":"L"}', "bad_json", "is no amount of a shop"),
        (b'{"id":"a\\u0000","location_id":"L"}', "bad_text", "NUL"),
        (b'{"id":"a\\ud800","location_id":"L"}', "bad_text", "half characters"),
        (b'{"id":"\xff","location_id":"L"}', "bad_text", "no text"),
        (b'{"id":' + b"[" * 2_000 + b"]" * 2_000 + b"}", "bad_field", "nested too deeply"),
        (b'{"id":"' + b"7" * 41 + b'","location_id":"L"}', "bad_field", "receipt is"),
        (b'{"id":', "", ""),
    ],
)  # fmt: skip
def test_a_sale_that_makes_no_sense_hides_no_neighbour(raw, code, sentence):
    good = b'{"id":"7","location_id":"L"}'
    found = formats.read(b'{"orders":[' + good + b"," + raw + b"," + good + b"]}", SQUARE)

    assert told(next(found))["receipt"] == "7"
    if not code:  # it swallows the rest
        with pytest.raises(formats.UnreadableError):
            list(found)
        return
    bad, last = found
    assert told(last)["receipt"] == "7"
    assert bad.fault is not None
    assert bad.fault.code == code
    assert sentence in bad.fault.detail


@pytest.mark.parametrize("price", ['"2E+7483"', '"-1e999999"', '"Infinity"', "1" * 4_000])
def test_an_amount_beyond_all_shops_is_refused_even_as_a_text(price):
    """Written out in digits it would fill the memory."""
    item = '{"id":1,"quantity":2,"price":' + price + "}"
    order = '{"orders":[{"id":7,"location_id":1,"line_items":[' + item + "]}]}"
    (entry,) = formats.read(order.encode(), SHOPIFY)
    assert entry.fault is not None
    assert entry.fault.code == "bad_json"
    assert "is no amount of a shop" in entry.fault.detail


@pytest.mark.parametrize("name", ["square.json", "lightspeed-x.json", "loyverse.json"])
def test_a_body_under_another_key_is_no_feed(name):
    with pytest.raises(formats.UnreadableError, match="This is not"):
        read(name, b'{"sales":[]}')
