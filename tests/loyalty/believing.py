"""Rows of what is believed, for tests of the desk: a night, a summary, a profile."""

from datetime import UTC, date, datetime
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from coupons.groups import ensure_groups
from loyalty.models import HouseholdSummary, ModelRun

AS_OF = date(2017, 10, 30)


def page(name, *args):
    return reverse(f"admin:loyalty_{name}", args=args)


def staff(group):
    """Somebody at the desk who is in just this group."""
    ensure_groups()
    user = User.objects.create(username=f"one of {group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def night(**fields):
    return ModelRun.objects.create(
        **{
            "as_of": AS_OF,
            "state": "published",
            "history_hash": "0" * 64,
            "published_at": datetime(2017, 10, 30, 2, tzinfo=UTC),
            "households": 2469,
            "lines": 1_441_000,
            "seconds": 6.2,
            **fields,
        }
    )


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
