"""Which cards are no household's: swiped by a cashier for strangers, or lent around.

Such cards keep the company of impossible days: more receipts than one household makes, stores
within minutes of each other, receipts from morning to night. The limits lie well beyond the
busiest four weeks of 2,468 of the 2,469 households of Complete Journey, January to July.
"""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from loyalty.shopper.kernel import EPOCH, Flags, Ints, Ints32, group

Ints16 = npt.NDArray[np.int16]

PERIOD_DAYS = 28
YEAR_DAYS = 364

# So many receipts a day on so many days of a period are not one household's.
_BUSY = np.array([(15, 1), (10, 2), (6, 6), (4, 12), (3, 18)], np.int64)
_STORES_A_DAY, _MANY_STORES_DAYS = 3, 5
_MINUTES_APART, _APART_DAYS, _APART_DAYS_A_YEAR = 10, 4, 6
_HOURS, _LONG_RECEIPTS, _LONG_DAYS = 10, 3, 13
_SPENDING_RECEIPTS = 300  # a year
_SPENDING_TIMES = 2  # the spend that 999 of 1,000 cards stay below

# What is odd about a day, and on how many days of how many it may be.
_MANY_STORES = len(_BUSY)
_APART, _APART_YEAR, _LONG, _ODDITIES = range(_MANY_STORES + 1, _MANY_STORES + 5)
_LIMITS = np.array(
    [
        *((days, PERIOD_DAYS) for _, days in _BUSY),
        (_MANY_STORES_DAYS, PERIOD_DAYS),
        (_APART_DAYS, PERIOD_DAYS),
        (_APART_DAYS_A_YEAR, YEAR_DAYS),
        (_LONG_DAYS, PERIOD_DAYS),
    ],
    np.int64,
)
_SPENDING, _NONE = _ODDITIES, -1  # why a card is kept out, besides one of the oddities
# Columns of what the pass finds of each card.
_WHY, _UNTIL, _DAYS, _RECEIPTS, _YEAR_CENTS, _YEAR_RECEIPTS, _YEAR_UNTIL = range(7)


class Visits(NamedTuple):
    """Receipts that showed a card, a value a receipt, in ascending order of `day`.

    Within a day any order will do, and gives the same answer.
    """

    card: Ints32  # 0 .. cards - 1
    day: Ints32  # days since 2000-01-01
    minute: Ints16  # of the day; -1: not known
    store: Ints32
    lines: Ints32  # a receipt without lines is no visit
    amount_cents: Ints


class Shared(NamedTuple):
    """Which cards are shared, and why."""

    flags: Flags  # bool[cards]
    why: list[str]  # one a card: words for staff; empty where it is not flagged


def shared(
    visits: Visits, *, cards: int, as_of: int, usual_most_cents: int | None = None
) -> Shared:
    """Find the cards that more than one household uses, from the receipts before the day `as_of`.

    Any 28 days in a row are judged (364 for what is rare), and one impossible period is enough: a
    card that is kept out stays out on every later day, as long as those receipts count.
    usual_most_cents: what 999 of 1,000 cards spend at most in a year, see usual_most_cents();
    without it, that of the given cards. Raises ValueError if the receipts are not in ascending
    order of day or belong to cards that are not there.
    """
    found = _find(visits, cards, as_of)
    if usual_most_cents is None:
        usual_most_cents = _usual_most(found)
    spending = (
        (found[:, _WHY] == _NONE)
        & (found[:, _YEAR_RECEIPTS] >= _SPENDING_RECEIPTS)
        & (found[:, _YEAR_CENTS] > _SPENDING_TIMES * usual_most_cents)
    )
    found[spending, _WHY] = _SPENDING
    flags = found[:, _WHY] != _NONE
    why = [""] * cards
    for card in np.flatnonzero(flags).tolist():
        why[card] = _words(found[card])
    return Shared(flags, why)


def usual_most_cents(visits: Visits, *, cards: int, as_of: int) -> int:
    """Tell what 999 of 1,000 cards without an impossible day spend at most in a year, in cents.

    Worth asking of all cards, when they are judged in parts; 0 of no cards.
    """
    return _usual_most(_find(visits, cards, as_of))


