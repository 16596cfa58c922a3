"""The desk for households: who lives there, as far as they told."""

import re

import pytest

from loyalty.models import Consent, Household
from tests import make
from tests.loyalty.believing import page

pytestmark = pytest.mark.django_db


def saved(client, home, **fields):
    """What the page says to it."""
    inlines = {
        f"{name}-{count}": "0"
        for name in ("cards", "consents", "preferences")
        for count in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    address = {
        "address-TOTAL_FORMS": "1",
        "address-INITIAL_FORMS": "1",
        "address-0-id": home.address.pk,
        "address-0-household": home.pk,
        **{
            f"address-0-{name}": getattr(home.address, name)
            for name in ("street", "postcode", "city", "country")
        },
    }
    response = client.post(
        page("household_change", home.pk),
        {"name": home.name, "joined_on": "2025-01-01", **inlines, **address, **fields},
        follow=True,
    )
    assert response.status_code == 200
    text = " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())
    return text.replace("&#x27;", "'")


def test_what_a_household_told_of_itself_is_noted(admin_client):
    home = make.household()
    told = saved(
        admin_client,
        home,
        members="3",
        is_of_age="true",
        birth_month="4",
        **{
            "consents-TOTAL_FORMS": "1",
            "consents-0-purpose": "birthday",
            "consents-0-is_granted": "on",
            "consents-0-said_at_0": "2026-03-01",
            "consents-0-said_at_1": "10:00",
            "consents-0-source": "form",
        },
    )

    assert "was changed successfully" in told
    assert "has not agreed" not in told
    home = Household.objects.get()
    assert (home.members, home.is_of_age, home.birth_month) == (3, True, 4)
    assert Consent.objects.get().purpose == Consent.Purpose.BIRTHDAY
    saved(admin_client, home, members="", is_of_age="unknown", birth_month="")
    home = Household.objects.get()
    assert (home.members, home.is_of_age, home.birth_month) == (None, None, None)


def test_a_month_without_consent_is_kept_and_the_desk_says_that_it_does_nothing(admin_client):
    told = saved(admin_client, make.household(), birth_month="12")

    assert "has not agreed to a greeting, so it gets none" in told
    assert Household.objects.get().birth_month == 12


def test_a_household_of_nobody_is_refused_in_a_sentence(admin_client):
    told = saved(admin_client, make.household(), members="0")

    assert "0 is too few: somebody lives there." in told
    assert "Constraint" not in told
    assert Household.objects.get().members is None
