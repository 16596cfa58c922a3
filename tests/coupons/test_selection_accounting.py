"""The account of a coupon adds up, and an offer's figures are those of its coupons."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection import accounting
from coupons.selection.problem import Row
from coupons.selection.solving import solve
from coupons.selection.verifying import verify
from tests.coupons.selections import drawn, mailing

NO = float("nan")


def test_a_coupon_tells_its_worth_its_price_and_what_it_kept_out():
    problem = mailing([[5, 4], [5, 3], [5, 1]], per_sheet=1, most=[1, 3])
    solution = solve(problem)

    account = accounting.account(problem, solution, np.array([2, 0]))

    assert account.chosen.tolist() == [[4], [1]]
    assert account.value.tolist() == [[5], [4]]
    assert account.left_out.tolist() == [[5], [0]]
    price = solution.prices.most[0]
    assert 2 <= price <= 4
    assert account.circulation.tolist() == [[price], [0]]
    assert account.priced.tolist() == [[5 - price], [4]]
    assert account.margin == pytest.approx(np.array([[4 - price], [price - 1]]))


def test_where_nothing_else_fits_nothing_is_left_out():
    problem = mailing([[5, NO], [NO, 2]], per_sheet=1)

    account = accounting.account(problem, solve(problem), np.array([0, 1]))

    assert account.left_out.tolist() == [[-1], [-1]]
    assert account.margin.tolist() == [[0], [0]]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_accounts_add_up_and_what_was_left_out_could_stand_there(seed):
    problem, _ = drawn(seed, households=8, slack=0.1)
    solution = solve(problem)
    households = np.arange(len(problem.table.places))

    account = accounting.account(problem, solution, households)

    parts = account.value - account.circulation - account.cost + account.fairness
    assert parts == pytest.approx(account.priced)
    unmoved = (solution.moved_for == Row.NONE).all(axis=1)
    assert (account.margin[unmoved] >= -1e-12).all()
    rules_alone = ("places", "eligible", "rivals", "category", "new")
    for household, place in np.argwhere(account.left_out >= 0).tolist():
        chosen = solution.chosen.copy()
        chosen[household, place] = account.left_out[household, place]
        room = int(problem.table.places[household])
        chosen[household, :room].sort()
        findings = verify(problem, chosen)
        assert not any(getattr(findings, name) for name in rules_alone)


def test_an_offers_figures_are_those_of_its_coupons():
    problem = mailing(
        [[5, 4], [5, NO], [2, 3]], per_sheet=1, most=[1, 3], least=[0, 1],
        chance=[[0.5, 0.25]] * 3, face=[2.0, 1.0],
    )  # fmt: skip
    solution = solve(problem)

    offers = accounting.offers(problem, solution)

    assert offers.eligible.tolist() == [3, 2]
    assert offers.coupons.tolist() == [1, 2]
    assert offers.redemptions.tolist() == [0.5, 0.5]
    assert offers.cost.tolist() == [1.0, 0.5]
    assert (offers.least.tolist(), offers.most.tolist()) == ([0, 1], [1, 3])
    assert offers.most_price.tolist() == solution.prices.most.tolist()


def test_a_household_counts_once_for_an_offer_of_several_levels():
    problem, _ = drawn(4)

    offers = accounting.offers(problem, solve(problem))

    table, columns = problem.table, problem.columns
    owner = np.repeat(np.arange(len(table.places)), np.diff(table.starts))
    pairs = np.unique(np.stack([owner, columns.offer[table.column]]), axis=1)
    assert offers.eligible.tolist() == np.bincount(pairs[1], minlength=10).tolist()
