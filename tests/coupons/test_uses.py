"""What came back of a mailing: added up by its page while it is small, by the night once large."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from coupons import uses
from coupons.models import Coupon, Mailing, Redemption, Sheet
from tests import make

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 5)


@pytest.fixture
def mailing():
    return make.mailing(state=Mailing.State.MAILED)


def used(mailing, day=DAY, amount="0.50", home=None):
    """A coupon of the mailing that came back that day."""
    number = mailing.sheets.count() + 1
    sheet = Sheet.objects.create(
        mailing=mailing,
        household=home or make.household(card=f"{mailing.pk}-{number}"),
        number=number,
        address="Ada",
        savings=1,
    )
    code = make.code(f"{mailing.pk:08}{number:04}")
    coupon = Coupon.objects.create(
        code=code, sheet=sheet, position=1, offer=make.offer(), valid_from=mailing.valid_from,
        valid_to=mailing.valid_to, chance=0.1, tag="buy", reason="R", staff_reason="",
    )  # fmt: skip
    record = make.redemption_record(code, day=day)
    return Redemption.objects.create(
        offer=coupon.offer, coupon=coupon, record=record, amount=amount, till=1,
        store=record.basket.store, business_date=day, receipt=record.basket.receipt,
    )  # fmt: skip


def test_uses_are_told_by_day_with_what_they_took_off_and_of_how_many_households(mailing):
    used(mailing)
    used(mailing, day=DAY + timedelta(days=1), amount="1.00")
    used(make.mailing())  # another's

    told = uses.of({mailing: 2})[mailing.pk]

    assert told.days == {DAY: 1, DAY + timedelta(days=1): 1}
    assert (told.coupons, told.off, told.households) == (2, Decimal("1.50"), 2)
    assert told.at is None, "it was added up just now"


def test_what_was_taken_back_does_not_count(mailing):
    back = used(mailing)
    Redemption.objects.filter(pk=back.pk).update(
        reversed_at=timezone.now(), reversal_reason="returned"
    )

    assert uses.of({mailing: 1})[mailing.pk] == uses.Uses()


def test_a_large_mailing_is_added_up_once_and_again_by_the_night(
    mailing, admin_client, django_assert_num_queries
):
    used(mailing)
    of_many = {mailing: uses.AT_ONCE + 1}
    assert uses.of(of_many)[mailing.pk].coupons == 1

    used(mailing)
    with django_assert_num_queries(1):
        again = uses.of(of_many)[mailing.pk]
    assert again.coupons == 1, "as it was kept"
    assert again.at is not None

    Sheet.objects.filter(mailing=mailing, number=1).update(number=uses.AT_ONCE + 1)
    assert uses.keep_lately(mailing.valid_to) == 1

    assert uses.of(of_many)[mailing.pk].coupons == 2


def test_the_night_leaves_small_mailings_and_old_ones_to_their_pages(mailing):
    used(mailing)
    assert uses.keep_lately(mailing.valid_to) == 0

    Sheet.objects.filter(mailing=mailing).update(number=uses.AT_ONCE + 1)
    assert uses.keep_lately(mailing.valid_to + timedelta(days=61)) == 0


def test_the_page_of_a_large_mailing_says_when_it_was_added_up(mailing, admin_client, monkeypatch):
    monkeypatch.setattr(uses, "AT_ONCE", 0)
    used(mailing)
    url = reverse("admin:coupons_mailing_change", args=[mailing.pk])

    assert "Added up" in admin_client.get(url).content.decode()
    monkeypatch.setattr(uses, "AT_ONCE", 10)
    assert "Added up" not in admin_client.get(url).content.decode()


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()
