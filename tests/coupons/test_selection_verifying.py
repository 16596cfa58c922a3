"""The recount of chosen sheets finds every broken rule and limit, and nothing where all is kept."""

import numpy as np
import pytest

from coupons.selection.verifying import verify
from tests.coupons.selections import mailing


def a_mailing(**changes):
    """Two households, four offers: 0 and 1 are rivals, 2 is of their category, 3 of another."""
    usual = {
        "category": [0, 0, 0, 1],
        "rivals": [0, 0, 1, 2],
        "face": [1.0, 1.0, 2.0, 2.0],
        "funder": [0, 0, 1, 1],
        "per_category": 1,
    }
    return mailing(np.ones((2, 4)), **usual | changes)


KEPT = [[0, 3], [5, 7]]  # items: household 1 has 4 to 7


def broken(problem, chosen):
    findings = verify(problem, np.array(chosen))
    return {name: n for name, n in findings._asdict().items() if n and name != "worst"}


def test_sheets_that_keep_everything_have_no_findings():
    findings = verify(a_mailing(most=[1, 1, 0, 2], budget=3.0), np.array(KEPT))

    assert findings.total == 0
    assert findings.worst == "everything is kept"


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ([[0, -1], [5, 7]], {"places": 1}),
        ([[0, 7], [5, 7]], {"eligible": 1}),
        ([[3, 0], [5, 7]], {"eligible": 1}),
        ([[3, 3], [5, 7]], {"eligible": 1, "rivals": 1, "category": 1}),
        ([[0, 1], [5, 7]], {"rivals": 1, "category": 1}),
        ([[0, 2], [5, 6]], {"category": 2}),
    ],
)
def test_a_sheet_against_the_rules_is_found(chosen, found):
    assert broken(a_mailing(), chosen) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"most": [1, 1, 9, 1]}, {"most": 1}),
        ({"least": [0, 0, 1, 0]}, {"least": 1}),
        ({"offer_budget": [9, 9, 9, 1.9]}, {"offer_budget": 1}),
        ({"funder_budget": [0.9, 1.9]}, {"funder_budget": 2}),
        ({"budget": 2.9}, {"budget": 1}),
        (
            {"fairness": 0.1, "tiers": 2, "band": [0, 1], "face": [1.0, 3.0, 2.0, 2.0]},
            {"fairness": 2},
        ),
    ],
)
def test_a_limit_that_is_overrun_is_found_and_said(changes, found):
    problem = a_mailing(**changes)

    assert broken(problem, KEPT) == found
    assert ", not " in verify(problem, np.array(KEPT)).worst


def test_new_ones_are_asked_of_households_that_could_have_them():
    is_new = [[False, False, False, True], [True, True, True, False]]
    problem = a_mailing(is_new=is_new, new_at_least=1, per_sheet=1)

    assert broken(problem, [[0], [4]]) == {"new": 1}
    assert broken(problem, [[3], [7]]) == {"new": 1}
    assert broken(problem, [[3], [4]]) == {}


def test_rivals_count_once_in_what_new_ones_could_be_had():
    is_new = [[True, True, False, False]] * 2
    problem = a_mailing(
        is_new=is_new, new_at_least=2, per_category=2, category=[0, 0, 1, 1], rivals=[0, 0, 1, 2]
    )

    assert broken(problem, [[0, 2], [5, 7]]) == {}
    assert broken(problem, [[2, 3], [5, 7]]) == {"new": 1}


def test_sheets_of_other_households_cannot_be_counted():
    with pytest.raises(ValueError, match="households, per sheet"):
        verify(a_mailing(), np.zeros((3, 2), np.int64))
