"""What came back of mailings: uses of their coupons, day by day, and of how many households.

Of a large mailing this takes seconds to add up, and only a night changes it: the night keeps it
for the pages that show it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from coupons.models import Mailing

AT_ONCE: Final = 20_000
"""Sheets of a mailing that is small enough to be added up by a page."""
COME_LATE_DAYS: Final = 60  # after its last day a coupon may still come in, if ever
KEPT_SECONDS: Final = 400 * 24 * 3600  # the last night's figures stay true

_ADD_UP = """
    SELECT s.mailing_id, r.business_date, count(*), sum(r.amount),
        count(DISTINCT s.household_id)
    FROM coupons_redemption r
    JOIN coupons_coupon c ON c.id = r.coupon_id
    JOIN coupons_sheet s ON s.id = c.sheet_id
    JOIN coupons_mailing m ON m.id = s.mailing_id
    WHERE s.mailing_id = ANY(%(mailings)s) AND r.reversed_at IS NULL
        AND r.business_date BETWEEN %(first)s AND %(last)s
        AND r.business_date BETWEEN m.valid_from AND m.valid_to + %(late)s
    GROUP BY GROUPING SETS ((s.mailing_id, r.business_date), (s.mailing_id))
"""


@dataclass
class Uses:
    """Of one mailing. at: when it was added up; None: just now."""

    days: dict[date, int] = field(default_factory=dict)  # coupons used
    off: Decimal = Decimal(0)  # what they took off, in the stores' currency
    households: int = 0
    at: datetime | None = None

    @property
    def coupons(self) -> int:
        return sum(self.days.values())


def of(mailings: Mapping[Mailing, int]) -> dict[int, Uses]:
    """Return the uses of mailings, by id; takes a query, and the first time of a large one, two.

    mailings: each with how many sheets it has.
    """
    keys = {_key(one.pk): one for one, sheets in mailings.items() if sheets > AT_ONCE}
    kept: dict[str, Uses] = cache.get_many(keys) if keys else {}
    told = {keys[key].pk: uses for key, uses in kept.items()}
    left = [one for one in mailings if one.pk not in told]
    added = _add_up(left)
    if len(kept) < len(keys):
        _keep({one.pk: added[one.pk] for one in left if _key(one.pk) in keys})
    return told | added


def keep_lately(on: date) -> int:
    """Add up large mailings whose coupons may still come in, for `of`; returns how many."""
    out = Mailing.objects.filter(
        valid_from__lte=on,
        valid_to__gte=on - timedelta(days=COME_LATE_DAYS),
        sheets__number__gt=AT_ONCE,
    )
    large = list(out.distinct())
    _keep(_add_up(large))
    return len(large)


def _add_up(mailings: Collection[Mailing]) -> dict[int, Uses]:
    told = {one.pk: Uses() for one in mailings}
    if not told:
        return told
    limits: dict[str, Any] = {
        "mailings": list(told),
        "first": min(one.valid_from for one in mailings),
        "last": max(one.valid_to for one in mailings) + timedelta(days=COME_LATE_DAYS),
        "late": COME_LATE_DAYS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD_UP, limits)
        for mailing, day, coupons, off, households in cursor.fetchall():
            if day is not None:
                told[mailing].days[day] = coupons
            else:
                told[mailing].off, told[mailing].households = off, households
    return told


def _keep(added: Mapping[int, Uses]) -> None:
    now = timezone.now()
    for uses in added.values():
        uses.at = now
    cache.set_many({_key(pk): uses for pk, uses in added.items()}, KEPT_SECONDS)


def _key(mailing: int) -> str:
    return f"mailing-uses-{mailing}"
