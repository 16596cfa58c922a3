"""What speaks for a household buying an item again, in numbers: its pace and 37 facts.

The pace is a closed form that needs no fitting: decayed purchases over the days watched. Of each
household's pairs only the likeliest are described further; those hold nearly all it will buy.
Everything is worked out household by household, so the numbers do not depend on how households
are dealt into buckets.
"""

from math import exp, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from loyalty.shopper.kernel import WEEKS, Floats, Ints, Ints32, Items, Statistics

Small = npt.NDArray[np.int8]

HORIZON_DAYS = 28

_TIMES_BOUGHT = (1.5, 2.5, 3.5, 5.5, 10.5)  # upper ends of the bins of n, but for the last
_DUE = (0.15, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.5, 6.0)  # and of the bins of due
BINS = (len(_TIMES_BOUGHT) + 1) * (len(_DUE) + 1)

# A household counts as watched for a week at least, and every rate is pulled towards nothing as if
# it had been watched for another 10 (of the 45-day rate) or 20 (of the 150-day rate) days in vain.
_LEAST_WATCHED_DAYS = 7
_MEMORY_45, _MEMORY_150 = 45.0 / np.log(2.0), 150.0 / np.log(2.0)
_EMPTY_45, _EMPTY_150 = 10.0, 20.0
# An item's gap is pulled towards 30 days as if 5 such gaps had been seen.
_USUAL_GAP_DAYS, _USUAL_GAPS = 30.0, 5.0

# Popularity is told as if all households together made this many purchases of late (halved every
# 14 days) and had bought this many different items each: what a sample taught then holds for the
# whole chain, and next year.
_USUAL_PURCHASES = 80_000.0
_USUAL_BUYERS = 500_000.0
_MILLION = 1e6

CORE = (
    "bought lately, 14 days", "bought lately, 45 days", "bought lately, 150 days", "days bought",
    "days since", "due", "due squared", "days since over the last gap", "item bought again",
    "item trend", "item popularity", "household shops, 14 days", "household shops, 45 days",
    "household's days since", "pace", "group's days since", "share of its group",
    "share discounted",
)  # fmt: skip
"""What the logistic sees."""

FEATURES = (
    *CORE,
    "trips since", "bought a trip", "rank", "share of all needs", "group lately, 14 days",
    "group's days bought", "group due", "item discounted", "item purchases a buyer",
    "item trend, 45 days", "item gap", "lines a trip", "trips in four weeks", "quantity", "price",
    "14 over 45 days", "given up", "share of its group, 14 days", "item buyers",
)  # fmt: skip
"""What the trees see; logarithms of most."""

HOUSEHOLD = np.array(
    [
        FEATURES.index(name)
        for name in (
            "household shops, 14 days",
            "household shops, 45 days",
            "household's days since",
            "lines a trip",
            "trips in four weeks",
        )
    ]
)
"""Columns of FEATURES that are the same for all items of a household."""


class Pace(NamedTuple):
    """How often each pair is bought and how due it is, by its own history: one value a pair."""

    rate: Floats  # purchases in 28 days at the pace of its decayed counts
    due: Floats  # days since the last purchase over the mean gap: 1 is due, 2 long overdue
    bin: Small  # 0 .. BINS - 1: by times bought, then by how due
    usual_gap: Floats  # days between purchases as one would tell the household, > 0


def pace(seen: Statistics, facts: Items) -> Pace:
    """Tell each pair's pace. facts: what all households did with the items before the same day.

    The rate is the mean of the 45-day and the 150-day rate, each over the days the household was
    watched. The mean gap counts one gap more, the item's own; the usual gap is what happened, from
    the third purchase on, and the mean gap before that.
    """
    pairs = len(seen.n)
    result = Pace(
        np.empty(pairs, np.float64),
        np.empty(pairs, np.float64),
        np.empty(pairs, np.int8),
        np.empty(pairs, np.float64),
    )
    _pace(seen, facts.gap_sum, facts.gap_count, result)
    return result


