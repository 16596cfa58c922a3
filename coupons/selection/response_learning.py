"""What past mailings teach of who uses which coupon: fitted, judged, kept as plain numbers. PURE.

Two models start from the closed form of response.py and correct it: a logistic of log features,
pulled back to the closed form, and small trees that may only go up with a need. The mean of their
log odds is then set right against mailings they had not seen, since what was learned of one
mailing promises too much of the next. While few coupons were used, the closed form has its say.

On the thirteen later campaigns of Complete Journey, learned anew at most every three weeks from
those that had ended, the chances tell used coupons from others with an AUC of .93 and explain 29 %
of the log-loss; the 500 highest promise .22 and keep .21.
"""

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import lightgbm
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize  # type: ignore[import-untyped] # ships no types
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # ships no types

from coupons.selection import response
from coupons.selection.response_features import AT, FEATURES, Floats32
from loyalty.shopper import needs_features
from loyalty.shopper.kernel import Flags, Floats, Ints, Items, Statistics

LEAST_USED, PLENTY_USED = 200, 500
"""Coupons used, below which nothing is learned, and from which on the closed form is silent."""

HORIZON_DAYS = needs_features.HORIZON_DAYS
BINS = needs_features.BINS

# Features of the logistic, with what is added before the logarithm: about the smallest that tells.
_LOGISTIC = {
    "need": 0.02, "type_need": 0.02, "category_need": 0.05, "days150": 0.05, "known": 0.3,
    "basket_share": 0.005, "brand_days150": 0.05, "covered": 0.05, "use_rate": 1e-9,
    "coupon_share": 1e-9, "coupons45": 1.0, "used90": 0.1, "trips45": 1.0, "since_trip": 3.0,
    "offer_rate": 1e-9, "type_rate": 1e-9, "types_used": 0.05, "coupons": 0.3, "offers": 1e-9,
    "products": 1.0, "days150_rank": 0.02, "type_need_rank": 0.02, "printed": 1.0,
}  # fmt: skip
_RIDGE = 20.0

# Trees see all but the closed form, from which they start; they rise with every sign of liking.
# Where a leaf is split is drawn at random: the next mailing brings other coupons, for which cuts
# fitted closely to those of the past hold less well.
_TREES = [name for name in FEATURES if name != "prior"]
_RISING = {
    "need", "type_need", "category_need", "known", "days14", "days45", "days150", "coupons",
    "type_coupons", "type_days14", "type_days45", "type_days150", "types_used", "categories_used",
    "basket_share", "coupon_share", "coupons45", "used90", "use_rate", "offer_rate", "type_rate",
}  # fmt: skip
_ROUNDS = 200
_START = 0.9  # how much of the closed form's log odds the trees start from
_PARAMETERS = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 60,
    "extra_trees": True, "lambda_l2": 20.0, "feature_fraction": 0.5, "bagging_fraction": 0.7,
    "bagging_freq": 1, "max_bin": 63, "seed": 3, "num_threads": 1, "deterministic": True,
    "force_row_wise": True, "verbose": -1,
    "monotone_constraints": [1 if name in _RISING else 0 for name in _TREES],
}  # fmt: skip
_PARTS = 3  # of the mailings, each judged by what the others teach
# They are set right by a line through the log odds, which bends where the highest begin.
_HIGHEST_SHARE = 0.003
_CALIBRATION_RIDGE = (5.0, 50.0, 5.0)  # of shift, slope and bend, which are pulled to nothing
_LEAST_SLOPE, _LEAST_HIGHEST_SLOPE = 0.2, 0.6  # the order among the highest is not lost
_NOT_CALIBRATED = (0.0, 1.0, 0.0, 0.0)


class Exposures(NamedTuple):
    """Coupons that households were given and used or did not, a value a pair."""

    table: Floats32  # float32[pairs, len(FEATURES)], as features() tells them
    used: Flags
    weight: Floats  # pairs that each stands for: of the unused only a sample is taken
    mailing: Ints  # which mailing, numbered in the order in which they began


