"""What goes together: how strongly one item, bought, speaks for each other item.

Item against item alone, so the work grows with the households and never with their square.
"""

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Floats, Ints, Ints32, Statistics

RIDGE = 700.0
"""How far weights are pulled to nothing: chosen on 2,467 households, in units of their purchases.

More households speak louder against the same ridge, as they should.
"""

_LONG = 2  # the column of the longest half-life, 150 days


def strengths(statistics: Statistics) -> Floats:
    """Tell how much a household is a buyer of each item it bought, float64[pairs], > 0.

    The logarithm of 1 + the decayed days: the first purchase says most, and old ones fade.
    """
    return np.log1p(statistics.decayed[:, _LONG])


def together(starts: Ints, item: Ints32, strength: Floats, *, items: int) -> Floats:
    """Sum the product of two items' strengths over all households, float64[items, items]."""
    sums = np.zeros((items, items), np.float64)
    _together(starts, item, strength, sums)
    return sums + np.tril(sums, -1).T


def weights(together: Floats, *, ridge: float = RIDGE) -> Floats:
    """Learn how much each item (row) speaks for each other (column), float64[items, items].

    The linear model that tells a household's strength in one item from its other ones with the
    least square error, in closed form (Steck, "Embarrassingly Shallow Autoencoders", 2019). Unlike
    a cosine it does not count twice what two items say alike. The diagonal is 0.
    """
    if not len(together):
        return np.zeros((0, 0), np.float64)
    inverse = np.linalg.inv(together + ridge * np.eye(len(together)))
    learned: Floats = -inverse / np.diag(inverse)
    np.fill_diagonal(learned, 0.0)
    return learned


def spoken_for(starts: Ints, item: Ints32, strength: Floats, weights: Floats) -> Floats:
    """Sum what each household's items say for every item, float64[households, items].

    item: int32[pairs], the row of `weights`; -1 says nothing. A household's items are summed in
    order, so that its figures are the same in whatever company it is asked for.
    """
    sums = np.zeros((len(starts) - 1, weights.shape[1]), np.float64)
    _spoken_for(starts, item, strength, weights, sums)
    return sums


@njit(cache=True, nogil=True)
def _together(starts: Ints, item: Ints32, strength: Floats, sums: Floats) -> None:
    for h in range(len(starts) - 1):
        for a in range(starts[h], starts[h + 1]):
            for b in range(starts[h], a + 1):
                # Ascending in each household: only the lower half is filled.
                sums[item[a], item[b]] += strength[a] * strength[b]


@njit(cache=True, nogil=True)
def _spoken_for(
    starts: Ints, item: Ints32, strength: Floats, weights: Floats, sums: Floats
) -> None:
    for h in range(len(starts) - 1):
        for row in range(starts[h], starts[h + 1]):
            if item[row] < 0:
                continue
            said = weights[item[row]]
            for other in range(len(said)):
                sums[h, other] += strength[row] * said[other]


def loudest(starts: Ints, item: Ints32, strength: Floats, weights: Floats, wanted: Ints) -> Ints:
    """Tell which item of a household speaks loudest for each wanted one.

    wanted: int64[households, k], columns of `weights`, -1 for none. Returns int64[households, k]:
    row numbers of pairs, -1 where nothing speaks for it; between equals the earlier row.
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
