"""Limits that nobody could keep are told before anything is chosen, with what would mend it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection.feasibility import contradictions
from tests.coupons.selections import drawn, mailing

NAMES = ["Tea", "Rice", "Soap"]
NO = float("nan")


def told(value, **changes):
    return contradictions(
        mailing(value, **changes), NAMES, ["Acme", "Bell"], ["gold", "silver"], ["small", "large"]
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    households=st.integers(1, 30),
    offers=st.integers(1, 12),
    slack=st.sampled_from([0.0, 0.2]),
)
def test_limits_that_can_be_kept_are_never_said_to_contradict(seed, households, offers, slack):
    problem, _ = drawn(seed, households=households, offers=offers, slack=slack)

    assert contradictions(problem, [], []) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"least": [3, 0, 0], "most": [2, 9, 9]},
            "Offer Tea: 3 coupons are guaranteed, but 2 are the most. "
            "Lower the guarantee or raise the limit.",
        ),
        (
            {"least": [0, 0, 4]},
            "Offer Soap: 4 coupons are guaranteed, but only 3 households can get it. "
            "Lower the guarantee to 3, or let more households have it.",
        ),
        (
            {"least": [3, 2, 0], "per_sheet": 1},
            "5 coupons are guaranteed, but there are only 4 places on 4 sheets. "
            "Lower guarantees by 1, or mail to more households.",
        ),
        (
            {"most": [2, 2, 2]},
            "There are 8 places to fill, but all offers together may be printed only 6 times. "
            "Raise limits of circulation by 2, add offers, or print fewer coupons a sheet.",
        ),
        (
            {"least": [3, 2, 0], "rivals": [0, 0, 1], "category": [0, 0, 1], "places": [1] * 4},
            "Offers Tea, Rice: 5 coupons are guaranteed together, but with at most one of "
            "them a sheet only 4 can be printed. Lower guarantees by 1.",
        ),
        (
            {"least": [4, 4, 1], "category": [0, 0, 0], "per_category": 2},
            "Offers Tea, Rice, Soap: 9 coupons are guaranteed together, but with at "
            "most 2 of their category a sheet only 8 can be printed. Lower guarantees by 1.",
        ),
        (
            {"least": [2, 0, 0], "offer_budget": [1.2, 9, 9]},
            "Offer Tea: its 2 guaranteed coupons are expected to cost 1.50 at the least, and its "
            "budget is 1.20. Raise it or lower the guarantee.",
        ),
        (
            {"least": [2, 0, 2], "funder": [1, 0, 1], "funder_budget": [9, 2]},
            "Funder Bell: the budget is 2.00, but coupons guaranteed for its offers are expected "
            "to cost 3.50 at the least. Raise it or lower guarantees.",
        ),
        (
            {"least": [2, 0, 2], "budget": 3},
            "The budget is 3.00, but the guaranteed coupons alone are expected to cost 3.50 at "
            "the least. Raise it or lower guarantees.",
        ),
        (
            {"budget": 8},
            "The budget is 8.00, but even the cheapest coupons in all 8 places are expected to "
            "cost 10.00. Raise it by 2.00, print fewer coupons a sheet, or mail to fewer "
            "households.",
        ),
    ],
)
def test_a_contradiction_is_told_with_its_numbers_and_what_would_mend_it(changes, sentence):
    # Tea is expected to cost 0.50, 1.00, 2.00 and 2.50; Rice 1.50 a household, Soap 1.00.
    mailing_ = [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, NO]]
    chance = np.array([[0.25, 0.75, 0.5], [0.5, 0.75, 0.5], [1, 0.75, 0.5], [1.25, 0.75, 0.5]])

    assert sentence in told(mailing_, chance=chance, face=[2.0, 2.0, 2.0], **changes)


def test_a_guarantee_to_households_that_may_have_new_ones_only_reaches_nobody():
    sentences = told([[1, 1, 1]], is_new=[[False, True, True]], new_at_least=2, least=[1, 0, 0])

    assert len(sentences) == 1
    assert "only 0 households can get it" in sentences[0]


def test_tiers_whose_offers_differ_too_much_are_told():
    sentences = told(
        [[1, NO, NO], [NO, 1, 1]], per_sheet=1, face=[1.0, 2.0, 3.0], tiers=2, band=[0, 1],
        fairness=0.1,
    )  # fmt: skip

    assert sentences == [
        "Fairness: coupons of tier gold take off 1.00 on average at the most, those of all others "
        "2.00 at the least, and they may differ from the mean of all by 10 % only. Allow for more, "
        "or give both offers alike.",
        "Fairness: coupons of tier silver take off 2.00 on average at the least, those of all "
        "others 1.00 at the most, and they may differ from the mean of all by 10 % only. Allow "
        "for more, or give both offers alike.",
    ]


def test_a_mailing_without_offers_contradicts_nothing():
    assert contradictions(mailing(np.zeros((2, 0))), [], []) == []
