"""What households bought of the offers on their sheets, of goods beside them, and altogether. PURE.

Of each coupon: the offer's own products; neighbours, the other products of their types, which it
may take sales from; and the halo, all other products of their categories. No line is in two parts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons.proof.moments import Floats, Ints

Flags = npt.NDArray[np.bool_]
Ints32 = npt.NDArray[np.int32]
Marks = npt.NDArray[np.int8]

DIRECT, NEIGHBOURS, HALO = 0, 1, 2
PARTS = 3
EARLIER, LATELY, DURING, AFTER = 0, 1, 2, 3
"""Weeks before the mailing, the last four before it, while its coupons are good, four after."""
WINDOWS = 4


class Goods(NamedTuple):
    """Products as offers cover them; positions everywhere. -1: of no known type or category."""

    starts: Ints  # int64[products + 1]
    offers: Ints32  # the offers that product p is of: offers[starts[p]:starts[p + 1]]
    kind: Ints32  # [products] type
    category: Ints32  # [products]
    of_kind: Flags  # [offers, types] whether the offer has a product of the type
    of_category: Flags  # [offers, categories]
    is_everything: Flags  # [offers] good on the whole basket
    margin_share: Floats  # [products] of the price, left after buying it
    offer_margin: Floats  # [offers] mean of its products'


class Sold(NamedTuple):
    """Purchase lines."""

    home: Ints32  # position of the household; -1: of nobody compared
    product: Ints32
    window: Marks  # EARLIER to AFTER; -1: of no interest
    cents: Ints  # paid; negative: given back


class Bought(NamedTuple):
    """Sales (cents) and margin on them (cents), float64, by window in the last axis."""

    coupons: Floats  # [2, coupons, PARTS, WINDOWS] sales, then margin
    tags: Floats  # [2, rows, WINDOWS] of the offers' products, each line once a row
    funders: Floats  # [2, rows, WINDOWS]
    whole: Floats  # [2, households, WINDOWS]


def goods(
    starts: Ints,
    products: Ints32,
    kind: Ints32,
    category: Ints32,
    is_everything: Flags,
    margin_share: Floats,
) -> Goods:
    """Turn the products of each offer round.

    starts: int64[offers + 1] into products, positions. kind, category, margin_share: [products].
    """
    offers = len(starts) - 1
    of_offer = np.repeat(np.arange(offers, dtype=np.int32), np.diff(starts))
    order = np.argsort(products, kind="stable")
    counts = np.bincount(products, minlength=len(kind))
    of_kind = np.zeros((offers, int(kind.max(initial=-1)) + 1), np.bool_)
    of_category = np.zeros((offers, int(category.max(initial=-1)) + 1), np.bool_)
    for flags, node in ((of_kind, kind), (of_category, category)):
        there = node[products] >= 0
        flags[of_offer[there], node[products][there]] = True
    held = np.bincount(of_offer, margin_share[products], offers)
    usual = float(margin_share.mean()) if len(margin_share) else 0.0
    size = np.diff(starts)
    return Goods(
        np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        of_offer[order],
        kind,
        category,
        of_kind,
        of_category,
        is_everything,
        margin_share,
        np.where(size > 0, held / np.maximum(size, 1), usual),
    )


def bought(
    sold: Sold,
    goods: Goods,
    starts: Ints,
    offer: Ints,
    tag_row: Ints,
    funder_row: Ints,
    rows: Sequence[int],
) -> Bought:
    """Sum the lines by what they mean to each household's coupons.

    starts: int64[households + 1] of coupons; offer, tag_row, funder_row: int64[coupons], the
    coupon's offer and in which row of tags and of funders it counts; rows: how many there are.
    """
    coupons = np.zeros((2, len(offer), PARTS, WINDOWS))
    tags, funders = (np.zeros((2, count, WINDOWS)) for count in rows)
    whole = np.zeros((2, len(starts) - 1, WINDOWS))
    _sum(
        sold.home, sold.product, sold.window, sold.cents, goods.starts, goods.offers, goods.kind,
        goods.category, goods.of_kind, goods.of_category, goods.is_everything, goods.margin_share,
        starts, offer, tag_row, funder_row, coupons, tags, funders, whole,
    )  # fmt: skip
    return Bought(coupons, tags, funders, whole)


@njit(cache=True, nogil=True)
def _sum(
    home: Ints32,
    product: Ints32,
    window: Marks,
    cents: Ints,
    offer_starts: Ints,
    offers: Ints32,
    kind: Ints32,
    category: Ints32,
    of_kind: Flags,
    of_category: Flags,
    is_everything: Flags,
    margin_share: Floats,
    starts: Ints,
    offer: Ints,
    tag_row: Ints,
    funder_row: Ints,
    coupons: Floats,
    tags: Floats,
    funders: Floats,
    whole: Floats,
) -> None:
    has_product = np.full(len(is_everything), -1, np.int64)  # the last line seen to be of the offer
    tag_seen = np.full(tags.shape[1], -1, np.int64)
    funder_seen = np.full(funders.shape[1], -1, np.int64)
    for line in range(len(home)):
        h, w = home[line], window[line]
        if h < 0 or w < 0:
            continue
        p = product[line]
        sales = float(cents[line])
        margin = sales * margin_share[p]
        whole[0, h, w] += sales
        whole[1, h, w] += margin
        for at in range(offer_starts[p], offer_starts[p + 1]):
            has_product[offers[at]] = line
        for k in range(starts[h], starts[h + 1]):
            o = offer[k]
            if has_product[o] == line or is_everything[o]:
                part = 0
                if tag_seen[tag_row[k]] != line:
                    tag_seen[tag_row[k]] = line
                    tags[0, tag_row[k], w] += sales
                    tags[1, tag_row[k], w] += margin
                if funder_seen[funder_row[k]] != line:
                    funder_seen[funder_row[k]] = line
                    funders[0, funder_row[k], w] += sales
                    funders[1, funder_row[k], w] += margin
            elif kind[p] >= 0 and of_kind[o, kind[p]]:
                part = 1
            elif category[p] >= 0 and of_category[o, category[p]]:
                part = 2
            else:
                continue
            coupons[0, k, part, w] += sales
            coupons[1, k, part, w] += margin
