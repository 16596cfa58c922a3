"""Learning how soon a newcomer's own purchases outweigh what its store sells most.

Newcomers are few, so known households are seen as if they had joined a few trips ago: their
earlier purchases are covered up, and what they bought in the last 28 days tells what to believe.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from loyalty.shopper import kernel, newcomers
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Lines, Statistics
from loyalty.shopper.newcomers import (
    FAMILIAR_TRIPS,
    HORIZON_DAYS,
    OFTEN,
    TIERS,
    Model,
    Popularity,
    places,
    weight,
)

CANDIDATES = 2_000
POPULAR_DAYS = 56  # days whose most bought products are the candidates
LEAST_HISTORY_DAYS = HORIZON_DAYS + POPULAR_DAYS
LEAST_HOUSEHOLDS = 50

MOST_HOUSEHOLDS = 400
"""... of each number of trips that a fit sees."""

_HALVES = (0.5, 1.0, 2.0, 4.0, 8.0)  # trips of its own that may weigh as much as popularity
_FEW_TRIPS = 3
_NEGATIVES_SHARE = 0.05
_PENALTY = 1.0
_STEPS = 25


class _Sample(NamedTuple):
    """Households known for so many trips, and what they bought in the 28 days after."""

    trips: int
    logit: Floats  # of each pair's own chance
    popular: Floats  # the logarithm of the item's popularity
    bought: Flags
    new_popular: Floats  # the same of candidates not bought before
    new_bought: Flags
    new_weight: Floats  # how many pairs each stands for


class Quality(NamedTuple):
    """How well newcomers' purchases were foreseen. Plain numbers."""

    households: int
    ndcg10: float  # of the ten likeliest products, mean over the below
    by_trips: list[float]  # ... of households seen as after 0, 1, 2 and 3 trips


def learn(
    lines: Lines,
    item_of_product: Ints32,
    ids: Ints,
    store_of_household: Ints32,
    probability: Callable[[Statistics], Floats],
    *,
    stores: int,
    as_of: int,
) -> Model:
    """Learn from what known households bought before the day `as_of`.

    lines: of a sample of households; item_of_product, ids: the level of products and their
    database ids, ascending; store_of_household: int32[households], -1 unknown; probability: the
    chances from their own purchases, float64[pairs] of some statistics, best learned before the
    last 28 days. Raises ValueError if the history is too short or too few households shopped.
    """
    history = max(as_of - int(lines.day[0]), 0) if len(lines.day) else 0
    if history < LEAST_HISTORY_DAYS:
        raise ValueError(
            f"{history} days of purchases are too few to learn what newcomers buy:"
            f" {LEAST_HISTORY_DAYS} are wanted"
        )
    cut = as_of - HORIZON_DAYS
    households = len(store_of_household)
    before = _between(lines, cut - POPULAR_DAYS, cut)
    seen = kernel.statistics(
        before, item_of_product, households=households, items=len(ids), as_of=cut
    )
    shoppers = int((seen.households.shopping_days > 0).sum())
    if shoppers < LEAST_HOUSEHOLDS:
        raise ValueError(
            f"{shoppers} households shopped: too few to learn what newcomers buy,"
            f" {LEAST_HOUSEHOLDS} are wanted"
        )
    tier_cents = _tier_cents(seen)
    candidate_of_item = places(ids, ids[_most_bought(seen)])
    popularity = newcomers.rates(
        newcomers.count(
            before, item_of_product, candidate_of_item, store_of_household, tier_cents,
            candidates=int(candidate_of_item.max()) + 1, stores=stores, as_of=cut,
        )
    )  # fmt: skip
    after = kernel.statistics(
        _between(lines, cut, as_of), item_of_product,
        households=households, items=len(ids), as_of=as_of,
    )  # fmt: skip
    known = kernel.statistics(
        lines, item_of_product, households=households, items=len(ids), as_of=cut
    )
    samples = [
        _sample(
            truncated(lines, households=households, as_of=cut, trips=trips), item_of_product,
            after, known.households.shopping_days > trips, popularity, candidate_of_item,
            store_of_household, tier_cents, probability, trips,
        )
        for trips in range(FAMILIAR_TRIPS)
    ]  # fmt: skip
    fits = [_fit(samples, half) for half in _HALVES]
    best = int(np.argmin([loss for loss, _, _ in fits]))
    latest = kernel.statistics(
        _between(lines, as_of - POPULAR_DAYS, as_of), item_of_product,
        households=households, items=len(ids), as_of=as_of,
    )  # fmt: skip
    return Model(
        products=np.asarray(ids, np.int64)[_most_bought(latest)],
        tier_cents=_tier_cents(latest),
        trips=_HALVES[best],
        own=fits[best][1],
        new=fits[best][2],
    )


