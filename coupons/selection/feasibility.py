"""Limits that contradict each other, in sentences that say what would mend it. PURE.

What a count can show is found before anything is chosen: contradictions(). What only shows when
limits meet is proved by prices: certificate().
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit, prange

from coupons.selection import best_response
from coupons.selection.best_response import CHUNKS, Rates
from coupons.selection.dual import Dual
from coupons.selection.problem import (
    Columns,
    Flags,
    Floats,
    Floats32,
    Ints,
    Prices,
    Problem,
    Row,
    Rules,
    Table,
)

_ROUNDING = 1e-6  # a sum over a limit by a smaller share is none
_LISTED = 6  # names in a sentence, sentences of a proof
_TELLS = 0.01  # share of the greatest part in a proof, below which a limit has none in it


class Broken(NamedTuple):
    """A limit and what stands against it."""

    kind: int  # a Row
    at: int  # position of the offer, the funder, or of the tier and then the size
    used: float
    limit: float


class Names(NamedTuple):
    """What sentences call things; positions where a name is missing."""

    offers: Sequence[str] = ()
    funders: Sequence[str] = ()
    tiers: Sequence[str] = ()
    sizes: Sequence[str] = ()

    def offer(self, at: int) -> str:
        return f"Offer {self.offers[at] if at < len(self.offers) else at}"

    def funder(self, at: int) -> str:
        return self.funders[at] if at < len(self.funders) else f"funder {at}"

    def group(self, at: int, tiers: int) -> str:
        """Of a tier, or after them of a size."""
        if at < tiers:
            return f"tier {self.tiers[at] if at < len(self.tiers) else at}"
        at -= tiers
        return f"size {self.sizes[at] if at < len(self.sizes) else at}"


class _Reach(NamedTuple):
    """How far offers reach: counts of households, but sheets' places by category."""

    offer: Ints  # [offers] households that can get it
    rivals: Ints  # [rivals groups] households that can get one of the group
    category: Ints  # [categories] coupons of it that sheets have room for


def contradictions(
    problem: Problem,
    offer_names: Sequence[str],
    funder_names: Sequence[str],
    tier_names: Sequence[str] = (),
    size_names: Sequence[str] = (),
) -> list[str]:
    """Say which limits nobody could keep, with the numbers and what would mend it; [] if none.

    An empty list is no promise: limits may contradict each other in ways only solve() can prove.
    """
    names = Names(offer_names, funder_names, tier_names, size_names)
    if not len(problem.columns.funder):
        return []
    known_most = problem.table.places.astype(np.int64) - best_response.new_places(problem)
    reach = _reach(problem, known_most)
    return [
        *_single(problem, reach, names),
        *_together(problem, reach, names),
        *_costs(problem, reach, known_most, names),
        *_unfair(problem, names),
    ]


def certificate(
    problem: Problem,
    prices: Prices,
    bound: float,
    offer_names: Sequence[str] = (),
    funder_names: Sequence[str] = (),
    tier_names: Sequence[str] = (),
    size_names: Sequence[str] = (),
) -> list[str]:
    """Name the limits whose prices prove that not all can be kept, and by how much they fail.

    prices, bound: where the dual fell below what any full sheets are worth.
    """
    names = Names(offer_names, funder_names, tier_names, size_names)
    told = sentences(proof(problem, prices), names, problem.limits.tiers)
    return [f"These limits cannot be kept together (worth {bound:.6g} at the most):", *told]


def proof(problem: Problem, prices: Prices) -> list[Broken]:
    """The limits that have a part in a proof, the farthest from being kept first.

    Each is told with what the sheets use of it that come nearest to keeping all, weighed by prices.
    """
    dual = Dual(problem)
    vector = dual.vector(prices)
    rates = dual.rates(vector)._replace(worth=0.0)
    used = dual.used(best_response.respond_at(problem, rates, keep=False).usage)
    part = vector * np.maximum(np.abs(used), np.abs(dual.limit))
    share = np.where(dual.active, (used - dual.limit) * vector, 0.0)
    rows = np.flatnonzero(part > _TELLS * part.max(initial=0.0))
    rows = rows[np.argsort(-share[rows], kind="stable")][:_LISTED]
    return [_broken(dual, row, used) for row in rows.tolist()]


def _broken(dual: Dual, row: int, used: Floats) -> Broken:
    part = next(part for part in dual.parts if part.start <= row < part.stop)
    kind, at = int(dual.kind[row]), row - part.start
    sign = -1.0 if kind == Row.LEAST else 1.0
    if kind != Row.FAIRNESS:
        return Broken(kind, at, float(sign * used[row]), float(sign * dual.limit[row]))
    return Broken(kind, at, float("nan"), dual.problem.limits.fairness)


