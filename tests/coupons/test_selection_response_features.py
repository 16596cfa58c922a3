"""What is known of a household and an offer when a mailing begins, and nothing later."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection import response_features
from coupons.selection.response_features import AT, FEATURES, Past, Promised, Shop
from loyalty.shopper.kernel import EPOCH, Lines, statistics
from loyalty.shopper.needs_features import BINS

TODAY = (date(2026, 3, 2) - EPOCH).days
# Coffee, filter coffee, milk and oats: three types in two categories, of two brands and none.
TYPE = np.array([0, 0, 1, 2], np.int32)
CATEGORY_OF_TYPE = np.array([0, 1, 1], np.int32)
BRAND = np.array([0, 1, 0, -1], np.int32)
TABLES = {"product": np.ones(BINS), "type": np.ones(BINS)}
HOMES = 4


def lines(rows) -> Lines:
    """Purchase lines from (household, product, days ago, coupon); days to come are below 0."""
    rows = sorted(rows, key=lambda row: -row[2])
    household, product, ago, coupon = np.array(rows, np.int64).reshape(-1, 4).T
    ones = np.ones(len(rows), np.int64)
    return Lines(
        household.astype(np.int32), product.astype(np.int32), (TODAY - ago).astype(np.int32),
        ones, ones * 1000, ones * 100, ones * 0, coupon.astype(bool),
    )  # fmt: skip


def buys(household, product, every, *, coupon=False, since=0):
    return [(household, product, ago, coupon) for ago in range(since + 1, 200, every)]


def past(uses=(), mailings=(0,) * HOMES) -> Past:
    """Coupons used, from (household, offer, days ago), and mailings each household got."""
    household, offer, ago = np.array(list(uses), np.int64).reshape(-1, 3).T
    return Past(
        household.astype(np.int32),
        offer.astype(np.int32),
        (TODAY - ago).astype(np.int32),
        np.array(mailings, np.int64),
    )


def tell(rows, *offers, uses=(), used=None, handed_out=None, printed=False):
    """The features by household, offer and name."""
    bought = lines(rows)
    products, types = (
        statistics(bought, item, households=HOMES, items=items, as_of=TODAY)
        for item, items in ((np.arange(4, dtype=np.int32), 4), (TYPE, 3))
    )
    shop = Shop(TYPE, CATEGORY_OF_TYPE, BRAND, products.items, types.items)
    starts = np.cumsum([0, *(len(offer) for offer in offers)])
    members = np.array([product for offer in offers for product in offer], np.int32)
    count = len(offers)
    promised = Promised(
        response_features.mix(starts, members, TYPE, 3),
        np.zeros(count, np.int64) if handed_out is None else np.array(handed_out),
        np.zeros(count, np.int64) if used is None else np.array(used),
    )
    hand = response_features.describe(
        shop, promised, np.arange(count), starts, members, printed=printed, as_of=TODAY
    )
    table = response_features.features(
        np.arange(HOMES), products, types, bought, past(uses), shop, hand, TABLES
    )
    return table.reshape(HOMES, count, len(FEATURES))


def test_the_offer_s_products_and_those_of_its_type_count_apart():
    table = tell(buys(0, 0, 7) + buys(1, 1, 7), [0], [2])
    assert table[0, 0, AT["need"]] > 1 > table[1, 0, AT["need"]] == 0
    assert table[1, 0, AT["type_need"]] > 0 == table[1, 1, AT["type_need"]]
    assert table[0, 0, AT["known"]] == 1
    assert (table[2] == table[3]).all()  # two that bought nothing at all
    assert (table[2, :, AT["since_trip"]] == 90).all()


def test_coupons_on_purchases_and_coupons_used_are_counted_where_they_fit():
    rows = buys(0, 0, 20) + buys(1, 0, 20, coupon=True)
    table = tell(rows, [0], [1], [2], uses=[(2, 2, 10)])
    assert table[1, 0, AT["coupons"]] == 10 > table[0, 0, AT["coupons"]] == 0
    assert table[1, 0, AT["coupon_share"]] > table[0, 0, AT["coupon_share"]]
    assert table[2, :, AT["types_used"]].tolist() == [0, 0, 1]
    assert table[2, 0, AT["used90"]] > 0.9 > table[1, 0, AT["used90"]] == 0
    assert table[2, 0, AT["use_rate"]] > table[1, 0, AT["use_rate"]]


def test_brands_and_categories_reach_beyond_the_type():
    table = tell(buys(0, 0, 7) + buys(1, 3, 7), [0], [2], uses=[(3, 0, 5)])
    assert table[0, 1, AT["brand_days150"]] > 0 == table[1, 1, AT["brand_days150"]]
    assert table[1, 1, AT["category_need"]] > 0 == table[0, 1, AT["category_need"]]
    assert table[3, :, AT["categories_used"]].tolist() == [1, 0]


def test_an_offer_that_was_used_more_is_told_and_so_are_its_types():
    table = tell(buys(0, 0, 7), [0], [0], [2], used=[900, 0, 0], handed_out=[1000, 1000, 1000])
    rates = table[0, :, AT["offer_rate"]]
    assert rates[0] > rates[1] == rates[2]
    types = table[0, :, AT["type_rate"]]
    assert types[0] == types[1] > types[2]


def test_the_household_s_own_offers_are_ranked():
    table = tell(buys(0, 0, 7) + buys(0, 2, 20), [2], [0], [3])
    assert table[0, :, AT["days150_rank"]] == pytest.approx([1 / 3, 0, 2 / 3])
    assert (tell(buys(0, 0, 7), [0], printed=True)[0, :, AT["printed"]] == 1).all()


def test_nothing_from_the_day_on_changes_anything():
    rows, uses = buys(0, 0, 7) + buys(1, 2, 9, coupon=True), [(0, 1, 3)]
    later = [(0, 2, 0, True), (1, 0, 0, True), (2, 1, -5, False), (3, 3, -40, True)]
    known = tell(rows, [0], [1, 2], uses=uses)
    assert (known == tell(rows + later, [0], [1, 2], uses=[*uses, (2, 0, 0), (1, 1, -9)])).all()


def test_statistics_of_another_day_are_refused():
    bought = lines(buys(0, 0, 7))
    told = statistics(
        bought, np.arange(4, dtype=np.int32), households=HOMES, items=4, as_of=TODAY - 1
    )
    shop = Shop(TYPE, CATEGORY_OF_TYPE, BRAND, told.items, told.items)
    starts, products = np.array([0, 1]), np.array([2], np.int32)
    promised = Promised(
        response_features.mix(starts, products, TYPE, 3), np.array([1]), np.array([0])
    )
    hand = response_features.describe(
        shop, promised, np.array([0]), starts, products, printed=False, as_of=TODAY
    )
    with pytest.raises(ValueError, match=f"as of day {TODAY - 1} .* as of {TODAY}"):
        response_features.features(np.arange(HOMES), told, told, bought, past(), shop, hand, TABLES)


line = st.tuples(st.integers(0, HOMES - 1), st.integers(0, 3), st.integers(-3, 3000), st.booleans())
use = st.tuples(st.integers(0, HOMES - 1), st.integers(0, 2), st.integers(-3, 3000))


@settings(max_examples=50, deadline=None)
@given(st.lists(line, max_size=30), st.lists(use, max_size=10), st.integers(0, 10**9))
def test_whatever_comes_every_feature_is_a_number(rows, uses, many):
    table = tell(rows, [0, 1, 2, 3], [3], [], uses=uses, used=[0, many, 0], handed_out=[0, many, 5])
    assert np.isfinite(table).all()


def test_a_mailing_without_offers_and_a_bucket_without_households_are_empty():
    assert tell(buys(0, 0, 7)).shape == (HOMES, 0, len(FEATURES))
