"""How far offers reach, and what guarantees of them cost at the least. PURE."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from coupons.selection import best_response
from coupons.selection.best_response import CHUNKS
from coupons.selection.problem import (
    Columns,
    Flags,
    Floats,
    Floats32,
    Ints,
    Problem,
    Rules,
    Table,
)


class Reach(NamedTuple):
    """How far offers reach: counts of households, but sheets' places by category."""

    offer: Ints  # [offers] households that can get it
    rivals: Ints  # [rivals groups] households that can get one of the group
    category: Ints  # [categories] coupons of it that sheets have room for
    known_most: Ints  # [households] coupons that need not be new


def reach_of(problem: Problem) -> Reach:
    columns, table, rules, _ = problem
    known_most = table.places.astype(np.int64) - best_response.new_places(problem)
    groups = int(columns.rivals.max()) + 1 if len(columns.rivals) else 0
    categories = int(columns.category.max()) + 1 if len(columns.category) else 0
    offer = np.zeros((CHUNKS, len(columns.funder)), np.int64)
    rivals = np.zeros((CHUNKS, groups), np.int64)
    category = np.zeros((CHUNKS, categories), np.int64)
    _count_reach(columns, table, rules, known_most, offer, rivals, category)
    return Reach(offer.sum(axis=0), rivals.sum(axis=0), category.sum(axis=0), known_most)


@njit(cache=True, nogil=True, parallel=True)
def _count_reach(
    columns: Columns,
    table: Table,
    rules: Rules,
    known_most: Ints,
    offer: Ints,
    rivals: Ints,
    category: Ints,
) -> None:
    households = len(table.places)
    for chunk in prange(CHUNKS):
        for h in range(households * chunk // CHUNKS, households * (chunk + 1) // CHUNKS):
            if table.places[h] == 0:
                continue
            last_offer = last_rivals = last_category = -1
            room = 0
            for i in range(table.starts[h], table.starts[h + 1]):
                if not table.is_new[i] and known_most[h] == 0:
                    continue
                c = table.column[i]
                if columns.offer[c] != last_offer:  # levels of an offer follow each other
                    last_offer = columns.offer[c]
                    offer[chunk, last_offer] += 1
                if columns.category[c] != last_category:
                    last_category = columns.category[c]
                    room = min(rules.per_category, table.places[h])
                    if not table.is_new[i]:
                        room = min(room, known_most[h])
                if columns.rivals[c] != last_rivals:
                    last_rivals = columns.rivals[c]
                    rivals[chunk, last_rivals] += 1
                    if room > 0:
                        category[chunk, last_category] += 1
                        room -= 1


def cheapest_guarantees(problem: Problem, reach: Reach) -> Floats:
    """Expected cost of each offer's guarantee if the cheapest households got it, [offers]."""
    columns, table, _, limits = problem
    offers = len(columns.funder)
    cheapest = np.zeros(offers)
    budgeted = np.isfinite(limits.offer_budget) | np.isfinite(limits.budget)
    budgeted |= np.isfinite(limits.funder_budget)[columns.funder]
    wanted = (limits.least > 0) & (limits.least <= reach.offer) & budgeted
    starts = np.concatenate([[0], np.cumsum(np.where(wanted, reach.offer, 0))])
    costs = np.empty(int(starts[-1]), np.float32)
    _gather_costs(columns, table, reach.known_most, wanted, starts[:-1].copy(), costs)
    for at in np.flatnonzero(wanted).tolist():
        own = costs[starts[at] : starts[at + 1]]
        count = int(np.ceil(limits.least[at]))
        cheapest[at] = np.partition(own, count - 1)[:count].sum(dtype=np.float64)
    return cheapest


@njit(cache=True, nogil=True)
def _gather_costs(
    columns: Columns, table: Table, known_most: Ints, wanted: Flags, at: Ints, costs: Floats32
) -> None:
    """The least each household's coupon of a wanted offer costs, offer by offer; moves `at` on."""
    for h in range(len(table.places)):
        if table.places[h] == 0:
            continue
        last = -1
        for i in range(table.starts[h], table.starts[h + 1]):
            c = table.column[i]
            offer = columns.offer[c]
            if not wanted[offer] or (not table.is_new[i] and known_most[h] == 0):
                continue
            cost = table.chance[i] * columns.cost[c]
            if offer != last:
                last = offer
                costs[at[offer]] = cost
                at[offer] += 1
            else:
                costs[at[offer] - 1] = min(costs[at[offer] - 1], cost)