@njit(cache=True, nogil=True)
def _pace(seen: Statistics, item_gap_sum: Ints, item_gap_count: Ints, result: Pace) -> None:
    for h in range(len(seen.starts) - 1):
        watched = max(seen.as_of - seen.households.first[h], _LEAST_WATCHED_DAYS)
        days_45 = _MEMORY_45 * (1.0 - exp(-watched / _MEMORY_45)) + _EMPTY_45
        days_150 = _MEMORY_150 * (1.0 - exp(-watched / _MEMORY_150)) + _EMPTY_150
        for row in range(seen.starts[h], seen.starts[h + 1]):
            item, n, gap_sum = seen.item[row], seen.n[row], seen.gap_sum[row]
            gaps = item_gap_count[item] + _USUAL_GAPS
            item_gap = (item_gap_sum[item] + _USUAL_GAP_DAYS * _USUAL_GAPS) / gaps
            mean_gap = (gap_sum + item_gap) / n
            due = (seen.as_of - seen.last[row]) / mean_gap
            place = 0
            for edge in _TIMES_BOUGHT:
                if n > edge:
                    place += len(_DUE) + 1
            for edge in _DUE:
                if due >= edge:
                    place += 1
            lately = seen.decayed[row, 1] / days_45 + seen.decayed[row, 2] / days_150
            result.rate[row] = lately * (HORIZON_DAYS / 2)
            result.due[row] = due
            result.bin[row] = place
            result.usual_gap[row] = gap_sum / (n - 1) if n >= 3 else mean_gap


@njit(cache=True, nogil=True)
def likeliest(starts: Ints, value: Floats, k: int) -> Ints:
    """Rows of each household's `k` greatest values, or all it has: the greatest first, and
    between equals the lower row."""
    best = np.empty(min(len(value), (len(starts) - 1) * k), np.int64)
    end = 0
    for h in range(len(starts) - 1):
        begin = end
        for row in range(starts[h], starts[h + 1]):
            its = value[row]
            if end - begin == k and (k == 0 or its <= value[best[end - 1]]):
                continue
            if end - begin < k:
                end += 1
            place = end - 1
            while place > begin and value[best[place - 1]] < its:
                best[place] = best[place - 1]
                place -= 1
            best[place] = row
    return best[:end]


def describe(
    seen: Statistics,
    facts: Items,
    parent_of_item: Ints32,
    parents: int,
    paces: Pace,
    expected: Floats,
    rows: Ints,
) -> Floats:
    """Describe the pairs `rows`, household after household and in each the likeliest first.

    facts: what all households did with the items before the same day. parent_of_item: int32[items]
    in 0 .. parents - 1, the group whose items stand in for each other. expected: float64[pairs],
    purchases in 28 days as the pace and the table have it. Returns float64[rows, FEATURES], finite.
    """
    described = np.empty((len(rows), len(FEATURES)), np.float64)
    scale = _USUAL_PURCHASES / max(float(facts.decayed[:, 0].sum()), 1.0)
    buyers_scale = _USUAL_BUYERS / max(float(facts.buyers.sum()), 1.0)
    _describe(
        seen, facts, parent_of_item.astype(np.int32), paces.due, expected, rows,
        scale, buyers_scale, np.empty((parents, 2), np.float64),
        np.empty((parents, 2), np.int64), described,
    )  # fmt: skip
    return described


