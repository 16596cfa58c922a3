"""Lots: drawn for a household whatever it bought, and whoever else is asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.selection.lots import lots, random_slots

HOMES = np.arange(1, 20_001)
CATEGORY = np.array([0, 0, 1, 2, 2])
ALL = np.ones((len(HOMES), 5), bool)


def test_every_offer_is_drawn_with_the_same_chance():
    drawn = random_slots(1, HOMES, ALL, CATEGORY, 1)
    counts = np.bincount(drawn.offer[:, 0], minlength=5)
    assert counts == pytest.approx(np.full(5, 4000), abs=4 * np.sqrt(20_000 * 0.2 * 0.8))
    assert (drawn.share == 0.2).all()


def test_two_lots_are_of_two_categories_and_the_second_knows_of_the_first():
    drawn = random_slots(1, HOMES, ALL, CATEGORY, 2)
    first, second = drawn.offer.T
    assert (CATEGORY[first] != CATEGORY[second]).all()
    left = np.where(CATEGORY[first] == 1, 4, 3)
    assert (drawn.share[:, 1] == 1 / left).all()


def test_who_is_asked_beside_makes_no_difference():
    whole = random_slots(7, HOMES, ALL, CATEGORY, 2)
    some = HOMES[5_000:5_100]
    part = random_slots(7, some, ALL[:100], CATEGORY, 2)
    assert (part.offer == whole.offer[5_000:5_100]).all()
    assert (random_slots(8, some, ALL[:100], CATEGORY, 2).offer != part.offer).any()


def test_where_nothing_is_left_nothing_is_drawn():
    drawn = random_slots(1, HOMES[:2], np.array([[1, 1, 0, 0, 0], [0] * 5], bool), CATEGORY, 2)
    assert drawn.offer[0, 0] in (0, 1)
    assert drawn.offer[0, 1] == -1
    assert drawn.offer[1].tolist() == [-1, -1]
    assert drawn.share[1].tolist() == [0.0, 0.0]


@given(st.integers(0, 2**31 - 1), st.integers(1, 2**62), st.integers(0, 2**40))
def test_a_lot_lies_within_0_and_1(seed, home, counter):
    (lot,) = lots(seed, np.array([home]), np.array([counter])).ravel()
    assert 0.0 <= lot < 1.0


def test_lots_of_two_counters_know_nothing_of_each_other():
    one, other = lots(3, HOMES, np.array([300, 301])).T
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert one.mean() == pytest.approx(0.5, abs=0.01)


def test_more_lots_than_counters_are_refused():
    with pytest.raises(ValueError, match="not 0 to 256"):
        random_slots(1, HOMES[:1], ALL[:1], CATEGORY, 257)