class Model:
    """What was learned; `plain` is all of it, in plain values that JSON knows."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        """Raises ValueError if the values are not those of a model of these features."""
        self.plain = dict(plain)
        try:
            if self.plain["features"] != list(FEATURES):
                raise ValueError("it is of other features")
            if self.plain["logistic"]["names"] != list(_LOGISTIC):
                raise ValueError("its logistic is of other features")
            columns = len(_LOGISTIC)
            self._centre = _numbers(self.plain["logistic"]["centre"], columns)
            self._weights = _numbers(self.plain["logistic"]["weights"], columns)
            self._line = _numbers(self.plain["logistic"]["line"], 3)
            self._trees_base = float(_numbers([self.plain["trees_base"]], 1)[0])
            self._calibration = _numbers(self.plain["calibration"], 4)
            self.tables = {
                level: _numbers(self.plain["tables"][level], BINS) for level in ("product", "type")
            }
            self.redeemed = int(self.plain["redeemed"])
            trees = self._trees
        except (KeyError, TypeError, lightgbm.basic.LightGBMError) as error:
            raise ValueError(f"no model of responses can be read from this: {error}") from error
        _, slope, bend, _ = self._calibration.tolist()
        if slope <= 0 or slope + bend <= 0 or self.redeemed < 0:
            raise ValueError("the model is the wrong way round")
        if trees.num_feature() != len(_TREES):
            raise ValueError(f"its trees ask for {trees.num_feature()} features, not {len(_TREES)}")

    @cached_property
    def _trees(self) -> lightgbm.Booster:
        text = self.plain["trees"]
        # LightGBM may end the process over a text that is cut short: look before it does.
        if not isinstance(text, str) or not text.startswith("tree\n") or "end of trees" not in text:
            raise ValueError("its trees are damaged")
        return lightgbm.Booster(model_str=text)

    def log_odds(self, table: Floats32) -> Floats:
        """The log odds of each row's coupon being used, float64[rows]."""
        shift, slope, bend, highest = self._calibration.tolist()
        raw = self.raw(table)
        learned = shift + slope * raw + bend * np.maximum(raw - highest, 0.0)
        share = min(1.0, max(0.0, (self.redeemed - LEAST_USED) / (PLENTY_USED - LEAST_USED)))
        return np.asarray(share * learned + (1.0 - share) * prior_log_odds(table))

    def probability(self, table: Floats32) -> Floats:
        """The chance of each row's coupon being used, within 0 and 1: float64[rows]."""
        return _chance(self.log_odds(table))

    def raw(self, table: Floats32) -> Floats:
        """What both models say on their own, before it is set right: log odds, float64[rows]."""
        if not len(table):
            return np.zeros(0)
        prior = table[:, AT["prior"]].astype(np.float64)
        base, slope, middle = self._line
        line = base + slope * (prior - middle) + (_logs(table) - self._centre) @ self._weights
        trees = self._trees.predict(table[:, _tree_columns()], raw_score=True, num_threads=1)
        return np.asarray(0.5 * line + 0.5 * (trees + _START * prior + self._trees_base))


def prior_log_odds(table: Floats32) -> Floats:
    """The closed form's log odds, held below response.MOST: float64[rows]."""
    odds = np.exp(np.minimum(table[:, AT["prior"]].astype(np.float64), 50.0))
    chance = odds / (1.0 + odds / response.MOST)
    return np.asarray(np.log(chance) - np.log1p(-chance))


def pace_table(before: Statistics, after: Statistics, facts: Items) -> Floats:
    """How far to believe the pace of each bin, float64[BINS], by the 28 days between the two.

    before, after: one bucket's statistics of the same items, 28 days apart; facts: sums over
    households as of the day of `before`. 1 where nothing was observed.
    """
    if after.as_of - before.as_of != HORIZON_DAYS:
        raise ValueError(f"{after.as_of - before.as_of} days apart, not {HORIZON_DAYS}")
    items = np.int64(len(facts.buyers))
    key_before, key_after = (
        seen.household * items + seen.item.astype(np.int64) for seen in (before, after)
    )
    # Whatever was ever bought before is still there after, in the same order.
    now = np.searchsorted(key_after, key_before)
    bought = after.last[now] >= before.as_of
    pace = needs_features.pace(before, facts)
    hoped = np.bincount(pace.bin, -np.expm1(-pace.rate), BINS)
    return np.asarray((np.bincount(pace.bin[bought], minlength=BINS) + 1.0) / (hoped + 1.0))


def fit(exposures: Exposures, tables: Mapping[str, Floats]) -> Model:
    """Learn from what became of past coupons.

    tables: pace_table() at the levels product and type, that the features were made with. Raises
    ValueError if fewer than LEAST_USED coupons were used, or all of them.
    """
    used = int(exposures.used.sum())
    if used < LEAST_USED:
        raise ValueError(f"{used} coupons of ended mailings were used, wanted {LEAST_USED}")
    if exposures.used.all():
        raise ValueError("every coupon of the ended mailings was used: there is none to compare")
    with threadpool_limits(1):
        plain = _fit(exposures, tables)
        plain["calibration"] = list(_calibrate(exposures, tables))
    return Model(plain)


