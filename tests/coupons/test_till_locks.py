"""Locks: a coupon is held for one receipt, priced on its basket, until it is used or let go."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from coupons import holding
from coupons.models import Coupon, CouponLock, Offer, OfferProduct, Redemption
from coupons.till import store_today
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, line, said


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def coupon(shop):
    return tills.coupon(shop)


def time_out():
    CouponLock.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def test_a_lock_says_what_the_coupon_takes_off_and_on_which_line(till, coupon):
    answer = till.lock(coupon, basket=till.basket("1", line(1, "DELI"), line(2), line(3)))
    assert answer.status_code == 200
    told = answer.json()
    assert (told["amount"], told["line"]) == ("0.50", 2)
    assert len(told["lock"]) >= 43
    held = CouponLock.objects.get()
    assert timedelta(seconds=290) < held.expires_at - timezone.now() <= timedelta(seconds=300)
    assert till.look(coupon).json()["state"] == "locked"


def test_a_cheap_item_bounds_what_is_taken_off(till, coupon):
    held = till.lock(coupon, basket=till.basket("1", line(amount="0.30"))).json()
    assert held["amount"] == "0.30"
    assert said(till.redeem(coupon, amount="0.31", lock=held["lock"])) == (422, "over_value")
    assert till.redeem(coupon, amount="0.30", lock=held["lock"]).status_code == 201
    assert CouponLock.objects.count() == 0


def test_a_locked_coupon_is_nobody_elses(shop, till, coupon):
    held = till.lock(coupon).json()["lock"]
    other = Till(shop, 13)
    for refused in (
        other.redeem(coupon),
        other.redeem(coupon, lock=held),
        other.lock(coupon),
        till.redeem(coupon, "2"),
        till.redeem(coupon, lock="guessed"),
    ):
        assert said(refused) == (409, "locked")
        assert "until" in refused.json()["detail"]
    assert till.redeem(coupon, lock=held).status_code == 201


def test_the_same_receipt_asking_again_holds_it_for_longer(till, coupon):
    first = till.lock(coupon, ttl_s=10).json()
    again = till.lock(coupon, ttl_s=600, basket=till.basket("1", line(amount="0.20"))).json()
    assert again["lock"] == first["lock"]
    assert again["expires_at"] > first["expires_at"]
    assert again["amount"] == "0.20"
    assert CouponLock.objects.count() == 1


def test_a_lock_that_timed_out_is_taken_over(shop, till, coupon):
    stale = till.lock(coupon).json()["lock"]
    time_out()
    assert till.look(coupon).json()["state"] == "good"
    other = Till(shop, 13)
    fresh = other.lock(coupon).json()["lock"]
    assert fresh != stale
    assert said(till.redeem(coupon, lock=stale)) == (409, "locked")
    assert till.release(coupon, stale).json() == {"released": False}
    assert other.redeem(coupon, lock=fresh).status_code == 201


def test_a_slow_shopper_still_gets_what_was_promised_while_nobody_else_has_it(till, coupon):
    held = till.lock(coupon, basket=till.basket("1", line(amount="0.30"))).json()["lock"]
    time_out()
    assert said(till.redeem(coupon, amount="0.40", lock=held)) == (422, "over_value")
    assert till.redeem(coupon, amount="0.30", lock=held).status_code == 201


def test_a_lock_let_go_is_free_for_others(shop, till, coupon):
    held = till.lock(coupon).json()["lock"]
    stranger = Till(make.store())
    assert stranger.release(coupon, held).json() == {"released": False}
    assert till.release(coupon, held).json() == {"released": True}
    assert till.release(coupon, held).json() == {"released": False}
    assert Till(shop, 13).redeem(coupon).status_code == 201


@pytest.mark.parametrize("ttl_s", [0, 3601, "300", None, 1.5, 10**30])
def test_a_lock_holds_for_a_second_to_an_hour(till, coupon, ttl_s):
    assert said(till.lock(coupon, ttl_s=ttl_s)) == (400, "invalid")


def test_a_basket_without_its_item_locks_nothing(till, coupon):
    assert said(till.lock(coupon, basket=till.basket("1", line(code="DELI")))) == (
        422,
        "wrong_item",
    )
    assert CouponLock.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"store": "nowhere"}, 422, "unknown_store"),
        ({"till": 99}, 422, "unknown_terminal"),
        ({"business_date": "2999-01-01"}, 422, "future_date"),
        ({"currency": "EUR"}, 422, "wrong_currency"),
        ({"lines": [line(code="4006381333932")]}, 422, "bad_check_digit"),
        ({"lines": [line(amount="free")]}, 422, "bad_amount"),
        ({"kind": "return"}, 422, "no_sale"),
        ({"lines": None}, 400, "invalid"),
        ({"receipt": ""}, 400, "invalid"),
    ],
)
def test_a_basket_keeps_the_rules_of_uploads(till, coupon, change, status, code):
    assert said(till.lock(coupon, basket={**till.basket(), **change})) == (status, code)


def test_a_till_locks_for_its_own_store_only(shop, till, coupon):
    stranger = Till(make.store())
    assert said(stranger.lock(coupon, basket=till.basket())) == (422, "foreign_store")


def test_two_coupons_for_one_item_do_not_add_up(shop, till):
    first, second = tills.coupon(shop), tills.coupon(shop)
    assert till.lock(first).status_code == 200
    assert said(till.lock(second)) == (422, "not_stacked")
    assert till.redeem(first, lock=CouponLock.objects.get().token).status_code == 201
    assert said(till.lock(second)) == (422, "not_stacked")
    two = till.basket("1", line(1), line(2))
    assert till.lock(second, basket=two).status_code == 200


def test_a_coupon_that_the_basket_lists_is_on_its_item(shop, till):
    listed, asked = tills.coupon(shop), tills.coupon(shop)
    basket = till.basket(coupons=[{"code": listed.code, "amount": "0.50", "line": 1}])
    assert said(till.lock(asked, basket=basket)) == (422, "not_stacked")
    listed.state = Coupon.State.VOID  # it takes nothing off, whatever the till believes
    listed.save()
    assert till.lock(asked, basket=basket).status_code == 200


def test_a_code_from_the_newspaper_is_on_its_item_too(shop, till, coupon):
    today = store_today(shop)
    everybodys = make.offer(shared_code="NEWS-1")
    Offer.objects.filter(pk=everybodys.pk).update(valid_from=today, valid_to=today)
    basket = till.basket(coupons=[{"code": "NEWS-1", "amount": "0.50", "line": 1}])
    assert said(till.lock(coupon, basket=basket)) == (422, "not_stacked")


def test_three_for_two_wants_three(shop, till):
    offer = make.offer("5.00")
    offer.kind, offer.percent, offer.units = Offer.Kind.MULTI_BUY, 100, 3
    offer.save()
    coupon = tills.coupon(shop, offer)
    two = till.basket("1", line(quantity="2", amount="4.00"))
    three = till.basket("1", line(1), line(2, quantity="2", amount="3.00"))
    assert said(till.lock(coupon, basket=two)) == (422, "not_enough")
    assert till.lock(coupon, basket=three).json()["amount"] == "1.50"


def test_a_fixed_price_is_reckoned_from_what_the_item_costs(shop, till):
    offer = make.offer("5.00")
    offer.kind, offer.price = Offer.Kind.FIXED_PRICE, Decimal("1.25")
    offer.save()
    assert till.lock(tills.coupon(shop, offer)).json()["amount"] == "0.75"


def test_enough_spent_on_anything_at_all(shop, till):
    offer = make.offer("5.00")
    offer.kind, offer.threshold = Offer.Kind.THRESHOLD, Decimal("20.00")
    offer.save()
    OfferProduct.objects.all().delete()
    coupon = tills.coupon(shop, offer)
    assert said(till.lock(coupon, basket=till.basket("1", line(code="DELI", amount="19.99")))) == (
        422,
        "not_enough",
    )
    enough = till.basket("1", line(code="DELI", amount="20.00"))
    assert till.lock(coupon, basket=enough).json()["amount"] == "5.00"
    offer.rules.create(brand="Nobody")  # of which there is no product
    assert said(till.lock(coupon, basket=enough)) == (422, "wrong_item")
    assert said(till.redeem(coupon, amount="5.00", item="DELI")) == (422, "wrong_item")
    offer.rules.all().delete()
    assert till.redeem(coupon, amount="5.00", item="DELI").status_code == 201


def test_a_redeemed_coupon_cannot_be_locked_and_a_reversed_one_can(till, coupon):
    used = till.redeem(coupon).json()["redemption"]
    assert said(till.lock(coupon, "2")) == (409, "already_redeemed")
    till.reverse(used)
    assert till.lock(coupon, "2").status_code == 200
    assert Redemption.objects.count() == 1


def test_locks_that_timed_out_are_forgotten(till, coupon):
    till.lock(coupon)
    assert holding.purge(timezone.now()) == 0
    time_out()
    assert holding.purge(timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_coupons_locked_at_once_for_one_item_one_is(shop, till):
    coupons = [tills.coupon(shop) for _ in range(6)]
    clients = [Till(shop, 30 + number) for number in range(6)]  # of one receipt, all the same
    answers: list[tuple[int, str]] = []

    def lock(number):
        try:
            basket = till.basket("1")
            answers.append(said(clients[number].lock(coupons[number], basket=basket)))
        finally:
            connection.close()

    threads = [threading.Thread(target=lock, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [(200, "")] + [(422, "not_stacked")] * 5