def sentences(broken: Sequence[Broken], names: Names, tiers: int) -> list[str]:
    """One sentence a limit."""
    return [_sentence(each, names, tiers) for each in broken]


def _sentence(broken: Broken, names: Names, tiers: int) -> str:
    kind, at, used, limit = broken
    if kind == Row.MOST:
        return f"{names.offer(at)}: {_count(limit)} coupons at the most, {_count(used)} needed."
    if kind == Row.LEAST:
        return f"{names.offer(at)}: {_count(limit)} coupons guaranteed, {_count(used)} possible."
    if kind == Row.OFFER_BUDGET:
        return f"{names.offer(at)}: a budget of {_money(limit)}, {_money(used)} needed."
    if kind == Row.FUNDER_BUDGET:
        return f"Budget of {names.funder(at)}: {_money(limit)}, {_money(used)} needed."
    if kind == Row.BUDGET:
        return f"The budget: {_money(limit)}, {_money(used)} needed."
    return (
        f"Fairness: the mean face value of {names.group(at, tiers)} cannot come within "
        f"{limit:.3g} of that of all."
    )


def _count(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.3g}"


def _list(names: Sequence[str]) -> str:
    if len(names) > _LISTED:
        return ", ".join(names[:_LISTED]) + f" and {len(names) - _LISTED} more"
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _over(used: float, limit: float) -> bool:
    return used > limit * (1 + _ROUNDING) + 1e-9


def _single(problem: Problem, reach: _Reach, names: Names) -> list[str]:
    """What one offer's own limits and reach show."""
    found = []
    limits = problem.limits
    for at in np.flatnonzero(limits.least > limits.most).tolist():
        found.append(
            f"{names.offer(at)}: {_count(limits.least[at])} coupons are guaranteed, but "
            f"{_count(limits.most[at])} are the most. Lower the guarantee or raise the limit."
        )
    for at in np.flatnonzero(limits.least > reach.offer).tolist():
        found.append(
            f"{names.offer(at)}: {_count(limits.least[at])} coupons are guaranteed, but only "
            f"{_count(reach.offer[at])} households can get it. Lower the guarantee to "
            f"{_count(reach.offer[at])}, or let more households have it."
        )
    return found


def _together(problem: Problem, reach: _Reach, names: Names) -> list[str]:
    """What guarantees and circulations add up to against the places there are."""
    columns, table, rules, limits = problem
    found = []
    places = int(table.places.sum(dtype=np.int64))
    promised = float(limits.least.sum())
    if promised > places:
        found.append(
            f"{_count(promised)} coupons are guaranteed, but there are only {_count(places)} "
            f"places on {_count(len(table.places))} sheets. Lower guarantees by "
            f"{_count(promised - places)}, or mail to more households."
        )
    printable = float(np.minimum(limits.most, reach.offer).sum())
    if printable < places:
        found.append(
            f"There are {_count(places)} places to fill, but all offers together may be printed "
            f"only {_count(printable)} times. Raise limits of circulation by "
            f"{_count(places - printable)}, add offers, or print fewer coupons a sheet."
        )
    # One entry an offer: its category and rivals group are those of its columns.
    first = np.unique(columns.offer, return_index=True)[1]
    offers = columns.offer[first]
    for group, room, why in (
        (columns.rivals[first], reach.rivals, "one of them"),
        (
            columns.category[first],
            reach.category,
            f"{rules.per_category} of their category",
        ),
    ):
        needed = np.bincount(group, weights=limits.least[offers], minlength=len(room))
        for at in np.flatnonzero(needed > room).tolist():
            members = [int(o) for o in offers[group == at] if limits.least[o] > 0]
            if len(members) < 2:
                continue  # said of the offer itself
            found.append(
                f"{_list([names.offer(o) for o in members])}: {_count(needed[at])} coupons are "
                f"guaranteed together, but with at most {why} a sheet only {_count(room[at])} can "
                f"be printed. Lower guarantees by {_count(needed[at] - room[at])}."
            )
    return found


