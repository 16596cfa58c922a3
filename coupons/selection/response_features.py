"""What is known of a household and an offer on the day a mailing begins, as numbers. PURE.

Nothing here is learned: response_learning.py weighs these numbers. Every one of them counts only
what lies before the day of the statistics, and can be worked out for one bucket of households
from its own lines and from sums over all households. What grows with the calendar alone (mailings
so far, days since the first purchase) is left out: it would say of every later mailing what it
said of the last that was learned from.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons.selection import response
from loyalty.shopper import needs_features
from loyalty.shopper.kernel import Floats, Ints, Ints32, Items, Lines, Statistics, group

Floats32 = npt.NDArray[np.float32]

# The household and the offer together; the household; the offer; and the offer's place among all
# of the mailing's, for the household: 0 first, 1 last.
PAIR = (
    "need type_need category_need known days14 days45 days150 coupons type_coupons"
    " type_days14 type_days45 type_days150 brand_days150 types_used categories_used basket_share"
).split()
HOUSEHOLD = (
    "trips45 since_trip spent45 coupon_share coupons45 discount_share used90 use_rate"
).split()
OFFER = "products types sold45 buyers offer_rate type_rate offers covered printed".split()
RANKS = "type_need_rank days150_rank".split()
FEATURES = ("prior", *PAIR, *HOUSEHOLD, *OFFER, *RANKS)
"""Names of the columns of features(), in order. `prior` is the closed form's log odds."""

AT = {name: column for column, name in enumerate(FEATURES)}

# Of the types an offer is for, how much was used of what was handed out: pulled to the base rate.
_TYPE_COUPONS = 400.0
_NEVER_DAYS = 90  # a household away for longer is away for good
_USED_HALF_LIFE_DAYS, _TRIPS_HALF_LIFE_DAYS = 90.0, 45.0


class Shop(NamedTuple):
    """What products are, and what everybody did with them before the day."""

    type_of_product: Ints32  # -1: left out
    category_of_type: Ints32
    brand_of_product: Ints32  # 0 .. brands - 1, or -1 for none
    products: Items  # sums over all households
    types: Items


class Mix(NamedTuple):
    """Parts of each offer, offer after offer."""

    starts: Ints  # int64[offers + 1]
    part: Ints32  # a type or a brand
    share: Floats  # of the offer's products, 0 to 1


class Promised(NamedTuple):
    """Every offer ever made up to the day, and how its coupons fared before it."""

    types: Mix
    handed_out: Ints  # coupons of each offer that reached a household before the day
    used: Ints  # of those, so far


class Past(NamedTuple):
    """What the bucket's households did with coupons before the day."""

    household: Ints32  # of each coupon used, its household's row in the bucket
    offer: Ints32  # and its place among all offers
    day: Ints32  # days since 2000-01-01
    mailings: Ints  # int64[households]: mailings received


class Hand(NamedTuple):
    """The offers of one mailing, described as of one day."""

    as_of: int
    product_starts: Ints  # offers by product
    product_offers: Ints32
    coverage: response.Coverage  # offers by type, with the share they cover of its sales
    types: Mix  # of the mailing's offers, by number of products
    brands: Mix
    all_types: Mix  # of all offers: what was used earlier need not be in this mailing
    categories: int
    brand_count: int
    base_rate: float
    figures: Floats  # [offers, len(OFFER)]


def describe(
    shop: Shop,
    promised: Promised,
    columns: Ints,
    starts: Ints,
    products: Ints32,
    *,
    printed: bool,
    as_of: int,
) -> Hand:
    """Describe a mailing's offers on the day `as_of`.

    columns: their places among all offers; starts, products: their products, offer after offer,
    none twice in an offer. printed: whether a household gets those chosen for it, rather than
    all. shop and promised are as they were on the morning of the day.
    """
    kinds, makers = len(shop.category_of_type), int(shop.brand_of_product.max(initial=-1)) + 1
    count = len(columns)
    sold = shop.products.decayed[:, 1]
    offers = response.Offers(starts, products, np.zeros(count, np.int32), np.ones(count))
    coverage = response.coverage(offers, shop.type_of_product, sold, types=kinds)
    types = mix(starts, products, shop.type_of_product, kinds)
    base_rate = response.base_rate(promised.used, promised.handed_out)
    rates = response.offer_rates(promised.used, promised.handed_out, base_rate=base_rate)
    type_rates = (_by_type(promised, promised.used, kinds) + _TYPE_COUPONS * base_rate) / (
        _by_type(promised, promised.handed_out, kinds) + _TYPE_COUPONS
    )
    offer = np.repeat(np.arange(count), np.diff(types.starts))
    figures = np.column_stack(
        [
            np.diff(starts),
            np.diff(types.starts),
            _part(starts, products, sold),
            _part(starts, products, shop.products.buyers),
            rates[columns],
            np.bincount(offer, types.share * type_rates[types.part], count),
            np.full(count, count),
            np.bincount(coverage.offers, coverage.share, count),
            np.full(count, printed),
        ]
    ).astype(np.float64)
    by_product, product_starts = group(products, len(shop.type_of_product))
    each = np.repeat(np.arange(count, dtype=np.int32), np.diff(starts))
    return Hand(
        as_of, product_starts, each[by_product], coverage, types,
        mix(starts, products, shop.brand_of_product, makers), promised.types,
        int(shop.category_of_type.max(initial=-1)) + 1, makers, base_rate, figures,
    )  # fmt: skip


