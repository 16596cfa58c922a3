"""All sheets of a mailing at once keep every limit, and are nearly worth the most they could be."""

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.selection import best_response, feasibility
from coupons.selection.problem import NO_LIMIT, Prices, Row
from coupons.selection.solving import UnsolvedError, solve
from coupons.selection.verifying import verify
from tests.coupons.selections import drawn, mailing

NO = float("nan")


def worth(problem, chosen):
    return float(problem.table.value[chosen[chosen >= 0]].sum(dtype=np.float64))


def offers_of(problem, household, solution):
    items = solution.chosen[household]
    return problem.columns.offer[problem.table.column[items[items >= 0]]].tolist()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    households=st.integers(1, 40),
    offers=st.integers(1, 14),
    slack=st.sampled_from([0.02, 0.1, 0.3]),
)
def test_limits_that_can_be_kept_are_kept_and_the_bound_holds(seed, households, offers, slack):
    problem, kept = drawn(seed, households=households, offers=offers, slack=slack)
    assert not verify(problem, kept).total

    solution = solve(problem)

    assert verify(problem, solution.chosen).total == 0
    assert solution.value == pytest.approx(worth(problem, solution.chosen))
    margin = 1e-6 * max(1.0, abs(solution.bound))
    assert solution.bound >= solution.value - margin
    assert solution.bound >= worth(problem, kept) - margin


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_without_limits_every_household_gets_its_best_sheet(seed):
    problem, _ = drawn(seed)
    limits = problem.limits
    free = problem._replace(
        limits=limits._replace(
            least=np.zeros(len(limits.least)),
            most=np.full(len(limits.most), NO_LIMIT),
            offer_budget=np.full(len(limits.most), NO_LIMIT),
            funder_budget=np.full(len(limits.funder_budget), NO_LIMIT),
            budget=NO_LIMIT,
            fairness=NO_LIMIT,
        )
    )

    solution = solve(free)

    assert solution.value == pytest.approx(solution.bound)
    assert (solution.moved_for == Row.NONE).all()


def test_a_small_mailing_is_solved_to_the_last_cent():
    problem = mailing(
        [[5, 4, 1], [5, 3, 2], [5, 1, NO]], per_sheet=1, most=[1, 1, 3], least=[0, 0, 1],
    )  # fmt: skip

    solution = solve(problem)

    assert [offers_of(problem, household, solution) for household in range(3)] == [[1], [2], [0]]
    assert solution.value == 11


def test_a_swap_that_needs_another_households_swap_is_found():
    # Offer 0 may go out once, and only household 0 could pass on what the others take up.
    problem = mailing(
        [[9, 8, NO, NO], [9, NO, NO, NO], [NO, 9, 1, NO], [NO, NO, 9, 1]],
        per_sheet=1,
        most=[1, 1, 1, 9],
    )

    solution = solve(problem)

    assert verify(problem, solution.chosen).total == 0
    assert [offers_of(problem, household, solution) for household in range(4)] == [
        [1], [0], [2], [3],
    ]  # fmt: skip


def test_the_same_seed_chooses_the_same_sheets_on_any_number_of_threads():
    problem, _ = drawn(3, households=2_200, offers=12)
    threads = numba.get_num_threads()

    first = solve(problem, seed=5)
    numba.set_num_threads(1)
    alone = solve(problem, seed=5)
    numba.set_num_threads(threads)

    assert np.array_equal(first.chosen, alone.chosen)
    assert np.array_equal(first.moved_for, alone.moved_for)
    assert (first.bound, first.value, first.passes) == (alone.bound, alone.value, alone.passes)
    for mine, its in zip(first.prices, alone.prices, strict=True):
        assert np.array_equal(np.asarray(mine), np.asarray(its))


def test_prices_of_some_households_or_of_the_last_mailing_are_a_start():
    problem, _ = drawn(8, households=400, offers=15)
    cold = solve(problem)

    sampled = solve(problem, sample=100)
    again = solve(problem, start=cold.prices)

    for solution in (sampled, again):
        assert verify(problem, solution.chosen).total == 0
        assert solution.bound == pytest.approx(cold.bound, rel=1e-3)
        assert solution.gap < 0.02


def test_prices_of_other_offers_are_no_start():
    first, other = mailing([[1, 2]]), mailing([[1, 2, 3]])

    with pytest.raises(ValueError, match="prices by kind"):
        solve(other, start=solve(first).prices)


def test_more_offers_than_newton_has_room_for_are_priced_too():
    problem, _ = drawn(11, households=60, offers=700, slack=0.3)

    solution = solve(problem)

    assert verify(problem, solution.chosen).total == 0
    assert solution.gap < 0.05


def test_coupons_that_were_moved_are_marked_and_no_others():
    problem, _ = drawn(43, households=200, offers=12, slack=0.02)

    solution = solve(problem)

    best = best_response.respond(problem, solution.prices, keep=True).chosen
    assert best is not None
    stayed = (solution.chosen[:, :, None] == best[:, None, :]).any(axis=2)
    assert ((solution.moved_for == Row.NONE) == stayed).all()
    assert not stayed.all()


@pytest.mark.parametrize("households", [0, 3])
def test_where_nobody_can_get_anything_sheets_are_empty(households):
    problem = mailing(np.full((households, 2), NO))

    solution = solve(problem)

    assert solution.chosen.shape == (households, 2)
    assert (solution.chosen == -1).all()
    assert (solution.bound, solution.value, solution.gap) == (0, 0, 0)


def test_households_without_offers_or_places_get_no_coupon():
    problem = mailing([[NO, NO], [3, 1], [2, 2]], places=[0, 1, 0])

    solution = solve(problem)

    assert solution.chosen.tolist() == [[-1, -1], [0, -1], [-1, -1]]


def test_limits_that_contradict_each_other_are_proved_to():
    problem = mailing([[3, 2], [2, 1], [4, 1]], per_sheet=1, least=[2, 0], funder_budget=[0.9])
    assert feasibility.contradictions(problem, ["Tea", "Rice"], ["Acme"]) != []

    with pytest.raises(UnsolvedError, match="contradict each other") as error:
        solve(problem)

    assert isinstance(error.value.prices, Prices)
    told = feasibility.certificate(
        problem, error.value.prices, error.value.bound, ["Tea", "Rice"], ["Acme"]
    )
    assert any(sentence.startswith("Funder Acme: ") for sentence in told)


def test_what_can_only_be_kept_by_half_coupons_is_refused_by_name():
    # Two coupons of 1.00 and 2.00: no sheets have a mean of exactly 1.50 in both tiers.
    problem = mailing(
        [[1, 1], [1, 1]], per_sheet=1, face=[1.0, 2.0], most=[1, 1], fairness=0.1,
        tiers=2, band=[0, 1],
    )  # fmt: skip

    with pytest.raises(UnsolvedError, match="keep all limits: coupons of offer 0"):
        solve(problem)
