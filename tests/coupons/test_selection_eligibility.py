"""Which offers a household may be given, before it is asked what they are worth."""

import numpy as np

from coupons.selection.eligibility import (
    below_limit,
    eligible,
    good_at,
    has_room,
    new_categories,
    nodes,
    said,
)

# Grocery 1 > Drinks 2 > Milk 3, Oat drinks 4; Grocery 1 > Tins 5; Household 6.
ABOVE = {1: [1], 2: [2, 1], 3: [3, 2, 1], 4: [4, 2, 1], 5: [5, 1], 6: [6]}


def blocked(category, products, *nevers):
    """Whether a household that said never to these is kept from the offer."""
    found = nodes([category], [products], ABOVE)
    return bool(said(found, 1, [(0, never) for never in nevers], []).never[0, 0])


def test_never_covers_the_category_what_is_above_it_and_what_is_below():
    milk = (2, {3: 4})  # an offer of Drinks, good on four kinds of milk
    assert blocked(*milk, 2)
    assert blocked(*milk, 1)
    assert blocked(*milk, 3)
    assert not blocked(*milk, 4)
    assert not blocked(*milk, 5)
    assert not blocked(*milk)


def test_never_blocks_an_offer_a_quarter_of_whose_products_it_is():
    assert blocked(0, {3: 1, 5: 3}, 3)
    assert not blocked(0, {3: 1, 5: 4}, 3)


def test_a_coupon_on_a_department_stays_for_who_never_wants_one_shelf():
    assert not blocked(1, {3: 5, 4: 20, 5: 75}, 3)
    assert blocked(1, {3: 5, 4: 20, 5: 75}, 1)


def test_a_favourite_speaks_for_what_is_mostly_of_it_and_never_is_stronger():
    found = nodes([2, 0, 5], [{3: 1}, {3: 1, 5: 2}, {5: 1}], ABOVE)
    assert said(found, 1, [], [(0, 2)]).favourite.tolist() == [[True, False, False]]
    both = said(found, 2, [(0, 1)], [(0, 2), (1, 5)])
    assert both.favourite.tolist() == [[False] * 3, [False, True, True]]
    assert both.never.tolist() == [[True] * 3, [False] * 3]


def test_offers_of_certain_stores_are_for_who_shops_there():
    good = good_at(np.array([4, 5, 0], np.int32), [(), (4, 9)])
    assert good.tolist() == [[True, True], [True, False], [True, False]]


def test_who_had_an_offer_often_enough_gets_it_no_more():
    below = below_limit((2, 2), [2, None], [(0, 0, 2), (1, 0, 1), (0, 1, 9)])
    assert below.tolist() == [[False, True], [True, True]]


def test_whoever_shares_a_card_gets_nothing_and_each_rule_can_forbid():
    yes, no = np.ones((2, 3), bool), np.zeros((2, 3), bool)
    nobody = said(nodes([0] * 3, [{}] * 3, ABOVE), 2, [], [])
    dated = np.array([True, True, False])
    may = eligible(dated, nobody, no, yes, yes, np.array([False, True]))
    assert may.tolist() == [[True, True, False], [False] * 3]
    law = no.copy()
    law[0, 0] = True
    assert eligible(dated, nobody, law, yes, yes, np.zeros(2, bool))[0].tolist() == [
        False, True, False,
    ]  # fmt: skip


def test_lots_do_not_draw_what_is_scarce():
    cost = np.array([0.01, 0.01, 0.01, 0.01])
    room = has_room([None, 2_000, 100, None], [None, None, None, 1.0], cost, lots=1_000)
    assert room.tolist() == [True, True, False, False]
    assert has_room([None], [None], cost[:1], lots=10**9).tolist() == [True]
    assert has_room([], [], cost[:0], lots=5).tolist() == []


def news(known, bought, sensitive, category=(0, 0, 1), for_all=(False,) * 3):
    return new_categories(
        np.array([known]), np.array([bought]), np.array(category), np.array(sensitive),
        np.array(for_all),
    )[0].tolist()  # fmt: skip


def test_offers_of_a_category_are_new_or_known_together():
    no = [False] * 3
    assert news(no, no, no) == [True, True, True]
    assert news([True, False, False], no, no) == [False, False, True]
    assert news(no, [False, True, False], no) == [False, False, True]


def test_a_sensitive_category_is_new_to_nobody_and_tells_nothing():
    sensitive = [False, False, True]
    assert news([False] * 3, [False] * 3, sensitive) == [True, True, False]
    assert news([False] * 3, [False, False, True], sensitive) == [True, True, False]


def test_beside_other_offers_a_sensitive_one_follows_them():
    sensitive = [True, False, False]
    assert news([True, False, False], [True, False, False], sensitive) == [True, True, True]
    assert news([False, True, False], [False] * 3, sensitive) == [False, False, True]


def test_an_offer_on_whatever_is_bought_is_no_discovery():
    no = [False] * 3
    assert news(no, no, no, for_all=(False, False, True)) == [True, True, False]
