"""What is believed of every household and item, whatever they did."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import needs
from loyalty.shopper.kernel import Items, Statistics, statistics
from loyalty.shopper.needs import Model, believe
from tests.loyalty.test_shopper_kernel import line, lines_of
from tests.loyalty.test_shopper_needs_learning import (
    ITEM_OF_PRODUCT,
    ITEMS,
    PARENT_OF_ITEM,
    PARENTS,
    learned,
    shopping,
)

AS_OF = 400
A_LINE = st.tuples(
    st.integers(0, 5),  # household
    st.integers(0, ITEMS - 1),
    st.integers(0, 450),  # day
    st.integers(1, 3),
    st.sampled_from([0, 1, 354, 1000, -1000, 10_000_000]),  # quantity
    st.sampled_from([0, 1, 199, 100_000_000, -50]),  # cents
    st.sampled_from([0, 25]),
    st.booleans(),
)


@pytest.fixture(scope="module")
def model() -> Model:
    return learned(shopping(1))


def told(rows, *, households=6, as_of=AS_OF) -> Statistics:
    return statistics(
        lines_of(rows), ITEM_OF_PRODUCT, households=households, items=ITEMS, as_of=as_of
    )


def sound(believed) -> bool:
    return (
        all(np.isfinite(column).all() for column in believed)
        and all(((chance >= 0) & (chance <= 1)).all() for chance in (believed[0], believed[2]))
        and (believed.expected >= 0).all()
        and (believed.usual_gaps > 0).all()
    )


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(A_LINE, max_size=60), is_learned=st.booleans())
def test_every_chance_is_a_chance_however_the_households_are_dealt(model, rows, is_learned):
    taught = model if is_learned else None
    whole = told(rows)
    believed = believe(whole, whole.items, PARENT_OF_ITEM, PARENTS, taught)
    assert sound(believed)

    parts = []
    for own in ([0, 3, 4], [1, 2, 5]):
        place = {household: at for at, household in enumerate(own)}
        mine = [(place[row[0]], *row[1:]) for row in rows if row[0] in place]
        part = told(mine, households=len(own))
        found = believe(part, whole.items, PARENT_OF_ITEM, PARENTS, taught)
        parts.append((np.array(own)[part.household] * ITEMS + part.item, found))
    order = np.argsort(np.concatenate([key for key, _ in parts]))
    for column in range(len(believed) - 1):  # the last is a value a household
        dealt = np.concatenate([found[column] for _, found in parts])[order]
        assert dealt.tobytes() == believed[column].tobytes()


def test_what_was_kept_as_json_believes_the_same_to_the_bit(model):
    seen = told(shopping(3, households=6), as_of=180)
    kept = Model.from_plain(json.loads(json.dumps(model.to_plain(), allow_nan=False)))
    for mine, its in zip(
        believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, model),
        believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, kept),
        strict=True,
    ):
        assert mine.tobytes() == its.tobytes()


def test_before_anything_is_learned_the_pace_alone_speaks():
    rows = [line(product=0, day=day) for day in range(4, AS_OF, 7)]
    rows += [line(product=1, day=day) for day in range(4, AS_OF, 28)]
    rows += [line(product=2, day=4), line(1, 0, 396)]
    seen = told(rows)
    believed = believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, None)
    weekly, monthly, once, _ = believed.probability
    assert weekly > monthly > once
    assert 3 < believed.expected[0] < 4
    assert believed.usual_gaps[:2].tolist() == [7, 28]
    assert believed.next_trip[0] < weekly


def test_an_item_nobody_buys_any_more_and_nothing_is_known_of_is_believed_all_the_same(model):
    seen = told(shopping(3, households=6))
    nothing = Items(*(np.zeros_like(column) for column in seen.items))
    for taught in (None, model):
        assert sound(believe(seen, nothing, PARENT_OF_ITEM, PARENTS, taught))


def test_a_card_that_shops_every_day_for_fourteen_years_is_believed_like_any(model):
    rows = [line(0, day % ITEMS, day) for day in range(5000)]
    seen = told(rows, as_of=5000)
    assert sound(believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, model))


def test_a_household_away_for_years_is_expected_to_buy_next_to_nothing(model):
    seen = told([line(day=day) for day in range(0, 40, 4)], as_of=9000)
    believed = believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, model)
    assert sound(believed)
    assert believed.probability[0] < 0.5


def test_an_empty_bucket_needs_nothing(model):
    for as_of in (0, AS_OF):
        seen = told([line(day=30)] if not as_of else [], as_of=as_of)
        for taught in (None, model):
            believed = believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, taught)
            assert [len(column) for column in believed[:-1]] == [0, 0, 0, 0]


def test_of_a_hundred_items_the_unlikeliest_are_left_to_their_pace(model):
    many = 100
    rows = [line(product=p, day=day) for p in range(many) for day in range(p, 390, 4 + p)]
    seen = statistics(
        lines_of(rows), np.arange(many, dtype=np.int32), households=1, items=many, as_of=AS_OF
    )
    parents = np.zeros(many, np.int32)
    believed = believe(seen, seen.items, parents, 1, model)
    assert sound(believed)
    assert len(needs.top(seen, believed.probability)) == needs.JUDGED
    judged = needs.judge(seen, seen.items, parents, 1, model.table)
    left = np.setdiff1d(np.arange(many), judged.rows)
    assert len(left) == many - needs.JUDGED
    expected = judged.expected[left] * model.rest
    assert believed.expected[left].tolist() == expected.tolist()
    assert believed.probability[left] == pytest.approx(-np.expm1(-expected))


def test_facts_and_groups_must_be_of_the_same_items(model):
    seen = told([line(day=1)])
    with pytest.raises(ValueError, match="12 items, facts of 12, parents of 3"):
        believe(seen, seen.items, np.zeros(3, np.int32), PARENTS, model)
    with pytest.raises(ValueError, match=r"outside 0 \.\. 2"):
        believe(seen, seen.items, PARENT_OF_ITEM, 3, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda plain: plain.pop("table"), "lacks the list 'table'"),
        (lambda plain: plain.pop("month"), "lacks 'month'"),
        (lambda plain: plain["table"].pop(), "'table' is"),
        (lambda plain: plain.update(rest="much"), "'rest' is not a table of numbers"),
        (lambda plain: plain.update(rest=-1.0), "must not be below 0"),
        (lambda plain: plain["month"].update(bias=float("nan")), "not finite"),
        (lambda plain: plain["month"]["weights"].append(1.0), "'weights' is"),
        (lambda plain: plain["month"]["leaf"].append([0.0] * 16), "'feature' is"),
        (lambda plain: plain["month"]["leaf"][0].pop(), "'leaf' is not a table"),
        (lambda plain: plain["month"]["feature"][0].__setitem__(0, 999), "none of the"),
        (lambda plain: plain["trip"].update(slope=-0.5), "below 0"),
        (lambda plain: plain["features"].reverse(), "other features"),
    ],
)
def test_a_damaged_model_is_refused_in_words(model, change, complaint):
    plain = json.loads(json.dumps(model.to_plain()))
    change(plain)
    with pytest.raises(ValueError, match=complaint):
        Model.from_plain(plain)


def test_a_household_that_may_stay_away_is_believed_to_buy_less_in_the_same_order(model):
    rows = [line(product=item, day=day) for item in range(3) for day in range(300, 400, 9 + item)]
    seen = told(rows)
    sure = model._replace(comes=model.comes._replace(bias=14.0, weights=0 * model.comes.weights))
    even = sure._replace(comes=sure.comes._replace(bias=0.0))

    comes, may_come = (
        believe(seen, seen.items, PARENT_OF_ITEM, PARENTS, taught) for taught in (sure, even)
    )

    assert may_come.probability == pytest.approx(comes.probability / 2, rel=1e-4)
    assert may_come.expected == pytest.approx(comes.expected / 2, rel=1e-4)
    assert (may_come.next_trip == comes.next_trip).all()