def quality(
    model: Model,
    lines: Lines,
    item_of_product: Ints32,
    ids: Ints,
    store_of_household: Ints32,
    probability: Callable[[Statistics], Floats],
    *,
    stores: int,
    as_of: int,
) -> Quality:
    """Judge `model` by what households, seen as newcomers, bought in the 28 days before `as_of`.

    Arguments as for learn(). Raises ValueError if none of them shopped again.
    """
    cut, households = as_of - HORIZON_DAYS, len(store_of_household)
    known = _between(lines, int(lines.day.min()) if len(lines.day) else cut, cut)
    candidate_of_item = places(ids, model.products)
    popularity = newcomers.rates(
        newcomers.count(
            known, item_of_product, candidate_of_item, store_of_household, model.tier_cents,
            candidates=len(model.products), stores=stores, as_of=cut,
        )
    )  # fmt: skip
    after = kernel.statistics(
        _between(lines, cut, as_of), item_of_product,
        households=households, items=len(ids), as_of=as_of,
    )  # fmt: skip
    wanted = after.household * np.int64(len(ids)) + after.item
    counts = np.bincount(after.household, minlength=households)
    if not counts.any():
        raise ValueError("no household shopped in the last 28 days")
    found = []
    for trips in range(_FEW_TRIPS + 1):
        seen = kernel.statistics(
            truncated(known, households=households, as_of=cut, trips=trips), item_of_product,
            households=households, items=len(ids), as_of=cut,
        )  # fmt: skip
        believed = newcomers.believe(
            seen, probability(seen), popularity, candidate_of_item, store_of_household, model, k=10
        )
        owner = np.concatenate([seen.household, believed.household]).astype(np.int64)
        item = np.concatenate([seen.item, believed.item])
        order = np.lexsort((item, -np.concatenate([believed.own, believed.probability]), owner))
        owner, item = owner[order], item[order]
        place = np.arange(len(owner)) - np.searchsorted(owner, np.arange(households))[owner]
        hit = np.isin(owner * len(ids) + item, wanted) & (place < 10)
        worth = 1.0 / np.log2(np.arange(2, 12))
        gained = np.bincount(owner[hit], worth[place[hit]], households)
        best = np.cumsum(worth)[np.clip(counts, 1, 10) - 1]
        found.append(float((gained / best)[counts > 0].mean()))
    return Quality(int((counts > 0).sum()), float(np.mean(found)), found)


