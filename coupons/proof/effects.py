"""What a mailing changed: households that got it against those held out, with an interval. PURE.

Who is held out is random, so the difference of means is unbiased. What a household did before the
mailing explains much of what it does anyway: with coefficients common to both arms that part is
taken off (CUPED: Deng, Xu, Kohavi & Walker, "Improving the Sensitivity of Online Controlled
Experiments by Utilizing Pre-Experiment Data", 2013), which narrows the interval and moves nothing.
Intervals are Welch's: arms may vary differently, and the smaller one sets the degrees of freedom.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special  # type: ignore[import-untyped] # ships no types

from coupons.proof.moments import Floats, Moments

CONFIDENCE = 0.95


class Effects(NamedTuple):
    """Estimates, float64[cells] each; NaN where an arm has less than two rows, or no weight."""

    value: Floats
    se: Floats
    df: Floats

    @property
    def half(self) -> Floats:
        """Half the width of the interval."""
        half: Floats = self.se * special.stdtrit(self.df, 0.5 + CONFIDENCE / 2)
        return half

    @property
    def low(self) -> Floats:
        return self.value - self.half

    @property
    def high(self) -> Floats:
        return self.value + self.half


class _Arm(NamedTuple):
    rows: Floats
    weight: Floats
    means: Floats  # [cells, columns]
    spread: Floats  # [cells, columns, columns] sums of products of deviations


def difference(
    treated: Moments, held_out: Moments, outcome: int, covariates: Sequence[int] = ()
) -> Effects:
    """The mean of column `outcome` of who was treated, less that of who was held out.

    covariates: columns known before the mailing, whose chance differences are taken off.
    With weights other than 1 means are self-normalised, sum(w y) / sum(w), and the variance is
    that of a ratio.
    """
    arms = (_arm(treated), _arm(held_out))
    slopes = _slopes([arm.spread for arm in arms], outcome, covariates)
    sent, kept = (_adjusted(arm, outcome, covariates, slopes) for arm in arms)
    return _less(sent, kept, len(covariates))


def mean(moments: Moments, outcome: int) -> Effects:
    """The self-normalised mean of one column, with Student's interval."""
    arm = _arm(moments)
    value, variance = _adjusted(arm, outcome, (), np.zeros((len(arm.rows), 0)))[:2]
    free: Floats = np.where(arm.rows >= 2, arm.rows - 1.0, np.nan)
    return Effects(value, np.sqrt(variance), free)


