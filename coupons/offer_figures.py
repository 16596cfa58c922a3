"""What became of offers, for a page of them: coupons printed, redeemed, and money taken off."""

import hashlib
import time
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Q, Sum

from coupons.models import Redemption

COUNTED: Final = 1_000
"""Coupons of an offer that are counted one by one; of more, selections tell."""
SLOW_S: Final = 0.2
KEPT_S: Final = 300

_COUNT = """
    SELECT wanted.id, (SELECT count(*) FROM (
        SELECT FROM coupons_coupon AS coupon WHERE coupon.offer_id = wanted.id LIMIT %s
    ) AS few)
    FROM unnest(%s::bigint[]) AS wanted(id)
"""
# Of each mailing the selection that was printed: the last that was ready.
_TOLD = """
    SELECT (told->>'offer')::bigint, sum((told->>'coupons')::bigint)
    FROM coupons_mailing AS mailing
    CROSS JOIN LATERAL (
        SELECT report FROM coupons_selection AS selection
        WHERE selection.mailing_id = mailing.id AND selection.state = 'ready'
        ORDER BY selection.id DESC LIMIT 1
    ) AS last
    CROSS JOIN LATERAL jsonb_array_elements(last.report->'offers') AS told
    WHERE mailing.state IN ('issued', 'printed', 'mailed', 'closed') AND mailing.id IN (
        SELECT mailing_id FROM coupons_mailing_offers WHERE offer_id = ANY(%(offers)s)
        UNION
        SELECT mailing_id FROM coupons_mailing_fallback_offers WHERE offer_id = ANY(%(offers)s)
    ) AND (told->>'offer')::bigint = ANY(%(offers)s)
    GROUP BY 1
"""


@dataclass(frozen=True)
class Figures:
    """Of one offer."""

    coupons: int = 0  # that were printed
    redeemed: int = 0  # of these, and not taken back
    spent: Decimal = Decimal(0)  # taken off, by codes for everybody too; store currency

    @property
    def share(self) -> float | None:
        """What part of its coupons was redeemed; None where none is out."""
        return min(self.redeemed / self.coupons, 1.0) if self.coupons else None


def figures_of(offers: Collection[int]) -> dict[int, Figures]:
    """Return what became of these offers, by id; takes a handful of queries.

    Coupons are counted up to COUNTED an offer, and are beyond that as many as the selections of
    its printed mailings chose. Where adding up takes long, it is remembered for KEPT_S.
    """
    keys = sorted(offers)
    if not keys:
        return {}
    key = f"offer-figures:{hashlib.sha256(repr(keys).encode()).hexdigest()}"
    told: dict[int, Figures] | None = cache.get(key)
    if told is None:
        begun = time.monotonic()
        told = _add_up(keys)
        if time.monotonic() - begun > SLOW_S:
            cache.set(key, told, KEPT_S)
    return told


def _add_up(keys: list[int]) -> dict[int, Figures]:
    coupons = _coupons(keys)
    rows = (
        Redemption.objects.filter(offer__in=keys, reversed_at=None)
        .order_by()
        .values_list("offer")
        .annotate(used=Count("pk", filter=~Q(coupon=None)), spent=Sum("amount"))
    )
    used = {offer: (count, spent) for offer, count, spent in rows}
    return {key: Figures(coupons.get(key, 0), *used.get(key, (0, Decimal(0)))) for key in keys}


def _coupons(keys: list[int]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [COUNTED, keys])
        counts = dict(cursor.fetchall())
        many = [key for key, count in counts.items() if count == COUNTED]
        if many:
            cursor.execute(_TOLD, {"offers": many})
            for key, count in cursor.fetchall():
                counts[key] = max(counts[key], int(count))
    return counts
