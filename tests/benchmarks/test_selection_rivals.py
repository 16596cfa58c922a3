"""The mailings that selections are measured by are what they say, and rivals play by the rules."""

import numpy as np
import pytest
from scipy.optimize import linprog  # type: ignore[import-untyped]  # it brings no types

from coupons.selection import solving, verifying
from coupons.selection.problem import NO_LIMIT, Problem, Rules
from tests.benchmarks import selection_greedy, selection_highs, selection_instances
from tests.benchmarks.selection_instances import SIZES, TIERS, Tastes

HOUSEHOLDS, OFFERS, CATEGORIES = 120, 40, 30


@pytest.fixture(scope="module")
def tastes():
    random = np.random.default_rng(1)
    bought = random.random((50, CATEGORIES)) ** 4
    return Tastes(
        share=bought / bought.sum(axis=1, keepdims=True),
        is_new=random.random((50, CATEGORIES)) < 0.5,
        tier=random.integers(0, TIERS, 50),
        size=random.integers(0, SIZES, 50),
    )


@pytest.fixture(scope="module")
def mailing(tastes):
    return selection_instances.problem(HOUSEHOLDS, OFFERS, tastes, fairness=NO_LIMIT)


def test_a_household_is_the_same_in_a_small_shop_and_in_a_large_one(tastes, mailing):
    larger = selection_instances.problem(3 * HOUSEHOLDS, OFFERS, tastes)
    items = len(mailing.table.column)

    for name in ("column", "is_new", "value", "chance"):
        large, small = getattr(larger.table, name), getattr(mailing.table, name)
        assert large[:items].tolist() == small.tolist()
    assert larger.table.band[:HOUSEHOLDS].tolist() == mailing.table.band.tolist()


def test_a_mailing_keeps_to_the_shapes_that_a_selection_is_told(mailing):
    columns, table, rules, limits = mailing
    items = np.diff(table.starts)

    assert (items >= 30).all()  # offers, each at one level at least
    within = np.ones(len(table.column), np.bool_)
    within[table.starts[:-1]] = False
    assert (np.diff(table.column.astype(np.int64))[within[1:]] > 0).all()
    category, rivals = columns.category[table.column], columns.rivals[table.column]
    home = np.repeat(np.arange(HOUSEHOLDS), items)
    new = np.zeros((HOUSEHOLDS, category.max() + 1), np.bool_)
    new[home, category] = table.is_new
    assert (new[home, category] == table.is_new).all()
    order = np.lexsort((columns.offer, columns.rivals, columns.category))
    assert order.tolist() == list(range(len(columns.offer)))
    assert len({(c, r) for c, r in zip(category, rivals, strict=True)}) == len(set(rivals))
    assert (table.chance > 0).all()
    assert (table.chance < 1).all()
    assert (table.places <= rules.per_sheet).all()
    assert (limits.least <= limits.most).all()
    assert (limits.least > 0).any()
    assert set(columns.funder) == set(range(len(limits.funder_budget)))


def test_the_next_mailing_has_the_same_offers_at_other_values(tastes):
    first = selection_instances.problem(HOUSEHOLDS, OFFERS, tastes)
    worth = first.table.value.copy()

    later = selection_instances.next_mailing(first)

    change = later.table.value / worth
    assert 0.1 < np.log(change).std() < 0.35
    assert later.table.column is first.table.column


def test_greedy_keeps_every_rule_but_may_leave_places_empty(mailing):
    names = []
    for name, chosen in selection_greedy.methods(mailing):
        names.append(name)
        found = verifying.verify(mailing, chosen)
        broken = {key for key, count in found._asdict().items() if key != "worst" and count}
        assert broken <= {"places", "new", "least"}
        assert selection_greedy.worth_of(mailing.table, chosen) > 0
    assert len(set(names)) == 4


def test_without_limits_greedy_finds_each_households_best_sheet(mailing):
    columns, table, _, limits = mailing
    nothing = np.full(OFFERS, NO_LIMIT)
    free = limits._replace(
        least=np.zeros(OFFERS), most=nothing, offer_budget=nothing, budget=NO_LIMIT,
        funder_budget=np.full(len(limits.funder_budget), NO_LIMIT),
    )  # fmt: skip
    unlimited = Problem(columns, table, Rules(8, 2, 2), free)

    best = selection_greedy.best_of_each(unlimited)

    names = {}
    for name, chosen in selection_greedy.methods(unlimited):
        names[name] = chosen
    assert names["by_household_worth"].tolist() == best.tolist()
    assert names["global_worth"].tolist() == best.tolist()


def test_the_simplex_lies_between_our_sheets_and_our_bound(tastes):
    mailing = selection_instances.problem(HOUSEHOLDS, OFFERS, tastes, fairness=0.05)

    ours = solving.solve(mailing)
    found = linprog(**selection_highs.program(mailing)._asdict(), method="highs-ds")

    assert found.success, found.message
    slack = 1e-6 * ours.bound
    assert ours.value - slack <= -found.fun <= ours.bound + slack
