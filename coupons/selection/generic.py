"""The sheet of a household whose purchases must not choose it: as much worth as others'. PURE."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import (  # type: ignore[import-untyped] # ships no types
    Bounds,
    LinearConstraint,
    milp,
)
from scipy.sparse import csr_array  # type: ignore[import-untyped] # ships no types

from coupons.selection.problem import Columns, Flags, Floats, Ints, Rules

SLACK = 1e-6
"""Store currency: below any coin, above what the solver's sums are off by."""
MOST_NODES = 20_000
"""Of the search, which mostly ends by itself; a limit of time would make it another every day."""


class _Part(NamedTuple):
    """The columns that may be chosen, and what their number keeps to."""

    face: Floats
    worth: Floats
    limits: Any  # a LinearConstraint: coupons in all, of each category, of each rival group


def generic_sheet(
    columns: Columns,
    eligible: Flags,
    worth: Floats,
    rules: Rules,
    face_target: float,
    *,
    tolerance: float = 0.02,
) -> Ints:
    """Return the columns of the best sheet that is worth what others' are, best first.

    eligible: bool[columns] may be chosen at all. worth: float64[columns] average over all
    households, finite. face_target: store currency, what the mean sheet's faces come to. Among
    the sheets whose faces come to within `tolerance` (a share) of it, the one of the greatest
    worth; if there are none, the best of those that come nearest. A sheet has `rules.per_sheet`
    coupons, or as many as the rules leave room for; what is new to a household is not asked.
    Returns int64[coupons]. The same arguments give the same sheet. Raises ValueError if
    `face_target` is not finite and at least 0.
    """
    if not (np.isfinite(face_target) and face_target >= 0):
        raise ValueError(f"faces that come to {face_target} are wanted: 0 or more makes sense")
    may = np.flatnonzero(eligible)
    coupons = _room(columns, may, rules)
    if coupons == 0:
        return np.zeros(0, np.int64)
    part = _Part(columns.face[may], worth[may], _limits(columns, may, rules, coupons))
    chosen = _best(part, face_target, tolerance * face_target)
    if chosen is None:
        nearest = _nearest(part, face_target)
        within = abs(float(part.face[nearest].sum()) - face_target)
        chosen = _best(part, face_target, within)
        if chosen is None:  # the solver's sums differ from ours by more than the slack
            chosen = nearest
    order = np.argsort(-part.worth[chosen], kind="stable")
    return may[chosen][order].astype(np.int64)


def _room(columns: Columns, may: Ints, rules: Rules) -> int:
    """How many coupons a sheet of these columns can have."""
    groups = np.unique(columns.rivals[may], return_index=True)[1]
    in_category = np.bincount(columns.category[may][groups]) if len(groups) else np.zeros(1)
    return int(min(np.minimum(in_category, rules.per_category).sum(), rules.per_sheet))


def _limits(columns: Columns, may: Ints, rules: Rules, coupons: int) -> Any:
    rows: list[npt.NDArray[np.int64]] = [np.zeros(len(may), np.int64)]
    most = [np.array([float(coupons)])]
    first = 1
    for of_column, at_most in ((columns.category, rules.per_category), (columns.rivals, 1)):
        known, place = np.unique(of_column[may], return_inverse=True)
        rows.append(first + place)
        most.append(np.full(len(known), float(at_most)))
        first += len(known)
    matrix = csr_array(
        (
            np.ones(3 * len(may)),
            (np.concatenate(rows), np.tile(np.arange(len(may)), 3)),
        ),
        shape=(first, len(may)),
    )
    upper = np.concatenate(most)
    lower = np.zeros(first)
    lower[0] = coupons
    return LinearConstraint(matrix, lower, upper)


def _best(part: _Part, target: float, within: float) -> Ints | None:
    """The sheet of the greatest worth with faces within so much of the target; None: there is
    none.
    """
    near = LinearConstraint(part.face[None, :], target - within - SLACK, target + within + SLACK)
    return _solved(-part.worth, [part.limits, near], np.ones(len(part.face)))


def _nearest(part: _Part, target: float) -> Ints:
    """A sheet whose faces come nearest to the target."""
    count = len(part.face)
    # One variable more: how far off the faces are, above or below.
    off = np.append(np.zeros(count), 1.0)
    matrix = part.limits.A
    wider = csr_array(matrix)
    wider.resize((matrix.shape[0], count + 1))
    counted = LinearConstraint(wider, part.limits.lb, part.limits.ub)
    above = LinearConstraint(np.append(part.face, -1.0)[None, :], -np.inf, target)
    below = LinearConstraint(np.append(part.face, 1.0)[None, :], target, np.inf)
    chosen = _solved(off, [counted, above, below], np.append(np.ones(count), 0.0))
    assert chosen is not None  # a sheet of so many coupons there is, and any may be off
    return chosen


def _solved(cost: Floats, limits: list[Any], is_whole: Floats) -> Ints | None:
    """The columns (0 or 1) of the least cost; None if no choice keeps to the limits."""
    upper = np.where(is_whole > 0, 1.0, np.inf)
    options: dict[str, Any] = {"mip_rel_gap": 0.0, "node_limit": MOST_NODES}
    found = milp(
        cost, integrality=is_whole, bounds=Bounds(0.0, upper), constraints=limits, options=options
    )
    if found.x is None:
        return None
    return np.flatnonzero((found.x > 0.5) & (is_whole > 0))
