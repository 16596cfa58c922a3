"""What a household will spend, told in the shop's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.admin.words import worth_words
from loyalty.shopper import kernel, lifetime
from loyalty.shopper.kernel import Lines
from tests.loyalty.test_shopper_kernel import line, told

AS_OF = 400


def every_week(household=0, *, begins=36, ends=AS_OF, cents=50_00):
    return [line(household=household, day=day, cents=cents) for day in range(begins, ends, 7)]


def forecast(rows, *, model=lifetime.DEFAULT, **kwargs):
    return lifetime.forecast(model, told(rows).households, as_of=AS_OF, **kwargs)


def test_a_steady_household_is_expected_to_go_on():
    ahead = forecast(every_week())
    assert ahead.cents[0] == pytest.approx(52 * 50_00, rel=0.1)
    assert 0.2 * ahead.cents[0] < ahead.margin_cents[0] < 0.6 * ahead.cents[0]


def test_a_household_that_never_came_is_expected_to_spend_nothing():
    ahead = forecast(every_week())
    assert ahead.cents[1:].tolist() == ahead.margin_cents[1:].tolist() == [0, 0, 0]


def test_a_household_that_stays_away_is_expected_to_spend_less():
    ahead = forecast(every_week() + every_week(1, ends=260))
    assert ahead.cents[1] < ahead.cents[0] / 2


def test_one_great_purchase_this_week_is_not_taken_for_a_habit():
    assert forecast([line(day=398, cents=100_00)]).cents[0] < 52 * 50_00


def test_what_was_only_brought_back_is_worth_nothing_less_than_nothing():
    back = [line(day=200), line(day=390, quantity=-1000, cents=-900_00)]
    ahead = forecast(back)
    assert ahead.cents[0] >= 0
    assert ahead.margin_cents[0] >= 0


def test_three_years_are_worth_less_than_thrice_one_and_more_than_two():
    rows, margins = every_week(), np.full(4, 0.25)
    year = forecast(rows, of_a_cent=margins).cents[0]
    value = lifetime.value(
        lifetime.DEFAULT, told(rows).households, as_of=AS_OF, margin_shares=margins
    )
    assert 2 * year < value.cents[0] < 3 * year


def test_money_that_comes_in_a_year_counts_for_less():
    later = forecast(every_week(), weeks=52, discount_a_year=0.1).cents[0]
    assert later == pytest.approx(forecast(every_week()).cents[0] / 1.1**0.5, rel=0.01)


A_PURCHASE = st.tuples(
    st.integers(0, 3), st.integers(0, 450), st.sampled_from([0, 1, 500, 90_000_00, -500])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(A_PURCHASE, max_size=30), st.integers(0, 450))
def test_no_history_makes_a_forecast_senseless(purchases, as_of):
    rows = [
        line(household=h, day=day, cents=cents, quantity=-1000 if cents < 0 else 1000)
        for h, day, cents in purchases
    ]
    homes = told(rows, as_of=as_of).households
    learned = lifetime.Parameters(2500.0, 0.3, (-1.0, 2.0, -3.0, 4.0), 0.02, 4.0)
    for model in (lifetime.DEFAULT, learned):
        ahead = lifetime.forecast(model, homes, as_of=as_of)
        assert (ahead.cents >= 0).all()
        assert (ahead.margin_cents >= 0).all()
        assert (ahead.cents[homes.first < 0] == 0).all()
        assert ahead.cents.max() < 52 * 3 * 30 * 90_000_00


def random_shop(households=300, days=300, seed=1):
    """Lines of households that come every few days, some of which stop on the way."""
    random = np.random.default_rng(seed)
    pace = random.uniform(2, 15, households)
    stops = np.where(random.random(households) < 0.1, random.integers(100, days, households), days)
    rows = []
    for h in range(households):
        day = float(random.integers(0, 20))
        size = random.lognormal(8, 0.6)
        while day < stops[h]:
            rows.append((h, int(day), int(size * random.lognormal(0, 0.5))))
            day += random.exponential(pace[h]) + 0.5
    rows.sort(key=lambda row: row[1])
    table, many = np.array(rows, np.int64), len(rows)
    return Lines(
        table[:, 0].astype(np.int32), np.zeros(many, np.int32), table[:, 1].astype(np.int32),
        np.arange(many), np.full(many, 1000), table[:, 2], np.zeros(many, np.int64),
        np.zeros(many, np.bool_),
    )  # fmt: skip


def learned(lines, *, cut, as_of):
    then = households_of(lines, cut)
    weeks = (as_of - cut) // 7
    absence = 7 * lifetime.absence_weeks(weeks)

    def came(begins, ends):
        wanted = (lines.day >= begins) & (lines.day < ends)
        return np.bincount(lines.household[wanted], minlength=300) > 0

    return lifetime.fit(
        then, as_of=cut, cents=spent(lines, cut, as_of), weeks=weeks,
        early=came(cut, cut + absence), late=came(as_of - absence, as_of),
    )  # fmt: skip


def households_of(lines, as_of):
    item = np.zeros(1, np.int32)
    return kernel.statistics(lines, item, households=300, items=1, as_of=as_of).households


def spent(lines, begins, ends):
    wanted = (lines.day >= begins) & (lines.day < ends)
    return np.bincount(lines.household[wanted], lines.amount_cents[wanted], 300)


def test_a_learned_forecast_holds_for_four_of_five_households_of_the_next_months():
    lines = random_shop()
    model = learned(lines, cut=100, as_of=200)
    ahead = lifetime.forecast(model, households_of(lines, 200), as_of=200, weeks=14)
    came = spent(lines, 200, 298)
    assert ahead.cents.sum() == pytest.approx(came.sum(), rel=0.15)
    within = np.abs(ahead.cents - came) <= ahead.margin_cents
    assert 0.7 < within.mean() < 0.95


def test_households_that_leave_for_good_are_noticed():
    assert 0.0005 < learned(random_shop(), cut=100, as_of=200).lost_a_week < 0.02


def test_a_young_shop_cannot_learn_what_households_will_spend():
    lines = random_shop()
    with pytest.raises(ValueError, match="100 households over 12 weeks; here are 300 over"):
        learned(lines, cut=30, as_of=60)
    few = Lines._make(column[lines.household < 20] for column in lines)
    with pytest.raises(ValueError, match="here are 20 over 28"):
        learned(few, cut=100, as_of=200)


def test_a_worth_in_words_has_round_figures_and_never_falls_below_nothing():
    assert worth_words(0, 0) == "Nothing is expected of it"
    assert worth_words(43_21, 50_00) == (
        "Worth about 43 in margin over three years; 4 of 5 such households end between 0 and 93"
    )
