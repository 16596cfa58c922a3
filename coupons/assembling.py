"""From pieces to the solver's problem, and from its answer back to the sheets of each piece.

The problem's households are in the order of their ids, into however many buckets the history is
cut: sums, and so the sheets, come out the same.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from coupons import terms as frozen
from coupons.models import Mailing, Selection, SelectionPiece
from coupons.pieces import DRAWN, FREE, Chosen, Could, Evidence, starts_of
from coupons.selection import accounting, best_response
from coupons.selection.problem import Columns, Limits, Prices, Problem, Solution, Table
from coupons.terms import SIZES, Terms

Ints = npt.NDArray[np.int64]

_EXACT = 1e-9
"""Costs are added up in such units: whole numbers come to the same in any order."""


class Assembled(NamedTuple):
    """The whole problem, and which of its households lie in which bucket."""

    problem: Problem
    rows: list[Ints]  # of each piece: where its households, ascending, are in the problem
    ghosts: int
    drawn: Ints  # [offers] coupons drawn by lot


def assemble(selection: Selection, terms: Terms, limits: Limits) -> Assembled:
    """Put the pieces' tables together, without the held out and without what lots drew.

    `limits` are those of all sheets; what was drawn has used some of them.
    """
    columns, rules = frozen.columns(terms), frozen.rules(terms)
    pieces = selection.pieces.exclude(table=None)
    sizes = list(pieces.values_list("households", "items"))
    room = _Room(sum(size[0] for size in sizes), sum(size[1] for size in sizes))
    offers = len(columns.funder)
    drawn, drawn_cost = np.zeros(offers, np.int64), np.zeros(offers)
    ghosts, first = 0, [0]
    for _, could in each(selection):
        real = ~could.is_ghost
        room.add(could, real, places_of(could, terms))
        lots = (could.state == DRAWN) & np.repeat(
            real & gets_sheet(could, terms), np.diff(could.starts)
        )
        offer = columns.offer[could.column[lots]]
        drawn += np.bincount(offer, minlength=offers)
        cost = could.chance[lots].astype(np.float64) * columns.cost[could.column[lots]]
        drawn_cost += np.bincount(offer, np.rint(cost / _EXACT), offers)
        ghosts += int(could.is_ghost.sum())
        first.append(room.households)
    left = _less(limits, columns, drawn, drawn_cost * _EXACT)
    table, place = room.in_order()
    return Assembled(
        Problem(columns, table, rules, left), np.split(place, first[1:-1]), ghosts, drawn
    )


def each(selection: Selection) -> Iterator[tuple[SelectionPiece, Could]]:
    """Every piece that says what could be chosen, by bucket."""
    pieces = selection.pieces.exclude(table=None).order_by("bucket")
    for piece in pieces.iterator(chunk_size=1):
        yield piece, Could.from_bytes(bytes(piece.table or b""))


def gets_sheet(could: Could, terms: Terms) -> npt.NDArray[np.bool_]:
    """Whether each household has enough offers for a sheet, as the mailing wants it."""
    if terms.short_sheets == Mailing.Short.SHORTER or not len(could.households):
        return np.ones(len(could.households), np.bool_)
    full: npt.NDArray[np.bool_] = fitting(could) >= terms.per_sheet
    return full


def fitting(could: Could) -> Ints:
    """How many coupons each household could get on one sheet, those of lots among them."""
    home = np.repeat(np.arange(len(could.households)), np.diff(could.starts))
    lots = np.bincount(home[could.state == DRAWN], minlength=len(could.households))
    return could.places + lots


def places_of(could: Could, terms: Terms) -> npt.NDArray[np.uint8]:
    """The places of each household beside its lots, none where it gets no sheet."""
    return np.where(gets_sheet(could, terms), could.places, 0).astype(np.uint8)


class _Room:
    """Arrays for all households and items, filled piece by piece."""

    def __init__(self, households: int, items: int) -> None:
        self.households = self.items = 0
        self._ids = np.zeros(households, np.int64)
        self._lengths = np.zeros(households, np.int64)
        self._places = np.zeros(households, np.uint8)
        self._band = np.zeros(households, np.int16)
        self._column = np.zeros(items, np.uint16)
        self._is_new = np.zeros(items, np.bool_)
        self._value = np.zeros(items, np.float32)
        self._chance = np.zeros(items, np.float32)

    def add(
        self, could: Could, wanted: npt.NDArray[np.bool_], places: npt.NDArray[np.uint8]
    ) -> None:
        """Take in the households `wanted`, and of their items those that are free."""
        mine = _free_items(could, wanted)
        home = np.repeat(np.arange(len(could.households)), np.diff(could.starts))[mine]
        lengths = np.bincount(home, minlength=len(could.households))[wanted]
        here = slice(self.households, self.households + len(lengths))
        self._ids[here] = could.households[wanted]
        self._lengths[here], self._places[here] = lengths, places[wanted]
        self._band[here] = band(could)[wanted]
        these = slice(self.items, self.items + len(mine))
        self._column[these], self._is_new[these] = could.column[mine], could.is_new[mine]
        self._value[these], self._chance[these] = could.value[mine], could.chance[mine]
        self.households, self.items = here.stop, these.stop

    def in_order(self) -> tuple[Table, Ints]:
        """The table by household, and where in it each of those taken in is."""
        n, k = self.households, self.items
        order = np.argsort(self._ids[:n])
        place = np.empty(n, np.int64)
        place[order] = np.arange(n)
        starts = starts_of(self._lengths[:n])

        def items(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            result = np.empty_like(values[:k])
            _gather(values, starts, order, result)
            return result

        table = Table(
            starts_of(self._lengths[order]),
            items(self._column),
            items(self._is_new),
            items(self._value),
            items(self._chance),
            self._places[order],
            self._band[order],
        )
        return table, place


@njit(cache=True, nogil=True)
def _gather(values: npt.NDArray[Any], starts: Ints, order: Ints, result: npt.NDArray[Any]) -> None:
    """Copy the items of households in this order; no array of their numbers is made."""
    at = 0
    for h in order:
        for i in range(starts[h], starts[h + 1]):
            result[at] = values[i]
            at += 1


def band(could: Could) -> npt.NDArray[np.int16]:
    """As Table.band counts tiers and sizes."""
    return (could.tier.astype(np.int16) * len(SIZES) + could.size).astype(np.int16)


def _free_items(could: Could, wanted: npt.NDArray[np.bool_]) -> Ints:
    return np.flatnonzero((could.state == FREE) & np.repeat(wanted, np.diff(could.starts)))


def _less(limits: Limits, columns: Columns, drawn: Ints, cost: npt.NDArray[np.float64]) -> Limits:
    """What is left of the limits after `drawn` coupons of each offer."""
    by_funder = np.bincount(columns.funder, cost, len(limits.funder_budget))
    return limits._replace(
        least=np.maximum(limits.least - drawn, 0.0),
        most=np.maximum(limits.most - drawn, 0.0),
        offer_budget=np.maximum(limits.offer_budget - cost, 0.0),
        funder_budget=np.maximum(limits.funder_budget - by_funder, 0.0),
        budget=max(limits.budget - float(cost.sum()), 0.0),
    )


def sheets(could: Could, terms: Terms, assembled: Assembled, at: int, solution: Solution) -> Chosen:
    """The sheets of the piece at position `at`: as solved, the held out's as they would be."""
    columns, real = assembled.problem.columns, ~could.is_ghost
    parts = [
        _Part.of(could, real, assembled.problem, solution, assembled.rows[at]),
        _Part.of(could, could.is_ghost, *_imagined(could, terms, assembled, solution.prices)),
        _Part.drawn(could, gets_sheet(could, terms)),
    ]
    return _together(could, terms, columns, parts)