def _fit(exposures: Exposures, tables: Mapping[str, Floats]) -> dict[str, Any]:
    """Both models, not yet set right."""
    table, weight = exposures.table, exposures.weight
    prior = table[:, AT["prior"]].astype(np.float64)
    target = exposures.used.astype(np.float64)
    logs = _logs(table)
    centre, spread = logs.mean(axis=0), logs.std(axis=0)
    # What never varied says nothing, and would say anything of the first that differs.
    spread = np.where(spread > 1e-6, spread, np.inf)
    middle = float(prior.mean())
    design = np.column_stack([np.ones(len(prior)), prior - middle, (logs - centre) / spread])
    start = np.zeros(design.shape[1])
    start[:2] = middle, 1.0
    ridge = np.full(len(start), _RIDGE)
    ridge[0] = 1e-6
    weights = _logistic(design, target, weight, start, ridge)
    begin = _START * prior
    base = math.log((weight @ target) / (weight @ _chance(begin)))
    data = lightgbm.Dataset(
        table[:, _tree_columns()],
        target,
        weight=weight,
        init_score=begin + base,
        free_raw_data=True,
    )
    trees = lightgbm.train(_PARAMETERS, data, _ROUNDS)
    return {
        "features": list(FEATURES),
        "logistic": {
            "names": list(_LOGISTIC),
            "centre": centre.tolist(),
            "weights": (weights[2:] / spread).tolist(),
            "line": [float(weights[0]), float(weights[1]), middle],
        },
        "trees": trees.model_to_string(),
        "trees_base": base,
        "calibration": list(_NOT_CALIBRATED),
        "tables": {level: np.asarray(tables[level]).tolist() for level in ("product", "type")},
        "redeemed": int(exposures.used.sum()),
    }


def _calibrate(exposures: Exposures, tables: Mapping[str, Floats]) -> Sequence[float]:
    """Shift, slope and bend that set the log odds right, and where the line bends; from mailings
    that were not learned from.
    """
    part = _parts(exposures)
    raw = np.zeros(len(exposures.used))
    judged = np.zeros(len(exposures.used), np.bool_)
    for one in np.unique(part).tolist():
        others = those(exposures, part != one)
        if others.used.sum() >= LEAST_USED and not others.used.all():
            judged |= part == one
            raw[part == one] = Model(_fit(others, tables)).raw(exposures.table[part == one])
    seen, raw = those(exposures, judged), raw[judged]
    if not seen.used.any():
        return _NOT_CALIBRATED
    middle = float(np.average(raw, weights=seen.weight))
    highest = _where_highest(raw, seen.weight)
    above = np.maximum(raw - highest, 0.0)
    design = np.column_stack([np.ones(len(raw)), raw - middle, above])
    at_middle, slope, bend = _logistic(
        design, seen.used.astype(np.float64), seen.weight, np.array([middle, 1.0, 0.0]),
        np.array(_CALIBRATION_RIDGE),
    ).tolist()  # fmt: skip
    slope = max(slope, _LEAST_SLOPE)
    bend = min(max(bend, _LEAST_HIGHEST_SLOPE - slope), 0.0)
    return at_middle - slope * middle, slope, bend, highest


def _where_highest(raw: Floats, weight: Floats) -> float:
    """The value that only the highest share of the pairs exceeds."""
    order = np.argsort(-raw, kind="stable")
    reached = np.cumsum(weight[order])
    return float(raw[order][np.searchsorted(reached, _HIGHEST_SHARE * reached[-1])])


def _parts(exposures: Exposures) -> Ints:
    """Deal the mailings into parts, in the order in which they began, of about equal uses."""
    mailings, place = np.unique(exposures.mailing, return_inverse=True)
    used = np.bincount(place, exposures.used, len(mailings))
    before = np.cumsum(used) - used / 2
    part = np.minimum(before * _PARTS // max(used.sum(), 1), _PARTS - 1).astype(np.int64)
    return np.asarray(part[place])


def those(exposures: Exposures, which: Flags) -> Exposures:
    """Some of the pairs."""
    return Exposures(
        exposures.table[which],
        exposures.used[which],
        exposures.weight[which],
        exposures.mailing[which],
    )


def log_loss(log_odds: Floats, exposures: Exposures) -> float:
    """The mean log-loss over the pairs, by weight; the smaller, the better."""
    loss = np.logaddexp(0.0, log_odds) - np.where(exposures.used, log_odds, 0.0)
    return float(np.average(loss, weights=exposures.weight))


def _logistic(
    design: Floats, target: Floats, weight: Floats, start: Floats, ridge: Floats
) -> Floats:
    """Weights of a logistic of `design` that are pulled to `start`."""

    def loss(at: Floats) -> tuple[float, Floats]:
        log_odds = design @ at
        off = weight * (_chance(log_odds) - target)
        value = weight @ (np.logaddexp(0.0, log_odds) - target * log_odds)
        return (
            float(value + 0.5 * ridge @ (at - start) ** 2),
            design.T @ off + ridge * (at - start),
        )

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x, dtype=np.float64)


def _logs(table: Floats32) -> Floats:
    columns = table[:, [AT[name] for name in _LOGISTIC]].astype(np.float64)
    return np.asarray(np.log(np.maximum(columns, 0.0) + list(_LOGISTIC.values())))


def _tree_columns() -> list[int]:
    return [AT[name] for name in _TREES]


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -30.0, 30.0))))


def _numbers(values: Any, count: int) -> npt.NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise ValueError(f"wanted {count} numbers, found {values!r:.60}")
    return numbers
