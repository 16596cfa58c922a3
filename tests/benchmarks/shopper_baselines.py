"""What people would use instead: rankings of items and of new categories from plain counts.

Every function takes what was known before a cut and returns scores or lists; none looks further.
TIFU-KNN (Hu et al., SIGIR 2020) and UP-CF@r (Faggioli et al., UMAP 2020) are written from their
papers' equations, with the parameters that did best on a cut before all that are judged.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp  # type: ignore[import-untyped]  # it brings no types
from implicit.als import (  # type: ignore[import-untyped]  # it brings no types
    AlternatingLeastSquares,
)

from tests.benchmarks.shopper_tasks import (
    LEAST_TRIPS,
    NEED_DAYS,
    RANKED,
    Events,
    Flags,
    Floats,
    Ints,
    best_of_pairs,
    bought_within,
)

Floats32 = npt.NDArray[np.float32]
Scores = Callable[[slice], npt.NDArray[Any]]  # of some households' rows, a column an item

HALF_LIVES_DAYS = (14.0, 45.0, 150.0)
ROWS_AT_ONCE = 512
FILLED_FROM = 400


class Known(NamedTuple):
    """All that the events before a cut say: of pairs of household and item, households, items."""

    cut: int
    households: int
    items: int
    household: Ints  # of each pair, in order of household and item
    item: Ints
    n: Floats32  # days bought
    last: Ints
    gap_sum: Floats  # days between its purchases
    decayed: list[Floats32]  # a purchase counts half every HALF_LIVES_DAYS
    trips: Ints  # of each household: shopping days
    first_trip: Ints
    purchases: Ints  # of each item
    recent: Floats  # ... halved every 14 days
    buyers: Ints
    item_gap_sum: Floats
    item_gaps: Floats
    events: tuple[Ints, Ints, Ints]  # household, item, how many trips of its household ago

    def matrix(self, values: Floats32, columns: Ints | None = None) -> sp.csr_matrix:
        """Households by items, or by the items `columns` alone in that order."""
        if columns is None:
            columns = np.arange(self.items)
        column = _places(columns, self.items)[self.item]
        kept = column >= 0
        return sp.csr_matrix(
            (values[kept], (self.household[kept], column[kept])),
            shape=(self.households, len(columns)),
        )

    def most_sold(self, count: int) -> Ints:
        return np.argsort(-self.purchases, kind="stable")[:count]

    def most_bought_of_late(self) -> Ints:
        return np.argsort(-self.recent, kind="stable")[:FILLED_FROM]


def known_before(all_events: Events, cut: int) -> Known:
    past = all_events.day < cut
    household, item, day = (
        column[past] for column in (all_events.household, all_events.item, all_events.day)
    )
    key = household * all_events.items + item
    starts = np.flatnonzero(np.append(True, key[1:] != key[:-1]))
    ends = np.append(starts[1:], len(key))
    gap = np.append(0, np.diff(day)).astype(np.float32)
    gap[starts] = 0
    n = ends - starts
    gap_sum = np.add.reduceat(gap, starts)
    age = cut - day
    owner, what = household[starts], item[starts]
    homes, items = all_events.households, all_events.items
    trip_past = all_events.trip_day < cut
    trip_home, trip_day = all_events.trip_household[trip_past], all_events.trip_day[trip_past]
    first_trip = np.full(homes, cut)
    np.minimum.at(first_trip, trip_home, trip_day)
    return Known(
        cut=cut,
        households=homes,
        items=items,
        household=owner,
        item=what,
        n=n.astype(np.float32),
        last=day[ends - 1],
        gap_sum=gap_sum.astype(np.float64),
        decayed=[
            np.add.reduceat(0.5 ** (age / half_life), starts).astype(np.float32)
            for half_life in HALF_LIVES_DAYS
        ],
        trips=np.bincount(trip_home, minlength=homes),
        first_trip=first_trip,
        purchases=np.bincount(item, minlength=items),
        recent=_added(item, 0.5 ** (age / HALF_LIVES_DAYS[0]), items),
        buyers=np.bincount(what, minlength=items),
        item_gap_sum=_added(what, gap_sum, items),
        item_gaps=_added(what, n - 1, items),
        events=(household, item, _trips_ago(household, day, trip_home, trip_day, homes)),
    )


def _added(place: Ints, value: npt.NDArray[Any], places: int) -> Floats:
    return np.bincount(place, value, places).astype(np.float64)


def _trips_ago(household: Ints, day: Ints, trip_home: Ints, trip_day: Ints, homes: int) -> Ints:
    """How many later shopping days each event's household had before the cut."""
    trip_key = trip_home * 512 + trip_day
    ends = np.searchsorted(trip_home, np.arange(homes), side="right")
    return ends[household] - 1 - np.searchsorted(trip_key, household * 512 + day)


def _places(chosen: Ints, items: int) -> Ints:
    """Where each item stands among the chosen; -1 for one that does not."""
    places = np.full(items, -1)
    places[chosen] = np.arange(len(chosen))
    return places


# Rankings of everything: int64[households, 20].


