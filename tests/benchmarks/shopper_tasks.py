"""The tasks by which shopper models are judged: the data, what came true, and the measures.

Complete Journey without what says nothing of needs (fuel, deposits, coupons as products). An event
is a distinct (household, item, day). A: which items a household with at least four shopping days
buys on its next shopping day, and in the 28 days, from a cut on. B: which coupons of a campaign it
uses. C: which categories it never bought it buys for the first time in the 56 days from a cut on.
Everywhere an item, a household or a category is its place in the arrays of `Shop`, and a day is
counted from 2017-01-01.
"""

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from coupons.demo.journey import Journey

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Metrics = dict[str, float]

FIRST_DAY = date(2017, 1, 1)
NEED_CUTS = (date(2017, 8, 1), date(2017, 9, 15), date(2017, 10, 30), date(2017, 12, 1))
DISCOVERY_CUTS = NEED_CUTS[:3]
NEED_DAYS, DISCOVERY_DAYS = 28, 56
LEAST_TRIPS = 4
RANKED = 20  # items a list is judged by, at most
NOBODY = -1  # no item: the end of a short list

LEFT_OUT_DEPARTMENTS = ("FUEL", "MISCELLANEOUS", "COUPON")
LEFT_OUT_CATEGORY = "COUPON/MISC ITEMS"
_MANY_DAYS = 512


class Shop(NamedTuple):
    """The year's lines, a value a line, in order of day; households and items as places."""

    households: Ints  # the data set's numbers, ascending
    products: Ints  # those that were sold, ascending
    types: npt.NDArray[np.object_]  # names, ascending
    categories: npt.NDArray[np.object_]
    type_of: Ints  # int64[products]
    category_of: Ints
    all_types: dict[int, int]  # of every product of the catalogue, sold or not
    household: Ints
    product: Ints
    day: Ints
    with_coupon: Flags

    def items_of(self, level: str) -> tuple[Ints, int]:
        """Each product's item at a level, and how many items that level has."""
        match level:
            case "product":
                return np.arange(len(self.products)), len(self.products)
            case "type":
                return self.type_of, len(self.types)
        return self.category_of, len(self.categories)


class Events(NamedTuple):
    """Distinct (household, item, day) in this order, and the households' shopping days."""

    households: int
    items: int
    household: Ints
    item: Ints
    day: Ints
    trip_household: Ints
    trip_day: Ints


