"""All sheets of a mailing at once: the most worth that its rules and limits allow. PURE.

Prices of the limits are found so that households, each choosing its best sheet at these prices,
come out almost within them (dual.py, newton.py); the few coupons too many are swapped
(repairing.py); and the sheets are counted again (verifying.py). The bound says how much more any
other choice could be worth.
"""

import time
from typing import NamedTuple

import numpy as np
from numba import get_num_threads, njit, prange, set_num_threads
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # ships no types

from coupons.selection import newton
from coupons.selection.best_response import CHUNKS
from coupons.selection.dual import Dual, InfeasibleError, Point
from coupons.selection.feasibility import certificate
from coupons.selection.problem import (
    Floats,
    Ints,
    Prices,
    Problem,
    Solution,
    Table,
    no_prices,
)
from coupons.selection.repairing import repair
from coupons.selection.verifying import verify

_FEW = 50_000  # households, below which Newton stalls on kinks and L-BFGS-B finishes
_VERY_FEW = 10_000
_WORTH_THREADS = 2_000  # households, below which threads wait for each other longer than they work


class UnsolvedError(Exception):
    """No sheets within all limits were found; the sentence names what stands against it.

    prices, bound: for feasibility.certificate(), which tells it with names, where the prices prove
    that limits contradict each other; else None and what the sheets could be worth.
    """

    def __init__(self, sentence: str, prices: Prices | None, bound: float) -> None:
        super().__init__(sentence)
        self.prices = prices
        self.bound = bound


class _Found(NamedTuple):
    point: Point
    passes: int


def solve(
    problem: Problem, *, seed: int = 0, start: Prices | None = None, sample: int = 25_000
) -> Solution:
    """Choose every household's sheet so that all are worth the most within the limits.

    start: prices of an earlier, similar mailing with the same offers, which save passes. sample:
    households whose prices are the start otherwise, where there are three times as many. The same
    problem, seed and start give the same sheets, on any number of threads.

    Raises UnsolvedError if the limits contradict each other, or if no way was found to keep them;
    ValueError if `start` is of other offers, funders, tiers or sizes.
    """
    if not len(problem.table.places) or not len(problem.table.column):
        return _nothing(problem)
    threads = get_num_threads()
    if len(problem.table.places) < _WORTH_THREADS:
        set_num_threads(1)
    try:
        # Matrices are multiplied by one thread: on more, the last digits would be others.
        with threadpool_limits(1, user_api="blas"):
            return _solve(problem, seed, start, sample)
    finally:
        set_num_threads(threads)


def _nothing(problem: Problem) -> Solution:
    """The only sheets where nobody could get anything."""
    shape = (len(problem.table.places), problem.rules.per_sheet)
    chosen, marks = np.full(shape, -1, np.int64), np.full(shape, -1, np.int8)
    _check(problem, chosen, 0.0)
    return Solution(chosen, marks, no_prices(problem.limits), 0.0, 0.0, 0, {})


def _solve(problem: Problem, seed: int, start: Prices | None, sample: int) -> Solution:
    clock = [time.perf_counter()]
    steps: dict[str, float] = {}

    def done(step: str) -> None:
        clock.append(time.perf_counter())
        steps[step] = clock[-1] - clock[-2]

    dual = Dual(problem)
    if start is not None:
        first = dual.vector(start)
    elif len(problem.table.places) >= 3 * sample:
        first = _sampled(dual, sample, seed)
        done("sample")
    else:
        first = np.zeros(dual.rows)
    try:
        point = _least(dual, first)
    except InfeasibleError as error:
        prices = dual.prices(error.prices)
        words = " ".join(certificate(problem, prices, error.bound))
        raise UnsolvedError(words, prices, error.bound) from None
    done("prices")
    chosen = point.response.chosen
    assert chosen is not None  # points keep what was chosen
    marks = repair(
        dual,
        point.prices,
        chosen,
        bound=point.bound,
        unit=dual.unit(),
        seed=seed,
    )
    done("repair")
    _check(problem, chosen, point.bound)
    value = _value(problem.table, chosen)
    done("verify")
    return Solution(
        chosen, marks, dual.prices(point.prices), point.bound, value, dual.passes, steps
    )


