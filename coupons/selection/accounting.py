"""Why each coupon was chosen, in figures that add up; what limits mean for an offer. PURE."""

from typing import NamedTuple

import numpy as np
from numba import njit, prange

from coupons.selection import best_response
from coupons.selection.best_response import CHUNKS, Rates
from coupons.selection.problem import (
    Columns,
    Floats,
    Ints,
    Limits,
    Marks,
    Problem,
    Rules,
    Solution,
    Table,
)


class Account(NamedTuple):
    """Coupons of some households, [households, per_sheet] as in Solution.chosen; 0 at no place.

    priced = value - circulation - cost + fairness.
    """

    chosen: Ints  # item number, or -1
    value: Floats
    circulation: Floats  # what the offer's most costs it, less what its least gives it
    cost: Floats  # what its expected cost is worth to the budgets it is taken from
    fairness: Floats  # what its face value gives, or takes, to bring tiers and sizes together
    priced: Floats
    left_out: Ints  # the item that would take its place, or -1 where none may
    margin: Floats  # priced, less that of the one left out; >= 0 unless a coupon was moved
    moved_for: Marks


class Offers(NamedTuple):
    """What was chosen of each offer, [offers]. The prices hold for a little more or less only."""

    eligible: Ints  # households that could get it
    coupons: Ints
    least: Floats
    most: Floats
    redemptions: Floats  # expected
    cost: Floats  # expected
    most_price: Floats  # worth of one more print
    least_price: Floats  # cost of one more guaranteed print
    budget_price: Floats  # worth of one more unit of its own budget


def account(problem: Problem, solution: Solution, households: Ints) -> Account:
    """Break down the priced worth of the coupons of `households`, int64[k] rows of the table."""
    columns, table, rules, limits = problem
    shape = (len(households), rules.per_sheet)
    floats = [np.zeros(shape) for _ in range(6)]
    value, circulation, cost, fairness, priced, margin = floats
    left_out = np.full(shape, -1, np.int64)
    chosen = solution.chosen[households]
    rates = _rates(columns, table, limits, solution)
    _account(
        households, columns, table, rules, rates, chosen, value, circulation, cost, fairness,
        priced, left_out, margin,
    )  # fmt: skip
    return Account(
        chosen, value, circulation, cost, fairness, priced, left_out, margin,
        solution.moved_for[households],
    )  # fmt: skip


def offers(problem: Problem, solution: Solution) -> Offers:
    """Add up what was chosen, by offer."""
    columns, table, _, limits = problem
    number = len(columns.funder)
    eligible, coupons = np.zeros((2, CHUNKS, number), np.int64)
    redemptions, cost = np.zeros((2, CHUNKS, number))
    _offers(columns, table, solution.chosen, eligible, coupons, redemptions, cost)
    prices = solution.prices
    return Offers(
        eligible.sum(axis=0),
        coupons.sum(axis=0),
        limits.least,
        limits.most,
        redemptions.sum(axis=0),
        cost.sum(axis=0),
        prices.most,
        prices.least,
        prices.offer_budget,
    )


def _rates(columns: Columns, table: Table, limits: Limits, solution: Solution) -> Rates:
    weights = best_response.fair_weights(best_response.band_places(table, limits), limits)
    return best_response.rates(columns, limits, solution.prices, weights)


@njit(cache=True, nogil=True, parallel=True)
def _account(
    households: Ints,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    value: Floats,
    circulation: Floats,
    cost: Floats,
    fairness: Floats,
    priced: Floats,
    left_out: Ints,
    margin: Floats,
) -> None:
    count = len(households)
    for chunk in prange(CHUNKS):
        for row in range(count * chunk // CHUNKS, count * (chunk + 1) // CHUNKS):
            band = table.band[households[row]]
            for k in range(rules.per_sheet):
                i = chosen[row, k]
                if i < 0:
                    break
                c = table.column[i]
                value[row, k] = table.value[i]
                circulation[row, k] = rates.flat[c]
                cost[row, k] = table.chance[i] * rates.by_chance[c]
                fairness[row, k] = -rates.by_face[band] * columns.face[c]
                priced[row, k] = _score(columns, table, rates, band, i)
            _leave_out(
                households[row], columns, table, rules, rates, chosen[row], priced[row],
                left_out[row], margin[row],
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _score(columns: Columns, table: Table, rates: Rates, band: int, i: int) -> float:
    c = table.column[i]
    return float(
        table.value[i]
        - rates.flat[c]
        - table.chance[i] * rates.by_chance[c]
        - rates.by_face[band] * columns.face[c]
    )


@njit(cache=True, nogil=True)
def _leave_out(
    h: int,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    chosen: Ints,
    priced: Floats,
    left_out: Ints,
    margin: Floats,
) -> None:
    """For each coupon of one sheet, the best item that could stand in its place."""
    room = new = could = in_category = 0
    while room < len(chosen) and chosen[room] >= 0:
        new += table.is_new[chosen[room]]
        room += 1
    category = rivals = -1
    for i in range(table.starts[h], table.starts[h + 1]):
        c = table.column[i]
        if not table.is_new[i] or could >= rules.new_at_least:
            continue
        if columns.category[c] != category:
            category = columns.category[c]
            in_category = 0
            rivals = -1
        if columns.rivals[c] != rivals:
            rivals = columns.rivals[c]
            could += in_category < rules.per_category
            in_category += 1
    new_least = min(rules.new_at_least, could, room)
    at = 0
    for i in range(table.starts[h], table.starts[h + 1]):
        if at < room and chosen[at] == i:
            at += 1
            continue
        c = table.column[i]
        rival, alike = -1, 0
        for k in range(room):
            d = table.column[chosen[k]]
            if columns.rivals[d] == columns.rivals[c]:
                rival = k
            alike += columns.category[d] == columns.category[c]
        score = _score(columns, table, rates, table.band[h], i)
        for k in range(room):
            j = chosen[k]
            if (
                (rival >= 0 and k != rival)
                or (
                    alike >= rules.per_category
                    and columns.category[table.column[j]] != columns.category[c]
                )
                or new - table.is_new[j] + table.is_new[i] < new_least
            ):
                continue
            if left_out[k] < 0 or priced[k] - score < margin[k]:
                left_out[k] = i
                margin[k] = priced[k] - score


@njit(cache=True, nogil=True, parallel=True)
def _offers(
    columns: Columns,
    table: Table,
    chosen: Ints,
    eligible: Ints,
    coupons: Ints,
    redemptions: Floats,
    cost: Floats,
) -> None:
    households, per_sheet = chosen.shape
    for chunk in prange(CHUNKS):
        for h in range(households * chunk // CHUNKS, households * (chunk + 1) // CHUNKS):
            before = -1
            for i in range(table.starts[h], table.starts[h + 1]):
                offer = columns.offer[table.column[i]]
                if offer != before:  # levels of an offer follow each other
                    eligible[chunk, offer] += 1
                    before = offer
            for k in range(per_sheet):
                i = chosen[h, k]
                if i >= 0:
                    c = table.column[i]
                    offer = columns.offer[c]
                    coupons[chunk, offer] += 1
                    redemptions[chunk, offer] += table.chance[i]
                    cost[chunk, offer] += table.chance[i] * columns.cost[c]
