"""What a household of few trips is likely to buy: what its store sells, until its habits show.

Popularity is counted every night in whole numbers over all buckets, by home store and by size of
basket. How soon a household's own purchases outweigh it was learned from known households, seen
as if they had joined a few trips ago (newcomers_learning).
"""

from collections.abc import Mapping
from math import exp, log
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Floats, Ints, Ints32, Lines, Statistics, group

HORIZON_DAYS = 28
YEAR_DAYS = 364  # the same weekdays
TIERS = 3
"""Small, medium and large baskets, by a household's spend a shopping day."""

FAMILIAR_TRIPS = 9
"""From so many shopping days on a household's own purchases say all."""

OFTEN = 0.02
"""From this share of shopping days on, what sells more is bought so much the likelier."""

_SEASON_DAYS = 25.0  # bought so often last year, or it tells no season
_MOST_SEASON = 4.0
_LEAST_CORRELATION = 1e-6
_NO_DAYS = 0.01  # purchases that every candidate is given, so that its rate has a logarithm
_MOST_LOGIT = 14.0


class Counts(NamedTuple):
    """On how many shopping days the candidates were bought. Whole numbers, so they add up.

    A shopping day is a distinct (household, day). The last store stands for none known.
    """

    store_days: Ints  # int64[stores + 1], shopping days in the last 28 days, by home store
    store_bought: Ints  # int64[stores + 1, candidates]
    tier_days: Ints  # int64[TIERS + 1], by the size of the basket before; the last: not known
    tier_bought: Ints  # int64[TIERS + 1, candidates]
    season_days: Ints  # int64[2]: the 28 days up to a year ago, and the 28 from then on
    season_bought: Ints  # int64[2, candidates]

    def plus(self, other: "Counts") -> "Counts":
        """Add another bucket's."""
        return Counts(*(mine + its for mine, its in zip(self, other, strict=True)))


class Popularity(NamedTuple):
    """Shares of shopping days with each candidate; each last row stands for "not known"."""

    store: Floats  # float64[stores + 1, candidates], > 0; the last is the chain's
    tier: Floats  # float64[TIERS + 1, candidates], factors on it; the last is 1


class Model(NamedTuple):
    """What was learned of newcomers. Products go by their database ids."""

    products: Ints  # int64[candidates], ascending
    tier_cents: Ints  # int64[TIERS - 1], the least spend a shopping day of medium and large
    trips: float  # of its own that weigh as much as popularity
    own: Floats  # float64[3]: what popularity adds to the logit of an item bought before
    new: Floats  # float64[5]: the logit of one not bought before

    def to_plain(self) -> dict[str, Any]:
        """Lists and numbers that JSON knows."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in self._asdict().items()
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        try:
            model = cls(
                np.array(plain["products"], np.int64),
                np.array(plain["tier_cents"], np.int64),
                float(plain["trips"]),
                np.array(plain["own"], np.float64),
                np.array(plain["new"], np.float64),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the model of newcomers is damaged: {error!r}") from None
        shapes = [table.shape for table in (model.tier_cents, model.own, model.new)]
        numbers = np.concatenate([[model.trips], model.own, model.new])
        if shapes != [(TIERS - 1,), (3,), (5,)] or not np.isfinite(numbers).all():
            raise ValueError("the model of newcomers is damaged: its numbers do not match")
        if model.products.ndim != 1 or (np.diff(model.products) <= 0).any() or model.trips <= 0:
            raise ValueError("the model of newcomers is damaged: its products are out of order")
        return model


class Believed(NamedTuple):
    """What a bucket's households are believed to buy within 28 days, popularity told in."""

    own: Floats  # float64[pairs], chance of each item bought before
    household: Ints32  # int32[more], of items not bought before: who
    item: Ints32  # ... what, the likeliest first within each household
    probability: Floats  # ... and its chance


def places(ids: Ints, products: Ints) -> Ints32:
    """Which candidate each item is, int32[items]; -1: none.

    ids: int64[items], database ids of the products; products: int64[candidates], ascending.
    """
    if not len(products):
        return np.full(len(ids), -1, np.int32)
    place = np.minimum(np.searchsorted(products, ids), len(products) - 1)
    return np.where(products[place] == ids, place, -1).astype(np.int32)