def _imagined(
    could: Could, terms: Terms, assembled: Assembled, prices: Prices
) -> tuple[Problem, Solution, Ints]:
    """What the held out would have got, at the prices that all others met: they use no limit."""
    whole = assembled.problem
    room = _Room(len(could.households), len(could.column))
    room.add(could, could.is_ghost, places_of(could, terms))
    problem = whole._replace(table=room.in_order()[0])  # a piece's are in order already
    # Fairness is between those who get a sheet: its weights are theirs.
    weights = best_response.fair_weights(
        best_response.band_places(whole.table, whole.limits), whole.limits
    )
    rates = best_response.rates(whole.columns, whole.limits, prices, weights)
    answer = best_response.respond_at(problem, rates, keep=True)
    assert answer.chosen is not None  # they were asked for
    stays = np.full(answer.chosen.shape, -1, np.int8)
    solution = Solution(answer.chosen, stays, prices, answer.value, answer.value, 1, {})
    return problem, solution, np.arange(room.households)


class _Part(NamedTuple):
    """Some coupons of a piece: items of its table, with their accounts."""

    item: Ints
    circulation: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    fairness: npt.NDArray[np.float64]
    left_out: Ints  # offer's position, -1
    margin: npt.NDArray[np.float64]
    moved_for: npt.NDArray[np.int8]

    @classmethod
    def of(
        cls,
        could: Could,
        wanted: npt.NDArray[np.bool_],
        problem: Problem,
        solution: Solution,
        rows: Ints,
    ) -> "_Part":
        account = accounting.account(problem, solution, rows)
        chosen = solution.chosen[rows]
        there = chosen >= 0
        starts = problem.table.starts
        # Where each household's items begin in the problem, and among those of the piece.
        begins = starts_of(np.diff(starts)[rows])[:-1] - starts[rows]
        item = _free_items(could, wanted)[(chosen + begins[:, None])[there]]
        out = account.left_out[there]
        left_out = (
            np.where(out >= 0, problem.columns.offer[problem.table.column[np.maximum(out, 0)]], -1)
            if len(problem.table.column)
            else out
        )
        return cls(
            item,
            account.circulation[there],
            account.cost[there],
            account.fairness[there],
            left_out,
            account.margin[there],
            solution.moved_for[rows][there],
        )

    @classmethod
    def drawn(cls, could: Could, gets: npt.NDArray[np.bool_]) -> "_Part":
        """What lots drew, for households that get a sheet."""
        item = np.flatnonzero((could.state == DRAWN) & np.repeat(gets, np.diff(could.starts)))
        nothing, nobody = np.zeros(len(item)), np.full(len(item), -1, np.int64)
        return cls(item, nothing, nothing, nothing, nobody, nothing, nobody.astype(np.int8))


