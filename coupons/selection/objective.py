"""What printing a coupon is expected to bring: the margin that would not come without it. PURE.

    value   = chance * (factor * benefit - ours)
    benefit = (1 - anyway) * margin of the units that must be bought
              + trips * away * margin of a usual trip of the household
    anyway  = usual + (1 - usual) * need
    ours    = expected cost * (1 - the funder's share) - the fee its funder pays

chance is that of redemption; need, that the household buys of the offer's products without it
while it is good; away, that it would not come at all in these days. A sheet is no reward for its
own sake: what is saved by who would have bought anyway is a cost and nothing else.

`usual` (PRIORS.anyway) and `trips` (PRIORS.trips) are a prior, not a finding. It stands until
hold-outs have shown what coupons change; then the factors of FittedModel kind `uplift` (`factors`)
multiply the benefit of each kind, and pull it to what was measured.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons.selection.response import ANY_NEED, BACK, BUY, MOST, NEW, SHARPNESS
from loyalty.shopper.kernel import Floats, Ints, Ints32

TAGS = {BUY: "buy", BACK: "back", NEW: "new"}
HORIZON_DAYS = 28
"""What beliefs' chances of a purchase look ahead."""


class Prior(NamedTuple):
    """Of those who use a coupon, before anything was measured."""

    anyway: float  # share that would have bought as much margin without it, at no need at all
    trips: float  # share that comes for it, of those who would have stayed away


PRIORS = {
    # A reward for what it buys already. Few lay in more than usual; most keep the coupon for the
    # day on which they would have bought it.
    BUY: Prior(anyway=0.60, trips=0.10),
    # A win-back: not bought for two months and three of its usual gaps. Few come back to it by
    # themselves; some only come back from something else on the same shelf, whose margin goes.
    BACK: Prior(anyway=0.35, trips=0.30),
    # A discovery: seldom tried without a reason, but often in place of what they buy otherwise;
    # and a coupon on an unknown thing brings few into the shop.
    NEW: Prior(anyway=0.40, trips=0.10),
}
PRIOR_FACTOR_SD = 0.5
"""How far the prior's benefit may be off, as a share of it (a standard deviation)."""

ELASTICITY = 0.9
"""The odds of redemption grow with the face value to this power: a prior, too. Below 1, so that
doubling the worth does not double what is used."""

FAVOURITE_NEED = 1.0
"""Purchases in 28 days that a household is taken to want, at least, of what it said it likes."""
FAVOURITE_FACTOR = 1.25
"""What it said it likes is worth so many times what just makes it onto its sheet, at least: its
word beats what we infer. See keeping.raise_favourites()."""

SENSITIVE_SPREAD = 0.5
"""The value of a sensitive offer lies between 1 -/+ half of this times its mean, by lot."""

USUAL_TRIP_CENTS = 25_00.0
"""A household's usual trip is pulled to this as by one trip."""

_MOST_ODDS = 1e6
DECAY_45_PER_DAY = 0.015403270679109896  # ln 2 / 45: days bought, halved every 45, to a pace


class Economics(NamedTuple):
    """What one redemption of each column brings and takes, float64[columns]; store currency."""

    margin: Floats  # of the units that must be bought, at their usual price
    ours: Floats  # of its expected cost, less the fee: below 0 where the funder pays more
    step: Floats  # face over that of the offer's first level, > 0


class Need(NamedTuple):
    """What is believed of the own products of each offer, float64[households, offers]."""

    need: Floats  # chance that any is bought while coupons are good
    expected: Floats  # purchases in 28 days, of what was bought before
    more: Floats  # ... and of what is popular, where little is known of the household


def factors(parameters: Mapping[str, Any] | None) -> Floats:
    """What multiplies the benefit, by tag, from a FittedModel of kind uplift; 1 without one."""
    known = parameters or {}
    return np.array([float(known.get(TAGS[tag], {}).get("factor", 1.0)) for tag in sorted(TAGS)])


def over_days(chance: Floats, days: int) -> Floats:
    """The chance within `days` of what has this chance within 28."""
    return -np.expm1(np.log1p(-np.clip(chance, 0.0, 1.0 - 1e-12)) * (days / HORIZON_DAYS))


def away(comes: Floats, decayed: Floats, days: int) -> Floats:
    """Each household's chance of not coming at all in `days`.

    comes: of coming in 28 days, 1 where nothing was learned; decayed: shopping days, each halved
    every 45 days: their pace says as much where nothing else does. Who never came may stay away.
    """
    by_pace = np.exp(-np.maximum(decayed, 0.0) * DECAY_45_PER_DAY * days)
    return np.where(comes < 1.0, 1.0 - over_days(comes, days), by_pace)


