"""The sheet of who objects to being profiled: as much worth as anybody's, and nothing of its
purchases in it. What it said itself, and the law of its place, is kept to.
"""

import numpy as np
import numpy.typing as npt

from coupons import fallback, permitting
from coupons.assembling import Assembled
from coupons.models import Mailing, Recipient, Selection, SelectionPiece
from coupons.pieces import Chosen, Evidence, starts_of
from coupons.selection import generic
from coupons.selection.problem import Columns, Solution, Table
from coupons.selection.reasons import FOR_ALL
from coupons.selection.response import NEW
from coupons.terms import Terms

BUCKET = -1
"""Of the piece that holds generic sheets: they belong to no bucket's table."""

Floats = npt.NDArray[np.float64]


def choose(
    selection: Selection, mailing: Mailing, terms: Terms, whole: Assembled, solution: Solution
) -> int:
    """Keep a piece of generic sheets, one for each recipient that is to get one; returns how many.

    All whose wishes and place allow the same offers get the same sheet. Who gets none for want of
    offers is noted.
    """
    homes = np.array(
        mailing.recipients.filter(outcome=Recipient.Outcome.GENERIC)
        .order_by("household")
        .values_list("household_id", flat=True),
        dtype=np.int64,
    )
    columns = whole.problem.columns
    worth, chance = _means(columns, whole.problem.table)
    target = _mean_face(columns, whole.problem.table, solution) * terms.per_sheet
    may = permitting.unprofiled(homes, terms) & _affordable(
        terms, columns, chance, others=len(whole.problem.table.places), generic=len(homes)
    )
    rules = whole.problem.rules._replace(per_sheet=terms.per_sheet, new_at_least=0)
    kinds, kind = np.unique(may, axis=0, return_inverse=True)
    sheets = [
        generic.generic_sheet(columns, one[columns.offer], worth, rules, target) for one in kinds
    ]
    is_short = np.array([len(sheet) < terms.per_sheet for sheet in sheets], np.bool_)[kind.ravel()]
    counts = np.array([len(sheet) for sheet in sheets], np.int64)[kind.ravel()]
    if terms.short_sheets == Mailing.Short.NO_SHEET:
        note(mailing, Recipient.Outcome.NO_OFFERS, homes[counts == 0])
        note(mailing, Recipient.Outcome.TOO_FEW, homes[is_short & (counts > 0)])
        homes, kind = homes[~is_short], kind.ravel()[~is_short]
    chosen = _chosen(homes, [sheets[at] for at in kind.ravel()], terms, columns, worth, chance)
    chosen = fallback.fill(chosen, terms)
    note(mailing, Recipient.Outcome.NO_OFFERS, np.setdiff1d(homes, chosen.households))
    SelectionPiece.objects.update_or_create(
        selection=selection,
        bucket=BUCKET,
        defaults={
            "households": len(homes),
            "items": len(chosen.offer),
            "chosen": chosen.to_bytes(),
        },
    )
    return len(chosen.households)


def note(mailing: Mailing, outcome: Recipient.Outcome, homes: npt.NDArray[np.int64]) -> None:
    """Write down why these recipients get nothing."""
    if len(homes):
        mailing.recipients.filter(household__in=homes.tolist()).update(outcome=outcome)


def _means(columns: Columns, table: Table) -> tuple[Floats, Floats]:
    """Of each column over all households that could get it: its worth, and its chance."""
    count = len(columns.offer)
    number = np.maximum(np.bincount(table.column, minlength=count), 1)
    return (
        np.bincount(table.column, table.value, count) / number,
        np.bincount(table.column, table.chance, count) / number,
    )


def _mean_face(columns: Columns, table: Table, solution: Solution) -> float:
    chosen = solution.chosen[solution.chosen >= 0]
    if not len(chosen):
        return float(columns.face.mean())
    return float(columns.face[table.column[chosen]].mean())


def _affordable(
    terms: Terms, columns: Columns, chance: Floats, *, others: int, generic: int
) -> npt.NDArray[np.bool_]:
    """bool[offers]: whether what was set aside pays for one on every generic sheet."""
    share = generic / max(others + generic, 1)
    first = np.searchsorted(columns.offer, np.arange(len(terms.offers)))
    cost = chance[first] * columns.cost[first] * generic
    may = np.ones(len(terms.offers), np.bool_)
    for at, offer in enumerate(terms.offers):
        funded = terms.funder_budgets[offer.funder]
        if offer.most is not None:
            may[at] &= offer.most * share >= generic
        if offer.budget is not None:
            may[at] &= offer.budget * share >= cost[at]
        for budget in (funded, terms.budget):
            if budget is not None:
                may[at] &= budget * share / terms.per_sheet >= cost[at]
    return may


def _chosen(
    homes: npt.NDArray[np.int64],
    sheets: list[npt.NDArray[np.int64]],
    terms: Terms,
    columns: Columns,
    worth: Floats,
    chance: Floats,
) -> Chosen:
    n = len(homes)
    column = np.concatenate([np.zeros(0, np.int64), *sheets])
    k = len(column)
    ids = np.array([offer.pk for offer in terms.offers], np.int32)
    levels = np.array([level.pk for offer in terms.offers for level in offer.levels], np.int32)
    nothing = np.zeros(k, np.float32)
    return Chosen(
        households=homes,
        is_ghost=np.zeros(n, np.bool_),
        tier=np.zeros(n, np.int8),
        size=np.zeros(n, np.int8),
        store=np.zeros(n, np.int32),
        starts=starts_of(np.array([len(one) for one in sheets], np.int64)),
        offer=ids[columns.offer[column]],
        level=levels[column],
        value=worth[column].astype(np.float32),
        chance=chance[column].astype(np.float32),
        need=nothing,
        tag=np.full(k, NEW, np.int8),
        drawn_share=nothing,
        circulation=nothing,
        cost=nothing,
        fairness=nothing,
        left_out=np.zeros(k, np.int32),
        margin=nothing,
        moved_for=np.full(k, -1, np.int8),
        evidence=Evidence(
            np.full(k, FOR_ALL, np.int32),
            nothing,
            np.full(k, -1, np.int32),
            np.full(k, -1, np.int8),
            np.zeros(k, np.bool_),
            np.zeros(k, np.bool_),
        ),
    )
