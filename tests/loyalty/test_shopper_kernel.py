"""What one pass over the purchase lines says, beside the same told slowly."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import kernel
from loyalty.shopper.kernel import Lines, Statistics, statistics, weekday_counts

PRODUCTS, ITEMS, HOUSEHOLDS, AS_OF = 5, 3, 4, 400
ITEM_OF_PRODUCT = np.array([0, 1, 1, 2, -1], np.int32)

A_LINE = st.tuples(
    st.integers(0, HOUSEHOLDS - 1),
    st.integers(0, PRODUCTS - 1),
    st.integers(0, 450),
    st.integers(1, 3),
    st.sampled_from([1000, 2000, 354, -1000]),
    st.integers(1, 900),
    st.sampled_from([0, 0, 25]),
    st.booleans(),
)


def lines_of(rows) -> Lines:
    """Purchase lines from rows of Lines' fields, put in order of day."""
    rows = sorted(rows, key=lambda row: row[2])
    types = (np.int32, np.int32, np.int32, np.int64, np.int64, np.int64, np.int64, np.bool_)
    columns = zip(*rows, strict=True) if rows else [()] * 8
    return Lines(*(np.array(c, t) for c, t in zip(columns, types, strict=True)))


def line(household=0, product=0, day=0, basket=1, quantity=1000, cents=100, off=0, coupon=False):
    return (household, product, day, basket, quantity, cents, off, coupon)


def told(rows, *, households=HOUSEHOLDS, as_of=AS_OF) -> Statistics:
    return statistics(
        lines_of(rows), ITEM_OF_PRODUCT, households=households, items=ITEMS, as_of=as_of
    )


def same(one, other) -> bool:
    if isinstance(one, tuple):
        return all(same(a, b) for a, b in zip(one, other, strict=True))
    return np.array_equal(one, other)


@settings(max_examples=80, deadline=None)
@given(st.lists(A_LINE, max_size=40))
def test_every_pair_is_counted_as_one_would_by_hand(rows):
    s = told(rows)
    days, discounted = defaultdict(set), defaultdict(set)
    money: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for household, product, day, _, quantity, cents, off, _ in rows:
        item = int(ITEM_OF_PRODUCT[product])
        if item < 0 or day >= AS_OF:
            continue
        money[household, item][0] += cents
        money[household, item][1] += quantity
        if quantity >= 0:
            days[household, item].add(day)
            if off:
                discounted[household, item].add(day)
    pairs = sorted(days)

    assert list(zip(s.household.tolist(), s.item.tolist(), strict=True)) == pairs
    assert s.n.tolist() == [len(days[pair]) for pair in pairs]
    assert s.first.tolist() == [min(days[pair]) for pair in pairs]
    assert s.last.tolist() == [max(days[pair]) for pair in pairs]
    assert s.gap_sum.tolist() == [max(days[pair]) - min(days[pair]) for pair in pairs]
    assert s.last_gap.tolist() == [
        int(np.diff(sorted(days[pair]))[-1]) if len(days[pair]) > 1 else 0 for pair in pairs
    ]
    assert s.discounted_days.tolist() == [len(discounted[pair]) for pair in pairs]
    assert s.amount_cents.tolist() == [money[pair][0] for pair in pairs]
    assert s.quantity.tolist() == [money[pair][1] for pair in pairs]
    for column, half_life in enumerate(kernel.HALF_LIVES_DAYS):
        by_hand = [sum(0.5 ** ((AS_OF - day) / half_life) for day in days[pair]) for pair in pairs]
        assert np.allclose(s.decayed[:, column], by_hand, rtol=1e-12)
    for item in range(ITEMS):
        bought = [days[pair] for pair in pairs if pair[1] == item]
        assert s.items.buyers[item] == len(bought)
        assert s.items.repeat_buyers[item] == sum(len(d) > 1 for d in bought)
        assert s.items.purchases[item] == sum(len(d) for d in bought)
        assert s.items.gap_sum[item] == sum(max(d) - min(d) for d in bought)
        assert s.items.gap_count[item] == sum(len(d) - 1 for d in bought)


@settings(max_examples=50, deadline=None)
@given(st.lists(A_LINE, max_size=40))
def test_every_household_is_counted_as_one_would_by_hand(rows):
    h = told(rows).households
    for household in range(HOUSEHOLDS):
        mine = [
            row
            for row in rows
            if row[0] == household and ITEM_OF_PRODUCT[row[1]] >= 0 and row[2] < AS_OF
        ]
        bought = [row for row in mine if row[4] >= 0]
        days = sorted({row[2] for row in bought})
        assert h.shopping_days[household] == len(days)
        assert h.first[household] == (days[0] if days else -1)
        assert h.last[household] == (days[-1] if days else -1)
        assert h.gap_sum[household] == (days[-1] - days[0] if days else 0)
        assert h.baskets[household] == len({(row[2], row[3]) for row in bought})
        assert h.lines[household] == len(bought)
        assert h.coupon_lines[household] == sum(row[7] for row in bought)
        assert h.amount_cents[household] == sum(row[5] for row in mine)
        assert h.discount_cents[household] == sum(row[6] for row in mine)
        assert h.week_cents[household].sum() == sum(row[5] for row in mine if row[2] >= AS_OF - 364)
        assert h.weekday_days[household].sum() == len(days)


