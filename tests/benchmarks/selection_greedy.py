"""What most teams would write: take the best item that is still allowed, again and again.

Guaranteed minimums are served first, each by the households where its offer is worth most. Then
either household after household, or all items of all households from the best down; the best by
worth, or by worth for each unit of expected cost. No rule of a sheet, no circulation and no budget
is ever overrun; places may stay empty, and fairness is left to luck.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons.selection import best_response
from coupons.selection.problem import (
    Columns,
    Floats,
    Ints,
    Limits,
    Problem,
    Rules,
    Table,
    no_prices,
)

LEAST_COST = 0.01  # of a coupon, so that a cheap one's worth for its cost is finite


class Sheets(NamedTuple):
    """What was taken so far."""

    chosen: Ints  # [households, per_sheet] items, in the order they were taken; -1: empty
    taken: Ints  # [households]
    known: Ints  # [households] of them not new
    coupons: Floats  # [offers]
    offer_cost: Floats
    funder_cost: Floats
    cost: Floats  # [1]


def methods(problem: Problem, *, seed: int = 0) -> Iterator[tuple[str, Ints]]:
    """Yield each method's name and the sheets it chooses, as Solution.chosen."""
    table = problem.table
    worth = table.value.astype(np.float64)
    cost = table.chance * problem.columns.cost[table.column]
    home = np.repeat(np.arange(len(table.places)), np.diff(table.starts))
    turn = np.random.default_rng(seed).permutation(len(table.places))[home]
    for kind, score in (("worth", worth), ("worth_for_cost", worth / (cost + LEAST_COST))):
        yield f"by_household_{kind}", choose(problem, home, np.lexsort((-score, turn)))
        yield f"global_{kind}", choose(problem, home, np.argsort(-score, kind="stable"))


def choose(problem: Problem, home: Ints, order: Ints) -> Ints:
    """Take items in this order, after the guaranteed minimums; home: each item's household."""
    columns, table, rules, limits = problem
    known_most = table.places.astype(np.int64) - best_response.new_places(problem)
    sheets = _empty(problem)
    promised = np.flatnonzero(limits.least[columns.offer[table.column]] > 0)
    best = promised[np.argsort(-table.value[promised], kind="stable")]
    _take(best, True, home, known_most, columns, table, rules, limits, sheets)
    _take(order, False, home, known_most, columns, table, rules, limits, sheets)
    items = len(table.column)
    chosen = np.sort(np.where(sheets.chosen < 0, items, sheets.chosen), axis=1)
    return np.where(chosen == items, -1, chosen)


def best_of_each(problem: Problem) -> Ints:
    """Each household's best sheet by its own rules, whatever it does to the limits of all."""
    free = best_response.respond(problem, no_prices(problem.limits), keep=True).chosen
    assert free is not None
    return free


def worth_of(table: Table, chosen: npt.NDArray[np.int64]) -> float:
    return float(table.value[chosen[chosen >= 0]].sum(dtype=np.float64))


def _empty(problem: Problem) -> Sheets:
    columns, table, rules, _ = problem
    homes, offers = len(table.places), len(columns.funder)
    return Sheets(
        np.full((homes, rules.per_sheet), -1),
        np.zeros(homes, np.int64),
        np.zeros(homes, np.int64),
        np.zeros(offers),
        np.zeros(offers),
        np.zeros(int(columns.funder.max()) + 1),
        np.zeros(1),
    )


@njit(cache=True, nogil=True)
def _take(
    order: Ints,
    only_promised: bool,
    home: Ints,
    known_most: Ints,
    columns: Columns,
    table: Table,
    rules: Rules,
    limits: Limits,
    sheets: Sheets,
) -> None:
    for item in order:
        h = home[item]
        taken = sheets.taken[h]
        if taken >= table.places[h]:
            continue
        known = not table.is_new[item]
        if known and sheets.known[h] >= known_most[h]:
            continue
        column = table.column[item]
        offer = columns.offer[column]
        if only_promised and sheets.coupons[offer] >= limits.least[offer]:
            continue
        if sheets.coupons[offer] + 1 > limits.most[offer]:
            continue
        cost = table.chance[item] * columns.cost[column]
        funder = columns.funder[offer]
        if (
            sheets.offer_cost[offer] + cost > limits.offer_budget[offer]
            or sheets.funder_cost[funder] + cost > limits.funder_budget[funder]
            or sheets.cost[0] + cost > limits.budget
        ):
            continue
        in_category = 0
        is_rival = False
        for k in range(taken):
            other = table.column[sheets.chosen[h, k]]
            if columns.rivals[other] == columns.rivals[column]:
                is_rival = True
            if columns.category[other] == columns.category[column]:
                in_category += 1
        if is_rival or in_category >= rules.per_category:
            continue
        sheets.chosen[h, taken] = item
        sheets.taken[h] += 1
        if known:
            sheets.known[h] += 1
        sheets.coupons[offer] += 1
        sheets.offer_cost[offer] += cost
        sheets.funder_cost[funder] += cost
        sheets.cost[0] += cost
