"""What coupons take off: each kind by itself, several together, and rules no basket may break."""

from decimal import Decimal
from itertools import permutations, product
from math import ceil

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coupons.pricing import Claim, Item, Off, Saving, Shortfall, Terms, price
from coupons.stacking import MOST_CONTENDERS, spread

MILK, BREAD, EGGS = 1, 2, 3


def item(line, cost, quantity=1, of=MILK, **more):
    return Item(line, of, Decimal(quantity), Decimal(cost), **more)


def terms(kind, face="100.00", **more):
    for name in ("price", "threshold"):
        if name in more:
            more[name] = Decimal(more[name])
    return Terms(kind, Decimal(face), **more)


def claim(key, terms_, *covers, line=None, taken=None):
    return Claim(key, terms_, frozenset(covers or (MILK,)), line, taken)


def saving(items, claims, key="a", places=2):
    verdict = price(items, claims, places)[key]
    assert isinstance(verdict, Saving)
    return verdict


def off(items, *claims, places=2):
    """What each coupon takes off, in words short enough for a table."""
    verdicts = price(items, claims, places)
    return [str(v.amount) if isinstance(v, Saving) else v.value for v in verdicts.values()]


@pytest.mark.parametrize(
    ("offer", "items", "amount"),
    [
        (terms("amount", "0.50"), [item(1, "2.00")], "0.50"),
        (terms("amount", "0.50"), [item(1, "0.30")], "0.30"),
        (terms("amount", "1.50"), [item(1, "2.00", 2)], "1.00"),
        (terms("percent", percent=15), [item(1, "1.90")], "0.29"),
        (terms("percent", percent=50), [item(1, "1.01"), item(2, "3.01")], "1.51"),
        (terms("percent", "0.40", percent=50), [item(1, "2.00")], "0.40"),
        (terms("percent", percent=50), [item(1, "4.00", "0.512", is_weighed=True)], "2.00"),
        (terms("percent", percent=50), [item(1, "4.00", "2.5")], "2.00"),
        (terms("fixed_price", price="1.49"), [item(1, "2.00")], "0.51"),
        (terms("fixed_price", "0.20", price="1.49"), [item(1, "2.00")], "0.20"),
        (terms("fixed_price", price="1.49"), [item(1, "1.49")], "not_enough"),
        (terms("fixed_price", price="1.49"), [item(1, "1.20")], "not_enough"),
        (terms("free_item"), [item(1, "6.00", 3)], "2.00"),
        (terms("free_item", "1.50"), [item(1, "2.00")], "1.50"),
        (terms("free_item"), [item(1, "0.00")], "not_enough"),
        (terms("free_item"), [item(1, "2.00", of=BREAD)], "wrong_item"),
        (terms("free_item"), [], "wrong_item"),
        (terms("multi_buy", percent=100, units=2), [item(1, "4.00", 2)], "2.00"),
        (terms("multi_buy", percent=100, units=2), [item(1, "4.00"), item(2, "1.00")], "1.00"),
        (terms("multi_buy", percent=50, units=2), [item(1, "4.00", 2)], "1.00"),
        (terms("multi_buy", percent=100, units=2), [item(1, "4.00")], "not_enough"),
        (terms("multi_buy", percent=100, units=2), [item(1, "4.00"), item(2, "0")], "not_enough"),
        (terms("multi_buy", price="5.00", units=3), [item(1, "6.00", 3)], "1.00"),
        (terms("multi_buy", price="5.00", units=3), [item(1, "4.50", 3)], "not_enough"),
        (terms("multi_buy", "0.30", price="5.00", units=3), [item(1, "6.00", 3)], "0.30"),
        (terms("multi_buy", percent=100, units=3, reduced_units=2), [item(1, "6.00", 3)], "4.00"),
        (terms("threshold", "5.00", threshold="50"), [item(1, "50.00")], "5.00"),
        (terms("threshold", "5.00", threshold="50"), [item(1, "49.99")], "not_enough"),
        (terms("threshold", "5.00", threshold="50"), [item(1, "51", of=BREAD)], "wrong_item"),
    ],
)
def test_each_kind_by_itself(offer, items, amount):
    assert off(items, claim("a", offer)) == [amount]


def test_a_threshold_without_products_is_spent_on_the_whole_basket():
    offer = terms("threshold", "1.00", threshold="9.00")
    items = [item(1, "3.00"), item(2, "3.00", of=BREAD), item(3, "3.00", of=EGGS)]
    assert price(items, [Claim("a", offer, frozenset())]) == {
        "a": Saving(
            Decimal("1.00"),
            (Off(1, Decimal("0.34")), Off(2, Decimal("0.33")), Off(3, Decimal("0.33"))),
        )
    }


