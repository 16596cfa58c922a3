"""Whether chosen sheets keep every rule and limit: a recount from the sheets alone. PURE.

Nothing here is shared with what chose them, so that one mistake is not made twice.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons.selection.problem import Ints, Problem

_BLOCK = 100_000  # households looked at together, which bounds memory
_FAIR = 1e-9  # mean face values are quotients: their last digits do not count
_NOTHING = "everything is kept"
_RULES = (
    "sheets with more or fewer coupons than places",
    "coupons that a household may not get, twice or out of order",
    "sheets with two rivals",
    "sheets with too many of a category",
    "sheets with too few new ones",
)


class Findings(NamedTuple):
    """How often each kind of rule is broken; of `least` and `most`, limits and not coupons."""

    places: int  # households with more or fewer coupons than places
    eligible: int  # coupons of others' items, twice, or out of order
    rivals: int  # households with two coupons of a rivals group
    category: int  # households with too many of a category
    new: int  # households with too few new ones
    most: int
    least: int
    offer_budget: int
    funder_budget: int
    budget: int
    fairness: int  # tiers and sizes
    worst: str  # of each kind the one that is furthest off, in words

    @property
    def total(self) -> int:
        """0: every rule and limit is kept."""
        return sum(count for count in self if isinstance(count, int))


def verify(problem: Problem, chosen: Ints) -> Findings:
    """Recount `chosen`, [households, per_sheet] as in Solution, against all that was promised.

    Raises ValueError if its shape is not that of the problem's households and sheets.
    """
    columns, table, rules, limits = problem
    households = len(table.places)
    if chosen.shape != (households, rules.per_sheet):
        raise ValueError(
            f"{chosen.shape} sheets, not {(households, rules.per_sheet)}: households, per sheet"
        )
    offers, bands = len(columns.funder), limits.tiers * limits.sizes
    coupons, cost = np.zeros(offers), np.zeros(offers)
    face, printed = np.zeros(bands), np.zeros(bands)
    broken = np.zeros(5, np.int64)
    for first in range(0, households, _BLOCK):
        rows = slice(first, first + _BLOCK)
        sheets, band = chosen[rows], np.broadcast_to(table.band[rows, None], chosen[rows].shape)
        begin, end = table.starts[:-1][rows, None], table.starts[1:][rows, None]
        own = (sheets >= begin) & (sheets < end)
        again = np.zeros(sheets.shape, np.bool_)
        again[:, 1:] = own[:, 1:] & (sheets[:, 1:] <= sheets[:, :-1])
        broken[0] += np.count_nonzero((sheets >= 0).sum(axis=1) != table.places[rows])
        broken[1] += np.count_nonzero((sheets >= 0) & ~own) + np.count_nonzero(again)
        column = table.column[sheets[own]].astype(np.int64)
        broken[2] += _crowded(own, columns.rivals[column], 1)
        broken[3] += _crowded(own, columns.category[column], rules.per_category)
        broken[4] += _too_few_new(problem, first, sheets, own)
        offer = columns.offer[column]
        expected = table.chance[sheets[own]].astype(np.float64) * columns.cost[column]
        coupons += np.bincount(offer, minlength=offers)
        cost += np.bincount(offer, weights=expected, minlength=offers)
        face += np.bincount(band[own], weights=columns.face[column], minlength=bands)
        printed += np.bincount(band[own], minlength=bands)
    by_funder = np.zeros(len(limits.funder_budget))
    np.add.at(by_funder, columns.funder, cost)
    shares = []  # (share of the limit that it is off by, kind, words)
    for kind, name, used, limit, sign in (
        ("most", "coupons of offer {}", coupons, limits.most, 1),
        ("least", "coupons of offer {}", coupons, limits.least, -1),
        ("offer_budget", "expected cost of offer {}", cost, limits.offer_budget, 1),
        ("funder_budget", "expected cost of funder {}", by_funder, limits.funder_budget, 1),
        ("budget", "expected cost of all{:.0}", np.array([cost.sum()]), [limits.budget], 1),
    ):
        for at in np.flatnonzero(sign * used > sign * np.asarray(limit)).tolist():
            is_at = "least" if sign < 0 else "most"
            words = f"{name.format(str(at))}: {used[at]:.8g}, not at {is_at} {limit[at]:.8g}"
            shares.append((abs(used[at] / max(limit[at], 1e-12) - 1), kind, words))
    shares += _unfair(problem, face, printed)
    kinds = [kind for _, kind, _ in shares]
    counts = [kinds.count(name) for name in Findings._fields[5:11]]
    worst = [f"{rule}: {n}" for rule, n in zip(_RULES, broken.tolist(), strict=True) if n]
    for name in Findings._fields[5:11]:
        worst += [max(share for share in shares if share[1] == name)[2]] if name in kinds else []
    return Findings._make([*broken.tolist(), *counts, "; ".join(worst) or _NOTHING])


def _crowded(own: npt.NDArray[np.bool_], group: Ints, most: int) -> int:
    """Households with more than `most` of one group; group: of the coupons that `own` marks."""
    if own.shape[1] <= most:
        return 0
    sheets = np.broadcast_to(-1 - np.arange(own.shape[1]), own.shape).copy()  # all different
    sheets[own] = group
    sheets.sort(axis=1)
    return int(np.count_nonzero((sheets[:, most:] == sheets[:, :-most]).any(axis=1)))


def _too_few_new(problem: Problem, first: int, sheets: Ints, own: npt.NDArray[np.bool_]) -> int:
    """Households without the new coupons that they have places and offers for."""
    columns, table, rules, _ = problem
    is_new = np.zeros(sheets.shape, np.bool_)
    is_new[own] = table.is_new[sheets[own]]
    new, places = is_new.sum(axis=1), table.places[first : first + len(sheets)]
    wanted = np.minimum(rules.new_at_least, places).astype(np.int64)
    rows = np.flatnonzero(new < wanted)  # of these it counts what they could have
    sizes = np.diff(table.starts)[first + rows]
    before = np.cumsum(sizes) - sizes
    items = np.arange(sizes.sum()) + np.repeat(table.starts[first + rows] - before, sizes)
    owner = np.repeat(np.arange(len(rows)), sizes)[table.is_new[items]]
    column = table.column[items[table.is_new[items]]]
    groups = np.unique(np.stack([owner, columns.category[column], columns.rivals[column]]), axis=1)
    of_category, in_category = np.unique(groups[:2], axis=1, return_counts=True)
    could = np.zeros(len(rows), np.int64)
    np.add.at(could, of_category[0], np.minimum(in_category, rules.per_category))
    return int(np.count_nonzero(new[rows] < np.minimum(wanted[rows], could)))


def _unfair(
    problem: Problem, face: npt.NDArray[np.float64], printed: npt.NDArray[np.float64]
) -> list[tuple[float, str, str]]:
    limits = problem.limits
    if limits.fairness == np.inf or not printed.sum():
        return []
    mean = face.sum() / printed.sum()
    shares = []
    for name, axis in (("tier", 1), ("size", 0)):
        grid = (limits.tiers, limits.sizes)
        own_face, own = face.reshape(grid).sum(axis=axis), printed.reshape(grid).sum(axis=axis)
        for at in np.flatnonzero(own).tolist():
            off = abs(own_face[at] / own[at] / mean - 1)
            if off > limits.fairness + _FAIR:
                words = (
                    f"mean face value of {name} {at}: {own_face[at] / own[at]:.8g}, "
                    f"not within {limits.fairness:.4g} of {mean:.8g}"
                )
                shares.append((off, "fairness", words))
    return shares
