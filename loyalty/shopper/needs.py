"""What each household needs and when: the chance of buying an item again.

A household's pace with an item is corrected by a table of 6 x 10 bins (times bought, how due),
which compares what such pairs were expected to buy with what they bought. Its 60 likeliest items
are then judged one by one: a logistic of 18 facts, set right by small decision trees that see some
more. All of it was learned from the months before (needs_learning) and is kept as plain numbers.
Before anything was learned, the pace alone speaks.

On Complete Journey this ranks a household's products for the next 28 days at an NDCG@10 of .427
(by personal frequency: .399) and product types at .566 (.546); the chances of products miss the
shares that came true by .006.
"""

from math import exp, expm1, log1p
from typing import NamedTuple

import numpy as np
from numba import njit

from loyalty.shopper import needs_features
from loyalty.shopper.kernel import Floats, Ints, Ints32, Items, Statistics
from loyalty.shopper.needs_features import BINS as BINS
from loyalty.shopper.needs_features import HORIZON_DAYS as HORIZON_DAYS
from loyalty.shopper.needs_model import Model as Model
from loyalty.shopper.needs_model import logits, return_logits, trip_logits

JUDGED = 60
"""How many of a household's items are judged one by one."""

# No chance is certain, so that every number that follows from it is finite.
_MOST_LOGIT = 14.0
_MOST_EXPECTED = 30.0


class Believed(NamedTuple):
    """What is believed of each pair of a household and an item, float64[pairs] but for the last."""

    probability: Floats  # of buying it within HORIZON_DAYS, within 0 and 1
    expected: Floats  # purchases within HORIZON_DAYS
    next_trip: Floats  # chance of buying it on the next shopping day
    usual_gaps: Floats  # days between purchases as one would tell the household, > 0
    comes: Floats  # float64[households], > 0: chance of coming at all; counted in above


class Judged(NamedTuple):
    """A bucket's likeliest pairs, described."""

    rows: Ints  # the pairs, household after household, the likeliest first
    features: Floats  # float64[rows, FEATURES]
    expected: Floats  # float64[pairs], purchases by pace and table
    usual_gaps: Floats  # float64[pairs]


def judge(
    seen: Statistics, facts: Items, parent_of_item: Ints32, parents: int, table: Floats
) -> Judged:
    """Describe each household's JUDGED likeliest pairs, by pace and `table` (float64[BINS]).

    Raises ValueError if `facts` or `parent_of_item` are of other items than `seen`, or a parent
    lies outside 0 .. parents - 1.
    """
    _check(seen, facts, parent_of_item, parents)
    paces = needs_features.pace(seen, facts)
    expected = paces.rate * table[paces.bin]
    rows = needs_features.likeliest(seen.starts, expected, JUDGED)
    features = needs_features.describe(seen, facts, parent_of_item, parents, paces, expected, rows)
    return Judged(rows, features, expected, paces.usual_gap)


def believe(
    seen: Statistics,
    facts: Items,
    parent_of_item: Ints32,
    parents: int,
    model: Model | None,
) -> Believed:
    """Say what is believed of every pair of a bucket.

    facts: what all households did with the items before the same day (the buckets' `items`, added
    up). parent_of_item: int32[items] in 0 .. parents - 1, the item one level up. model: what was
    learned, or None: then every pace is believed as it is. Raises ValueError if the facts or
    parents are not of the same items.
    """
    if model is None:
        _check(seen, facts, parent_of_item, parents)
        paces = needs_features.pace(seen, facts)
        return _by_pace(seen, paces.rate, paces.usual_gap, 1.0)
    found = judge(seen, facts, parent_of_item, parents, model.table)
    believed = _by_pace(seen, found.expected, found.usual_gaps, model.rest)
    month = logits(found.features, model.month)
    trip = trip_logits(found.features, month, model.trip)
    factor, power = model.more
    comes = return_logits(found.features, model.comes)
    _put(seen.household, found.rows, month, comes, trip, factor, power, believed)
    return believed


def top(seen: Statistics, probability: Floats, *, k: int = JUDGED) -> Ints:
    """Pick each household's `k` likeliest items, or all it has.

    Returns int64 row numbers of pairs, household after household and in each the likeliest first;
    between equals the lower item number goes first.
    """
    return needs_features.likeliest(seen.starts, probability, k)


def _check(seen: Statistics, facts: Items, parent_of_item: Ints32, parents: int) -> None:
    items = len(seen.items.buyers)
    if len(facts.buyers) != items or len(parent_of_item) != items:
        raise ValueError(
            f"{items} items, facts of {len(facts.buyers)}, parents of {len(parent_of_item)}"
        )
    if items and not 0 <= parent_of_item.min() <= parent_of_item.max() < parents:
        raise ValueError(f"an item's parent lies outside 0 .. {parents - 1}")


def _by_pace(seen: Statistics, rate: Floats, usual_gaps: Floats, factor: float) -> Believed:
    believed = Believed(
        np.empty(len(rate), np.float64),
        np.empty(len(rate), np.float64),
        np.empty(len(rate), np.float64),
        usual_gaps,
        np.ones(len(seen.starts) - 1, np.float64),
    )
    _pace_alone(seen, rate, factor, believed)
    return believed


@njit(cache=True, nogil=True)
def _pace_alone(seen: Statistics, rate: Floats, factor: float, believed: Believed) -> None:
    for h in range(len(seen.starts) - 1):
        # A trip is the share of the month that lies between two trips.
        watched = max(seen.as_of - seen.households.first[h], 1)
        trips = seen.households.shopping_days[h] * HORIZON_DAYS / watched
        share = 1.0 / max(trips, 1.0)
        for row in range(seen.starts[h], seen.starts[h + 1]):
            expected = min(rate[row] * factor, _MOST_EXPECTED)
            believed.expected[row] = expected
            believed.probability[row] = -expm1(-expected)
            believed.next_trip[row] = -expm1(-expected * share)


@njit(cache=True, nogil=True)
def _put(
    household: Ints32,
    rows: Ints,
    month: Floats,
    comes: Floats,
    trip: Floats,
    factor: float,
    power: float,
    believed: Believed,
) -> None:
    for at in range(len(rows)):
        chance, comes_at_all = _logistic(month[at]), _logistic(comes[at])
        believed.comes[household[rows[at]]] = comes_at_all
        expected = min(factor * (-log1p(-chance)) ** power, _MOST_EXPECTED)
        believed.probability[rows[at]] = comes_at_all * chance
        believed.expected[rows[at]] = comes_at_all * expected
        believed.next_trip[rows[at]] = _logistic(trip[at])


@njit(cache=True, nogil=True)
def _logistic(logit: float) -> float:
    return 1.0 / (1.0 + exp(-min(max(logit, -_MOST_LOGIT), _MOST_LOGIT)))


_TIMES_BOUGHT = (1.5, 2.5, 3.5, 5.5, 10.5)  # upper ends of the bins of n, but for the last
_DUE = (0.15, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.5, 6.0)  # and of the bins of due
