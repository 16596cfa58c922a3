"""What newcomers are believed to buy: what their store sells, until their own habits show."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import newcomers, newcomers_learning
from loyalty.shopper.kernel import statistics
from loyalty.shopper.newcomers import FAMILIAR_TRIPS, Counts
from tests.loyalty.test_shopper_kernel import A_LINE, line, lines_of

PRODUCTS = 40
ALL = np.arange(PRODUCTS, dtype=np.int32)
IDS = np.arange(PRODUCTS, dtype=np.int64) * 3 + 500
AS_OF = 500
HOUSEHOLDS = 150
STORES = np.arange(HOUSEHOLDS, dtype=np.int32) % 2
TIER_CENTS = np.array([1_000, 5_000], np.int64)


def shop():
    """Two stores that sell differently; everybody has favourites; low numbers sell best."""
    rng = np.random.default_rng(8)
    rows = []
    for h in range(HOUSEHOLDS):
        shown = np.roll(np.arange(PRODUCTS), h % 2 * 5)
        favourites = rng.permutation(PRODUCTS)[:4]
        for day in range(380 + h % 6, 560, 6):
            popular = shown[np.unique(np.minimum(rng.exponential(6, 5).astype(int), PRODUCTS - 1))]
            bought = np.union1d(popular, favourites[rng.random(4) < 0.7])
            rows += [line(household=h, product=int(p), day=day, cents=300) for p in bought]
    return rows


def own_chances(seen):
    return np.minimum(0.15 * seen.n, 0.9)


@pytest.fixture(scope="module")
def lines():
    return lines_of(shop())


@pytest.fixture(scope="module")
def model(lines):
    return newcomers_learning.learn(lines, ALL, IDS, STORES, own_chances, stores=2, as_of=AS_OF)


def counted(lines, *, of=ALL, stores_of=STORES, as_of=AS_OF, candidates=PRODUCTS) -> Counts:
    return newcomers.count(
        lines, ALL, of, stores_of, TIER_CENTS, candidates=candidates, stores=2, as_of=as_of
    )


def seen_of(lines, *, households=HOUSEHOLDS, as_of=AS_OF):
    return statistics(lines, ALL, households=households, items=PRODUCTS, as_of=as_of)


def believed(lines, model, popularity, *, stores_of=STORES, k=60, as_of=AS_OF):
    seen = seen_of(lines, households=len(stores_of), as_of=as_of)
    of = newcomers.places(IDS, model.products)
    answer = newcomers.believe(seen, own_chances(seen), popularity, of, stores_of, model, k=k)
    return seen, answer


@pytest.fixture(scope="module")
def popularity(lines, model):
    of = newcomers.places(IDS, model.products)
    return newcomers.rates(counted(lines, of=of, candidates=len(model.products)))


def test_shopping_days_are_counted_by_store_and_by_size_of_basket():
    rows = [
        line(household=0, product=1, day=499, cents=600),
        line(household=0, product=1, day=499, cents=600, basket=2),  # the same shopping day
        line(household=0, product=2, day=480, cents=900),
        line(household=1, product=1, day=472, cents=9_000),
        line(household=2, product=1, day=490, cents=100),
        line(household=2, product=3, day=490, quantity=-1000),  # brought back
        line(household=2, product=1, day=471),  # 29 days ago
        line(household=2, product=1, day=AS_OF),  # tomorrow
    ]
    counts = counted(lines_of(rows), stores_of=np.array([0, 1, -1], np.int32))
    assert counts.store_days.tolist() == [2, 1, 1]
    assert counts.store_bought[:, 1].tolist() == [1, 1, 1]
    assert counts.store_bought.sum() == 4
    assert counts.tier_days.tolist() == [1, 0, 0, 3]
    assert counts.tier_bought[:, 1].tolist() == [1, 0, 0, 2]
    assert not counts.season_days.any()


def test_the_season_is_what_last_year_sold_before_and_after_this_day():
    today = 1000
    rows = [line(product=5, day=day) for day in (607, 608, 635, 636, 663, 664)]
    counts = counted(lines_of(rows), stores_of=np.zeros(1, np.int32), as_of=today)
    assert counts.season_days.tolist() == [2, 2]
    assert counts.season_bought[:, 5].tolist() == [2, 2]


def test_counts_of_two_buckets_add_up_to_those_of_one(lines):
    low = lines.household < 70
    first = type(lines)(*(column[low] for column in lines))
    second = type(lines)(*(column[~low] for column in lines))
    second = second._replace(household=second.household - np.int32(70))
    both = counted(first, stores_of=STORES[:70]).plus(counted(second, stores_of=STORES[70:]))
    for one, other in zip(both, counted(lines), strict=True):
        assert one.tobytes() == other.tobytes()


def test_a_store_is_believed_as_far_as_it_has_sold_anything(lines):
    counts = counted(lines)
    shares = newcomers.rates(counts).store
    own = counts.store_bought[0] / counts.store_days[0]
    assert np.abs(shares[0] - own).max() < np.abs(shares[-1] - own).max() / 5
    unheard = counts._replace(
        store_days=np.array([counts.store_days[0], 0, 0]),
        store_bought=np.stack([counts.store_bought[0], *np.zeros((2, PRODUCTS), np.int64)]),
    )
    alone = newcomers.rates(unheard).store
    assert alone[1] == pytest.approx(alone[-1])


def test_what_sold_more_from_this_day_on_last_year_is_expected_to_again(lines):
    counts = counted(lines)
    plain = newcomers.rates(counts).store[-1]
    season = np.tile(np.int64(100), (2, PRODUCTS))
    season[1, 7] = 1_000
    season[1, 8] = 0
    shares = newcomers.rates(
        counts._replace(season_days=np.array([500, 500]), season_bought=season)
    ).store[-1]
    assert shares[7] == pytest.approx(4 * plain[7])
    assert shares[8] == pytest.approx(plain[8] / 4)
    assert shares[9] == pytest.approx(plain[9])


def test_before_anything_was_sold_all_candidates_are_alike():
    nothing = newcomers.rates(counted(lines_of([])))
    assert np.isfinite(nothing.store).all()
    assert (nothing.store > 0).all()
    assert np.ptp(nothing.store) == 0
    assert (nothing.tier == 1).all()


def test_a_household_without_trips_is_offered_what_sells_best(model, popularity):
    nobody = np.array([-1, 1], np.int32)
    _, answer = believed(lines_of([]), model, popularity, stores_of=nobody, k=5)
    assert answer.household.tolist() == [0] * 5 + [1] * 5
    best_of = [np.argsort(-popularity.store[row], kind="stable")[:5].tolist() for row in (-1, 1)]
    assert model.products[best_of[0]].tolist() == IDS[answer.item[:5]].tolist()
    assert model.products[best_of[1]].tolist() == IDS[answer.item[5:]].tolist()
    assert (np.diff(answer.probability[:5]) <= 0).all()


def test_popularity_gives_way_smoothly_to_a_households_own_purchases(model, popularity):
    weights, extras = [], []
    for trips in range(FAMILIAR_TRIPS + 1):
        rows = [line(product=30, day=AS_OF - 3 * n - 1, cents=2_000) for n in range(trips)]
        seen, answer = believed(lines_of(rows), model, popularity, stores_of=np.zeros(1, np.int32))
        weights.append(newcomers.weight(trips, model.trips))
        extras.append(answer.probability.max(initial=0.0))
        if trips >= FAMILIAR_TRIPS:
            assert answer.own.tobytes() == own_chances(seen).tobytes()
            assert not len(answer.item)
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1
    assert weights[-1] == 0
    assert extras[-1] == 0
    assert extras[-2] < extras[0]


def test_what_a_household_bought_is_not_also_proposed_to_it_as_new(lines, model, popularity):
    few = newcomers_learning.truncated(lines, households=HOUSEHOLDS, as_of=AS_OF, trips=2)
    seen, answer = believed(few, model, popularity)
    own = set(zip(seen.household.tolist(), seen.item.tolist(), strict=True))
    more = list(zip(answer.household.tolist(), answer.item.tolist(), strict=True))
    assert len(set(more)) == len(more) > 1_000
    assert not own & set(more)


def test_newcomers_do_not_depend_on_the_bucket(lines, model, popularity):
    few = newcomers_learning.truncated(lines, households=HOUSEHOLDS, as_of=AS_OF, trips=3)
    seen, whole = believed(few, model, popularity, k=9)
    for h in (0, 31, 149):
        mine = newcomers_learning._pick(few, few.household == h)
        mine = mine._replace(household=np.zeros_like(mine.household))
        _, alone = believed(mine, model, popularity, stores_of=STORES[h : h + 1], k=9)
        assert alone.own.tobytes() == whole.own[seen.starts[h] : seen.starts[h + 1]].tobytes()
        assert alone.probability.tobytes() == whole.probability[whole.household == h].tobytes()
        assert alone.item.tolist() == whole.item[whole.household == h].tolist()


def test_a_model_kept_as_text_believes_the_same(lines, model, popularity):
    again = newcomers.Model.from_plain(json.loads(json.dumps(model.to_plain(), allow_nan=False)))
    few = newcomers_learning.truncated(lines, households=HOUSEHOLDS, as_of=AS_OF, trips=2)
    one, other = (believed(few, version, popularity)[1] for version in (model, again))
    assert one.own.tobytes() == other.own.tobytes()
    assert one.probability.tobytes() == other.probability.tobytes()


def test_days_at_or_after_the_morning_teach_nothing(lines, model):
    before = newcomers_learning._pick(lines, lines.day < AS_OF)
    again = newcomers_learning.learn(before, ALL, IDS, STORES, own_chances, stores=2, as_of=AS_OF)
    assert again.to_plain() == model.to_plain()


def test_what_is_learned_ranks_better_than_popularity_or_own_purchases_alone(lines, model):
    counts = counted(
        lines, of=newcomers.places(IDS, model.products), candidates=len(model.products)
    )
    shares = newcomers.rates(counts)
    later = seen_of(newcomers_learning._pick(lines, lines.day >= AS_OF), as_of=AS_OF + 28)
    bought = np.zeros((HOUSEHOLDS, PRODUCTS), bool)
    bought[later.household, later.item] = True
    few = newcomers_learning.truncated(lines, households=HOUSEHOLDS, as_of=AS_OF, trips=2)
    seen, answer = believed(few, model, shares)

    popular = np.tile(shares.store[-1], (HOUSEHOLDS, 1))
    own = np.zeros((HOUSEHOLDS, PRODUCTS))
    own[seen.household, seen.item] = seen.n
    merged = np.zeros((HOUSEHOLDS, PRODUCTS))
    merged[seen.household, seen.item] = answer.own
    merged[answer.household, answer.item] = answer.probability

    def hits(scores):
        best = np.argsort(-scores, axis=1, kind="stable")[:, :10]
        return np.take_along_axis(bought, best, axis=1).mean()

    assert hits(merged) > max(hits(popular), hits(own))
    assert merged.mean() == pytest.approx(bought.mean(), rel=0.5)


def test_the_last_trips_are_kept_and_the_rest_is_covered_up():
    rows = [line(household=h, product=p, day=d) for h in (0, 2) for d in (5, 9, 12) for p in (1, 2)]
    kept = newcomers_learning.truncated(lines_of(rows), households=3, as_of=12, trips=1)
    assert sorted(zip(kept.household.tolist(), kept.day.tolist(), strict=True)) == [
        (0, 9), (0, 9), (2, 9), (2, 9)
    ]  # fmt: skip
    assert not len(newcomers_learning.truncated(kept, households=3, as_of=12, trips=0).day)
    assert not len(newcomers_learning.truncated(lines_of([]), households=0, as_of=9, trips=2).day)


def test_a_short_history_or_few_households_are_refused_in_words(lines):
    def learn(some, as_of=AS_OF):
        newcomers_learning.learn(some, ALL, IDS, STORES, own_chances, stores=2, as_of=as_of)

    with pytest.raises(ValueError, match="70 days of purchases are too few"):
        learn(lines, as_of=450)
    with pytest.raises(ValueError, match="0 days of purchases"):
        learn(lines_of([]))
    one = newcomers_learning._pick(lines, lines.household == 3)
    with pytest.raises(ValueError, match="1 households shopped: too few"):
        learn(one)


def test_a_damaged_model_is_refused(model):
    plain = model.to_plain()
    for damage in (
        {"own": [1.0, 2.0]},
        {"new": [1.0, 2.0, 3.0, float("nan")]},
        {"products": [5, 5]},
        {"trips": 0},
        {"tier_cents": None},
    ):
        with pytest.raises(ValueError, match="the model of newcomers is damaged"):
            newcomers.Model.from_plain({**plain, **damage})


def test_a_store_or_household_that_is_not_there_is_refused(lines):
    with pytest.raises(ValueError, match="store lies outside"):
        counted(lines, stores_of=STORES + 1)
    with pytest.raises(ValueError, match="household lies outside"):
        counted(lines, stores_of=STORES[:20])


@settings(max_examples=60, deadline=None)
@given(st.lists(A_LINE, max_size=40), st.integers(-5, 900), st.integers(-1, 1))
def test_whatever_was_bought_a_chance_is_a_chance(model, rows, as_of, store):
    some = lines_of([(*row[:4], row[4] * 10, 0, *row[6:]) for row in rows])
    stores_of = np.full(4, store, np.int32)
    of = newcomers.places(IDS, model.products)
    shares = newcomers.rates(
        counted(some, of=of, stores_of=stores_of, as_of=as_of, candidates=len(model.products))
    )
    seen, answer = believed(some, model, shares, stores_of=stores_of, as_of=as_of)
    assert np.isfinite(shares.store).all()
    assert np.isfinite(shares.tier).all()
    assert len(answer.own) == len(seen.n)
    for chances in (answer.own, answer.probability):
        assert ((chances >= 0) & (chances <= 1)).all()


def test_an_empty_bucket_and_products_gone_are_no_trouble(model, popularity):
    nobody = np.zeros(0, np.int32)
    _, answer = believed(lines_of([]), model, popularity, stores_of=nobody)
    assert not len(answer.household)
    gone = np.full(PRODUCTS, -1, np.int32)
    seen = seen_of(lines_of([]), households=1)
    answer = newcomers.believe(
        seen, own_chances(seen), popularity, gone, np.full(1, -1, np.int32), model
    )
    assert not len(answer.item)
    assert newcomers.places(IDS, np.zeros(0, np.int64)).tolist() == [-1] * PRODUCTS
