"""Two clearings at once, with real threads and real locks."""

import threading

import pytest
from django.db import connection, transaction

from coupons.clearing import clear_redemptions
from coupons.models import Coupon, Redemption, Refusal
from pos_integration.models import RedemptionRecord
from tests import make


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_never_pay_a_coupon_twice():
    coupon = make.coupon(make.code("7Q4MK2XP9TRD"))
    mine, theirs = make.redemption_record(coupon.code), make.redemption_record(coupon.code)
    outcome: list[object] = []

    def other_run():
        try:
            outcome.append(clear_redemptions())
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    with transaction.atomic():
        RedemptionRecord.objects.select_for_update().get(pk=mine.pk)
        Coupon.objects.select_for_update().get(pk=coupon.pk)
        thread = threading.Thread(target=other_run)
        thread.start()
        thread.join(0.5)  # the other run now waits for the coupon
        assert thread.is_alive()
        Redemption.objects.create(
            record=mine,
            coupon=coupon,
            offer=coupon.offer,
            amount=mine.amount,
            store=mine.basket.store,
            till=mine.basket.till,
            business_date=mine.basket.business_date,
            receipt=mine.basket.receipt,
        )
        Coupon.objects.filter(pk=coupon.pk).update(state=Coupon.State.REDEEMED)
    thread.join(10)

    assert outcome == [{"refusal": 1}]
    assert theirs.refusal.reason == Refusal.Reason.CONFLICT


@pytest.mark.django_db(transaction=True)
def test_many_runs_at_once_clear_every_record_once():
    codes = [make.code(f"7Q4MK2XP9T{n:02}") for n in range(20)]
    for code in codes:
        make.coupon(code)
        make.redemption_record(code)
        make.redemption_record(code)

    def run():
        try:
            clear_redemptions()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (Redemption.objects.count(), Refusal.objects.count()) == (20, 20)
