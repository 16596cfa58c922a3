"""Which products offers are good on: what their rules say, made into products.

An offer that has rules is good on what these say, and on nothing added by hand; one that has none
keeps the products it was given. Of its rules each names products: those below a category, of a
brand (capitals make no difference), both, or one product. What any rule excludes is out; where
rules only exclude, everything else of the catalogue is in.

Coupons that are out are a promise: as long as they may be used, and their receipts may come in,
products are added to their offer and none is taken away.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from coupons.models import Coupon, Offer, OfferProduct, OfferRule

LATE_DAYS = 30
"""Receipts may come in so long after the last day of a coupon that was used on them."""


OFFERS_AT_ONCE = 25  # what they cover fits PostgreSQL's usual memory for sorting


class Counted(NamedTuple):
    """Products, over all offers that were looked at."""

    added: int
    removed: int
    kept: int  # not what the rules say any more, but promised


def cover(offer: Offer) -> Counted:
    """Make the offer's products what its rules say; without rules nothing changes."""
    return _cover([offer.pk] if offer.rules.exists() else [])


def cover_some(offers: Collection[Offer]) -> Counted:
    """The same for each of these."""
    with_rules = OfferRule.objects.filter(offer__in=[offer.pk for offer in offers])
    return _cover_each({*with_rules.values_list("offer", flat=True)})


def cover_all() -> Counted:
    """The same for every offer that is not over: for the night, and a new catalogue.

    May be repeated; where neither rules nor products changed, nothing is written.
    """
    live = Offer.objects.filter(valid_to__gte=timezone.localdate(), rules__isnull=False)
    return _cover_each({*live.values_list("pk", flat=True)})


def is_promised(offer: Offer) -> bool:
    """Whether coupons are out that may be used, or that were and whose receipts may come."""
    since = timezone.localdate() - timedelta(days=LATE_DAYS)
    if offer.coupons.filter(state=Coupon.State.OPEN, valid_to__gte=since).exists():
        return True
    is_printed = offer.shared_code is not None and offer.valid_to >= since
    return is_printed and offer.redemptions.exists()


_COVER = """
    WITH RECURSIVE rule AS (
        SELECT offer_id, is_excluded, category_id, product_id, lower(btrim(brand)) AS brand
        FROM coupons_offerrule WHERE offer_id = ANY(%(offers)s)
    ), below AS (
        SELECT category_id AS category, category_id AS node
        FROM rule WHERE category_id IS NOT NULL
        UNION
        SELECT below.category, child.id
        FROM below JOIN pos_integration_category AS child ON child.parent_id = below.node
    ), named AS (
        SELECT rule.offer_id, rule.is_excluded, product.id AS product_id
        FROM rule
        JOIN below ON below.category = rule.category_id
        JOIN pos_integration_product AS product ON product.category_id = below.node
        WHERE rule.brand IN ('', lower(btrim(product.brand)))
        UNION ALL
        SELECT rule.offer_id, rule.is_excluded, product.id
        FROM rule
        JOIN pos_integration_product AS product ON lower(btrim(product.brand)) = rule.brand
        WHERE rule.category_id IS NULL AND rule.brand <> ''
        UNION ALL
        SELECT offer_id, is_excluded, product_id FROM rule WHERE product_id IS NOT NULL
        UNION ALL
        SELECT without.offer_id, false, product.id
        FROM (
            SELECT offer_id FROM rule GROUP BY offer_id HAVING bool_and(is_excluded)
        ) AS without
        CROSS JOIN pos_integration_product AS product
        WHERE product.is_listed
    ), covered AS MATERIALIZED (
        SELECT offer_id, product_id FROM named
        GROUP BY offer_id, product_id HAVING NOT bool_or(is_excluded)
    ), had AS (
        SELECT id, offer_id, product_id FROM coupons_offerproduct WHERE offer_id = ANY(%(offers)s)
    ), added AS (
        INSERT INTO coupons_offerproduct (offer_id, product_id)
        SELECT covered.offer_id, covered.product_id
        FROM covered
        LEFT JOIN had USING (offer_id, product_id)
        WHERE had.id IS NULL
        ORDER BY covered.offer_id, covered.product_id
        ON CONFLICT DO NOTHING
        RETURNING id
    ), stale AS (
        SELECT had.offer_id, array_agg(had.id) AS ids
        FROM had LEFT JOIN covered USING (offer_id, product_id)
        WHERE covered.offer_id IS NULL
        GROUP BY had.offer_id
    )
    SELECT 0 AS offer, NULL::bigint[], count(*) FROM added
    UNION ALL
    SELECT offer_id, ids, 0 FROM stale
    ORDER BY offer
"""


def _cover_each(offers: Collection[int]) -> Counted:
    in_order = sorted(offers)
    counts = Counted(0, 0, 0)
    for at in range(0, len(in_order), OFFERS_AT_ONCE):
        some = _cover(in_order[at : at + OFFERS_AT_ONCE])
        counts = Counted(*map(sum, zip(counts, some, strict=True)))
    return counts


def _cover(offers: Collection[int]) -> Counted:
    """Cover these, which all have rules."""
    if not offers:
        return Counted(0, 0, 0)
    with connection.cursor() as cursor:
        cursor.execute(_COVER, {"offers": list(offers)})
        (_, _, added), *stale = cursor.fetchall()
    removed = kept = 0
    for offer, ids, _ in stale:
        taken = _take_away(offer, ids)
        removed, kept = removed + taken, kept + len(ids) - taken
    return Counted(added, removed, kept)


@transaction.atomic
def _take_away(offer_id: int, ids: list[int]) -> int:
    """Take these products from the offer unless it is promised; returns how many."""
    # Whoever prints a coupon for it waits, or was first and is seen.
    offer = Offer.objects.select_for_update().filter(pk=offer_id).first()
    if offer is None or is_promised(offer):
        return 0
    return OfferProduct.objects.filter(pk__in=ids).delete()[0]
