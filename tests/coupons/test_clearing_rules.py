"""Clearing: every kind of offer, several coupons on a receipt, two uses of one, online and not."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from coupons import reversing
from coupons.clearing import clear_redemptions
from coupons.models import Coupon, Funder, LedgerEntry, Offer, Redemption, Refusal
from coupons.sheets import codes
from pos_integration.models import Basket, Product, RedemptionRecord, Undoing
from tests import make

pytestmark = pytest.mark.django_db
MARCH_5 = date(2026, 3, 5)
BREAD = "04006381333931"


def coupon(**terms):
    """A coupon for OATS, of an offer with these terms."""
    money = {k: Decimal(v) for k, v in terms.items() if k in ("price", "threshold", "face_value")}
    offer = make.offer()
    Offer.objects.filter(pk=offer.pk).update(**{**terms, **money})
    return make.coupon(codes.mint(), Offer.objects.get(pk=offer.pk))


def receipt(*costs, day=MARCH_5, quantity=1, kind="sale", store=None):
    """A basket with an item of OATS at each of these costs."""
    basket = make.basket(day=day, store_=store)
    Basket.objects.filter(pk=basket.pk).update(kind=kind)
    for cost in costs:
        line = make.line(basket, amount=cost)
        type(line).objects.filter(pk=line.pk).update(quantity=quantity, kind=kind)
    basket.refresh_from_db()
    return basket


def used(coupon, basket, amount="0.50", line=None):
    return RedemptionRecord.objects.create(
        basket=basket,
        position=basket.redemption_records.count(),
        line_number=line,
        code=coupon.code,
        amount=Decimal(amount),
    )


def redeemed_online(coupon, basket, amount="0.50"):
    """As the till API leaves it, the basket not yet here: known by its key alone."""
    Coupon.objects.filter(pk=coupon.pk).update(state="redeemed")
    return Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        amount=Decimal(amount),
        store=basket.store,
        till=basket.till,
        business_date=basket.business_date,
        receipt=basket.receipt,
    )


def named_by(original, *, line=None, original_line=None, day=date(2026, 3, 7), cost="2.00"):
    """A void of `original`, or where `line` is given a return of a line of it."""
    kind = "void" if line is None else "return"
    back = receipt(cost, day=day, kind=kind, store=original.store)
    return Undoing.objects.create(
        basket=back,
        line_number=line,
        store=original.store,
        till=original.till,
        business_date=original.business_date,
        receipt=original.receipt,
        original_line=original_line,
        original=original,
    )


def state(coupon):
    return Coupon.objects.get(pk=coupon.pk).state


@pytest.mark.parametrize(
    ("terms", "costs", "amount", "reason"),
    [
        ({"kind": "fixed_price", "price": "1.49"}, ["2.00"], "0.50", None),
        ({"kind": "fixed_price", "price": "1.60"}, ["2.00"], "0.50", "over_value"),
        ({"kind": "free_item", "face_value": "3.00"}, ["2.00"], "2.00", None),
        ({"kind": "multi_buy", "units": 2, "percent": 100, "face_value": "9"}, ["2"], "2.00",
         "not_enough"),
        ({"kind": "multi_buy", "units": 2, "percent": 100, "face_value": "9"}, ["2", "3"], "2.00",
         None),
        ({"kind": "multi_buy", "units": 2, "price": "4.00", "face_value": "9"}, ["2", "3"], "1.00",
         None),
        ({"kind": "threshold", "threshold": "5.00"}, ["2", "3"], "0.50", None),
        ({"kind": "threshold", "threshold": "5.01"}, ["2", "3"], "0.50", "not_enough"),
    ],
)  # fmt: skip
def test_every_kind_of_offer_is_cleared_by_its_own_terms(terms, costs, amount, reason):
    record = used(coupon(**terms), receipt(*costs), amount)
    clear_redemptions()
    if reason is None:
        assert record.redemption.amount == Decimal(amount)
    else:
        assert record.refusal.reason == reason


def test_a_threshold_on_the_whole_basket_and_one_whose_products_are_not_there():
    whole, other = (coupon(kind="threshold", threshold="2.00") for _ in range(2))
    whole.offer.offer_products.all().delete()
    other.offer.offer_products.update(product=make.product(BREAD))
    records = [used(one, receipt("2.00")) for one in (whole, other)]
    clear_redemptions()
    assert records[0].redemption
    assert records[1].refusal.reason == "wrong_item"


def test_a_threshold_whose_rules_find_no_product_is_not_on_the_whole_basket():
    lost = coupon(kind="threshold", threshold="2.00")
    lost.offer.rules.create(brand="Nobody")
    lost.offer.offer_products.all().delete()
    record = used(lost, receipt("2.00"))
    clear_redemptions()
    assert record.refusal.reason == "wrong_item"


def test_the_lowest_price_of_a_product_is_kept():
    make.product()
    Product.objects.update(lowest_price=Decimal("1.75"))
    record = used(coupon(), receipt("2.00"))
    clear_redemptions()
    assert record.refusal.reason == "over_value"
    assert record.refusal.detail == "the till took 0.50 off, 0.25 was due"


def test_two_coupons_of_a_group_on_one_item_leave_one_whatever_came_first():
    basket = receipt("2.00")
    first, second = (used(coupon(), basket) for _ in range(2))
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert first.redemption
    assert second.refusal.reason == "not_stacked"
    assert state(Coupon.objects.get(code=second.code)) == "open"


def test_two_coupons_are_good_on_two_units_and_two_groups_on_one():
    for basket, more in (
        (receipt("4.00", quantity=2), {}),
        (receipt("2.00"), {"stacking_group": "m"}),
    ):
        used(coupon(), basket)
        used(coupon(**more), basket)
    assert clear_redemptions() == {"redemption": 4}


def test_a_receipt_is_judged_whole_even_where_a_batch_would_end(monkeypatch):
    monkeypatch.setattr("coupons.clearing.RECORDS_AT_ONCE", 1)
    basket = receipt("2.00")
    for _ in range(3):
        used(coupon(), basket)
    assert clear_redemptions() == {"redemption": 1, "refusal": 2}


def test_more_records_than_are_listed_at_once_are_cleared_receipt_by_receipt(monkeypatch):
    monkeypatch.setattr("coupons.clearing.RECORDS_LISTED", 3)
    for _ in range(4):
        basket = receipt("2.00")
        for _ in range(2):
            used(coupon(), basket)
    assert clear_redemptions() == {"redemption": 4, "refusal": 4}


def test_where_the_till_took_nothing_off_the_coupon_stays_good():
    one = coupon()
    record = used(one, receipt("2.00"), "0.00")
    clear_redemptions()
    assert record.refusal.detail == "the till took nothing off, 0.50 was due"
    assert state(one) == "open"


@pytest.mark.parametrize("kind", ["void", "return"])
def test_on_a_void_or_return_nothing_was_discounted(kind):
    one = coupon()
    record = used(one, receipt("2.00", kind=kind))
    clear_redemptions()
    assert record.refusal.reason == Refusal.Reason.RECEIPT_VOID
    assert state(one) == "open"


@pytest.mark.parametrize(("days", "reason"), [((5, 5), "conflict"), ((5, 6), "already_redeemed")])
def test_the_later_of_two_uses_loses_and_is_told_where_the_other_was(days, reason):
    one = coupon()
    late = used(one, receipt("2.00", day=date(2026, 3, days[1])))
    early_basket = receipt("2.00", day=date(2026, 3, days[0]))
    early_basket.ended_at = datetime(2026, 3, days[0], 8, tzinfo=UTC)
    early_basket.save()
    early = used(one, early_basket)
    clear_redemptions()
    assert early.redemption
    assert late.refusal.reason == reason
    assert late.refusal.detail.startswith(
        f"used at store {early_basket.store.number}, till {early_basket.till}, "
        f"receipt {early_basket.receipt} on 2026-03-05"
    )


def test_an_earlier_use_that_comes_in_later_is_a_conflict():
    one = coupon()
    used(one, receipt("2.00", day=date(2026, 3, 9)))
    clear_redemptions()
    late = used(one, receipt("2.00", day=date(2026, 3, 4)))
    clear_redemptions()
    assert late.refusal.reason == "conflict"


def test_a_refused_use_does_not_burn_the_coupon_for_the_next():
    one = coupon()
    used(one, receipt("2.00"), "9.00")
    good = used(one, receipt("2.00", day=date(2026, 3, 6)))
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert good.redemption


def test_a_receipt_that_names_a_coupon_twice_uses_it_once():
    one, basket = coupon(), receipt("2.00", "2.00")
    first, second = used(one, basket, line=1), used(one, basket, line=2)
    clear_redemptions()
    assert first.redemption
    assert second.refusal.reason == "already_redeemed"
    assert "twice" in second.refusal.detail


def test_a_receipt_made_void_and_rung_up_again_uses_the_coupon_once():
    one, gone, again = coupon(), receipt("2.00"), receipt("2.00")
    first, second = used(one, gone), used(one, again)
    named_by(gone, day=MARCH_5)
    assert clear_redemptions() == {"redemption": 2}
    assert first.redemption.reversed_at
    assert second.redemption.reversed_at is None
    assert state(one) == "redeemed"


def test_used_again_after_a_return_that_leaves_it_earned_is_a_second_use():
    one, kept, again = coupon(), receipt("4.00", quantity=2), receipt("2.00")
    first, second = used(one, kept), used(one, again)
    named_by(kept, line=1, original_line=1, day=MARCH_5)
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert first.redemption.reversed_at is None
    assert second.refusal.reason == "conflict"


def test_a_code_of_any_characters_leaves_a_detail_that_fits():
    record = make.redemption_record("\U000e0001" * 80)
    clear_redemptions()
    assert record.refusal.reason == "unknown_code"


# Redeemed online, the basket coming later.


def test_redeemed_and_reversed_online_before_the_basket_came():
    one, basket = coupon(), receipt("2.00")
    online = redeemed_online(one, basket)
    reversing.reverse(online.pk, "refund")
    record = used(one, basket)
    assert clear_redemptions() == {"redemption": 1}
    assert record.redemption == online
    assert state(one) == "open"
    again = used(one, receipt("2.00", day=date(2026, 3, 8)))
    assert clear_redemptions() == {"redemption": 1}
    assert again.redemption.reversed_at is None
    assert state(one) == "redeemed"


def test_reversed_online_and_redeemed_elsewhere_before_either_basket_came():
    one, here, there = coupon(), receipt("2.00"), receipt("2.00")
    online = redeemed_online(one, here)
    reversing.reverse(online.pk, "refund")
    second = redeemed_online(one, there)
    late = used(one, there), used(one, here)
    assert clear_redemptions() == {"redemption": 2}
    assert [record.redemption for record in late] == [second, online]


def test_reversed_and_redeemed_anew_on_the_same_receipt_the_one_that_stands_gets_the_record():
    one, basket = coupon(), receipt("2.00")
    online = redeemed_online(one, basket)
    reversing.reverse(online.pk, "wrong item")
    again = redeemed_online(one, basket)
    record = used(one, basket)
    twice = used(one, basket)
    clear_redemptions()
    assert record.redemption == again
    assert twice.refusal.reason == "already_redeemed"


def test_used_offline_elsewhere_while_it_stands_online():
    one, here = coupon(), receipt("2.00")
    redeemed_online(one, here)
    record = used(one, receipt("2.00"))
    clear_redemptions()
    assert record.refusal.reason == "conflict"
    assert f"receipt {here.receipt}" in record.refusal.detail


def test_used_offline_while_it_was_open_again():
    one, here = coupon(), receipt("2.00")
    reversing.reverse(redeemed_online(one, here).pk, "refund")
    record = used(one, receipt("2.00"))
    assert clear_redemptions() == {"redemption": 1}
    assert record.redemption.coupon == one
    used(one, here)
    assert clear_redemptions() == {"redemption": 1}
    assert Redemption.objects.filter(reversed_at=None).get() == record.redemption


def test_the_basket_of_a_coupon_that_stays_used_after_its_return():
    one, here = coupon(after_return="used"), receipt("2.00")
    online = redeemed_online(one, here)
    reversing.reverse(online.pk, "refund")
    record, other = used(one, here), used(one, receipt("2.00"))
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert record.redemption == online
    assert "stays used" in other.refusal.detail


@pytest.mark.parametrize(
    ("took", "is_booked", "stands"),
    [("0.40", False, "0.40"), ("0.40", True, "0.50"), ("0.60", False, "0.50")],
)
def test_nobody_is_charged_more_than_was_agreed_online_or_than_the_shopper_got(
    took, is_booked, stands
):
    one, basket = coupon(), receipt("2.00")
    online = redeemed_online(one, basket)
    if is_booked:
        LedgerEntry.objects.create(
            kind="redemption", funder=Funder.objects.get(), store=basket.store, offer=one.offer,
            redemption=online, business_date=MARCH_5, coupons=1, face_value="0.50",
            handling_fee="0.08", currency="USD",
        )  # fmt: skip
    record = used(one, basket, took)
    clear_redemptions()
    record.redemption.refresh_from_db()
    assert record.redemption == online
    assert record.redemption.amount == Decimal(stands)


def test_a_sale_broken_off_after_its_coupon_was_redeemed_online_gives_it_back():
    one, basket = coupon(), receipt("2.00", kind="void")
    online = redeemed_online(one, basket)
    used(one, basket)
    assert clear_redemptions() == {"redemption": 1}
    online.refresh_from_db()
    assert online.reversed_by == basket
    assert state(one) == "open"


@pytest.mark.parametrize("names_coupon", [True, False])
def test_a_sale_broken_off_and_rung_up_again_uses_the_coupon_on_the_second(names_coupon):
    one, broken_off, again = coupon(), receipt("2.00", kind="void"), receipt("2.00")
    redeemed_online(one, broken_off)
    if names_coupon:
        used(one, broken_off)
    record = used(one, again)
    clear_redemptions()
    assert record.redemption.reversed_at is None
    assert state(one) == "redeemed"


def test_an_online_use_takes_part_in_what_may_be_on_one_item():
    one, basket = coupon(), receipt("2.00")
    redeemed_online(one, basket)
    used(one, basket)
    other = used(coupon(), basket)
    assert clear_redemptions() == {"redemption": 1, "refusal": 1}
    assert other.refusal.reason == "not_stacked"


def test_a_redemption_is_taken_back_once_and_says_when():
    online = redeemed_online(coupon(), receipt("2.00"))
    first = reversing.reverse(online.pk, "refund" * 20)
    assert first.reversed_at
    assert first.reversed_at <= timezone.now()
    assert len(first.reversal_reason) == 40
    again = reversing.reverse(online.pk, "another reason")
    assert (again.reversed_at, again.reversal_reason) == (first.reversed_at, first.reversal_reason)
