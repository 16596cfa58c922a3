"""What a household is worth, told in the shop's words."""

import numpy as np
import pytest

from loyalty.shopper import value
from tests.loyalty.test_shopper_kernel import HOUSEHOLDS, line, told


def test_recency_frequency_and_monetary_count_days_and_the_last_year():
    h = told([line(day=20, cents=900), line(day=390), line(day=390, basket=2), line(day=397)])
    rfm = value.recency_frequency_monetary(h.households, as_of=400)
    assert rfm.recency_days.tolist() == [3, -1, -1, -1]
    assert rfm.frequency.tolist() == [3, 0, 0, 0]
    assert rfm.monetary_cents.tolist() == [300, 0, 0, 0]


def test_tiers_are_cut_at_half_a_fifth_and_a_twentieth_of_those_who_spend():
    amounts = np.concatenate([np.zeros(50, np.int64), np.arange(1, 101)])
    thresholds = value.tier_thresholds(amounts)
    assert thresholds == (51, 81, 96)
    named = [value.tier(int(amount), thresholds) for amount in amounts]
    assert {name: named.count(name) for name in value.TIERS} == {
        "bronze": 100, "silver": 30, "gold": 15, "platinum": 5,
    }  # fmt: skip


def test_a_household_that_spent_nothing_is_bronze_even_where_nobody_did():
    thresholds = value.tier_thresholds(np.zeros(9, np.int64))
    assert value.tier(0, thresholds) == "bronze"


def test_a_steady_household_is_expected_to_go_on():
    h = told([line(day=day, cents=50_00) for day in range(36, 400, 7)]).households
    ahead = value.year_ahead(h, as_of=400)
    assert ahead.cents[0] == pytest.approx(52 * 50_00, rel=0.01)
    assert 0.4 * ahead.cents[0] < ahead.margin_cents[0] < 0.6 * ahead.cents[0]
    assert ahead.cents[1] == 0


def test_a_household_that_stays_away_is_expected_to_spend_less():
    steady = [line(day=day, cents=50_00) for day in range(36, 400, 7)]
    gone = [line(household=1, day=day, cents=50_00) for day in range(36, 260, 7)]
    ahead = value.year_ahead(told(steady + gone).households, as_of=400)
    assert ahead.cents[1] < ahead.cents[0] / 2


def test_one_great_purchase_this_week_is_not_taken_for_a_habit():
    ahead = value.year_ahead(told([line(day=398, cents=100_00)]).households, as_of=400)
    assert ahead.cents[0] < 52 * 30_00


def test_the_average_basket_and_the_share_of_coupon_lines():
    h = told([line(cents=150), line(basket=2, cents=151, coupon=True)]).households
    assert value.average_basket_cents(h).tolist() == [150, 0, 0, 0]
    assert value.coupon_line_shares(h).tolist() == [0.5, 0, 0, 0]
    assert len(value.last_year_cents(h)) == HOUSEHOLDS


def test_a_favourite_weekday_is_clear_or_none():
    counts = np.array(
        [[0, 4, 0, 0, 0, 9, 0], [2, 2, 2, 2, 2, 2, 2], [0, 3, 0, 0, 0, 0, 0], [5, 0, 5, 0, 0, 0, 0]]
    )
    assert value.favourite_weekdays(counts).tolist() == [5, -1, -1, 0]
    assert value.favourite_weekdays(counts, least_share=0.6).tolist() == [5, -1, -1, -1]
