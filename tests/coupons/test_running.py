"""The calendar: what runs in which weeks, and what stands in each other's way."""

from datetime import date

import pytest
from django.urls import reverse

from coupons import running
from coupons.models import Mailing, Offer
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)


def march(**more):
    return running.calendar(date(2026, 3, 1), date(2026, 3, 31), today=TODAY, **more)


def test_offers_and_mailings_of_these_weeks_are_there():
    offer, mailing = make.offer(), make.mailing()
    later = make.offer()
    Offer.objects.filter(pk=later.pk).update(valid_from="2026-05-01", valid_to="2026-05-31")

    assert [(bar.kind, bar.pk) for bar in march().bars] == [
        ("mailing", mailing.pk),
        ("offer", offer.pk),
    ]
    assert not march(only="nothing of this name").bars


def test_a_product_in_two_offers_at_once_is_told():
    one, other = make.offer(), make.offer("0.75")
    (conflict,) = march().conflicts

    assert conflict.offers == (one.pk, other.pk)
    assert "both good on the same product from 2026-03-01 to 2026-03-31" in conflict.says


def test_a_guarantee_that_no_mailing_to_come_can_keep_is_told():
    offer = make.offer()
    Offer.objects.update(least_coupons=100)
    make.coupon("99001", offer)

    (conflict,) = march().conflicts
    assert "99 of 100 coupons guaranteed to Oat Works" in conflict.says
    make.mailing(state=Mailing.State.DRAFT).offers.add(offer)
    assert not march().conflicts


def test_the_page_has_a_drawing_a_table_and_steps(admin_client, django_assert_max_num_queries):
    offer = make.offer()
    Offer.objects.filter(pk=offer.pk).update(name="<Oats>")
    make.mailing()
    with django_assert_max_num_queries(20):
        page = admin_client.get(reverse("admin:coupons_offer_calendar"), {"month": "2026-03"})

    text = page.content.decode()
    assert "<svg" in text
    assert "&lt;Oats&gt;" in text
    assert "month=2026-02" in text
    assert "month=2026-04" in text
    assert "style=" not in text[text.index('<svg class="plot calendar') :].split("</svg>")[0]


@pytest.mark.parametrize("month", ["", "2026-13", "9999-01", "x"])
def test_a_month_that_is_none_is_this_one(admin_client, month):
    page = admin_client.get(reverse("admin:coupons_offer_calendar"), {"month": month, "by": "x"})
    assert page.status_code == 200
