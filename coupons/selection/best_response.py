"""The best sheet of one household at given prices, and what all such sheets use. PURE.

The rules of a sheet nest: a rivals group inside a category, a category inside the known or the new
ones, these inside the sheet. For nested limits, taking the best item that still fits, again and
again, is optimal. Between items of equal score the lower column goes first.

Households are dealt into a fixed number of chunks whose sums are added in order: the figures are
the same to the last bit on any number of threads.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from coupons.selection.problem import (
    Columns,
    Floats,
    Ints,
    Limits,
    Prices,
    Problem,
    Rules,
    Table,
    Usage,
)

CHUNKS = 64


class Rates(NamedTuple):
    """What prices make of an item: its score is

    worth * value - flat[column] - chance * by_chance[column] - face * by_face[band]
    """

    worth: float
    flat: Floats  # [columns]
    by_chance: Floats  # [columns]
    by_face: Floats  # [tiers * sizes]


class Response(NamedTuple):
    """The best sheets at some prices."""

    usage: Usage
    priced: float  # sum of the scores of what was chosen
    value: float
    chosen: Ints | None  # int64[households, per_sheet] item numbers, ascending; -1: no place


def band_places(table: Table, limits: Limits) -> Floats:
    """Coupons that each band gets, [tiers * sizes]; they are fixed, whatever is chosen."""
    bands = limits.tiers * limits.sizes
    return np.bincount(table.band, table.places, bands).astype(np.float64)


def fair_weights(band_places: Floats, limits: Limits) -> Floats:
    """All coupons over those of a tier, then of a size, [tiers + sizes].

    0 where nobody gets a coupon, and everywhere without a limit of fairness: no such row counts.
    """
    grid = band_places.reshape(limits.tiers, limits.sizes)
    places = np.concatenate([grid.sum(axis=1), grid.sum(axis=0)])
    if limits.fairness == np.inf:
        return np.zeros(len(places))
    return np.where(places > 0, band_places.sum() / np.maximum(places, 1), 0.0)


def rates(columns: Columns, limits: Limits, prices: Prices, weights: Floats) -> Rates:
    """What the prices take from an item; weights: as fair_weights() gives them."""
    offer = columns.offer
    by_offer = prices.offer_budget + prices.funder_budget[columns.funder] + prices.budget
    by_face = np.zeros(limits.tiers * limits.sizes)
    if limits.fairness != np.inf:
        by_group = (prices.fair_most - prices.fair_least) * weights
        counted = weights > 0
        for_all = (
            (1 + limits.fairness) * prices.fair_most - (1 - limits.fairness) * prices.fair_least
        )[counted].sum()
        tiers, sizes = by_group[: limits.tiers], by_group[limits.tiers :]
        by_face = (tiers[:, None] + sizes[None, :]).ravel() - for_all
    return Rates(1.0, (prices.most - prices.least)[offer], columns.cost * by_offer[offer], by_face)


def respond(problem: Problem, prices: Prices, *, keep: bool) -> Response:
    """Choose every household's best sheet at `prices`.

    A sheet has exactly Table.places coupons: at most one of a rivals group, at most
    Rules.per_category of a category, and at least Rules.new_at_least new ones, or as many as the
    household has places and rules let it have. keep: whether to tell what was chosen.

    Raises ValueError if a household has more places than its rules let it fill.
    """
    weights = fair_weights(band_places(problem.table, problem.limits), problem.limits)
    return respond_at(problem, rates(problem.columns, problem.limits, prices, weights), keep=keep)


def respond_at(problem: Problem, rates: Rates, *, keep: bool) -> Response:
    """As respond(), at rates that need not come of prices."""
    columns, table, rules, limits = problem
    households = len(table.places)
    chosen = np.empty((households if keep else 0, rules.per_sheet), np.int64)
    shape = (CHUNKS, len(columns.funder))
    coupons, cost = np.zeros(shape), np.zeros(shape)
    face, places = np.zeros((2, CHUNKS, limits.tiers * limits.sizes))
    sums = np.zeros((CHUNKS, 3))
    _respond(columns, table, rules, rates, keep, chosen, coupons, cost, face, places, sums)
    priced, value, short = sums.sum(axis=0).tolist()
    if short:
        raise ValueError(f"rules leave {short:.0f} places without a coupon")
    usage = Usage(*(array.sum(axis=0) for array in (coupons, cost, face, places)))
    return Response(usage, priced, value, chosen if keep else None)


def places(
    starts: Ints,
    column: npt.NDArray[np.uint16],
    is_new: npt.NDArray[np.bool_],
    columns: Columns,
    rules: Rules,
) -> npt.NDArray[np.uint8]:
    """How many coupons each household can get, at most Rules.per_sheet; arrays as in Table."""
    if not 0 < rules.per_sheet < 256:
        raise ValueError(f"a sheet of {rules.per_sheet} coupons")
    result = np.empty(len(starts) - 1, np.uint8)
    _places(starts, column, is_new, columns, rules, False, result)
    return result


def new_places(problem: Problem) -> npt.NDArray[np.uint8]:
    """How many new coupons each household must have, [households]."""
    columns, table, rules, _ = problem
    result = np.empty(len(table.places), np.uint8)
    _places(table.starts, table.column, table.is_new, columns, rules, True, result)
    return np.minimum(np.minimum(result, rules.new_at_least), table.places).astype(np.uint8)


@njit(cache=True, nogil=True, parallel=True)
def _places(
    starts: Ints,
    column: npt.NDArray[np.uint16],
    is_new: npt.NDArray[np.bool_],
    columns: Columns,
    rules: Rules,
    only_new: bool,
    result: npt.NDArray[np.uint8],
) -> None:
    households = len(starts) - 1
    for chunk in prange(CHUNKS):
        for h in range(households * chunk // CHUNKS, households * (chunk + 1) // CHUNKS):
            fit = 0
            in_category = 0
            category = rivals = -1
            for i in range(starts[h], starts[h + 1]):
                if only_new and not is_new[i]:
                    continue
                c = column[i]
                if columns.category[c] != category:
                    category = columns.category[c]
                    in_category = 0
                    rivals = -1
                if columns.rivals[c] != rivals:
                    rivals = columns.rivals[c]
                    if in_category < rules.per_category:
                        in_category += 1
                        fit += 1
            result[h] = min(fit, rules.per_sheet)


@njit(cache=True, nogil=True)
def _insert(scores: Floats, items: Ints, kept: int, room: int, score: float, item: int) -> int:
    """Keep the `room` best, the best first, of equals the earlier; returns how many are kept."""
    if kept < room:
        place = kept
        kept += 1
    elif room > 0 and score > scores[room - 1]:
        place = room - 1
    else:
        return kept
    while place > 0 and score > scores[place - 1]:
        scores[place] = scores[place - 1]
        items[place] = items[place - 1]
        place -= 1
    scores[place] = score
    items[place] = item
    return kept


@njit(cache=True, nogil=True)
def _respond_chunk(
    first: int,
    last: int,
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    keep: bool,
    chosen: Ints,
    coupons: Floats,
    cost: Floats,
    face: Floats,
    places: Floats,
    sums: Floats,
) -> None:
    per_sheet = rules.per_sheet
    per_category = min(rules.per_category, per_sheet)
    # The best of the known, of the new and of the category at hand, each with its item.
    known_scores, known_items = np.empty(per_sheet), np.empty(per_sheet, np.int64)
    new_scores, new_items = np.empty(per_sheet), np.empty(per_sheet, np.int64)
    scores, items = np.empty(per_category), np.empty(per_category, np.int64)
    taken = np.empty(per_sheet, np.int64)
    priced = value = 0.0
    short = 0
    for h in range(first, last):
        room = min(int(table.places[h]), per_sheet)
        if keep:
            chosen[h] = -1
        if room == 0:
            continue
        band = table.band[h]
        by_face = rates.by_face[band]
        known = new = kept = 0
        category = rivals = -1
        category_is_new = False
        best, best_item = 0.0, -1
        for i in range(table.starts[h], table.starts[h + 1]):
            c = table.column[i]
            score = (
                rates.worth * table.value[i]
                - rates.flat[c]
                - table.chance[i] * rates.by_chance[c]
                - by_face * columns.face[c]
            )
            if columns.rivals[c] == rivals:
                if score > best:
                    best, best_item = score, i
                continue
            if best_item >= 0:
                kept = _insert(scores, items, kept, per_category, best, best_item)
            if columns.category[c] != category:
                for k in range(kept):
                    if category_is_new:
                        new = _insert(new_scores, new_items, new, room, scores[k], items[k])
                    else:
                        known = _insert(known_scores, known_items, known, room, scores[k], items[k])
                kept = 0
                category = columns.category[c]
                category_is_new = table.is_new[i]
            rivals = columns.rivals[c]
            best, best_item = score, i
        if best_item >= 0:
            kept = _insert(scores, items, kept, per_category, best, best_item)
        for k in range(kept):
            if category_is_new:
                new = _insert(new_scores, new_items, new, room, scores[k], items[k])
            else:
                known = _insert(known_scores, known_items, known, room, scores[k], items[k])
        # At least so many new ones is at most so many known ones.
        known = min(known, room - min(rules.new_at_least, new))
        x = y = 0
        for k in range(room):
            if x < known and (
                y >= new
                or known_scores[x] > new_scores[y]
                or (known_scores[x] == new_scores[y] and known_items[x] < new_items[y])
            ):
                i = known_items[x]
                priced += known_scores[x]
                x += 1
            elif y < new:
                i = new_items[y]
                priced += new_scores[y]
                y += 1
            else:
                short += 1
                continue
            c = table.column[i]
            offer = columns.offer[c]
            value += table.value[i]
            coupons[offer] += 1
            cost[offer] += table.chance[i] * columns.cost[c]
            face[band] += columns.face[c]
            taken[k] = i
        places[band] += room
        if keep:
            chosen[h, :room] = np.sort(taken[:room])
    sums[0] = priced
    sums[1] = value
    sums[2] = short


@njit(cache=True, nogil=True, parallel=True)
def _respond(
    columns: Columns,
    table: Table,
    rules: Rules,
    rates: Rates,
    keep: bool,
    chosen: Ints,
    coupons: Floats,
    cost: Floats,
    face: Floats,
    places: Floats,
    sums: Floats,
) -> None:
    households = len(table.places)
    for chunk in prange(CHUNKS):
        _respond_chunk(
            households * chunk // CHUNKS,
            households * (chunk + 1) // CHUNKS,
            columns,
            table,
            rules,
            rates,
            keep,
            chosen,
            coupons[chunk],
            cost[chunk],
            face[chunk],
            places[chunk],
            sums[chunk],
        )
