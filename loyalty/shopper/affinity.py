"""What goes together: how strongly one item, bought, speaks for each other item.

Item against item alone, so the work grows with the households and never with their square. Four
voices, each a table of weights learned in closed form: what the amounts bought say, what the bare
fact of buying says, what a household's taste says, and what people tried next who bought the same.
"""

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Statistics

VOICES = ("amounts", "presence", "taste", "next")

# Chosen on 2,467 households; more households speak louder against the same, as they should.
_RIDGE = 700.0
_TASTES, _TASTE_RIDGE = 12, 20.0
_NEXT_RIDGE = 1_000.0

_LONG = 2  # the column of the longest half-life, 150 days


def strengths(seen: Statistics) -> Floats:
    """Tell how much each pair speaks in each of VOICES, float64[voices, pairs], > 0.

    The logarithm of 1 + the decayed days (the first purchase says most, and old ones fade); 1; the
    same logarithm as a share of all the household's (by root of squares); the logarithm again.
    """
    loud = np.log1p(seen.decayed[:, _LONG])
    length = np.sqrt(np.bincount(seen.household, loud * loud, len(seen.starts) - 1))
    return np.stack([loud, np.ones(len(loud)), loud / length[seen.household], loud])


def learn(seen: Statistics, earlier: Statistics, tried: Flags) -> tuple[Floats, Floats]:
    """Learn the voices: (weights float64[voices, items, items], base float64[voices, items]).

    A weight is what an item (row) says for another (column); the base is said anyway. seen: what
    is known now; earlier: what the same households had bought some weeks ago; tried:
    bool[households, items], what they first bought since.
    """
    amounts, presence, taste, _ = (_table(seen, strength) for strength in strengths(seen))
    knew = earlier.households.shopping_days >= 2
    before = _table(earlier, strengths(earlier)[0])[knew]
    items = len(seen.items.buyers)
    weights = np.zeros((len(VOICES), items, items), np.float64)
    base = np.zeros((len(VOICES), items), np.float64)
    if items:
        weights[0], weights[1] = _from_others(amounts), _from_others(presence)
        weights[2] = _by_taste(taste, presence)
        weights[3], base[3] = _next(before, tried[knew].astype(np.float64))
    return weights, base


def _from_others(strength: Floats) -> Floats:
    """Tell each item's strength from the other items' with the least square error.

    In closed form (Steck, "Embarrassingly Shallow Autoencoders", 2019). Unlike a cosine it does
    not count twice what two items say alike.
    """
    inverse = np.linalg.inv(strength.T @ strength + _RIDGE * np.eye(strength.shape[1]))
    weights: Floats = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def _by_taste(direction: Floats, presence: Floats) -> Floats:
    """Tell what is bought from the few main directions in which households differ."""
    variance, axes = np.linalg.eigh(direction.T @ direction)
    variance, axes = variance[-_TASTES:], axes[:, -_TASTES:]
    weights: Floats = (axes / (variance + _TASTE_RIDGE)) @ (axes.T @ (direction.T @ presence))
    return weights


def _next(before: Floats, tried: Floats) -> tuple[Floats, Floats]:
    """Tell what was tried from what had been bought: (weights, base)."""
    known = np.hstack([before, np.ones((len(before), 1))])
    ridge = np.append(np.full(before.shape[1], _NEXT_RIDGE), 1.0)
    weights = np.linalg.solve(known.T @ known + np.diag(ridge), known.T @ tried)
    np.fill_diagonal(weights, 0.0)
    return weights[:-1], weights[-1]


def _table(seen: Statistics, strength: Floats) -> Floats:
    table = np.zeros((len(seen.starts) - 1, len(seen.items.buyers)), np.float64)
    table[seen.household, seen.item] = strength
    return table


def spoken_for(
    starts: Ints, item: Ints32, strength: Floats, weights: Floats, base: Floats
) -> Floats:
    """Sum what each household's items say for every item, float64[households, voices, items].

    item: int32[pairs], the row of `weights`, -1 says nothing; strength: see strengths(). A
    household's items are summed in order, so that its figures are the same in any company.
    """
    sums = np.empty((len(starts) - 1, len(weights), weights.shape[2]), np.float64)
    _spoken_for(starts, item, strength, weights, base, sums)
    return sums


@njit(cache=True, nogil=True)
def _spoken_for(
    starts: Ints, item: Ints32, strength: Floats, weights: Floats, base: Floats, sums: Floats
) -> None:
    for h in range(len(starts) - 1):
        for voice in range(len(weights)):
            heard = sums[h, voice]
            heard[:] = base[voice]
            for row in range(starts[h], starts[h + 1]):
                if item[row] < 0:
                    continue
                said = weights[voice, item[row]]
                loud = strength[voice, row]
                for other in range(len(said)):
                    heard[other] += loud * said[other]


def loudest(starts: Ints, item: Ints32, strength: Floats, weights: Floats, wanted: Ints) -> Ints:
    """Tell which item of a household speaks loudest, in one voice, for each wanted one.

    strength: float64[pairs]; weights: float64[items, items]; wanted: int64[households, k], columns
    of `weights`, -1 for none. Returns int64[households, k]: row numbers of pairs, -1 where nothing
    speaks for it; between equals the earlier row.
    """
    rows = np.full(wanted.shape, -1, np.int64)
    _loudest(starts, item, strength, weights, wanted, rows)
    return rows


@njit(cache=True, nogil=True)
def _loudest(
    starts: Ints, item: Ints32, strength: Floats, weights: Floats, wanted: Ints, rows: Ints
) -> None:
    for h in range(len(starts) - 1):
        for place in range(wanted.shape[1]):
            if wanted[h, place] < 0:
                continue
            most = 0.0
            for row in range(starts[h], starts[h + 1]):
                if item[row] < 0:
                    continue
                said = strength[row] * weights[item[row], wanted[h, place]]
                if said > most:
                    most = said
                    rows[h, place] = row
