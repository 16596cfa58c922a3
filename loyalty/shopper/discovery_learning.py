"""Learning which categories households try next, from those they tried in the last months.

Windows of 56 days, each told only what was known on its first day; nothing of `as_of` or later is
looked at. Affinity comes in closed form from all households as they stand on `as_of`, the weights
of a logistic from what happened in the windows. Repeatable to the bit.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # has none
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has none

from loyalty.shopper import affinity, kernel
from loyalty.shopper.discovery import (
    AFFINITY,
    HORIZON_DAYS,
    LEAST_TRIPS,
    Model,
    affinity_features,
    household_features,
    score,
    top,
)
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Lines, Statistics

LEAST_HISTORY_DAYS = 28
"""... before a window, so that what is new can be told from what had not come up yet."""

LEAST_FIRST_PURCHASES = 200
LEAST_BUYERS = 3
"""Households that must have bought a category before it is proposed to others."""

MOST_HOUSEHOLDS = 2_500
"""... of a window's that the logistic sees; affinity sees them all."""

_WINDOWS, _STEP_DAYS = 5, 28
_LEAST_BEFORE_DAYS = 10  # of purchases before what was tried next is told from them
_RECENT_DAYS = (14, 28, 56)
_NEGATIVES_SHARE = 0.6
_PENALTY = 0.1
_DECIMALS = 6  # of affinity's weights: a tenth of the text, and no change in any order


class Quality(NamedTuple):
    """How well what was believed 56 days ago met what was tried since. Plain numbers."""

    households: int  # those that tried anything new
    pairs: int  # of a household and a category it had not bought
    tried: float  # share of them tried
    log_loss: float
    ece: float  # how far chances and shares tried lie apart, mean over 15 bins of equal size
    recall5: float  # share of what a household tried among its five likeliest


class _Known(NamedTuple):
    """What was known on the first day of a window, and what was tried in it."""

    seen: Statistics
    weights: Floats
    base: Floats
    candidate: Flags  # bool[households, items]
    tried: Flags  # ... and bought within the window


def learn(
    lines: Lines,
    category_of_product: Ints32,
    ids: Ints,
    *,
    households: int,
    as_of: int,
) -> Model:
    """Learn from households' first purchases of categories before the day `as_of`.

    category_of_product: int32[products], -1 leaves a product out; ids: int64[categories], their
    database ids, ascending. Raises ValueError if the history is too short or too little was tried.
    """
    items = len(ids)
    final = kernel.statistics(
        lines, category_of_product, households=households, items=items, as_of=as_of
    )
    first_day = int(final.first.min()) if len(final.first) else as_of
    cuts = [
        cut
        for cut in (as_of - HORIZON_DAYS - _STEP_DAYS * n for n in range(_WINDOWS))
        if cut - first_day >= LEAST_HISTORY_DAYS
    ]
    if not cuts:
        raise ValueError(
            f"{as_of - first_day} days of purchases are too few to learn what households try:"
            f" {HORIZON_DAYS + LEAST_HISTORY_DAYS} are wanted"
        )
    history = _History(lines, category_of_product, final, first_day)
    with threadpool_limits(1):
        windows = [_known(history, cut) for cut in cuts]
    tried = sum(int(window.tried.sum()) for window in windows)
    if tried < LEAST_FIRST_PURCHASES:
        raise ValueError(
            f"households tried {tried} categories new to them: too few to learn from,"
            f" {LEAST_FIRST_PURCHASES} are wanted"
        )
    with threadpool_limits(1):
        logistic = _fit(windows)
        weights, base = _voices(history, final)
    known = final.items.buyers >= LEAST_BUYERS
    uptake = _item_features(final)
    parts = np.split(logistic[1:], np.cumsum([uptake.shape[1], len(AFFINITY)]))
    offset = uptake @ parts[0] + logistic[0]
    return Model(
        ids=np.asarray(ids, np.int64)[known],
        weights=weights[:, known][:, :, known],
        base=base[:, known],
        offset=offset[known],
        affinity=parts[1],
        household=parts[2],
    )


def quality(
    model: Model,
    lines: Lines,
    category_of_product: Ints32,
    ids: Ints,
    *,
    households: int,
    as_of: int,
) -> Quality:
    """Judge a model by what was tried in the 56 days before the day `as_of`.

    Honest only for a model that learned from other households, or from days before the 56.
    """
    items = len(ids)
    final = kernel.statistics(
        lines, category_of_product, households=households, items=items, as_of=as_of
    )
    history = _History(lines, category_of_product, final, as_of)
    seen = _seen(history, as_of - HORIZON_DAYS)
    candidate, was_tried = _tried(history, seen)
    chances = np.where(candidate, score(seen, ids, model), 0.0)
    news = was_tried.sum(axis=1)
    active = np.flatnonzero(news)
    best = top(chances[active], k=5)
    hits = (np.take_along_axis(was_tried[active], best, axis=1) & (best >= 0)).sum(axis=1)
    judged = candidate & (chances > 0)
    chance, tried = chances[judged], was_tried[judged]
    likelihood = np.where(tried, chance, 1.0 - chance)
    return Quality(
        households=len(active),
        pairs=len(chance),
        tried=float(tried.mean()) if len(tried) else 0.0,
        log_loss=float(-np.log(np.maximum(likelihood, 1e-12)).mean()) if len(tried) else 0.0,
        ece=_calibration_error(chance, tried),
        recall5=float((hits / news[active]).mean()) if len(active) else 0.0,
    )


