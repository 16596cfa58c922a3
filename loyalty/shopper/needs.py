"""What each household needs and when: the chance of buying an item within the next weeks.

A closed form, fitted by counting alone. How often a household buys an item is taken from its
decayed purchases; how much to believe that, from how often and how lately it bought it, by a table
of 6 x 10 bins that compares what such pairs were expected to buy in the last 28 days with what
they bought. On Complete Journey this ranks a household's products for the next 28 days at an
NDCG@10 of .416 (by personal frequency: .399), product types at .554 (.546).
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Floats, Ints, Items, Statistics

HORIZON_DAYS = 28

_TIMES_BOUGHT = (1.5, 2.5, 3.5, 5.5, 10.5)  # upper ends of the bins of n, but for the last
_DUE = (0.15, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.5, 6.0)  # and of the bins of due
BINS = (len(_TIMES_BOUGHT) + 1) * (len(_DUE) + 1)

# A household counts as watched for a week at least, and every rate is pulled towards nothing as if
# it had been watched for another 10 (of the 45-day rate) or 20 (of the 150-day rate) days in vain.
_LEAST_EXPOSURE_DAYS = 7
_EMPTY_DAYS = {45.0: 10.0, 150.0: 20.0}
# An item's gap is pulled towards 30 days as if 5 such gaps had been seen.
_USUAL_GAP_DAYS, _USUAL_GAPS = 30.0, 5.0

_BILLION = 1_000_000_000


class Observed(NamedTuple):
    """What pairs did in the 28 days after a cut, int64[BINS]; whole numbers, so they add up."""

    bought: Ints  # pairs bought again within the 28 days
    expected: Ints  # billionths of pairs expected to be, by their rates alone

    def plus(self, other: "Observed") -> "Observed":
        """Add another bucket's, or another month's."""
        return Observed(self.bought + other.bought, self.expected + other.expected)


def item_gaps(items: Items) -> Floats:
    """Days from one purchase of an item to the next, over all households: float64[items].

    Items seldom bought twice lie near 30 days. Add the buckets' `Items` up first.
    """
    usual = _USUAL_GAP_DAYS * _USUAL_GAPS
    return (items.gap_sum + usual) / (items.gap_count + _USUAL_GAPS)


def mean_gaps(statistics: Statistics, item_gaps: Floats) -> Floats:
    """Days between a household's purchases of an item, with one gap more, the item's own.

    Returns float64[pairs], > 0. A pair seen once has just the item's gap.
    """
    return (statistics.gap_sum + item_gaps[statistics.item]) / statistics.n


def usual_gaps(statistics: Statistics, item_gaps: Floats) -> Floats:
    """Days between purchases as one would tell the household, float64[pairs], > 0.

    What happened, from the third purchase on; before that, mean_gaps().
    """
    happened = statistics.gap_sum / np.maximum(statistics.n - 1, 1)
    return np.where(statistics.n >= 3, happened, mean_gaps(statistics, item_gaps))


def rates(statistics: Statistics) -> Floats:
    """Purchases each pair would make in 28 days at the pace of its decayed counts: float64[pairs].

    The mean of the 45-day and the 150-day rate, each over the days its household was watched.
    """
    households = statistics.households
    watched = np.maximum(statistics.as_of - households.first, _LEAST_EXPOSURE_DAYS)
    rate = np.zeros(len(statistics.n), np.float64)
    for column, half_life in ((1, 45.0), (2, 150.0)):
        memory = half_life / np.log(2.0)
        exposure = memory * (1.0 - np.exp(-watched / memory)) + _EMPTY_DAYS[half_life]
        rate += statistics.decayed[:, column] / exposure[statistics.household]
    return rate * (HORIZON_DAYS / 2)


def due(statistics: Statistics, item_gaps: Floats) -> Floats:
    """Days since the last purchase over the mean gap, float64[pairs]: 1 is due, 2 long overdue."""
    return (statistics.as_of - statistics.last) / mean_gaps(statistics, item_gaps)


def bins(statistics: Statistics, item_gaps: Floats) -> Ints:
    """Each pair's bin, int64[pairs] in 0 .. BINS - 1: by times bought, then by how due it is."""
    times = np.searchsorted(_TIMES_BOUGHT, statistics.n, side="right")
    dueness = np.searchsorted(_DUE, due(statistics, item_gaps), side="right")
    return times * (len(_DUE) + 1) + dueness


def observe(before: Statistics, after: Statistics, item_gaps: Floats) -> Observed:
    """Compare what the pairs of `before` were expected to buy with what `after` shows.

    The two are one bucket's statistics, the same items, 28 days apart; item_gaps as known on the
    day of `before`. Raises ValueError if they are not 28 days apart or not of the same bucket.
    """
    if after.as_of - before.as_of != HORIZON_DAYS:
        raise ValueError(f"{after.as_of - before.as_of} days apart, not {HORIZON_DAYS}")
    items = len(item_gaps)
    key_before = before.household * np.int64(items) + before.item
    key_after = after.household * np.int64(items) + after.item
    # Whatever was ever bought before is still there after, in the same order.
    now = np.flatnonzero(np.isin(key_after, key_before, assume_unique=True))
    if len(now) != len(key_before):
        raise ValueError("the later statistics lack pairs of the earlier: not the same lines")
    bought = after.last[now] >= before.as_of
    bin_of = bins(before, item_gaps)
    expected = np.rint(-np.expm1(-rates(before)) * _BILLION).astype(np.int64)
    # Doubles hold whole numbers below 2 ** 53: 9 million billion billionths, a bucket's and more.
    return Observed(
        np.bincount(bin_of[bought], minlength=BINS),
        np.bincount(bin_of, expected, BINS).astype(np.int64),
    )


def table(observed: Observed) -> Floats:
    """How far to believe the rates of each bin, float64[BINS]: 1 where nothing was observed."""
    return (observed.bought + 1.0) / (observed.expected / _BILLION + 1.0)


def expected(statistics: Statistics, item_gaps: Floats, table: Floats) -> Floats:
    """Purchases each pair is expected to make in the next 28 days, float64[pairs]."""
    return rates(statistics) * table[bins(statistics, item_gaps)]


def probability(
    statistics: Statistics, item_gaps: Floats, table: Floats, *, horizon_days: int = HORIZON_DAYS
) -> Floats:
    """Chance that each pair is bought within the `horizon_days` from `as_of` on, float64[pairs]."""
    purchases = expected(statistics, item_gaps, table) * (horizon_days / HORIZON_DAYS)
    return -np.expm1(-purchases)


def top(statistics: Statistics, probability: Floats, *, k: int = 60) -> Ints:
    """Pick each household's `k` likeliest items, or all it has.

    Returns int64 row numbers of pairs, household after household and in each the likeliest first;
    between equals the lower item number goes first.
    """
    return _top(statistics.starts, probability, k)


@njit(cache=True, nogil=True)
def _top(starts: Ints, probability: Floats, k: int) -> Ints:
    best = np.empty(min(len(probability), (len(starts) - 1) * k), np.int64)
    end = 0
    for h in range(len(starts) - 1):
        begin = end
        for row in range(starts[h], starts[h + 1]):
            chance = probability[row]
            if end - begin == k and (k == 0 or chance <= probability[best[end - 1]]):
                continue
            if end - begin < k:
                end += 1
            place = end - 1
            while place > begin and probability[best[place - 1]] < chance:
                best[place] = best[place - 1]
                place -= 1
            best[place] = row
    return best[:end]
