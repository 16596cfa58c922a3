"""How likely households try categories they never bought, and how that is learned."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.shopper import discovery, discovery_learning
from loyalty.shopper.kernel import statistics
from tests.loyalty.test_shopper_kernel import A_LINE, line, lines_of

CATEGORIES = 12
PRODUCTS = np.arange(CATEGORIES, dtype=np.int32)
IDS = np.arange(CATEGORIES, dtype=np.int64) * 7 + 1000
AS_OF = 260


def shop(households=240, *, seed=4, days=range(40, 330)):
    """Rows of households of two tastes, half the categories each, trying them one by one."""
    rng = np.random.default_rng(seed)
    rows = []
    for h in range(households):
        taste = h % 2
        liked = rng.permutation(np.arange(taste * 6, taste * 6 + 6))
        for day in days[h % 5 :: 8]:
            tried = max(1, min(6, (day - 20) // 45))
            rows += [line(household=h, product=int(p), day=day) for p in liked[:tried]]
            if rng.random() < 0.004:
                rows.append(line(household=h, product=int(rng.integers(12)), day=day))
    return rows


@pytest.fixture(scope="module")
def lines():
    return lines_of(shop())


@pytest.fixture(scope="module")
def model(lines):
    return discovery_learning.learn(lines, PRODUCTS, IDS, households=240, as_of=AS_OF)


def seen_of(lines, *, households=240, as_of=AS_OF, of=PRODUCTS, items=CATEGORIES):
    return statistics(lines, of, households=households, items=items, as_of=as_of)


def test_a_household_is_proposed_what_its_like_buy(lines, model):
    seen = seen_of(lines)
    chances = discovery.score(seen, IDS, model)
    best = discovery.top(chances, k=1)[:, 0]
    proposed = best >= 0
    assert proposed.mean() > 0.8
    assert (best // 6 == np.arange(240) % 2)[proposed].mean() > 0.95


def test_what_was_bought_already_has_no_chance_of_being_new(lines, model):
    seen = seen_of(lines)
    chances = discovery.score(seen, IDS, model)
    bought = np.zeros_like(chances, bool)
    bought[seen.household, seen.item] = True
    assert (chances[bought] == 0).all()
    assert ((chances[~bought] > 0) & (chances[~bought] < 1)).all()


def test_a_newcomer_of_three_trips_is_proposed_nothing_yet(model):
    few = [line(product=p, day=day) for day in (1, 2, 3) for p in (0, 1)]
    chances = discovery.score(seen_of(lines_of(few), households=2), IDS, model)
    assert chances.shape == (2, CATEGORIES)
    assert not chances.any()


def test_a_category_unknown_to_the_model_is_never_proposed(lines, model):
    ids = np.sort(np.append(IDS, [3, 1010]))
    of = np.searchsorted(ids, IDS).astype(np.int32)
    seen = seen_of(lines, of=of, items=14)
    chances = discovery.score(seen, ids, model)
    assert not chances[:, ~np.isin(ids, IDS)].any()
    assert chances[:, of].tobytes() == discovery.score(seen_of(lines), IDS, model).tobytes()


def test_chances_do_not_depend_on_the_bucket(lines, model):
    whole = discovery.score(seen_of(lines), IDS, model)
    rows = list(zip(*[column.tolist() for column in lines], strict=True))
    for h in (0, 7, 100, 239):
        mine = lines_of([(0, *row[1:]) for row in rows if row[0] == h])
        alone = discovery.score(seen_of(mine, households=1), IDS, model)
        assert alone[0].tobytes() == whole[h].tobytes()


def test_the_reason_is_a_category_the_household_buys(lines, model):
    seen = seen_of(lines)
    best = discovery.top(discovery.score(seen, IDS, model), k=2)
    reasons = discovery.because(seen, IDS, model, best)
    told = 0
    for h in range(240):
        own = set(seen.item[seen.starts[h] : seen.starts[h + 1]].tolist())
        for item, reason in zip(best[h].tolist(), reasons[h].tolist(), strict=True):
            assert reason == -1 if item == -1 else reason == -1 or reason in own
            told += reason >= 0
    assert told > 100


def test_a_model_kept_as_text_gives_the_same_chances(lines, model):
    again = discovery.Model.from_plain(json.loads(json.dumps(model.to_plain(), allow_nan=False)))
    seen = seen_of(lines)
    one, other = discovery.score(seen, IDS, model), discovery.score(seen, IDS, again)
    assert one.tobytes() == other.tobytes()


def test_days_at_or_after_the_morning_teach_nothing(lines, model):
    before = lines.day < AS_OF
    cut = type(lines)(*(column[before] for column in lines))
    again = discovery_learning.learn(cut, PRODUCTS, IDS, households=240, as_of=AS_OF)
    assert again.to_plain() == model.to_plain()


def test_what_is_learned_is_better_than_proposing_the_same_to_all(lines, model):
    learned = discovery_learning.quality(
        model, lines, PRODUCTS, IDS, households=240, as_of=AS_OF + 56
    )
    deaf = model._replace(affinity=np.zeros_like(model.affinity))
    same = discovery_learning.quality(deaf, lines, PRODUCTS, IDS, households=240, as_of=AS_OF + 56)
    assert learned.households > 50
    assert learned.recall5 > same.recall5
    assert learned.log_loss < same.log_loss
    assert 0 <= learned.ece <= 1
    assert all(isinstance(value, int | float) for value in learned)


def test_a_short_or_quiet_history_is_refused_in_words(lines):
    with pytest.raises(ValueError, match="43 days of purchases are too few"):
        discovery_learning.learn(lines, PRODUCTS, IDS, households=240, as_of=83)
    settled = lines_of([line(household=h, day=day) for h in range(9) for day in range(250)])
    with pytest.raises(ValueError, match="tried 0 categories new to them"):
        discovery_learning.learn(settled, PRODUCTS, IDS, households=240, as_of=AS_OF)
    with pytest.raises(ValueError, match="0 days of purchases"):
        discovery_learning.learn(lines_of([]), PRODUCTS, IDS, households=0, as_of=AS_OF)


def test_a_damaged_model_is_refused(model):
    plain = model.to_plain()
    for damage in (
        {"features": ["other"]},
        {"ids": plain["ids"][1:]},
        {"offset": [float("nan"), *plain["offset"][1:]]},
        {"affinity": "loud"},
        {"weights": plain["weights"][:2]},
    ):
        with pytest.raises(ValueError, match="model"):
            discovery.Model.from_plain({**plain, **damage})
    with pytest.raises(ValueError, match="damaged"):
        discovery.Model.from_plain({"features": plain["features"]})


def test_the_likeliest_come_first_and_equals_in_order():
    chances = np.array([[0.1, 0.3, 0.3, 0.0], [0.0, 0.0, 0.0, 0.2]])
    assert discovery.top(chances, k=3).tolist() == [[1, 2, 0], [3, -1, -1]]
    assert discovery.top(chances, k=6).shape == (2, 6)
    assert discovery.top(np.zeros((0, 4)), k=3).shape == (0, 3)
    assert discovery.top(np.zeros((2, 0)), k=1).tolist() == [[-1], [-1]]


@settings(max_examples=60, deadline=None)
@given(st.lists(A_LINE, max_size=40), st.integers(-5, 460))
def test_whatever_was_bought_a_chance_is_a_chance(model, rows, as_of):
    lines = lines_of([(*row[:4], row[4] * 10, 0, *row[6:]) for row in rows])
    chances = discovery.score(seen_of(lines, households=4, as_of=as_of), IDS, model)
    assert chances.shape == (4, CATEGORIES)
    assert np.isfinite(chances).all()
    assert ((chances >= 0) & (chances <= 1)).all()


def test_an_empty_bucket_and_an_empty_assortment_are_scored_too(model):
    nobody = seen_of(lines_of([]), households=0)
    assert discovery.score(nobody, IDS, model).shape == (0, CATEGORIES)
    nothing = statistics(lines_of([]), np.zeros(0, np.int32), households=3, items=0, as_of=AS_OF)
    assert discovery.score(nothing, np.zeros(0, np.int64), model).shape == (3, 0)
    q = discovery_learning.quality(model, lines_of([]), PRODUCTS, IDS, households=0, as_of=AS_OF)
    assert q == discovery_learning.Quality(0, 0, 0.0, 0.0, 0.0, 0.0)
