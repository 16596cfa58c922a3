"""Learning what households need: from what was bought in the two months before a day.

Each window of 28 days is told only what was known on its first day, and its table only what was
known 28 days earlier; nothing of `as_of` or later is looked at. Counting gives the table, then
scikit-learn a logistic and LightGBM small trees on top of it, all of them repeatable to the bit.
"""

from typing import Any, NamedTuple

import lightgbm
import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # has none
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]  # has none
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # has none

from loyalty.shopper import kernel, needs, needs_features
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Lines, Statistics
from loyalty.shopper.needs_features import BINS, CORE, HORIZON_DAYS, HOUSEHOLD
from loyalty.shopper.needs_model import (
    DEPTH,
    LEAVES,
    SPLITS,
    Chance,
    Model,
    Return,
    Trip,
    logits,
)

LEAST_HISTORY_DAYS = 3 * HORIZON_DAYS
LEAST_HOUSEHOLDS = 50
LEAST_TRIPS = 4
"""Shopping days before a household is learned from, or judged by."""

MOST_HOUSEHOLDS = 5_000
"""... of a window's that the fits see; counting sees them all."""

_TREES = 100
_TREE_SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "num_leaves": LEAVES - 1,
    "max_depth": DEPTH,
    "learning_rate": 0.1,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "max_bin": 63,
    "seed": 3,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}

_NO_TREES = (
    np.empty((0, SPLITS), np.int32),
    np.empty((0, SPLITS), np.float64),
    np.empty((0, LEAVES), np.float64),
)


class Window(NamedTuple):
    """What households bought in the HORIZON_DAYS from a day on, and what was known that day."""

    seen: Statistics
    key: Ints  # household * items + item of what was bought, ascending
    purchases: Ints  # days it was bought on
    next_trip: Flags  # whether on the household's first shopping day of the window
    is_known: Flags  # bool[households]: shopped often enough before
    counts: Flags  # bool[households]: ... and again in the window


class Quality(NamedTuple):
    """How well what was believed 28 days ago met what was bought since. Plain numbers."""

    households: int
    pairs: int  # pairs judged one by one
    bought: float  # share of them bought again; of households that stayed away, none
    log_loss: float
    ece: float  # how far chances and shares bought lie apart, mean over 15 bins of equal size
    ndcg10: float  # of the ten likeliest, against all the household bought
    precision10: float
    next_recall10: float  # share of the next shopping day's items among its ten likeliest


def learn(
    lines: Lines,
    item_of_product: Ints32,
    parent_of_item: Ints32,
    *,
    parents: int,
    households: int,
    items: int,
    as_of: int,
) -> Model:
    """Learn one level from what the households bought before the day `as_of`.

    lines: of a sample of households, 0 .. households - 1, in ascending order of day;
    item_of_product and parent_of_item as for kernel.statistics and needs.believe. Raises ValueError
    if the lines begin less than LEAST_HISTORY_DAYS before `as_of`, or too few households shopped.
    """
    history = max(as_of - int(lines.day[0]), 0) if len(lines.day) else 0
    if history < LEAST_HISTORY_DAYS:
        raise ValueError(f"{history} days of history; learning takes {LEAST_HISTORY_DAYS}")
    windows = [
        observe(
            lines, item_of_product, households=households, items=items,
            begins=as_of - months * HORIZON_DAYS,
        )
        for months in (3, 2, 1)
    ]  # fmt: skip
    tables = [_table(window) for window in windows]
    features, bought, next_trip, purchases = [], [], [], []
    homes, came = [], []
    rest_bought = rest_expected = 0.0
    for window, table in zip(windows[1:], tables[:-1], strict=True):
        enough = int(window.counts.sum())
        if enough < LEAST_HOUSEHOLDS:
            raise ValueError(
                f"{enough} households shopped on {LEAST_TRIPS} days before and again within "
                f"{HORIZON_DAYS} days; learning takes {LEAST_HOUSEHOLDS}"
            )
        found = needs.judge(window.seen, window.seen.items, parent_of_item, parents, table)
        rows = found.rows
        counted, on_next_trip = _met(window)
        others = window.is_known[window.seen.household]
        others[rows] = False
        rest_bought += float((counted[others] > 0).sum())
        rest_expected += float(-np.expm1(-found.expected[others]).sum())
        owner = window.seen.household[rows]
        first = np.flatnonzero(np.diff(owner, prepend=-1) != 0)  # all rows tell its household
        first = first[window.is_known[owner[first]]]
        homes.append(found.features[first])
        came.append(window.counts[owner[first]])
        fitted = _sample(window.counts)[owner]
        features.append(found.features[fitted])
        purchases.append(counted[rows[fitted]])
        bought.append(counted[rows[fitted]] > 0)
        next_trip.append(on_next_trip[rows[fitted]])
    described = np.concatenate(features)
    month = _fit(described, np.concatenate(bought))
    logit = logits(described, month)
    return Model(
        tables[-1],
        (rest_bought + 1.0) / (rest_expected + 1.0),
        month,
        _fit_return(np.concatenate(homes), np.concatenate(came)),
        _fit_trip(described, logit, np.concatenate(next_trip)),
        _more(logit, np.concatenate(purchases)),
    )


