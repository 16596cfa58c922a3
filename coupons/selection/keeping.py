"""Which of all items a household could get the solver is told of, and that favourites are worth a
place among them. PURE.

An item is a column, an offer at one of its levels, for one household. Of many, most are far from
ever being chosen; the best MOST_ITEMS are kept, and what rules or contracts may need besides.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons.selection import best_response
from coupons.selection.objective import FAVOURITE_FACTOR
from coupons.selection.problem import Columns, Rules
from loyalty.shopper.kernel import Flags, Floats, Ints

MOST_ITEMS = 120
NEW_KEPT = 8
"""Offers of new categories kept for each place that the rules keep for discoveries."""


class Kept(NamedTuple):
    """What the solver is told of."""

    items: Flags  # [households, columns]
    places: npt.NDArray[np.uint8]  # [households] that the free among them can fill


def raise_favourites(
    worth: Floats, may: Flags, favourite: Flags, columns: Columns, places: int
) -> None:
    """Raise, in place, what favourites are worth, so that each liked category gets a coupon.

    worth: float64[households, columns]; may, favourite: bool[households, offers]. places: those of
    a sheet that are free for the known and the new alike. Of each category, the household's best
    liked offer is raised above what would keep it off the sheet, by FAVOURITE_FACTOR; limits may
    still be stronger. Where it is worth more already, nothing changes.
    """
    rows = np.flatnonzero((favourite & may).any(axis=1))
    if len(rows) and places > 0:
        _raise(rows, worth, may, favourite, columns, places, FAVOURITE_FACTOR)


@njit(cache=True, nogil=True)
def _raise(
    rows: Ints,
    worth: Floats,
    may: Flags,
    favourite: Flags,
    columns: Columns,
    places: int,
    factor: float,
) -> None:
    offers = may.shape[1]
    best = np.empty(offers)
    best_column = np.empty(offers, np.int64)
    liked = np.empty(offers, np.int64)
    of_category = np.empty(columns.category.max() + 1, np.int64)
    for h in rows:
        best[:] = -np.inf
        best_column[:] = -1
        of_category[:] = -1
        for c in range(len(columns.offer)):
            o = columns.offer[c]
            if may[h, o] and worth[h, c] > best[o]:
                best[o] = worth[h, c]
                best_column[o] = c
        for o in range(offers):
            if best_column[o] >= 0 and favourite[h, o]:
                group = columns.category[best_column[o]]
                if of_category[group] < 0 or best[o] > best[of_category[group]]:
                    of_category[group] = o
        number = 0
        for o in range(offers):
            if best_column[o] >= 0 and of_category[columns.category[best_column[o]]] == o:
                liked[number] = o
                number += 1
        order = np.argsort(-best[liked[:number]], kind="mergesort")
        number = min(number, places)
        others = best.copy()
        for k in range(number):
            others[liked[order[k]]] = -np.inf
        # With `number` places for these, the last other offer on the sheet is this one.
        ranked = np.sort(others)
        keeper = ranked[offers - 1 - (places - number)] if offers > places - number else -np.inf
        if keeper == -np.inf:
            continue
        least = keeper + (factor - 1.0) * abs(keeper) + 1e-6
        for k in range(number):
            c = best_column[liked[order[k]]]
            worth[h, c] = max(worth[h, c], least)


def keep(
    worth: Floats,
    may: Flags,
    must: Flags,
    is_new: Flags,
    columns: Columns,
    rules: Rules,
    *,
    is_free: Flags,
    most: int = MOST_ITEMS,
) -> Kept:
    """Pick the items that are kept.

    worth: float64[households, columns]; the others bool[households, offers]: may, what it can get
    at all; must, what is never dropped; is_new, of a category new to it; is_free, what lots left
    free. A household that could then fill fewer places than before keeps all it can get.
    """
    there = may[:, columns.offer]
    free = is_free[:, columns.offer]
    kept = there.copy()
    many = np.flatnonzero(there.sum(axis=1) > most)
    if len(many):
        wanted = NEW_KEPT * rules.new_at_least
        _keep(many, worth, must, is_new, columns.offer, kept, most, wanted)
    filled = places(kept & free, is_new, columns, rules)
    short = many[filled[many] < rules.per_sheet]
    if len(short):
        before = places((there & free)[short], is_new[short], columns, rules)
        fewer = short[filled[short] < before]
        kept[fewer] = there[fewer]
        filled[short] = before
    return Kept(kept, filled)


def places(items: Flags, is_new: Flags, columns: Columns, rules: Rules) -> npt.NDArray[np.uint8]:
    """How many places of a sheet each household can fill with these items, [households]."""
    home, column = np.nonzero(items)
    starts = np.searchsorted(home, np.arange(len(items) + 1)).astype(np.int64)
    new = is_new[home, columns.offer[column]]
    return best_response.places(starts, column.astype(np.uint16), new, columns, rules)


@njit(cache=True, nogil=True)
def _keep(
    rows: Ints,
    worth: Floats,
    must: Flags,
    is_new: Flags,
    offer: Ints,
    kept: Flags,
    most: int,
    new_wanted: int,
) -> None:
    for h in rows:
        mine = np.flatnonzero(kept[h])
        order = np.argsort(-worth[h][mine], kind="mergesort")
        count = new = 0
        for column in mine:
            kept[h, column] = must[h, offer[column]]
            count += kept[h, column]
        for at in order:
            column = mine[at]
            if new == new_wanted:
                break
            if is_new[h, offer[column]]:
                new += 1
                count += not kept[h, column]
                kept[h, column] = True
        for at in order:
            if count >= most:
                break
            column = mine[at]
            count += not kept[h, column]
            kept[h, column] = True
