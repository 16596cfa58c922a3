"""What a sheet changed at households that used none of its coupons. PURE.

Whether a held-out household would have used a coupon is not known. Within a stratum of households
alike in tier and in what was predicted of their sheet, those held out are taken to buy as those
who did not redeem would have bought without a sheet (principal ignorability: Ding & Lu, "Principal
stratification analysis using principal scores", 2017). So the strata of the held out count by how
many of their kind did not redeem. Strata are fixed by the selection, before anything was bought.
If, within a stratum, who redeems buys more anyway, the estimate is too low by that much.
"""

from collections.abc import Sequence

import numpy as np

from coupons.proof import effects
from coupons.proof.effects import Effects
from coupons.proof.moments import Floats, Ints, Moments

LEAST = 10
"""Households that a stratum has in each arm; smaller ones are put together with the next."""


def not_redeemed(
    never: Moments, held_out: Moments, outcome: int, covariates: Sequence[int] = ()
) -> Effects:
    """The effect on who got a sheet and used no coupon of it, one cell.

    never, held_out: of each stratum, those who redeemed nothing and those held out.
    NaN if there are not two households of each.
    """
    group = joined(never.rows, held_out.rows)
    groups = int(group.max(initial=-1)) + 1
    arms = [moments.together(group, groups) for moments in (never, held_out)]
    slopes = effects.common_slopes(arms, outcome, covariates)
    (one, its), (other, others) = (
        effects.adjusted_means(arm, outcome, covariates, slopes) for arm in arms
    )
    weight = arms[0].rows / max(int(arms[0].rows.sum()), 1)
    if not groups or not np.isfinite(its + others).all():
        nothing = np.full(1, np.nan)
        return Effects(nothing, nothing, nothing)
    parts = np.concatenate([weight**2 * its, weight**2 * others])
    rows = np.concatenate([arm.rows for arm in arms])
    variance = parts.sum()
    free = variance**2 / (parts**2 / (rows - 1.0)).sum() if variance > 0 else rows.sum() - 2.0
    return Effects(
        np.array([(weight * (one - other)).sum()]), np.array([variance**0.5]), np.array([free])
    )


def joined(never: Ints, held_out: Ints) -> Ints:
    """Put neighbouring strata together until each has LEAST households of both arms.

    Returns the group of each stratum, ascending from 0. What is left over at the end joins the
    group before it.
    """
    group = np.zeros(len(never), np.int64)
    here = mine = other = 0
    for at in range(len(never)):
        group[at] = here
        mine, other = mine + int(never[at]), other + int(held_out[at])
        if mine >= LEAST and other >= LEAST:
            here, mine, other = here + 1, 0, 0
    if here:
        group[group == here] = here - 1
    return group


def edges(counts: Ints, parts: int) -> Floats:
    """Where `parts` parts of equal number end, over a histogram of equal steps from 0 to 1.

    counts: int64[steps]. Returns float64[parts - 1], ascending, as shares of the scale.
    """
    total = np.cumsum(counts)
    wanted = total[-1] * np.arange(1, parts) / parts if len(total) else np.zeros(parts - 1)
    return (np.searchsorted(total, wanted) + 1) / max(len(counts), 1)
