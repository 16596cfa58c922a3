"""One pass over a bucket's purchase lines: what each household bought, how often and when.

Every sum is either an integer or belongs to one household, and one household's lines are always
taken in the same order, so the figures do not depend on how households are dealt into buckets.
"""

from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Ints32 = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EPOCH = date(2000, 1, 1)
"""Day 0 of every `day`."""

HALF_LIVES_DAYS = (14.0, 45.0, 150.0)
WEEKS = 52

# What a purchase `age` days ago still counts for, in each half-life; after 22 years, nothing.
_DECAY: Floats = np.exp2(-np.arange(8192, dtype=np.float64)[:, None] / np.array(HALF_LIVES_DAYS))
_DECAY[-1] = 0.0


class Lines(NamedTuple):
    """Purchase lines of one bucket, a value a line, in ascending order of `day`.

    Within a day any order will do, and gives the same figures. A line with a negative quantity is
    a return: it lowers amounts and quantities, and is not a purchase.
    """

    household: Ints32  # 0 .. households - 1, within the bucket
    product: Ints32  # 0 .. products - 1, the same in every bucket
    day: Ints32  # days since 2000-01-01
    basket: Ints  # which receipt; unique within a household and day
    quantity: Ints  # thousandths of the unit of sale
    amount_cents: Ints  # paid for the line, after discounts
    discount_cents: Ints  # taken off the line, >= 0
    coupon: Flags  # whether some of that was a coupon


class Items(NamedTuple):
    """What all households did with each item, int64[items]; whole numbers, so they add up the
    same in any order.

    A purchase is a distinct (household, item, day).
    """

    buyers: Ints
    repeat_buyers: Ints  # bought on two days or more
    purchases: Ints
    gap_sum: Ints  # days between one purchase and the same household's next
    gap_count: Ints
    discounted: Ints  # purchases with a discount
    decayed: Ints  # [items, 3] millionths of purchases, each halved every HALF_LIVES_DAYS

    def plus(self, other: "Items") -> "Items":
        """Add another bucket's."""
        return Items(*(mine + its for mine, its in zip(self, other, strict=True)))


class Households(NamedTuple):
    """What each household of the bucket did, one value a household (rows of `week_cents`: one).

    A household without a purchase before `as_of` has zeros, and -1 for its first and last day.
    """

    shopping_days: Ints  # distinct days with a purchase
    baskets: Ints  # distinct receipts with a purchase
    lines: Ints  # lines that were purchases
    coupon_lines: Ints  # ... and carried a coupon
    first: Ints  # day since 2000-01-01 of the first purchase
    last: Ints
    gap_sum: Ints  # last - first
    decayed: Floats  # [households, 3] shopping days, each halved every HALF_LIVES_DAYS
    amount_cents: Ints
    discount_cents: Ints
    weekday_days: Ints  # [households, 7] shopping days by weekday, Monday first
    week_cents: Ints  # [households, 52] spent in each of the last 52 weeks, the latest last
    week_days: Ints  # [households, 52] shopping days in each of them


class Statistics(NamedTuple):
    """Everything one bucket's lines before the day `as_of` say, in order of (household, item).

    The first fields hold one value a pair (a household and an item it bought); the pairs of
    household h are the rows starts[h] .. starts[h + 1] - 1.
    """

    as_of: int  # days since 2000-01-01; nothing from this day on is counted
    starts: Ints  # int64[households + 1]
    household: Ints32
    item: Ints32
    n: Ints32  # distinct days on which it was bought, >= 1
    first: Ints32  # days since 2000-01-01
    last: Ints32
    last_gap: Ints32  # days between the last two; 0 when n is 1
    gap_sum: Ints32  # last - first
    discounted_days: Ints32  # days with a discount on it
    decayed: Floats  # [pairs, 3] days bought, each halved every HALF_LIVES_DAYS
    amount_cents: Ints
    quantity: Ints  # thousandths
    weekdays: Ints  # days bought by weekday, nine bits each: see weekday_counts()
    households: Households
    items: Items


# Columns of the whole-number tables that the pass fills.
_ITEM, _N, _FIRST, _LAST, _LAST_GAP, _DISCOUNTED, _LAST_DISCOUNTED, _OWNER = range(8)
_AMOUNT, _QUANTITY, _WEEKDAYS = range(3)
_DAYS, _BASKETS, _LINES, _COUPON_LINES, _H_FIRST, _H_LAST, _H_AMOUNT, _H_DISCOUNT = range(8)
_WEEKDAY_BITS = 9
_WEEKDAY_MOST = (1 << _WEEKDAY_BITS) - 1


