"""Copies of offers: all of it but its coupons, on the days that follow."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from coupons import copying
from coupons.models import Coupon, Offer, OfferRule, OfferText
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer():
    made = make.offer(shared_code="PAPER-1")
    made.levels.create(number=2, face_value=Decimal("0.75"))
    OfferText.objects.create(offer=made, language="de", name="Haferdrink")
    OfferRule.objects.create(offer=made, product=make.product())
    made.stores.add(make.store())
    make.coupon("99001", made)
    Offer.objects.filter(pk=made.pk).update(code="oats")
    made.refresh_from_db()
    return made


def test_a_copy_has_everything_but_coupons_and_follows_on(offer, admin_user):
    made, is_new = copying.copy(offer, admin_user)

    assert is_new
    assert (made.code, made.name, made.shared_code) == ("oats-2", offer.name, None)
    assert (made.valid_from, made.valid_to) == (date(2026, 4, 1), date(2026, 5, 1))
    assert [*made.levels.values_list("face_value", flat=True)] == [Decimal("0.75")]
    assert made.texts.get().name == "Haferdrink"
    assert made.rules.get().product == make.product()
    assert made.offer_products.count() == offer.offer_products.count() == 1
    assert [*made.stores.all()] == [*offer.stores.all()]
    assert not Coupon.objects.filter(offer=made).exists()


def test_the_same_code_asked_for_twice_is_one_copy(offer, admin_user):
    made, _ = copying.copy(offer, admin_user, "oats-may")

    assert copying.copy(offer, admin_user, "oats-may") == (made, False)


def test_the_code_suggested_is_the_next_that_is_free(offer, admin_user):
    copying.copy(offer, admin_user)

    assert copying.next_code("oats") == "oats-3" == copying.next_code("oats-2")


def test_the_desk_copies_and_refuses_a_code_of_another_offer(offer, admin_client):
    other = make.offer()
    Offer.objects.filter(pk=other.pk).update(name="Pens")
    url = reverse("admin:coupons_offer_copy", args=[offer.pk])

    assert 'value="oats-2"' in admin_client.get(url).content.decode()
    refused = admin_client.post(url, {"code": other.code})
    assert "is taken by" in refused.content.decode()
    for _ in range(2):
        admin_client.post(url, {"code": "oats-2"})
    assert Offer.objects.filter(code="oats-2").count() == 1
    assert Offer.objects.count() == 3


def test_who_may_not_add_offers_may_not_copy_them(offer):
    url = reverse("admin:coupons_offer_copy", args=[offer.pk])
    assert one_of("Store staff").post(url, {"code": "oats-2"}).status_code == 403
