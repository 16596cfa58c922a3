"""The purchase history: nothing lost, nothing doubled, and it follows its cards."""

from datetime import date

import numpy as np
import pytest

from loyalty import history, identify
from loyalty.models import Card, PurchaseChunk
from pos_integration.models import BasketLine, Product, Tender, Upload
from tests import make

pytestmark = pytest.mark.django_db


def bought(home, before=date(2030, 1, 1)):
    """(day, cents) of every line that the history holds for the household."""
    products = np.array(sorted(Product.objects.values_list("pk", flat=True)), dtype=np.int64)
    bucket = history.read(history.bucket_of(home.slot), products, before=before)
    (row,) = np.flatnonzero(bucket.households == home.pk)
    mine = bucket.lines.household == row
    days = [history.day_of(int(day)) for day in bucket.lines.day[mine]]
    return list(zip(days, bucket.lines.amount_cents[mine].tolist(), strict=True))


def sale(card, day, amount="2.00", **fields):
    basket = make.basket(card, day)
    line = make.line(basket, amount=amount)
    BasketLine.objects.filter(pk=line.pk).update(**fields)
    return basket


def test_sealing_again_adds_nothing_and_a_late_basket_finds_its_month():
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("900", date(2026, 4, 2))

    assert history.seal() == 2
    assert history.seal() == 0
    sale("900", date(2026, 3, 1), amount="1.50")  # three weeks late
    assert history.seal() == 1

    assert bought(home) == [
        (date(2026, 3, 1), 150),
        (date(2026, 3, 5), 200),
        (date(2026, 4, 2), 200),
    ]
    assert PurchaseChunk.objects.count() == 2


def test_only_days_before_the_morning_are_read():
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("900", date(2026, 3, 6))
    history.seal()
    assert bought(home, before=date(2026, 3, 6)) == [(date(2026, 3, 5), 200)]


def test_a_card_claimed_today_brings_its_purchases_along():
    sale("777", date(2026, 3, 5))
    history.seal()
    home = identify.join("777", "Ada Example", on=date(2026, 5, 1))
    history.seal()
    assert bought(home) == [(date(2026, 3, 5), 200)]


def test_a_card_that_changes_hands_takes_its_purchases_to_the_other_bucket_and_back():
    first, second = make.household("900"), make.household("901")
    assert history.bucket_of(first.slot) != history.bucket_of(second.slot)
    sale("900", date(2026, 3, 5), amount="1.00")
    sale("901", date(2026, 3, 6), amount="2.00")
    history.seal()
    before = history.fingerprint()

    identify.move_card("901", first, on=date(2026, 5, 1))
    history.seal()
    assert bought(first) == [(date(2026, 3, 5), 100), (date(2026, 3, 6), 200)]
    assert history.fingerprint() != before

    identify.move_card("901", second, on=date(2026, 5, 2))
    history.seal()
    assert bought(first) == [(date(2026, 3, 5), 100)]
    assert bought(second) == [(date(2026, 3, 6), 200)]
    assert history.fingerprint() == before  # the very same bytes as if nothing had happened


def test_another_number_of_buckets_deals_the_history_anew(settings):
    home = make.household("900")
    sale("900", date(2026, 3, 5))
    sale("", date(2026, 3, 5))  # no card shown
    history.seal()
    settings.LOYALTY_BUCKETS = 64
    assert history.seal() == 0
    assert bought(home) == [(date(2026, 3, 5), 200)]
    assert set(PurchaseChunk.objects.values_list("of_buckets", "bucket")) == {
        (64, history.bucket_of(home.slot)),
        (64, history.WITHOUT_CARD),
    }


def test_what_is_given_back_counts_against_and_what_is_void_not_at_all():
    home = make.household("900")
    sale("900", date(2026, 3, 5), amount="5.00")
    sale("900", date(2026, 3, 6), amount="5.00", kind="return")
    sale("900", date(2026, 3, 7), amount="9.00", kind="void")
    history.seal()
    assert bought(home) == [(date(2026, 3, 5), 500), (date(2026, 3, 6), -500)]


def test_as_many_lines_carry_a_coupon_as_the_receipt_used():
    home = make.household("900")
    basket = sale("900", date(2026, 3, 5))
    make.line(basket)
    make.line(basket)
    for position in range(2):
        Tender.objects.create(basket=basket, position=position, kind="coupon", amount="0.50")
    history.seal()
    products = np.array(sorted(Product.objects.values_list("pk", flat=True)), dtype=np.int64)
    bucket = history.read(history.bucket_of(home.slot), products, before=date(2030, 1, 1))
    assert bucket.lines.coupon.tolist() == [True, True, False]


def test_a_card_that_nobody_claimed_is_kept_and_not_modelled():
    sale("555", date(2026, 3, 5))
    assert history.seal() == 1
    assert Card.objects.get(number="555").household is None


def test_a_file_cut_off_in_its_middle_counts_as_far_as_it_could_be_read():
    home = make.household("900")
    sold = sale("900", date(2026, 3, 5))
    Upload.objects.filter(pk=sold.upload_id).update(state=Upload.State.FAILED)

    assert history.seal() == 1
    assert bought(home) == [(date(2026, 3, 5), 200)]
