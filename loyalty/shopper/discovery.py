"""Which categories a household never bought, and how likely it tries each of them soon.

Three things speak for a category: what the household buys already (affinity), how many take it up
nowadays, and how much this household tries at all. On Complete Journey the first purchases of
the next 56 days are found among its best five far more often than by popularity.
"""

from collections.abc import Mapping
from math import exp, log
from typing import Any, NamedTuple, Self

import numpy as np
from numba import njit

from loyalty.shopper import affinity
from loyalty.shopper.kernel import Floats, Ints, Ints32, Statistics

HORIZON_DAYS = 56
LEAST_TRIPS = 4
"""Shopping days before a household's gaps say anything: to a newcomer everything is new."""

# How strongly a category is spoken for counts by its logarithm, in the first voice with a bend at
# each of these.
FAINTEST = 0.001
BENDS = (0.05, 0.1, 0.2)
AFFINITY = (*affinity.VOICES, *(f"{affinity.VOICES[0]}_above_{bend}" for bend in BENDS))
HOUSEHOLD = ("new_lately", "categories", "trips_45", "trips_14", "days_since", "days_known")


class Model(NamedTuple):
    """What was learned of first purchases. Categories go by their database ids."""

    ids: Ints  # int64[categories], ascending
    weights: Floats  # float64[voices, categories, categories], see affinity.learn()
    base: Floats  # float64[voices, categories]
    offset: Floats  # float64[categories], how readily each is taken up nowadays, in logits
    affinity: Floats  # float64[AFFINITY], per logarithm
    household: Floats  # float64[HOUSEHOLD]

    def to_plain(self) -> dict[str, Any]:
        """Lists, numbers and texts that JSON knows."""
        return {
            "features": [*AFFINITY, *HOUSEHOLD],
            **{name: getattr(self, name).tolist() for name in self._fields},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Take back what to_plain() gave. Raises ValueError if it is not that."""
        if plain.get("features") != [*AFFINITY, *HOUSEHOLD]:
            raise ValueError("the model was learned from other features: learn it anew")
        try:
            ids = np.array(plain["ids"], np.int64)
            tables = [np.array(plain[name], np.float64) for name in cls._fields[1:]]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"the model of discoveries is damaged: {error!r}") from None
        n, voices = len(ids), len(affinity.VOICES)
        if not n:
            tables[0] = tables[0].reshape(-1, 0, 0)
        shapes = [(voices, n, n), (voices, n), (n,), (len(AFFINITY),), (len(HOUSEHOLD),)]
        if [table.shape for table in tables] != shapes or (ids[1:] <= ids[:-1]).any():
            raise ValueError("the model of discoveries is damaged: its tables do not match")
        if not all(np.isfinite(table).all() for table in tables):
            raise ValueError("the model of discoveries is damaged: a number is not finite")
        return cls(ids, *tables)


def places(ids: Ints, model: Model) -> Ints32:
    """Where each category stands in the model, int32[items]; -1: unknown to it."""
    if not len(model.ids):
        return np.full(len(ids), -1, np.int32)
    place = np.minimum(np.searchsorted(model.ids, ids), len(model.ids) - 1)
    return np.where(model.ids[place] == ids, place, -1).astype(np.int32)


def household_features(seen: Statistics) -> Floats:
    """What a household's habits say of its trying new things, float64[households, HOUSEHOLD]."""
    households = seen.households
    days = np.maximum(seen.as_of - households.first, 1)
    new = np.bincount(seen.household[seen.first >= seen.as_of - HORIZON_DAYS], minlength=len(days))
    watched = np.minimum(days, HORIZON_DAYS) / HORIZON_DAYS
    return np.stack(
        [
            np.log((new + 1) / watched),
            np.log1p(np.diff(seen.starts)),
            np.log1p(households.decayed[:, 1]),
            np.log1p(households.decayed[:, 0]),
            np.log1p(np.maximum(seen.as_of - households.last, 0)),
            np.log1p(days),
        ],
        axis=1,
    )


def affinity_features(spoken_for: Floats) -> Floats:
    """How strongly a category is spoken for, as the model takes it: float64[rows, AFFINITY].

    spoken_for: float64[rows, voices].
    """
    loud = np.log(np.maximum(spoken_for, FAINTEST))
    bends = [np.maximum(loud[:, :1] - log(bend), 0.0) for bend in BENDS]
    return np.hstack([loud, *bends])


def score(seen: Statistics, ids: Ints, model: Model) -> Floats:
    """Give the chance that a household first buys each category within HORIZON_DAYS.

    seen: a bucket's statistics at the level of categories; ids: int64[items], their database ids.
    Returns float64[households, items]; 0 for what it bought already, what the model does not know,
    and households with fewer than LEAST_TRIPS shopping days.
    """
    place = places(ids, model)
    item = place[seen.item]
    spoken_for = affinity.spoken_for(
        seen.starts, item, affinity.strengths(seen), model.weights, model.base
    )
    chances = np.zeros((len(seen.starts) - 1, len(ids)), np.float64)
    _score(
        seen.starts, seen.item, place, seen.households.shopping_days, spoken_for,
        household_features(seen), model, LEAST_TRIPS, FAINTEST, np.log(BENDS), chances,
    )  # fmt: skip
    return chances


@njit(cache=True, nogil=True)
def _score(
    starts: Ints,
    own: Ints32,
    place: Ints32,
    trips: Ints,
    spoken_for: Floats,
    household: Floats,
    model: Model,
    least_trips: int,
    faintest: float,
    bends: Floats,
    chances: Floats,
) -> None:
    voices = spoken_for.shape[1]
    for h in range(len(starts) - 1):
        if trips[h] < least_trips:
            continue
        habit = 0.0
        for column in range(len(model.household)):
            habit += model.household[column] * household[h, column]
        for i in range(len(place)):
            if place[i] < 0:
                continue
            logit = habit + model.offset[place[i]]
            for voice in range(voices):
                loud = log(max(spoken_for[h, voice, place[i]], faintest))
                logit += model.affinity[voice] * loud
                if voice == 0:
                    for bend in range(len(bends)):
                        if loud > bends[bend]:
                            logit += model.affinity[voices + bend] * (loud - bends[bend])
            chances[h, i] = 1.0 / (1.0 + exp(-logit))
        for row in range(starts[h], starts[h + 1]):
            chances[h, own[row]] = 0.0


def top(chances: Floats, *, k: int) -> Ints:
    """Pick each household's `k` likeliest categories, int64[households, k], the likeliest first.

    -1 where there are fewer with a chance; between equals the lower item goes first.
    """
    best = np.full((len(chances), k), -1, np.int64)
    order = np.argsort(-chances, axis=1, kind="stable")[:, :k]
    likely = np.take_along_axis(chances, order, axis=1) > 0
    best[:, : order.shape[1]] = np.where(likely, order, -1)
    return best


def because(seen: Statistics, ids: Ints, model: Model, best: Ints) -> Ints:
    """Tell which category a household buys already speaks loudest for each of `best`.

    best: int64[households, k], items as top() gives them. Returns items, int64[households, k];
    -1 where none does, or best is -1.
    """
    place = places(ids, model)
    wanted = np.where(best >= 0, np.append(place, -1)[best], -1).astype(np.int64)
    rows = affinity.loudest(
        seen.starts, place[seen.item], affinity.strengths(seen)[0], model.weights[0], wanted
    )
    return np.where(rows >= 0, np.append(seen.item, -1)[rows], -1).astype(np.int64)
