"""Offers of some stores: their coupons are good there, and told to be elsewhere in others."""

from datetime import date
from decimal import Decimal

import pytest

from coupons.clearing import clear_redemptions
from coupons.models import Coupon, Redemption
from coupons.sheets import codes
from pos_integration.models import Basket, RedemptionRecord
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def here():
    return make.store("here")


@pytest.fixture
def there():
    return make.store("there")


@pytest.fixture
def coupon(here):
    """Good in the store 'here' alone."""
    made = tills.coupon(here)
    made.offer.stores.add(here)
    return made


def test_a_coupon_is_good_where_its_offer_is(here, coupon):
    till = Till(here)
    assert till.look(coupon).json()["state"] == "good"
    assert till.lock(coupon).status_code == 200
    assert till.redeem(coupon, "1").status_code == 201


def test_elsewhere_it_is_told_so_and_stays_open(there, coupon):
    till = Till(there)
    assert till.look(coupon).json()["state"] == "not_here"
    for answer in (till.lock(coupon), till.redeem(coupon)):
        assert said(answer) == (422, "wrong_store")
        assert answer.json()["detail"] == "Oat drink is off in store here only, not in store there."
    coupon.refresh_from_db()
    assert coupon.state == Coupon.State.OPEN
    assert not Redemption.objects.exists()


def test_the_refusal_names_a_few_stores_and_counts_many(there, coupon):
    coupon.offer.stores.add(make.store("next"))
    till = Till(there)
    assert "in stores here and next only" in till.redeem(coupon).json()["detail"]
    coupon.offer.stores.add(make.store(), make.store())
    assert "in 4 other stores only" in till.redeem(coupon).json()["detail"]


def test_what_else_is_wrong_with_it_is_told_first(here, there, coupon):
    Till(here).redeem(coupon)
    till = Till(there)
    assert till.look(coupon).json()["state"] == "redeemed"
    assert said(till.redeem(coupon, "2")) == (409, "already_redeemed")


def test_a_lock_can_be_let_go_whatever_became_of_the_stores(here, there, coupon):
    till = Till(here)
    held = till.lock(coupon).json()["lock"]
    coupon.offer.stores.set([there])
    assert till.release(coupon, held).json() == {"released": True}


def test_a_collector_asks_for_no_store_and_redeems_where_the_receipt_is(here, there, coupon):
    collector = Till(make.store("office"), collector=True)
    assert collector.look(coupon).json()["state"] == "good"
    key = collector.key(store=there.number)
    assert said(collector.redeem(coupon, basket_key=key)) == (422, "wrong_store")
    key = collector.key(store=here.number)
    assert collector.redeem(coupon, basket_key=key).status_code == 201


def test_a_card_lists_what_is_good_in_this_store(here, there, coupon):
    coupon.offer.stores.add(make.store("next"))
    everywhere = tills.coupon(here)
    Coupon.objects.filter(pk=everywhere.pk).update(sheet=coupon.sheet, position=2)
    card = coupon.sheet.household.cards.get().number

    def listed(store, **more):
        told = Till(store, **more).get(f"/api/v1/cards/{card}/coupons").json()["coupons"]
        return {one["code"].replace("-", "") for one in told}

    assert listed(here) == {coupon.code, everywhere.code}
    assert listed(there) == {everywhere.code}
    assert listed(there, number=90, collector=True) == {coupon.code, everywhere.code}


def test_what_is_good_elsewhere_is_not_in_the_way_of_another(here, there, coupon):
    good = tills.coupon(there)
    till = Till(there)
    named = [{"code": coupon.code, "amount": "0.50", "line": 1}]
    shared = make.offer(shared_code="51111120001")
    shared.stores.add(here)
    named.append({"code": "51111120001", "amount": "0.50", "line": 1})
    assert till.lock(good, basket=till.basket(coupons=named)).json()["amount"] == "0.50"


def record_in(store, code):
    record = make.redemption_record(code, day=date(2026, 3, 5))
    Basket.objects.filter(pk=record.basket_id).update(store=store)
    return RedemptionRecord.objects.get(pk=record.pk)


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_use_offline_elsewhere_is_refused_with_where_it_was(here, there, is_shared):
    offer = make.offer(shared_code="51111120001" if is_shared else None)
    offer.stores.add(here)
    text = "51111120001" if is_shared else make.coupon(codes.mint(), offer).code
    elsewhere, fine = record_in(there, text), record_in(here, text)

    assert clear_redemptions() == {"redemption": 1, "refusal": 1}

    assert elsewhere.refusal.reason == "wrong_store"
    assert elsewhere.refusal.detail == "used in store there, good in another store only"
    assert fine.redemption.amount == Decimal("0.50")


def test_what_a_till_redeemed_online_stands_though_the_stores_changed(here, there, coupon):
    till = Till(here)
    assert till.redeem(coupon, "77").status_code == 201
    coupon.offer.stores.set([there])
    record = make.redemption_record(coupon.code)
    Basket.objects.filter(pk=record.basket_id).update(
        store=here, till=12, receipt="77", business_date=till.key()["business_date"]
    )

    assert clear_redemptions() == {"redemption": 1}
    assert Redemption.objects.get().record == record