def count(
    lines: Lines,
    item_of_product: Ints32,
    candidate_of_item: Ints32,
    store_of_household: Ints32,
    tier_cents: Ints,
    *,
    candidates: int,
    stores: int,
    as_of: int,
) -> Counts:
    """Count a bucket's shopping days before the day `as_of`, and those with each candidate.

    item_of_product: int32[products], -1 leaves a product out altogether; candidate_of_item: see
    places(); store_of_household: int32[households], the home store, -1 unknown; tier_cents: of
    the model. Raises ValueError if a store or household is none of those.
    """
    if len(store_of_household) and not (
        -1 <= store_of_household.min() <= store_of_household.max() < stores
    ):
        raise ValueError(f"a household's store lies outside -1 .. {stores - 1}")
    households = len(store_of_household)
    if (
        len(lines.household)
        and not 0 <= lines.household.min() <= lines.household.max() < households
    ):
        raise ValueError(f"a line's household lies outside 0 .. {households - 1}")
    counts = Counts(
        np.zeros(stores + 1, np.int64),
        np.zeros((stores + 1, candidates), np.int64),
        np.zeros(TIERS + 1, np.int64),
        np.zeros((TIERS + 1, candidates), np.int64),
        np.zeros(2, np.int64),
        np.zeros((2, candidates), np.int64),
    )
    order, starts = group(lines.household, households)
    _count(
        order, starts, lines, item_of_product, candidate_of_item, store_of_household, tier_cents,
        as_of, counts,
    )  # fmt: skip
    return counts


@njit(cache=True, nogil=True)
def _tier(cents: int, tier_cents: Ints) -> int:
    tier = 0
    for bound in tier_cents:
        tier += cents >= bound
    return tier


@njit(cache=True, nogil=True)
def _count(
    order: Ints,
    starts: Ints,
    lines: Lines,
    item_of_product: Ints32,
    candidate_of_item: Ints32,
    store_of_household: Ints32,
    tier_cents: Ints,
    as_of: int,
    counts: Counts,
) -> None:
    stamp = np.full(counts.tier_bought.shape[1], -1, np.int64)  # the last shopping day with it
    stamps = 0
    for h in range(len(starts) - 1):
        store = store_of_household[h]
        latest = tier = -1
        cents = 0  # of the latest shopping day
        for place in range(starts[h], starts[h + 1]):
            row = order[place]
            day = lines.day[row]
            back = as_of - 1 - day
            is_recent = 0 <= back < HORIZON_DAYS
            season = 1 - (back - YEAR_DAYS + HORIZON_DAYS) // HORIZON_DAYS
            if not is_recent and season != 0 and season != 1:
                continue
            item = item_of_product[lines.product[row]]
            if item < 0 or lines.quantity[row] < 0:
                continue
            if day != latest:
                # What one basket tells of the next: the size of the one before.
                tier = _tier(cents, tier_cents) if latest >= as_of - HORIZON_DAYS else -1
                latest = day
                cents = 0
                stamps += 1
                if is_recent:
                    counts.store_days[store] += 1
                    counts.tier_days[tier] += 1
                else:
                    counts.season_days[season] += 1
            cents += lines.amount_cents[row]
            candidate = candidate_of_item[item]
            if candidate < 0 or stamp[candidate] == stamps:
                continue
            stamp[candidate] = stamps
            if is_recent:
                counts.store_bought[store, candidate] += 1
                counts.tier_bought[tier, candidate] += 1
            else:
                counts.season_bought[season, candidate] += 1


def rates(counts: Counts) -> Popularity:
    """Tell how popular each candidate is, from all buckets' counts.

    A store is believed as far as it has shopping days and stores differ at all; otherwise the
    chain's shares stand in (empirical Bayes, beta-binomial); likewise the sizes of baskets. Where
    last year is known, what it sold from this day on moves the chain's shares.
    """
    days = counts.store_days.sum()
    chain = (counts.store_bought.sum(axis=0) + _NO_DAYS) / (days + 1.0)
    store = _shrunk(counts.store_bought, counts.store_days, chain)
    store[-1] = chain
    tier = _shrunk(counts.tier_bought, counts.tier_days, chain) / chain
    tier[-1] = 1.0
    return Popularity(store * _season(counts), tier)


def _shrunk(bought: Ints, days: Ints, chain: Floats) -> Floats:
    """Pull each row's shares towards the chain's, as far as rows differ by chance alone."""
    n = days[:, None].astype(np.float64)
    by_chance = chain * (1.0 - chain)
    surplus = ((bought - n * chain) ** 2 - n * by_chance).sum()
    pairs = (n * (n - 1.0) * by_chance).sum()
    correlation = min(max(surplus / pairs, _LEAST_CORRELATION), 1.0) if pairs > 0 else 1.0
    prior_days = 1.0 / correlation - 1.0 + 1e-9
    shares: Floats = (bought + prior_days * chain) / (n + prior_days)
    return shares


def _season(counts: Counts) -> Floats:
    """What the next 28 days sold last year over the 28 before, a factor for each candidate."""
    before, after = counts.season_days.tolist()
    if not before or not after:
        return np.ones(counts.season_bought.shape[1])
    usual = counts.season_bought[0] * (after / before)
    factor = (counts.season_bought[1] + _SEASON_DAYS) / (usual + _SEASON_DAYS)
    bounded: Floats = np.clip(factor, 1.0 / _MOST_SEASON, _MOST_SEASON)
    return bounded


