"""Limits that contradict each other, in sentences that say what would mend it. PURE.

What a count can show is found before anything is chosen: contradictions(). What only shows when
limits meet is proved by prices: certificate().
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from coupons.selection import best_response
from coupons.selection.best_response import Rates
from coupons.selection.dual import Dual
from coupons.selection.problem import Floats, Prices, Problem, Row
from coupons.selection.reaching import Reach, cheapest_guarantees, reach_of

_ROUNDING = 1e-6  # a sum over a limit by a smaller share is none
_LISTED = 6  # names in a sentence, sentences of a proof
_TELLS = 0.01  # share of the greatest part in a proof, below which a limit has none in it


class Names(NamedTuple):
    """What sentences call things; positions where a name is missing."""

    offers: Sequence[str] = ()
    funders: Sequence[str] = ()
    tiers: Sequence[str] = ()
    sizes: Sequence[str] = ()

    def offer(self, at: int) -> str:
        return f"Offer {self.of_offer(at)}"

    def of_offer(self, at: int) -> str:
        return self.offers[at] if at < len(self.offers) else str(at)

    def funder(self, at: int) -> str:
        return f"Funder {self.funders[at] if at < len(self.funders) else at}"

    def group(self, at: int, tiers: int) -> str:
        """Of a tier, or after them of a size."""
        if at < tiers:
            return f"tier {self.tiers[at] if at < len(self.tiers) else at}"
        at -= tiers
        return f"size {self.sizes[at] if at < len(self.sizes) else at}"


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
    reach = reach_of(problem)
    return [
        *_single(problem, reach, names),
        *_together(problem, reach, names),
        *_costs(problem, reach, names),
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

    prices, bound: where the dual fell below what any full sheets are worth. A limit is told with
    what those sheets use of it that come nearest to keeping all, each weighed by its price.
    """
    names = Names(offer_names, funder_names, tier_names, size_names)
    dual = Dual(problem)
    vector = _netted(dual, dual.vector(prices))
    rates = dual.rates(vector)._replace(worth=0.0)
    used = dual.used(best_response.respond_at(problem, rates, keep=False).usage)
    part = vector * np.maximum(np.abs(used), np.abs(dual.limit))
    rows = np.flatnonzero(part > _TELLS * part.max(initial=0.0))
    rows = rows[np.argsort((dual.limit - used)[rows] * vector[rows], kind="stable")][:_LISTED]
    return [
        f"These limits contradict each other: sheets within them could be worth {bound:,.6g} at "
        f"the most, and no full sheets are worth so little. Those that come nearest have:",
        *dict.fromkeys(_sentence(dual, row, used, names) for row in rows.tolist()),
    ]


def _netted(dual: Dual, vector: Floats) -> Floats:
    """Prices without what an offer's most and least, or a group's two edges, cancel out."""
    limits, vector = dual.problem.limits, vector.copy()
    for upper, lower in (dual.parts[0:2], dual.parts[5:7]):
        both = np.minimum(vector[upper], vector[lower])
        if upper is dual.parts[0]:
            both[limits.least > limits.most] = 0.0  # these two contradict each other
        vector[upper] -= both
        vector[lower] -= both
    return vector


def _sentence(dual: Dual, row: int, used: Floats, names: Names) -> str:
    part = next(part for part in dual.parts if part.start <= row < part.stop)
    kind, at = dual.kind[row], row - part.start
    number, limit = abs(float(used[row])), abs(float(dual.limit[row]))
    limits = dual.problem.limits
    if kind in (Row.MOST, Row.LEAST) and limits.least[at] > limits.most[at]:
        least, most = _count(limits.least[at]), _count(limits.most[at])
        return f"{names.offer(at)}: {least} coupons are guaranteed; the most is {most}."
    if kind == Row.MOST:
        return f"{names.offer(at)}: {_count(number)} coupons; the most is {_count(limit)}."
    if kind == Row.LEAST:
        return f"{names.offer(at)}: {_count(number)} coupons; {_count(limit)} are guaranteed."
    if kind == Row.OFFER_BUDGET:
        return f"{names.offer(at)}: cost {_money(number)}; its budget is {_money(limit)}."
    if kind == Row.FUNDER_BUDGET:
        return f"{names.funder(at)}: cost {_money(number)}; the budget is {_money(limit)}."
    if kind == Row.BUDGET:
        return f"All offers: cost {_money(number)}; the budget is {_money(limit)}."
    group = names.group(at, limits.tiers)
    edge = "above" if part is dual.parts[5] else "below"
    if used[row] <= 0:
        return f"Fairness: the mean face value of {group} is held within its band."
    return f"Fairness: the mean face value of {group} is {edge} its band."


def _count(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _money(amount: float) -> str:
    return f"{amount:,.2f}" if amount >= 1 or amount == 0 else f"{amount:.3g}"


def _up(amount: float) -> float:
    """To a whole cent, not down: with less, it would not be enough."""
    return math.ceil(amount * 100 - 1e-6) / 100


def _list(names: Sequence[str]) -> str:
    more = f" (+ {len(names) - _LISTED})" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _over(used: float, limit: float) -> bool:
    return used > limit * (1 + _ROUNDING) + 1e-9


def _single(problem: Problem, reach: Reach, names: Names) -> list[str]:
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


def _together(problem: Problem, reach: Reach, names: Names) -> list[str]:
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
            together = _list([names.of_offer(o) for o in members])
            found.append(
                f"Offers {together}: {_count(needed[at])} coupons are guaranteed together, "
                f"but with at most {why} a sheet only {_count(room[at])} can be printed. "
                f"Lower guarantees by {_count(needed[at] - room[at])}."
            )
    return found


def _costs(problem: Problem, reach: Reach, names: Names) -> list[str]:
    """What guarantees, and full sheets, cost at the least."""
    columns, table, _, limits = problem
    found = []
    cheapest = cheapest_guarantees(problem, reach)
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
                f"{names.funder(at)}: the budget is {_money(budget)}, but coupons guaranteed for "
                f"its offers are expected to cost {_money(cost)} at the least. Raise it or "
                f"lower guarantees."
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
            f"{_money(full)}. Raise it by {_money(_up(full - limits.budget))}, print fewer coupons "
            f"a sheet, or mail to fewer households."
        )
    return found


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
