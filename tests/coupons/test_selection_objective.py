"""What printing a coupon is expected to bring: margin that would not come without it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.selection import objective
from coupons.selection.objective import (
    anyway,
    at_level,
    away,
    benefit,
    factors,
    mixed,
    need_of_offers,
    over_days,
    value,
    wanted_more,
)
from coupons.selection.response import BACK, BUY, MOST, NEW
from loyalty.shopper.kernel import group

ONES = np.ones(3)
TAGS = np.array([BUY, BACK, NEW], np.int8)


def worth(need, *, margin=2.0, ours=0.5, chance=0.2, trip=0.0, factors=ONES):
    """Of a reward, a win-back and a discovery."""
    gained = benefit(TAGS, np.full(3, need), np.full(3, margin), np.full(3, trip), factors)
    return value(np.full(3, chance), gained, np.full(3, ours))


def test_a_reward_for_what_is_bought_anyway_only_costs():
    assert worth(1.0) == pytest.approx(np.full(3, -0.1))


def test_by_the_prior_a_reward_brings_least_and_a_win_back_most():
    buy, back, new = worth(0.0)
    assert back > new > buy
    assert buy == pytest.approx(0.2 * (0.4 * 2.0 - 0.5))
    assert anyway(TAGS, np.full(3, 0.5)) == pytest.approx([0.8, 0.675, 0.7])


def test_the_more_it_is_needed_the_less_a_coupon_brings():
    assert (worth(0.2) > worth(0.6)).all()


def test_who_would_stay_away_is_won_for_a_trip():
    assert (worth(0.5, trip=3.0) > worth(0.5)).all()
    never, seldom, often = away(np.array([1.0, 1.0, 0.9]), np.array([0.0, 1.0, 9.0]), 28)
    assert never == 1.0
    assert never > seldom > often == pytest.approx(0.1)


def test_what_the_funder_pays_does_not_count_against_it():
    assert (worth(0.5, ours=-0.08) > worth(0.5, ours=0.5)).all()


def test_measured_factors_multiply_the_benefit_of_their_kind():
    measured = factors({"buy": {"factor": 0.5, "sd": 0.1}, "new": {"factor": 2.0, "sd": 0.1}})
    assert measured.tolist() == [0.5, 1.0, 2.0]
    assert worth(0.0, ours=0.0, factors=measured) == pytest.approx(worth(0.0, ours=0.0) * measured)
    assert factors(None).tolist() == [1.0, 1.0, 1.0]


def test_a_higher_worth_is_used_more_but_not_in_proportion():
    once, twice = at_level(np.array([0.02, 0.02]), np.array([1.0, 2.0]))
    assert once == 0.02
    assert once < twice < 2 * once


def test_the_chance_of_28_days_is_less_in_14_and_more_in_56():
    assert over_days(np.array([0.5]), 28) == pytest.approx(0.5)
    assert over_days(np.array([0.5]), 14) == pytest.approx(1 - 0.5**0.5)
    assert over_days(np.array([0.5]), 56) == pytest.approx(0.75)


def test_the_need_of_an_offer_is_that_of_any_of_its_products():
    products = np.array([0, 1, 1], np.int32)  # of the first offer two, of the second one
    offer = np.array([0, 0, 1], np.int32)
    by_product, starts = group(products, 3)
    found = need_of_offers(
        np.array([0, 2, 2]), np.array([0, 1], np.int32), np.array([0.5, 0.2]),
        np.array([0.9, 0.25]),
        (np.array([1], np.int32), np.array([1], np.int32), np.array([0.1])),
        starts, offer[by_product], offers=2, days=28,
    )  # fmt: skip
    assert found.need == pytest.approx(np.array([[0.6, 0.2], [0.1, 0.1]]))
    assert found.expected == pytest.approx(np.array([[1.15, 0.25], [0.0, 0.0]]))
    assert found.more == pytest.approx(np.array([[0.0, 0.0], [0.1054, 0.1054]]), abs=1e-4)


def test_what_is_popular_is_used_more_by_who_is_new():
    chance = np.array([0.01, 0.01, 0.4])
    more = wanted_more(chance, np.zeros(3), np.array([0.0, 0.2, 50.0]))
    assert more[0] == 0.01
    assert 0.01 < more[1] < MOST
    assert more[2] == MOST


def test_sensitive_offers_are_mixed_and_worth_the_same_on_the_whole():
    lots = np.linspace(0, 1, 101)
    values = mixed(np.full(101, 2.0), lots)
    assert values.mean() == pytest.approx(2.0)
    assert (values.min(), values.max()) == (1.5, 2.5)


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(ANY, ANY, ANY, ANY, st.floats(0, 10))
def test_a_value_is_finite_whatever_is_known(chance, need, margin, ours, step):
    with np.errstate(all="ignore"):
        at = at_level(np.full(3, chance), np.full(3, step))
        gained = benefit(TAGS, np.full(3, need), np.full(3, margin), np.zeros(3), ONES)
        found = value(at, gained, np.full(3, ours))
    assert np.isfinite(at).all()
    assert ((at >= 0) & (at <= 1)).all()
    assert np.isfinite(found).all()


def test_the_prior_is_whole_for_every_tag():
    assert set(objective.PRIORS) == set(objective.TAGS) == {BUY, BACK, NEW}