def quality(
    model: Model | None,
    lines: Lines,
    item_of_product: Ints32,
    parent_of_item: Ints32,
    *,
    parents: int,
    households: int,
    items: int,
    as_of: int,
) -> Quality:
    """Judge `model` by the HORIZON_DAYS before `as_of`, on the households given.

    It is told only what was known when they began. Give it households and days it was not learned
    from. Raises ValueError if none of them shopped LEAST_TRIPS days before and again since.
    """
    window = observe(
        lines,
        item_of_product,
        households=households,
        items=items,
        begins=as_of - HORIZON_DAYS,
    )
    if not window.counts.any():
        raise ValueError(f"no household shopped on {LEAST_TRIPS} days before and again since")
    seen = window.seen
    believed = needs.believe(seen, seen.items, parent_of_item, parents, model)
    purchases, on_next_trip = _met(window)
    judged = needs.top(seen, believed.probability)
    judged = judged[window.is_known[seen.household[judged]]]
    chance, met = believed.probability[judged], purchases[judged] > 0
    homes = window.key // items
    month = _ranked(window, needs.top(seen, believed.probability, k=10), purchases > 0, homes)
    trip = _ranked(
        window, needs.top(seen, believed.next_trip, k=10), on_next_trip, homes[window.next_trip]
    )
    return Quality(
        households=int(window.counts.sum()),
        pairs=len(judged),
        bought=float(met.mean()),
        log_loss=float(-np.log(np.where(met, chance, 1.0 - chance)).mean()),
        ece=calibration_error(met, chance),
        ndcg10=month.ndcg,
        precision10=month.precision,
        next_recall10=trip.recall,
    )


def observe(
    lines: Lines, item_of_product: Ints32, *, households: int, items: int, begins: int
) -> Window:
    """See what was bought in the HORIZON_DAYS from the day `begins` on."""
    seen = kernel.statistics(
        lines, item_of_product, households=households, items=items, as_of=begins
    )
    first, last = np.searchsorted(lines.day, (begins, begins + HORIZON_DAYS))
    inside = slice(int(first), int(last))
    item = item_of_product[lines.product[inside]]
    bought = (item >= 0) & (lines.quantity[inside] >= 0)
    household = lines.household[inside][bought].astype(np.int64)
    day = lines.day[inside][bought]
    trip = np.full(households, begins + HORIZON_DAYS, np.int64)
    np.minimum.at(trip, household, day)
    key = household * items + item[bought]
    # Distinct days, then distinct pairs: a key's first day is its lowest, so it comes first.
    days = np.unique(key * HORIZON_DAYS + (day - begins))
    pairs, at, purchases = np.unique(days // HORIZON_DAYS, return_index=True, return_counts=True)
    owner = pairs // max(items, 1)
    is_known = seen.households.shopping_days >= LEAST_TRIPS
    return Window(
        seen,
        pairs,
        purchases,
        days[at] % HORIZON_DAYS + begins == trip[owner],
        is_known,
        is_known & (trip < begins + HORIZON_DAYS),
    )


def calibration_error(met: Flags, chance: Floats, *, bins: int = 15) -> float:
    """How far chances and shares that came true lie apart, mean over bins of equal size."""
    edges = np.quantile(chance, np.linspace(0.0, 1.0, bins + 1))
    place = np.clip(np.searchsorted(edges, chance, side="right") - 1, 0, bins - 1)
    came = np.bincount(place, met, bins)
    return float(np.abs(came - np.bincount(place, chance, bins)).sum() / len(chance))


class _Ranks(NamedTuple):
    ndcg: float
    precision: float
    recall: float


def _ranked(window: Window, best: Ints, met: Flags, wanted: Ints) -> _Ranks:
    """Compare each household's ten likeliest with all it bought (`wanted`: households, one for
    each item bought, known or not)."""
    owner = window.seen.household[best]
    place = np.arange(len(best)) - np.searchsorted(owner, owner)
    homes = len(window.counts)
    gain = 1.0 / np.log2(np.arange(2.0, 12.0))
    number = np.bincount(wanted, minlength=homes)
    hits = np.bincount(owner, met[best], homes)
    gained = np.bincount(owner, met[best] * gain[place], homes)
    counts = window.counts & (number > 0)
    number, hits, gained = number[counts], hits[counts], gained[counts]
    most = np.cumsum(gain)[np.minimum(number, 10) - 1]
    return _Ranks(
        float((gained / most).mean()), float(hits.mean() / 10), float((hits / number).mean())
    )


def _met(window: Window) -> tuple[Ints, Flags]:
    """How often each pair of window.seen was bought in the window, and whether on the next trip."""
    seen = window.seen
    key = seen.household * np.int64(len(seen.items.buyers)) + seen.item
    at = np.searchsorted(window.key, key)
    here = at < len(window.key)
    here[here] = window.key[at[here]] == key[here]
    purchases = np.zeros(len(key), np.int64)
    purchases[here] = window.purchases[at[here]]
    next_trip = np.zeros(len(key), np.bool_)
    next_trip[here] = window.next_trip[at[here]]
    return purchases, next_trip


def _table(window: Window) -> Floats:
    """How far to believe the pace, by bin: 1 where nothing was observed."""
    paces = needs_features.pace(window.seen, window.seen.items)
    bought, _ = _met(window)
    came = np.bincount(paces.bin, bought > 0, BINS)
    return (came + 1.0) / (np.bincount(paces.bin, -np.expm1(-paces.rate), BINS) + 1.0)


def _sample(counts: Flags) -> Flags:
    """At most MOST_HOUSEHOLDS of them, evenly spread."""
    chosen = np.flatnonzero(counts)
    if len(chosen) > MOST_HOUSEHOLDS:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_HOUSEHOLDS).astype(np.int64)]
    kept = np.zeros(len(counts), np.bool_)
    kept[chosen] = True
    return kept


