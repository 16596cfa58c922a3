"""Clearing: every till record gets its redemption or its refusal, once."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.clearing import clear_redemptions, worth
from coupons.models import Coupon, Offer, Redemption, Refusal
from tests import make

CODE = "7Q4MK2XP9TRD"
db = pytest.mark.django_db


@pytest.fixture
def coupon(db):
    return make.coupon(make.code(CODE))


@db
def test_the_first_use_clears_and_the_second_is_refused(coupon):
    second = make.redemption_record(coupon.code, day=date(2026, 3, 9))
    first = make.redemption_record(coupon.code, day=date(2026, 3, 5))

    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert clear_redemptions() == {}
    assert Redemption.objects.get().record == first
    assert Redemption.objects.get().coupon == coupon
    assert second.refusal.reason == Refusal.Reason.ALREADY_REDEEMED
    coupon.refresh_from_db()
    assert coupon.state == Coupon.State.REDEEMED


@db
@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"code": "7Q4M-K2XP-9TRD-Z"}, "unknown_code"),
        ({"code": "a leaflet"}, "unknown_code"),
        ({"day": date(2026, 4, 1)}, "out_of_date"),
        ({"day": date(2026, 2, 28)}, "out_of_date"),
        ({"gtin": "04006381333931"}, "wrong_item"),
        ({"amount": "0.51"}, "over_value"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_refused_with_the_reason(coupon, record, reason):
    make.redemption_record(**{"code": coupon.code, **record})
    assert clear_redemptions() == {"refusal": 1}
    refusal = Refusal.objects.get()
    assert refusal.reason == reason
    assert refusal.detail
    coupon.refresh_from_db()
    assert coupon.state == Coupon.State.OPEN


@db
def test_a_void_coupon_is_refused(coupon):
    Coupon.objects.update(state=Coupon.State.VOID)
    make.redemption_record(coupon.code)
    clear_redemptions()
    assert Refusal.objects.get().reason == Refusal.Reason.VOID


@db
def test_the_last_day_counts(coupon):
    make.redemption_record(coupon.code, day=date(2026, 3, 31))
    assert clear_redemptions() == {"redemption": 1}


@db
def test_a_code_typed_by_hand_is_understood(coupon):
    typed = f"{coupon.code[:4]}-{coupon.code[4:8]} {coupon.code[8:]}".lower()
    make.redemption_record(typed)
    assert clear_redemptions() == {"redemption": 1}


@db
def test_one_code_for_everybody_clears_again_and_again():
    offer = make.offer(shared_code="51111120001")
    make.redemption_record("51111120001", day=date(2026, 3, 5))
    make.redemption_record("51111120001", day=date(2026, 3, 6))
    assert clear_redemptions() == {"redemption": 2}
    assert offer.redemptions.count() == 2


@db
def test_without_a_line_any_item_of_the_receipt_will_do(coupon):
    record = make.redemption_record(coupon.code)
    type(record).objects.update(line_number=None)
    assert clear_redemptions() == {"redemption": 1}


@given(
    price=st.decimals(min_value=0, max_value=500, places=2),
    face=st.decimals(min_value="0.01", max_value=100, places=2),
    percent=st.none() | st.integers(min_value=1, max_value=100),
)
def test_an_offer_never_takes_off_more_than_the_price_or_its_worth(price, face, percent):
    kind = Offer.Kind.AMOUNT if percent is None else Offer.Kind.PERCENT
    off = worth(Offer(kind=kind, face_value=face, percent=percent), price)
    assert Decimal(0) <= off <= min(price, face)
    if percent is not None:
        assert off <= price * percent / 100 + Decimal("0.005")
