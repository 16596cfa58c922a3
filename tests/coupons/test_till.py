"""Coupons at the till, over HTTP: verified, burnt once, answered alike on repetition."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from rest_framework.test import APIClient

from coupons import clearing
from coupons.models import Coupon, Redemption
from coupons.sheets import codes
from coupons.till import store_today
from tests import make


@pytest.fixture
def shop(db):
    return make.store()


class Till(APIClient):
    """Till 12 of a store, signed in."""

    def __init__(self, store):
        self.terminal, token = make.terminal(store, number=12)
        super().__init__(headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def coupon(shop):
    made = make.coupon(make.code("7Q4MK2XP9TRD"))
    today = store_today(shop)
    Coupon.objects.update(valid_from=today - timedelta(days=7), valid_to=today + timedelta(days=7))
    made.refresh_from_db()
    return made


def url(coupon):
    return f"/api/v1/coupons/{codes.grouped(coupon.code)}"


def redeem(till, coupon, *, receipt="1", amount="0.50", key="", **more):
    today = store_today(till.terminal.store).isoformat()
    basket = {"store": till.terminal.store.number, "till": 12, "business_date": today}
    return till.post(
        f"{url(coupon)}/redeem",
        {"basket_key": {**basket, "receipt": receipt}, "amount": amount, **more},
        format="json",
        headers={"Idempotency-Key": key} if key else {},
    )


def test_a_till_sees_what_a_coupon_is_worth(till, coupon):
    answer = till.get(url(coupon))
    assert answer.status_code == 200
    told = answer.json()
    assert told["state"] == "good"
    assert told["value"] == "0.50"
    assert told["offer"]["name"] == "Oat drink"
    assert told["code"] == "7Q4M-K2XP-9TRD-" + coupon.code[-1]


def test_a_redeemed_coupon_is_burnt_for_good(till, coupon):
    first = redeem(till, coupon)
    assert first.status_code == 201
    assert first.json()["amount"] == "0.50"
    again = redeem(till, coupon, receipt="2")
    assert again.status_code == 409
    assert again["Content-Type"] == "application/problem+json"
    assert again.json()["code"] == "already_redeemed"
    assert till.get(url(coupon)).json()["state"] == "redeemed"


def test_unknown_and_malformed_codes_answer_alike(till, coupon):
    unknown = till.get(f"/api/v1/coupons/{codes.mint()}")
    malformed = till.get("/api/v1/coupons/hello")
    foreign = till.get(url(coupon), {"card": "somebody else"})
    assert unknown.status_code == malformed.status_code == foreign.status_code == 404
    assert unknown.content == malformed.content == foreign.content
    assert till.get(url(coupon), {"card": f"card-{coupon.code}"}).status_code == 200


def test_a_stranger_learns_nothing(coupon):
    answer = APIClient().get(url(coupon))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "0.51"}, 422, "over_value"),
        ({"amount": "-0.01"}, 400, "invalid"),
        ({"amount": "NaN"}, 400, "invalid"),
        ({"item": "4006381333931"}, 422, "wrong_item"),
        ({"basket_key": {}}, 400, "invalid"),
    ],
)
def test_what_cannot_be_redeemed_is_said_and_leaves_the_coupon_open(
    till, coupon, change, status, code
):
    answer = redeem(till, coupon, **change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    coupon.refresh_from_db()
    assert coupon.state == Coupon.State.OPEN


def test_the_right_item_is_recognised_as_scanned(till, coupon):
    assert redeem(till, coupon, item=make.OATS[1:]).status_code == 201


def test_a_coupon_of_last_week_has_expired(till, coupon):
    Coupon.objects.update(valid_to=store_today(till.terminal.store) - timedelta(days=2))
    answer = redeem(till, coupon)
    assert (answer.status_code, answer.json()["code"]) == (410, "expired")
    assert till.get(url(coupon)).json()["state"] == "expired"


def test_a_till_cannot_redeem_on_another_stores_receipt(till, coupon):
    answer = redeem(
        till,
        coupon,
        basket_key={
            "store": make.store().number, "till": 1, "business_date": "2026-03-05", "receipt": "1",
        },
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (422, "foreign_store")


def test_the_same_key_gets_the_same_bytes_and_another_body_is_refused(till, coupon):
    first = redeem(till, coupon, key="a1")
    again = redeem(till, coupon, key="a1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert Redemption.objects.count() == 1
    other = redeem(till, coupon, key="a1", receipt="2")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_refusal_is_repeated_too_even_once_the_coupon_would_do(till, coupon):
    first = redeem(till, coupon, key="a2", amount="9.99")
    Coupon.objects.update(state=Coupon.State.VOID)
    again = redeem(till, coupon, key="a2", amount="9.99")
    assert (again.status_code, again.content) == (422, first.content)


def test_the_receipt_that_comes_later_is_the_same_use(till, coupon):
    assert redeem(till, coupon, receipt="77").status_code == 201
    record = make.redemption_record(coupon.code, day=store_today(till.terminal.store))
    type(record.basket).objects.filter(pk=record.basket_id).update(
        store=till.terminal.store, till=12, receipt="77"
    )
    assert clearing.clear_redemptions() == {"redemption": 1}
    assert Redemption.objects.get().record == record


@pytest.mark.django_db(transaction=True)
def test_of_many_tills_at_once_one_wins(shop, till, coupon):
    statuses: list[int] = []

    def attempt(number):
        try:
            statuses.append(redeem(till, coupon, receipt=str(number)).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(statuses) == [201] + [409] * 7
    assert Redemption.objects.get().amount == Decimal("0.50")


def test_a_store_lives_by_its_own_calendar(db):
    here, there = make.store(time_zone="Pacific/Kiritimati"), make.store(time_zone="Pacific/Niue")
    assert store_today(here) > store_today(there)  # 25 hours apart, at any time of day
    assert isinstance(store_today(here), date)