def truncated(lines: Lines, *, households: int, as_of: int, trips: int) -> Lines:
    """Keep the lines of each household's last `trips` shopping days before the day `as_of`."""
    known = np.flatnonzero(lines.day < as_of)
    span = np.int64(as_of - lines.day.min() + 1) if len(known) else np.int64(1)
    key = lines.household[known] * span + (as_of - lines.day[known])
    days, line_of = np.unique(key, return_inverse=True)
    starts = np.searchsorted(days, np.arange(households) * span)
    nth = np.arange(len(days)) - starts[days // span]  # 0 is the household's latest
    return _pick(lines, known[nth[line_of] < trips])


def _between(lines: Lines, begin: int, end: int) -> Lines:
    return _pick(lines, (lines.day >= begin) & (lines.day < end))


def _pick(lines: Lines, rows: Flags | Ints) -> Lines:
    return Lines(
        lines.household[rows],
        lines.product[rows],
        lines.day[rows],
        lines.basket[rows],
        lines.quantity[rows],
        lines.amount_cents[rows],
        lines.discount_cents[rows],
        lines.coupon[rows],
    )


def _most_bought(seen: Statistics) -> Ints:
    """The candidates among items: those bought on the most days, int64, ascending."""
    bought = seen.items.purchases
    order = np.argsort(-bought, kind="stable")[:CANDIDATES]
    return np.sort(order[bought[order] > 0])


def _tier_cents(seen: Statistics) -> Ints:
    """Split households into as many small, medium and large spenders a shopping day."""
    shopped = seen.households.shopping_days > 0
    spend = np.sort(seen.households.amount_cents[shopped] // seen.households.shopping_days[shopped])
    return np.array([spend[len(spend) * part // TIERS] for part in range(1, TIERS)], np.int64)


def _sample(
    lines: Lines,
    item_of_product: Ints32,
    after: Statistics,
    enough: Flags,
    popularity: Popularity,
    candidate_of_item: Ints32,
    store_of_household: Ints32,
    tier_cents: Ints,
    probability: Callable[[Statistics], Floats],
    trips: int,
) -> _Sample:
    items = np.int64(len(candidate_of_item))
    seen = kernel.statistics(
        lines, item_of_product,
        households=len(enough), items=int(items), as_of=after.as_of - HORIZON_DAYS,
    )  # fmt: skip
    chosen = np.flatnonzero(enough & (seen.households.shopping_days == trips))
    chosen = chosen[:: max(len(chosen) // MOST_HOUSEHOLDS, 1)]
    tier = newcomers.tiers(seen, tier_cents)
    rate = np.minimum(
        popularity.store[store_of_household[chosen]] * popularity.tier[tier[chosen]], 1.0
    )
    popular = np.log(rate)
    place = np.full(len(enough), -1)
    place[chosen] = np.arange(len(chosen))

    pairs = np.flatnonzero(place[seen.household] >= 0)
    row, candidate = place[seen.household[pairs]], candidate_of_item[seen.item[pairs]]
    listed = candidate >= 0
    own_popular = popular.min(axis=1)[row]
    own_popular[listed] = popular[row[listed], candidate[listed]]
    chance = np.clip(probability(seen)[pairs], 1e-6, 1.0 - 1e-6)
    bought_later = after.household * items + after.item
    own_bought = np.isin(seen.household[pairs] * items + seen.item[pairs], bought_later)

    wanted = np.zeros(popular.shape, np.bool_)
    later = (place[after.household] >= 0) & (candidate_of_item[after.item] >= 0)
    wanted[place[after.household[later]], candidate_of_item[after.item[later]]] = True
    open_ = np.ones(popular.shape, np.bool_)
    open_[row[listed], candidate[listed]] = False
    draw = np.random.default_rng(trips)
    open_ &= wanted | (draw.random(popular.shape) < _NEGATIVES_SHARE)
    new_bought = wanted[open_]
    return _Sample(
        trips,
        np.log(chance / (1.0 - chance)),
        own_popular,
        own_bought,
        popular[open_],
        new_bought,
        np.where(new_bought, 1.0, 1.0 / _NEGATIVES_SHARE),
    )


def _fit(samples: list[_Sample], half: float) -> tuple[float, Floats, Floats]:
    """Fit both logistics: (their loss, the model's `own`, its `new`)."""
    fades = [weight(sample.trips, half) for sample in samples]
    own_loss, own = _logistic(
        np.concatenate(
            [
                w * np.stack([np.ones(len(s.logit)), s.logit, s.popular], axis=1)
                for w, s in zip(fades, samples, strict=True)
            ]
        ),
        np.concatenate([s.bought for s in samples]),
        np.concatenate([s.logit for s in samples]),
        np.ones(sum(len(s.logit) for s in samples)),
    )
    new_loss, new = _logistic(
        np.concatenate([_new(s.new_popular, w) for w, s in zip(fades, samples, strict=True)]),
        np.concatenate([s.new_bought for s in samples]),
        np.zeros(sum(len(s.new_popular) for s in samples)),
        np.concatenate([s.new_weight for s in samples]),
    )
    return own_loss + new_loss, own, new


def _new(popular: Floats, w: float) -> Floats:
    """What the chance of an item not bought before is told from, float64[pairs, 5]."""
    one = np.ones(len(popular))
    bent = np.maximum(popular - np.log(OFTEN), 0.0)
    return np.stack([one, popular, bent, w * one, w * popular], axis=1)


def _logistic(x: Floats, y: Flags, given: Floats, weight: Floats) -> tuple[float, Floats]:
    """Fit logit(y) = given + x @ slopes by Newton's steps: (loss, slopes)."""
    slopes = np.zeros(x.shape[1])
    penalty = _PENALTY * np.eye(len(slopes))
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(given + x @ slopes, -30.0, 30.0)))
        gradient = x.T @ (weight * (y - chance)) - penalty @ slopes
        curve = (x.T * (weight * chance * (1.0 - chance))) @ x + penalty
        step = np.linalg.solve(curve, gradient)
        slopes += np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    chance = 1.0 / (1.0 + np.exp(-np.clip(given + x @ slopes, -30.0, 30.0)))
    loss = -(weight * np.log(np.maximum(np.where(y, chance, 1.0 - chance), 1e-12))).sum()
    return float(loss), slopes
