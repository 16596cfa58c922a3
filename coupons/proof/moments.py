"""Sums from which means, variances and regressions follow, and that add up over buckets. PURE.

A bucket of households returns its moments, a few kilobytes a cell, however many households there
are: nobody ever holds a value of every household.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class Moments(NamedTuple):
    """Of each cell's rows: how many, the sums of their columns, and of products of two columns.

    Column 0 is the weight of a row: 1 where each household counts once. Others are weighted values.
    """

    rows: Ints  # int64[cells]
    sums: Floats  # float64[cells, columns]
    cross: Floats  # float64[cells, columns, columns]

    @classmethod
    def none(cls, cells: int, columns: int) -> Self:
        """Of nobody: what buckets are added to."""
        return cls(
            np.zeros(cells, np.int64),
            np.zeros((cells, columns)),
            np.zeros((cells, columns, columns)),
        )

    def plus(self, other: Self) -> Self:
        """Add another bucket's, of the same cells and columns."""
        return type(self)(self.rows + other.rows, self.sums + other.sums, self.cross + other.cross)

    def of(self, cells: slice | Ints) -> Self:
        """Some of the cells."""
        return type(self)(self.rows[cells], self.sums[cells], self.cross[cells])

    def together(self, group: Ints, groups: int) -> Self:
        """Cells put together: cell i becomes part of cell group[i], or of none where that is -1."""
        out = self.none(groups, self.sums.shape[1])
        there = group >= 0
        for whole, part in zip(out, self, strict=True):
            np.add.at(whole, group[there], part[there])
        return out


def count_up(cell: Ints, value: Floats, cells: int) -> Floats:
    """The sum of the values of each cell."""
    return np.bincount(cell, value, cells).astype(np.float64)


def gather(cell: Ints, columns: Sequence[npt.NDArray[np.generic]], cells: int) -> Moments:
    """Sum the rows of each cell.

    cell: int64[rows], 0 to cells - 1, or -1: the row belongs to none. columns: a value a row each,
    the weight first. Raises ValueError if a cell is out of range or columns differ in length.
    """
    if any(len(column) != len(cell) for column in columns):
        raise ValueError(f"columns of {[len(c) for c in columns]} rows, cells of {len(cell)}")
    if len(cell) and not -1 <= cell.min() <= cell.max() < cells:
        raise ValueError(f"cells are {cell.min()} to {cell.max()}, wanted -1 to {cells - 1}")
    there = cell >= 0
    place = cell[there]
    values = [column[there].astype(np.float64) for column in columns]
    out = Moments.none(cells, len(values))
    out.rows[:] = np.bincount(place, minlength=cells)
    for i, mine in enumerate(values):
        out.sums[:, i] = np.bincount(place, mine, cells)
        for j, other in enumerate(values[: i + 1]):
            out.cross[:, i, j] = out.cross[:, j, i] = np.bincount(place, mine * other, cells)
    return out
