"""What each household is worth to the shop: recency, frequency, monetary, tier, years ahead. PURE.

`worth` tells everything of a bucket at once, by a model that `value_learning` fits each month.
Every figure comes from the household's own purchases and the model alone, so it does not depend
on how households are dealt into buckets.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from loyalty.shopper import lifetime, prices, wallet
from loyalty.shopper.kernel import Floats, Households, Ints, Ints32, Items, Statistics

TIERS = ("bronze", "silver", "gold", "platinum")
# Of the households that spent anything, half are bronze, and the best twentieth is platinum.
_TIER_STARTS_PERCENT = (50, 80, 95)

USUAL_MARGIN_SHARE = 0.25
"""What a shop keeps of a cent where it has not said so for any department."""

# A household's own mix of departments counts against 100.00 spent in everybody's mix.
_USUAL_MIX_CENTS = 100_00.0


class RecencyFrequencyMonetary(NamedTuple):
    """The three, one value a household; a household without purchases has -1, 0 and 0."""

    recency_days: Ints  # from the last shopping day to `as_of`, >= 1
    frequency: Ints  # shopping days, not receipts: two receipts in one trip are one visit
    monetary_cents: Ints  # spent in the last 52 weeks


class Tiers(NamedTuple):
    """The least of silver, gold and platinum, in cents a year."""

    spend: tuple[int, ...]
    margin: tuple[int, ...]


class Model(NamedTuple):
    """What was learned of all households in a month."""

    tiers: Tiers
    margin_share: float  # of all spend; stands in for departments that have none
    lifetime: lifetime.Parameters
    wallets: wallet.References
    prices: prices.Norms
    figures: dict[str, Any]  # how it did on households it was not fitted on; plain values


class Worth(NamedTuple):
    """All of it, a value (or a row) a household; cents are whole."""

    recency_days: Ints  # -1: never bought
    frequency: Ints
    monetary_cents: Ints  # spent in the last 52 weeks
    margin_cents: Ints  # kept of that
    tier: Ints  # index in TIERS
    year: lifetime.Ahead  # spend in the next 52 weeks
    lifetime: lifetime.Ahead  # margin in the next three years, discounted
    coupon_shares: Floats
    wallets: wallet.Wallets
    prices: prices.Sensitivity


def worth(
    model: Model,
    everything: Statistics,
    goods: Statistics,
    facts: Items,
    *,
    department_ids: Ints,
    margin_shares: Floats,
) -> Worth:
    """Tell what each household of a bucket is worth.

    everything: by department, with what the model of needs leaves out. goods: by product, of the
    same households and day. facts: what all households did with each product. department_ids:
    int64[departments], database ids; margin_shares: float64[departments], what the shop keeps of
    a cent, 0 to 1; NaN where it has not said.
    """
    homes, as_of = everything.households, everything.as_of
    three = recency_frequency_monetary(homes, as_of=as_of)
    of_a_cent = household_margins(everything, margin_shares, usual=model.margin_share)
    margin = np.rint(three.monetary_cents * of_a_cent).astype(np.int64)
    return Worth(
        recency_days=three.recency_days,
        frequency=three.frequency,
        monetary_cents=three.monetary_cents,
        margin_cents=margin,
        tier=tier_places(three.monetary_cents, margin, model.tiers),
        year=lifetime.forecast(model.lifetime, homes, as_of=as_of),
        lifetime=lifetime.value(model.lifetime, homes, as_of=as_of, margin_shares=of_a_cent),
        coupon_shares=coupon_line_shares(homes),
        wallets=wallet.wallets(model.wallets, everything, department_ids),
        prices=prices.sensitivity(model.prices, goods, facts),
    )


def recency_frequency_monetary(households: Households, *, as_of: int) -> RecencyFrequencyMonetary:
    """Tell how lately, how often and for how much each household shopped before `as_of`."""
    absent = households.shopping_days == 0
    return RecencyFrequencyMonetary(
        np.where(absent, -1, as_of - households.last),
        households.shopping_days,
        last_year_cents(households),
    )


def last_year_cents(households: Households) -> Ints:
    """Spend of the last 52 weeks, int64[households]."""
    cents: Ints = households.week_cents.sum(axis=1)
    return cents


def tier_thresholds(amounts_cents: Ints) -> tuple[int, ...]:
    """Return the least spend of silver, gold and platinum, from all households' spend.

    Households that spent nothing do not count. Of nobody's spend, the thresholds are all 1 cent.
    """
    ranked = np.sort(amounts_cents[amounts_cents > 0])
    if not len(ranked):
        return (1,) * len(_TIER_STARTS_PERCENT)
    return tuple(
        int(ranked[min(len(ranked) * percent // 100, len(ranked) - 1)])
        for percent in _TIER_STARTS_PERCENT
    )


def household_margins(seen: Statistics, margin_shares: Floats, *, usual: float) -> Floats:
    """What the shop keeps of each household's cent, by the departments it buys in: 0 to 1.

    seen: by department. Departments without a share (NaN) count with the usual one, which also
    stands for the first 100.00 of a household's spend.
    """
    known = np.where(np.isnan(margin_shares), usual, np.clip(margin_shares, 0.0, 1.0))
    out: Floats = _margins(seen.starts, seen.item, seen.amount_cents, known, usual)
    return out


@njit(cache=True, nogil=True)
def _margins(starts: Ints, item: Ints32, amount: Ints, shares: Floats, usual: float) -> Floats:
    out = np.zeros(len(starts) - 1)
    for h in range(len(starts) - 1):
        spent, kept = _USUAL_MIX_CENTS, _USUAL_MIX_CENTS * usual
        for row in range(starts[h], starts[h + 1]):
            if amount[row] > 0:
                spent += amount[row]
                kept += amount[row] * shares[item[row]]
        out[h] = kept / spent
    return out


def tier_places(spend_cents: Ints, margin_cents: Ints, tiers: Tiers) -> Ints:
    """Each household's tier, an index in TIERS: by margin, and never far from the tier by spend.

    Margin is what the shop lives on. But it is known by department only, and what a household
    sees is what it spends: so a tier is at most one above or below the one that spend alone gives.
    """
    by_margin = np.searchsorted(tiers.margin, margin_cents, side="right")
    by_spend = np.searchsorted(tiers.spend, spend_cents, side="right")
    return np.clip(by_margin, by_spend - 1, by_spend + 1).clip(0, len(TIERS) - 1).astype(np.int64)


def coupon_line_shares(households: Households) -> Floats:
    """Share of a household's lines that carried a coupon, 0 to 1; 0 without lines."""
    return households.coupon_lines / np.maximum(households.lines, 1)


def favourite_weekdays(counts: Ints, *, least_days: int = 4, least_share: float = 1 / 3) -> Ints:
    """Pick the weekday with the most days: 0 is Monday, and -1 is no favourite.

    counts: int64[rows, 7], days by weekday (Households.weekday_days, or kernel.weekday_counts()
    for a pair). A favourite needs `least_days` days, and `least_share` of all; between equals the
    earlier in the week is taken.
    """
    favourite = counts.argmax(axis=1)
    most, days = counts.max(axis=1), counts.sum(axis=1)
    clear = (most >= least_days) & (most >= least_share * days)
    return np.where(clear, favourite, -1)
