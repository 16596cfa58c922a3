"""What a mailing is expected to come to, and how far off that may be. PURE.

Redemptions are a sum over coupons of their chances. It errs for two reasons: luck, which is small
for many coupons (a sum of p(1 - p)), and chances that are all somewhat too high or too low, which
is not. The second is a share of the whole: what past mailings erred by, or, before there are
any, USUAL_ERROR. Offers err more by themselves than a mailing as a whole.
"""

from collections.abc import Sequence
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

USUAL_ERROR = 0.30
"""Standard deviation of the logarithm of what came over what was expected, before it is known."""
OFFER_ERROR = 0.45
"""The same of a single offer, beside the mailing's own."""
_BELIEVED_LIKE = 4.0
"""The usual error counts like so many mailings."""
_Z = 1.96


class Interval(NamedTuple):
    """What is expected, and between what it lies in 95 of 100 cases."""

    mean: float
    low: float
    high: float

    def to_plain(self) -> list[float]:
        return [round(float(value), 4) for value in self]


def error_of(expected: Sequence[float], came: Sequence[float]) -> float:
    """How far mailings went off so far, as a standard deviation of the logarithm.

    expected, came: redemptions, one a mailing; those of which fewer than 5 were expected say
    nothing and are left out.
    """
    logs = [
        log((real + 0.5) / (mean + 0.5))
        for mean, real in zip(expected, came, strict=True)
        if mean >= 5
    ]
    squares = sum(one * one for one in logs) + _BELIEVED_LIKE * USUAL_ERROR**2
    return sqrt(squares / (len(logs) + _BELIEVED_LIKE))


def counted(mean: float, luck: float, error: float) -> Interval:
    """Of a sum that is never below zero. luck: its variance by luck alone; error: see error_of."""
    if mean <= 0:
        return Interval(0.0, 0.0, 0.0)
    spread = sqrt(error**2 + log(1 + luck / mean**2))
    return Interval(mean, mean * exp(-_Z * spread), mean * exp(_Z * spread))


def earned(parts: Floats, errors: Floats, share: float) -> Interval:
    """Of margin: a sum of parts of any sign, each off by its own error, all off by a share."""
    mean = float(parts.sum())
    sd = sqrt(float(((parts * errors) ** 2).sum()) + (share * mean) ** 2)
    return Interval(mean, mean - _Z * sd, mean + _Z * sd)
