"""When and where households shop, told in the shop's words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.admin.words import pace_words
from loyalty.shopper import habits
from loyalty.shopper.habits import DAYPARTS, Receipts

AS_OF = 400


def receipt(household=0, day=0, minute=600, store=7, cents=2000):
    return (household, day, minute, store, cents)


def receipts_of(rows) -> Receipts:
    rows = sorted(rows, key=lambda row: row[1])
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], [], []]
    kinds = (np.int32, np.int32, np.int16, np.int32, np.int64)
    return Receipts(*(np.array(c, kind) for c, kind in zip(columns, kinds, strict=True)))


def told(rows, *, households=3, as_of=AS_OF):
    return habits.habits(receipts_of(rows), households=households, as_of=as_of)


def test_a_favourite_part_of_the_day_is_clear_or_none():
    evenings = [receipt(day=day, minute=18 * 60) for day in range(6)] + [receipt(day=9)]
    split = [receipt(1, day=day, minute=minute) for day in range(4) for minute in (400, 700, 1000)]
    untimed = [receipt(2, day=day, minute=-1) for day in range(9)]
    found = told(evenings + split + untimed)
    assert [DAYPARTS[part] if part >= 0 else "" for part in found.daypart] == ["evening", "", ""]


@pytest.mark.parametrize(
    ("minute", "part"),
    [
        (0, 3),
        (299, 3),
        (300, 0),
        (659, 0),
        (660, 1),
        (839, 1),
        (840, 2),
        (1019, 2),
        (1020, 3),
        (1439, 3),
        (-1, -1),
    ],
)
def test_the_day_has_four_parts(minute, part):
    assert habits.daypart_of(minute) == part
    assert told([receipt(day=day, minute=minute) for day in range(4)]).daypart[0] == part


def test_the_home_store_is_where_it_shops_now():
    moved = [receipt(day=day, store=1) for day in range(0, 180, 7)]
    moved += [receipt(day=day, store=2) for day in range(200, 400, 7)]
    found = told(moved)
    assert found.home_store.tolist() == [2, -1, -1]
    assert 0.7 < found.home_share[0] < 1.0


def test_two_receipts_in_a_day_at_a_store_are_one_trip():
    rows = [receipt(day=10, store=1), receipt(day=10, store=1), receipt(day=10, store=2)]
    found = told([*rows, receipt(day=12, store=2)], as_of=20)
    assert found.home_store[0] == 2
    assert found.home_share[0] == pytest.approx(0.67, abs=0.01)


def test_an_unknown_store_is_nobodys_home():
    found = told([receipt(day=day, store=-1) for day in range(9)])
    assert found.home_store[0] == -1
    assert found.home_share[0] == 0.0


def test_trips_a_week_are_days_of_the_last_quarter():
    weekly = [receipt(day=day) for day in range(1, 400, 7)]
    twice_a_day = [receipt(1, day=day) for day in range(386, 400, 7) for _ in range(2)]
    gone = [receipt(2, day=100)]
    found = told(weekly + twice_a_day + gone)
    assert found.trips_a_week.tolist() == [1.0, 0.5, 0.0]


def test_receipts_that_shrink_are_noticed_and_a_few_of_them_are_not_believed():
    before = [receipt(day=day, cents=4000) for day in range(100, 300, 7)]
    lately = [receipt(day=day, cents=3000) for day in range(320, 400, 7)]
    found = told(before + lately + [receipt(1, day=399)])
    assert found.trend_known.tolist() == [True, False, False]
    assert -0.25 < found.basket_trend[0] < -0.1
    assert found.basket_cents.tolist() == [3000, 2000, 0]


def test_what_was_brought_back_is_no_trip():
    found = told([receipt(day=399, cents=0), receipt(day=399, cents=-500)])
    assert found.trips_a_week[0] == 0.0
    assert found.home_store[0] == -1


A_RECEIPT = st.tuples(
    st.integers(0, 2),
    st.integers(0, 450),
    st.integers(-1, 1439),
    st.sampled_from([-1, 1, 2, 3]),
    st.sampled_from([-100, 0, 1, 2500, 10**9]),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(A_RECEIPT, max_size=60), st.randoms(use_true_random=False))
def test_habits_do_not_depend_on_order_company_or_the_days_to_come(rows, random):
    together = told(rows)
    for column in together:
        assert np.isfinite(column).all()
    assert ((together.home_share >= 0) & (together.home_share <= 1)).all()
    assert ((together.basket_trend >= -1) & (together.basket_trend <= 2)).all()
    random.shuffle(rows)
    for h in range(3):
        alone = [(0, *row[1:]) for row in rows if row[0] == h and row[1] < AS_OF]
        for mine, ours in zip(told(alone, households=1), together, strict=True):
            assert mine[0] == ours[h]


def test_five_thousand_trips_are_no_trouble():
    rows = [receipt(day=day, minute=day % 1440, store=day % 40) for day in range(5000)]
    found = told(rows, as_of=5000)
    assert found.trips_a_week[0] == 7.0
    assert 0 < found.home_share[0] < 0.1


def test_receipts_out_of_order_or_of_strangers_are_refused():
    ordered = receipts_of([receipt(day=3), receipt(day=9)])
    backwards = Receipts._make(column[::-1].copy() for column in ordered)
    with pytest.raises(ValueError, match="ascending order"):
        habits.habits(backwards, households=1, as_of=AS_OF)
    with pytest.raises(ValueError, match=r"outside 0 \.\. 0"):
        told([receipt(1)], households=1)


def test_habits_in_words():
    assert pace_words(0.0) == "Has not come for a quarter"
