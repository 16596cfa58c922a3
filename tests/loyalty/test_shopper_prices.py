"""Who follows the offers, told in the shop's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import kernel, prices
from loyalty.shopper.kernel import Items
from tests.loyalty.test_shopper_kernel import AS_OF, line, lines_of

EACH = np.arange(5, dtype=np.int32)


def goods(rows, *, households=4, as_of=AS_OF):
    return kernel.statistics(
        lines_of(rows), EACH, households=households, items=len(EACH), as_of=as_of
    )


def facts(purchases, discounted):
    zeros = np.zeros(len(EACH), np.int64)
    return Items(
        buyers=zeros, repeat_buyers=zeros, purchases=np.array(purchases),
        gap_sum=zeros, gap_count=zeros, discounted=np.array(discounted),
        decayed=np.zeros((len(EACH), 3), np.int64),
    )  # fmt: skip


HALF = facts([1000] * 5, [500] * 5)


def bought(household, days, *, on_offer, product=0):
    return [
        line(household=household, product=product, day=day, off=50 if day < on_offer else 0)
        for day in range(days)
    ]


def test_who_buys_on_offer_only_scores_high_and_who_never_does_scores_low():
    rows = bought(0, 60, on_offer=60) + bought(1, 60, on_offer=0) + bought(2, 60, on_offer=30)
    found = prices.sensitivity(prices.DEFAULT, goods(rows), HALF)
    assert found.score[0] > 0.45
    assert found.score[1] < 0.2
    assert found.on_offer.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert found.score[2] == pytest.approx(prices.DEFAULT.usual_share, abs=0.01)


def test_who_buys_what_is_always_on_offer_is_no_bargain_hunter_for_that():
    often_reduced = facts([1000] * 5, [950, 500, 500, 500, 50])
    rows = bought(0, 40, on_offer=38) + bought(1, 40, on_offer=38, product=4)
    found = prices.sensitivity(prices.DEFAULT, goods(rows), often_reduced)
    assert found.score[0] == pytest.approx(prices.DEFAULT.usual_share, abs=0.02)
    assert found.score[1] > found.score[0] + 0.2
    assert found.others[0] > 0.9
    assert found.others[1] < 0.1


def test_a_few_purchases_say_little_and_hardly_any_say_nothing():
    rows = bought(0, 20, on_offer=20) + bought(1, 200, on_offer=200) + bought(2, 14, on_offer=14)
    found = prices.sensitivity(prices.DEFAULT, goods(rows), HALF)
    assert found.known.tolist() == [True, True, False, False]
    assert found.score[0] < found.score[1]
    assert found.score[2] == 0.0


def test_a_households_own_purchases_do_not_vouch_for_it():
    alone = goods(bought(0, 60, on_offer=60))
    found = prices.sensitivity(prices.DEFAULT, alone, alone.items)
    assert found.others[0] == pytest.approx(prices.DEFAULT.usual_share)
    assert found.score[0] > 0.5


def test_an_item_the_sums_do_not_know_counts_as_usual():
    found = prices.sensitivity(
        prices.DEFAULT, goods(bought(0, 30, on_offer=10)), facts([0] * 5, [0] * 5)
    )
    assert found.others[0] == pytest.approx(prices.DEFAULT.usual_share)


A_PURCHASE = st.tuples(
    st.integers(0, 3), st.integers(0, 4), st.integers(0, 450), st.sampled_from([0, 25])
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(A_PURCHASE, max_size=120),
    st.lists(st.integers(0, 50), min_size=10, max_size=10),
    st.randoms(use_true_random=False),
)
def test_every_score_lies_between_0_and_1_whatever_company_the_household_is_in(
    purchases, numbers, random
):
    rows = [line(household=h, product=p, day=day, off=off) for h, p, day, off in purchases]
    sums = facts(numbers[:5], numbers[5:])
    together = prices.sensitivity(prices.DEFAULT, goods(rows), sums)
    for column in together:
        assert np.isfinite(column).all()
        assert ((column >= 0) & (column <= 1)).all()
    later = [line(day=AS_OF, off=9), line(household=3, day=AS_OF + 3)]
    random.shuffle(rows)
    for h in range(4):
        alone = [(0, *row[1:]) for row in rows + later if row[0] == h]
        apart = prices.sensitivity(prices.DEFAULT, goods(alone, households=1), sums)
        for mine, ours in zip(apart, together, strict=True):
            assert mine[0] == ours[h]


def test_how_households_differ_beyond_chance_is_learned():
    random = np.random.default_rng(1)

    def norms(spread):
        # 200 households, 60 purchases each; the taste for offers varies by `spread`.
        odds = random.normal(0, spread, 200)
        rows = [
            line(
                household=h, product=day % 5, day=day,
                off=int(random.random() < 1 / (1 + np.exp(-odds[h]))),
            )
            for day in range(60)
            for h in range(200)
        ]  # fmt: skip
        seen = goods(rows, households=200)
        return prices.fit(seen, seen.items)

    alike, different = norms(0.0), norms(1.0)
    assert alike.usual_share == pytest.approx(0.5, abs=0.03)
    assert alike.spread < 0.1
    assert different.spread > 0.5


def test_the_use_of_offers_cannot_be_learned_from_a_few():
    seen = goods(bought(0, 60, on_offer=20))
    with pytest.raises(ValueError, match="100 households with 15 purchases each; here are 1"):
        prices.fit(seen, seen.items)
    with pytest.raises(ValueError, match="here are 0"):
        prices.fit(goods([]), goods([]).items)
