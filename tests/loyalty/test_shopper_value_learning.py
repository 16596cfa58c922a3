"""What is learned of what households are worth, on a small shop made up for it."""

import json

import numpy as np
import pytest

from loyalty.shopper import kernel, lifetime, prices, value, value_learning, wallet
from loyalty.shopper.kernel import Lines
from loyalty.shopper.value_learning import Sample

IDS = np.array([10, 20, 30, 40, 0])
MARGINS = np.array([0.2, 0.3, 0.4, np.nan, np.nan])
PRODUCTS = 20  # 0 .. 15 in four departments; the rest, in none, says nothing of needs
DEPARTMENT = np.minimum(np.arange(PRODUCTS) // 4, 4).astype(np.int32)
ITEM = np.where(np.arange(PRODUCTS) < 16, np.arange(PRODUCTS), -1).astype(np.int32)
DAYS = 280


def made_up(households, seed=7):
    """Households of different size, pace, taste for departments and for offers."""
    random = np.random.default_rng(seed)
    columns = []
    for h in range(households):
        size, pace = random.lognormal(7, 0.6), random.choice([3, 5, 7, 14])
        tastes, offers = random.dirichlet([8, 6, 4, 3, 1]), random.beta(4, 4)
        days = np.unique(np.cumsum(random.exponential(pace, 120)).astype(int))
        days = np.repeat(days[days < DAYS], 6)
        department = random.choice(5, len(days), p=tastes)
        columns.append(
            np.stack([
                np.full(len(days), h), department * 4 + random.integers(0, 4, len(days)), days,
                (size * random.lognormal(0, 0.3, len(days))).astype(int),
                random.random(len(days)) < offers,
            ])
        )  # fmt: skip
    table = np.concatenate(columns, axis=1)
    household, product, day, cents, off = table[:, np.argsort(table[2], kind="stable")].astype(int)
    lines = Lines(
        household.astype(np.int32), product.astype(np.int32), day.astype(np.int32), day,
        np.full(len(day), 1000), cents, off, np.zeros(len(day), np.bool_),
    )  # fmt: skip
    return Sample(lines, households, DEPARTMENT, IDS, MARGINS, ITEM, 16)


@pytest.fixture(scope="module")
def sample():
    return made_up(500)


@pytest.fixture(scope="module")
def model(sample):
    return value_learning.learn(sample, as_of=DAYS)


def test_a_shop_learns_everything_and_measures_it_on_households_kept_out(model):
    assert model.figures["not_learned"] == []
    assert model.figures["households"] == 100
    assert model.wallets.departments == (10, 20, 30, 40)
    spend = model.figures["spend"]
    assert spend["weeks"] == 20
    assert spend["error_of_mean"] < spend["error_of_mean_as_before"] + 0.05
    assert 0.65 < spend["within_margin"] < 0.95
    assert model.figures["wallets"]["trips_taken_found"] > 0.8
    assert model.figures["wallets"]["department_taken_found"] > 0.9
    assert model.figures["prices"]["halves_correlation"] > 0.6


def test_a_model_comes_back_from_json_as_it_was(model):
    text = json.dumps(value_learning.to_plain(model), allow_nan=False)
    assert value_learning.from_plain(json.loads(text)) == model


def test_learning_twice_gives_the_same(sample, model):
    again = value_learning.learn(sample, as_of=DAYS)
    assert value_learning.to_plain(again) == value_learning.to_plain(model)


def test_what_happens_later_is_not_learned_from(sample):
    before = sample._replace(
        lines=Lines._make(column[sample.lines.day < 200] for column in sample.lines)
    )
    learned = [value_learning.learn(each, as_of=200) for each in (sample, before)]
    assert learned[0] == learned[1]


def test_versions_are_compared_on_other_households(model):
    others = made_up(150, seed=8)
    learned = value_learning.quality(model, others, as_of=DAYS)
    plain = value_learning.quality(value_learning.start(others, as_of=DAYS), others, as_of=DAYS)
    assert learned["households"] == plain["households"] == 150
    assert learned["wallets"]["trips_taken_found"] > 0.75
    assert plain["wallets"] == {}
    assert json.dumps([learned, plain], allow_nan=False)


def test_a_young_shop_begins_with_tiers_and_usual_habits(sample):
    begun = value_learning.start(sample, as_of=14)
    assert begun.lifetime == lifetime.DEFAULT
    assert begun.wallets == wallet.NOTHING
    assert begun.prices == prices.DEFAULT
    assert begun.tiers.spend[0] < begun.tiers.spend[1] < begun.tiers.spend[2]
    assert 0.2 < begun.margin_share < 0.35


def test_an_empty_shop_begins_with_the_usual_margin():
    nobody = made_up(1)
    empty = nobody._replace(lines=Lines._make(column[:0] for column in nobody.lines))
    begun = value_learning.start(empty, as_of=DAYS)
    assert begun.margin_share == value.USUAL_MARGIN_SHARE
    assert value_learning.quality(begun, empty, as_of=DAYS)["households"] == 0


def test_too_few_households_or_weeks_are_refused_in_a_sentence(sample):
    with pytest.raises(ValueError, match="can be learned from 100 households over 12 weeks"):
        value_learning.learn(made_up(30), as_of=DAYS)
    with pytest.raises(ValueError, match="can be learned from 100 households over 12 weeks"):
        value_learning.learn(sample, as_of=40)
    with pytest.raises(ValueError, match="can be learned from 100 households over 12 weeks"):
        value_learning.learn(sample, as_of=0)


def test_where_nobody_comes_every_week_the_rest_is_learned_all_the_same(sample):
    rare = sample.lines.day % 21 == sample.lines.household % 21
    seldom = sample._replace(lines=Lines._make(column[rare] for column in sample.lines))
    learned = value_learning.learn(seldom, as_of=DAYS)
    assert learned.wallets == wallet.NOTHING
    assert "elsewhere can be learned" in learned.figures["not_learned"][0]
    assert learned.lifetime != lifetime.DEFAULT


def test_a_learned_model_tells_every_household_its_worth(sample, model):
    everything, goods = (
        kernel.statistics(
            sample.lines, of_product, households=sample.households, items=items, as_of=DAYS
        )
        for of_product, items in ((DEPARTMENT, 5), (ITEM, 16))
    )
    found = value.worth(
        model, everything, goods, goods.items, department_ids=IDS, margin_shares=MARGINS
    )
    assert np.bincount(found.tier, minlength=4).min() > 0
    assert found.wallets.known.mean() > 0.9
    assert found.prices.known.mean() > 0.9
    assert (found.lifetime.cents > found.margin_cents).mean() > 0.8
