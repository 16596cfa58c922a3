"""What goes together, told from what households bought."""

import numpy as np
import pytest

from loyalty.shopper import affinity
from loyalty.shopper.kernel import statistics
from tests.loyalty.test_shopper_kernel import line, lines_of

COFFEE, FILTERS, DIAPERS = range(3)


def told(baskets, *, as_of=100, days=(80, 90)):
    """Statistics of households that each bought a list of items, on two days."""
    rows = [
        line(household=h, product=p, day=day)
        for h, items in enumerate(baskets)
        for p in items
        for day in days
    ]
    return statistics(
        lines_of(rows), np.arange(3, dtype=np.int32), households=len(baskets), items=3, as_of=as_of
    )


# Coffee goes with filters; half of those who had coffee alone went on to filters.
BEFORE = [[COFFEE]] * 2_000 + [[DIAPERS]] * 2_000 + [[COFFEE, FILTERS]] * 1_000
AFTER = [[COFFEE, FILTERS]] * 1_000 + BEFORE[1_000:]


@pytest.fixture(scope="module")
def learned():
    tried = np.zeros((5_000, 3), bool)
    tried[:1_000, FILTERS] = True
    return affinity.learn(told(AFTER), told(BEFORE, as_of=95), tried)


@pytest.mark.parametrize("name", ["amounts", "presence", "next"])
def test_coffee_speaks_for_filters_louder_than_diapers_do(learned, name):
    weights, base = learned
    voice = affinity.VOICES.index(name)
    assert weights[voice, COFFEE, FILTERS] + base[voice, FILTERS] > 0.1
    assert weights[voice, COFFEE, FILTERS] > weights[voice, DIAPERS, FILTERS] + 0.1


def test_no_item_speaks_for_itself_where_it_would_tell_only_that_it_was_bought(learned):
    weights, _ = learned
    for voice in ("amounts", "presence", "next"):
        assert np.diag(weights[affinity.VOICES.index(voice)]).tolist() == [0, 0, 0]


def test_what_is_tried_next_is_told_by_what_was_bought_before(learned):
    weights, base = learned
    seen = told([[COFFEE], [DIAPERS]])
    heard = affinity.spoken_for(seen.starts, seen.item, affinity.strengths(seen), weights, base)
    after_coffee, after_diapers = heard[:, affinity.VOICES.index("next"), FILTERS]
    assert after_coffee == pytest.approx(1 / 3, abs=0.1)
    assert after_diapers == pytest.approx(0, abs=0.1)


def test_the_first_purchase_says_most_and_old_ones_fade():
    days_of = [[99], [98, 99], [9]]
    rows = [line(household=h, day=day) for h, days in enumerate(days_of) for day in days]
    seen = statistics(lines_of(rows), np.zeros(1, np.int32), households=3, items=1, as_of=100)
    amounts, presence, taste, following = affinity.strengths(seen)
    once, twice, long_ago = amounts
    assert long_ago < once < twice < 2 * once
    assert presence.tolist() == taste.tolist() == [1, 1, 1]
    assert following.tolist() == amounts.tolist()


def test_taste_is_a_direction_however_much_is_bought():
    _, _, taste, _ = affinity.strengths(told([[COFFEE, FILTERS]], days=range(10, 90)))
    assert taste == pytest.approx([0.5**0.5] * 2)


def test_taste_speaks_for_what_others_of_the_same_taste_buy():
    rng = np.random.default_rng(3)
    rows = [
        line(household=h, product=int(p), day=90)
        for h in range(400)
        for p in rng.permutation(15)[:5] + 15 * (h % 2)
    ]
    seen = statistics(
        lines_of(rows), np.arange(30, dtype=np.int32), households=400, items=30, as_of=100
    )
    weights, _ = affinity.learn(seen, seen, np.zeros((400, 30), bool))
    taste = weights[affinity.VOICES.index("taste")]
    assert taste[:15, :15].mean() > 0.05
    assert abs(taste[:15, 15:].mean()) < 0.01


def test_a_household_is_spoken_for_the_same_in_any_company():
    rng = np.random.default_rng(2)
    weights, base = rng.normal(size=(4, 3, 3)), rng.normal(size=(4, 3))
    baskets = [list(np.flatnonzero(rng.random(3) < 0.6)) for _ in range(20)]
    whole = told(baskets)
    everyone = affinity.spoken_for(
        whole.starts, whole.item, affinity.strengths(whole), weights, base
    )
    for h, basket in enumerate(baskets):
        alone = told([basket])
        one = affinity.spoken_for(
            alone.starts, alone.item, affinity.strengths(alone), weights, base
        )
        assert one[0].tobytes() == everyone[h].tobytes()


def test_an_item_without_a_row_says_nothing_and_the_base_is_said_anyway():
    seen = told([[COFFEE, FILTERS], []])
    item = np.array([-1, FILTERS], np.int32)
    heard = affinity.spoken_for(
        seen.starts, item, np.array([[9.0, 2.0]]), np.ones((1, 3, 3)), np.array([[0.0, 0.5, 0.0]])
    )
    assert heard.tolist() == [[[2.0, 2.5, 2.0]], [[0.0, 0.5, 0.0]]]


def test_the_loudest_is_the_item_that_says_most_and_nothing_when_none_does():
    seen = told([[COFFEE, DIAPERS], []])
    weights = np.zeros((3, 3))
    weights[COFFEE, FILTERS], weights[DIAPERS, FILTERS] = 0.2, 0.1
    wanted = np.array([[FILTERS, COFFEE, -1], [FILTERS, COFFEE, -1]])
    strength = affinity.strengths(seen)[0]
    rows = affinity.loudest(seen.starts, seen.item, strength, weights, wanted)
    assert rows.tolist() == [[0, -1, -1], [-1, -1, -1]]


def test_of_nobody_there_is_nothing_to_learn_and_nothing_breaks():
    nobody = told([])
    weights, base = affinity.learn(nobody, nobody, np.zeros((0, 3), bool))
    assert not weights.any()
    assert not base.any()
    assert affinity.strengths(nobody).shape == (4, 0)
