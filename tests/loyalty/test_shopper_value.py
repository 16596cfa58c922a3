"""What a household is worth, told in the shop's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import kernel, lifetime, prices, value
from loyalty.shopper.value import Tiers
from tests.loyalty.test_shopper_kernel import HOUSEHOLDS, line, lines_of, told
from tests.loyalty.test_shopper_wallet import MODEL as REFERENCES

AS_OF = 400
IDS = np.array([10, 20, 30, 40, 0])
MARGINS = np.array([0.2, 0.5, 0.3, np.nan, 0.1])
EACH = np.arange(5, dtype=np.int32)
MODEL = value.Model(
    tiers=Tiers(spend=(100_00, 500_00, 2000_00), margin=(25_00, 125_00, 500_00)),
    margin_share=0.25,
    lifetime=lifetime.DEFAULT,
    wallets=REFERENCES,
    prices=prices.DEFAULT,
    figures={},
)


def statistics(rows, *, households=HOUSEHOLDS):
    return kernel.statistics(
        lines_of(rows), EACH, households=households, items=len(EACH), as_of=AS_OF
    )


def worth(rows, *, facts=None, households=HOUSEHOLDS):
    seen = statistics(rows, households=households)
    return value.worth(
        MODEL, seen, seen, facts or seen.items, department_ids=IDS, margin_shares=MARGINS
    )


def every_column(found):
    for column in found:
        if isinstance(column, tuple):
            yield from every_column(column)
        else:
            yield column


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
    places = value.tier_places(amounts, amounts, Tiers(thresholds, thresholds))
    assert np.bincount(places).tolist() == [100, 30, 15, 5]


def test_a_tier_is_reached_at_its_threshold():
    amounts = np.array([49, 50, 120, 300])
    thresholds = (50, 120, 300)
    assert value.tier_places(amounts, amounts, Tiers(thresholds, thresholds)).tolist() == [
        0, 1, 2, 3,
    ]  # fmt: skip


def test_a_household_that_spent_nothing_is_bronze_even_where_nobody_did():
    thresholds = value.tier_thresholds(np.zeros(9, np.int64))
    nothing = np.zeros(1, np.int64)
    assert value.tier_places(nothing, nothing, Tiers(thresholds, thresholds)).tolist() == [0]


def test_the_tier_goes_by_margin_and_stays_near_the_tier_by_spend():
    spend = np.array([600_00, 600_00, 600_00, 90_00])
    margin = np.array([130_00, 60_00, 600_00, 600_00])
    named = [value.TIERS[place] for place in value.tier_places(spend, margin, MODEL.tiers)]
    assert named == ["gold", "silver", "platinum", "silver"]


def test_the_margin_goes_by_the_departments_a_household_buys_in():
    rows = [line(product=0, cents=10_000_00), line(household=1, product=1, cents=10_000_00)]
    rows += [line(household=2, product=3, cents=10_000_00)]
    shares = value.household_margins(statistics(rows), MARGINS, usual=0.25)
    assert shares.tolist() == pytest.approx([0.2, 0.5, 0.25, 0.25], abs=0.005)


def test_who_buys_what_leaves_more_margin_is_worth_more():
    rows = [
        line(household=h, product=h, day=day, cents=30_00)
        for h in (0, 1)
        for day in range(40, 400, 7)
    ]
    found = worth(rows)
    assert found.monetary_cents[0] == found.monetary_cents[1]
    assert found.year.cents[0] == found.year.cents[1]
    assert found.lifetime.cents[1] > 2 * found.lifetime.cents[0]
    assert found.tier[1] > found.tier[0]


def test_the_share_of_coupon_lines():
    h = told([line(cents=150), line(basket=2, cents=151, coupon=True)]).households
    assert value.coupon_line_shares(h).tolist() == [0.5, 0, 0, 0]
    assert len(value.last_year_cents(h)) == HOUSEHOLDS


def test_a_favourite_weekday_is_clear_or_none():
    counts = np.array(
        [[0, 4, 0, 0, 0, 9, 0], [2, 2, 2, 2, 2, 2, 2], [0, 3, 0, 0, 0, 0, 0], [5, 0, 5, 0, 0, 0, 0]]
    )
    assert value.favourite_weekdays(counts).tolist() == [5, -1, -1, 0]
    assert value.favourite_weekdays(counts, least_share=0.6).tolist() == [5, -1, -1, -1]


A_PURCHASE = st.tuples(
    st.integers(0, HOUSEHOLDS - 1),
    st.integers(0, 4),
    st.integers(0, 450),
    st.sampled_from([-500, 0, 1, 2500, 10**9]),
    st.sampled_from([0, 0, 30]),
)


@settings(max_examples=50, deadline=None)
@given(st.lists(A_PURCHASE, max_size=100), st.randoms(use_true_random=False))
def test_a_households_worth_does_not_depend_on_its_bucket_or_the_days_to_come(purchases, random):
    rows = [
        line(
            household=h, product=p, day=day, cents=cents, off=off,
            quantity=-1000 if cents < 0 else 1000,
        )
        for h, p, day, cents, off in purchases
    ]  # fmt: skip
    facts = statistics(rows).items
    together = worth(rows, facts=facts)
    for column in every_column(together):
        assert np.isfinite(column).all()
    random.shuffle(rows)
    for h in range(HOUSEHOLDS):
        alone = [(0, *row[1:]) for row in rows if row[0] == h and row[2] < AS_OF]
        apart = worth(alone, facts=facts, households=1)
        for mine, ours in zip(every_column(apart), every_column(together), strict=True):
            assert np.array_equal(mine[0], ours[h])


def test_a_bucket_without_households_is_no_trouble():
    for column in every_column(worth([], households=0)):
        assert len(column) == 0


def test_five_thousand_trips_and_a_household_of_one_trip_are_no_trouble():
    many = [line(day=day // 13, basket=day, cents=day % 90, off=day % 2) for day in range(5000)]
    found = worth([*many, line(household=1, day=399, cents=0)])
    for column in every_column(found):
        assert np.isfinite(column).all()
    assert found.frequency.tolist() == [385, 1, 0, 0]
    assert found.prices.known.tolist() == [True, False, False, False]