@settings(max_examples=50, deadline=None)
@given(st.lists(A_LINE, max_size=40), st.randoms(use_true_random=False))
def test_the_order_of_lines_within_a_day_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    assert same(told(rows), told(shuffled))


@settings(max_examples=50, deadline=None)
@given(st.lists(A_LINE, max_size=40))
def test_lines_that_lie_household_after_household_say_the_same(rows):
    lines = lines_of(rows)
    order, _ = kernel.group(lines.household, HOUSEHOLDS)
    regrouped = Lines._make(column[order] for column in lines)
    tables = {"households": HOUSEHOLDS, "items": ITEMS, "as_of": AS_OF}
    one, other = (statistics(each, ITEM_OF_PRODUCT, **tables) for each in (lines, regrouped))
    assert same(one, other)


def test_a_household_with_many_items_lists_them_in_order():
    products = np.random.default_rng(7).permutation(70_000)[:500]
    s = statistics(
        lines_of([line(product=int(product), day=day) for day, product in enumerate(products)]),
        np.arange(70_000, dtype=np.int32),
        households=1,
        items=70_000,
        as_of=500,
    )
    assert s.item.tolist() == sorted(products.tolist())
    assert s.first.tolist() == np.argsort(products).tolist()
    assert s.items.buyers.sum() == s.items.purchases.sum() == 500


@settings(max_examples=50, deadline=None)
@given(st.lists(A_LINE, max_size=60))
def test_two_buckets_say_bit_for_bit_what_one_says(rows):
    whole = told(rows)
    low = told([row for row in rows if row[0] < 2], households=2)
    high = told([(row[0] - 2, *row[1:]) for row in rows if row[0] >= 2], households=2)

    assert same(low.items.plus(high.items), whole.items)
    for name in ("n", "last", "decayed", "amount_cents", "weekdays"):
        halves = np.concatenate([getattr(low, name), getattr(high, name)])
        assert halves.tobytes() == getattr(whole, name).tobytes()
    for one, two, both in zip(low.households, high.households, whole.households, strict=True):
        assert np.concatenate([one, two]).tobytes() == both.tobytes()


@settings(max_examples=50, deadline=None)
@given(st.lists(A_LINE, max_size=40))
def test_nothing_from_the_day_itself_on_is_known(rows):
    assert same(told(rows), told([row for row in rows if row[2] < AS_OF]))


def test_three_cartons_and_two_trips_on_a_day_are_one_purchase():
    s = told([line(basket=1), line(basket=1), line(basket=2, product=0)])
    assert s.n.tolist() == [1]
    assert s.households.shopping_days[0] == 1
    assert s.households.baskets[0] == 2


def test_what_was_only_ever_brought_back_was_not_bought():
    s = told([line(day=9, quantity=-1000, cents=-100), line(day=9, product=3)])
    assert s.item.tolist() == [2]
    assert s.households.amount_cents[0] == 0
    assert s.households.lines[0] == 1


def test_saturday_is_saturday_and_the_last_week_is_the_last():
    s = told([line(day=399), line(day=392), line(day=0)])  # day 0, 2000-01-01, was a Saturday
    assert s.households.weekday_days[0].tolist() == weekday_counts(s.weekdays)[0].tolist()
    assert weekday_counts(told([line(day=0)]).weekdays).tolist() == [[0, 0, 0, 0, 0, 1, 0]]
    assert s.households.week_cents[0, -1] == 100
    assert s.households.week_cents[0, -2] == 100
    assert s.households.week_cents[0].sum() == 200


def test_a_weekly_purchase_over_many_years_fills_the_count_of_its_weekday_and_no_more():
    s = told([line(day=day) for day in range(0, 7 * 600, 7)], as_of=5000)
    assert weekday_counts(s.weekdays).tolist() == [[0, 0, 0, 0, 0, 511, 0]]
    assert s.n.tolist() == [600]


def test_a_shop_without_sales_has_no_pairs():
    s = told([])
    assert len(s.n) == 0
    assert s.starts.tolist() == [0] * (HOUSEHOLDS + 1)
    assert s.households.last.tolist() == [-1] * HOUSEHOLDS


def test_lines_out_of_order_or_of_unknown_products_are_refused():
    good = lines_of([line(day=1), line(day=2)])
    tables = {"households": HOUSEHOLDS, "items": ITEMS, "as_of": AS_OF}
    with pytest.raises(ValueError, match="ascending order of day"):
        statistics(good._replace(day=good.day[::-1]), ITEM_OF_PRODUCT, **tables)
    homes = lines_of([line(0, day=1), line(1, day=2), line(0, day=3)])
    with pytest.raises(ValueError, match="ascending order of day"):
        statistics(homes._replace(day=np.array([1, 5, 3], np.int32)), ITEM_OF_PRODUCT, **tables)
    with pytest.raises(ValueError, match="product runs from 9 to 9"):
        statistics(good._replace(product=np.array([9, 9], np.int32)), ITEM_OF_PRODUCT, **tables)
    with pytest.raises(ValueError, match="unequal length"):
        statistics(good._replace(coupon=good.coupon[:1]), ITEM_OF_PRODUCT, **tables)
