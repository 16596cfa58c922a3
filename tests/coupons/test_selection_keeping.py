"""Which items the solver is told of, and what a favourite is worth."""

import numpy as np
import pytest

from coupons.selection.keeping import keep, raise_favourites
from coupons.selection.problem import Columns, Rules

TWO = Rules(per_sheet=2, per_category=2, new_at_least=0)


def columns(category, levels=1) -> Columns:
    """Offers of these categories, at so many levels each."""
    offers = np.arange(len(category))
    offer = np.repeat(offers, levels)
    face = np.ones(len(offer))
    return Columns(
        offer, offer, np.array(category)[offer], face, face, np.zeros(len(category), np.int64)
    )


def kept(worth, *, category=None, most=3, must=(), new=(), rules=TWO, free=None):
    """Which of one household's offers are kept, by position, and the places they can fill."""
    worth = np.array([worth], float)
    shape = worth.shape
    table = columns(range(shape[1]) if category is None else category)
    marks = np.zeros((2, *shape), bool)
    marks[0][:, list(must)], marks[1][:, list(new)] = True, True
    found = keep(
        worth, ~np.isnan(worth), marks[0], marks[1], table, rules, most=most,
        is_free=np.ones(shape, bool) if free is None else np.array([free]),
    )  # fmt: skip
    return np.flatnonzero(found.items[0]).tolist(), int(found.places[0])


def test_the_best_are_kept_and_of_equals_the_first():
    assert kept([1, 4, 2, 3, 2]) == ([1, 2, 3], 2)


def test_few_are_all_kept_and_what_it_may_not_get_never_is():
    assert kept([1, np.nan, -2]) == ([0, 2], 2)


def test_what_a_contract_may_need_is_never_dropped():
    assert kept([1, 4, 2, 3, 2], must=[0]) == ([0, 1, 3], 2)


def test_enough_is_kept_for_discoveries():
    found, _ = kept([9, 8, 7, 1, 2], new=[3, 4], rules=Rules(2, 2, 1))
    assert found == [0, 3, 4]


def test_a_household_that_could_fill_fewer_places_keeps_all():
    same = [0, 0, 0, 1]
    assert kept([9, 8, 7, 1], category=same, rules=Rules(2, 1, 0)) == ([0, 1, 2, 3], 2)


def test_places_are_those_that_lots_leave_free():
    assert kept([3, 2, 1], free=[True, False, False]) == ([0, 1, 2], 1)


def raised(worth, liked, *, places=2, category=None, levels=1):
    worth = np.array([worth], float)
    table = columns(category or range(worth.shape[1] // levels), levels)
    may = np.ones((1, len(table.funder)), bool)
    favourite = np.isin(np.arange(len(table.funder)), liked)[None, :]
    raise_favourites(worth, may, favourite, table, places)
    return worth[0].tolist()


def test_a_favourite_is_worth_a_place_and_nothing_else_changes():
    assert raised([4, 2, 1, 0.5], [3])[:3] == [4, 2, 1]
    assert raised([4, 2, 1, 0.5], [3])[3] == pytest.approx(2.5)


def test_a_favourite_that_has_its_place_stays_as_it_is():
    assert raised([4, 9, 1, 0.5], [1]) == [4, 9, 1, 0.5]


def test_of_a_liked_category_the_best_is_raised_at_its_best_level():
    assert raised([4, 4, 2, 2, 0.1, 0.3, 0.2, 0.1], [2, 3], category=[0, 1, 2, 2], levels=2) == [
        4, 4, 2, 2, 0.1, pytest.approx(2.5), 0.2, 0.1,
    ]  # fmt: skip


def test_of_many_favourites_as_many_as_fit_are_raised():
    found = raised([9, 8, 1, 2, 3], [2, 3, 4])
    assert found[:3] == [9, 8, 1]
    assert min(found[3:]) > 8


def test_below_nothing_a_favourite_is_still_worth_more():
    found = raised([-1, -2, -5], [2])
    assert -2 < found[2] < -1


def test_where_all_fit_nothing_is_raised():
    assert raised([4, 0.5], [1]) == [4, 0.5]
