"""How often a household buys an item, how due it is, and which items come first."""

import numpy as np
import pytest

from loyalty.shopper import needs, needs_features
from loyalty.shopper.kernel import Statistics, statistics
from loyalty.shopper.needs_features import Pace
from tests.loyalty.test_shopper_kernel import line, lines_of

PRODUCTS = np.arange(3, dtype=np.int32)


def told(rows, *, as_of=200, households=2) -> Statistics:
    return statistics(lines_of(rows), PRODUCTS, households=households, items=3, as_of=as_of)


def every(days, *, until=200, **rest):
    return [line(day=day, **rest) for day in range(until - days, 0, -days)]


def pace(rows, **rest) -> Pace:
    """The paces of a shop that has no households but these."""
    seen = told(rows, **rest)
    return needs_features.pace(seen, seen.items)


def test_what_is_bought_weekly_has_a_faster_pace_than_what_is_bought_monthly():
    weekly, monthly, once = pace(
        every(7, product=0) + every(28, product=1) + [line(product=2, day=20)]
    ).rate
    assert weekly > monthly > once > 0


def test_a_steady_weekly_purchase_is_expected_nearly_four_times_in_28_days():
    assert 3.2 < pace(every(7, until=2000), as_of=2000).rate[0] < 4.0


def test_due_is_one_when_the_usual_time_has_passed():
    steady = pace(every(10))
    assert steady.usual_gap[0] == 10
    assert steady.due[0] == pytest.approx(1, abs=0.1)


def test_a_gap_is_told_as_it_happened_only_from_the_third_purchase_on():
    twice = [line(day=100), line(day=190)]
    thrice = [line(household=1, day=day) for day in (100, 110, 120)]
    of_the_shop = (90 + 20 + 5 * 30) / (3 + 5)
    assert pace(twice + thrice).usual_gap.tolist() == [(90 + of_the_shop) / 2, 10]


def test_an_item_bought_once_lies_as_far_apart_as_others_buy_it():
    once, bought_by_others = [line(day=190)], every(7, household=1)
    usual = pace(once + bought_by_others).usual_gap
    assert 7 < usual[0] < 15
    assert pace(once).usual_gap[0] == 30


def test_pairs_fall_into_bins_by_times_bought_and_then_by_how_due():
    bins = pace([*every(5, product=0), line(product=1, day=199), line(product=2, day=1)]).bin
    assert bins[0] // 10 == 5  # bought more than ten times
    assert bins[1] == 0  # once, yesterday
    assert bins[2] == 9  # once, long ago


def test_the_likeliest_come_first_and_equals_in_order_of_item():
    s = told([line(product=p, day=9, household=h) for h in (0, 1) for p in (0, 1, 2)])
    chance = np.array([0.2, 0.5, 0.5, 0.1, 0.3, 0.2])
    assert needs.top(s, chance, k=2).tolist() == [1, 2, 4, 5]
    assert needs.top(s, chance, k=9).tolist() == [1, 2, 0, 4, 5, 3]
    assert needs.top(s, chance, k=0).tolist() == []


def test_the_top_is_what_sorting_everything_would_give():
    rng = np.random.default_rng(5)
    wide = statistics(
        lines_of([(h, int(p), 1, 1, 1000, 1, 0, False) for h in range(30)
                  for p in rng.permutation(50)[: rng.integers(0, 50)]]),
        np.arange(50, dtype=np.int32), households=30, items=50, as_of=9,
    )  # fmt: skip
    chance = np.round(rng.random(len(wide.n)), 1)  # many equals
    best = needs.top(wide, chance, k=7)
    order = np.lexsort((wide.item, -chance, wide.household))
    rank = np.arange(len(order)) - wide.starts[wide.household[order]]
    assert best.tolist() == order[rank < 7].tolist()


def test_a_household_nobody_has_seen_buy_needs_nothing():
    s = told([line(household=1, day=5)])
    assert needs.top(s, np.array([0.5])).tolist() == [0]
    assert needs.top(told([]), np.empty(0)).tolist() == []