def global_popularity(known: Known) -> Ints:
    return np.tile(known.most_sold(RANKED), (known.households, 1))


def personal_top(known: Known) -> Ints:
    """By days bought, then by the later last day. Short lists end in what hardly sells."""
    score = known.n + known.last / 10_000
    least = np.argsort(known.purchases, kind="stable")[:FILLED_FROM]
    return best_of_pairs(known.household, known.item, score, known.households, least)


class TifuParameters(NamedTuple):
    group: int  # baskets a group
    within: float  # decay of a basket within its group
    between: float  # and of a group
    own: float  # share of the household's own vector
    neighbours: int


class UpcfParameters(NamedTuple):
    recency: int  # baskets that count
    locality: int
    asymmetry: float


TIFU = {
    "product": TifuParameters(12, 0.9, 0.7, 0.5, 900),
    "type": TifuParameters(7, 1.0, 0.7, 0.5, 900),
}
UPCF = {"product": UpcfParameters(50, 5, 0.25), "type": UpcfParameters(25, 10, 0.25)}
NEIGHBOURLY_ITEMS = 12_000


def tifu_knn(known: Known, by: TifuParameters) -> Ints:
    """Baskets weighed by their group's age and by their own, mixed with the nearest households'."""
    household, item, ago = known.events
    group, within = ago // by.group, ago % by.group
    groups = np.maximum(np.ceil(known.trips / by.group), 1)
    weight = by.within**within / by.group * by.between**group / groups[household]
    columns = known.most_sold(NEIGHBOURLY_ITEMS)
    own = _summed(known, household, item, weight, columns)
    square = np.asarray(own.multiply(own).sum(1)).ravel()
    distance = square[:, None] + square - 2 * (own @ own.T).toarray()
    np.fill_diagonal(distance, np.inf)
    near = np.argpartition(distance, by.neighbours, axis=1)[:, : by.neighbours]
    mean = sp.csr_matrix(
        (
            np.full(near.size, 1 / by.neighbours, np.float32),
            (np.repeat(np.arange(known.households), by.neighbours), near.ravel()),
        ),
        shape=(known.households, known.households),
    )
    return _best_in_batches(
        columns,
        known.households,
        lambda rows: (by.own * own[rows] + (1 - by.own) * (mean[rows] @ own)).toarray(),
    )


def upcf(known: Known, by: UpcfParameters) -> Ints:
    """Shares of the last baskets, of all households weighed by how alike they shop."""
    household, item, ago = known.events
    late = ago < by.recency
    household, item = household[late], item[late]
    weight = 1 / np.minimum(by.recency, known.trips[household])
    columns = known.most_sold(NEIGHBOURLY_ITEMS)
    popularity = _summed(known, household, item, weight, columns)
    ever = known.matrix(np.ones(len(known.item), np.float32), columns)
    size = np.maximum(np.asarray(ever.sum(1)).ravel(), 1)
    alike = (ever @ ever.T).toarray()
    alike /= size[:, None] ** by.asymmetry * size ** (1 - by.asymmetry)
    alike **= by.locality
    alike /= np.maximum(alike.sum(1, keepdims=True), 1e-12)
    alike[alike < 1e-5] = 0
    weights = sp.csr_matrix(alike)
    return _best_in_batches(
        columns, known.households, lambda rows: (weights[rows] @ popularity).toarray()
    )


def item_cosine(known: Known) -> Ints:
    """What is bought by the same households as what the household buys."""
    columns, mine, likeness = cosine(known, most=6000, nearest=60)
    likeness = likeness + sp.eye(len(columns))
    return _best_in_batches(
        columns, known.households, lambda rows: (mine[rows] @ likeness).toarray()
    )


def als(known: Known) -> Ints:
    """Implicit feedback factorised, 64 factors."""
    columns, homes, items = als_factors(known, factors=64, iterations=8)
    return _best_in_batches(columns, known.households, lambda rows: homes[rows] @ items.T)


def cosine(known: Known, *, most: int, nearest: int) -> tuple[Ints, sp.csr_matrix, sp.csr_matrix]:
    """Items bought by five households or more, the households' vectors of length one over them,
    and how alike the items are, for each its `nearest` alone.
    """
    enough = int((known.buyers >= 5).sum())
    columns = np.argsort(-known.buyers, kind="stable")[: min(most, enough)]
    bought = known.matrix(np.log1p(known.decayed[2]), columns)
    alike = (bought.T @ bought).toarray()
    length = np.sqrt(np.diag(alike))
    alike /= length[:, None] * length + 3.0
    np.fill_diagonal(alike, 0)
    if nearest < len(columns):
        least = -np.partition(-alike, nearest, axis=1)[:, nearest]
        alike[alike < least[:, None]] = 0
    return columns, _unit_rows(bought), sp.csr_matrix(alike)


def als_factors(known: Known, *, factors: int, iterations: int) -> tuple[Ints, Floats, Floats]:
    columns = np.argsort(-known.buyers, kind="stable")[:NEIGHBOURLY_ITEMS]
    bought = known.matrix((5 * np.log1p(known.decayed[2])).astype(np.float32), columns)
    model = AlternatingLeastSquares(
        factors=factors, iterations=iterations, regularization=5.0, num_threads=1, random_state=1
    )
    model.fit(bought, show_progress=False)
    return columns, np.asarray(model.user_factors), np.asarray(model.item_factors)


