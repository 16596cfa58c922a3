"""What two months of shopping teach about needs, and what they must not."""

import json

import numpy as np
import pytest

from loyalty.shopper import needs, needs_learning
from loyalty.shopper.kernel import statistics
from loyalty.shopper.needs import Model
from tests.loyalty.test_shopper_kernel import line, lines_of

ITEMS, PARENTS, HOUSEHOLDS, DAYS = 12, 4, 90, 200
ITEM_OF_PRODUCT = np.arange(ITEMS, dtype=np.int32)
PARENT_OF_ITEM = (np.arange(ITEMS) % PARENTS).astype(np.int32)
SHOP = {"parents": PARENTS, "households": HOUSEHOLDS, "items": ITEMS}


def shopping(seed, *, households=HOUSEHOLDS, days=DAYS):
    """Rows of households that come every four days or so: each has items of its own that it
    buys on every third trip, gives one of them up in the middle, and tries others now and then."""
    rng = np.random.default_rng(seed)
    rows = []
    for household in range(households):
        own = rng.choice(ITEMS, 4, replace=False)
        day = int(rng.integers(0, 4))
        while day < days:
            kept = own[1:] if day > days / 2 else own
            for item in {*kept[rng.random(len(kept)) < 0.35], *rng.choice(ITEMS, 1)}:
                rows.append(line(household, int(item), day, off=int(rng.integers(0, 2))))
            day += int(rng.integers(1, 8))
    return rows


def learned(rows, *, as_of=DAYS) -> Model:
    return needs_learning.learn(
        lines_of(rows), ITEM_OF_PRODUCT, PARENT_OF_ITEM, as_of=as_of, **SHOP
    )


def quality(model, rows, *, as_of=DAYS):
    return needs_learning.quality(
        model, lines_of(rows), ITEM_OF_PRODUCT, PARENT_OF_ITEM, as_of=as_of, **SHOP
    )


@pytest.fixture(scope="module")
def model():
    return learned(shopping(1))


def test_what_was_learned_foretells_other_households_better_than_their_pace_alone(model):
    others = shopping(2)
    with_model, without = quality(model, others), quality(None, others)
    assert with_model.households == without.households > 80
    assert with_model.log_loss < without.log_loss
    assert with_model.ece < without.ece
    assert 0 < with_model.precision10 < with_model.ndcg10 < 1
    assert 0 < with_model.next_recall10 <= 1


def test_what_is_bought_all_along_is_likelier_than_what_was_given_up(model):
    rows = [line(product=product, day=day) for day in range(2, DAYS, 5) for product in (0, 5)]
    rows += [line(product=1, day=day) for day in range(2, DAYS // 2, 5)]
    seen = statistics(lines_of(rows), ITEM_OF_PRODUCT, households=1, items=ITEMS, as_of=DAYS)
    believed = needs.believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, model)
    steady, given_up, _ = believed.probability
    assert steady > 0.5 > given_up
    assert believed.next_trip[0] < steady
    assert believed.next_trip[0] > believed.next_trip[1]
    assert believed.expected[0] > believed.expected[1]


def test_the_table_learns_not_to_believe_what_was_bought_once(model):
    once, weekly = model.table[:10], model.table[-10:]
    assert (once >= 0).all()
    assert once[:5].min() < weekly[:3].max()


def test_the_same_shopping_teaches_the_same_to_the_bit(model):
    assert json.dumps(learned(shopping(1)).to_plain()) == json.dumps(model.to_plain())


def test_nothing_of_the_day_or_later_is_learned(model):
    rows = shopping(1)
    later = [line(h, p, day) for h in range(HOUSEHOLDS) for p in (0, 7) for day in (DAYS, DAYS + 9)]
    assert json.dumps(learned(rows + later).to_plain()) == json.dumps(model.to_plain())


def test_nothing_of_the_day_or_later_is_judged_by(model):
    rows = shopping(2)
    later = [line(h, p, day) for h in range(HOUSEHOLDS) for p in (0, 7) for day in (DAYS, DAYS + 9)]
    assert quality(model, rows + later) == quality(model, rows)


def test_the_windows_are_told_only_what_was_known_when_they_began():
    rows = [line(day=90), line(product=1, day=99), line(product=1, day=100), line(day=101)]
    window = needs_learning.observe(
        lines_of(rows), ITEM_OF_PRODUCT, households=1, items=ITEMS, begins=100
    )
    assert window.seen.as_of == 100
    assert window.seen.last.tolist() == [90, 99]
    assert window.key.tolist() == [0, 1]
    assert window.next_trip.tolist() == [False, True]


def test_a_window_counts_days_and_neither_returns_nor_what_is_left_out():
    bought = [line(day=100), line(day=100, basket=2), line(day=127)]
    nothing = [line(product=1, day=105, quantity=-1000), line(product=2, day=105), line(day=128)]
    item_of_product = ITEM_OF_PRODUCT.copy()
    item_of_product[2] = -1
    window = needs_learning.observe(
        lines_of(bought + nothing), item_of_product, households=1, items=ITEMS, begins=100
    )
    assert window.key.tolist() == [0]
    assert window.purchases.tolist() == [2]
    assert window.counts.tolist() == [False]  # it never shopped before


def test_a_shop_that_opened_last_month_teaches_nothing_yet():
    rows = shopping(1)
    with pytest.raises(ValueError, match="80 days of history; learning takes 84"):
        learned(rows, as_of=min(row[2] for row in rows) + 80)
    with pytest.raises(ValueError, match="0 days of history"):
        learned([])


def test_a_handful_of_households_teaches_nothing():
    rows = [row for row in shopping(1) if row[0] < 40]
    with pytest.raises(ValueError, match=r"40 households shopped .* learning takes 50"):
        learned(rows)


def test_households_that_buy_all_they_know_again_teach_nothing():
    rows = [line(h, 0, day) for h in range(HOUSEHOLDS) for day in range(0, DAYS, 3)]
    with pytest.raises(ValueError, match="all they knew or nothing"):
        learned(rows)


def test_there_is_nothing_to_judge_by_where_nobody_came_back(model):
    with pytest.raises(ValueError, match="no household shopped"):
        quality(model, shopping(1), as_of=10)