@njit(cache=True, nogil=True)
def group(key: Ints32, groups: int) -> tuple[Ints, Ints]:
    """Sort row numbers by `key` (0 .. groups - 1), equal keys staying in order.

    Returns (order int64[rows], starts int64[groups + 1]).
    """
    starts = np.zeros(groups + 1, np.int64)
    for row in range(len(key)):
        starts[key[row] + 1] += 1
    for g in range(groups):
        starts[g + 1] += starts[g]
    following = starts[:-1].copy()
    order = np.empty(len(key), np.int64)
    for row in range(len(key)):
        order[following[key[row]]] = row
        following[key[row]] += 1
    return order, starts


@njit(cache=True, nogil=True)
def _pass(
    order: Ints,
    starts: Ints,
    lines: Lines,
    item_of_product: Ints32,
    items: int,
    as_of: int,
    decay: Floats,
    pair: Ints32,
    pair_sums: Ints,
    pair_decayed: Floats,
    house: Ints,
    house_decayed: Floats,
    weekday_days: Ints,
    week_cents: Ints,
    week_days: Ints,
) -> int:
    """Fill the tables, household after household; return how many pairs there are."""
    slot = np.full(items, -1, np.int64)  # an item's pair; one below `begin` is another household's
    todays = np.empty(len(order) + 1, np.int64)  # the receipts seen on the day at hand
    oldest = len(decay) - 1
    end = 0
    for h in range(len(starts) - 1):
        begin = end
        receipts = 0
        for place in range(starts[h], starts[h + 1]):
            row = order[place]
            item = item_of_product[lines.product[row]]
            day = lines.day[row]
            if item < 0 or day >= as_of:
                continue
            amount = lines.amount_cents[row]
            house[h, _H_AMOUNT] += amount
            house[h, _H_DISCOUNT] += lines.discount_cents[row]
            week = (as_of - 1 - day) // 7
            if week < WEEKS:
                week_cents[h, WEEKS - 1 - week] += amount
            at = slot[item]
            if at < begin:
                at = end
                slot[item] = at
                end += 1
                for column in range(8):
                    pair[at, column] = 0
                for column in range(3):
                    pair_sums[at, column] = 0
                    pair_decayed[at, column] = 0.0
                pair[at, _ITEM] = item
                pair[at, _OWNER] = h
                pair[at, _LAST_DISCOUNTED] = -1
            pair_sums[at, _AMOUNT] += amount
            pair_sums[at, _QUANTITY] += lines.quantity[row]
            if lines.quantity[row] < 0:
                continue
            age = min(as_of - day, oldest)
            weekday = (day + 5) % 7  # 2000-01-01 was a Saturday
            house[h, _LINES] += 1
            if lines.coupon[row]:
                house[h, _COUPON_LINES] += 1
            if house[h, _DAYS] == 0 or day != house[h, _H_LAST]:
                if house[h, _DAYS] == 0:
                    house[h, _H_FIRST] = day
                house[h, _DAYS] += 1
                house[h, _H_LAST] = day
                for column in range(3):
                    house_decayed[h, column] += decay[age, column]
                weekday_days[h, weekday] += 1
                if week < WEEKS:
                    week_days[h, WEEKS - 1 - week] += 1
                receipts = 0
            basket = lines.basket[row]
            known = False
            for r in range(receipts - 1, -1, -1):  # the latest receipt is the likeliest
                if todays[r] == basket:
                    known = True
                    break
            if not known:
                todays[receipts] = basket
                receipts += 1
                house[h, _BASKETS] += 1
            if pair[at, _N] == 0 or day != pair[at, _LAST]:
                if pair[at, _N] == 0:
                    pair[at, _FIRST] = day
                else:
                    pair[at, _LAST_GAP] = day - pair[at, _LAST]
                pair[at, _N] += 1
                pair[at, _LAST] = day
                for column in range(3):
                    pair_decayed[at, column] += decay[age, column]
                shift = _WEEKDAY_BITS * weekday
                if (pair_sums[at, _WEEKDAYS] >> shift) & _WEEKDAY_MOST < _WEEKDAY_MOST:
                    pair_sums[at, _WEEKDAYS] += 1 << shift
            if lines.discount_cents[row] > 0 and day != pair[at, _LAST_DISCOUNTED]:
                pair[at, _DISCOUNTED] += 1
                pair[at, _LAST_DISCOUNTED] = day
    return end


