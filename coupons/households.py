"""What a selection knows of a bucket's households besides their needs: tier, size, store, trips.

All of it is worked out from the history, as the night does it: a later night drops what this one
wrote, and a selection can still be repeated.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons.selection import objective
from coupons.terms import SIZES, Terms
from loyalty import beliefs, history
from loyalty.beliefs import Beliefs
from loyalty.models import Household, ModelRun
from loyalty.shopper import value
from loyalty.shopper.kernel import Floats, Ints, Ints32, Statistics

LATELY_DAYS = 91


class Households(NamedTuple):
    """One value a household."""

    ids: Ints
    tier: npt.NDArray[np.int8]  # index in TIERS
    size: npt.NDArray[np.int8]  # index in terms.SIZES
    store: Ints32  # Store where it shops most; 0: none
    trip: Floats  # its chance of not coming while coupons are good x the margin of a usual trip
    baskets: Floats  # [households, offers] receipts in 28 days that come to the offer's threshold


def describe(run: ModelRun, held: Beliefs, terms: Terms, rows: Ints) -> Households:
    """Describe the households in these rows of the bucket. held: with the level "product"."""
    kinds, as_of = held.assortment, history.day_number(run.as_of)
    seen = beliefs.statistics(held.bucket, kinds, "department", as_of)
    model = beliefs.learned_by(run).value
    usual = model.margin_share if model else value.USUAL_MARGIN_SHARE
    share = value.household_margins(seen, kinds.margin_shares, usual=usual)
    away = objective.away(held.levels["product"].comes, seen.households.decayed[:, 1], terms.days)
    spent = np.maximum(seen.households.amount_cents, 0) + objective.USUAL_TRIP_CENTS
    trip_cents = spent / (seen.households.shopping_days + 1) * share
    ids = held.bucket.households[rows]
    members = dict(Household.objects.filter(pk__in=ids.tolist()).values_list("pk", "members"))
    place = beliefs.home_stores(held.bucket, kinds, as_of)[rows]
    size = [min(members[pk] or 0, len(SIZES) - 1) for pk in ids.tolist()]
    return Households(
        ids=ids,
        tier=_tiers(seen, share, model)[rows],
        size=np.array(size, np.int8),
        store=np.append(kinds.stores, 0)[place].astype(np.int32),  # none is the last place, at -1
        trip=(away * trip_cents / 100)[rows],
        baskets=_baskets(held, terms, as_of)[rows],
    )


def _tiers(seen: Statistics, share: Floats, model: value.Model | None) -> npt.NDArray[np.int8]:
    cents = value.last_year_cents(seen.households)
    if model is None:
        return np.zeros(len(cents), np.int8)
    margin = np.rint(cents * share).astype(np.int64)
    return value.tier_places(cents, margin, model.tiers).astype(np.int8)


def _baskets(held: Beliefs, terms: Terms, as_of: int) -> Floats:
    """Of offers on whatever is bought; 0 of all others."""
    homes = len(held.bucket.households)
    found = np.zeros((homes, len(terms.offers)))
    receipts = held.bucket.receipts
    assert receipts is not None  # beliefs read them
    lately = receipts.day >= as_of - LATELY_DAYS
    for at, offer in enumerate(terms.offers):
        if offer.products == 0 and offer.threshold is not None:
            reach = lately & (receipts.amount_cents >= round(offer.threshold * 100))
            count = np.bincount(receipts.household[reach], minlength=homes)
            found[:, at] = count * (objective.HORIZON_DAYS / LATELY_DAYS)
    return found