def _costs(problem: Problem, reach: _Reach, known_most: Ints, names: Names) -> list[str]:
    """What guarantees, and full sheets, cost at the least."""
    columns, table, _, limits = problem
    found = []
    cheapest = _cheapest_guarantees(problem, reach, known_most)
    by_funder = np.zeros(len(limits.funder_budget))
    np.add.at(by_funder, columns.funder, cheapest)
    for at, (cost, budget) in enumerate(zip(cheapest, limits.offer_budget, strict=True)):
        if _over(cost, budget):
            found.append(
                f"{names.offer(at)}: its {_count(limits.least[at])} guaranteed coupons are "
                f"expected to cost {_money(cost)} at the least, and its budget is "
                f"{_money(budget)}. Raise it or lower the guarantee."
            )
    for at, (cost, budget) in enumerate(zip(by_funder, limits.funder_budget, strict=True)):
        if _over(cost, budget):
            found.append(
                f"Budget of {names.funder(at)}: {_money(budget)}, but the coupons guaranteed for "
                f"its offers are expected to cost {_money(cost)} at the least. Raise it or lower "
                f"guarantees."
            )
    free = np.zeros(len(columns.offer))
    no_face = np.zeros(limits.tiers * limits.sizes)
    full = -best_response.respond_at(
        problem, Rates(0.0, free, columns.cost, no_face), keep=False
    ).priced
    promised = float(cheapest.sum())
    if _over(promised, limits.budget):
        found.append(
            f"The budget is {_money(limits.budget)}, but the guaranteed coupons alone are expected "
            f"to cost {_money(promised)} at the least. Raise it or lower guarantees."
        )
    elif _over(full, limits.budget):
        found.append(
            f"The budget is {_money(limits.budget)}, but even the cheapest coupons in all "
            f"{_count(int(table.places.sum(dtype=np.int64)))} places are expected to cost "
            f"{_money(full)}. Raise it by {_money(full - limits.budget)}, print fewer coupons a "
            f"sheet, or mail to fewer households."
        )
    return found


def _cheapest_guarantees(problem: Problem, reach: _Reach, known_most: Ints) -> Floats:
    """Expected cost of each offer's guarantee if the cheapest households got it, [offers]."""
    columns, table, _, limits = problem
    offers = len(columns.funder)
    cheapest = np.zeros(offers)
    budgeted = np.isfinite(limits.offer_budget) | np.isfinite(limits.budget)
    budgeted |= np.isfinite(limits.funder_budget)[columns.funder]
    wanted = (limits.least > 0) & (limits.least <= reach.offer) & budgeted
    starts = np.concatenate([[0], np.cumsum(np.where(wanted, reach.offer, 0))])
    costs = np.empty(int(starts[-1]), np.float32)
    _gather_costs(columns, table, known_most, wanted, starts[:-1].copy(), costs)
    for at in np.flatnonzero(wanted).tolist():
        own = costs[starts[at] : starts[at + 1]]
        count = int(np.ceil(limits.least[at]))
        cheapest[at] = np.partition(own, count - 1)[:count].sum(dtype=np.float64)
    return cheapest


def _unfair(problem: Problem, names: Names) -> list[str]:
    """Tiers and sizes whose face value cannot come near that of the others."""
    columns, table, _, limits = problem
    weights = best_response.fair_weights(best_response.band_places(table, limits), limits)
    if not weights.any():
        return []
    free, bands = np.zeros(len(columns.offer)), limits.tiers * limits.sizes
    most, least = (
        best_response.respond_at(
            problem, Rates(0.0, free, free, np.full(bands, sign)), keep=False
        ).usage
        for sign in (-1.0, 1.0)
    )
    total = most.places.sum()
    grid = (limits.tiers, limits.sizes)
    found = []
    for at in np.flatnonzero(weights).tolist():
        of_group = np.zeros(grid, np.bool_)
        if at < limits.tiers:
            of_group[at] = True
        else:
            of_group[:, at - limits.tiers] = True
        own = of_group.ravel()
        share = most.places[own].sum() / total
        if share == 1:
            continue
        low, high = least.face[own].sum() / total, most.face[own].sum() / total
        low_rest, high_rest = least.face[~own].sum() / total, most.face[~own].sum() / total
        upper, lower = 1 + limits.fairness, 1 - limits.fairness
        too_high = low / share > upper * (low + high_rest) * (1 + _ROUNDING)
        too_low = high / share < lower * (high + low_rest) * (1 - _ROUNDING)
        if too_high or too_low:
            edge, own_face, rest = (
                ("least", low, high_rest) if too_high else ("most", high, low_rest)
            )
            other = "most" if too_high else "least"
            found.append(
                f"Fairness: coupons of {names.group(at, limits.tiers)} take off "
                f"{_money(own_face / share)} on average at the {edge}, those of all others "
                f"{_money(rest / (1 - share))} at the {other}, and they may differ from the mean "
                f"of all by {100 * limits.fairness:.3g} % only. Allow for more, or give both "
                f"offers alike."
            )
    return found


def _reach(problem: Problem, known_most: Ints) -> _Reach:
    columns, table, rules, _ = problem
    groups = int(columns.rivals.max()) + 1 if len(columns.rivals) else 0
    categories = int(columns.category.max()) + 1 if len(columns.category) else 0
    offer = np.zeros((CHUNKS, len(columns.funder)), np.int64)
    rivals = np.zeros((CHUNKS, groups), np.int64)
    category = np.zeros((CHUNKS, categories), np.int64)
    _count_reach(columns, table, rules, known_most, offer, rivals, category)
    return _Reach(offer.sum(axis=0), rivals.sum(axis=0), category.sum(axis=0))


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
