"""When a mailing's coupons come back: its forecast spread over its days. PURE.

A selection forecasts how many coupons will be used in all. How fast they come is what earlier
mailings showed, share of the validity by share of the validity; before there were any, PRIOR.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, log, sqrt
from typing import NamedTuple

STEPS = 20
"""Of a validity, by which mailings of different lengths are compared."""
_Z95, _Z90 = 1.96, 1.645
_PRIOR_WORTH = 200.0
"""The prior counts like so many coupons that were used."""


class Earlier(NamedTuple):
    """What came back of a mailing that is over: coupons used on each of its days."""

    valid_from: date
    valid_to: date
    used: Mapping[date, int]


class Expected(NamedTuple):
    """Coupons used until each day of a mailing: expected, and between what in 90 of 100 cases."""

    days: list[date]
    middle: list[float]
    low: list[float]
    high: list[float]


def prior(share: float) -> float:
    """What part of all is used within the first `share` (0 to 1) of a validity, unseen.

    Most come soon and ever fewer later, with a small rush before the last day: the two findings
    of Inman & McAlister, "Do Coupon Expiration Dates Affect Consumer Behavior?" (1994).
    """
    soon = (1 - exp(-2.0 * share)) / (1 - exp(-2.0))
    return 0.9 * soon + 0.1 * share**8


def shape(earlier: Sequence[Earlier]) -> list[float]:
    """The part of all that is used within each step of a validity: STEPS + 1 figures, 0 to 1."""
    per_step = [_PRIOR_WORTH * (prior((at + 1) / STEPS) - prior(at / STEPS)) for at in range(STEPS)]
    for mailing in earlier:
        length = (mailing.valid_to - mailing.valid_from).days + 1
        for day, used in mailing.used.items():
            if mailing.valid_from <= day <= mailing.valid_to:
                at = (day - mailing.valid_from).days * STEPS // length
                per_step[at] += used
    whole, reached = sum(per_step), [0.0]
    for part in per_step:
        reached.append(reached[-1] + part / whole)
    return reached


def expected(
    valid_from: date, valid_to: date, redemptions: Sequence[float], reached: Sequence[float]
) -> Expected:
    """Spread a selection's forecast over the days of its mailing.

    redemptions: mean, and the ends of its 95 % interval, as a selection's report has them
    reached: see `shape`
    The band is of the logarithm, as the forecast's own is; luck widens it while few have come.
    Raises ValueError if the days are out of order.
    """
    length = (valid_to - valid_from).days + 1
    if length < 1:
        raise ValueError(f"{valid_to} is before {valid_from}")
    mean, _, high = redemptions
    spread = log(high / mean) / _Z95 if mean > 0 and high > mean else 0.0
    told = Expected([], [], [], [])
    for at in range(length):
        middle = mean * _between(reached, (at + 1) / length)
        wide = exp(_Z90 * sqrt(spread**2 + 1 / max(middle, 1.0))) if middle > 0 else 1.0
        told.days.append(valid_from + timedelta(days=at))
        told.middle.append(middle)
        told.low.append(middle / wide)
        told.high.append(middle * wide)
    return told


def so_far(used: Mapping[date, int], valid_from: date, until: date) -> list[int]:
    """Coupons used until each day from `valid_from` to `until`, both in; empty before it began.

    What was used before its first day, at a till that did not know better, counts on the first.
    """
    days = (until - valid_from).days + 1
    total, reached = sum(n for day, n in used.items() if day < valid_from), []
    for at in range(days):
        total += used.get(valid_from + timedelta(days=at), 0)
        reached.append(total)
    return reached


def _between(reached: Sequence[float], share: float) -> float:
    """`reached` at a share of the validity, straight between its steps."""
    place = min(max(share, 0.0), 1.0) * STEPS
    at = min(int(place), STEPS - 1)
    return reached[at] + (place - at) * (reached[at + 1] - reached[at])
