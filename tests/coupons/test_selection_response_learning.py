"""What past mailings teach of who uses which coupon."""

import copy
import json

import numpy as np
import pytest

from coupons.selection import response_learning
from coupons.selection.response_features import AT, FEATURES
from coupons.selection.response_learning import (
    LEAST_USED,
    Exposures,
    Model,
    fit,
    log_loss,
    prior_log_odds,
)
from loyalty.shopper.kernel import Lines, statistics
from loyalty.shopper.needs_features import BINS

TABLES = {"product": np.full(BINS, 0.5), "type": np.ones(BINS)}


def described(pairs: int, seed: int = 1):
    """Features of pairs whose need is anything, and all else usual."""
    rng = np.random.default_rng(seed)
    table = np.zeros((pairs, len(FEATURES)), np.float32)
    need = rng.gamma(0.3, 0.4, pairs)
    for name in ("need", "type_need", "days14", "days45", "days150", "category_need"):
        table[:, AT[name]] = need * rng.uniform(0.8, 1.2, pairs)
    table[:, AT["known"]] = need > 0.05
    table[:, AT["coupon_share"]] = rng.uniform(0, 0.05, pairs)
    table[:, AT["use_rate"]] = 0.4
    table[:, AT["offer_rate"]] = table[:, AT["type_rate"]] = 0.01
    table[:, AT["offers"]] = 20
    table[:, AT["since_trip"]] = 3
    table[:, AT["prior"]] = -4.5 + 0.5 * np.log(need + 0.01)
    return table


def past_coupons(pairs: int = 5_000, chance: float = 0.9, seed: int = 1) -> Exposures:
    """Coupons of four mailings; whoever needs the thing uses them, and more so with coupons."""
    table = described(pairs, seed)
    rng = np.random.default_rng(seed + 1)
    likely = chance * np.minimum(
        table[:, AT["need"]] * (0.4 + 60 * table[:, AT["coupon_share"]]), 1
    )
    return Exposures(
        table, rng.random(pairs) < likely, np.ones(pairs), np.repeat(np.arange(4), pairs // 4)
    )


@pytest.fixture(scope="module")
def exposures() -> Exposures:
    return past_coupons()


@pytest.fixture(scope="module")
def model(exposures) -> Model:
    return fit(exposures, TABLES)


def test_it_says_more_for_a_need_than_for_none(model):
    table = np.repeat(described(1, 5), 30, axis=0)
    for name in ("need", "type_need", "days14", "days45", "days150", "category_need"):
        table[:, AT[name]] = np.linspace(0, 3, 30)
    table[:, AT["prior"]] = -4.5 + 0.5 * np.log(table[:, AT["need"]] + 0.01)
    chance = model.probability(table)
    assert chance[-1] > 5 * chance[0]
    assert (np.diff(chance) > -0.1 * chance[:-1]).all()


def test_it_foretells_other_coupons_better_than_the_closed_form(model):
    later = past_coupons(seed=7)
    assert log_loss(model.log_odds(later.table), later) < log_loss(
        prior_log_odds(later.table), later
    )
    chance = model.probability(later.table)
    assert chance.mean() == pytest.approx(later.used.mean(), rel=0.2)


def test_chances_are_chances_whatever_comes(model):
    table = np.concatenate([np.zeros((1, len(FEATURES))), np.full((1, len(FEATURES)), 1e6),
                            described(50)]).astype(np.float32)  # fmt: skip
    chance = model.probability(table)
    assert ((chance > 0) & (chance < 1)).all()
    assert len(model.probability(table[:0])) == 0


def test_what_is_kept_as_text_says_the_same_and_learning_again_gives_the_same(exposures, model):
    text = json.dumps(model.plain, allow_nan=False)
    again = Model(json.loads(text))
    assert (again.log_odds(exposures.table) == model.log_odds(exposures.table)).all()
    assert (again.tables["product"] == 0.5).all()
    assert json.dumps(fit(exposures, TABLES).plain) == text


@pytest.mark.parametrize(
    "damage",
    [
        lambda plain: plain.pop("trees"),
        lambda plain: plain.update(trees=plain["trees"][:200]),
        lambda plain: plain.update(trees=""),
        lambda plain: plain.update(features=plain["features"][1:]),
        lambda plain: plain["logistic"]["weights"].pop(),
        lambda plain: plain["logistic"].update(centre=[float("nan")] * 23),
        lambda plain: plain["logistic"].update(names=[]),
        lambda plain: plain.update(calibration=[0.0, -1.0]),
        lambda plain: plain.update(tables={"product": [1.0] * BINS}),
        lambda plain: plain.update(redeemed=None),
    ],
)
def test_damaged_parameters_are_refused(model, damage):
    plain = copy.deepcopy(model.plain)
    damage(plain)
    with pytest.raises(ValueError, match=r"\w"):
        Model(plain)


def test_too_few_uses_teach_nothing(exposures):
    few = response_learning.those(exposures, ~exposures.used | (np.cumsum(exposures.used) < 150))
    with pytest.raises(ValueError, match=f"149 coupons .* wanted {LEAST_USED}"):
        fit(few, TABLES)
    with pytest.raises(ValueError, match="every coupon"):
        fit(response_learning.those(exposures, exposures.used), TABLES)


def test_while_few_were_used_the_closed_form_has_its_say(exposures, model):
    prior, learned = prior_log_odds(exposures.table), model.raw(exposures.table)
    shift, slope = model.plain["calibration"]
    for used, share in ((200, 0.0), (350, 0.5), (500, 1.0), (5000, 1.0)):
        told = Model({**model.plain, "redeemed": used}).log_odds(exposures.table)
        wanted = share * (shift + slope * learned) + (1 - share) * prior
        assert np.allclose(told, wanted)


def test_what_never_varied_in_the_past_says_nothing_of_a_first_that_differs(exposures, model):
    printed = exposures.table.copy()
    printed[:, AT["printed"]] = 1
    assert np.allclose(model.log_odds(printed), model.log_odds(exposures.table))


def test_chances_are_set_right_by_mailings_that_were_not_learned_from(exposures):
    """Each mailing's people were drawn to another kind of coupon: the others promise too much."""
    rng = np.random.default_rng(3)
    table = exposures.table.copy()
    kind = np.arange(len(table)) % 4
    table[:, AT["sold45"]] = kind
    used = exposures.used | (kind == exposures.mailing) & (rng.random(len(table)) < 0.5)
    told = fit(exposures._replace(table=table, used=used), TABLES)
    assert told.plain["calibration"][1] < 0.95


def test_a_pace_is_believed_as_far_as_it_held(model):
    days = np.arange(1000, 1100, 5, dtype=np.int32)
    ones = np.ones(len(days), np.int64)
    zeros = np.zeros(len(days), np.int32)
    bought = Lines(zeros, zeros, days, ones, ones, ones, ones * 0, zeros.astype(bool))
    before, after = (
        statistics(bought, np.zeros(1, np.int32), households=1, items=1, as_of=day)
        for day in (1090, 1118)
    )
    table = response_learning.pace_table(before, after, before.items)
    assert table.shape == (BINS,)
    assert (table > 0).all()
    assert (table != 1).sum() == 1
    with pytest.raises(ValueError, match="0 days apart, not 28"):
        response_learning.pace_table(before, before, before.items)