def need_of_offers(
    starts: Ints,
    item: Ints32,
    probability: Floats,
    expected: Floats,
    popular: tuple[Ints32, Ints32, Floats],
    product_starts: Ints,
    product_offers: Ints32,
    *,
    offers: int,
    days: int,
) -> Need:
    """Tell how far the households need each offer's own products.

    starts, item, probability, expected: pairs of household and product, as beliefs have them.
    popular: household, product and chance of what was not bought yet. product_starts,
    product_offers: the offers of each product.
    """
    households = len(starts) - 1
    stays = np.zeros((households, offers))
    own, more = np.zeros((households, offers)), np.zeros((households, offers))
    home, what, chance = popular
    _sum_needs(
        starts, item, np.log1p(-np.clip(probability, 0.0, 1.0 - 1e-12)), expected,
        home, what, np.log1p(-np.clip(chance, 0.0, 1.0 - 1e-12)),
        product_starts, product_offers, stays, own, more,
    )  # fmt: skip
    return Need(-np.expm1(stays * (days / HORIZON_DAYS)), own, more)


@njit(cache=True, nogil=True)
def _sum_needs(
    starts: Ints,
    item: Ints32,
    log_stays: Floats,
    expected: Floats,
    popular_home: Ints32,
    popular_item: Ints32,
    popular_stays: Floats,
    product_starts: Ints,
    product_offers: Ints32,
    stays: Floats,
    own: Floats,
    more: Floats,
) -> None:
    for h in range(len(starts) - 1):
        for row in range(starts[h], starts[h + 1]):
            p = item[row]
            for at in range(product_starts[p], product_starts[p + 1]):
                stays[h, product_offers[at]] += log_stays[row]
                own[h, product_offers[at]] += expected[row]
    for row in range(len(popular_home)):
        h, p = popular_home[row], popular_item[row]
        for at in range(product_starts[p], product_starts[p + 1]):
            stays[h, product_offers[at]] += popular_stays[row]
            more[h, product_offers[at]] -= popular_stays[row]


def wanted_more(chance: Floats, expected: Floats, more: Floats) -> Floats:
    """The chance of redemption if `more` purchases are wanted than the `expected` ones.

    By the closed form of response.py: odds grow with the need to the power of SHARPNESS. Where
    nothing more is wanted, the chance stays what it was, to the bit; elsewhere MOST caps it,
    unless it was higher before.
    """
    grown = odds(chance) * ((expected + more + ANY_NEED) / (expected + ANY_NEED)) ** SHARPNESS
    raised = np.maximum(np.minimum(grown / (1.0 + grown), MOST), chance)
    return np.where(more > 0, raised, chance)


def odds(chance: Floats) -> Floats:
    kept = np.clip(np.nan_to_num(chance, nan=0.0), 0.0, 1.0)
    result: Floats = np.minimum(kept / np.maximum(1.0 - kept, 1.0 / _MOST_ODDS), _MOST_ODDS)
    return result


def at_level(chance: Floats, step: Floats) -> Floats:
    """The chance of redemption at `step` times the first level's face value."""
    grown = odds(chance) * np.where(step > 0, step, 1.0) ** ELASTICITY
    return np.where(step == 1.0, np.clip(np.nan_to_num(chance), 0.0, 1.0), grown / (1.0 + grown))


def anyway(tag: npt.NDArray[np.int8], need: Floats) -> Floats:
    """Of those who use it, the share that would have bought without the coupon, 0 to 1."""
    usual = np.array([PRIORS[kind].anyway for kind in sorted(PRIORS)])[tag]
    share: Floats = usual + (1.0 - usual) * np.clip(np.nan_to_num(need), 0.0, 1.0)
    return share


def benefit(
    tag: npt.NDArray[np.int8], need: Floats, margin: Floats, trip: Floats, factors: Floats
) -> Floats:
    """Margin of one redemption that would not come otherwise, before what the coupon costs.

    margin: of the units that must be bought; trip: of the trips of who would have stayed away
    (its chance of that times the margin of a usual trip). All of them a value an item.
    """
    comes_for_it = np.array([PRIORS[kind].trips for kind in sorted(PRIORS)])[tag]
    gained = (1.0 - anyway(tag, need)) * margin + comes_for_it * trip
    return np.nan_to_num(factors[tag] * gained)


def value(chance: Floats, benefit: Floats, ours: Floats) -> Floats:
    """Margin that printing it is expected to bring, store currency, of any sign, finite."""
    return np.nan_to_num(chance * (benefit - ours), posinf=0.0, neginf=0.0)


def mixed(worth: Floats, lot: Floats) -> Floats:
    """The value of a sensitive offer for a household that drew `lot`, 0 to 1."""
    return worth * (1.0 + SENSITIVE_SPREAD * (lot - 0.5))
