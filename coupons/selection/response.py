"""How likely each household is to use each offer before anything was learned: need times
propensity, in closed form. response_learning.py learns to do better. PURE.

    need       = purchases expected of the offer's own products
                 + TYPE_SHARE * (purchases expected of their types * the offer's share in them)
                 + ANY_NEED
    propensity = household's coupons used a mailing * (its share of coupon lines + ANY_COUPON)
                 * the offer's rate of use
    odds       = base odds * (need * propensity, over their typical values) ** SHARPNESS
    chance     = odds / (1 + odds / MOST)

A household and an offer nobody knows yet get the base rate at a typical need, and each of the four
pulls its own way from there; no chance exceeds MOST. TYPICAL_NEED, SHARPNESS and MOST come from
the first five campaigns of Complete Journey that ended before July 2017. On the thirteen later
ones the chances tell used coupons from others with an AUC of .92 and explain 26 % of the log-loss;
the 500 highest promise .25 and keep .17, so treat the top as an order more than as a figure.
"""

from math import exp, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from loyalty.shopper.kernel import Flags, Floats, Households, Ints, Ints32, Statistics, group
from loyalty.shopper.reasons import LAPSED_DAYS, LAPSED_GAPS

TYPE_SHARE = 0.5
ANY_NEED = 0.002
ANY_COUPON = 0.01

# What a household or an offer is taken for before it has shown anything, and how much showing it
# takes: a household uses 0.4 coupons a mailing, believed like 1 mailing; 1.5 % of its lines carry
# a coupon, believed like 20 lines; an offer is used at the base rate, believed like 800 coupons;
# and of all coupons 1 % are used, believed like 500.
_HOUSEHOLD_RATE, _HOUSEHOLD_MAILINGS = 0.4, 1.0
_COUPON_SHARE, _COUPON_LINES = 0.015, 20.0
_OFFER_COUPONS = 800.0
USUAL_RATE, _COUPONS = 0.01, 500  # a grocer's mailing of personal coupons

TYPICAL_NEED = 0.025
SHARPNESS = 0.65
MOST = 0.5

BUY, BACK, NEW = 0, 1, 2
"""Why an offer suits: the household buys it, used to buy it, or never did."""


class Offers(NamedTuple):
    """The offers of a mailing, in a fixed order."""

    starts: Ints  # int64[offers + 1]: where each offer's products begin
    products: Ints32  # product numbers, offer after offer, none twice in an offer
    category: Ints32  # int32[offers], the category it counts in
    rate: Floats  # float64[offers], > 0: share of its coupons used, see offer_rates()


class Coverage(NamedTuple):
    """Which offers cover which product type, and how much of what is sold of it."""

    starts: Ints  # int64[types + 1]
    offers: Ints32
    share: Floats  # 0 to 1


class Response(NamedTuple):
    """For every household of a bucket (rows) and every offer (columns)."""

    probability: Floats  # of the coupon being used, within 0 and 1
    best: Ints32  # row in the product statistics of what speaks most for the offer; -1: nothing
    tag: npt.NDArray[np.int8]  # BUY, BACK or NEW
    knows_category: Flags  # whether it ever bought anything in the offer's category


def household_rates(used: Ints, mailings: Ints) -> Floats:
    """Coupons a household uses of a mailing, pulled towards 0.4 as by one mailing more."""
    return (used + _HOUSEHOLD_RATE * _HOUSEHOLD_MAILINGS) / (mailings + _HOUSEHOLD_MAILINGS)


def base_rate(used: Ints, handed_out: Ints) -> float:
    """Share of all coupons handed out that were used, pulled to 1 % as by 500 more."""
    return float((used.sum() + USUAL_RATE * _COUPONS) / (handed_out.sum() + _COUPONS))


def offer_rates(used: Ints, printed: Ints, *, base_rate: float) -> Floats:
    """Share of an offer's coupons that are used, pulled towards `base_rate` as by 800 more."""
    return (used + _OFFER_COUPONS * base_rate) / (printed + _OFFER_COUPONS)


def coupon_shares(households: Households) -> Floats:
    """Share of a household's lines that carry a coupon, pulled towards 1.5 % as by 20 more."""
    return (households.coupon_lines + _COUPON_SHARE * _COUPON_LINES) / (
        households.lines + _COUPON_LINES
    )


