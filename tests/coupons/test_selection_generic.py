"""The sheet of who objects to profiling: as much worth as others', and the best of those."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection.generic import generic_sheet
from coupons.selection.problem import Columns, Rules


def columns(*rows):
    """Of (offer, rivals, category, face) each."""
    offer, rivals, category, face = (np.array(each) for each in zip(*rows, strict=True))
    return Columns(
        offer.astype(np.int64),
        rivals.astype(np.int64),
        category.astype(np.int64),
        face.astype(np.float64),
        face.astype(np.float64),
        np.zeros(int(offer.max()) + 1, np.int64),
    )


def every(of):
    return np.ones(len(of.offer), np.bool_)


THREE = columns((0, 0, 0, 1.0), (1, 1, 1, 1.0), (2, 2, 2, 3.0))


def test_the_best_sheet_of_equal_face_value_is_chosen_best_coupon_first():
    worth = np.array([0.2, 0.3, 0.9])

    assert generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 0), 4.0).tolist() == [2, 1]
    assert generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 0), 2.0).tolist() == [1, 0]


def test_where_no_sheet_is_worth_as_much_the_nearest_is_chosen():
    worth = np.array([0.2, 0.3, 0.9])

    assert generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 0), 2.9).tolist() == [1, 0]
    assert generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 0), 3.1).tolist() == [2, 1]
    assert generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 0), 50.0).tolist() == [2, 1]


def test_what_is_new_to_a_household_is_not_asked():
    worth = np.array([0.2, 0.3, 0.9])

    sheet = generic_sheet(THREE, every(THREE), worth, Rules(2, 1, 2), 4.0)

    assert sheet.tolist() == [2, 1]


def test_a_sheet_has_as_many_coupons_as_there_is_room_for():
    of = columns((0, 0, 0, 1.0), (0, 0, 0, 1.5), (1, 1, 0, 1.0), (2, 2, 0, 1.0), (3, 3, 1, 1.0))
    worth = np.array([0.1, 0.5, 0.3, 0.2, 0.1])

    assert generic_sheet(of, every(of), worth, Rules(8, 2, 0), 3.5).tolist() == [1, 2, 4]
    assert generic_sheet(of, ~every(of), worth, Rules(8, 2, 0), 3.5).tolist() == []


@pytest.mark.parametrize("target", [float("nan"), float("inf"), -1.0])
def test_a_face_value_that_makes_no_sense_is_refused(target):
    with pytest.raises(ValueError, match="0 or more makes sense"):
        generic_sheet(THREE, every(THREE), np.zeros(3), Rules(2, 1, 0), target)


@st.composite
def shops(draw):
    offers = draw(st.integers(1, 6))
    rows = []
    group = 0
    for offer in range(offers):
        if offer and draw(st.booleans()):
            group += 1
        faces = draw(st.lists(st.integers(1, 12), min_size=1, max_size=2))
        rows += [(offer, group, 0, face / 4) for face in faces]
    in_category = draw(st.lists(st.integers(0, 2), min_size=group + 1, max_size=group + 1))
    of = columns(*((o, g, in_category[g], f) for o, g, _, f in rows))
    size = len(rows)
    may = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    worth = draw(st.lists(st.integers(-40, 100), min_size=size, max_size=size))
    rules = Rules(draw(st.integers(1, 4)), draw(st.integers(1, 2)), 0)
    return of, may, np.array(worth) / 100, rules, draw(st.integers(0, 40)) / 4


def lawful(of, may, rules):
    """Every sheet of as many coupons as there is room for."""
    for count in range(rules.per_sheet, 0, -1):
        found = [
            list(sheet)
            for sheet in combinations(np.flatnonzero(may).tolist(), count)
            if len(set(of.rivals[list(sheet)].tolist())) == count
            and np.bincount(of.category[list(sheet)]).max() <= rules.per_category
        ]
        if found:
            return found
    return [[]]


@settings(max_examples=150)
@given(shops())
def test_no_lawful_sheet_is_better(shop):
    of, may, worth, rules, target = shop
    sheets = lawful(of, may, rules)
    off = [abs(of.face[sheet].sum() - target) for sheet in sheets]
    within = max(min(off), 0.02 * target) + 1e-9
    best = max(worth[sheet].sum() for sheet, far in zip(sheets, off, strict=True) if far <= within)

    chosen = generic_sheet(of, may, worth, rules, target)

    assert sorted(chosen.tolist()) in sheets
    assert abs(of.face[chosen].sum() - target) <= within
    assert worth[chosen].sum() == pytest.approx(best)
    assert (np.diff(worth[chosen]) <= 0).all()
    assert generic_sheet(of, may, worth, rules, target).tolist() == chosen.tolist()
