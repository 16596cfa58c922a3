"""The same mailing as a linear program for HiGHS: a variable an item, a row a rule or a limit.

Written from what the rules say, not from how the product keeps to them.
"""

import multiprocessing
import time
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp  # type: ignore[import-untyped]  # it brings no types
from scipy.optimize import linprog  # type: ignore[import-untyped]  # it brings no types

from coupons.selection.problem import NO_LIMIT, Floats, Ints, Problem

_OPTIMAL = 0  # of scipy's states
_BEGUN = "begun"


class Rows(NamedTuple):
    """lower <= matrix @ x <= upper, a column an item."""

    matrix: sp.csr_matrix
    lower: Floats
    upper: Floats


class Program(NamedTuple):
    """A linear program as scipy wants it: c @ x to be least."""

    c: Floats
    A_ub: sp.csr_matrix
    b_ub: Floats
    A_eq: sp.csr_matrix
    b_eq: Floats
    bounds: Floats


class Relaxed(NamedTuple):
    """What the simplex found, items allowed to be chosen in part."""

    optimum: float | None  # no choice of whole items is worth more; None: not found in time
    seconds: float
    cpu_seconds: float | None


def sheet_rows(problem: Problem) -> Rows:
    """The rules of every sheet: places, new ones, one of a rivals group, so many of a category."""
    columns, table, rules, _ = problem
    homes = len(table.places)
    home = np.repeat(np.arange(homes), np.diff(table.starts))
    places = table.places.astype(np.float64)
    rivals, category = columns.rivals[table.column], columns.category[table.column]
    group, group_of_item = np.unique(
        np.stack([home, category, rivals]), axis=1, return_inverse=True
    )
    shelf, shelf_of_group = np.unique(group[:2], axis=1, return_inverse=True)
    # As many new ones as are asked for, or as the household can have at all.
    is_new_shelf = np.zeros(shelf.shape[1], np.bool_)
    is_new_shelf[shelf_of_group[group_of_item[table.is_new]]] = True
    new_of_shelf = np.minimum(np.bincount(shelf_of_group), rules.per_category) * is_new_shelf
    can_be_new = np.bincount(shelf[0], new_of_shelf, homes)
    asked = np.minimum(np.minimum(can_be_new, rules.new_at_least), places)
    new = np.flatnonzero(table.is_new)
    # Rows that could never be broken are left out.
    rivalry = np.bincount(group_of_item) > 1
    crowded = np.bincount(shelf_of_group) > rules.per_category
    return stacked(
        [
            (_sums(home, homes), places, places),
            (_sums(home[new], homes, new, len(home)), asked, places),
            (_sums(group_of_item, len(rivalry))[rivalry], -np.inf, 1.0),
            (_sums(shelf_of_group[group_of_item], len(crowded))[crowded], -np.inf,
             rules.per_category),
        ]
    )  # fmt: skip


def limit_rows(problem: Problem) -> Rows:
    """What all sheets keep to, but for fairness: circulation and budgets."""
    columns, table, _, limits = problem
    offers, funders = len(limits.most), len(limits.funder_budget)
    offer = columns.offer[table.column]
    cost = table.chance * columns.cost[table.column]
    each = np.arange(len(offer))
    coupons = _sums(offer, offers)
    by_offer = _sums(offer, offers, each, len(offer), cost)
    by_funder = _sums(columns.funder[offer], funders, each, len(offer), cost)
    return stacked(
        [
            (coupons, limits.least, limits.most),
            (by_offer, -np.inf, limits.offer_budget),
            (by_funder, -np.inf, limits.funder_budget),
            (sp.csr_matrix(cost[None, :]), -np.inf, limits.budget),
        ]
    )


def relaxed(problem: Problem, *, seconds: float) -> Relaxed:
    """The optimum of all rules and limits, items in part allowed, by HiGHS's dual simplex.

    In a process of its own, that is ended when it takes longer: HiGHS looks at the clock between
    iterations, and one may last for minutes.
    """
    spawning = multiprocessing.get_context("spawn")
    mine, its = spawning.Pipe()
    child = spawning.Process(target=_solve, args=(program(problem), its))
    child.start()
    its.close()
    try:
        assert mine.recv() == _BEGUN
        began = time.perf_counter()
        if not mine.poll(seconds):
            return Relaxed(None, time.perf_counter() - began, None)
        return Relaxed(*mine.recv())
    finally:
        child.terminate()
        child.join()


