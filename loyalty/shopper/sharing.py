"""Which cards are no household's: swiped by a cashier for strangers, or lent around.

Such cards keep the company of impossible days: more receipts than one household makes, stores
within minutes of each other, receipts from morning to night. The limits were set on 2,469
households of Complete Journey, of which 4 break one.
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
_BUSY = np.array([(15, 1), (10, 2), (6, 4), (4, 10), (3, 15)], np.int64)
_STORES_A_DAY, _MANY_STORES_DAYS = 3, 3
_MINUTES_APART, _APART_DAYS, _APART_DAYS_A_YEAR = 10, 3, 4
_HOURS, _LONG_RECEIPTS, _LONG_DAYS = 10, 3, 10
_SPENDING_RECEIPTS = 300  # a year
_SPENDING_TIMES = 2  # the spend that 999 of 1,000 cards stay below

_NONE, _BUSY_DAYS, _MANY_STORES, _APART, _APART_YEAR, _LONG, _SPENDING = range(7)
# Columns of what the pass finds of each card.
_RULE, _UNTIL, _DAYS, _RECEIPTS, _YEAR_CENTS, _YEAR_RECEIPTS, _YEAR_UNTIL = range(7)


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

    The history is judged in periods of 28 days counted back from `as_of` (and of 364 for what is
    rare), and one impossible period is enough: a card stays out as long as those receipts count.
    usual_most_cents: what 999 of 1,000 cards spend at most in a year, see usual_most_cents();
    without it, that of the given cards. Raises ValueError if the receipts are not in ascending
    order of day or belong to cards that are not there.
    """
    found = _find(visits, cards, as_of)
    if usual_most_cents is None:
        usual_most_cents = _usual_most(found)
    spending = (
        (found[:, _RULE] == _NONE)
        & (found[:, _YEAR_RECEIPTS] >= _SPENDING_RECEIPTS)
        & (found[:, _YEAR_CENTS] > _SPENDING_TIMES * usual_most_cents)
    )
    found[spending, _RULE] = _SPENDING
    flags = found[:, _RULE] != _NONE
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
    spent = found[(found[:, _RULE] == _NONE) & (found[:, _YEAR_RECEIPTS] > 0), _YEAR_CENTS]
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
    _pass(order, starts, visits, as_of, _BUSY, found)
    return found


@njit(cache=True, nogil=True)
def _pass(order: Ints, starts: Ints, visits: Visits, as_of: int, busy: Ints, found: Ints) -> None:
    """Fill `found`, card after card: the latest period that broke a rule, the dearest year."""
    todays = np.empty(len(order), np.int64)  # the day's receipts by minute, then store
    busy_days = np.zeros(len(busy), np.int64)
    busy_receipts = np.zeros(len(busy), np.int64)
    for card in range(len(starts) - 1):
        period = year = -1
        many = apart = apart_year = long = year_cents = year_receipts = 0
        place = starts[card]
        while place < starts[card + 1]:
            day = visits.day[order[place]]
            if day >= as_of:
                break
            receipts = 0
            cents = 0
            while place < starts[card + 1] and visits.day[order[place]] == day:
                row = order[place]
                place += 1
                if visits.lines[row] <= 0:
                    continue
                cents += visits.amount_cents[row]
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
            back = as_of - 1 - day
            if back // PERIOD_DAYS != period:
                period = back // PERIOD_DAYS
                many = apart = long = 0
                busy_days[:] = 0
                busy_receipts[:] = 0
            if back // YEAR_DAYS != year:
                year = back // YEAR_DAYS
                apart_year = year_cents = year_receipts = 0
            stores = 0
            is_apart = False
            earliest = latest = -1
            for r in range(receipts):
                row = todays[r]
                minute, store = visits.minute[row], visits.store[row]
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
            year_cents += cents
            year_receipts += receipts
            apart += is_apart
            apart_year += is_apart
            many += stores >= _STORES_A_DAY
            long += receipts >= _LONG_RECEIPTS and latest - earliest >= 60 * _HOURS
            until = as_of - 1 - period * PERIOD_DAYS
            if year_cents > found[card, _YEAR_CENTS]:
                found[card, _YEAR_CENTS] = year_cents
                found[card, _YEAR_RECEIPTS] = year_receipts
                found[card, _YEAR_UNTIL] = as_of - 1 - year * YEAR_DAYS
            rule, days = _NONE, 0
            for b in range(len(busy)):
                if receipts >= busy[b, 0]:
                    busy_days[b] += 1
                    busy_receipts[b] += receipts
            for b in range(len(busy)):
                # The most days tell most.
                if busy_days[b] >= busy[b, 1] and busy_days[b] >= days:
                    rule, days = _BUSY_DAYS, busy_days[b]
                    found[card, _RECEIPTS] = (busy_receipts[b] + days // 2) // days
            if rule == _NONE:
                if many >= _MANY_STORES_DAYS:
                    rule, days = _MANY_STORES, many
                elif apart >= _APART_DAYS:
                    rule, days = _APART, apart
                elif apart_year >= _APART_DAYS_A_YEAR:
                    rule, days, until = _APART_YEAR, apart_year, as_of - 1 - year * YEAR_DAYS
                elif long >= _LONG_DAYS:
                    rule, days = _LONG, long
            if rule != _NONE:
                found[card, _RULE], found[card, _UNTIL], found[card, _DAYS] = rule, until, days


def _words(found: Ints) -> str:
    """Say what was impossible, as one would to a store's manager."""
    rule, days = int(found[_RULE]), int(found[_DAYS])
    until = _date(found[_UNTIL])
    of_period = f"on {days} of the {PERIOD_DAYS} days to {until}"
    if rule == _BUSY_DAYS:
        return f"{found[_RECEIPTS]} receipts a day {of_period}"
    if rule == _MANY_STORES:
        return f"at {_STORES_A_DAY} stores or more a day {of_period}"
    if rule == _APART:
        return f"at two stores within {_MINUTES_APART} minutes {of_period}"
    if rule == _APART_YEAR:
        return (
            f"at two stores within {_MINUTES_APART} minutes"
            f" on {days} of the {YEAR_DAYS} days to {until}"
        )
    if rule == _LONG:
        return f"receipts through {_HOURS} hours and more of the day {of_period}"
    return (
        f"{found[_YEAR_RECEIPTS]} receipts and {found[_YEAR_CENTS] / 100:,.2f} spent"
        f" in the {YEAR_DAYS} days to {_date(found[_YEAR_UNTIL])},"
        f" more than {_SPENDING_TIMES} times what hardly any household spends"
    )


def _date(day: int) -> str:
    return (EPOCH + timedelta(days=int(day))).isoformat()
