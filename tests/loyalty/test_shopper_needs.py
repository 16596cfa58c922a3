"""What a household is expected to need, and how that is learned by counting."""

import numpy as np
import pytest

from loyalty.shopper import needs
from loyalty.shopper.kernel import Items, Statistics, statistics
from tests.loyalty.test_shopper_kernel import line, lines_of

PRODUCTS = np.arange(3, dtype=np.int32)


def told(rows, *, as_of=200, households=2) -> Statistics:
    return statistics(lines_of(rows), PRODUCTS, households=households, items=3, as_of=as_of)


def every(days, *, until=200, **rest):
    return [line(day=day, **rest) for day in range(until - days, 0, -days)]


UNFITTED = np.ones(needs.BINS)


def test_an_item_seldom_bought_twice_has_the_usual_gap():
    columns = ([9, 0], [9, 0], [19, 0], [100, 0], [10, 0], [0, 0], [[0] * 3] * 2)
    items = Items(*(np.array(column) for column in columns))
    assert needs.item_gaps(items).tolist() == [250 / 15, 30.0]


def test_what_is_bought_weekly_is_likelier_than_what_is_bought_monthly():
    s = told(every(7, product=0) + every(28, product=1) + [line(product=2, day=20)])
    weekly, monthly, once = needs.probability(s, needs.item_gaps(s.items), UNFITTED)
    assert 1 > weekly > monthly > once > 0
    assert weekly == pytest.approx(1 - np.exp(-needs.rates(s)[0]))


def test_a_steady_weekly_purchase_is_expected_nearly_four_times_in_28_days():
    s = told(every(7, until=2000), as_of=2000)
    assert 3.2 < needs.rates(s)[0] < 4.0


def test_a_longer_horizon_never_makes_a_purchase_less_likely():
    s = told(every(9))
    gaps = needs.item_gaps(s.items)
    chances = [needs.probability(s, gaps, UNFITTED, horizon_days=days)[0] for days in (7, 28, 91)]
    assert chances == sorted(chances)


def test_due_is_one_when_the_usual_time_has_passed():
    s = told(every(10, until=200), as_of=200)
    gaps = needs.item_gaps(s.items)
    assert needs.mean_gaps(s, gaps)[0] == pytest.approx(10, abs=1)
    assert needs.due(s, gaps)[0] == pytest.approx(1, abs=0.1)
    assert needs.usual_gaps(s, gaps)[0] == 10


def test_a_gap_is_told_as_it_happened_only_from_the_third_purchase_on():
    s = told([line(day=100), line(day=190), line(household=1, day=100), line(household=1, day=110),
              line(household=1, day=120)])  # fmt: skip
    gaps = np.full(3, 30.0)
    assert needs.usual_gaps(s, gaps).tolist() == [60.0, 10.0]


def test_a_table_learns_that_what_was_bought_once_mostly_stays_so():
    once = [line(household=h, day=10 + h) for h in range(40)]
    steady = [row for h in range(40, 60) for row in every(7, household=h, until=228)]
    before = told(once + steady, households=60)
    after = told(once + steady, households=60, as_of=228)
    gaps = needs.item_gaps(before.items)
    observed = needs.observe(before, after, gaps)
    table = needs.table(observed)
    bins = needs.bins(before, gaps)

    assert observed.bought.sum() == 20
    assert table[bins[0]] < 1 < table[bins[-1]]
    assert table[bins[0]] == (0 + 1) / (observed.expected[bins[0]] / 1e9 + 1)
    assert needs.probability(before, gaps, table)[0] < needs.probability(before, gaps, UNFITTED)[0]


def test_observations_of_two_buckets_add_up_to_those_of_one():
    rows = [row for h in range(6) for row in every(5 + h, household=h, until=230)]
    gaps = np.array([12.0, 30.0, 30.0])

    def seen(rows, households):
        return needs.observe(
            told(rows, households=households), told(rows, households=households, as_of=228), gaps
        )

    low = seen([row for row in rows if row[0] < 3], 3)
    high = seen([(row[0] - 3, *row[1:]) for row in rows if row[0] >= 3], 3)
    both, whole = low.plus(high), seen(rows, 6)
    assert both.bought.tolist() == whole.bought.tolist()
    assert both.expected.tolist() == whole.expected.tolist()
    assert needs.table(both).tobytes() == needs.table(whole).tobytes()


def test_only_statistics_28_days_apart_of_the_same_lines_can_be_compared():
    gaps = np.full(3, 30.0)
    with pytest.raises(ValueError, match="27 days apart"):
        needs.observe(told(every(7)), told(every(7), as_of=227), gaps)
    with pytest.raises(ValueError, match="not the same lines"):
        needs.observe(told(every(7)), told([], as_of=228), gaps)


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
    gaps = needs.item_gaps(s.items)
    assert needs.top(s, needs.probability(s, gaps, UNFITTED)).tolist() == [0]
