"""One pass over a bucket's purchase lines: what each household bought, how often and when.

Every sum is either an integer or belongs to one household, and one household's lines are always
taken in the same order, so the figures do not depend on how households are dealt into buckets.
"""

from datetime import date
from typing import Any, NamedTuple

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
    """Purchase lines of one bucket, a value a line, in ascending order of day.

    Either all of them are, or each household's, household after household, which `statistics`
    takes faster. Within a day any order will do, and gives the same figures. A line with a
    negative quantity is a return: it lowers amounts and quantities, and is not a purchase.
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

    @classmethod
    def none(cls, items: int) -> "Items":
        """Of nobody: what buckets are added to."""
        whole = [np.zeros(items, np.int64) for _ in range(len(cls._fields) - 1)]
        return cls._make([*whole, np.zeros((items, len(HALF_LIVES_DAYS)), np.int64)])

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


class _Pairs(NamedTuple):
    """The fields of Statistics that hold a value a pair, to be filled."""

    household: Ints32
    item: Ints32
    n: Ints32
    first: Ints32
    last: Ints32
    last_gap: Ints32
    gap_sum: Ints32
    discounted_days: Ints32
    decayed: Floats
    amount_cents: Ints
    quantity: Ints
    weekdays: Ints


_WIDE = ("amount_cents", "quantity", "weekdays")
# Columns of the tables that the pass fills: a row a pair, a household, an item.
_N, _FIRST, _LAST, _LAST_GAP = range(4)
_DISCOUNTED, _LAST_DISCOUNTED, _AMOUNT, _QUANTITY, _WEEKDAYS = range(4, 9)
_DAYS, _BASKETS, _LINES, _COUPON_LINES, _H_FIRST, _H_LAST, _H_AMOUNT, _H_DISCOUNT = range(8)
_BUYERS, _REPEAT_BUYERS, _PURCHASES, _GAP_SUM, _I_DISCOUNTED, _DECAYED = range(6)
_ITEM_COLUMNS = _DECAYED + len(HALF_LIVES_DAYS)
_WEEKDAY_BITS = 9
_WEEKDAY_MOST = (1 << _WEEKDAY_BITS) - 1
_FEW = 40  # a comparison sort is quicker below


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
def _in_order_of_item(keys: Ints, spare: Ints, counts: Ints, digits: int) -> Ints:
    """Sort `keys` by their upper half, digit by digit; the sorted ones lie in it or in `spare`."""
    if len(keys) < _FEW:
        keys.sort()
        return keys
    for digit in range(digits):
        shift = 32 + 8 * digit
        counts[:] = 0
        for key in keys:
            counts[(key >> shift) & 255] += 1
        total = 0
        for value in range(256):
            count = counts[value]
            counts[value] = total
            total += count
        for key in keys:
            value = (key >> shift) & 255
            spare[counts[value]] = key
            counts[value] += 1
        keys, spare = spare[: len(keys)], keys
    return keys


@njit(cache=True, nogil=True)
def _pass(
    order: Ints,
    starts: Ints,
    lines: Lines,
    item_of_product: Ints32,
    as_of: int,
    decay: Floats,
    pairs: _Pairs,
    pair_starts: Ints,
    house: Ints,
    house_decayed: Floats,
    weekday_days: Ints,
    week_cents: Ints,
    week_days: Ints,
    item_sums: Ints,
) -> int:
    """Fill the tables, household after household; return how many pairs there are.

    order: which row comes when; empty if they lie in that order. A household's pairs are gathered
    in a small table that stays in the cache, and written out in order of item after its last line.
    """
    ordered = len(order) > 0
    most = 0
    for h in range(len(starts) - 1):
        most = max(most, starts[h + 1] - starts[h])
    whole = np.empty((most, 9), np.int64)
    recent = np.empty((most, 3), np.float64)
    slot = np.full(len(item_sums), -1, np.int32)  # an item's row in these two
    keys, spare = np.empty(most, np.int64), np.empty(most, np.int64)
    counts = np.empty(256, np.int64)
    todays = np.empty(most, np.int64)  # the receipts seen on the day at hand
    digits = 0  # of 8 bits, in the highest item
    while len(item_sums) > 1 << (8 * digits):
        digits += 1
    oldest = np.int64(len(decay) - 1)
    end = 0
    for h in range(len(starts) - 1):
        used = 0
        receipts = 0
        today = shopped = np.int64(-1)
        age = week = weekday = np.int64(0)
        decay_0 = decay_1 = decay_2 = 0.0
        for place in range(starts[h], starts[h + 1]):
            row = order[place] if ordered else place
            day = np.int64(lines.day[row])
            if day >= as_of:
                break
            item = item_of_product[lines.product[row]]
            if item < 0:
                continue
            if day != today:
                today = day
                age = min(as_of - day, oldest)
                week = WEEKS - 1 - (as_of - 1 - day) // 7
                weekday = (day + 5) % 7  # 2000-01-01 was a Saturday
                decay_0, decay_1, decay_2 = decay[age, 0], decay[age, 1], decay[age, 2]
            amount, quantity = lines.amount_cents[row], lines.quantity[row]
            house[h, _H_AMOUNT] += amount
            house[h, _H_DISCOUNT] += lines.discount_cents[row]
            if week >= 0:
                week_cents[h, week] += amount
            at = slot[item]
            if at < 0:
                at = used
                slot[item] = at
                keys[at] = np.int64(item) << 32 | at
                used += 1
                for column in range(9):
                    whole[at, column] = 0
                recent[at, 0] = recent[at, 1] = recent[at, 2] = 0.0
                whole[at, _LAST_DISCOUNTED] = -1
            whole[at, _AMOUNT] += amount
            whole[at, _QUANTITY] += quantity
            if quantity < 0:
                continue
            house[h, _LINES] += 1
            if lines.coupon[row]:
                house[h, _COUPON_LINES] += 1
            if day != shopped:
                if house[h, _DAYS] == 0:
                    house[h, _H_FIRST] = day
                shopped = day
                house[h, _DAYS] += 1
                house[h, _H_LAST] = day
                house_decayed[h, 0] += decay_0
                house_decayed[h, 1] += decay_1
                house_decayed[h, 2] += decay_2
                weekday_days[h, weekday] += 1
                if week >= 0:
                    week_days[h, week] += 1
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
            if whole[at, _N] == 0 or day != whole[at, _LAST]:
                if whole[at, _N] == 0:
                    whole[at, _FIRST] = day
                else:
                    whole[at, _LAST_GAP] = day - whole[at, _LAST]
                whole[at, _N] += 1
                whole[at, _LAST] = day
                recent[at, 0] += decay_0
                recent[at, 1] += decay_1
                recent[at, 2] += decay_2
                shift = _WEEKDAY_BITS * weekday
                if (whole[at, _WEEKDAYS] >> shift) & _WEEKDAY_MOST < _WEEKDAY_MOST:
                    whole[at, _WEEKDAYS] += np.int64(1) << shift
            if lines.discount_cents[row] > 0 and day != whole[at, _LAST_DISCOUNTED]:
                whole[at, _DISCOUNTED] += 1
                whole[at, _LAST_DISCOUNTED] = day
        for key in _in_order_of_item(keys[:used], spare, counts, digits):
            item, at = key >> 32, key & 0xFFFFFFFF
            slot[item] = -1
            n = whole[at, _N]
            if n == 0:  # only ever brought back
                continue
            gap_sum = whole[at, _LAST] - whole[at, _FIRST]
            pairs.household[end] = h
            pairs.item[end] = item
            pairs.n[end] = n
            pairs.first[end] = whole[at, _FIRST]
            pairs.last[end] = whole[at, _LAST]
            pairs.last_gap[end] = whole[at, _LAST_GAP]
            pairs.gap_sum[end] = gap_sum
            pairs.discounted_days[end] = whole[at, _DISCOUNTED]
            pairs.amount_cents[end] = whole[at, _AMOUNT]
            pairs.quantity[end] = whole[at, _QUANTITY]
            pairs.weekdays[end] = whole[at, _WEEKDAYS]
            item_sums[item, _BUYERS] += 1
            if n > 1:
                item_sums[item, _REPEAT_BUYERS] += 1
            item_sums[item, _PURCHASES] += n
            item_sums[item, _GAP_SUM] += gap_sum
            item_sums[item, _I_DISCOUNTED] += whole[at, _DISCOUNTED]
            for column in range(3):
                pairs.decayed[end, column] = recent[at, column]
                # Each pair's are rounded, so that buckets add up the same in any order.
                item_sums[item, _DECAYED + column] += np.int64(np.rint(recent[at, column] * 1e6))
            end += 1
        pair_starts[h + 1] = end
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
    if _check(lines, item_of_product, households, items):
        order = np.zeros(0, np.int64)
        line_starts = np.searchsorted(lines.household, np.arange(households + 1)).astype(np.int64)
    else:
        order, line_starts = group(lines.household, households)
    starts = np.zeros(households + 1, np.int64)
    house = np.zeros((households, 8), np.int64)
    house_decayed = np.zeros((households, 3), np.float64)
    weekday_days = np.zeros((households, 7), np.int64)
    week_cents = np.zeros((households, WEEKS), np.int64)
    week_days = np.zeros((households, WEEKS), np.int64)
    item_sums = _lines_of_cache(items)
    most = len(lines.day)  # pages that no pair reaches cost nothing
    room: dict[str, Any] = {
        name: np.empty(most, np.int64 if name in _WIDE else np.int32) for name in _Pairs._fields
    }
    room["decayed"] = np.empty((most, 3), np.float64)
    end = _pass(
        order, line_starts, lines, item_of_product, as_of, _DECAY, _Pairs(**room), starts,
        house, house_decayed, weekday_days, week_cents, week_days, item_sums,
    )  # fmt: skip
    absent = house[:, _DAYS] == 0
    house[absent, _H_FIRST] = house[absent, _H_LAST] = -1
    sums = np.ascontiguousarray(item_sums[:, :_DECAYED].T)
    return Statistics(
        as_of=as_of,
        starts=starts,
        **{name: column[:end] for name, column in room.items()},
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
            buyers=sums[_BUYERS],
            repeat_buyers=sums[_REPEAT_BUYERS],
            purchases=sums[_PURCHASES],
            gap_sum=sums[_GAP_SUM],
            gap_count=sums[_PURCHASES] - sums[_BUYERS],
            discounted=sums[_I_DISCOUNTED],
            decayed=np.ascontiguousarray(item_sums[:, _DECAYED:]),
        ),
    )


def _lines_of_cache(items: int) -> Ints:
    """Zeros, int64[items, 8]: 64 bytes an item, each within one line of the processor's cache."""
    room = np.zeros((items + 1) * _ITEM_COLUMNS, np.int64)
    begin = -room.ctypes.data // room.itemsize % _ITEM_COLUMNS
    return room[begin : begin + items * _ITEM_COLUMNS].reshape(items, _ITEM_COLUMNS)


def weekday_counts(weekdays: Ints) -> Ints:
    """Unpack `Statistics.weekdays` into int64[..., 7], Monday first; 511 means 511 or more."""
    shifts = np.arange(7, dtype=np.int64) * _WEEKDAY_BITS
    return (np.asarray(weekdays, np.int64)[..., None] >> shifts) & _WEEKDAY_MOST


def _check(lines: Lines, item_of_product: Ints32, households: int, items: int) -> bool:
    """Refuse what the pass cannot take; return whether the lines lie household after household."""
    if len({len(column) for column in lines}) > 1:
        raise ValueError(f"columns of unequal length: {[len(column) for column in lines]}")
    if not len(lines.day):
        return True
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
    later = lines.day[1:] >= lines.day[:-1]
    if later.all():
        return bool((lines.household[1:] >= lines.household[:-1]).all())
    following = lines.household[1:] > lines.household[:-1]
    same = lines.household[1:] == lines.household[:-1]
    if not (following | (same & later)).all():
        raise ValueError("purchase lines are not in ascending order of day")
    return True