def _fit(described: Floats, met: Flags) -> Chance:
    """A logistic of CORE, and trees that set it right."""
    bias, weights = _logistic(described[:, : len(CORE)], met)
    with threadpool_limits(1):
        plain = Chance(bias, weights, *_NO_TREES)
        logit = logits(described, plain)
        data = lightgbm.Dataset(described, met.astype(np.float64), init_score=logit)
        booster = lightgbm.train(_TREE_SETTINGS, data, _TREES)
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    feature = np.zeros((len(trees), SPLITS), np.int32)
    threshold = np.zeros((len(trees), SPLITS), np.float64)
    leaf = np.zeros((len(trees), LEAVES), np.float64)
    for at, tree in enumerate(trees):
        _unfold(tree, 0, feature[at], threshold[at], leaf[at])
    return Chance(bias, weights, feature, threshold, leaf)


def _fit_return(described: Floats, came: Flags) -> Return:
    """Where all came, or none, the household's own facts tell nothing."""
    if came.all() or not came.any():
        odds = (came.sum() + 1.0) / ((~came).sum() + 1.0)
        return Return(float(np.log(odds)), np.zeros(len(HOUSEHOLD)))
    return Return(*_logistic(described[:, HOUSEHOLD], came))


def _fit_trip(described: Floats, month: Floats, met: Flags) -> Trip:
    bias, weights = _logistic(np.column_stack([month, described[:, HOUSEHOLD]]), met)
    return Trip(bias, max(float(weights[0]), 0.0), weights[1:])


def _logistic(described: Floats, met: Flags) -> tuple[float, Floats]:
    """Bias and weights of a logistic regression."""
    if met.all() or not met.any():
        raise ValueError("households bought again either all they knew or nothing of it")
    with threadpool_limits(1):
        scale = StandardScaler().fit(described)
        fitted = LogisticRegression(max_iter=60).fit(scale.transform(described), met)
        weights = fitted.coef_[0] / scale.scale_
        return float(fitted.intercept_[0] - weights @ scale.mean_), weights


def _unfold(
    node: dict[str, Any], split: int, feature: Ints32, threshold: Floats, leaf: Floats
) -> None:
    """Write a tree as a complete one: a leaf met early is repeated at all leaves below it."""
    if split >= SPLITS:
        leaf[split - SPLITS] = node["leaf_value"]
        return
    low = high = node
    if "split_feature" in node:
        feature[split], threshold[split] = node["split_feature"], node["threshold"]
        low, high = node["left_child"], node["right_child"]
    _unfold(low, 2 * split + 1, feature, threshold, leaf)
    _unfold(high, 2 * split + 2, feature, threshold, leaf)


def _more(logit: Floats, purchases: Ints) -> tuple[float, float]:
    """Fit purchases = factor * -log(1 - chance) ** power, over twenty bins of the chance."""
    rate = np.logaddexp(0.0, logit)
    order = np.argsort(rate, kind="stable")
    parts = [part for part in np.array_split(order, 20) if len(part)]
    told = np.log([rate[part].mean() for part in parts])
    came = np.log([purchases[part].mean() + 1e-4 for part in parts])
    power, factor = np.polyfit(
        told, came, 1, w=[np.sqrt(purchases[part].sum() + 1.0) for part in parts]
    )
    return float(np.exp(factor)), float(np.clip(power, 0.5, 2.0))
