"""Swaps of one coupon for another on a household's sheet: the best on offer, and which are taken.

PURE. Households offer side by side, and are looked at again one after the other, so that what is
taken depends on their order only.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from coupons.selection.best_response import CHUNKS, Rates
from coupons.selection.problem import Columns, Floats, Ints, Marks, Row, Rules, Table

_SAME = 1e-13

_MOST, _LEAST, _OFFER_BUDGET = Row.MOST, Row.LEAST, Row.OFFER_BUDGET  # numba knows no classes
_FUNDER_BUDGET, _BUDGET, _FAIRNESS, _VALUE = (
    Row.FUNDER_BUDGET, Row.BUDGET, Row.FAIRNESS, Row.VALUE,
)  # fmt: skip


class Bounds(NamedTuple):
    """Limits a little inside the promised ones, and in what they are added up: coupons."""

    least: Floats
    most: Floats
    offer_budget: Floats
    funder_budget: Floats
    budget: float
    weights: Floats  # of tiers and sizes, 0 where fairness does not count
    upper: float  # 1 + fairness
    lower: float
    sizes: int
    a_cost: float  # mean expected cost of a coupon, > 0
    a_face: float  # mean face value, > 0

    def without_limits(self) -> "Bounds":
        free = np.full(len(self.most), np.inf)
        return self._replace(
            least=-free,
            most=free,
            offer_budget=free,
            funder_budget=np.full(len(self.funder_budget), np.inf),
            budget=np.inf,
        )


class Tally(NamedTuple):
    """What the sheets at hand use; changed in place."""

    coupons: Floats
    cost: Floats
    funder: Floats
    budget: Floats  # [1]
    face: Floats  # [tiers * sizes]


class Pull(NamedTuple):
    """How the overruns grow with a coupon, with its expected cost and with its face value."""

    coupon: Floats  # [offers]
    cost: Floats  # [offers]
    face: Floats  # [tiers * sizes]

    def is_nothing(self) -> bool:
        return not (self.coupon.any() or self.cost.any() or self.face.any())


@njit(cache=True, nogil=True)
def unfair(face: Floats, bounds: Bounds) -> tuple[Floats, Floats]:
    """By how much each tier's and size's face value is over and under its band."""
    groups = len(bounds.weights)
    sizes = bounds.sizes
    tiers = groups - sizes
    total = face.sum()
    over, under = np.zeros(groups), np.zeros(groups)
    for group in range(groups):
        if bounds.weights[group] <= 0:
            continue
        own = 0.0
        if group < tiers:
            for size in range(sizes):
                own += face[group * sizes + size]
        else:
            for tier in range(tiers):
                own += face[tier * sizes + group - tiers]
        own *= bounds.weights[group]
        over[group] = max(own - bounds.upper * total * (1 + 1e-12), 0.0)
        under[group] = max(bounds.lower * total * (1 - 1e-12) - own, 0.0)
    return over, under


@njit(cache=True, nogil=True)
def _unfairness(face: Floats, bounds: Bounds) -> float:
    over, under = unfair(face, bounds)
    return float((over.sum() + under.sum()) / bounds.a_face)


@njit(cache=True, nogil=True, parallel=True)
def offer_swaps(
    these: Ints,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    new_least: npt.NDArray[np.uint8],
    tally: Tally,
    bounds: Bounds,
    pull: Pull,
    mending: bool,
    tolerance: float,
    swaps: Ints,
    loss: Floats,
) -> None:
    """Each household's best swap as (place, item), or -1: no limit that holds is overrun by it.

    While mending, the least priced loss for what it mends; then the one that gains value at a
    priced loss of at most `tolerance`.
    """
    count = len(these)
    for chunk in prange(CHUNKS):
        for q in range(count * chunk // CHUNKS, count * (chunk + 1) // CHUNKS):
            swaps[q, 0], swaps[q, 1], loss[q] = _best_swap(
                these[q], columns, table, rules, rates, chosen, new_least, tally, bounds, pull,
                mending, tolerance,
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _best_swap(
    h: int,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    new_least: npt.NDArray[np.uint8],
    tally: Tally,
    bounds: Bounds,
    pull: Pull,
    mending: bool,
    tolerance: float,
) -> tuple[int, int, float]:
    per_sheet = rules.per_sheet
    band = table.band[h]
    by_face = rates.by_face[band]
    best, best_place, best_item = np.inf, -1, -1
    scores, pulls = np.empty(per_sheet), np.empty(per_sheet)
    most_pull, lowest = -np.inf, np.inf
    room = new = 0
    while room < per_sheet and chosen[h, room] >= 0:
        i = chosen[h, room]
        c = table.column[i]
        offer = columns.offer[c]
        cost = table.chance[i] * columns.cost[c]
        scores[room] = (
            table.value[i]
            - rates.flat[c]
            - table.chance[i] * rates.by_chance[c]
            - by_face * columns.face[c]
        )
        pulls[room] = (
            pull.coupon[offer] + pull.cost[offer] * cost + pull.face[band] * columns.face[c]
        )
        most_pull, lowest = max(most_pull, pulls[room]), min(lowest, scores[room])
        new += table.is_new[i]
        room += 1
    if room == 0:
        return best_place, best_item, best
    for i in range(table.starts[h], table.starts[h + 1]):
        c = table.column[i]
        offer = columns.offer[c]
        funder = columns.funder[offer]
        cost = table.chance[i] * columns.cost[c]
        its_pull = pull.coupon[offer] + pull.cost[offer] * cost + pull.face[band] * columns.face[c]
        if mending and its_pull - most_pull >= -_SAME:
            continue
        score = (
            table.value[i]
            - rates.flat[c]
            - table.chance[i] * rates.by_chance[c]
            - by_face * columns.face[c]
        )
        if mending:
            if (lowest - score) / (most_pull - its_pull) >= best:
                continue
        elif lowest - score > tolerance:
            continue
        rival, alike = -1, 0
        is_chosen = False
        for k in range(room):
            d = table.column[chosen[h, k]]
            if columns.rivals[d] == columns.rivals[c]:
                rival = k
            if columns.category[d] == columns.category[c]:
                alike += 1
            if chosen[h, k] == i:
                is_chosen = True
        if is_chosen:
            continue
        for k in range(room):
            if rival >= 0 and k != rival:
                continue
            j = chosen[h, k]
            d = table.column[j]
            other = columns.offer[d]
            if columns.category[d] != columns.category[c] and alike >= rules.per_category:
                continue
            if new - table.is_new[j] + table.is_new[i] < new_least[h]:
                continue
            lost = scores[k] - score
            if mending:
                change = its_pull - pulls[k]
                if change >= -_SAME:
                    continue
                rank = max(lost, 0.0) / -change + 1e-12 * lost
            else:
                gain = table.value[i] - table.value[j]
                if gain <= 1e-9 * tolerance or lost > tolerance:
                    continue
                rank = lost - 1e-3 * gain
            if rank >= best:
                continue
            if other != offer and (
                tally.coupons[offer] + 1 > bounds.most[offer]
                or tally.coupons[other] - 1 < bounds.least[other]
            ):
                continue
            other_cost = table.chance[j] * columns.cost[d]
            more = cost - other_cost if other == offer else cost
            if more > 0 and tally.cost[offer] + more > bounds.offer_budget[offer]:
                continue
            more = cost - other_cost if columns.funder[other] == funder else cost
            if more > 0 and tally.funder[funder] + more > bounds.funder_budget[funder]:
                continue
            more = cost - other_cost
            if more > 0 and tally.budget[0] + more > bounds.budget:
                continue
            best, best_place, best_item = rank, k, i
    return best_place, best_item, best


@njit(cache=True, nogil=True)
def _over(used: float, limit: float) -> float:
    return used - limit if used > limit else 0.0


@njit(cache=True, nogil=True)
def take_swaps(
    offered: Ints,
    these: Ints,
    swaps: Ints,
    columns: Columns,
    table: Table,
    chosen: Ints,
    marks: Marks,
    tally: Tally,
    bounds: Bounds,
    mending: bool,
) -> int:
    """Carry out the offered swaps that still are what they were; returns how many."""
    taken = 0
    unfair = _unfairness(tally.face, bounds)
    overruns = _over(tally.budget[0], bounds.budget) / bounds.a_cost
    for offer in range(len(tally.coupons)):
        overruns += _over(tally.coupons[offer], bounds.most[offer])
        overruns += _over(bounds.least[offer], tally.coupons[offer])
        overruns += _over(tally.cost[offer], bounds.offer_budget[offer]) / bounds.a_cost
    for funder in range(len(tally.funder)):
        overruns += _over(tally.funder[funder], bounds.funder_budget[funder]) / bounds.a_cost
    for q in offered:
        if mending and overruns <= 1e-9 and unfair <= 0:
            break
        h, place, i = these[q], swaps[q, 0], swaps[q, 1]
        j = chosen[h, place]
        c, d = table.column[i], table.column[j]
        offer, other = columns.offer[c], columns.offer[d]
        funder, payer = columns.funder[offer], columns.funder[other]
        cost = table.chance[i] * columns.cost[c]
        other_cost = table.chance[j] * columns.cost[d]
        mended = np.zeros(6)  # by kind of row, in coupons
        if offer != other:
            if (
                tally.coupons[offer] + 1 > bounds.most[offer]
                or tally.coupons[other] - 1 < bounds.least[other]
                or tally.cost[offer] + cost > bounds.offer_budget[offer]
            ):
                continue
            mended[_LEAST] = _over(bounds.least[offer], tally.coupons[offer]) - _over(
                bounds.least[offer], tally.coupons[offer] + 1
            )
            mended[_MOST] = _over(tally.coupons[other], bounds.most[other]) - _over(
                tally.coupons[other] - 1, bounds.most[other]
            )
            mended[_OFFER_BUDGET] = _over(tally.cost[other], bounds.offer_budget[other]) - _over(
                tally.cost[other] - other_cost, bounds.offer_budget[other]
            )
        else:
            after = tally.cost[offer] + cost - other_cost
            if cost > other_cost and after > bounds.offer_budget[offer]:
                continue
            mended[_OFFER_BUDGET] = _over(tally.cost[offer], bounds.offer_budget[offer]) - _over(
                after, bounds.offer_budget[offer]
            )
        if funder != payer:
            if tally.funder[funder] + cost > bounds.funder_budget[funder]:
                continue
            after = tally.funder[payer] - other_cost
        else:
            after = tally.funder[funder] + cost - other_cost
            if cost > other_cost and after > bounds.funder_budget[funder]:
                continue
        mended[_FUNDER_BUDGET] = _over(tally.funder[payer], bounds.funder_budget[payer]) - _over(
            after, bounds.funder_budget[payer]
        )
        after = tally.budget[0] + cost - other_cost
        if cost > other_cost and after > bounds.budget:
            continue
        mended[_BUDGET] = _over(tally.budget[0], bounds.budget) - _over(after, bounds.budget)
        for kind in (_OFFER_BUDGET, _FUNDER_BUDGET, _BUDGET):
            mended[kind] /= bounds.a_cost
        less = mended.sum()
        face = columns.face[c] - columns.face[d]
        still_unfair = unfair
        if face != 0:
            tally.face[table.band[h]] += face
            still_unfair = _unfairness(tally.face, bounds)
        worse = still_unfair - unfair
        if (
            (mending and less - worse <= 1e-12)
            or (not mending and worse > 0)
            or (worse > 1e-12 and less < 1e-9)
        ):
            if face != 0:
                tally.face[table.band[h]] -= face
            continue
        mended[_FAIRNESS] = -worse
        tally.coupons[offer] += 1
        tally.coupons[other] -= 1
        tally.cost[offer] += cost
        tally.cost[other] -= other_cost
        tally.funder[funder] += cost
        tally.funder[payer] -= other_cost
        tally.budget[0] += cost - other_cost
        unfair = still_unfair
        overruns -= less
        chosen[h, place] = i
        marks[h, place] = np.argmax(mended) if mending else _VALUE
        taken += 1
    return taken
