"""Which offers go on each household's sheet: the most value the rules of a sheet allow, exactly.

The rules nest: offers of one category inside all offers of known (or of new) categories inside the
sheet. For nested limits, taking the best offer that still fits, again and again, is optimal.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Flags, Floats, Ints32


class Chosen(NamedTuple):
    """The sheets of a bucket; [households, per_sheet] each, best offer first."""

    offers: Ints32  # column of the offer; -1 where the sheet is short
    left_out: Ints32  # best offer that could have stood there instead; -1: there was none
    margin: Floats  # value lost had it stood there, >= 0; 0 where left_out is -1


def allocate(
    value: Floats,
    eligible: Flags,
    category: Ints32,
    *,
    per_sheet: int = 8,
    per_category: int = 2,
    discovery_slots: int = 0,
    is_new: Flags | None = None,
) -> Chosen:
    """Fill every household's sheet so that its value is greatest.

    value: float64[households, offers], finite, of any sign: a sheet is filled as far as it goes.
    eligible: bool, same shape. category: int32[offers], >= 0. At most `per_category` offers of a
    category stand on a sheet of `per_sheet`. `discovery_slots` of them are kept for categories new
    to the household (is_new: bool, same shape), as far as it has offers in such categories.
    Between offers of equal value the lower column goes first.

    Raises ValueError if shapes disagree, a value is not finite, slots are asked for without
    `is_new`, or an eligible offer of a category is new to a household and another is not.
    """
    households, offers = value.shape
    if is_new is None:
        if discovery_slots:
            raise ValueError("slots for discovery need `is_new`")
        is_new = np.zeros((households, offers), np.bool_)
    if eligible.shape != value.shape or is_new.shape != value.shape or category.shape != (offers,):
        raise ValueError(
            f"shapes disagree: value {value.shape}, eligible {eligible.shape}, "
            f"is_new {is_new.shape}, category {category.shape}"
        )
    if not np.isfinite(value).all():
        raise ValueError("a value is not a finite number")
    if not 0 <= discovery_slots <= per_sheet or per_category < 1:
        raise ValueError(
            f"{discovery_slots} slots for discovery of {per_sheet}, {per_category} a category"
        )
    if offers and category.min() < 0:
        raise ValueError("categories are numbered from 0")
    shape = (households, per_sheet)
    chosen = Chosen(
        np.full(shape, -1, np.int32), np.full(shape, -1, np.int32), np.zeros(shape, np.float64)
    )
    categories = int(category.max()) + 1 if offers else 0
    mixed = _allocate(
        value, eligible, category, categories, per_category, discovery_slots, is_new, chosen
    )
    if mixed >= 0:
        raise ValueError(f"household {mixed} has a category that is new for some offers only")
    return chosen


@njit(cache=True, nogil=True)
def _allocate(
    value: Floats,
    eligible: Flags,
    category: Ints32,
    categories: int,
    per_category: int,
    discovery_slots: int,
    is_new: Flags,
    chosen: Chosen,
) -> int:
    """Fill `chosen`; return the first household that has a category new only in part, or -1."""
    households, offers = value.shape
    per_sheet = chosen.offers.shape[1]
    candidate = np.empty(offers, np.int64)
    taken = np.zeros(offers, np.bool_)
    held = np.zeros(categories, np.int64)
    newness = np.zeros(categories, np.int64)  # 0: no offer, 1: known, 2: new
    for h in range(households):
        taken[:] = False
        held[:] = 0
        newness[:] = 0
        new_places = 0
        candidates = 0
        for o in range(offers):
            if eligible[h, o]:
                candidate[candidates] = o
                candidates += 1
                c = category[o]
                mark = 2 if is_new[h, o] else 1
                if newness[c] == 0:
                    newness[c] = mark
                elif newness[c] != mark:
                    return h
                if mark == 2 and held[c] < per_category:
                    held[c] += 1
                    new_places += 1
        held[:] = 0
        known_most = per_sheet - min(discovery_slots, new_places)
        known = 0
        for place in range(per_sheet):
            best = -1
            for o in candidate[:candidates]:
                if (
                    not taken[o]
                    and (best < 0 or value[h, o] > value[h, best])
                    and held[category[o]] < per_category
                    and (is_new[h, o] or known < known_most)
                ):
                    best = o
            if best < 0:
                break
            chosen.offers[h, place] = best
            taken[best] = True
            held[category[best]] += 1
            if not is_new[h, best]:
                known += 1
        for place in range(per_sheet):
            mine = chosen.offers[h, place]
            if mine < 0:
                break
            room_known = known_most - known + (0 if is_new[h, mine] else 1)
            best = -1
            for o in candidate[:candidates]:
                if (
                    not taken[o]
                    and (best < 0 or value[h, o] > value[h, best])
                    and (held[category[o]] < per_category or category[o] == category[mine])
                    and (is_new[h, o] or room_known > 0)
                ):
                    best = o
            chosen.left_out[h, place] = best
            if best >= 0:
                chosen.margin[h, place] = value[h, mine] - value[h, best]
    return -1
