"""Prices that make the dual least: semismooth Newton, and L-BFGS-B for its finish. PURE.

Where a coupon of a sheet and the best one left out are nearly worth the same, a small change of
prices exchanges them. How many such pairs there are, and which rows they touch, is the curvature.
"""

import numpy as np
import numpy.typing as npt
from numba import njit, prange
from scipy import sparse  # type: ignore[import-untyped] # ships no types
from scipy.linalg import (  # type: ignore[import-untyped] # ships no types
    LinAlgError,
    cho_factor,
    cho_solve,
)
from scipy.optimize import minimize  # type: ignore[import-untyped] # ships no types

from coupons.selection.best_response import Rates
from coupons.selection.dual import Dual, Point, Watch
from coupons.selection.problem import Columns, Flags, Floats, Ints, Rules, Table

MOST_ROWS = 800
"""Active rows, above which the matrix costs more than it helps."""

_CHUNKS = 8  # fixed, each with a matrix of its own: sums in order, whatever the threads
_MOST_SUMS = 1_200
_SEEN = 100_000  # households looked at for the curvature
_PAIRS = 0.3  # near ties a household; with more of them, look nearer


def is_for(dual: Dual) -> bool:
    """Whether there are few enough rows for Newton's matrix."""
    limits = dual.problem.limits
    sums = 2 * len(limits.most) + limits.tiers * limits.sizes
    return int(dual.active.sum()) <= MOST_ROWS and sums <= _MOST_SUMS


def newton(
    dual: Dual,
    start: Point,
    watch: Watch,
    *,
    unit: float,
    passes: int,
    tolerance: float,
) -> Point:
    """Lower the bound from `start` by at most so many steps, until one gains < `tolerance` of it.

    unit: about what a coupon is worth. Steps are damped (Levenberg) by how well the last was
    foretold.
    """
    by_sum = dual.by_sum()
    rows = np.flatnonzero(dual.active)
    if not len(rows):
        return start
    point = start
    floor = 0.05 / dual.steps(unit, point.response.usage)[rows]
    near, damping = 0.05 * unit, 1e-3
    table = dual.problem.table
    step = max(1, len(table.places) // _SEEN)
    for _ in range(passes):
        curvature, pairs = _curvature(dual, point, by_sum, near, step)
        ridge = np.maximum(np.diag(curvature), floor)
        slope, at = point.room[rows], point.prices[rows]
        while True:
            damped = curvature + np.diag(damping * ridge + 1e-12 * ridge.max())
            move = _box_least(damped, slope, at)
            foretold = -(slope @ move + 0.5 * move @ (curvature @ move))
            if not foretold > 0:
                return point
            prices = np.zeros(dual.rows)
            prices[rows] = np.maximum(at + move, 0.0)
            tried = dual.at(prices)
            watch(tried)
            gain = point.bound - tried.bound
            if gain > 0:
                break
            damping = max(damping * 8, 1e-3)
            if damping > 1e4:
                return point
        share = gain / max(abs(tried.bound), unit)
        point = tried
        if gain > 0.7 * foretold:
            damping = max(damping / 6, 1e-6)
        elif gain < 0.3 * foretold:
            damping *= 4
        if pairs > _PAIRS:
            near *= 0.7
        if share < tolerance:
            break
    return point


def finish(
    dual: Dual, start: Point, watch: Watch, *, unit: float, evaluations: int, tolerance: float
) -> Point:
    """Lower the bound further by L-BFGS-B, which makes its way along kinks; never above start."""
    rows = np.flatnonzero(dual.active)
    if not len(rows):
        return start
    root = np.sqrt(dual.steps(unit, start.response.usage)[rows])
    best = start
    scale = unit * max(dual.band_places.sum(), 1.0) * 1e-3

    def bound(scaled: Floats) -> tuple[float, Floats]:
        nonlocal best
        prices = np.zeros(dual.rows)
        prices[rows] = scaled * root
        point = dual.at(prices)
        watch(point)
        if point.bound < best.bound:
            best = point
        return point.bound / scale, point.room[rows] * root / scale

    minimize(
        bound,
        start.prices[rows] / root,
        jac=True,
        method="L-BFGS-B",
        bounds=[(0, None)] * len(rows),
        options={"maxcor": 30, "maxfun": evaluations, "ftol": tolerance},
    )
    return best


def _curvature(
    dual: Dual, point: Point, by_sum: sparse.csr_array, near: float, step: int
) -> tuple[Floats, float]:
    """Second derivatives by active rows, and near ties a household."""
    columns, table, rules, limits = dual.problem
    size = 2 * len(columns.funder) + limits.tiers * limits.sizes
    products = np.zeros((_CHUNKS, size, size))
    pairs = np.zeros(_CHUNKS, np.int64)
    assert point.response.chosen is not None  # points keep what was chosen
    categories = int(columns.category.max()) + 1 if len(columns.category) else 0
    _exchanges(
        columns, table, rules, dual.rates(point.prices), point.response.chosen, dual.new_least,
        near, step, categories, products, pairs,
    )  # fmt: skip
    half = by_sum @ products.sum(axis=0)
    seen = max(len(table.places) // step, 1)
    return (by_sum @ half.T) * (step / near), float(pairs.sum()) / seen


def _box_least(matrix: Floats, slope: Floats, at: Floats) -> Floats:
    """The move d >= -at with the least slope . d + d matrix d / 2, by pivots on an active set."""
    free: Flags = (at > 0) | (slope < 0)
    move = np.zeros(len(at))
    for _ in range(60):
        move = np.where(free, 0.0, -at)
        f, held = np.flatnonzero(free), np.flatnonzero(~free)
        if len(f):
            pull = slope[f] + matrix[np.ix_(f, held)] @ move[held]
            move[f] = _solve(matrix[np.ix_(f, f)], -pull)
        below = free & (at + move < -1e-12)
        if below.any():
            free &= ~below
            continue
        released = ~free & (slope + matrix @ move < -1e-9 * np.abs(slope).max())
        if not released.any():
            break
        free |= released
    return np.maximum(move, -at)


def _solve(matrix: Floats, right: Floats) -> Floats:
    try:
        return np.asarray(cho_solve(cho_factor(matrix, lower=True, check_finite=False), right))
    except LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, right)[0])


