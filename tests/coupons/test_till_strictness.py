"""Calls that are no good JSON, or no good at all: refused in words, never with a 500."""

import gzip
import json

import pytest

from pos_integration import strict
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, path_of, said


@pytest.fixture
def till(db):
    return Till(make.store())


@pytest.fixture
def coupon(till):
    return tills.coupon(till.terminal.store)


def send(till, path, body, content_type="application/json", **headers):
    return till.generic("POST", f"/api/v1/{path}", body, content_type=content_type, headers=headers)


def redemption(till, **changes):
    return json.dumps({"basket_key": till.key(), "amount": "0.50", **changes}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b"nonsense",
        b'{"amount": NaN}',
        b'{"amount": Infinity}',
        b'{"amount": 1e999}',
        b'{"amount": ' + b"9" * 5_000 + b"}",
        b'{"amount": "0.50", "amount": "0.10"}',
        b"[" * 50_000 + b"]" * 50_000,
        b'{"a":' * 30 + b"1" + b"}" * 30,
        b"[" * 500_000,
        b'{"amount": "\\u0000"}',
        b'{"\\u0000": 1}',
        b'{"amount": "\\ud800"}',
        b'["\\udfff"]',
    ],
)
@pytest.mark.parametrize("path", ["coupons/x/redeem", "coupons/x/lock", "redemptions/1/reverse"])
def test_what_is_no_strict_json_is_a_400(till, path, body):
    answer = send(till, path, body)
    assert answer.status_code == 400
    assert answer.json()["code"] in ("bad_json", "bad_text")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"text"', b"{}", b'{"basket_key": [], "lock": {}}']
)
@pytest.mark.parametrize("act", ["redeem", "lock", "release"])
def test_json_of_another_shape_is_pointed_at(till, act, body):
    answer = send(till, f"coupons/x/{act}", body)
    assert said(answer) == (400, "invalid")
    (part,) = answer.json()["errors"]
    assert part["detail"]


def test_the_pointer_says_where(till, coupon):
    answer = send(
        till, f"{path_of(coupon)}/redeem", redemption(till, basket_key=till.key(till="x"))
    )
    assert answer.json()["errors"][0]["pointer"] == "/basket_key/till"
    lines = [tills.line(), {**tills.line(2), "amount": 1}]
    answer = till.lock(coupon, basket=till.basket("1", *lines))
    assert answer.json()["errors"][0]["pointer"] == "/basket/lines/1/amount"


@pytest.mark.parametrize(
    "change",
    [
        {"till": 2**31},
        {"till": -1},
        {"till": 10**40},
        {"till": True},
        {"till": 1.5},
        {"till": "12"},
        {"business_date": "yesterday"},
        {"business_date": "2026-02-30"},
        {"business_date": 20260301},
        {"receipt": ""},
        {"receipt": "x" * 41},
        {"store": ""},
        {"store": "9" * 14},
        {"store": 330},
    ],
)
def test_a_key_of_no_receipt_is_refused(till, coupon, change):
    assert said(till.redeem(coupon, basket_key=till.key(**change))) == (400, "invalid")


@pytest.mark.parametrize("amount", ["", " 1", "1e3", "٣", "0.50\n", "9" * 9, None, [], {}])
def test_an_amount_is_a_decimal_string(till, coupon, amount):
    assert said(till.redeem(coupon, amount=amount)) == (400, "invalid")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "", "x"]
)
def test_another_content_type_is_not_read(till, coupon, content_type):
    answer = send(till, f"{path_of(coupon)}/redeem", redemption(till), content_type)
    assert answer.status_code == 415
    assert answer["Content-Type"] == "application/problem+json"


def test_another_charset_is_not_read_and_utf_8_is(till, coupon):
    path = f"{path_of(coupon)}/redeem"
    foreign = "application/json; charset=utf-16"
    assert said(send(till, path, redemption(till), foreign)) == (415, "unknown_charset")
    ours = "application/json; charset=UTF-8"
    assert send(till, path, b"\xef\xbb\xbf" + redemption(till), ours).status_code == 201


def test_a_body_may_be_gzip_and_means_the_same(till, coupon):
    path, body = f"{path_of(coupon)}/redeem", redemption(till)
    packed = {"Content-Encoding": "gzip", "Idempotency-Key": "k"}
    first = send(till, path, gzip.compress(body), **packed)
    assert first.status_code == 201
    assert send(till, path, body, **{"Idempotency-Key": "k"}).content == first.content


def test_what_is_no_gzip_or_too_much_of_it_is_refused(till):
    path, packed = "coupons/x/redeem", {"Content-Encoding": "gzip"}
    assert said(send(till, path, b"{}", **packed)) == (400, "bad_gzip")
    assert said(send(till, path, gzip.compress(b"{}")[:-4], **packed)) == (400, "bad_gzip")
    bomb = gzip.compress(b" " * (strict.MAX_BYTES + 1))
    assert said(send(till, path, bomb, **packed)) == (413, "too_large")
    answer = send(till, path, b"{}", **{"Content-Encoding": "br"})
    assert said(answer) == (415, "unknown_encoding")


def test_a_body_that_is_too_large_or_of_unknown_length_is_not_read(till):
    path = "coupons/x/redeem"
    large = b" " * (strict.MAX_BYTES + 1)
    assert said(send(till, path, large)) == (413, "too_large")
    answer = till.generic(
        "POST", f"/api/v1/{path}", b"", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked"
    )
    assert said(answer) == (411, "length_required")


def test_deep_nesting_within_bounds_is_read():
    assert strict.parse(b"[" * 18 + b"]" * 18)
    assert strict.parse('{"a": ["ä", "🥕", 1, 0.5, null, true, {"b": []}]}'.encode())