def test_a_price_for_several_is_spread_by_what_each_costs():
    offer = terms("multi_buy", price="2.00", units=2)
    found = price([item(1, "1.00"), item(2, "2.00")], [claim("a", offer)])["a"]
    assert found == Saving(Decimal("1.00"), (Off(1, Decimal("0.33")), Off(2, Decimal("0.67"))))


def test_no_coupon_brings_a_unit_below_its_lowest_price():
    items = [item(1, "10.00", 2, lowest=Decimal("4.50"))]
    assert off(items, claim("a", terms("free_item"))) == ["0.50"]
    assert off(items, claim("a", terms("threshold", "3.00", threshold="10"))) == ["1.00"]
    assert off([item(1, "4.00", lowest=Decimal(4))], claim("a", terms("free_item"))) == [
        "not_enough"
    ]


def test_the_lowest_price_of_a_weighed_item_is_that_of_a_kilogram():
    cheese = item(1, "4.00", "0.400", is_weighed=True, lowest=Decimal("5.00"))
    assert off([cheese], claim("a", terms("free_item"))) == ["2.00"]


def test_on_one_item_is_one_coupon_of_each_group_and_the_better_one_wins():
    some, more = terms("amount", "0.50"), terms("amount", "0.80")
    other = terms("amount", "0.30", stacking_group="maker")
    claims = claim("a", some), claim("b", more), claim("c", other)
    assert off([item(1, "2.00")], *claims) == ["not_stacked", "0.80", "0.30"]
    assert off([item(1, "4.00", 2)], *claims) == ["0.50", "0.80", "0.30"]
    assert off([item(1, "1.00")], *claims) == ["not_stacked", "0.80", "0.20"]


def test_of_equal_coupons_the_lower_key_wins():
    same = terms("amount", "0.50")
    for order in permutations([claim(key, same) for key in "abc"]):
        found = price([item(1, "2.00")], order)
        assert found["a"] == Saving(Decimal("0.50"), (Off(1, Decimal("0.50")),))
        assert found["b"] is found["c"] is Shortfall.NOT_STACKED


def test_two_percents_add_up_and_never_multiply():
    half = terms("percent", percent=50)
    third = terms("percent", percent=30, stacking_group="maker")
    all_ = terms("percent", percent=60, stacking_group="maker")
    assert off([item(1, "10.00")], claim("a", half), claim("b", third)) == ["5.00", "3.00"]
    assert total(price([item(1, "10.00")], [claim("a", half), claim("b", all_)])) == 10


def test_units_of_a_multi_buy_are_taken():
    two_for_one = terms("multi_buy", percent=100, units=2)
    claims = claim("a", two_for_one), claim("b", terms("amount", "0.50"))
    assert off([item(1, "4.00", 2)], *claims) == ["2.00", "not_stacked"]
    assert off([item(1, "6.00", 3)], *claims) == ["2.00", "0.50"]
    assert off([item(1, "8.00", 4)], *claims, claim("c", two_for_one)) == [
        "2.00",
        "not_stacked",
        "2.00",
    ]


def test_a_dear_item_is_left_to_the_coupon_that_gains_most_by_it():
    items = [item(1, "10.00"), item(2, "2.00"), item(3, "2.00", of=BREAD)]
    two_for_one = claim("a", terms("multi_buy", percent=100, units=2), MILK, BREAD)
    half = claim("b", terms("percent", percent=50), MILK)
    assert off(items, two_for_one, half) == ["2.00", "5.00"]


def test_a_threshold_counts_what_no_coupon_of_its_group_is_on():
    five = claim("a", terms("threshold", "5.00", threshold="50"), MILK, BREAD)
    bread = claim("b", terms("amount", "1.00"), BREAD)
    maker = claim("c", terms("amount", "1.00", stacking_group="maker"), BREAD)
    assert off([item(1, "50.00"), item(2, "3.00", of=BREAD)], five, bread) == ["5.00", "1.00"]
    near = [item(1, "48.00"), item(2, "3.00", of=BREAD)]
    assert off(near, five, bread) == ["5.00", "not_stacked"]
    assert off(near, five, maker) == ["5.00", "1.00"]


def test_a_coupon_is_off_the_line_that_the_till_names():
    items = [item(1, "2.00"), item(2, "8.00"), item(3, "5.00", of=BREAD)]
    half = terms("percent", percent=50)
    assert off(items, claim("a", half, line=1)) == ["1.00"]
    assert off(items, claim("a", half, line=3)) == ["wrong_item"]
    assert off(items, claim("a", half, line=9)) == ["wrong_item"]
    pair = terms("multi_buy", percent=100, units=2)
    assert off(items, claim("a", pair, line=1)) == ["2.00"]
    assert off(items, claim("a", pair, line=3)) == ["wrong_item"]