@njit(cache=True, nogil=True)
def _describe(
    seen: Statistics,
    facts: Items,
    parent_of_item: Ints32,
    due_of_pair: Floats,
    expected: Floats,
    rows: Ints,
    scale: float,
    buyers_scale: float,
    lately_of: Floats,
    counted_of: Ints,
    described: Floats,
) -> None:
    as_of, homes = seen.as_of, seen.households
    owner = np.full(len(lately_of), -1, np.int64)  # the last household seen in the group
    trips = np.zeros(WEEKS + 1, np.float64)  # shopping days in the latest w weeks
    at = 0
    for h in range(len(seen.starts) - 1):
        begin, end = seen.starts[h], seen.starts[h + 1]
        if begin == end:
            continue
        in_all = 0.0
        for row in range(begin, end):
            group = parent_of_item[seen.item[row]]
            if owner[group] != h:
                owner[group] = h
                lately_of[group, :] = 0.0
                counted_of[group, :] = 0
            lately_of[group, 0] += seen.decayed[row, 0]
            lately_of[group, 1] += seen.decayed[row, 1]
            counted_of[group, 0] += seen.n[row]
            counted_of[group, 1] = max(counted_of[group, 1], seen.last[row])
            in_all += expected[row]
        for week in range(WEEKS):
            trips[week + 1] = trips[week] + homes.week_days[h, WEEKS - 1 - week]
        watched = max(as_of - homes.first[h], _LEAST_WATCHED_DAYS)
        shops_14 = log(homes.decayed[h, 0] + 0.1)
        shops_45 = log(homes.decayed[h, 1] + 0.1)
        home_since = log(as_of - homes.last[h] + 1.0)
        lines_a_trip = log(homes.lines[h] / homes.shopping_days[h] + 1.0)
        four_weeks = log((trips[4] + 0.5) / (homes.decayed[h, 2] + 1.0))
        rank = 0
        while at < len(rows) and rows[at] < end:
            row = rows[at]
            x = described[at]
            at += 1
            rank += 1
            item, n, since = seen.item[row], seen.n[row], as_of - seen.last[row]
            group = parent_of_item[item]
            d14, d45, d150 = seen.decayed[row, 0], seen.decayed[row, 1], seen.decayed[row, 2]
            i14 = facts.decayed[item, 0] / _MILLION
            i45 = facts.decayed[item, 1] / _MILLION
            i150 = facts.decayed[item, 2] / _MILLION
            due = log(due_of_pair[row] + 0.05)
            chance = 1.0 - exp(-expected[row])
            last_gap = since / max(seen.last_gap[row], 1) if n > 1 else due_of_pair[row]
            group_since = as_of - counted_of[group, 1]
            weeks = (since - 1) // 7
            trips_since = trips[WEEKS]
            if weeks < WEEKS:
                trips_since = trips[weeks] + (trips[weeks + 1] - trips[weeks]) * (
                    ((since - 1) % 7) / 7.0
                )
            gaps = facts.gap_count[item] + _USUAL_GAPS

            x[0] = log(d14 + 0.02)
            x[1] = log(d45 + 0.05)
            x[2] = log(d150 + 0.1)
            x[3] = log(float(n))
            x[4] = log(since + 1.0)
            x[5] = due
            x[6] = due * due
            x[7] = log(last_gap + 0.05)
            x[8] = facts.repeat_buyers[item] / (facts.buyers[item] + 3.0)
            x[9] = log((i14 + 0.2) / (i150 + 1.0))
            x[10] = log(i14 * _MILLION * scale + 1.0)
            x[11] = shops_14
            x[12] = shops_45
            x[13] = home_since
            x[14] = log(chance + 1e-4) - log(1.0 - chance + 1e-4)
            x[15] = log(group_since + 1.0)
            x[16] = log(d45 / (lately_of[group, 1] + 0.05) + 0.02)
            x[17] = seen.discounted_days[row] / n
            x[18] = log(trips_since + 1.0)
            x[19] = log((d45 + 0.05) / (homes.decayed[h, 1] + 0.1))
            x[20] = log(float(rank))
            x[21] = log(expected[row] / (in_all + 1e-9) + 1e-5)
            x[22] = log(lately_of[group, 0] + 0.05)
            x[23] = log(float(counted_of[group, 0]))
            x[24] = log(group_since * counted_of[group, 0] / watched + 0.05)
            x[25] = facts.discounted[item] / (facts.purchases[item] + 3.0)
            x[26] = log((facts.purchases[item] + 1.0) / (facts.buyers[item] + 1.0))
            x[27] = log((i45 + 0.2) / (i150 + 1.0))
            x[28] = log((facts.gap_sum[item] + _USUAL_GAP_DAYS * _USUAL_GAPS) / gaps)
            x[29] = lines_a_trip
            x[30] = four_weeks
            x[31] = log(max(seen.quantity[row], 0) / 1000.0 / n + 0.1)
            x[32] = log(max(seen.amount_cents[row], 0) / 100.0 / n + 0.1)
            x[33] = log((d14 + 0.02) / (d45 + 0.05))
            x[34] = log(since / 30.0 + 0.1) * x[2]
            x[35] = log(d14 / (lately_of[group, 0] + 0.05) + 0.02)
            x[36] = log(facts.buyers[item] * buyers_scale + 1.0)