def _summed(
    known: Known, household: Ints, item: Ints, weight: Floats, columns: Ints
) -> sp.csr_matrix:
    """Events added up: households by `columns`."""
    column = _places(columns, known.items)[item]
    kept = column >= 0
    return sp.csr_matrix(
        (weight[kept].astype(np.float32), (household[kept], column[kept])),
        shape=(known.households, len(columns)),
    )


def _unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    square = np.asarray(matrix.power(2).sum(1)).ravel()
    return sp.csr_matrix(sp.diags(1 / np.sqrt(np.maximum(square, 1e-6))) @ matrix)


def _best_in_batches(columns: Ints, households: int, scores_of: Scores) -> Ints:
    """The 20 best columns of a table that is too wide to be held at once."""
    best = np.empty((households, RANKED), np.int64)
    for begin in range(0, households, ROWS_AT_ONCE):
        rows = slice(begin, min(begin + ROWS_AT_ONCE, households))
        score = scores_of(rows)
        top = np.argpartition(-score, RANKED, axis=1)[:, :RANKED]
        order = np.argsort(-np.take_along_axis(score, top, 1), axis=1, kind="stable")
        best[rows] = columns[np.take_along_axis(top, order, 1)]
    return best


# Needs in closed form: a rate, corrected by a table of what such rates came to.

_TIMES = (1.5, 2.5, 3.5, 5.5, 10.5)
_DUE = (0.15, 0.3, 0.5, 0.75, 1.0, 1.4, 2.0, 3.5, 6.0)
_BINS = (len(_TIMES) + 1) * (len(_DUE) + 1)


def rates(known: Known) -> tuple[Floats, Ints]:
    """Purchases each pair would make in 28 days, and its bin by times bought and dueness."""
    watched = np.maximum(known.cut - known.first_trip, 7)[known.household]
    rate = np.zeros(len(known.item))
    for decayed, half_life, empty in zip(
        known.decayed[1:], HALF_LIVES_DAYS[1:], (10, 20), strict=True
    ):
        memory = half_life / np.log(2)
        rate += decayed / (memory * (1 - np.exp(-watched / memory)) + empty)
    usual = (known.item_gap_sum + 150) / (known.item_gaps + 5)
    due = (known.cut - known.last) * known.n / (known.gap_sum + usual[known.item])
    place = np.digitize(known.n, _TIMES) * (len(_DUE) + 1) + np.digitize(due, _DUE)
    return rate * NEED_DAYS / 2, place


def table_of_rates(all_events: Events, cut: int) -> Floats:
    """How far rates came true, by bin, in the 28 days from the cut on."""
    known = known_before(all_events, cut)
    bought = bought_within(all_events, cut, NEED_DAYS).holds(known.household, known.item)
    rate, place = rates(known)
    came = np.bincount(place, bought, _BINS)
    return (came + 1) / (np.bincount(place, -np.expm1(-rate), _BINS) + 1)


def closed_form(known: Known, table: Floats) -> Ints:
    rate, place = rates(known)
    chance = -np.expm1(-rate * table[place])
    fill = known.most_bought_of_late()
    return best_of_pairs(known.household, known.item, chance, known.households, fill)


# Categories that a household has never bought.


class Chances(NamedTuple):
    """The pairs of a household and a category it does not know, and by what to rank them."""

    household: Ints
    item: Ints
    popularity: Floats
    neighbours: Floats


NEAREST_HOMES = 150
LEAST_BUYERS = 3


def discoveries(known: Known) -> Chances:
    """Categories that three households bought, of households with four shopping days."""
    open_to = np.ones((known.households, known.items), np.bool_)
    open_to[known.household, known.item] = False
    open_to[:, known.buyers < LEAST_BUYERS] = False
    open_to[known.trips < LEAST_TRIPS] = False
    household, item = np.nonzero(open_to)
    return Chances(
        household,
        item,
        known.buyers[item].astype(np.float64),
        _of_neighbours(known)[household, item],
    )


def _of_neighbours(known: Known) -> Floats:
    """Which share of the nearest households, weighed by nearness, knows each category."""
    mine = _unit_rows(known.matrix(np.log1p(known.decayed[2])))
    alike = (mine @ mine.T).toarray()
    np.fill_diagonal(alike, 0)
    least = -np.partition(-alike, NEAREST_HOMES, axis=1)[:, NEAREST_HOMES]
    alike[alike < least[:, None]] = 0
    alike /= np.maximum(alike.sum(1, keepdims=True), 1e-9)
    seen = known.matrix(np.ones(len(known.item), np.float32))
    return np.asarray((sp.csr_matrix(alike) @ seen).toarray(), dtype=np.float64)


def is_new(chances: Chances, households: int, items: int) -> Flags:
    """Which cells of a table of households and categories are among the chances."""
    cells = np.zeros((households, items), np.bool_)
    cells[chances.household, chances.item] = True
    return cells
