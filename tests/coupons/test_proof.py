"""Effects of mailings follow from sums that add up, and their intervals hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.proof import effects, principal, shrinking
from coupons.proof.comparing import Lot
from coupons.proof.moments import Moments, gather
from coupons.proof.purchases import (
    AFTER,
    DIRECT,
    DURING,
    EARLIER,
    HALO,
    NEIGHBOURS,
    Sold,
    bought,
    goods,
)
from tests.benchmarks import measurement
from tests.benchmarks import measurement_chain as chain

RNG = np.random.default_rng(7)


def arm(rows, *, shift=0.0, share=1.0):
    """What `rows` households bought after and before, which hang together."""
    before = RNG.gamma(2.0, 20.0, rows)
    after = share * before + RNG.normal(shift, 5.0, rows)
    return gather(np.zeros(rows, np.int64), [np.ones(rows), after, before], 1), after, before


def test_without_what_was_bought_before_it_is_welchs_t():
    stats = pytest.importorskip("scipy.stats")
    (sent, one, _), (kept, other, _) = arm(60, shift=3.0), arm(15)

    found = effects.difference(sent, kept, 1)

    expected = stats.ttest_ind(one, other, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.value[0] == pytest.approx(one.mean() - other.mean())
    assert (found.low[0], found.high[0]) == pytest.approx((interval.low, interval.high))


def test_what_was_bought_before_narrows_the_interval():
    (sent, *_), (kept, *_) = arm(900, shift=2.0), arm(100)

    plain, adjusted = effects.difference(sent, kept, 1), effects.difference(sent, kept, 1, (2,))

    assert adjusted.half[0] < 0.5 * plain.half[0]
    assert adjusted.low[0] <= 2.0 <= adjusted.high[0]


def test_a_column_that_says_the_same_twice_does_no_harm():
    rows = RNG.normal(size=(2, 50, 2))
    sent, kept = (
        gather(np.zeros(50, np.int64), [np.ones(50), x, y, y, np.zeros(50)], 1)
        for x, y in ((part[:, 0], part[:, 1]) for part in rows)
    )

    once, thrice = (effects.difference(sent, kept, 1, before) for before in ((2,), (2, 3, 4)))

    assert thrice.value[0] == pytest.approx(once.value[0])


def test_one_household_tells_nothing_and_raises_nothing():
    (sent, *_), (kept, *_) = arm(20), arm(1)

    found = effects.difference(sent, kept, 1, (2,))

    assert np.isnan(found.half[0])
    assert np.isnan(effects.mean(kept, 1).half[0])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-1, 3), st.integers(-500, 500)), max_size=40), st.integers(0, 40)
)
def test_buckets_add_up_to_the_whole(rows, cut):
    cell = np.array([row[0] for row in rows], np.int64)
    value = np.array([row[1] for row in rows], np.float64)
    columns = [np.ones(len(rows)), value]

    whole = gather(cell, columns, 4)
    parts = [
        gather(cell[part], [column[part] for column in columns], 4)
        for part in (slice(cut), slice(cut, None))
    ]

    added = parts[0].plus(parts[1])
    assert all(np.array_equal(one, two) for one, two in zip(whole, added, strict=True))
    two_cells = whole.together(np.array([0, 0, 1, -1]), 2)
    assert two_cells.rows.tolist() == [whole.rows[:2].sum(), whole.rows[2]]


def test_cells_out_of_range_and_columns_of_other_lengths_are_refused():
    with pytest.raises(ValueError, match="wanted -1 to 1"):
        gather(np.array([2]), [np.ones(1)], 2)
    with pytest.raises(ValueError, match="columns of"):
        gather(np.array([0]), [np.ones(2)], 2)


def test_coupons_drawn_seldom_count_for_more():
    """Half of all households would use it: seldom drawn where it is liked, as often it counts."""
    likes = np.arange(4_000) % 2 == 0
    share = np.where(likes, 0.1, 0.4)
    drawn = RNG.random(4_000) < share
    weight = 1 / share[drawn]
    used = likes[drawn].astype(float)
    moments = gather(
        np.zeros(drawn.sum(), np.int64), [weight, weight * used, weight * 0, weight * 0], 1
    )

    found = effects.mean(moments, Lot.USED)

    assert found.low[0] <= 0.5 <= found.high[0]
    assert used.mean() < 0.3


def test_choosing_is_compared_with_lots_within_households():
    count = 3_000
    chosen = RNG.binomial(3, 0.2, count).astype(float)
    drawn = RNG.binomial(1, 0.05, count).astype(float)
    columns = [np.ones(count), np.full(count, 3.0), chosen, np.ones(count), drawn]
    moments = gather(np.zeros(count, np.int64), columns, 1)

    found = effects.contrast(moments, None, (2, 1), (4, 3))
    none = effects.contrast(moments, moments, (2, 1), (4, 3))

    assert found.low[0] <= 0.15 <= found.high[0]
    assert none.value[0] == 0


def test_who_used_no_coupon_is_set_against_those_held_out_of_its_kind():
    """Who shops much redeems more, so plain means would make the others look worse off."""
    hits = 0
    for _ in range(100):
        rows = 2_000
        stratum = RNG.integers(0, 8, rows)
        spent = 10.0 * (stratum + 1) + RNG.normal(0, 8.0, rows)
        held_out = RNG.random(rows) < 0.25
        redeems = RNG.random(rows) < 0.1 * (stratum + 1)
        spent = spent + np.where(~held_out, np.where(redeems, 9.0, 2.0), 0.0)
        columns = [np.ones(rows), spent]
        never = gather(np.where(~held_out & ~redeems, stratum, -1), columns, 8)
        kept = gather(np.where(held_out, stratum, -1), columns, 8)
        found = principal.not_redeemed(never, kept, 1)
        hits += bool(found.low[0] <= 2.0 <= found.high[0])
        naive = effects.difference(
            never.together(np.zeros(8, int), 1), kept.together(np.zeros(8, int), 1), 1
        )
        assert naive.high[0] < 2.0
    assert hits >= 88  # of 100 at 95 %: fewer happens once in two hundred times


def test_thin_strata_are_put_together():
    never, kept = np.array([30, 30, 30, 2]), np.array([12, 3, 9, 40])

    assert principal.joined(never, kept).tolist() == [0, 1, 1, 1]
    assert principal.joined(np.array([1]), np.array([1])).tolist() == [0]
    empty = Moments.none(4, 2)
    assert np.isnan(principal.not_redeemed(empty, empty, 1).half[0])


def test_strata_are_cut_into_equal_parts():
    edges = principal.edges(np.array([10, 10, 10, 10]), 4)

    assert edges.tolist() == [0.25, 0.5, 0.75]


def test_every_line_counts_in_one_part_and_once():
    """Two offers on one sheet share a product; a third product is of their type only."""
    shop = goods(
        np.array([0, 1, 3]), np.array([0, 0, 1], np.int32),
        kind=np.array([0, 0, 0, 1, -1], np.int32), category=np.array([0, 0, 0, 0, -1], np.int32),
        is_everything=np.zeros(2, bool), margin_share=np.full(5, 0.5),
    )  # fmt: skip
    home = np.zeros(6, np.int32)
    sold = Sold(
        home, np.array([0, 1, 2, 3, 4, 0], np.int32),
        np.array([DURING, DURING, DURING, DURING, DURING, AFTER], np.int8),
        np.array([100, 200, 400, 800, 1600, -50]),
    )  # fmt: skip
    same = np.zeros(2, np.int64)

    found = bought(sold, shop, np.array([0, 2]), np.array([0, 1]), same, same, (1, 1))

    sales, margin = found.coupons
    assert sales[:, DIRECT, DURING].tolist() == [100, 300]
    assert sales[:, NEIGHBOURS, DURING].tolist() == [600, 400]
    assert sales[:, HALO, DURING].tolist() == [800, 800]
    assert sales[:, DIRECT, AFTER].tolist() == [-50, -50]
    assert found.tags[0, 0, DURING] == 300
    assert found.whole[0, 0, DURING] == 3100
    assert sales[:, :, EARLIER].sum() == 0
    assert np.allclose(margin, sales / 2)


def test_a_factor_moves_as_far_as_measurements_are_sure():
    nothing = shrinking.factor([], prior_sd=0.5)
    vague = shrinking.factor([(0.0, 1_000.0, 100.0)], prior_sd=0.5)
    sure = shrinking.factor([(40.0, 1.0, 100.0), (60.0, 1.0, 100.0)], prior_sd=0.5)

    assert (nothing.value, nothing.sd) == pytest.approx((1.0, 0.5))
    assert vague.value == pytest.approx(1.0, abs=0.01)
    assert 0.5 < sure.value < 0.6
    assert sure.sd < 0.2
    assert shrinking.factor([(-900.0, 1.0, 100.0)], prior_sd=0.5).value == 0.0
    with pytest.raises(ValueError, match="wanted > 0"):
        shrinking.factor([(1.0, 1.0, 0.0)], prior_sd=0.5)


def test_intervals_of_simulated_mailings_hold_what_was_planted():
    """60 chains of 8 offers. Bounds are 3 standard errors of a share of 480, and of 180, beyond
    what 200 runs are held to, and were fixed before it was run.
    """
    found = measurement.measure(60, households=1_500)

    assert 0.90 <= found.covered.mean() <= 0.99
    assert 0.90 <= found.all_told_covered.mean() <= 0.99
    assert found.alarm[:, chain.MORE == 0].mean() <= 0.113
    assert 1 - np.median(found.narrower) >= 0.2
    assert abs(found.bias.mean()) < 0.2