def _solve(told: Program, out: Connection) -> None:
    out.send(_BEGUN)
    began, cpu = time.perf_counter(), time.process_time()
    found: Any = linprog(**told._asdict(), method="highs-ds")
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    out.send((-found.fun if found.status == _OPTIMAL else None, took, cpu))


def program(problem: Problem) -> Program:
    """All rules and limits, worth to be greatest."""
    face, edges = fair_rows(problem)
    groups, items = face.shape
    # A further variable a tier and a size: the face value of its coupons. Of them alone fairness
    # speaks, so that its rows are short.
    rows = stacked([sheet_rows(problem), limit_rows(problem)])
    matrix = sp.hstack([rows.matrix, sp.csr_matrix((rows.matrix.shape[0], groups))]).tocsr()
    equal = rows.lower == rows.upper
    over, under = np.isfinite(rows.upper) & ~equal, np.isfinite(rows.lower) & ~equal
    fair = sp.hstack([sp.csr_matrix((edges.shape[0], items)), edges])
    bounds = np.zeros((items + groups, 2))
    bounds[:items, 1], bounds[items:, 1] = 1.0, np.inf
    return Program(
        c=np.concatenate([-problem.table.value.astype(np.float64), np.zeros(groups)]),
        A_ub=sp.vstack([matrix[over], -matrix[under], fair]).tocsr(),
        b_ub=np.concatenate([rows.upper[over], -rows.lower[under], np.zeros(edges.shape[0])]),
        A_eq=sp.vstack([matrix[equal], sp.hstack([face, -sp.eye(groups)])]).tocsr(),
        b_eq=np.concatenate([rows.lower[equal], np.zeros(groups)]),
        bounds=bounds,
    )


def fair_rows(problem: Problem) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """Each item's face value by tier and by size; and of their sums, rows to be at most 0."""
    columns, table, _, limits = problem
    face = columns.face[table.column]
    home = np.repeat(np.arange(len(table.places)), np.diff(table.starts))
    band = table.band.astype(np.int64)
    tier, size = band // limits.sizes, limits.tiers + band % limits.sizes
    groups = limits.tiers + limits.sizes
    each = np.arange(len(face))
    by_group = _sums(tier[home], groups, each, len(face), face) + _sums(
        size[home], groups, each, len(face), face
    )
    places = np.bincount(tier, table.places, groups) + np.bincount(size, table.places, groups)
    weight = np.where(places > 0, table.places.sum() / np.maximum(places, 1.0), 0.0)
    everybody = np.zeros((groups, groups))
    everybody[:, : limits.tiers] = 1.0  # every coupon is some tier's
    if limits.fairness == NO_LIMIT:
        edges = np.zeros((0, groups))
    else:
        own = np.diag(weight)
        highest, lowest = 1 + limits.fairness, 1 - limits.fairness
        edges = np.concatenate([own - highest * everybody, lowest * everybody - own])
        edges = edges[np.concatenate([weight > 0, weight > 0])]
    return by_group, sp.csr_matrix(edges)


def stacked(blocks: list[Any]) -> Rows:
    """Several rows' matrix, lower and upper, one below the other; single numbers are repeated."""
    count = [matrix.shape[0] for matrix, _, _ in blocks]
    lower, upper = (
        np.concatenate(
            [np.broadcast_to(block[at], rows) for block, rows in zip(blocks, count, strict=True)]
        )
        for at in (1, 2)
    )
    matrix = sp.vstack([matrix for matrix, _, _ in blocks]).tocsr()
    return Rows(matrix, lower.astype(np.float64), upper.astype(np.float64))


def _sums(
    row: Ints,
    rows: int,
    item: Ints | None = None,
    items: int | None = None,
    times: npt.NDArray[Any] | None = None,
) -> sp.csr_matrix:
    """The matrix that adds up items, or these of them, by row."""
    item = np.arange(len(row)) if item is None else item
    times = np.ones(len(row)) if times is None else times
    shape = (rows, len(row) if items is None else items)
    return sp.csr_matrix((times.astype(np.float64), (row, item)), shape=shape)