def test_what_the_till_took_is_right_if_any_outcome_bears_it_out():
    items = [item(1, "10.00"), item(2, "8.00"), item(3, "1.00", of=BREAD)]
    half = terms("percent", percent=50)
    most = terms("percent", percent=40)
    both = claim("x", half), claim("y", most, MILK, BREAD)
    assert off(items[::2], claim("x", half), claim("y", most, MILK, BREAD)) == ["5.00", "0.40"]
    assert off(items, *both) == ["5.00", "3.20"]
    till = (
        claim("x", half, taken=Decimal("4.00")),
        claim("y", most, MILK, BREAD, taken=Decimal("4.00")),
    )
    assert off(items, *till) == ["4.00", "4.00"]


def test_a_currency_without_decimals_has_none():
    assert off([item(1, "199")], claim("a", terms("percent", percent=50)), places=0) == ["100"]
    dinar = saving([item(1, "0.125")], [claim("a", terms("percent", percent=50))], places=3)
    assert dinar.amount == Decimal("0.063")


def test_a_thousand_of_one_item_and_a_hundred_coupons_are_no_trouble():
    lines = [item(n, "5000.00", 1000) for n in range(1, 12)]
    claims = [claim(f"{n:03}", terms("percent", percent=10)) for n in range(90)]
    claims += [claim(f"m{n:03}", terms("multi_buy", percent=100, units=40)) for n in range(3)]
    claims.append(claim("t", terms("threshold", "9.00", threshold="9")))
    assert all(isinstance(one, Saving) for one in price(lines, claims).values())
    assert saving(lines, claims, "t").amount == 9


def test_keys_and_lines_are_named_once():
    offer = terms("amount", "0.50")
    with pytest.raises(ValueError, match="same key"):
        price([item(1, "2.00")], [claim("a", offer), claim("a", offer)])
    with pytest.raises(ValueError, match="same line"):
        price([item(1, "2.00"), item(1, "3.00")], [claim("a", offer)])


# Rules that hold for every basket.

money = st.integers(0, 600).map(lambda cents: Decimal(cents) / 100)
some_money = st.integers(1, 600).map(lambda cents: Decimal(cents) / 100)
groups = st.sampled_from(["coupon", "coupon", "maker"])
percents = st.sampled_from([1, 15, 33, 50, 100])
covers = st.frozensets(st.sampled_from([MILK, BREAD, EGGS]), min_size=1)


def of_kind(kind, **more):
    return st.builds(Terms, st.just(kind), some_money, stacking_group=groups, **more)


single = st.one_of(
    of_kind("amount"),
    of_kind("percent", percent=percents),
    of_kind("fixed_price", price=money),
    of_kind("free_item"),
)
bundle = st.one_of(
    of_kind("multi_buy", price=money, units=st.integers(2, 3)),
    of_kind("multi_buy", percent=percents, units=st.integers(2, 3)),
    of_kind("multi_buy", percent=percents, units=st.just(3), reduced_units=st.sampled_from([2, 3])),
)
any_terms = single | bundle | of_kind("threshold", threshold=some_money)
quantities = st.sampled_from(["1", "1", "2", "3", "0.370"]).map(Decimal)


@st.composite
def baskets(draw, most=4):
    return [
        Item(
            line,
            draw(st.sampled_from([MILK, BREAD, EGGS])),
            quantity := draw(quantities),
            draw(money) * (1 if quantity % 1 else quantity),
            quantity % 1 != 0,
            draw(st.none() | money),
        )
        for line in range(1, draw(st.integers(0, most)) + 1)
    ]


@st.composite
def laid_down(draw, of=any_terms, most=4, lines=True, taken=False):
    where = st.none() | st.integers(1, 4) if lines else st.none()
    took = st.none() | money if taken else st.none()
    return [
        Claim(f"{n}", draw(of), draw(covers), draw(where), draw(took))
        for n in range(draw(st.integers(0, most)))
    ]


def total(found):
    return sum((one.amount for one in found.values() if isinstance(one, Saving)), Decimal(0))


def floor_of(one):
    """What a line costs at the least."""
    count = 1 if one.quantity % 1 else int(one.quantity)
    lowest = (one.lowest or Decimal(0)) * (one.quantity if one.quantity % 1 else 1)
    return sum(min(lowest, one.price / count) for _ in range(count))


@given(baskets(), laid_down(taken=True))
def test_no_line_rises_or_falls_below_its_floor_and_what_is_off_adds_up(items, claims):
    found = price(items, claims)
    assert list(found) == [one.key for one in claims]
    off_line = dict.fromkeys((one.line for one in items), Decimal(0))
    for verdict in found.values():
        if isinstance(verdict, Saving):
            assert verdict.amount == sum(one.amount for one in verdict.offs) > 0
            assert verdict.amount.as_tuple().exponent == -2
            for one in verdict.offs:
                assert one.amount > 0
                assert one.amount.as_tuple().exponent == -2
                off_line[one.line] += one.amount
    for one in items:
        assert 0 <= off_line[one.line] <= one.price
        assert one.price - off_line[one.line] >= floor_of(one) - Decimal("1e-9")