def _least(dual: Dual, first: Floats) -> Point:
    """The point of the dual's least bound that is found from prices `first`."""
    problem = dual.problem
    households = len(problem.table.places)
    unit = dual.unit()
    lowest = dual.least_worth()
    slack = 1e-9 * unit * max(dual.band_places.sum(), 1.0)

    def watch(point: Point) -> None:
        if point.bound < lowest - slack:
            raise InfeasibleError(point.prices, point.bound)

    point = dual.at(first)
    watch(point)
    few, very_few = households < _FEW, households < _VERY_FEW
    if newton.is_for(dual):
        point = newton.newton(
            dual,
            point,
            watch,
            unit=unit,
            passes=6 if very_few else 20,
            tolerance=1e-6,
        )
        if not few:
            return point
    return newton.finish(
        dual, point, watch, unit=unit, evaluations=300, tolerance=1e-10 if very_few else 1e-7
    )


def _sampled(dual: Dual, sample: int, seed: int) -> Floats:
    """Prices of some of the households, whose limits are as much smaller as they are fewer."""
    columns, table, rules, limits = dual.problem
    households = len(table.places)
    drawn = np.random.default_rng(seed).permutation(households)[:sample]
    drawn.sort()
    sizes = np.diff(table.starts)[drawn]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    items = np.repeat(table.starts[drawn] - starts[:-1], sizes) + np.arange(starts[-1])
    part = Table(
        starts,
        table.column[items],
        table.is_new[items],
        table.value[items],
        table.chance[items],
        table.places[drawn],
        table.band[drawn],
    )
    share = part.places.sum(dtype=np.int64) / max(dual.band_places.sum(), 1.0)
    # An offer for few is in the sample as luck will have it: its limits go by who could get it.
    eligible = _per_column(table, len(columns.offer))
    drawn_eligible = np.bincount(part.column, minlength=len(columns.offer))
    offers = len(columns.funder)
    whole = np.bincount(columns.offer, weights=eligible, minlength=offers)
    here = np.bincount(columns.offer, weights=drawn_eligible, minlength=offers)
    by_offer = here / np.maximum(whole, 1)
    # No limit stays none: 0 times it would not be a number.
    scaled = limits._replace(
        least=limits.least * by_offer,
        most=_times(limits.most, by_offer),
        offer_budget=_times(limits.offer_budget, by_offer),
        funder_budget=_times(limits.funder_budget, np.array(share)),
        budget=limits.budget * share if limits.budget != np.inf else limits.budget,
    )
    smaller = Dual(Problem(columns, part, rules, scaled))
    try:
        return dual.vector(smaller.prices(_least(smaller, np.zeros(smaller.rows)).prices))
    except InfeasibleError:  # it may be for the sample only
        return np.zeros(dual.rows)


def _times(limit: Floats, share: Floats) -> Floats:
    return np.where(np.isfinite(limit), np.where(np.isfinite(limit), limit, 0.0) * share, limit)


def _per_column(table: Table, columns: int) -> Ints:
    """How many items each column has."""
    counts = np.zeros((CHUNKS, columns), np.int64)
    _count_columns(table, counts)
    return np.asarray(counts.sum(axis=0))


@njit(cache=True, nogil=True, parallel=True)
def _count_columns(table: Table, counts: Ints) -> None:
    items = len(table.column)
    for chunk in prange(CHUNKS):
        for i in range(items * chunk // CHUNKS, items * (chunk + 1) // CHUNKS):
            counts[chunk, table.column[i]] += 1


def _value(table: Table, chosen: Ints) -> float:
    sums = np.zeros(CHUNKS)
    _sum_values(table, chosen, sums)
    return float(sums.sum())


@njit(cache=True, nogil=True, parallel=True)
def _sum_values(table: Table, chosen: Ints, sums: Floats) -> None:
    households = len(chosen)
    for chunk in prange(CHUNKS):
        total = 0.0
        for h in range(households * chunk // CHUNKS, households * (chunk + 1) // CHUNKS):
            for i in chosen[h]:
                if i >= 0:
                    total += table.value[i]
        sums[chunk] = total


def _check(problem: Problem, chosen: Ints, bound: float) -> None:
    findings = verify(problem, chosen)
    if findings.total:
        sentence = f"No sheets were found that keep all limits: {findings.worst}."
        raise UnsolvedError(sentence, None, bound)
