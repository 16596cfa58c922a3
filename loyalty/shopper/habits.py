"""When and where a household shops: part of the day, store, how often and how much. PURE."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, group

Ints16 = npt.NDArray[np.int16]

DAYPARTS = ("morning", "midday", "afternoon", "evening")
DAYPARTS_FROM_MINUTE = (5 * 60, 11 * 60, 14 * 60, 17 * 60)
"""From 5, 11, 14 and 17 o'clock; an evening lasts until 5 in the morning."""

PACE_DAYS = 91
TREND_DAYS = 91
LEAST_RECEIPTS = 4

_DAYPART_SHARE = 0.4  # of the receipts whose time is known
_TREND_PULL = 4.0  # as if four more receipts on either side had been alike
_MOST_TREND = 2.0
_STORE_HALF_LIFE_DAYS = 90.0
_DECAY: Floats = np.exp2(-np.arange(8192, dtype=np.float64) / _STORE_HALF_LIFE_DAYS)


class Receipts(NamedTuple):
    """Receipts of one bucket, a value a receipt, in ascending order of `day`; within a day, any."""

    household: Ints32  # 0 .. households - 1, within the bucket
    day: Ints32  # days since 2000-01-01
    minute: Ints16  # of the day, 0 .. 1439; -1: not known
    store: Ints32  # database id; -1: not known
    amount_cents: Ints  # paid, after discounts; not above 0 for what was only brought back


class Habits(NamedTuple):
    """One value a household; a receipt of nothing or less is no trip and counts nowhere."""

    daypart: Ints32  # index in DAYPARTS; -1: no favourite
    home_store: Ints32  # where most of its trips go, the later counting more; -1: none
    home_share: Floats  # of its trips that go there, 0 to 1; a measure of loyalty
    trips_a_week: Floats  # shopping days, over the last quarter (or since its first trip)
    basket_cents: Ints  # mean receipt of the last quarter (of all, if there was none)
    trend_known: Flags  # False: fewer than four receipts in the last quarter or in the year before
    basket_trend: Floats  # -0.1: receipts are a tenth smaller than in the year before; at most 2


def habits(receipts: Receipts, *, households: int, as_of: int) -> Habits:
    """Tell when and where each household shops, from its receipts before the day `as_of`.

    Raises ValueError if the receipts are not in ascending order of day or name a household that
    is not there.
    """
    _check(receipts, households)
    order, starts = group(receipts.household, households)
    return Habits(*_habits(order, starts, receipts, as_of, _DECAY))


@njit(cache=True, nogil=True)
def daypart_of(minute: int) -> int:
    """The part of the day that a minute falls in, an index in DAYPARTS; -1 for an unknown one."""
    if minute < 0:
        return -1
    part = len(DAYPARTS_FROM_MINUTE) - 1
    while part > 0 and minute < DAYPARTS_FROM_MINUTE[part]:
        part -= 1
    return part if minute >= DAYPARTS_FROM_MINUTE[0] else len(DAYPARTS_FROM_MINUTE) - 1


def _check(receipts: Receipts, households: int) -> None:
    if len({len(column) for column in receipts}) > 1:
        raise ValueError(f"columns of unequal length: {[len(column) for column in receipts]}")
    if not len(receipts.day):
        return
    if (receipts.day[1:] < receipts.day[:-1]).any():
        raise ValueError("receipts are not in ascending order of day")
    least, most = receipts.household.min(), receipts.household.max()
    if least < 0 or most >= households:
        raise ValueError(f"household runs from {least} to {most}, outside 0 .. {households - 1}")


@njit(cache=True, nogil=True)
def _habits(
    order: Ints, starts: Ints, receipts: Receipts, as_of: int, decay: Floats
) -> tuple[Ints32, Ints32, Floats, Floats, Ints, Flags, Floats]:
    households = len(starts) - 1
    daypart = np.full(households, -1, np.int32)
    home_store = np.full(households, -1, np.int32)
    home_share, trips_a_week = np.zeros(households), np.zeros(households)
    basket_cents = np.zeros(households, np.int64)
    trend_known, trend = np.zeros(households, np.bool_), np.zeros(households)
    # The stores of the household at hand: their ids, their last day, what their trips weigh.
    stores = np.zeros(len(order) + 1, np.int64)
    last_there = np.zeros(len(order) + 1, np.int64)
    weights = np.zeros(len(order) + 1)
    for h in range(households):
        parts = np.zeros(4, np.int64)
        known_stores, first, last, days_lately = 0, -1, -1, 0
        spent, count = np.zeros(3, np.int64), np.zeros(3, np.int64)  # before; year before; lately
        for place in range(starts[h], starts[h + 1]):
            row = order[place]
            day, amount = receipts.day[row], receipts.amount_cents[row]
            if day >= as_of or amount <= 0:
                continue
            age = as_of - day
            if first < 0:
                first = day
            if day != last and age <= PACE_DAYS:
                days_lately += 1
            last = day
            when = 2 if age <= TREND_DAYS else 1 if age <= TREND_DAYS + 364 else 0
            spent[when] += amount
            count[when] += 1
            part = daypart_of(receipts.minute[row])
            if part >= 0:
                parts[part] += 1
            if receipts.store[row] < 0:
                continue
            at = 0
            while at < known_stores and stores[at] != receipts.store[row]:
                at += 1
            if at == known_stores:
                stores[at], last_there[at], weights[at] = receipts.store[row], -1, 0.0
                known_stores += 1
            if last_there[at] != day:  # two receipts there in a day are one trip
                weights[at] += decay[min(age, len(decay) - 1)]
                last_there[at] = day
        if first < 0:
            continue
        timed, best = parts.sum(), 0
        for part in range(1, 4):
            if parts[part] > parts[best]:
                best = part
        if parts[best] >= LEAST_RECEIPTS and parts[best] >= _DAYPART_SHARE * timed:
            daypart[h] = best
        _home(h, stores, weights, known_stores, home_store, home_share)
        trips_a_week[h] = days_lately * 7.0 / min(max(as_of - first, 28), PACE_DAYS)
        basket_cents[h] = spent[2] // count[2] if count[2] else spent.sum() // count.sum()
        if count[2] >= LEAST_RECEIPTS and count[1] >= LEAST_RECEIPTS:
            trend_known[h] = True
            usual = (spent[1] + spent[2]) / (count[1] + count[2])
            lately = (spent[2] + _TREND_PULL * usual) / (count[2] + _TREND_PULL)
            before = (spent[1] + _TREND_PULL * usual) / (count[1] + _TREND_PULL)
            trend[h] = min(lately / before - 1.0, _MOST_TREND)
    return daypart, home_store, home_share, trips_a_week, basket_cents, trend_known, trend


@njit(cache=True, nogil=True)
def _home(
    h: int, stores: Ints, weights: Floats, known: int, home_store: Ints32, home_share: Floats
) -> None:
    """Pick the store with the most weight, the smaller id of equals.

    Added in order of id, so that the order of receipts within a day does not matter.
    """
    total, best, before = 0.0, -1, -1
    for _ in range(known):
        following = -1
        for at in range(known):
            if stores[at] > before and (following < 0 or stores[at] < stores[following]):
                following = at
        before = stores[following]
        total += weights[following]
        if best < 0 or weights[following] > weights[best]:
            best = following
    if best >= 0:
        home_store[h] = stores[best]
        home_share[h] = min(weights[best] / total, 1.0) if total > 0.0 else 0.0