def _together(could: Could, terms: Terms, columns: Columns, parts: list[_Part]) -> Chosen:
    """One piece's sheets, each with its best coupon first."""
    item = np.concatenate([part.item for part in parts])
    home = np.repeat(np.arange(len(could.households)), np.diff(could.starts))[item]
    order = np.lexsort((could.column[item], -could.value[item], home))
    item, home = item[order], home[order]

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    gets = np.unique(home)
    counts = np.bincount(home, minlength=len(could.households))[gets]
    ids = np.array([offer.pk for offer in terms.offers], np.int32)
    levels = np.array([level.pk for offer in terms.offers for level in offer.levels], np.int32)
    left_out = column("left_out")
    return Chosen(
        households=could.households[gets],
        is_ghost=could.is_ghost[gets],
        tier=could.tier[gets],
        size=could.size[gets],
        store=could.store[gets],
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        offer=ids[columns.offer[could.column[item]]],
        level=levels[could.column[item]],
        value=could.value[item],
        chance=could.chance[item],
        need=could.need[item],
        tag=could.tag[item],
        drawn_share=could.drawn_share[item],
        circulation=column("circulation").astype(np.float32),
        cost=column("cost").astype(np.float32),
        fairness=column("fairness").astype(np.float32),
        left_out=np.where(left_out >= 0, ids[left_out], 0).astype(np.int32),
        margin=column("margin").astype(np.float32),
        moved_for=column("moved_for").astype(np.int8),
        evidence=Evidence(*(array[item] for array in could.evidence)),
    )