def statistics(
    lines: Lines, item_of_product: Ints32, *, households: int, items: int, as_of: int
) -> Statistics:
    """Tell what each household did with each item before the day `as_of`.

    item_of_product: int32[products], the product's item: itself, its type or its category; -1
    leaves the product out, of the household's own figures too. A purchase is a distinct
    (household, item, day): three cartons on one receipt are one purchase, as is a second trip.
    Raises ValueError if the lines are not in ascending order of day or point outside the tables.
    """
    _check(lines, item_of_product, households, items)
    order, line_starts = group(lines.household, households)
    pair = np.empty((len(order), 8), np.int32)
    pair_sums = np.empty((len(order), 3), np.int64)
    pair_decayed = np.empty((len(order), 3), np.float64)
    house = np.zeros((households, 8), np.int64)
    house_decayed = np.zeros((households, 3), np.float64)
    weekday_days = np.zeros((households, 7), np.int64)
    week_cents = np.zeros((households, WEEKS), np.int64)
    week_days = np.zeros((households, WEEKS), np.int64)
    end = _pass(
        order, line_starts, lines, item_of_product, items, as_of, _DECAY,
        pair, pair_sums, pair_decayed, house, house_decayed, weekday_days, week_cents, week_days,
    )  # fmt: skip
    pair, pair_sums, pair_decayed = pair[:end], pair_sums[:end], pair_decayed[:end]
    # No two pairs share a key, so any sort puts them in the same order.
    order = np.argsort(pair[:, _OWNER] * np.int64(items) + pair[:, _ITEM])
    n = pair[:, _N][order]
    if not n.all():  # pairs that were only ever brought back
        order, n = order[n > 0], n[n > 0]
    owner, item = pair[:, _OWNER][order], pair[:, _ITEM][order]
    first, last = pair[:, _FIRST][order], pair[:, _LAST][order]
    gap_sum = last - first
    starts = np.zeros(households + 1, np.int64)
    starts[1:] = np.cumsum(np.bincount(owner, minlength=households))
    absent = house[:, _DAYS] == 0
    house[absent, _H_FIRST] = house[absent, _H_LAST] = -1
    return Statistics(
        as_of=as_of,
        starts=starts,
        household=owner,
        item=item,
        n=n,
        first=first,
        last=last,
        last_gap=pair[:, _LAST_GAP][order],
        gap_sum=gap_sum,
        discounted_days=pair[:, _DISCOUNTED][order],
        decayed=pair_decayed[order],
        amount_cents=pair_sums[:, _AMOUNT][order],
        quantity=pair_sums[:, _QUANTITY][order],
        weekdays=pair_sums[:, _WEEKDAYS][order],
        households=Households(
            shopping_days=house[:, _DAYS],
            baskets=house[:, _BASKETS],
            lines=house[:, _LINES],
            coupon_lines=house[:, _COUPON_LINES],
            first=house[:, _H_FIRST],
            last=house[:, _H_LAST],
            gap_sum=house[:, _H_LAST] - house[:, _H_FIRST],
            decayed=house_decayed,
            amount_cents=house[:, _H_AMOUNT],
            discount_cents=house[:, _H_DISCOUNT],
            weekday_days=weekday_days,
            week_cents=week_cents,
            week_days=week_days,
        ),
        items=Items(
            buyers=np.bincount(item, minlength=items),
            repeat_buyers=np.bincount(item[n > 1], minlength=items),
            purchases=_total(item, n, items),
            gap_sum=_total(item, gap_sum, items),
            gap_count=_total(item, n - 1, items),
            discounted=_total(item, pair[:, _DISCOUNTED][order], items),
            decayed=_millionths(item, pair_decayed[order], items),
        ),
    )


def weekday_counts(weekdays: Ints) -> Ints:
    """Unpack `Statistics.weekdays` into int64[..., 7], Monday first; 511 means 511 or more."""
    shifts = np.arange(7, dtype=np.int64) * _WEEKDAY_BITS
    return (np.asarray(weekdays, np.int64)[..., None] >> shifts) & _WEEKDAY_MOST


def _total(item: Ints32, value: Ints32, items: int) -> Ints:
    # Doubles hold whole numbers below 2 ** 53 exactly, far above the days of any bucket.
    return np.bincount(item, value, items).astype(np.int64)


def _millionths(item: Ints32, decayed: Floats, items: int) -> Ints:
    """Sums of each pair's rounded millionths: whole, so buckets add up the same in any order."""
    whole = np.rint(decayed * 1e6)
    columns = [np.bincount(item, whole[:, column], items) for column in range(3)]
    return np.stack(columns, axis=1).astype(np.int64)


def _check(lines: Lines, item_of_product: Ints32, households: int, items: int) -> None:
    if len({len(column) for column in lines}) > 1:
        raise ValueError(f"columns of unequal length: {[len(column) for column in lines]}")
    if not len(lines.day):
        return
    if (lines.day[1:] < lines.day[:-1]).any():
        raise ValueError("purchase lines are not in ascending order of day")
    for name, column, size in (
        ("household", lines.household, households),
        ("product", lines.product, len(item_of_product)),
        ("item", item_of_product, items),
    ):
        least = -1 if name == "item" else 0
        if column.min() < least or column.max() >= size:
            raise ValueError(
                f"{name} runs from {column.min()} to {column.max()}, outside {least} .. {size - 1}"
            )
