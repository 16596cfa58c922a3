"""How likely a household is to use an offer, and what speaks for it."""

import numpy as np
import pytest

from coupons.selection.response import (
    BACK,
    BUY,
    MOST,
    NEW,
    Offers,
    Response,
    coupon_shares,
    coverage,
    household_rates,
    offer_rates,
    respond,
)
from loyalty.shopper import needs_features
from loyalty.shopper.kernel import Lines, statistics

AS_OF = 400
BASE = 0.01
# Coffee, filter coffee and milk; two types, three categories, the last of them without a product.
TYPE = np.array([0, 0, 1, 1], np.int32)
CATEGORY = np.array([0, 0, 1, 1], np.int32)


def lines(rows) -> Lines:
    """Purchase lines from (household, product, day, coupon)."""
    rows = sorted(rows, key=lambda row: row[2])
    household, product, day, coupon = (np.array(c) for c in zip(*rows, strict=True))
    ones = np.ones(len(rows), np.int64)
    return Lines(
        household.astype(np.int32), product.astype(np.int32), day.astype(np.int32),
        ones, ones * 1000, ones * 100, ones * 0, coupon.astype(bool),
    )  # fmt: skip


def buys(household, product, every, *, until=AS_OF, coupon=False):
    return [(household, product, day, coupon) for day in range(until - every, 0, -every)]


def offers_of(*products, category=None, rate=None) -> Offers:
    starts = np.cumsum([0, *(len(p) for p in products)])
    flat = np.array([p for some in products for p in some], np.int32)
    if category is None:
        category = [int(CATEGORY[some[0]]) for some in products]
    rates = np.full(len(products), BASE) if rate is None else np.array(rate)
    return Offers(starts, flat, np.array(category, np.int32), rates)


def answer(rows, offers, *, households, rate=None, all_rows=None) -> Response:
    """The bucket's response; `all_rows` are the purchases of the whole shop."""
    bought, shop = lines(rows), lines(all_rows or rows)
    tables = {"households": households, "as_of": AS_OF}
    levels = []
    for item_of_product, items in ((np.arange(4, dtype=np.int32), 4), (TYPE, 2)):
        everyone = statistics(shop, item_of_product, items=items, households=9, as_of=AS_OF).items
        told = statistics(bought, item_of_product, items=items, **tables)
        pace = needs_features.pace(told, everyone)
        levels.append((told, pace, everyone))
    (products, product_pace, everyone), (types, type_pace, _) = levels
    return respond(
        products, product_pace.rate, product_pace.usual_gap, types, type_pace.rate,
        offers, coverage(offers, TYPE, everyone.purchases, types=2),
        category_of_product=CATEGORY, categories=3,
        household_rate=np.full(households, 0.4) if rate is None else np.array(rate),
        base_rate=BASE,
    )  # fmt: skip


def test_who_needs_more_of_it_uses_the_coupon_more_likely():
    chance = answer(
        buys(0, 0, 7) + buys(1, 0, 28) + buys(2, 2, 7), offers_of([0]), households=4
    ).probability[:, 0]
    assert 0.5 > chance[0] > chance[1] > max(chance[2], chance[3]) > 0


def test_needing_another_of_the_type_counts_as_far_as_the_offer_covers_it():
    rows = buys(0, 1, 7) + buys(1, 0, 7)
    narrow, wide = answer(rows, offers_of([0], [0, 1]), households=3).probability.T
    assert narrow[0] > narrow[2]  # buys filter coffee, the offer is for coffee
    assert narrow[1] > narrow[0]
    assert wide[0] > narrow[0]


@pytest.mark.parametrize("better", ["household", "offer", "coupons"])
def test_every_sign_of_liking_coupons_makes_a_use_likelier(better):
    rows = buys(0, 0, 9) + buys(1, 0, 9, coupon=better == "coupons")
    chance = answer(
        rows,
        offers_of([0], [0], rate=[BASE, BASE * (3 if better == "offer" else 1)]),
        households=2,
        rate=[0.4, 1.2 if better == "household" else 0.4],
    ).probability
    assert chance[1, 1] > chance[0, 0]


def test_chances_lie_between_nothing_and_the_most_one_may_hope_for():
    chance = answer(
        buys(0, 0, 1, coupon=True), offers_of([0, 1], [2], rate=[0.9, 1e-9]), households=2,
        rate=[50.0, 1e-6],
    ).probability  # fmt: skip
    assert chance.max() < MOST
    assert chance.min() > 0


def test_an_offer_is_tagged_by_what_the_household_did_with_it():
    rows = buys(0, 0, 7) + buys(0, 1, 7, until=200) + buys(0, 2, 7, until=200)
    said = answer(rows, offers_of([0], [1], [3], [0, 1], [2, 3]), households=2)
    assert said.tag.tolist() == [[BUY, BACK, NEW, BUY, BACK], [NEW] * 5]
    assert said.best.tolist() == [[0, 1, -1, 0, 2], [-1] * 5]


def test_a_household_knows_a_category_it_ever_bought_in():
    said = answer(buys(0, 0, 7), offers_of([0], [2], [1], category=[0, 1, 2]), households=2)
    assert said.knows_category.tolist() == [[True, False, False], [False, False, False]]
    assert answer(buys(0, 0, 7), offers_of([1]), households=1).knows_category.all()


def test_households_are_answered_bit_for_bit_alike_in_one_bucket_or_two():
    offers = offers_of([0, 1], [2], [3, 1])
    one, other = buys(0, 0, 7) + buys(0, 1, 90), buys(1, 1, 11)
    whole = answer(one + other, offers, households=2)
    low = answer(one, offers, households=1, all_rows=one + other)
    high = answer([(0, *row[1:]) for row in other], offers, households=1, all_rows=one + other)

    assert np.concatenate([low.probability, high.probability]).tobytes() == (
        whole.probability.tobytes()
    )
    assert np.concatenate([low.tag, high.tag]).tolist() == whole.tag.tolist()


def test_coverage_is_the_share_of_what_is_sold():
    covers = coverage(offers_of([0], [0, 1], [2, 3]), TYPE, np.array([30, 10, 5, 0]), types=2)
    assert covers.starts.tolist() == [0, 2, 3]
    assert covers.offers.tolist() == [0, 1, 2]
    assert covers.share.tolist() == [0.75, 1.0, 1.0]


def test_coverage_passes_over_what_nobody_bought_or_the_model_leaves_out():
    kinds = np.array([0, -1, 1, 1], np.int32)
    covers = coverage(offers_of([1], [3]), kinds, np.array([9, 9, 0, 0]), types=2)
    assert covers.starts.tolist() == [0, 0, 0]


def test_what_is_unknown_is_taken_for_usual():
    assert household_rates(np.array([0, 3]), np.array([0, 1])).tolist() == [0.4, 1.7]
    assert offer_rates(np.array([0, 8]), np.array([0, 800]), base_rate=BASE).tolist() == [
        BASE, 0.01,
    ]  # fmt: skip
    products = statistics(
        lines(buys(0, 0, 20, coupon=True)), np.arange(4, dtype=np.int32),
        households=2, items=4, as_of=AS_OF,
    )  # fmt: skip
    shares = coupon_shares(products.households)
    assert shares[1] == 0.015
    assert shares[0] == pytest.approx((19 + 0.3) / (19 + 20))


def test_rates_must_be_rates():
    with pytest.raises(ValueError, match="above 0"):
        answer(buys(0, 0, 7), offers_of([0], rate=[0.0]), households=1)
    with pytest.raises(ValueError, match="above 0"):
        answer(buys(0, 0, 7), offers_of([0]), households=1, rate=[0.0])
