"""Why a coupon stands on a sheet, in words."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.pieces import Chosen, Evidence
from coupons.selection.problem import Row
from coupons.selection.reasons import FOR_ALL, LIKED, explain, figure, staff_words
from coupons.selection.response import BACK, BUY, NEW
from loyalty.shopper.kernel import EPOCH

DAY = 400  # of the beliefs
AS_OF = EPOCH + timedelta(days=DAY)
NAMES = {1: "Coffee", 2: "Oat drink"}


def reason(language="en", **coupon):
    """The reason of one coupon, on one sheet."""
    told = {
        "offer": 1, "tag": BUY, "value": 1.92, "chance": 0.31, "drawn_share": 0.0,
        "circulation": 0.43, "cost": 0.11, "fairness": 0.0, "left_out": 2, "margin": 0.02,
        "moved_for": Row.NONE, "bought": 9, "gap_days": 12.0, "last_day": DAY - 3, "weekday": -1,
        "is_several": False, "knows_category": False, **coupon,
    }  # fmt: skip
    evidence = Evidence(*(np.array([told.pop(name)]) for name in Evidence._fields))
    sheet = {
        "households": [7], "is_ghost": [False], "tier": [0], "size": [0], "store": [0],
        "starts": [0, 1], "level": [0], "need": [0.5],
    }  # fmt: skip
    arrays = {name: np.array(value) for name, value in sheet.items()}
    arrays |= {name: np.array([value]) for name, value in told.items()}
    (only,) = explain(Chosen(**arrays, evidence=evidence), NAMES, AS_OF, [language])
    return only


def test_each_coupon_says_why_it_is_here():
    assert reason()[:2] == ("buy", "You buy this about every 12 days.")
    assert reason(tag=BACK, last_day=DAY - 200)[:2] == (
        "back", "We have missed you here since July.",
    )  # fmt: skip
    never = {"tag": NEW, "bought": 0, "last_day": -1}
    assert reason(**never)[:2] == ("new", "Something new to try.")
    assert reason(**never, knows_category=True).paper == "New for you, from a shelf you know."


def test_what_is_due_says_when_it_was_bought_last():
    assert reason(gap_days=19.2, last_day=DAY - 21).paper == (
        "You buy this about every 19 days. Last time: 3 weeks ago."
    )


def test_what_is_bought_on_saturdays_is_a_saturday_favourite():
    assert reason(weekday=5).paper == "A Saturday favourite of yours."


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({}, "Das kaufen Sie etwa alle 12 Tage."),
        ({"is_several": True}, "Davon kaufen Sie etwa alle 12 Tage etwas."),
        ({"weekday": 5}, "Samstags gern in Ihrem Korb."),
        ({"tag": BACK, "last_day": DAY - 200}, "Seit Juli haben wir Sie hier vermisst."),
        ({"tag": NEW, "bought": 0, "knows_category": True},
         "Neu für Sie, aus einem Regal, das Sie kennen."),
        ({"bought": LIKED}, "Sie sagten uns, dass Sie dieses Regal mögen."),
        ({"bought": FOR_ALL, "tag": NEW}, "Eine Ersparnis für alle."),
        ({"drawn_share": 0.1}, "Etwas Neues zum Probieren."),
    ],
)  # fmt: skip
def test_paper_speaks_the_households_language_and_staff_read_english(told, words):
    said = reason("de", **told)
    assert said.paper == words
    assert said.staff == reason("en", **told).staff
    assert reason("fr", **told) == reason("en", **told)


def test_a_wide_offer_speaks_of_one_of_these():
    assert reason(is_several=True).paper == "You buy one of these about every 12 days."


def test_what_the_household_said_it_likes_is_said_back_and_no_purchase_is_told():
    assert reason(bought=LIKED).paper == "From a shelf you told us you like."


def test_a_sensitive_offer_is_for_everyone():
    assert reason(bought=FOR_ALL, tag=NEW).paper == "A saving for everyone."


def test_an_offer_on_whatever_is_bought_is_for_the_next_shop():
    assert reason(bought=0, last_day=-1).paper == "For your next shop."


def test_what_a_lot_drew_is_something_new_and_staff_are_told_the_chance():
    told = reason(drawn_share=1 / 80, value=0.4, chance=0.02)
    assert told.paper == "Something new to try."
    assert told.staff == (
        "drawn by lot, with a chance of 1 in 80, to learn from it; value 0.40; chance 0.020"
    )


def test_staff_see_how_the_worth_adds_up_and_what_was_left_out():
    assert reason().staff == (
        "value 1.92 - circulation 0.43 - cost 0.11 + fairness 0.00 = 1.38; chance 0.31; "
        "best left out: Oat drink by 0.020"
    )
    assert reason(left_out=0, margin=0.0).staff.endswith("; no other offer fits in its place")


def test_a_guarantee_adds_to_the_worth_and_fairness_may_take_from_it():
    assert staff_words(1.0, -0.5, 0.0, -0.25, 0.1, None, 0.0).startswith(
        "value 1.00 + circulation 0.50 - cost 0.00 - fairness 0.25 = 1.25; "
    )


def test_a_coupon_that_was_moved_names_the_limit():
    told = reason(moved_for=Row.FUNDER_BUDGET, margin=-0.2).staff
    assert told.endswith(
        "; Oat drink would be better by 0.20; balancing swap for a funder's budget"
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.31, "0.31"), (0.0042, "0.0042"), (5e-5, "0.000050"), (0.0, "0.00"), (-0.02, "-0.020")],
)
def test_small_figures_keep_two_digits(number, words):
    assert figure(number) == words


@given(
    st.lists(st.floats(-1e9, 1e9, width=32), min_size=6, max_size=6),
    st.sampled_from([BUY, BACK, NEW]),
    st.integers(-2, 3000),
    st.integers(-1, DAY - 1),
    st.integers(-1, 6),
)
def test_whatever_is_told_fits_what_keeps_it(figures, tag, bought, last, weekday):
    value, circulation, cost, fairness, margin, gap = figures
    told = reason(
        value=value, circulation=circulation, cost=cost, fairness=fairness, margin=margin,
        gap_days=abs(gap), tag=tag, bought=bought, last_day=last, weekday=weekday, moved_for=3,
    )  # fmt: skip
    assert 0 < len(told.paper) <= 120
    assert 0 < len(told.staff) <= 250
