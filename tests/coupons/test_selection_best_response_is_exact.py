"""At any prices, no sheet that the rules allow is worth more than the one that is chosen."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import (  # type: ignore[import-untyped]  # it brings no types
    Bounds,
    LinearConstraint,
    milp,
)

from coupons.selection import best_response
from coupons.selection.problem import NO_LIMIT, Columns, Limits, Prices, Problem, Rules, Table
from tests.benchmarks import selection_highs

HOUSEHOLDS, FUNDERS, TIERS, SIZES = 20, 3, 2, 3


def offers_of(random, offers):
    """Columns of 1 to 3 levels an offer, some offers rivals of the one before."""
    category = np.sort(random.integers(0, 1 + offers // 2, offers))
    rivals = np.zeros(offers, np.int64)
    for at in range(1, offers):
        is_rival = category[at] == category[at - 1] and random.random() < 0.4
        rivals[at] = rivals[at - 1] + (not is_rival)
    levels = random.integers(1, 4, offers)
    return Columns(
        offer=np.repeat(np.arange(offers), levels),
        rivals=np.repeat(rivals, levels),
        category=np.repeat(category, levels),
        face=random.integers(1, 9, levels.sum()) / 4,
        cost=random.integers(0, 9, levels.sum()) / 4,
        funder=random.integers(0, FUNDERS, offers),
    )


def items_of(random, columns, rules, *, fineness, short):
    """What each household may get; values of few kinds, so that many tie, or of many."""
    begins, column, is_new = [0], [], []
    for _ in range(HOUSEHOLDS):
        has = np.isin(columns.offer, np.flatnonzero(random.random(30) < random.random()))
        new = random.random(1 + columns.category.max()) < random.random()
        column += np.flatnonzero(has).tolist()
        is_new += new[columns.category[has]].tolist()
        begins.append(len(column))
    starts, columns_of_items = np.array(begins), np.array(column, np.uint16)
    news = np.array(is_new, np.bool_)
    places = best_response.places(starts, columns_of_items, news, columns, rules)
    return Table(
        starts=starts,
        column=columns_of_items,
        is_new=news,
        value=(random.integers(-fineness, 2 * fineness, len(column)) / fineness).astype("f4"),
        chance=(random.integers(0, 9, len(column)) / 8).astype("f4"),
        places=np.where(short, random.integers(0, places + 1), places).astype("u1"),
        band=random.integers(0, TIERS * SIZES, HOUSEHOLDS).astype("i2"),
    )


def prices_of(random, offers):
    """A price on everything."""

    def some(many):
        return random.integers(1, 9, many) / 16

    return Prices(
        most=some(offers),
        least=some(offers),
        offer_budget=some(offers),
        funder_budget=some(FUNDERS),
        budget=float(some(1)[0]),
        fair_most=some(TIERS + SIZES) / 8,
        fair_least=some(TIERS + SIZES) / 8,
    )


@st.composite
def a_mailing(draw):
    per_sheet = draw(st.integers(1, 12))
    rules = Rules(per_sheet, draw(st.integers(1, 4)), draw(st.integers(0, per_sheet)))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    offers = draw(st.integers(1, 30))
    columns = offers_of(random, offers)
    fineness, short = draw(st.sampled_from([2, 1000])), draw(st.booleans())
    table = items_of(random, columns, rules, fineness=fineness, short=short)
    limits = Limits(
        least=np.zeros(offers),
        most=np.ones(offers),
        offer_budget=np.ones(offers),
        funder_budget=np.ones(FUNDERS),
        budget=1.0,
        fairness=draw(st.sampled_from([0.01, 0.2, NO_LIMIT])),
        tiers=TIERS,
        sizes=SIZES,
    )
    return Problem(columns, table, rules, limits), prices_of(random, offers)


def scores_at(problem, prices):
    """What each item is worth at these prices, told from the limits' own rows."""
    of_row = [prices.most - prices.least, prices.offer_budget, prices.funder_budget]
    paid = np.concatenate([*of_row, [prices.budget]]) @ selection_highs.limit_rows(problem).matrix
    by_group, edges = selection_highs.fair_rows(problem)
    if problem.limits.fairness != NO_LIMIT:
        table, sizes = problem.table, problem.limits.sizes
        tier, size = np.divmod(table.band[table.places > 0], sizes)
        there = np.isin(np.arange(TIERS + SIZES), np.concatenate([tier, TIERS + size]))
        of_edge = np.concatenate([prices.fair_most[there], prices.fair_least[there]])
        paid = paid + (of_edge @ edges) @ by_group
    return problem.table.value.astype(np.float64) - paid


def optimum(problem, scores):
    """HiGHS's, in whole items."""
    rows = selection_highs.sheet_rows(problem)
    found = milp(
        -scores,
        constraints=LinearConstraint(rows.matrix, rows.lower, rows.upper),
        integrality=np.ones(len(scores)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0},
    )
    assert found.success, found.message
    return -found.fun


@settings(max_examples=75, deadline=None)
@given(a_mailing())
def test_no_sheet_that_the_rules_allow_is_worth_more_at_any_prices(mailing):
    problem, prices = mailing
    scores = scores_at(problem, prices)

    answer = best_response.respond(problem, prices, keep=True)

    assert answer.chosen is not None
    items = answer.chosen[answer.chosen >= 0]
    taken = np.bincount(items, minlength=len(scores))
    rows = selection_highs.sheet_rows(problem)
    kept = rows.matrix @ taken
    assert (kept >= rows.lower).all()
    assert (kept <= rows.upper).all()
    assert taken.max(initial=0) <= 1
    assert answer.priced == pytest.approx(scores @ taken, abs=1e-6)
    assert answer.value == pytest.approx(problem.table.value[items].sum(dtype="f8"), abs=1e-9)
    if len(items):
        assert answer.priced == pytest.approx(optimum(problem, scores), abs=1e-5)


@settings(max_examples=20, deadline=None)
@given(a_mailing())
def test_what_the_sheets_use_is_what_is_on_them(mailing):
    problem, prices = mailing
    columns, table, _, limits = problem

    answer = best_response.respond(problem, prices, keep=True)
    told = best_response.respond(problem, prices, keep=False)

    assert answer.chosen is not None
    home, place = np.nonzero(answer.chosen >= 0)
    items = answer.chosen[home, place]
    rows = selection_highs.limit_rows(problem).matrix @ np.bincount(
        items, minlength=len(table.column)
    )
    offers = len(limits.most)
    assert answer.usage.coupons.tolist() == rows[:offers].tolist()
    assert answer.usage.cost == pytest.approx(rows[offers : 2 * offers])
    band, bands = table.band[home], TIERS * SIZES
    assert answer.usage.places.tolist() == np.bincount(band, minlength=bands).tolist()
    face = columns.face[table.column[items]]
    assert answer.usage.face.tolist() == np.bincount(band, face, bands).tolist()
    assert told.priced == answer.priced
    assert all((mine == its).all() for mine, its in zip(told.usage, answer.usage, strict=True))
