"""The limits as rows, and the dual function: what the prices of all rows promise at most. PURE.

Rows, in order: most [offers], least [offers], offer budget [offers], funder budget [funders],
budget [1], upper edge of fairness [tiers + sizes], lower edge. Each is "usage <= limit", least
and the lower edge with signs turned. No choice within the limits is worth more than

    limits . prices + the sum over households of the best sheet at these prices.

Fairness is linear since the places of a band are fixed: its face value, times all places over its
own, is within 1 +/- fairness of the face value of all.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy import sparse  # type: ignore[import-untyped] # ships no types

from coupons.selection import best_response
from coupons.selection.best_response import Response
from coupons.selection.problem import Flags, Floats, Ints, Prices, Problem, Row, Usage

KINDS = (
    Row.MOST, Row.LEAST, Row.OFFER_BUDGET, Row.FUNDER_BUDGET, Row.BUDGET,
    Row.FAIRNESS, Row.FAIRNESS,
)  # fmt: skip


class InfeasibleError(Exception):
    """No choice keeps all limits, and `prices` prove it: the dual is below the least worth."""

    def __init__(self, prices: Floats, bound: float) -> None:
        super().__init__("no choice keeps all limits")
        self.prices = prices
        self.bound = bound


class Point(NamedTuple):
    """The dual at some prices."""

    prices: Floats  # [rows]
    bound: float
    room: Floats  # [rows] limit less usage: the slope of the bound; 0 where there is no limit
    response: Response


class Dual:
    """The dual function of one problem; counts its passes over the households."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        columns, table, _, limits = problem
        offers, funders = len(columns.funder), len(limits.funder_budget)
        groups = limits.tiers + limits.sizes
        sizes = (offers, offers, offers, funders, 1, groups, groups)
        ends = np.cumsum((0, *sizes)).tolist()
        self.parts = [slice(a, b) for a, b in pairwise(ends)]
        self.kind: Ints = np.repeat(KINDS, sizes)
        self.rows: int = ends[-1]
        self.band_places = best_response.band_places(table, limits)
        self.weights = best_response.fair_weights(self.band_places, limits)
        limit = np.concatenate(
            [
                limits.most,
                -limits.least,
                limits.offer_budget,
                limits.funder_budget,
                [limits.budget],
                np.zeros(2 * groups),
            ]
        )
        self.active: Flags = np.isfinite(limit)
        self.active[self.parts[1]] &= limits.least > 0
        self.active[self.parts[5]] = self.active[self.parts[6]] = self.weights > 0
        self.limit: Floats = np.where(self.active, limit, 0.0)
        self.new_least = best_response.new_places(problem)  # coupons each household must have
        self.passes = 0

    def prices(self, vector: Floats) -> Prices:
        most, least, offer, funder, budget, fair_most, fair_least = (
            vector[part] for part in self.parts
        )
        return Prices(most, least, offer, funder, float(budget[0]), fair_most, fair_least)

    def vector(self, prices: Prices) -> Floats:
        """The prices by row, those of rows without a limit left out.

        Raises ValueError if they are not of as many offers, funders, tiers and sizes.
        """
        parts = [np.atleast_1d(np.asarray(price, np.float64)) for price in prices]
        wanted = [part.stop - part.start for part in self.parts]
        if [len(price) for price in parts] != wanted:
            raise ValueError(f"{[len(price) for price in parts]} prices by kind, not {wanted}")
        vector = np.concatenate(parts)
        return np.where(self.active, np.maximum(vector, 0.0), 0.0)

    def used(self, usage: Usage) -> Floats:
        """What each row uses of its limit, [rows]; 0 where there is none."""
        limits, funder = self.problem.limits, self.problem.columns.funder
        by_funder = np.bincount(funder, weights=usage.cost, minlength=len(limits.funder_budget))
        if limits.fairness == np.inf:
            upper = lower = np.zeros(len(self.weights))
        else:
            grid = usage.face.reshape(limits.tiers, limits.sizes)
            of_group = np.concatenate([grid.sum(axis=1), grid.sum(axis=0)]) * self.weights
            upper = of_group - (1 + limits.fairness) * usage.face.sum()
            lower = (1 - limits.fairness) * usage.face.sum() - of_group
        used = np.concatenate(
            [
                usage.coupons,
                -usage.coupons,
                usage.cost,
                by_funder,
                [usage.cost.sum()],
                upper,
                lower,
            ]
        )
        return np.where(self.active, used, 0.0)

    def by_sum(self) -> sparse.csr_array:
        """The active rows as linear maps of what can be summed, [active rows, sums].

        Sums: coupons of each offer, expected cost of each offer, face value of each band.
        """
        columns, _, _, limits = self.problem
        offers, bands = len(columns.funder), limits.tiers * limits.sizes
        one = sparse.eye_array(offers, format="csr")
        paid = sparse.csr_array(
            (np.ones(offers), (columns.funder, np.arange(offers))),
            shape=(len(limits.funder_budget), offers),
        )
        band = np.arange(bands)
        member = np.zeros((limits.tiers + limits.sizes, bands))
        member[band // limits.sizes, band] = 1
        member[limits.tiers + band % limits.sizes, band] = 1
        member *= self.weights[:, None]
        fairness = limits.fairness if limits.fairness != np.inf else 0.0
        by_sum = sparse.block_array(
            [
                [one, None, None],
                [-one, None, None],
                [None, one, None],
                [None, paid, None],
                [None, np.ones((1, offers)), None],
                [None, None, member - (1 + fairness)],
                [None, None, (1 - fairness) - member],
            ],
            format="csr",
        )
        return by_sum[np.flatnonzero(self.active)]

    def at(self, vector: Floats) -> Point:
        """Pass over all households at these prices, which must be >= 0 and 0 without a limit."""
        self.passes += 1
        response = best_response.respond_at(self.problem, self.rates(vector), keep=True)
        room = np.where(self.active, self.limit - self.used(response.usage), 0.0)
        bound = response.priced + float(self.limit @ vector)
        return Point(vector, bound, room, response)

    def rates(self, vector: Floats) -> best_response.Rates:
        columns, _, _, limits = self.problem
        return best_response.rates(columns, limits, self.prices(vector), self.weights)

    def least_worth(self) -> float:
        """No full sheets are worth less: a bound below this proves that limits contradict."""
        rates = self.rates(np.zeros(self.rows))._replace(worth=-1.0)
        self.passes += 1
        return -best_response.respond_at(self.problem, rates, keep=False).priced

    def unit(self) -> float:
        """About what a coupon is worth, > 0, whatever the store's currency."""
        value = self.problem.table.value
        step = max(1, len(value) // 1_000_000)
        typical = float(np.abs(value[::step]).mean(dtype=np.float64)) if len(value) else 0.0
        return typical or 1.0

    def steps(self, unit: float, usage: Usage) -> Floats:
        """How far a row's price may move for one of its slope: a rough inverse curvature."""
        limits, funder = self.problem.limits, self.problem.columns.funder
        places = max(self.band_places.sum(), 1.0)
        coupons = np.maximum(usage.coupons, 0.02 * places / max(len(funder), 1))
        tiny = 1e-9 * max(usage.cost.sum(), 1e-9)
        by_offer = np.maximum(usage.cost**2 / coupons, tiny)
        by_funder = np.bincount(funder, weights=by_offer, minlength=len(limits.funder_budget))
        by_group = max(usage.face.sum() ** 2 / places, 1e-9) * np.maximum(self.weights, 1.0)
        curvature = np.concatenate(
            [
                np.maximum(np.minimum(coupons, limits.most), 1.0),
                np.maximum(np.maximum(coupons, limits.least), 1.0),
                by_offer,
                np.maximum(by_funder, tiny),
                [max(by_offer.sum(), tiny)],
                by_group,
                by_group,
            ]
        )
        return 0.5 * unit / curvature


Watch = Callable[[Point], None]
"""Sees every point that was looked at; may raise InfeasibleError."""