class _History(NamedTuple):
    lines: Lines
    category_of_product: Ints32
    final: Statistics
    first_day: int


def _seen(history: _History, cut: int) -> Statistics:
    return kernel.statistics(
        history.lines,
        history.category_of_product,
        households=len(history.final.starts) - 1,
        items=len(history.final.items.buyers),
        as_of=cut,
    )


def _firsts(final: Statistics) -> Ints32:
    """The day of each first purchase, int32[households, items]; never is the last day there is."""
    never = np.iinfo(np.int32).max
    first = np.full((len(final.starts) - 1, len(final.items.buyers)), never, np.int32)
    first[final.household, final.item] = final.first
    return first


def _tried(history: _History, seen: Statistics) -> tuple[Flags, Flags]:
    """What each household might try from the day of `seen` on, and what it tried in the window."""
    first = _firsts(history.final)
    candidate = first >= seen.as_of
    candidate &= seen.items.buyers >= LEAST_BUYERS
    candidate &= (seen.households.shopping_days >= LEAST_TRIPS)[:, None]
    return candidate, candidate & (first < seen.as_of + HORIZON_DAYS)


def _known(history: _History, cut: int) -> _Known:
    seen = _seen(history, cut)
    return _Known(seen, *_voices(history, seen), *_tried(history, seen))


def _voices(history: _History, seen: Statistics) -> tuple[Floats, Floats]:
    """What speaks for what on the day of `seen`: see affinity.learn()."""
    then = max(seen.as_of - HORIZON_DAYS, history.first_day + _LEAST_BEFORE_DAYS)
    first = _firsts(history.final)
    weights, base = affinity.learn(
        seen, _seen(history, then), (first >= then) & (first < seen.as_of)
    )
    return np.round(weights, _DECIMALS), np.round(base, _DECIMALS)


def _item_features(seen: Statistics) -> Floats:
    """How readily each category is taken up nowadays, float64[items, features]."""
    shoppers = int((seen.households.shopping_days > 0).sum())
    items = len(seen.items.buyers)
    columns = []
    for days in _RECENT_DAYS:
        since = seen.as_of - days
        new = np.bincount(seen.item[seen.first >= since], minlength=items)
        without = shoppers - (seen.items.buyers - new)
        columns.append(np.log((new + 0.5) / (without + 20) / days))
    decayed = seen.items.decayed / 1e6
    columns.append(np.log((seen.items.buyers + 1) / (shoppers + 2)))
    columns.append(np.log((decayed[:, 0] + 0.5) / (decayed[:, 2] + 2)))
    columns.append(np.log((decayed[:, 1] + 0.5) / (decayed[:, 2] + 2)))
    columns.append((seen.items.repeat_buyers + 1) / (seen.items.buyers + 3))
    return np.stack(columns, axis=1)


def _fit(windows: list[_Known]) -> Floats:
    """Fit the logistic: float64[1 + features], the bias first."""
    draw = np.random.default_rng(1)
    features, labels = [], []
    for window in windows:
        seen = window.seen
        chosen = np.zeros(len(window.candidate), np.bool_)
        step = max(len(chosen) // MOST_HOUSEHOLDS, 1)
        chosen[::step] = True
        taken = window.candidate & chosen[:, None]
        taken &= window.tried | (draw.random(taken.shape) < _NEGATIVES_SHARE)
        household, item = np.nonzero(taken)
        spoken_for = affinity.spoken_for(
            seen.starts, seen.item, affinity.strengths(seen), window.weights, window.base
        )
        features.append(
            np.hstack(
                [
                    _item_features(seen)[item],
                    affinity_features(spoken_for[household, :, item]),
                    household_features(seen)[household],
                ]
            )
        )
        labels.append(window.tried[household, item])
    x, y = np.vstack(features), np.concatenate(labels)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    x -= mean  # in place: there are millions of rows
    x /= scale
    weight = np.where(y, 1.0, 1.0 / _NEGATIVES_SHARE)
    fitted = LogisticRegression(C=_PENALTY, max_iter=300).fit(x, y, weight)
    slopes = fitted.coef_[0] / scale
    return np.append(fitted.intercept_ - slopes @ mean, slopes)


def _calibration_error(chance: Floats, happened: Flags) -> float:
    if not len(chance):
        return 0.0
    order = np.argsort(chance, kind="stable")
    bins = [part for part in np.array_split(order, 15) if len(part)]
    apart = sum(len(part) * abs(chance[part].mean() - happened[part].mean()) for part in bins)
    return float(apart / len(chance))
