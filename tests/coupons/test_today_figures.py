"""What the first page makes of figures: tills that are silent, changes, when coupons come back."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from coupons.today_figures import (
    Heard,
    Shop,
    Till,
    burnt,
    change,
    heard_of,
    judge,
    next_step,
    selling_hours,
    silent_count,
)
from coupons.today_forecast import STEPS, Earlier, expected, prior, shape, so_far

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


def test_hours_in_which_stores_are_closed_do_not_count() -> None:
    assert (
        selling_hours(datetime(2026, 11, 23, 19, tzinfo=UTC), datetime(2026, 11, 24, 9, tzinfo=UTC))
        == 2
    )
    assert (
        selling_hours(datetime(2026, 11, 23, 22, tzinfo=UTC), datetime(2026, 11, 24, 7, tzinfo=UTC))
        == 0
    )
    assert selling_hours(NOON, at(1)) == 0


@pytest.mark.parametrize(
    ("hours", "uploads", "heard"),
    [
        (1, 300, Heard.FINE),
        (3, 300, Heard.LATE),
        (16, 300, Heard.LATE),  # since last evening, an hour of it in the shop
        (30, 300, Heard.SILENT),
        (30, 7, Heard.FINE),  # it hands in once a day
        (100, 7, Heard.SILENT),
    ],
)
def test_a_till_is_silent_by_its_own_habit(hours: float, uploads: int, heard: Heard) -> None:
    assert heard_of(Till(1, at(hours), uploads), NOON) == heard


def test_a_till_that_never_called_is_not_called_silent() -> None:
    assert heard_of(Till(1, None), NOON) == Heard.NOT_YET


def test_the_worst_store_comes_first_and_a_silent_till_of_a_fine_store_is_named() -> None:
    fine = Shop(1, "Fine", [Till(1, at(0.1), 300)], baskets=50)
    half = Shop(2, "Half", [Till(1, at(0.1), 300), Till(4, at(30), 300)], baskets=50)
    gone = Shop(3, "Gone", [Till(1, at(30), 300), Till(2, at(40), 300)])
    judged = judge([fine, half, gone], NOON)
    assert [one.shop.name for one in judged] == ["Gone", "Half", "Fine"]
    assert judged[1].silent_tills == (4,)
    assert silent_count(judged) == 3


def test_a_store_without_baskets_that_had_many_a_week_ago_is_late() -> None:
    shop = Shop(1, "Quiet", [Till(1, at(0.1), 300)], baskets=0, baskets_before=200)
    assert judge([shop], NOON)[0].heard == Heard.LATE


def test_a_change_needs_something_to_compare_with() -> None:
    assert change(106, 100) == 6
    assert change(94, 100) == -6
    assert change(5, 0) is None
    assert change(5, None) is None


def test_a_budget_is_never_burnt_beyond_the_whole() -> None:
    assert burnt(Decimal(30), Decimal(120)) == 0.25
    assert burnt(Decimal(130), Decimal(120)) == 1
    assert burnt(Decimal(1), None) is None


def test_each_state_of_a_mailing_has_its_next_step() -> None:
    assert next_step("selected", may_measure=False) == "review"
    assert next_step("mailed", may_measure=True) == "measure"
    assert next_step("closed", may_measure=False) == ""


def test_without_earlier_mailings_coupons_come_back_as_the_prior_says() -> None:
    reached = shape([])
    assert reached[0] == 0
    assert reached[-1] == pytest.approx(1)
    assert reached[STEPS // 2] == pytest.approx(prior(0.5))
    assert reached == sorted(reached)


def test_earlier_mailings_outweigh_the_prior() -> None:
    first = date(2026, 9, 1)
    late = Earlier(first, first + timedelta(days=19), {first + timedelta(days=19): 20_000})
    assert shape([late])[STEPS - 1] < 0.02


def test_the_forecast_ends_where_the_selection_said_and_its_band_is_narrower_than_of_95() -> None:
    first = date(2026, 11, 1)
    told = expected(first, first + timedelta(days=27), [700.0, 400.0, 1225.0], shape([]))
    assert len(told.days) == 28
    assert told.middle[-1] == pytest.approx(700)
    assert 400 < told.low[-1] < 700 < told.high[-1] < 1225
    assert told.middle == sorted(told.middle)


def test_a_forecast_of_nothing_is_drawn_as_nothing() -> None:
    told = expected(date(2026, 11, 1), date(2026, 11, 1), [0.0, 0.0, 0.0], shape([]))
    assert told.high == [0.0]


def test_what_came_so_far_adds_up_and_early_use_counts_on_the_first_day() -> None:
    first = date(2026, 11, 2)
    used = {date(2026, 11, 1): 1, first: 2, date(2026, 11, 4): 4}
    assert so_far(used, first, date(2026, 11, 4)) == [3, 3, 7]
    assert so_far(used, first, date(2026, 10, 30)) == []
