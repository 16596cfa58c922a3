"""Sheets that are best at their prices, swapped until every limit holds; then for more value. PURE.

At the best prices few limits are overrun, by the last of the households that are all but
indifferent. Each household offers its swap with the least priced loss for what it mends; the best
are taken first, each looked at again against what was taken before it. No swap overruns a limit
that held.
"""

import numpy as np
from numba import njit, prange

from coupons.selection.best_response import CHUNKS
from coupons.selection.dual import Dual
from coupons.selection.mending import choose_together
from coupons.selection.problem import Columns, Floats, Ints, Marks, Row, Table
from coupons.selection.swapping import Bounds, Pull, Tally, offer_swaps, take_swaps, unfair

BLOCK = 200_000
"""Households that offer a swap in one round."""

_ROUNDS = 60
_VALUE_ROUNDS = 3
_INSIDE = 1e-7  # budgets are kept by so much, as sums in another order differ in the last digits
_TOGETHER = ((100, 20), (300, 30), (900, 30))  # households chosen together, items of each

# Swaps that gain value may lose this much of a coupon's worth at the prices.
_SHORTFALL, _FORCED_LOSS = 0.05, 0.3
_FEW = 1_500  # households, up to which more value is searched for by forcing swaps
_FORCED, _TRIES, _IN_VAIN, _TRIED_ROUNDS = 6, 150, 40, 8
_NOTHING = 1e-6


def repair(
    dual: Dual, prices: Floats, chosen: Ints, *, bound: float, unit: float, seed: int
) -> Marks:
    """Change coupons of `chosen`, in place, until all limits hold or no way is found.

    chosen: best sheets at `prices` [rows]; its rows come out ascending, as in Solution. bound: no
    choice is worth more. unit: about what a coupon is worth. Returns Solution.moved_for. Whether
    all limits hold is for verify() to say.
    """
    first = chosen.copy()
    sheets = _Sheets(dual, prices, chosen, seed)
    sheets.swap(mending=True, rounds=_ROUNDS, tolerance=0.0)
    for households, items in _TOGETHER:
        if sheets.pull(sheets.tally()).is_nothing():
            break
        if sheets.choose_together(households, items):
            break
    sheets.swap(mending=False, rounds=_VALUE_ROUNDS, tolerance=_SHORTFALL * unit)
    if len(chosen) <= _FEW:
        sheets.search(bound, unit)
    marks = sheets.marks
    moved = np.flatnonzero((marks != Row.NONE).any(axis=1))
    came_back = (chosen[moved, :, None] == first[moved, None, :]).any(axis=2)
    marks[moved] = np.where(came_back, Row.NONE, marks[moved])
    _ascend(chosen, marks)
    return marks