@njit(cache=True, nogil=True)
def _exchanges_chunk(
    first: int,
    last: int,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    new_least: npt.NDArray[np.uint8],
    near: float,
    step: int,
    categories: int,
    products: Floats,
) -> int:
    offers = len(columns.funder)
    per_sheet = rules.per_sheet
    scores = np.empty(per_sheet)
    in_category = np.zeros(categories, np.int64)
    index, change = np.empty(5, np.int64), np.empty(5)
    pairs = 0
    for h in range(first + (-first) % step, last, step):
        band = table.band[h]
        by_face = rates.by_face[band]
        room = known = 0
        least = least_known = -1
        while room < per_sheet and chosen[h, room] >= 0:
            i = chosen[h, room]
            c = table.column[i]
            scores[room] = (
                rates.worth * table.value[i]
                - rates.flat[c]
                - table.chance[i] * rates.by_chance[c]
                - by_face * columns.face[c]
            )
            in_category[columns.category[c]] += 1
            if not table.is_new[i]:
                known += 1
                if least_known < 0 or scores[room] < scores[least_known]:
                    least_known = room
            if least < 0 or scores[room] < scores[least]:
                least = room
            room += 1
        if room == 0:
            continue
        lowest = scores[least] - near
        for i in range(table.starts[h], table.starts[h + 1]):
            c = table.column[i]
            score = (
                rates.worth * table.value[i]
                - rates.flat[c]
                - table.chance[i] * rates.by_chance[c]
                - by_face * columns.face[c]
            )
            if score < lowest:
                continue
            out = -1  # whom it would put off the sheet
            for k in range(room):
                if columns.rivals[table.column[chosen[h, k]]] == columns.rivals[c]:
                    out = k
                    break
            if out >= 0:
                if chosen[h, out] == i:
                    continue
            elif in_category[columns.category[c]] >= rules.per_category:
                for k in range(room):
                    if columns.category[table.column[chosen[h, k]]] == columns.category[c] and (
                        out < 0 or scores[k] < scores[out]
                    ):
                        out = k
            elif not table.is_new[i] and known >= room - new_least[h]:
                out = least_known
            else:
                out = least
            if out < 0 or scores[out] - score >= near:
                continue
            pairs += 1
            j = chosen[h, out]
            d = table.column[j]
            offer_in, offer_out = columns.offer[c], columns.offer[d]
            cost_in = table.chance[i] * columns.cost[c]
            cost_out = table.chance[j] * columns.cost[d]
            if offer_in != offer_out:
                index[0], change[0] = offer_out, -1.0
                index[1], change[1] = offer_in, 1.0
                index[2], change[2] = offers + offer_out, -cost_out
                index[3], change[3] = offers + offer_in, cost_in
                n = 4
            else:
                index[0], change[0] = offers + offer_in, cost_in - cost_out
                n = 1
            index[n], change[n] = 2 * offers + band, columns.face[c] - columns.face[d]
            n += 1
            for x in range(n):
                for y in range(n):
                    products[index[x], index[y]] += change[x] * change[y]
        for k in range(room):
            in_category[columns.category[table.column[chosen[h, k]]]] = 0
    return pairs


@njit(cache=True, nogil=True, parallel=True)
def _exchanges(
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    new_least: npt.NDArray[np.uint8],
    near: float,
    step: int,
    categories: int,
    products: Floats,
    pairs: Ints,
) -> None:
    """Sum the products of what near ties change, by chunk; every `step`th household is seen."""
    households = len(table.places)
    for chunk in prange(_CHUNKS):
        pairs[chunk] = _exchanges_chunk(
            households * chunk // _CHUNKS,
            households * (chunk + 1) // _CHUNKS,
            columns,
            table,
            rules,
            rates,
            chosen,
            new_least,
            near,
            step,
            categories,
            products[chunk],
        )
