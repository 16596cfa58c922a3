"""Lots: what is drawn for a household does not depend on what it bought, nor on who else is in
its bucket. PURE.

A lot is a hash of the selection's seed, the household and a counter (Steele, Lea and Flood's
splitmix64), so it is the same on any machine and in any order, and another seed gives another.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / (1 << 53)


class Drawn(NamedTuple):
    """What lots drew, [households, lots]."""

    offer: Ints32  # its position; -1: nothing was left to draw
    share: Floats  # the chance with which it was, given what was drawn before it; 0 of nothing


@njit(cache=True, nogil=True)
def _scatter(x: np.uint64) -> np.uint64:
    x = (x ^ (x >> _30)) * _FIRST
    x = (x ^ (x >> _27)) * _SECOND
    return x ^ (x >> _31)


@njit(cache=True, nogil=True)
def _lot(seed: np.uint64, household: np.uint64, count: np.uint64) -> float:
    """A number from 0 up to, not including, 1."""
    x = _scatter(seed + _STEP)
    x = _scatter((x ^ household) + _STEP)
    x = _scatter((x ^ count) + _STEP)
    return float(x >> _11) * _UNIT


@njit(cache=True, nogil=True)
def _lots(seed: np.uint64, households: Ints, counters: Ints, result: Floats) -> None:
    for h in range(len(households)):
        for at in range(len(counters)):
            result[h, at] = _lot(seed, np.uint64(households[h]), np.uint64(counters[at]))


def lots(seed: int, households: Ints, counters: Ints) -> Floats:
    """One lot for each household and counter, float64[households, counters], within [0, 1).

    Counters from 0 up to MOST_LOTS are those of random_slots.
    """
    result = np.empty((len(households), len(counters)))
    _lots(np.uint64(seed), households.astype(np.int64), counters.astype(np.int64), result)
    return result


MOST_LOTS = 256


def random_slots(seed: int, households: Ints, may: Flags, category: Ints, count: int) -> Drawn:
    """Draw up to `count` offers for each household, each from another category.

    households: int64, ids. may: bool[households, offers], what may be drawn for it. category:
    int64[offers]. Every draw takes each of the offers left with the same chance: those that may be
    drawn, without the categories already drawn from. Raises ValueError if `count` is not within
    0 and MOST_LOTS.
    """
    if not 0 <= count <= MOST_LOTS:
        raise ValueError(f"{count} lots for a household, not 0 to {MOST_LOTS}")
    drawn = Drawn(
        np.full((len(households), count), -1, np.int32), np.zeros((len(households), count))
    )
    _draw(
        np.uint64(seed), households.astype(np.int64), may, category.astype(np.int64),
        drawn.offer, drawn.share,
    )  # fmt: skip
    return drawn


@njit(cache=True, nogil=True)
def _draw(
    seed: np.uint64,
    households: Ints,
    may: Flags,
    category: Ints,
    offer: Ints32,
    share: Floats,
) -> None:
    left = np.empty(may.shape[1], np.int32)
    for h in range(len(households)):
        n = 0
        for o in range(may.shape[1]):
            if may[h, o]:
                left[n] = o
                n += 1
        for draw in range(offer.shape[1]):
            if n == 0:
                break
            lot = _lot(seed, np.uint64(households[h]), np.uint64(draw))
            taken = left[min(int(lot * n), n - 1)]
            offer[h, draw] = taken
            share[h, draw] = 1.0 / n
            kept = 0
            for at in range(n):
                if category[left[at]] != category[taken]:
                    left[kept] = left[at]
                    kept += 1
            n = kept