def mix(starts: Ints, products: Ints32, part_of_product: Ints32, parts: int) -> Mix:
    """Which part of each offer's products is of which type (or brand), by their number."""
    count = len(starts) - 1
    offer = np.repeat(np.arange(count, dtype=np.int64), np.diff(starts))
    part = part_of_product[products]
    known = part >= 0
    cells, sizes = np.unique(offer[known] * max(parts, 1) + part[known], return_counts=True)
    return mix_of(cells // max(parts, 1), cells % max(parts, 1), sizes, count)


def mix_of(offer: Ints, part: Ints, sizes: Ints, count: int) -> Mix:
    """The mix of `count` offers, from the products of each offer and part, in their order."""
    whole = np.bincount(offer, sizes, count)
    starts = np.searchsorted(offer, np.arange(count + 1)).astype(np.int64)
    return Mix(starts, part.astype(np.int32), sizes / whole[offer])


def _by_type(promised: Promised, value: Ints, kinds: int) -> Floats:
    types = promised.types
    each = np.repeat(value, np.diff(types.starts))
    return np.asarray(np.bincount(types.part, types.share * each, kinds), dtype=np.float64)


def _part(starts: Ints, products: Ints32, value: Ints) -> Floats:
    """Which part of the value of all products is that of each offer's."""
    total = np.append(0, np.cumsum(value[products]))
    return np.asarray((total[starts[1:]] - total[starts[:-1]]) / max(value.sum(), 1))


def expected(seen: Statistics, items: Items, table: Floats) -> Floats:
    """Purchases each pair is expected to make in 28 days, by its pace: float64[pairs]."""
    pace = needs_features.pace(seen, items)
    rate: Floats = pace.rate * table[pace.bin]
    return rate


def features(
    rows: Ints,
    products: Statistics,
    types: Statistics,
    lines: Lines,
    past: Past,
    shop: Shop,
    hand: Hand,
    tables: dict[str, Floats],
) -> Floats32:
    """Tell what is known of households `rows` of a bucket and each offer of `hand`.

    products, types: the bucket's statistics as of the day of `hand`; lines: its purchase lines,
    of which later ones are left out. tables: needs.Model.table of the levels product and type.
    Returns float32[rows * offers, len(FEATURES)], household after household, without NaN. Raises
    ValueError if the statistics are of another day than the offers.
    """
    if not products.as_of == types.as_of == hand.as_of:
        raise ValueError(
            f"statistics as of day {products.as_of} and {types.as_of}, offers as of {hand.as_of}"
        )
    count, homes = len(hand.figures), products.households
    households = len(homes.lines)
    table = np.zeros((len(rows), count, len(FEATURES)), np.float32)
    with_coupon = np.flatnonzero(
        lines.coupon & (lines.day < hand.as_of) & (lines.quantity >= 0)
        & (shop.type_of_product[lines.product] >= 0)
    )  # fmt: skip
    coupon_order, coupon_starts = group(lines.household[with_coupon], households)
    before = np.flatnonzero(past.day < hand.as_of)
    past_order, past_starts = group(past.household[before], households)
    _pairs(
        rows, products.starts, products.item, products.decayed,
        expected(products, shop.products, tables["product"]),
        types.starts, types.item, types.decayed, expected(types, shop.types, tables["type"]),
        coupon_starts, lines.product[with_coupon[coupon_order]],
        past_starts, past.offer[before[past_order]],
        hand.product_starts, hand.product_offers, hand.coverage, hand.types, hand.brands,
        hand.all_types, shop.type_of_product, shop.category_of_type, hand.categories,
        shop.brand_of_product, hand.brand_count, table[:, :, AT["need"]:],
    )  # fmt: skip
    ages = hand.as_of - lines.day[with_coupon].astype(np.float64)
    coupons45 = np.bincount(
        lines.household[with_coupon], np.exp2(-ages / _TRIPS_HALF_LIFE_DAYS), households
    )
    ages = hand.as_of - past.day[before].astype(np.float64)
    used90 = np.bincount(past.household[before], np.exp2(-ages / _USED_HALF_LIFE_DAYS), households)
    used = np.bincount(past.household[before], minlength=households)
    weeks = np.arange(homes.week_cents.shape[1])[::-1] * 7.0 + 3.5
    bought = np.bincount(products.household, products.n, households)
    discounted = np.bincount(products.household, products.discounted_days, households)
    of_household = (
        homes.decayed[:, 1],
        np.where(homes.last < 0, _NEVER_DAYS, np.minimum(hand.as_of - homes.last, _NEVER_DAYS)),
        homes.week_cents @ np.exp2(-weeks / _TRIPS_HALF_LIFE_DAYS) / 100.0,
        response.coupon_shares(homes),
        coupons45,
        discounted / (bought + 1.0),
        used90,
        response.household_rates(used, past.mailings),
    )
    for name, value in zip(HOUSEHOLD, of_household, strict=True):
        table[:, :, AT[name]] = value[rows, None]
    table[:, :, AT[OFFER[0]] : AT[OFFER[-1]] + 1] = hand.figures
    table[:, :, AT["basket_share"]] = table[:, :, AT["days150"]] / (
        homes.decayed[rows, 2, None] + 1.0
    )
    for name, by in (("type_need_rank", "type_need"), ("days150_rank", "days150")):
        table[:, :, AT[name]] = _places(table[:, :, AT[by]]) / max(count, 1)
    table[:, :, AT["prior"]] = response.log_odds(
        table[:, :, AT["need"]].astype(np.float64),
        table[:, :, AT["type_need"]].astype(np.float64),
        household_rate=table[:, :, AT["use_rate"]].astype(np.float64),
        coupon_share=table[:, :, AT["coupon_share"]].astype(np.float64),
        offer_rate=hand.figures[:, OFFER.index("offer_rate")],
        base_rate=hand.base_rate,
    )
    return table.reshape(-1, len(FEATURES))


def _places(value: Floats32) -> Ints:
    """Each offer's place in its household's row, the greatest value first."""
    order = np.argsort(-value, axis=1, kind="stable")
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(value.shape[1])[None, :], axis=1)
    return place


