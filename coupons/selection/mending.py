"""What no single swap mends: the sheets of some households chosen together, by HiGHS. PURE.

Where limits are tight, a household may have to change its sheet so that another can. The sheets
of all others stay as they are, and what they leave of each limit is shared out exactly.
"""

from typing import NamedTuple

import numpy as np
from scipy import sparse  # type: ignore[import-untyped] # ships no types
from scipy.optimize import (  # type: ignore[import-untyped] # ships no types
    Bounds,
    LinearConstraint,
    milp,
)

from coupons.selection.dual import Dual
from coupons.selection.problem import Flags, Floats, Ints, Row

_INSIDE = 2e-6  # share of a limit that is left free: HiGHS overruns by less
_OPTIONS = {"mip_rel_gap": 1e-3, "node_limit": 2_000, "time_limit": 60.0}


class _Part(NamedTuple):
    """The items that some households may choose from."""

    household: Ints  # [items] position among these households
    item: Ints  # [items] ascending


def choose_together(
    dual: Dual, prices: Floats, chosen: Ints, sums: Floats, households: Ints, nearest: int
) -> Ints | None:
    """Choose the sheets of `households` anew so that all limits hold; None if no way was found.

    prices: [rows]. chosen: sheets of all, which add up to `sums`, as in Dual.by_sum(). households:
    ascending. nearest: how many of a household's items come into question, the best at `prices`;
    those of its sheet do anyway.
    Returns int64[len(households), per_sheet] items, not ascending; -1: no place.
    """
    if not len(households):
        return None
    part = _part(dual, prices, chosen, households, nearest)
    own = chosen[households]
    by_sum = dual.by_sum()
    left = sums - _sums_of(dual, own[own >= 0]).sum(axis=1)  # what all others use
    limit, scale = _limits(dual, sums)
    share = sparse.diags_array(1 / scale) @ by_sum
    at_most = LinearConstraint(share @ _sums_of(dual, part.item), ub=limit / scale - share @ left)
    found = milp(
        -dual.problem.table.value[part.item].astype(np.float64),
        integrality=np.ones(len(part.item)),
        bounds=Bounds(0, 1),
        constraints=[*_sheets(dual, part, households), at_most],
        options=_OPTIONS,
    )
    if found.x is None:
        return None
    sheets = np.full((len(households), chosen.shape[1]), -1, np.int64)
    taken = np.flatnonzero(found.x > 0.5)
    owner = part.household[taken]
    place = np.arange(len(taken)) - np.searchsorted(owner, owner)
    sheets[owner, place] = part.item[taken]
    return sheets


def _part(dual: Dual, prices: Floats, chosen: Ints, households: Ints, nearest: int) -> _Part:
    columns, table, _, _ = dual.problem
    rates = dual.rates(prices)
    sizes = np.diff(table.starts)[households]
    before = np.cumsum(sizes) - sizes
    item = np.arange(sizes.sum()) + np.repeat(table.starts[households] - before, sizes)
    household = np.repeat(np.arange(len(households)), sizes)
    column = table.column[item]
    score = table.value[item] - rates.flat[column] - table.chance[item] * rates.by_chance[column]
    score -= rates.by_face[table.band[households[household]]] * columns.face[column]
    best = np.lexsort((-score, household))
    rank = np.empty(len(item), np.int64)
    rank[best] = np.arange(len(item)) - before[household]
    stays = (rank < nearest) | np.isin(item, chosen[households])
    return _Part(household[stays], item[stays])


def _sums_of(dual: Dual, item: Ints) -> sparse.csc_array:
    """What each item adds to the sums of Dual.by_sum(), [sums, items]."""
    columns, table, _, limits = dual.problem
    column, offers = table.column[item], len(columns.funder)
    offer = columns.offer[column]
    band = table.band[np.searchsorted(table.starts, item, side="right") - 1]
    cost = table.chance[item] * columns.cost[column]
    number = np.arange(len(item))
    return sparse.csc_array(
        (
            np.concatenate([np.ones(len(item)), cost, columns.face[column]]),
            (
                np.concatenate([offer, offers + offer, 2 * offers + band]),
                np.concatenate([number, number, number]),
            ),
        ),
        shape=(2 * offers + limits.tiers * limits.sizes, len(item)),
    )


def _limits(dual: Dual, sums: Floats) -> tuple[Floats, Floats]:
    """The active rows' limits, budgets a little inside; and how large each row is, > 0."""
    limit, kind = dual.limit[dual.active], dual.kind[dual.active]
    offers = len(dual.problem.columns.funder)
    coupons, cost, face = (part.sum() for part in np.split(sums, [offers, 2 * offers]))
    scale = np.maximum(limit, cost / coupons or 1.0)
    scale[kind == Row.FAIRNESS] = face
    counted = (kind == Row.MOST) | (kind == Row.LEAST)
    scale[counted] = 1.0
    return np.where(counted, np.floor(limit), limit - _INSIDE * scale), scale


def _sheets(dual: Dual, part: _Part, households: Ints) -> list[LinearConstraint]:
    """The rules of a sheet."""
    columns, table, rules, _ = dual.problem
    column = table.column[part.item]
    places = table.places[households].astype(np.float64)
    known = places - dual.new_least[households]
    everything, owner = np.ones(len(part.item), np.bool_), part.household
    rivals = _crowds(owner, columns.rivals[column], 1)
    category = _crowds(owner, columns.category[column], rules.per_category)
    return [
        LinearConstraint(_members(owner, everything, len(places)), places, places),
        LinearConstraint(_members(owner, ~table.is_new[part.item], len(places)), ub=known),
        LinearConstraint(_members(*rivals), ub=1),
        LinearConstraint(_members(*category), ub=rules.per_category),
    ]


def _members(group: Ints, counts: Flags, groups: int) -> sparse.csr_array:
    """A row a group, with ones at its items that count."""
    number = np.flatnonzero(counts)
    ones = (np.ones(len(number)), (group[number], number))
    return sparse.csr_array(ones, shape=(groups, len(group)))


def _crowds(household: Ints, group: Ints, most: int) -> tuple[Ints, Flags, int]:
    """Number the households' groups, and mark the items of those that more than `most` are of.

    Returns a number an item, the marks, and how many groups there are.
    """
    _, numbered, size = np.unique(
        np.stack([household, group]), axis=1, return_inverse=True, return_counts=True
    )
    return numbered, size[numbered] > most, len(size)
