"""Mailings and seed addresses at the desk: what must agree before anything is printed."""

from datetime import date

import pytest
from django.urls import reverse

from coupons.models import Mailing, Recipient, SeedAddress
from tests import make

pytestmark = pytest.mark.django_db


def test_a_seed_address_lacks_nothing_that_its_country_wants(admin_client):
    add = reverse("admin:coupons_seedaddress_add")
    given = {"name": "Desk", "street": "1 Long Lane", "city": "Exampleton", "country": "US"}

    wrong = admin_client.post(add, given | {"postcode": "12", "region": ""})
    assert wrong.status_code == 200
    assert not SeedAddress.objects.exists()

    right = admin_client.post(
        add, given | {"postcode": "84101", "region": "UT", "is_active": "on"}, follow=True
    )
    assert SeedAddress.objects.get().is_active
    assert "Desk" in right.content.decode()


def test_a_letter_wants_a_front_and_a_front_wants_a_letter(admin_client):
    add = reverse("admin:coupons_mailing_add")
    offer = make.offer()
    given = {
        "name": "May", "code": "may", "issue_on": "2026-05-01",
        "valid_from": "2026-05-01", "valid_to": "2026-05-31", "channel": "print",
        "contact_days": "28", "offers": [str(offer.pk)], "coupons_per_sheet": "8",
        "coupons_per_category": "2", "discovery_slots": "1", "random_slots": "0",
        "short_sheets": "shorter", "objective": "margin", "model_days": "7",
        "headline": "Good things", "explanation": "Chosen for you.", "holdout_share": "0.1",
        "funder_budgets-TOTAL_FORMS": "0", "funder_budgets-INITIAL_FORMS": "0",
        "texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "0",
        "texts-0-language": "de", "texts-0-headline": "Gutes", "texts-0-explanation": "Für Sie.",
        "texts-0-letter": "",
    }  # fmt: skip

    none = admin_client.post(add, given | {"leaf": "letter", "letter": ""})
    assert "A letter in front wants its text here." in none.content.decode()
    nowhere = admin_client.post(add, given | {"leaf": "one", "letter": "Hello"})
    assert "The letter would be on no side" in nowhere.content.decode()

    admin_client.post(add, given | {"leaf": "letter", "letter": "Hello"})
    made = Mailing.objects.get()
    assert made.leaf == "letter"
    assert list(made.texts.values_list("language", "headline")) == [("de", "Gutes")]
    assert made.issue_on == date(2026, 5, 1)


def test_recipients_are_told_apart_by_outcome_within_a_mailing(admin_client):
    drop = make.mailing()
    Recipient.objects.create(mailing=drop, household=make.household(), outcome="holdout")
    url = reverse("admin:coupons_recipient_changelist")

    assert "By outcome" not in admin_client.get(url).content.decode()
    within = admin_client.get(url, {"mailing__id__exact": drop.pk}).content.decode()
    assert "By outcome" in within
    asked = {"mailing__id__exact": drop.pk, "outcome__exact": "sheet"}
    assert not admin_client.get(url, asked).context["cl"].result_list