@njit(cache=True, nogil=True)
def _pairs(
    rows: Ints,
    starts: Ints, product: Ints32, decayed: Floats, need: Floats,
    type_starts: Ints, kind: Ints32, type_decayed: Floats, type_need: Floats,
    coupon_starts: Ints, coupon_product: Ints32,
    past_starts: Ints, past_offer: Ints32,
    product_starts: Ints, product_offers: Ints32,
    coverage: response.Coverage, types: Mix, brands: Mix, all_types: Mix,
    type_of_product: Ints32, category_of_type: Ints32, categories: int,
    brand_of_product: Ints32, brand_count: int,
    out: Floats32,
) -> None:  # fmt: skip
    """Fill the columns PAIR: sums over what the household bought, by the offers it falls under."""
    offers = out.shape[1]
    by_brand = np.zeros(brand_count, np.float64)
    by_need = np.zeros(categories, np.float64)
    by_type = np.zeros(len(category_of_type), np.float64)
    by_category = np.zeros(categories, np.float64)
    for at in range(len(rows)):
        h = rows[at]
        by_brand[:] = 0.0
        by_need[:] = 0.0
        by_type[:] = 0.0
        by_category[:] = 0.0
        for row in range(starts[h], starts[h + 1]):
            p = product[row]
            if brand_of_product[p] >= 0:
                by_brand[brand_of_product[p]] += decayed[row, 2]
            for place in range(product_starts[p], product_starts[p + 1]):
                one = out[at, product_offers[place]]
                one[0] += need[row]
                one[3] += 1.0
                one[4] += decayed[row, 0]
                one[5] += decayed[row, 1]
                one[6] += decayed[row, 2]
        for row in range(type_starts[h], type_starts[h + 1]):
            t = kind[row]
            by_need[category_of_type[t]] += type_need[row]
            for place in range(coverage.starts[t], coverage.starts[t + 1]):
                one = out[at, coverage.offers[place]]
                share = coverage.share[place]
                one[1] += type_need[row] * share
                one[9] += type_decayed[row, 0] * share
                one[10] += type_decayed[row, 1] * share
                one[11] += type_decayed[row, 2] * share
        for row in range(coupon_starts[h], coupon_starts[h + 1]):
            p = coupon_product[row]
            for place in range(product_starts[p], product_starts[p + 1]):
                out[at, product_offers[place], 7] += 1.0
            t = type_of_product[p]
            for place in range(coverage.starts[t], coverage.starts[t + 1]):
                out[at, coverage.offers[place], 8] += coverage.share[place]
        for row in range(past_starts[h], past_starts[h + 1]):
            offer = past_offer[row]
            for place in range(all_types.starts[offer], all_types.starts[offer + 1]):
                t = all_types.part[place]
                by_type[t] += all_types.share[place]
                by_category[category_of_type[t]] += all_types.share[place]
        for o in range(offers):
            one = out[at, o]
            for place in range(brands.starts[o], brands.starts[o + 1]):
                one[12] += by_brand[brands.part[place]] * brands.share[place]
            for place in range(types.starts[o], types.starts[o + 1]):
                t, share = types.part[place], types.share[place]
                c = category_of_type[t]
                one[2] += by_need[c] * share
                one[13] += by_type[t] * share
                one[14] += by_category[c] * share