class _Sheets:
    """The sheets at hand, and why coupons of them were changed."""

    def __init__(self, dual: Dual, prices: Floats, chosen: Ints, seed: int) -> None:
        self.dual = dual
        self.prices = prices
        self.rates = dual.rates(prices)
        self.chosen = chosen
        self.marks = np.full(chosen.shape, Row.NONE, np.int8)
        self.random = np.random.default_rng(seed)
        self.order = self.random.permutation(len(chosen)) if len(chosen) > BLOCK else None
        self.position = 0

    def swap(self, *, mending: bool, rounds: int, tolerance: float) -> None:
        """Take the best swaps, until nothing is to be mended or none is left."""
        columns, table, _, _ = self.dual.problem
        idle = 0
        for _ in range(rounds):
            tally = self.tally()
            bounds, pull = self.bounds(tally), self.pull(tally)
            if (mending and pull.is_nothing()) or idle * BLOCK >= len(self.chosen):
                break
            these = self.block()
            swaps, loss = self.offered(these, tally, bounds, pull, mending, tolerance)
            offered = np.flatnonzero(swaps[:, 0] >= 0)
            offered = offered[np.argsort(loss[offered], kind="stable")]
            taken = take_swaps(
                offered, these, swaps, columns, table, self.chosen, self.marks, tally, bounds,
                mending,
            )  # fmt: skip
            idle = idle + 1 if taken == 0 else 0

    def choose_together(self, households: int, items: int) -> bool:
        """Choose the sheets of so many households anew; whether all limits hold now."""
        dual, chosen = self.dual, self.chosen
        tally = self.tally()
        pull = self.pull(tally)
        if len(chosen) > households:
            # Half that mend with the least loss, were there no other limits; half by lot, which
            # may take up what those leave.
            these = self.block()
            free = self.bounds(tally).without_limits()
            swaps, loss = self.offered(these, tally, free, pull, True, 0.0)
            offered = np.flatnonzero(swaps[:, 0] >= 0)
            best = these[offered[np.argsort(loss[offered], kind="stable")][: households // 2]]
            drawn = self.random.choice(len(chosen), households - len(best), replace=False)
            picked = np.union1d(best, drawn)
        else:
            picked = np.arange(len(chosen))
        sums = np.concatenate([tally.coupons, tally.cost, tally.face])
        sheets = choose_together(dual, self.prices, chosen, sums, picked, items)
        if sheets is None:
            return False
        before = chosen[picked].copy()
        chosen[picked] = sheets
        if not self.pull(self.tally()).is_nothing():
            chosen[picked] = before
            return False
        is_moved = (sheets >= 0) & ~(sheets[:, :, None] == before[:, None, :]).any(axis=2)
        marks = np.where(is_moved, self.furthest(tally), Row.NONE)
        for place in range(before.shape[1]):  # those that stay keep why they were moved before
            stays = sheets == before[:, place, None]
            marks = np.where(stays & (sheets >= 0), self.marks[picked][:, place, None], marks)
        self.marks[picked] = marks
        return True

    def search(self, bound: float, unit: float) -> None:
        """Force a few swaps, mend what they break, and keep what is worth more; many times.

        What few households leave of a limit is a large part of it: this fills it up.
        """
        if not self.pull(self.tally()).is_nothing():
            return
        these, vain = np.arange(len(self.chosen)), 0
        value = self.value()
        for _ in range(_TRIES):
            if vain == _IN_VAIN or bound - value <= _NOTHING * unit:
                break
            before, marks = self.chosen.copy(), self.marks.copy()
            tally = self.tally()
            free, pull = self.bounds(tally).without_limits(), self.pull(tally)
            swaps, loss = self.offered(these, tally, free, pull, False, _FORCED_LOSS * unit)
            offered = np.flatnonzero(swaps[:, 0] >= 0)
            if not len(offered):
                break
            chance = 1 / (loss[offered] - loss[offered].min() + _SHORTFALL * unit)
            forced = self.random.choice(
                offered, min(_FORCED, len(offered)), replace=False, p=chance / chance.sum()
            )
            self.chosen[forced, swaps[forced, 0]] = swaps[forced, 1]
            self.marks[forced, swaps[forced, 0]] = Row.VALUE
            self.swap(mending=True, rounds=_TRIED_ROUNDS, tolerance=0.0)
            self.swap(mending=False, rounds=_VALUE_ROUNDS, tolerance=_SHORTFALL * unit)
            now = self.value()
            vain += 1
            if now > value and self.pull(self.tally()).is_nothing():
                value, vain = now, 0
            else:
                self.chosen[:], self.marks[:] = before, marks

    def value(self) -> float:
        items = self.chosen[self.chosen >= 0]
        return float(self.dual.problem.table.value[items].sum(dtype=np.float64))

    def block(self) -> Ints:
        """The next households to look at, ascending: all, or so many by lot."""
        if self.order is None:
            return np.arange(len(self.chosen))
        these = np.take(self.order, np.arange(self.position, self.position + BLOCK), mode="wrap")
        self.position = (self.position + BLOCK) % len(self.order)
        return np.sort(these)

    def offered(
        self,
        these: Ints,
        tally: Tally,
        bounds: Bounds,
        pull: Pull,
        mending: bool,
        tolerance: float,
    ) -> tuple[Ints, Floats]:
        """The best swap of each of these households, and its loss."""
        columns, table, rules, _ = self.dual.problem
        swaps, loss = np.empty((len(these), 2), np.int64), np.empty(len(these))
        offer_swaps(
            these, columns, table, rules, self.rates, self.chosen, self.dual.new_least, tally,
            bounds, pull, mending, tolerance, swaps, loss,
        )  # fmt: skip
        return swaps, loss

    def tally(self) -> Tally:
        columns, table, _, limits = self.dual.problem
        shape = (CHUNKS, len(columns.funder))
        coupons, cost = np.zeros(shape), np.zeros(shape)
        face = np.zeros((CHUNKS, limits.tiers * limits.sizes))
        _count(columns, table, self.chosen, coupons, cost, face)
        by_offer = cost.sum(axis=0)
        by_funder = np.zeros(len(limits.funder_budget))
        np.add.at(by_funder, columns.funder, by_offer)
        return Tally(
            coupons.sum(axis=0), by_offer, by_funder, np.array([by_offer.sum()]), face.sum(axis=0)
        )

    def bounds(self, tally: Tally) -> Bounds:
        limits = self.dual.problem.limits
        inside = 1 - _INSIDE
        places = max(tally.coupons.sum(), 1.0)
        return Bounds(
            limits.least,
            limits.most,
            limits.offer_budget * inside,
            limits.funder_budget * inside,
            limits.budget * inside,
            self.dual.weights,
            1 + limits.fairness,
            1 - limits.fairness,
            limits.sizes,
            tally.budget[0] / places or 1.0,
            tally.face.sum() / places or 1.0,
        )

    def pull(self, tally: Tally) -> Pull:
        """Which limits are overrun, as what a coupon adds to that."""
        columns, _, _, limits = self.dual.problem
        bounds = self.bounds(tally)
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

    def furthest(self, tally: Tally) -> int:
        """The kind of Row that is overrun by the most coupons' worth."""
        bounds = self.bounds(tally)
        over, under = unfair(tally.face, bounds)
        overruns = {
            Row.MOST: np.maximum(tally.coupons - bounds.most, 0).sum(),
            Row.LEAST: np.maximum(bounds.least - tally.coupons, 0).sum(),
            Row.OFFER_BUDGET: np.maximum(tally.cost - bounds.offer_budget, 0).sum(),
            Row.FUNDER_BUDGET: np.maximum(tally.funder - bounds.funder_budget, 0).sum(),
            Row.BUDGET: max(tally.budget[0] - bounds.budget, 0),
            Row.FAIRNESS: (over.sum() + under.sum()) / bounds.a_face,
        }
        for kind in (Row.OFFER_BUDGET, Row.FUNDER_BUDGET, Row.BUDGET):
            overruns[kind] /= bounds.a_cost
        return max(overruns, key=lambda kind: overruns[kind])


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
