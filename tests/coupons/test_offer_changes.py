"""Several offers changed together: seen before, all of them or none."""

from datetime import date
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from coupons import offer_changes
from coupons.models import Offer
from pos_integration.together import ChangeError
from tests import make
from tests.staff import one_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def two():
    return [make.offer(), make.offer()]


def url(*offers):
    ids = ",".join(str(offer.pk) for offer in offers)
    return f"{reverse('admin:coupons_offer_together')}?ids={ids}"


def test_all_are_changed_and_each_keeps_its_history(two, admin_user):
    wanted = {"most_coupons": 500, "days": 7, "stores": [make.store()]}

    assert offer_changes.change(Offer.objects.all(), wanted, admin_user) == 2

    for offer in Offer.objects.all():
        assert (offer.most_coupons, offer.valid_from) == (500, date(2026, 3, 8))
        assert offer.stores.count() == 1
    assert "valid_from: 2026-03-01 -> 2026-03-08" in LogEntry.objects.all()[0].change_message


def test_one_whose_coupons_are_out_is_named_and_nothing_is_changed(two, admin_user):
    make.coupon("99001", two[1])

    with pytest.raises(ChangeError, match="coupons of it are out"):
        offer_changes.change(Offer.objects.all(), {"days": 7}, admin_user)

    assert {*Offer.objects.values_list("valid_from", flat=True)} == {date(2026, 3, 1)}
    assert offer_changes.change(Offer.objects.all(), {"real_budget": Decimal(9)}, admin_user) == 2


def test_what_no_offer_may_say_is_refused(two, admin_user):
    with pytest.raises(ChangeError, match="is before the first day"):
        offer_changes.change(Offer.objects.all(), {"valid_to": date(2026, 1, 1)}, admin_user)


def test_the_desk_shows_before_and_after_and_a_second_click_does_nothing(
    two, admin_client, django_assert_max_num_queries
):
    page = admin_client.post(url(*two), {"days": "7"})
    text = page.content.decode()
    assert "2026-03-08" in text
    assert Offer.objects.filter(valid_from=date(2026, 3, 1)).count() == 2

    said = {"days": "7", "do": "yes", "seen": page.context["seen"]}
    with django_assert_max_num_queries(20):
        assert admin_client.post(url(*two), said).status_code == 302
    assert "once more" in admin_client.post(url(*two), said).content.decode()
    assert Offer.objects.filter(valid_from=date(2026, 3, 8)).count() == 2


def test_the_list_leads_there_with_what_is_chosen(two, admin_client):
    said = {"action": "change_together", "_selected_action": [offer.pk for offer in two]}
    answer = admin_client.post(reverse("admin:coupons_offer_changelist"), said, follow=True)

    assert "2 offers" in answer.content.decode()


def test_a_form_that_says_nothing_or_two_things_is_told(two, admin_client):
    assert "one field at least" in admin_client.post(url(*two), {"days": ""}).content.decode()
    both = {"most_coupons": "5", "without": ["most_coupons"]}
    assert "not both" in admin_client.post(url(*two), both).content.decode()


def test_who_may_not_change_offers_is_refused(two):
    assert one_of("Store staff").get(url(*two)).status_code == 403
