"""What one level (product, type or category) taught about needs, as plain numbers."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit

from loyalty.shopper.kernel import Floats, Ints32
from loyalty.shopper.needs_features import BINS, CORE, FEATURES, HOUSEHOLD

DEPTH = 4
SPLITS, LEAVES = 2**DEPTH - 1, 2**DEPTH


class Chance(NamedTuple):
    """A learned chance: its logit is bias + weights of CORE + one leaf of each tree.

    A tree is complete: from split s, a pair goes on to split 2s + 1 if its feature is at most the
    threshold and to 2s + 2 otherwise, and after DEPTH splits stands at its leaf.
    """

    bias: float
    weights: Floats  # float64[CORE]
    feature: Ints32  # int32[trees, 15], which of FEATURES each split asks for
    threshold: Floats  # float64[trees, 15]
    leaf: Floats  # float64[trees, 16]

    def to_plain(self) -> dict[str, Any]:
        return {
            "bias": self.bias,
            "weights": self.weights.tolist(),
            "feature": self.feature.tolist(),
            "threshold": self.threshold.tolist(),
            "leaf": self.leaf.tolist(),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        trees = len(_list(plain, "leaf"))
        feature = _array(plain, "feature", (trees, SPLITS))
        if not np.isin(feature, np.arange(len(FEATURES))).all():
            raise ValueError(f"a tree asks for a feature that is none of the {len(FEATURES)}")
        return cls(
            _number(plain, "bias"),
            _array(plain, "weights", (len(CORE),)),
            feature.astype(np.int32),
            _array(plain, "threshold", (trees, SPLITS)),
            _array(plain, "leaf", (trees, LEAVES)),
        )


class Trip(NamedTuple):
    """The chance of the next shopping day: its logit is bias + slope * the month's logit + weights
    of what is known of the household, so that both chances put a household's items in one order."""

    bias: float
    slope: float  # >= 0
    weights: Floats  # float64[HOUSEHOLD]

    def to_plain(self) -> dict[str, Any]:
        return {"bias": self.bias, "slope": self.slope, "weights": self.weights.tolist()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        slope = _number(plain, "slope")
        if slope < 0:
            raise ValueError(f"the slope from a month's chance to a trip's is {slope}, below 0")
        return cls(_number(plain, "bias"), slope, _array(plain, "weights", (len(HOUSEHOLD),)))


class Return(NamedTuple):
    """The chance that a household comes at all within HORIZON_DAYS, by what is known of it."""

    bias: float
    weights: Floats  # float64[HOUSEHOLD]

    def to_plain(self) -> dict[str, Any]:
        return {"bias": self.bias, "weights": self.weights.tolist()}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        return cls(_number(plain, "bias"), _array(plain, "weights", (len(HOUSEHOLD),)))


class Model(NamedTuple):
    """What one level (product, type or category) taught, in plain numbers."""

    table: Floats  # float64[BINS], how far to believe the pace
    rest: float  # ... beyond the items judged one by one, >= 0
    month: Chance  # of buying within HORIZON_DAYS, if the household comes
    comes: Return
    trip: Trip  # of buying on the next shopping day
    more: tuple[float, float]  # purchases expected = more[0] * -log(1 - chance) ** more[1]

    def to_plain(self) -> dict[str, Any]:
        """Lists, numbers and texts that JSON knows."""
        return {
            "features": list(FEATURES),
            "table": self.table.tolist(),
            "rest": self.rest,
            "month": self.month.to_plain(),
            "comes": self.comes.to_plain(),
            "trip": self.trip.to_plain(),
            "more": list(self.more),
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        if list(_list(plain, "features")) != list(FEATURES):
            raise ValueError("the model was learned from other features: learn it anew")
        factor, power = _array(plain, "more", (2,)).tolist()
        model = cls(
            _array(plain, "table", (BINS,)),
            _number(plain, "rest"),
            Chance.from_plain(_part(plain, "month")),
            Return.from_plain(_part(plain, "comes")),
            Trip.from_plain(_part(plain, "trip")),
            (factor, power),
        )
        if (model.table < 0).any() or model.rest < 0 or factor < 0 or power < 0:
            raise ValueError("the model's table and factors must not be below 0")
        return model


def logits(features: Floats, chance: Chance) -> Floats:
    """Return the chance's logit of every row of `features` (float64[rows, FEATURES])."""
    logit = np.empty(len(features), np.float64)
    _logits(features, chance, logit)
    return logit


def return_logits(features: Floats, comes: Return) -> Floats:
    """Return, for every row, the logit of its household coming within HORIZON_DAYS."""
    logit = np.full(len(features), comes.bias)
    for column, weight in zip(HOUSEHOLD, comes.weights, strict=True):
        logit += weight * features[:, column]
    return logit


def trip_logits(features: Floats, month: Floats, trip: Trip) -> Floats:
    """Return the next shopping day's logits, given the month's of the same rows."""
    logit = trip.bias + trip.slope * month
    for column, weight in zip(HOUSEHOLD, trip.weights, strict=True):
        logit += weight * features[:, column]
    return logit


_BLOCK = 32  # rows sent down a tree together, so that their paths need not wait for each other


@njit(cache=True, nogil=True)
def _logits(features: Floats, chance: Chance, logit: Floats) -> None:
    for row in range(len(features)):
        logit[row] = chance.bias
        for column in range(len(chance.weights)):
            logit[row] += chance.weights[column] * features[row, column]
    for begin in range(0, len(features), _BLOCK):
        end = min(begin + _BLOCK, len(features))
        for tree in range(len(chance.leaf)):
            feature, threshold = chance.feature[tree], chance.threshold[tree]
            leaf = chance.leaf[tree]
            for row in range(begin, end):
                x = features[row]
                split = 1 + (x[feature[0]] > threshold[0])
                for _ in range(DEPTH - 1):
                    split = 2 * split + 1 + (x[feature[split]] > threshold[split])
                logit[row] += leaf[split - SPLITS]


def _part(plain: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = plain.get(name)
    if not isinstance(part, Mapping):
        raise ValueError(f"the model lacks {name!r}")
    return part


def _list(plain: Mapping[str, Any], name: str) -> list[Any]:
    values = plain.get(name)
    if not isinstance(values, list):
        raise ValueError(f"the model lacks the list {name!r}")
    return values


def _number(plain: Mapping[str, Any], name: str) -> float:
    return float(_array({name: [plain.get(name)]}, name, (1,))[0])


def _array(plain: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Floats:
    try:
        values = np.array(_list(plain, name), np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the model's {name!r} is not a table of numbers: {error}") from None
    if shape[0] == 0 and not values.size:
        values = values.reshape(shape)
    if values.shape != shape or not np.isfinite(values).all():
        raise ValueError(f"the model's {name!r} is {values.shape} or not finite, not {shape}")
    return values
