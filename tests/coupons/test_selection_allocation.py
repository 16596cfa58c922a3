"""Which offers go on a sheet: never against the rules, and never worth less than could be."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection.allocation import allocate


@st.composite
def a_mailing(draw):
    offers = draw(st.integers(0, 8))
    households = draw(st.integers(1, 3))
    category = np.array(draw(st.lists(st.integers(0, 3), min_size=offers, max_size=offers)), "i4")
    cells = st.lists(
        st.lists(st.integers(-2, 5), min_size=offers, max_size=offers),
        min_size=households, max_size=households,
    )  # fmt: skip
    value = np.array(draw(cells), np.float64).reshape(households, offers) / 4
    eligible = np.array(draw(cells)).reshape(households, offers) > -1
    new = np.array(draw(st.lists(st.booleans(), min_size=4 * households, max_size=4 * households)))
    is_new = new.reshape(households, 4)[:, category]
    per_sheet = draw(st.integers(1, 5))
    slots = draw(st.integers(0, per_sheet))
    return value, eligible, category, is_new, per_sheet, draw(st.integers(1, 3)), slots


def is_allowed(sheet, category, is_new, per_category, known_most):
    return (
        all(sum(category[o] == c for o in sheet) <= per_category for c in set(category))
        and sum(not is_new[o] for o in sheet) <= known_most
    )


def best_sheet(value, eligible, category, is_new, per_sheet, per_category, slots):
    """The longest sheet's greatest value, by trying all; and the limit on known categories."""
    open_to = [o for o in range(len(value)) if eligible[o]]
    places = sum(
        min(per_category, sum(is_new[o] and category[o] == c for o in open_to))
        for c in set(category)
    )
    known_most = per_sheet - min(slots, places)
    for size in range(min(per_sheet, len(open_to)), -1, -1):
        sheets = [
            sheet
            for sheet in combinations(open_to, size)
            if is_allowed(sheet, category, is_new, per_category, known_most)
        ]
        if sheets:
            return size, max(sum(value[list(sheet)]) for sheet in sheets), known_most
    raise AssertionError("the empty sheet is always allowed")


@settings(max_examples=120, deadline=None)
@given(a_mailing())
def test_no_allowed_sheet_is_worth_more(mailing):
    value, eligible, category, is_new, per_sheet, per_category, slots = mailing
    chosen = allocate(
        value, eligible, category, per_sheet=per_sheet, per_category=per_category,
        discovery_slots=slots, is_new=is_new,
    )  # fmt: skip
    for h in range(len(value)):
        sheet = [o for o in chosen.offers[h].tolist() if o >= 0]
        size, worth, known_most = best_sheet(
            value[h], eligible[h], category, is_new[h], per_sheet, per_category, slots
        )
        assert len(sheet) == len(set(sheet)) == size
        assert eligible[h][sheet].all()
        assert is_allowed(sheet, category, is_new[h], per_category, known_most)
        assert sum(value[h][sheet]) == worth


@settings(max_examples=80, deadline=None)
@given(a_mailing())
def test_the_best_offer_left_out_is_the_best_that_could_stand_there_instead(mailing):
    value, eligible, category, is_new, per_sheet, per_category, slots = mailing
    chosen = allocate(
        value, eligible, category, per_sheet=per_sheet, per_category=per_category,
        discovery_slots=slots, is_new=is_new,
    )  # fmt: skip
    for h in range(len(value)):
        sheet = [o for o in chosen.offers[h].tolist() if o >= 0]
        known_most = best_sheet(
            value[h], eligible[h], category, is_new[h], per_sheet, per_category, slots
        )[2]
        for place, mine in enumerate(sheet):
            others = [o for o in sheet if o != mine]
            instead = [
                (-value[h, o], o)
                for o in range(len(category))
                if eligible[h, o]
                and o not in sheet
                and is_allowed([*others, o], category, is_new[h], per_category, known_most)
            ]
            assert chosen.left_out[h, place] == (min(instead)[1] if instead else -1)
            assert chosen.margin[h, place] == (value[h, mine] + min(instead)[0] if instead else 0)
            assert chosen.margin[h, place] >= 0


def sheet(value, category, *, eligible=None, **rules):
    value = np.array([value], np.float64)
    eligible = np.ones(value.shape, bool) if eligible is None else np.array([eligible])
    return allocate(value, eligible, np.array(category, np.int32), **rules).offers[0].tolist()


def test_the_best_stands_first_and_equals_stand_in_order_of_column():
    assert sheet([1, 3, 2, 3], [0, 1, 2, 3], per_sheet=3) == [1, 3, 2]
    assert sheet([1, 1, 1, 1], [0, 1, 2, 3], per_sheet=2) == [0, 1]


def test_a_third_of_a_category_gives_way_to_a_lesser_offer_of_another():
    assert sheet([9, 8, 7, 1], [5, 5, 5, 2], per_sheet=3) == [0, 1, 3]


def test_a_sheet_with_too_few_offers_stays_short():
    assert sheet([9, 8], [0, 1], eligible=[True, False], per_sheet=3) == [0, -1, -1]


def test_a_slot_for_discovery_goes_to_the_best_new_category():
    new = np.array([[False, False, True, True]])
    rules = {"per_sheet": 2, "discovery_slots": 1, "is_new": new}
    assert sheet([9, 8, 1, 2], [0, 1, 2, 3], **rules) == [0, 3]


def test_a_slot_for_discovery_is_not_wasted_on_a_household_that_knows_everything():
    new = np.zeros((1, 3), bool)
    assert sheet([9, 8, 7], [0, 1, 2], per_sheet=2, discovery_slots=1, is_new=new) == [0, 1]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="need `is_new`"):
        sheet([1], [0], discovery_slots=1)
    with pytest.raises(ValueError, match="finite"):
        sheet([np.nan], [0])
    with pytest.raises(ValueError, match="shapes disagree"):
        sheet([1, 2], [0])
    with pytest.raises(ValueError, match="numbered from 0"):
        sheet([1], [-1])
    with pytest.raises(ValueError, match="9 slots for discovery of 8"):
        sheet([1], [0], discovery_slots=9, is_new=np.ones((1, 1), bool))
    with pytest.raises(ValueError, match="household 0 has a category that is new for some offers"):
        sheet([1, 2], [0, 0], discovery_slots=1, is_new=np.array([[True, False]]))