def contrast(
    treated: Moments, held_out: Moments | None, first: tuple[int, int], second: tuple[int, int]
) -> Effects:
    """How far the ratio of two columns is above another ratio, within the same households.

    first, second: columns (numerator, denominator). With held_out, the treated's contrast less
    theirs. Households weigh by their denominators; a household's own rows may depend on each other.
    """
    value, variance = _contrast(treated, first, second)
    if held_out is None:
        return Effects(value, np.sqrt(variance), treated.rows.astype(np.float64) - 1.0)
    other, its = _contrast(held_out, first, second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return Effects(
            value - other,
            np.sqrt(variance + its),
            _welch(variance, its, treated.rows.astype(float), held_out.rows.astype(float)),
        )


def common_slopes(arms: Sequence[Moments], outcome: int, covariates: Sequence[int]) -> Floats:
    """Coefficients of the covariates over all cells and arms together, each within its own mean."""
    spread = [_arm(arm).spread for arm in arms]
    whole = [np.nansum(part, axis=0, keepdims=True) for part in spread]
    slopes: Floats = _slopes(whole, outcome, covariates)[0]
    return slopes


def adjusted_means(
    moments: Moments, outcome: int, covariates: Sequence[int], slopes: Floats
) -> tuple[Floats, Floats]:
    """Means of `outcome` less slopes times covariates, and their variances; float64[cells]."""
    arm = _arm(moments)
    every = np.broadcast_to(slopes, (len(arm.rows), len(covariates)))
    return _adjusted(arm, outcome, covariates, every)[:2]


def _arm(moments: Moments) -> _Arm:
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = moments.sums[:, 0]
        means = moments.sums / weight[:, None]
        means[(moments.rows < 2) | (weight == 0)] = np.nan
        of_weight = moments.cross[:, 0, :]
        crossed = means[:, :, None] * of_weight[:, None, :]
        spread = (
            moments.cross
            - crossed
            - np.swapaxes(crossed, 1, 2)
            + means[:, :, None] * means[:, None, :] * moments.cross[:, :1, :1]
        )
    return _Arm(moments.rows.astype(np.float64), weight, means, spread)


def _slopes(spreads: Sequence[Floats], outcome: int, covariates: Sequence[int]) -> Floats:
    """[cells, covariates] of the regression of the outcome within arms."""
    columns = list(covariates)
    total: Floats = np.nan_to_num(np.sum(spreads, axis=0))
    if not columns:
        return np.zeros((len(total), 0))
    within = total[:, columns][:, :, columns]
    # Scaled to correlations, so that columns that say the same twice do no harm.
    scale = np.sqrt(np.maximum(np.einsum("cii->ci", within), 0.0))
    scale[scale == 0] = 1.0
    with_outcome = total[:, columns, outcome] / scale
    inverse = np.linalg.pinv(within / scale[:, :, None] / scale[:, None, :], rcond=1e-9)
    slopes: Floats = np.einsum("cij,cj->ci", inverse, with_outcome) / scale
    return slopes


def _adjusted(
    arm: _Arm, outcome: int, covariates: Sequence[int], slopes: Floats
) -> tuple[Floats, Floats, Floats]:
    """Mean, its variance, and the rows of each cell."""
    columns = [outcome, *covariates]
    combined = np.concatenate([np.ones((len(slopes), 1)), -slopes], axis=1)
    value = np.einsum("ci,ci->c", arm.means[:, columns], combined)
    part = arm.spread[:, columns][:, :, columns]
    squares = np.maximum(np.einsum("ci,cij,cj->c", combined, part, combined), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = squares / arm.weight**2 * arm.rows / (arm.rows - 1.0)
    variance[~(arm.rows >= 2)] = np.nan
    return value, variance, arm.rows


def _less(
    treated: tuple[Floats, Floats, Floats],
    held_out: tuple[Floats, Floats, Floats],
    covariates: int,
) -> Effects:
    (one, its, rows), (other, others, other_rows) = treated, held_out
    free = rows + other_rows - 2.0
    with np.errstate(divide="ignore", invalid="ignore"):
        spent = np.where(free > covariates, free / (free - covariates), np.nan)
        return Effects(
            one - other, np.sqrt((its + others) * spent), _welch(its, others, rows, other_rows)
        )


def _welch(one: Floats, other: Floats, rows: Floats, other_rows: Floats) -> Floats:
    """Satterthwaite's degrees of freedom; those of both arms where nothing varies."""
    free: Floats = (one + other) ** 2 / (one**2 / (rows - 1.0) + other**2 / (other_rows - 1.0))
    out: Floats = np.where(one + other > 0, free, rows + other_rows - 2.0)
    return out


def _contrast(
    moments: Moments, first: tuple[int, int], second: tuple[int, int]
) -> tuple[Floats, Floats]:
    """The difference of two ratios and its variance, each household's part taken together."""
    (a, b), (c, d) = first, second
    sums, cross = moments.sums, moments.cross
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = sums[:, a] / sums[:, b], sums[:, c] / sums[:, d]
        columns = [a, b, c, d]
        share = np.stack(
            [1 / sums[:, b], -one / sums[:, b], -1 / sums[:, d], other / sums[:, d]], axis=1
        )
        squares = np.einsum("ci,cij,cj->c", share, cross[:, columns][:, :, columns], share)
        variance = np.maximum(squares, 0.0) * moments.rows / (moments.rows - 1.0)
    apart: Floats = one - other
    return apart, variance
