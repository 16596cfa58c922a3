"""Sheets that are best at their prices, swapped until every limit holds; then for more value. PURE.

At the best prices few limits are overrun, by the last of the households that are all but
indifferent. Each household offers its swap with the least priced loss for what it mends; the best
are taken first, each looked at again against what was taken before it. No swap overruns a limit
that held.
"""

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from coupons.selection.best_response import CHUNKS
from coupons.selection.dual import Dual
from coupons.selection.problem import Columns, Floats, Ints, Limits, Marks, Row, Table
from coupons.selection.swapping import Bounds, Pull, Tally, offer_swaps, take_swaps, unfair

BLOCK = 200_000
"""Households that offer a swap in one round."""

_ROUNDS = 60
_VALUE_ROUNDS = 3
_INSIDE = 1e-7  # budgets are kept by so much, as sums in another order differ in the last digits


def repair(
    dual: Dual,
    prices: Floats,
    chosen: Ints,
    *,
    new_least: npt.NDArray[np.uint8],
    unit: float,
    seed: int,
) -> Marks:
    """Swap coupons of `chosen`, in place, until all limits hold or no swap helps.

    chosen: best sheets at `prices` [rows]; its rows come out ascending, as in Solution.
    new_least: new coupons each household must have. unit: about what a coupon is worth.
    Returns Solution.moved_for. Whether all limits hold is for verify() to say.
    """
    columns, table, rules, limits = dual.problem
    rates = dual.rates(prices)
    marks = np.full(chosen.shape, Row.NONE, np.int8)
    households = len(table.places)
    order = np.random.default_rng(seed).permutation(households) if households > BLOCK else None
    position = idle = 0
    mending, rounds = True, 0
    tolerance = 0.05 * unit
    while households:
        tally = _tally(dual, chosen)
        bounds = _bounds(dual, tally)
        pull = _pull(tally, bounds, columns, limits)
        if mending and (pull.is_nothing() or rounds == _ROUNDS or idle * BLOCK >= households):
            mending, rounds, idle = False, 0, 0
        if not mending and (rounds == _VALUE_ROUNDS or idle * BLOCK >= households):
            break
        if order is None:
            these = np.arange(households)
        else:
            these = np.sort(np.take(order, np.arange(position, position + BLOCK), mode="wrap"))
            position = (position + BLOCK) % households
        swaps = np.empty((len(these), 2), np.int64)
        loss = np.empty(len(these))
        offer_swaps(
            these, columns, table, rules, rates, chosen, new_least, tally, bounds, pull,
            mending, tolerance, swaps, loss,
        )  # fmt: skip
        offered = np.flatnonzero(swaps[:, 0] >= 0)
        offered = offered[np.argsort(loss[offered], kind="stable")]
        taken = take_swaps(
            offered, these, swaps, columns, table, chosen, marks, tally, bounds, mending
        )
        idle = idle + 1 if taken == 0 else 0
        rounds += 1
    _ascend(chosen, marks)
    return marks


def _tally(dual: Dual, chosen: Ints) -> Tally:
    columns, table, _, limits = dual.problem
    shape = (CHUNKS, len(columns.funder))
    coupons, cost = np.zeros(shape), np.zeros(shape)
    face = np.zeros((CHUNKS, limits.tiers * limits.sizes))
    _count(columns, table, chosen, coupons, cost, face)
    by_offer = cost.sum(axis=0)
    by_funder = np.zeros(len(limits.funder_budget))
    np.add.at(by_funder, columns.funder, by_offer)
    return Tally(
        coupons.sum(axis=0), by_offer, by_funder, np.array([by_offer.sum()]), face.sum(axis=0)
    )


def _bounds(dual: Dual, tally: Tally) -> Bounds:
    limits = dual.problem.limits
    inside = 1 - _INSIDE
    places = max(tally.coupons.sum(), 1.0)
    return Bounds(
        limits.least,
        limits.most,
        limits.offer_budget * inside,
        limits.funder_budget * inside,
        limits.budget * inside,
        dual.weights,
        1 + limits.fairness,
        1 - limits.fairness,
        limits.sizes,
        tally.budget[0] / places or 1.0,
        tally.face.sum() / places or 1.0,
    )


def _pull(tally: Tally, bounds: Bounds, columns: Columns, limits: Limits) -> Pull:
    coupon = np.where(tally.coupons > bounds.most, 1.0, 0.0)
    coupon[tally.coupons < bounds.least] -= 1
    cost = np.where(tally.cost > bounds.offer_budget, 1.0, 0.0)
    cost += (tally.funder > bounds.funder_budget)[columns.funder]
    cost += tally.budget[0] > bounds.budget
    face = np.zeros(len(tally.face))
    if bounds.weights.any():
        over, under = unfair(tally.face, bounds)
        up, down = (over > 0) * 1.0, (under > 0) * 1.0
        by_group = (up - down) * bounds.weights
        tiers, sizes = by_group[: limits.tiers], by_group[limits.tiers :]
        face = (tiers[:, None] + sizes[None, :]).ravel()
        face -= bounds.upper * up.sum() - bounds.lower * down.sum()
    return Pull(coupon, cost / bounds.a_cost, face / bounds.a_face)


@njit(cache=True, nogil=True, parallel=True)
def _count(
    columns: Columns, table: Table, chosen: Ints, coupons: Floats, cost: Floats, face: Floats
) -> None:
    households, per_sheet = chosen.shape
    for chunk in prange(CHUNKS):
        for h in range(households * chunk // CHUNKS, households * (chunk + 1) // CHUNKS):
            for k in range(per_sheet):
                i = chosen[h, k]
                if i >= 0:
                    c = table.column[i]
                    offer = columns.offer[c]
                    coupons[chunk, offer] += 1
                    cost[chunk, offer] += table.chance[i] * columns.cost[c]
                    face[chunk, table.band[h]] += columns.face[c]


@njit(cache=True, nogil=True)
def _ascend(chosen: Ints, marks: Marks) -> None:
    """Sort every sheet by item, places without one last."""
    households, per_sheet = chosen.shape
    for h in range(households):
        for k in range(1, per_sheet):
            item, mark = chosen[h, k], marks[h, k]
            place = k
            while item >= 0 and place > 0 and item < chosen[h, place - 1]:
                chosen[h, place] = chosen[h, place - 1]
                marks[h, place] = marks[h, place - 1]
                place -= 1
            chosen[h, place] = item
            marks[h, place] = mark