def coverage(offers: Offers, type_of_product: Ints32, sold: Ints, *, types: int) -> Coverage:
    """Work out how much of each type's sales the offers cover.

    type_of_product: int32[products], -1 for products left out; sold: int64[products], how often
    each was bought, by all households. A type nobody bought is covered by none.
    """
    count = len(offers.starts) - 1
    known = type_of_product >= 0
    of_type = np.bincount(type_of_product[known], sold[known], types)
    offer = np.repeat(np.arange(count, dtype=np.int64), np.diff(offers.starts))
    kind = type_of_product[offers.products]
    here = (kind >= 0) & (sold[offers.products] > 0)
    key = kind[here].astype(np.int64) * count + offer[here]
    cells, cell = np.unique(key, return_inverse=True)
    covered = np.bincount(cell, sold[offers.products[here]], len(cells))
    starts = np.searchsorted(cells, np.arange(types + 1, dtype=np.int64) * count)
    return Coverage(
        starts.astype(np.int64),
        (cells % count).astype(np.int32),
        covered / of_type[cells // count],
    )


def log_odds(
    need: Floats,
    type_need: Floats,
    *,
    household_rate: Floats,
    coupon_share: Floats,
    offer_rate: Floats,
    base_rate: float,
) -> Floats:
    """The log odds of the closed form, before MOST caps them; arrays that broadcast together.

    need, type_need: purchases expected of the offer's own products, and of their types times the
    offer's share in them. The rates are above 0.
    """
    typical = log(_HOUSEHOLD_RATE) + log(_COUPON_SHARE + ANY_COUPON)
    pull = (
        np.log((need + TYPE_SHARE * type_need + ANY_NEED) / TYPICAL_NEED)
        + np.log(household_rate)
        + np.log(coupon_share + ANY_COUPON)
        - typical
        + np.log(offer_rate / base_rate)
    )
    odds: Floats = log(base_rate / (1.0 - base_rate)) + SHARPNESS * pull
    return odds


def respond(
    products: Statistics,
    product_needs: Floats,
    product_gaps: Floats,
    types: Statistics,
    type_needs: Floats,
    offers: Offers,
    coverage: Coverage,
    *,
    category_of_product: Ints32,
    categories: int,
    household_rate: Floats,
    base_rate: float,
) -> Response:
    """Say how likely each household of a bucket is to use each offer, and what speaks for it.

    products, types: the bucket's statistics at either level, of the same day. product_needs,
    type_needs: purchases expected of their pairs in 28 days (needs.expected). product_gaps:
    float64[pairs], days between purchases (needs.usual_gaps). category_of_product: int32[products],
    -1 for none. household_rate: household_rates(). base_rate: share of all coupons that are used,
    within 0 and 1. Raises ValueError if a rate is not positive.
    """
    if not 0.0 < base_rate < 1.0:
        raise ValueError(f"base rate is {base_rate}, not between 0 and 1")
    if (offers.rate <= 0).any() or (household_rate <= 0).any():
        raise ValueError("rates of households and offers are above 0: pull them to a prior first")
    count = len(offers.starts) - 1
    offer = np.repeat(np.arange(count, dtype=np.int32), np.diff(offers.starts))
    by_product, product_starts = group(offers.products, len(category_of_product))
    typical = np.log(_HOUSEHOLD_RATE) + np.log(_COUPON_SHARE + ANY_COUPON)
    propensity = np.log(household_rate) + np.log(coupon_shares(products.households) + ANY_COUPON)
    shape = (len(products.starts) - 1, count)
    response = Response(
        np.empty(shape, np.float64),
        np.empty(shape, np.int32),
        np.empty(shape, np.int8),
        np.empty(shape, np.bool_),
    )
    lapsed = (products.as_of - products.last) > np.maximum(LAPSED_DAYS, LAPSED_GAPS * product_gaps)
    _respond(
        products.starts, products.item, product_needs, lapsed, product_starts, offer[by_product],
        category_of_product, categories, types.starts, types.item, type_needs, coverage,
        propensity - typical, np.log(offers.rate / base_rate), offers.category,
        log(base_rate / (1.0 - base_rate)), response,
    )  # fmt: skip
    return response


@njit(cache=True, nogil=True)
def _respond(
    starts: Ints,
    product: Ints32,
    product_need: Floats,
    lapsed: Flags,
    product_starts: Ints,
    product_offers: Ints32,
    category_of_product: Ints32,
    categories: int,
    type_starts: Ints,
    kind: Ints32,
    type_need: Floats,
    coverage: Coverage,
    household: Floats,
    offer: Floats,
    offer_category: Ints32,
    base: float,
    response: Response,
) -> None:
    offers = len(offer)
    known = np.full(categories, -1, np.int64)  # the last household seen to buy in the category
    need = np.empty(offers, np.float64)
    strongest = np.empty(offers, np.float64)
    for h in range(len(starts) - 1):
        for o in range(offers):
            need[o] = 0.0
            strongest[o] = -1.0
            response.best[h, o] = -1
        for row in range(type_starts[h], type_starts[h + 1]):
            t = kind[row]
            for at in range(coverage.starts[t], coverage.starts[t + 1]):
                need[coverage.offers[at]] += TYPE_SHARE * type_need[row] * coverage.share[at]
        for row in range(starts[h], starts[h + 1]):
            p = product[row]
            if category_of_product[p] >= 0:
                known[category_of_product[p]] = h
            for at in range(product_starts[p], product_starts[p + 1]):
                o = product_offers[at]
                need[o] += product_need[row]
                if product_need[row] > strongest[o]:
                    strongest[o] = product_need[row]
                    response.best[h, o] = row
        for o in range(offers):
            pull = log((need[o] + ANY_NEED) / TYPICAL_NEED) + household[h] + offer[o]
            odds = exp(base + SHARPNESS * pull)
            response.probability[h, o] = odds / (1.0 + odds / MOST)
            response.knows_category[h, o] = known[offer_category[o]] == h
            row = response.best[h, o]
            if row < 0:
                response.tag[h, o] = NEW
            elif lapsed[row]:
                response.tag[h, o] = BACK
            else:
                response.tag[h, o] = BUY