@given(baskets(), laid_down(taken=True), st.randoms(use_true_random=False))
def test_the_order_of_coupons_and_lines_makes_no_difference(items, claims, random):
    found = price(items, claims)
    random.shuffle(claims)
    random.shuffle(items)
    assert price(items, claims) == found


@given(baskets(), laid_down(taken=True))
def test_a_line_that_no_coupon_covers_changes_nothing(items, claims):
    assert price([*items, item(99, "3.00", 2, of=99)], claims) == price(items, claims)


@given(baskets(), laid_down(), any_terms, covers)
def test_one_coupon_more_never_makes_the_basket_dearer(items, claims, offer, products):
    more = [*claims, Claim("more", offer, products)]
    assert total(price(items, more)) >= total(price(items, claims))


@given(baskets(), laid_down())
def test_a_coupon_unused_is_not_one_that_would_have_helped(items, claims):
    found = price(items, claims)
    for one in claims:
        alone = price(items, [one])[one.key]
        if isinstance(found[one.key], Saving):
            assert isinstance(alone, Saving)
        elif found[one.key] is Shortfall.NOT_STACKED:
            assert isinstance(alone, Saving)
            assert len(claims) > 1
        else:
            assert alone is found[one.key]


@given(baskets(), laid_down())
def test_what_was_taken_as_due_is_still_right_when_it_comes_back_as_taken(items, claims):
    """What a till was told to take off, clearing agrees with."""
    due = price(items, claims)
    record = [
        Claim(one.key, one.terms, one.products, one.line, verdict.amount)
        for one in claims
        if isinstance(verdict := due[one.key], Saving)
    ]
    assert [saving(items, record, one.key).amount for one in record] == [
        one.taken for one in record
    ]


def off_unit(offer, cost):
    """What an offer for one unit takes off, in cents, straight from the rules."""
    face = int(offer.face_value * 100)
    match offer.kind:
        case "percent":
            return min(face, (cost * offer.percent + 50) // 100)
        case "fixed_price":
            return min(face, max(cost - int(offer.price * 100), 0))
        case "free_item":
            return min(face, cost)
    return min(face, cost)


def best_by_trying_all(items, claims):
    """Every coupon on every unit or on none, whatever that gives."""
    units = []
    for one in items:
        count = 1 if one.quantity % 1 else int(one.quantity)
        lowest = (one.lowest or Decimal(0)) * (one.quantity if one.quantity % 1 else 1)
        cents = int(one.price * 100)
        for n in range(count):
            cost = cents // count + (n < cents % count)
            units.append((one, cost, max(cost - ceil(lowest * 100), 0)))
    best = 0
    places = [
        [None, *(n for n, unit in enumerate(units) if unit[0].product in one.products)]
        for one in claims
    ]
    for chosen in product(*places):
        on = [(n, one) for n, one in zip(chosen, claims, strict=True) if n is not None]
        used = [(unit, one.terms.stacking_group) for unit, one in on]
        if len(set(used)) < len(used):
            continue
        offs = [0] * len(units)
        for unit, one in on:
            offs[unit] += off_unit(one.terms, units[unit][1])
        got = sum(min(taken, unit[2]) for taken, unit in zip(offs, units, strict=True))
        best = max(best, got)
    return Decimal(best) / 100


@given(baskets(most=3), laid_down(of=single, most=3, lines=False))
def test_nobody_finds_a_better_way_by_trying_all(items, claims):
    assert total(price(items, claims)) == best_by_trying_all(items, claims)


@given(baskets(), laid_down(of=single, most=3, lines=False))
def test_like_coupons_are_as_good_as_their_number(items, claims):
    assume(claims)
    twins = [Claim(f"{one.key}{twin}", one.terms, one.products) for one in claims for twin in "xy"]
    assert total(price(items, twins)) >= total(price(items, claims))


@given(
    st.integers(0, 300),
    st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6),
)
def test_cents_are_spread_exactly_and_within_bounds(cents, lines):
    weights, most = [one[0] for one in lines], [one[1] for one in lines]
    shares = spread(cents, weights, most)
    assert sum(shares) == min(cents, sum(most))
    assert all(0 <= share <= bound for share, bound in zip(shares, most, strict=True))


def test_many_coupons_on_one_item_leave_one():
    claims = [claim(f"{n:02}", terms("amount", "0.50")) for n in range(MOST_CONTENDERS + 6)]
    assert off([item(1, "2.00")], *claims).count("not_stacked") == len(claims) - 1