def tiers(seen: Statistics, tier_cents: Ints) -> Ints32:
    """Each household's size of basket, int32[households], 0 .. TIERS - 1; -1 without any."""
    households = seen.households
    days = np.maximum(households.shopping_days, 1)
    tier = (households.amount_cents[:, None] >= tier_cents * days[:, None]).sum(axis=1)
    return np.where(households.shopping_days > 0, tier, -1).astype(np.int32)


def weight(trips: int, half: float) -> float:
    """How far popularity counts after so many trips: 1 before the first, 0 from FAMILIAR_TRIPS on.

    >>> [round(weight(trips, 2.0), 2) for trips in (0, 1, 2, 4, 8, 9)]
    [1.0, 0.59, 0.39, 0.19, 0.02, 0.0]
    """
    return half / (half + trips) * max(1.0 - trips / FAMILIAR_TRIPS, 0.0)


def believe(
    seen: Statistics,
    own: Floats,
    popularity: Popularity,
    candidate_of_item: Ints32,
    store_of_household: Ints32,
    model: Model,
    *,
    k: int = 60,
) -> Believed:
    """Tell popularity into what the bucket's households of few trips are believed to buy.

    seen: statistics at the level of products; own: float64[pairs], the chances from their own
    purchases, see needs; candidate_of_item: see places(); store_of_household: int32[households],
    -1 unknown: the chain speaks. Households with FAMILIAR_TRIPS or more keep what they had; the
    others get up to `k` items more. All chances lie within 0 and 1.
    """
    households = len(seen.starts) - 1
    tier = tiers(seen, model.tier_cents)
    item_of_candidate = np.full(len(model.products), -1, np.int32)
    known = np.flatnonzero(candidate_of_item >= 0)
    item_of_candidate[candidate_of_item[known]] = known
    told = np.array(own, np.float64)
    few = int((seen.households.shopping_days < FAMILIAR_TRIPS).sum())
    most = few * min(k, len(model.products))
    household, item = np.empty(most, np.int32), np.empty(most, np.int32)
    probability = np.empty(most, np.float64)
    weights = np.array([weight(trips, model.trips) for trips in range(FAMILIAR_TRIPS)])
    end = _believe(
        seen, popularity, candidate_of_item, item_of_candidate, store_of_household[:households],
        tier, weights, model.own, model.new, k, told, household, item, probability,
    )  # fmt: skip
    return Believed(told, household[:end], item[:end], probability[:end])


@njit(cache=True, nogil=True)
def _chance(logit: float) -> float:
    return 1.0 / (1.0 + exp(-min(max(logit, -_MOST_LOGIT), _MOST_LOGIT)))


@njit(cache=True, nogil=True)
def _believe(
    seen: Statistics,
    popularity: Popularity,
    candidate_of_item: Ints32,
    item_of_candidate: Ints32,
    store_of_household: Ints32,
    tier: Ints32,
    weights: Floats,
    own: Floats,
    new: Floats,
    k: int,
    told: Floats,
    household: Ints32,
    item: Ints32,
    probability: Floats,
) -> int:
    candidates = len(item_of_candidate)
    has = np.full(candidates, -1, np.int64)  # the last household that bought it
    rate = np.empty(candidates, np.float64)
    best = np.empty(min(k, candidates), np.int64)
    end = 0
    for h in range(len(store_of_household)):
        trips = seen.households.shopping_days[h]
        if trips >= FAMILIAR_TRIPS:
            continue
        w = weights[trips]
        store = popularity.store[store_of_household[h]]
        factor = popularity.tier[tier[h]]
        least = 1.0
        for c in range(candidates):
            rate[c] = min(store[c] * factor[c], 1.0)
            least = min(least, rate[c])
        for row in range(seen.starts[h], seen.starts[h + 1]):
            c = candidate_of_item[seen.item[row]]
            if c >= 0:
                has[c] = h
            popular = log(rate[c] if c >= 0 else least)
            chance = min(max(told[row], 1e-6), 1.0 - 1e-6)
            logit = log(chance / (1.0 - chance))
            told[row] = _chance(logit + w * (own[0] + own[1] * logit + own[2] * popular))
        found = 0
        for c in range(candidates):
            if has[c] == h or item_of_candidate[c] < 0:
                continue
            if found == len(best) and (found == 0 or rate[c] <= rate[best[found - 1]]):
                continue
            if found < len(best):
                found += 1
            at = found - 1
            while at > 0 and rate[best[at - 1]] < rate[c]:
                best[at] = best[at - 1]
                at -= 1
            best[at] = c
        fades = 1.0 - (trips / FAMILIAR_TRIPS) ** 3
        for at in range(found):
            popular = log(rate[best[at]])
            bent = max(popular - log(OFTEN), 0.0)
            logit = new[0] + new[1] * popular + new[2] * bent + w * (new[3] + new[4] * popular)
            household[end] = h
            item[end] = item_of_candidate[best[at]]
            probability[end] = fades * _chance(logit)
            end += 1
    return end
