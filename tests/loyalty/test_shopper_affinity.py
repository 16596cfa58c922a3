"""What goes together, told from what households bought."""

import numpy as np
import pytest

from loyalty.shopper import affinity
from loyalty.shopper.kernel import statistics
from tests.loyalty.test_shopper_kernel import line, lines_of

COFFEE, FILTERS, DIAPERS = range(3)


def told(baskets, *, as_of=100):
    """Statistics of households that each bought a list of items on day 90."""
    rows = [line(household=h, product=p, day=90) for h, items in enumerate(baskets) for p in items]
    return statistics(
        lines_of(rows), np.arange(3, dtype=np.int32), households=len(baskets), items=3, as_of=as_of
    )


def learned(seen, **ridge):
    strength = affinity.strengths(seen)
    return affinity.weights(affinity.together(seen.starts, seen.item, strength, items=3), **ridge)


BAKERS = [[COFFEE, FILTERS]] * 20 + [[DIAPERS]] * 20 + [[COFFEE]] * 3


def test_coffee_speaks_for_filters_and_not_for_diapers():
    weights = learned(told(BAKERS), ridge=1.0)
    assert weights[COFFEE, FILTERS] > 0.5
    assert abs(weights[COFFEE, DIAPERS]) < 0.05
    assert np.diag(weights).tolist() == [0, 0, 0]


def test_the_first_purchase_says_most_and_old_ones_fade():
    rows = [
        line(household=h, day=day) for h, days in enumerate([[99], [98, 99], [9]]) for day in days
    ]
    seen = statistics(lines_of(rows), np.zeros(1, np.int32), households=3, items=1, as_of=100)
    once, twice, long_ago = affinity.strengths(seen)
    assert long_ago < once < twice < 2 * once


def test_two_items_strengths_are_multiplied_and_summed():
    seen = told(BAKERS)
    strength = affinity.strengths(seen)
    dense = np.zeros((len(BAKERS), 3))
    dense[seen.household, seen.item] = strength
    together = affinity.together(seen.starts, seen.item, strength, items=3)
    assert together == pytest.approx(dense.T @ dense)


def test_the_weights_tell_each_item_from_the_others_with_the_least_error():
    seen = told(BAKERS)
    strength = affinity.strengths(seen)
    dense = np.zeros((len(BAKERS), 3))
    dense[seen.household, seen.item] = strength
    others = dense[:, [COFFEE, DIAPERS]]
    by_hand = np.linalg.solve(others.T @ others + 5 * np.eye(2), others.T @ dense[:, FILTERS])
    weights = learned(seen, ridge=5.0)
    assert weights[[COFFEE, DIAPERS], FILTERS] == pytest.approx(by_hand)


def test_a_household_is_spoken_for_the_same_in_any_company():
    rng = np.random.default_rng(2)
    weights = rng.normal(size=(3, 3))
    baskets = [list(np.flatnonzero(rng.random(3) < 0.6)) for _ in range(20)]
    whole = told(baskets)
    everyone = affinity.spoken_for(whole.starts, whole.item, affinity.strengths(whole), weights)
    for h, basket in enumerate(baskets):
        alone = told([basket])
        one = affinity.spoken_for(alone.starts, alone.item, affinity.strengths(alone), weights)
        assert one[0].tobytes() == everyone[h].tobytes()


def test_an_item_without_a_row_says_nothing():
    seen = told([[COFFEE, FILTERS]])
    item = np.array([-1, FILTERS], np.int32)
    weights = np.ones((3, 3))
    sums = affinity.spoken_for(seen.starts, item, np.array([9.0, 2.0]), weights)
    assert sums.tolist() == [[2.0, 2.0, 2.0]]


def test_the_loudest_is_the_item_that_says_most_and_nothing_when_none_does():
    seen = told([[COFFEE, DIAPERS], []])
    weights = np.zeros((3, 3))
    weights[COFFEE, FILTERS], weights[DIAPERS, FILTERS] = 0.2, 0.1
    wanted = np.array([[FILTERS, COFFEE, -1], [FILTERS, COFFEE, -1]])
    strength = affinity.strengths(seen)
    rows = affinity.loudest(seen.starts, seen.item, strength, weights, wanted)
    assert rows.tolist() == [[0, -1, -1], [-1, -1, -1]]


def test_of_no_items_there_is_nothing_to_learn():
    assert affinity.weights(np.zeros((0, 0))).shape == (0, 0)
    assert not affinity.weights(np.zeros((4, 4))).any()
