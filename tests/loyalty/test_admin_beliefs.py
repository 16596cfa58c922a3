"""The desk for beliefs: a household's page says what is believed of it, and why."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from loyalty.admin import due_pill
from loyalty.models import (
    BucketReceipt,
    Consent,
    Household,
    HouseholdSummary,
    ModelRun,
    Profile,
)
from tests import make

pytestmark = pytest.mark.django_db
AS_OF = date(2017, 10, 30)


@pytest.fixture
def admin_user(db):
    """pytest-django's, without a password to hash: nobody types one here."""
    return User.objects.create(username="admin", is_staff=True, is_superuser=True)


def page(name, *args):
    return reverse(f"admin:loyalty_{name}", args=args)


def summary(run, household, **fields):
    return HouseholdSummary.objects.create(
        run=run,
        household=household,
        **{
            "first_on": date(2016, 11, 2),
            "last_on": date(2017, 10, 28),
            "recency_days": 2,
            "frequency": 88,
            "monetary": Decimal("2340.00"),
            "baskets": 140,
            "mean_gap_days": 3.9,
            "saved": Decimal("12.00"),
            "coupon_share": 0.04,
            "tier": "gold",
            "year_value": Decimal("2400.00"),
            "year_margin": Decimal("300.00"),
            "favourite_weekday": 5,
            "weekly_spend_cents": [4500] * 52,
            "categories": [["Grocery", 0.6]],
            **fields,
        },
    )


@pytest.fixture
def run():
    return ModelRun.objects.create(
        as_of=AS_OF,
        state="published",
        history_hash="0" * 64,
        published_at=datetime(2017, 10, 30, 2, tzinfo=UTC),
        households=2469,
        lines=1_441_000,
        seconds=6.2,
    )


@pytest.fixture
def home(run):
    household = make.household(card="9001")
    summary(run, household)
    items = [make.product(f"{n:014}", f"Item {n}") for n in range(12)]
    needs = [[item.pk, 0.9 - 0.05 * n, 9, 7.0, "2017-10-28"] for n, item in enumerate(items)]
    Profile.objects.create(run=run, household=household, needs=needs)
    return household


def test_a_household_page_begins_with_a_sentence_on_its_habits(admin_client, home):
    body = admin_client.get(page("household_change", home.pk)).content.decode()

    assert (
        "Gold. Shops about every 4 days, last on 28 Oct; spent 2,340.00 in the last 52 weeks."
        in body
    )
    assert body.count("<rect") >= 52
    assert "Item 9" in body
    assert "Item 10" not in body, "ten needs, the likeliest"
    assert "in 5 days" in body
    assert "style=" not in body.split('<div class="panels">')[1].split("<fieldset")[0]


def test_a_household_that_never_shopped_says_so(admin_client):
    response = admin_client.get(page("household_change", make.household().pk))

    assert b"Nothing is believed of this household yet" in response.content


def test_a_household_page_asks_the_same_questions_for_one_need_and_for_sixty(
    admin_client, home, django_assert_max_num_queries
):
    with django_assert_max_num_queries(13):
        assert admin_client.get(page("household_change", home.pk)).status_code == 200


@pytest.mark.parametrize(
    ("model", "most"),
    [("household", 5), ("householdsummary", 4), ("card", 5), ("modelrun", 6), ("purchasechunk", 4)],
)
def test_a_list_of_beliefs_asks_the_same_few_questions(
    admin_client, home, run, django_assert_max_num_queries, model, most
):
    for _ in range(5):
        summary(run, make.household())
    with django_assert_max_num_queries(most):
        assert admin_client.get(page(f"{model}_changelist")).status_code == 200


@pytest.mark.parametrize("typed", ["9001", "00000", "Ada", "exam"])
def test_a_household_is_found_by_card_postcode_or_name(admin_client, home, typed):
    response = admin_client.get(page("household_changelist"), {"q": typed})

    assert [row.pk for row in response.context["cl"].result_list] == [home.pk]


@pytest.mark.parametrize(
    ("last_on", "gap", "days_bought", "said"),
    [
        (date(2017, 10, 28), 7.0, 5, "in 5 days"),
        (date(2017, 10, 29), 2.0, 5, "in 1 day"),
        (date(2017, 10, 23), 7.0, 5, "today"),
        (date(2017, 10, 21), 7.0, 5, "2 days late"),
        (date(2017, 10, 5), 7.0, 5, "18 days late"),  # on paper it is not given up yet
        (date(2017, 5, 2), 7.0, 5, "lapsed in May"),
        (date(2017, 10, 28), 7.0, 1, "not known"),
    ],
)
def test_what_is_due_is_told_as_the_model_has_it(last_on, gap, days_bought, said):
    assert said in due_pill(days_bought, gap, last_on, AS_OF)


def test_only_what_the_published_night_believes_is_listed(admin_client, home, run):
    other = ModelRun.objects.create(as_of=date(2017, 10, 31), history_hash="1" * 64)
    summary(other, home, tier="bronze")

    response = admin_client.get(page("householdsummary_changelist"))

    assert [row.tier for row in response.context["cl"].result_list] == ["gold"]


def test_a_running_night_tells_how_far_it_is(admin_client, settings):
    running = ModelRun.objects.create(as_of=AS_OF, history_hash="0" * 64)
    for bucket in range(3):
        BucketReceipt.objects.create(
            run=running, step="gaps", bucket=bucket, households=1, lines=1, seconds=0.1
        )

    body = admin_client.get(page("modelrun_changelist")).content.decode()

    assert f"3 of {3 * settings.LOYALTY_BUCKETS} pieces" in body


def test_consent_is_added_to_and_what_was_said_before_stays(admin_client):
    home = make.household()
    said = Consent.objects.create(
        household=home,
        purpose="post",
        is_granted=True,
        said_at=datetime(2025, 1, 1, tzinfo=UTC),
        source="form",
    )
    form = {
        "name": "Ada Example",
        "joined_on": "2025-01-01",
        "address-TOTAL_FORMS": 1,
        "address-INITIAL_FORMS": 1,
        "address-0-id": home.address.pk,
        "address-0-household": home.pk,
        "address-0-street": "2 New Road",
        "address-0-postcode": "11111",
        "address-0-city": "Exampleton",
        "address-0-country": "US",
        "address-0-is_deliverable": "on",
        "cards-TOTAL_FORMS": 0,
        "cards-INITIAL_FORMS": 0,
        "preferences-TOTAL_FORMS": 1,
        "preferences-INITIAL_FORMS": 0,
        "preferences-0-household": home.pk,
        "preferences-0-category": make.category().pk,
        "preferences-0-kind": "never",
        "consents-TOTAL_FORMS": 1,
        "consents-INITIAL_FORMS": 0,
        "consents-0-household": home.pk,
        "consents-0-purpose": "post",
        "consents-0-said_at_0": "2026-01-01",
        "consents-0-said_at_1": "12:00",
        "consents-0-source": "desk",
    }

    response = admin_client.post(page("household_change", home.pk), form)

    assert response.status_code == 302, response.context["errors"]
    assert home.preferences.get().kind == "never"
    assert Household.objects.get().address.street == "2 New Road"
    latest, before = home.consents.order_by("-said_at")
    assert before == said
    assert before.is_granted
    assert not latest.is_granted