def _usual_most(found: Ints) -> int:
    spent = found[(found[:, _WHY] == _NONE) & (found[:, _YEAR_RECEIPTS] > 0), _YEAR_CENTS]
    if not len(spent):
        return 0
    return int(np.sort(spent)[(len(spent) - 1) * 999 // 1000])


def _find(visits: Visits, cards: int, as_of: int) -> Ints:
    if len({len(column) for column in visits}) > 1:
        raise ValueError(f"columns of unequal length: {[len(column) for column in visits]}")
    if len(visits.day):
        if (visits.day[1:] < visits.day[:-1]).any():
            raise ValueError("receipts are not in ascending order of day")
        if visits.card.min() < 0 or visits.card.max() >= cards:
            raise ValueError(
                f"card runs from {visits.card.min()} to {visits.card.max()},"
                f" outside 0 .. {cards - 1}"
            )
    order, starts = group(visits.card, cards)
    found = np.zeros((cards, 7), np.int64)
    found[:, _WHY] = _NONE
    _pass(order, starts, visits, as_of, _BUSY, _LIMITS, found)
    return found


@njit(cache=True, nogil=True)
def _pass(
    order: Ints, starts: Ints, visits: Visits, as_of: int, busy: Ints, limits: Ints, found: Ints
) -> None:
    """Fill `found`, card after card: the latest period that broke a limit, the dearest year."""
    todays = np.empty(len(order), np.int64)  # the day's receipts by minute, then store
    is_odd = np.zeros(len(limits), np.bool_)
    # Of each oddity the days within its period, in a ring, and their receipts.
    longest = limits[:, 1].max()
    odd_days = np.zeros((len(limits), longest), np.int64)
    odd_receipts = np.zeros((len(limits), longest), np.int64)
    begin = np.zeros(len(limits), np.int64)
    end = np.zeros(len(limits), np.int64)
    receipts_of = np.zeros(len(limits), np.int64)
    for card in range(len(starts) - 1):
        begin[:] = 0
        end[:] = 0
        receipts_of[:] = 0
        year_cents = year_receipts = 0
        place = year_begin = starts[card]
        while place < starts[card + 1]:
            day = visits.day[order[place]]
            if day >= as_of:
                break
            receipts = 0
            while place < starts[card + 1] and visits.day[order[place]] == day:
                row = order[place]
                place += 1
                if visits.lines[row] <= 0:
                    continue
                year_cents += visits.amount_cents[row]
                year_receipts += 1
                at = receipts
                while at > 0 and (
                    visits.minute[todays[at - 1]] > visits.minute[row]
                    or (
                        visits.minute[todays[at - 1]] == visits.minute[row]
                        and visits.store[todays[at - 1]] > visits.store[row]
                    )
                ):
                    todays[at] = todays[at - 1]
                    at -= 1
                todays[at] = row
                receipts += 1
            if receipts == 0:
                continue
            while visits.day[order[year_begin]] <= day - YEAR_DAYS:
                row = order[year_begin]
                year_begin += 1
                if visits.lines[row] > 0:
                    year_cents -= visits.amount_cents[row]
                    year_receipts -= 1
            if year_cents > found[card, _YEAR_CENTS]:
                found[card, _YEAR_CENTS] = year_cents
                found[card, _YEAR_RECEIPTS] = year_receipts
                found[card, _YEAR_UNTIL] = day
            _look_at(todays[:receipts], visits, busy, is_odd)
            why, days = _NONE, 0
            for odd in range(len(limits)):
                period = limits[odd, 1]
                while begin[odd] < end[odd] and odd_days[odd, begin[odd] % longest] <= day - period:
                    receipts_of[odd] -= odd_receipts[odd, begin[odd] % longest]
                    begin[odd] += 1
                if is_odd[odd]:
                    odd_days[odd, end[odd] % longest] = day
                    odd_receipts[odd, end[odd] % longest] = receipts
                    receipts_of[odd] += receipts
                    end[odd] += 1
                so_many = end[odd] - begin[odd]
                if not is_odd[odd] or so_many < limits[odd, 0]:
                    continue
                # Among busy days the most tell most; any tells more than what comes after.
                if why == _NONE or (odd < len(busy) and so_many >= days):
                    why, days = odd, so_many
            if why != _NONE:
                found[card, _WHY], found[card, _UNTIL], found[card, _DAYS] = why, day, days
                found[card, _RECEIPTS] = (receipts_of[why] + days // 2) // days


@njit(cache=True, nogil=True)
def _look_at(todays: Ints, visits: Visits, busy: Ints, is_odd: Flags) -> None:
    """Tell what is odd about a day from its receipts, rows of `visits` by minute, then store."""
    receipts = len(todays)
    stores = 0
    is_apart = False
    earliest = latest = -1
    for r in range(receipts):
        minute, store = visits.minute[todays[r]], visits.store[todays[r]]
        known = False
        if stores < _STORES_A_DAY:
            for s in range(r):
                if visits.store[todays[s]] == store:
                    known = True
                    break
        if not known:
            stores += 1
        if minute < 0:
            continue
        if earliest < 0:
            earliest = minute
        elif store != visits.store[todays[r - 1]] and minute - latest <= _MINUTES_APART:
            is_apart = True
        latest = minute
    for b in range(len(busy)):
        is_odd[b] = receipts >= busy[b, 0]
    is_odd[_MANY_STORES] = stores >= _STORES_A_DAY
    is_odd[_APART] = is_odd[_APART_YEAR] = is_apart
    is_odd[_LONG] = receipts >= _LONG_RECEIPTS and latest - earliest >= 60 * _HOURS


def _words(found: Ints) -> str:
    """Say what was impossible, as one would to a store's manager."""
    why, days = int(found[_WHY]), int(found[_DAYS])
    until = _date(found[_UNTIL])
    of_period = f"on {days} of the {PERIOD_DAYS} days to {until}"
    if why < len(_BUSY):
        return f"{found[_RECEIPTS]} receipts a day {of_period}"
    if why == _MANY_STORES:
        return f"at {_STORES_A_DAY} stores or more a day {of_period}"
    if why == _APART:
        return f"at two stores within {_MINUTES_APART} minutes {of_period}"
    if why == _APART_YEAR:
        return (
            f"at two stores within {_MINUTES_APART} minutes"
            f" on {days} of the {YEAR_DAYS} days to {until}"
        )
    if why == _LONG:
        return f"receipts through {_HOURS} hours and more of the day {of_period}"
    return (
        f"{found[_YEAR_RECEIPTS]} receipts and {found[_YEAR_CENTS] / 100:,.2f} spent"
        f" in the {YEAR_DAYS} days to {_date(found[_YEAR_UNTIL])},"
        f" more than {_SPENDING_TIMES} times what hardly any household spends"
    )


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()
