"""Coupons at the till, over HTTP: verified, burnt once, answered alike on repetition."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from rest_framework.test import APIClient

from coupons import answers, clearing
from coupons.models import Coupon, Redemption, TillAnswer
from coupons.sheets import codes
from coupons.till import store_today
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def coupon(shop):
    return tills.coupon(shop)


def test_a_till_sees_what_a_coupon_is_worth(till, coupon):
    answer = till.look(coupon)
    assert answer.status_code == 200
    told = answer.json()
    assert told["state"] == "good"
    assert told["value"] == "0.50"
    assert told["offer"]["name"] == "Oat drink"
    assert told["offer"]["kind"] == "amount"
    assert told["code"] == codes.grouped(coupon.code)


def test_a_redeemed_coupon_is_burnt_for_good(till, coupon):
    first = till.redeem(coupon)
    assert first.status_code == 201
    assert first.json()["amount"] == "0.50"
    again = till.redeem(coupon, "2")
    assert said(again) == (409, "already_redeemed")
    assert again["Content-Type"] == "application/problem+json"
    assert till.look(coupon).json()["state"] == "redeemed"


def test_unknown_foreign_and_malformed_codes_answer_alike(till, coupon):
    answers_ = [
        till.get(f"/api/v1/coupons/{codes.mint()}"),
        till.get("/api/v1/coupons/hello"),
        till.get("/api/v1/coupons/%00"),
        till.look(coupon, card="somebody else"),
        till.look(coupon, card="\0"),
    ]
    assert {(one.status_code, one.content, one["Content-Type"]) for one in answers_} == {
        (404, answers_[0].content, "application/problem+json")
    }
    assert till.look(coupon, card=f"card-{coupon.code}").status_code == 200


def test_a_stranger_learns_nothing(coupon):
    answer = APIClient().get(f"/api/v1/{tills.path_of(coupon)}")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"amount": "0.51"}, 422, "over_value"),
        ({"amount": "-0.01"}, 400, "invalid"),
        ({"amount": "NaN"}, 400, "invalid"),
        ({"amount": "0.501"}, 400, "invalid"),
        ({"amount": 0.5}, 400, "invalid"),
        ({"item": "4006381333931"}, 422, "wrong_item"),
        ({"basket_key": {}}, 400, "invalid"),
    ],
)
def test_what_cannot_be_redeemed_is_said_and_leaves_the_coupon_open(
    till, coupon, change, status, code
):
    answer = till.redeem(coupon, **change)
    assert said(answer) == (status, code)
    coupon.refresh_from_db()
    assert coupon.state == Coupon.State.OPEN


def test_a_yen_has_no_decimals(db):
    shop = make.store()
    shop.currency = "JPY"
    shop.save()
    coupon = tills.coupon(shop, make.offer("50"))
    till = Till(shop)
    assert said(till.redeem(coupon, amount="20.5")) == (400, "invalid")
    assert till.redeem(coupon, amount="20").json()["amount"] == "20"


def test_the_right_item_is_recognised_as_scanned(till, coupon):
    assert till.redeem(coupon, item=tills.OATS).status_code == 201


def test_a_coupon_of_last_week_has_expired(till, coupon):
    Coupon.objects.update(valid_to=store_today(till.terminal.store) - timedelta(days=2))
    assert said(till.redeem(coupon)) == (410, "expired")
    assert said(till.lock(coupon)) == (410, "expired")
    assert till.look(coupon).json()["state"] == "expired"


def test_after_midnight_yesterdays_trading_day_still_counts(till, coupon):
    yesterday = store_today(till.terminal.store) - timedelta(days=1)
    Coupon.objects.update(valid_to=yesterday)
    assert said(till.redeem(coupon)) == (410, "expired")
    late = till.key("9", business_date=yesterday.isoformat())
    assert till.redeem(coupon, basket_key=late).status_code == 201


def test_a_void_coupon_and_one_of_tomorrow_are_not_honoured(till, coupon):
    Coupon.objects.update(state="void")
    assert (till.look(coupon).json()["state"], said(till.redeem(coupon))) == (
        "void",
        (410, "expired"),
    )
    tomorrow = store_today(till.terminal.store) + timedelta(days=1)
    Coupon.objects.update(state="open", valid_from=tomorrow)
    assert (till.look(coupon).json()["state"], said(till.redeem(coupon))) == (
        "not_yet",
        (410, "expired"),
    )


def test_a_till_cannot_redeem_on_another_stores_receipt(till, coupon):
    theirs = till.key(store=make.store().number)
    assert said(till.redeem(coupon, basket_key=theirs)) == (422, "foreign_store")


def test_a_collector_redeems_for_every_store_there_is(shop, coupon):
    collector = Till(make.store(), collector=True)
    nowhere = collector.key(store="nowhere")
    assert said(collector.redeem(coupon, basket_key=nowhere)) == (422, "unknown_store")
    assert collector.redeem(coupon, basket_key=collector.key(store=shop.number)).status_code == 201
    assert Redemption.objects.get().store == shop


def test_the_same_key_gets_the_same_bytes_and_another_body_is_refused(till, coupon):
    first = till.redeem(coupon, key="a1")
    again = till.redeem(coupon, key="a1")
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert Redemption.objects.count() == 1
    assert said(till.redeem(coupon, "2", key="a1")) == (422, "key_reused")
    other_call = till.release(coupon, "x", key="a1")
    assert said(other_call) == (422, "key_reused")


def test_a_refusal_is_repeated_too_even_once_the_coupon_would_do(till, coupon):
    first = till.redeem(coupon, key="a2", amount="9.99")
    Coupon.objects.update(state=Coupon.State.VOID)
    again = till.redeem(coupon, key="a2", amount="9.99")
    assert (again.status_code, again.content) == (422, first.content)


def test_every_call_that_acts_is_repeated_byte_for_byte(till, coupon):
    card = f"card-{coupon.code}"
    held = till.lock(coupon, key="l").json()["lock"]
    assert till.lock(coupon, key="l").json()["lock"] == held
    assert till.release(coupon, held, key="r").json() == {"released": True}
    assert till.release(coupon, held, key="r").json() == {"released": True}
    assert till.release(coupon, held).json() == {"released": False}
    used = till.redeem(coupon).json()["redemption"]
    assert till.reverse(used, key="v").content == till.reverse(used, key="v").content
    never = {"never_agains": ["Oats"]}
    first = till.say(f"cards/{card}/preferences", never, key="p", method="put")
    till.say(f"cards/{card}/preferences", {"never_agains": []}, method="put")
    again = till.say(f"cards/{card}/preferences", never, key="p", method="put")
    assert first.json()["never_agains"] == ["Oats"]
    assert again.content == first.content
    assert till.get(f"/api/v1/cards/{card}/preferences").json()["never_agains"] == []


@pytest.mark.parametrize("key", ["", " ", "x" * 81, "a b", "schlüssel"])
def test_a_malformed_key_is_refused(till, coupon, key):
    answer = till.post(
        f"/api/v1/{tills.path_of(coupon)}/redeem",
        {"basket_key": till.key(), "amount": "0.50"},
        format="json",
        headers={"Idempotency-Key": key},
    )
    assert said(answer) == (400, "bad_key")
    assert Redemption.objects.count() == 0


def test_two_tills_may_use_the_same_key(shop, till, coupon):
    other = Till(shop, 13)
    assert till.redeem(coupon, key="1").status_code == 201
    assert said(other.redeem(coupon, key="1")) == (409, "already_redeemed")


def test_answers_are_kept_for_thirty_days(till, coupon):
    till.redeem(coupon, key="old")
    at = TillAnswer.objects.get().answered_at
    assert answers.purge(at + timedelta(days=29)) == 0
    assert answers.purge(at + timedelta(days=31)) == 1


def test_the_receipt_that_comes_later_is_the_same_use(till, coupon):
    assert till.redeem(coupon, "77").status_code == 201
    record = make.redemption_record(coupon.code, day=store_today(till.terminal.store))
    type(record.basket).objects.filter(pk=record.basket_id).update(
        store=till.terminal.store, till=12, receipt="77"
    )
    assert clearing.clear_redemptions() == {"redemption": 1}
    assert Redemption.objects.get().record == record


def test_what_was_brought_back_makes_the_coupon_good_again(till, coupon):
    used = till.redeem(coupon).json()["redemption"]
    answer = till.reverse(used)
    assert answer.status_code == 200
    assert answer.json()["redemption"] == used
    assert answer.json()["coupon_state"] == "open"
    assert till.look(coupon).json()["state"] == "good"
    assert till.redeem(coupon, "2").status_code == 201


def test_a_redemption_of_another_store_is_as_unknown_as_none(shop, till, coupon):
    used = till.redeem(coupon).json()["redemption"]
    stranger = Till(make.store())
    alike = [stranger.reverse(text) for text in (used, "999999999", "none", "-1", "9" * 30)]
    assert {(one.status_code, one.content) for one in alike} == {(404, alike[0].content)}
    assert Redemption.objects.get().reversed_at is None
    assert Till(shop, 13).reverse(used).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_many_tills_at_once_one_wins(shop, coupon):
    statuses: list[int] = []
    racing = [Till(shop, number) for number in range(20, 28)]

    def attempt(till):
        try:
            statuses.append(till.redeem(coupon).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=attempt, args=[till]) for till in racing]
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