class Targets(NamedTuple):
    """What was bought: keys household * items + item, ascending."""

    households: int
    items: int
    bought: Ints

    def counts(self) -> Ints:
        """How many items each household bought."""
        return np.bincount(self.bought // self.items, minlength=self.households)

    def holds(self, household: Ints, item: Ints) -> Flags:
        there: Flags = np.isin(household * self.items + item, self.bought) & (item != NOBODY)
        return there


class Ranked(NamedTuple):
    """How the lists of the judged households did, a value a household."""

    household: Ints
    recall10: Floats
    recall20: Floats
    ndcg10: Floats
    precision10: Floats

    def means(self) -> Metrics:
        return {name: float(getattr(self, name).mean()) for name in self._fields[1:]}


def day_number(day: date) -> int:
    return (day - FIRST_DAY).days


def read(journey: Journey) -> Shop:
    """The lines of the journey that say something of needs."""
    table = journey.products
    table = table[
        ~table["department"].isin(LEFT_OUT_DEPARTMENTS)
        & table["product_type"].notna()
        & table["product_category"].notna()
        & (table["product_category"] != LEFT_OUT_CATEGORY)
    ].sort_values("product_id")
    types, type_of = np.unique(table["product_type"].to_numpy(str), return_inverse=True)
    categories, category_of = np.unique(
        table["product_category"].to_numpy(str), return_inverse=True
    )
    numbers = table["product_id"].to_numpy(np.int64)
    lines = journey.baskets
    lines = lines[lines["product"].isin(numbers)]
    household, product = (lines[name].to_numpy(np.int64) for name in ("household", "product"))
    households, products = np.unique(household), np.unique(product)
    sold = np.searchsorted(numbers, products)
    return Shop(
        households=households,
        products=products,
        types=types.astype(object),
        categories=categories.astype(object),
        type_of=type_of[sold],
        category_of=category_of[sold],
        all_types=dict(zip(numbers.tolist(), type_of.tolist(), strict=True)),
        household=np.searchsorted(households, household),
        product=np.searchsorted(products, product),
        day=(lines["day"] - pd.Timestamp(FIRST_DAY)).dt.days.to_numpy().astype(np.int64),
        with_coupon=lines["coupon_cents"].to_numpy() > 0,
    )


def events(shop: Shop, level: str) -> Events:
    item_of, items = shop.items_of(level)
    key = (shop.household * items + item_of[shop.product]) * _MANY_DAYS + shop.day
    key = np.unique(key)
    trips = np.unique(shop.household * _MANY_DAYS + shop.day)
    return Events(
        households=len(shop.households),
        items=items,
        household=key // _MANY_DAYS // items,
        item=key // _MANY_DAYS % items,
        day=key % _MANY_DAYS,
        trip_household=trips // _MANY_DAYS,
        trip_day=trips % _MANY_DAYS,
    )


def bought_within(known: Events, cut: int, days: int) -> Targets:
    """What is bought in the `days` from the cut on."""
    soon = (known.day >= cut) & (known.day < cut + days)
    key = known.household[soon] * known.items + known.item[soon]
    return Targets(known.households, known.items, np.unique(key))


def bought_next(known: Events, cut: int) -> Targets:
    """What is bought on the household's first shopping day from the cut on, if within 28 days."""
    next_day = np.full(known.households, 10 * _MANY_DAYS)
    later = known.trip_day >= cut
    np.minimum.at(next_day, known.trip_household[later], known.trip_day[later])
    soon = (known.day < cut + NEED_DAYS) & (known.day == next_day[known.household])
    key = known.household[soon] * known.items + known.item[soon]
    return Targets(known.households, known.items, np.unique(key))


def regulars(known: Events, cut: int) -> Flags:
    """Households with at least four shopping days before the cut."""
    trips = np.bincount(known.trip_household[known.trip_day < cut], minlength=known.households)
    return trips >= LEAST_TRIPS


def rank(lists: Ints, targets: Targets, judged: Flags) -> Ranked:
    """Judge int64[households, 20] items, best first, on those `judged` that bought anything."""
    bought = targets.counts()
    rows = np.flatnonzero(judged & (bought > 0))
    shown = lists[rows]
    hits = targets.holds(np.repeat(rows, shown.shape[1]).reshape(shown.shape), shown)
    return Ranked(
        household=rows,
        recall10=hits[:, :10].sum(1) / bought[rows],
        recall20=hits[:, :20].sum(1) / bought[rows],
        ndcg10=discounted_gain(hits[:, :10], bought[rows]),
        precision10=hits[:, :10].mean(1),
    )


def discounted_gain(hits: Flags, wanted: Ints) -> Floats:
    """NDCG of lists as long as `hits` is wide, for households that wanted so many items."""
    worth = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.cumsum(worth)[np.minimum(wanted, hits.shape[1]) - 1]
    return np.asarray((hits * worth).sum(1) / best, dtype=np.float64)


def best_of_pairs(
    household: Ints, item: Ints, score: npt.NDArray[np.floating[Any]], households: int, fill: Ints
) -> Ints:
    """Each household's 20 best items of scored pairs; short lists go on with items of `fill`.

    Between equals the lower item goes first.
    """
    order = np.lexsort((item, -score, household))
    household, item = household[order], item[order]
    place = np.arange(len(household)) - np.searchsorted(household, household)
    lists = np.full((households, RANKED), NOBODY)
    shown = place < RANKED
    lists[household[shown], place[shown]] = item[shown]
    for row in np.flatnonzero(lists[:, -1] == NOBODY):
        has = lists[row][lists[row] != NOBODY]
        others = fill[~np.isin(fill, has)][: RANKED - len(has)]
        lists[row, len(has) : len(has) + len(others)] = others
    return lists


def calibration_error(happened: Flags, probability: Floats, bins: int = 15) -> float:
    """ECE over bins of equally many pairs: the mean distance of what was said from what came."""
    ends = np.quantile(probability, np.linspace(0, 1, bins + 1))
    place = np.clip(np.searchsorted(ends, probability, side="right") - 1, 0, bins - 1)
    came = np.bincount(place, happened, bins)
    said = np.bincount(place, probability, bins)
    return float(np.abs(came - said).sum() / len(probability))


def mean_of(found: list[Metrics]) -> Metrics:
    """The mean of each measure over the cuts."""
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


class Difference(NamedTuple):
    """How much better ours is, and where 95 of 100 such samples of households would put that."""

    mean: float
    low: float
    high: float


def paired_bootstrap(
    ours: list[Ranked], theirs: list[Ranked], measure: str, draws: int = 2000
) -> Difference:
    """Compare two rankings of the same cuts, drawing households with all of their cuts."""
    households = np.concatenate([each.household for each in ours])
    gained = np.concatenate(
        [
            getattr(mine, measure) - getattr(other, measure)
            for mine, other in zip(ours, theirs, strict=True)
        ]
    )
    _, home = np.unique(households, return_inverse=True)
    total, count = np.bincount(home, gained), np.bincount(home)
    drawn = np.random.default_rng(1).integers(0, len(total), (draws, len(total)))
    means = total[drawn].sum(1) / count[drawn].sum(1)
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    return Difference(float(gained.mean()), low, high)


class Found(NamedTuple):
    """How lists of new categories did, a value a household that found any."""

    household: Ints
    recall5: Floats
    recall10: Floats
    ndcg10: Floats

    def means(self) -> Metrics:
        return {name: float(getattr(self, name).mean()) for name in self._fields[1:]}


def rank_new(lists: Ints, targets: Targets) -> Found:
    """Judge int64[households, 10 or more] categories, best first, on those that found any."""
    found = targets.counts()
    rows = np.flatnonzero(found > 0)
    shown = lists[rows, :10]
    hits = targets.holds(np.repeat(rows, 10).reshape(shown.shape), shown)
    return Found(
        household=rows,
        recall5=hits[:, :5].sum(1) / found[rows],
        recall10=hits.sum(1) / found[rows],
        ndcg10=discounted_gain(hits, found[rows]),
    )


def first_bought(known: Events, cut: int, open_to: Flags) -> Targets:
    """What of the cells `open_to`, bool[households, items], is bought in the 56 days."""
    bought = bought_within(known, cut, DISCOVERY_DAYS).bought
    return Targets(known.households, known.items, bought[open_to.ravel()[bought]])
