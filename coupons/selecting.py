"""Select a mailing's coupons: gather, table, solve, keep. Nothing is promised before it is issued.

A selection keeps all it was made from: the terms, the run of beliefs, what was learned, the seed
and the prices of limits. The same again chooses the same to the byte.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from coupons import (
    assembling,
    audience,
    economics,
    fallback,
    forecasting,
    generic_sheets,
    outcomes,
    responding,
    tabling,
    uplift,
)
from coupons import terms as frozen
from coupons.alone import TakenError, alone
from coupons.models import Mailing, Recipient, Selection, SelectionPiece
from coupons.selection import feasibility, solving
from coupons.selection.problem import Limits, Prices, Problem, Solution
from coupons.terms import SIZES, Terms
from loyalty import engine, history, rebuild
from loyalty.models import Household, ModelRun
from loyalty.shopper.value import TIERS
from pos_integration.said import stated

Progress = Callable[[int, int], None]
Outcome = Recipient.Outcome
STATES = (Mailing.State.DRAFT, Mailing.State.SELECTED)
CUT_SHORT = "It was cut short: select again."
LESS = "These limits are what generic sheets, and coupons drawn by lot, leave of them."


class SelectionError(Exception):
    """Why nothing was selected: sentences for staff, each names what would mend it."""

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


def select(
    mailing: Mailing,
    *,
    by: AbstractBaseUser | None = None,
    seed: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Selection:
    """Select coupons for all recipients of a draft, by last night's beliefs, and keep them.

    by: who asked for it, and may therefore not approve it. seed: of lots; the mailing's own if it
    is not given. The mailing is `selected` afterwards, with this selection. Raises
    SelectionError; then the mailing is as it was, and the failed selection says why.
    """
    try:
        with alone(f"coupons.selecting.{mailing.pk}"):
            selection = _begin(mailing, by, seed)
            mailing.refresh_from_db()
            try:
                _work(selection, mailing, progress)
            except SelectionError as error:
                _fail(selection, str(error))
                raise
            except audience.AudienceError as error:
                _fail(selection, f"{error}.")
                raise SelectionError(f"{error}.") from error
            except BaseException:
                _fail(selection, CUT_SHORT)
                raise
    except TakenError:
        raise SelectionError(
            f"Coupons for '{mailing}' are being selected already: wait for it to end."
        ) from None
    mailing.refresh_from_db()
    return selection


@transaction.atomic
def _begin(mailing: Mailing, by: AbstractBaseUser | None, seed: int | None) -> Selection:
    locked = Mailing.objects.select_for_update().get(pk=mailing.pk)
    if locked.state not in STATES:
        raise SelectionError(f"'{locked}' is {stated(locked)}: only a draft is selected for.")
    # Whoever had begun before held the name that is ours now, so it died.
    for dead in locked.selections.filter(state=Selection.State.RUNNING):
        _fail(dead, CUT_SHORT)
    return Selection.objects.create(
        mailing=locked, asked_by_id=by.pk if by else None, seed=locked.pk if seed is None else seed
    )


def _fail(selection: Selection, why: str) -> None:
    selection.state, selection.error = Selection.State.FAILED, why
    selection.finished_at = timezone.now()
    selection.save(update_fields=["state", "error", "finished_at"])
    selection.pieces.all().delete()


def usable_run(mailing: Mailing, on: date) -> ModelRun:
    """The published run. Raises SelectionError if there is none, or none young enough."""
    run = rebuild.published()
    if run is None:
        raise SelectionError("No night has run yet: run 'manage.py nightly' first.")
    refuse_old(mailing, run, on)
    return run


def refuse_old(mailing: Mailing, run: ModelRun, on: date) -> None:
    """Raise SelectionError if on the day `on` what the run believes is too old for the mailing."""
    age = (on - run.as_of).days
    if age < 0:
        raise SelectionError(
            f"'{mailing}' is for {on}, and the last night was that before {run.as_of}: choose "
            "later dates."
        )
    if age > mailing.model_days:
        raise SelectionError(
            f"'{mailing}' allows beliefs of {mailing.model_days} days at most, and on {on} those "
            f"of {run.as_of} are {age} days old: run a night and select again."
        )


def _work(selection: Selection, mailing: Mailing, progress: Progress) -> None:
    run = usable_run(mailing, mailing.issue_on)
    learned = [model for model in (responding.model_of(run), uplift.model_of(run)) if model]
    terms, doubts = economics.price_up(frozen.of(mailing), run)
    _refuse_empty(mailing, terms)
    selection.run, selection.terms = run, terms.to_plain()
    selection.save(update_fields=["run", "terms"])
    selection.learned.set(learned)
    audience.gather(mailing, run)
    who = outcomes.decide(mailing, run, on=mailing.issue_on)
    _refuse_nobody(mailing, who)
    _table(selection, mailing, run, progress)
    generic = who[Outcome.GENERIC]
    limits = _set_aside(frozen.limits(terms), who[Outcome.WAITING], generic)
    whole = assembling.assemble(selection, terms, limits)
    less = generic > 0 or bool(whole.drawn.any())
    solution = _solve(whole.problem, terms, selection.seed, less=less)
    sheets, short, unfit = _keep(selection, mailing, terms, whole, solution)
    aside = generic_sheets.choose(selection, mailing, terms, whole, solution) if generic else 0
    if not sheets and not aside:
        raise SelectionError(
            f"Nobody would get a sheet of '{mailing}': look at its offers.",
            *_doubts(mailing, terms, short, unfit + generic),
        )
    report = {
        "households": {str(outcome): count for outcome, count in sorted(who.items())},
        "doubts": [*doubts, *_doubts(mailing, terms, short, unfit + generic - aside)],
        "bound": solution.bound,
        "value": solution.value,
        "gap": solution.gap,
        "passes": solution.passes,
        "seconds": solution.seconds,
        "moved": int((solution.moved_for >= 0).sum()),
        "coupons": int((solution.chosen >= 0).sum()),
        "drawn": int(whole.drawn.sum()),
        "generic": aside,
        "ghosts": whole.ghosts,
    }
    forecast = forecasting.forecast(selection, terms, whole.problem, solution)
    _finish(selection, run, solution.prices, report | forecast)


def _refuse_empty(mailing: Mailing, terms: Terms) -> None:
    """Refuse what cannot be chosen from, before anything is worked out."""
    sentences = []
    if not terms.offers:
        sentences.append(f"'{mailing}' has no offers: add some.")
    for offer in terms.offers:
        if not offer.products and offer.kind != "threshold":
            sentences.append(
                f"'{offer.name}' ({offer.code}) is good on no product: give it products or rules."
            )
    if sentences:
        raise SelectionError(*sentences)


def _refuse_nobody(mailing: Mailing, who: Counter[Recipient.Outcome]) -> None:
    if not who:
        raise SelectionError(
            f"'{mailing}' has no recipients: choose segments or add households by hand."
        )
    if not who[Outcome.WAITING] and not who[Outcome.GENERIC]:
        why = "; ".join(
            f"{count:,} {outcome.label[0].lower()}{outcome.label[1:]}"
            for outcome, count in who.most_common()
        )
        raise SelectionError(
            f"None of the {who.total():,} recipients of '{mailing}' gets a sheet: {why}."
        )


def _table(selection: Selection, mailing: Mailing, run: ModelRun, progress: Progress) -> None:
    wanted = Recipient.objects.filter(
        mailing=mailing, outcome__in=[Outcome.WAITING, Outcome.HOLDOUT, Outcome.STANDING]
    )
    slots = Household.objects.filter(pk__in=wanted.values("household")).values_list("slot")
    buckets = sorted({history.bucket_of(slot) for (slot,) in slots.distinct()})
    done = engine.map_buckets(tabling.table, buckets, selection.pk, lines=run.lines)
    for at, _ in enumerate(done, 1):
        progress(at, len(buckets))


def _set_aside(limits: Limits, chosen_for: int, generic: int) -> Limits:
    """Leave the share of those who get the generic sheet out of what all others may use."""
    if not generic or not chosen_for:
        return limits
    share = chosen_for / (chosen_for + generic)
    most = np.floor(limits.most * share)
    return limits._replace(
        most=most,
        offer_budget=limits.offer_budget * share,
        funder_budget=limits.funder_budget * share,
        budget=limits.budget * share,
        # What is guaranteed beyond its circulation contradicts itself, and is told as it is.
        least=np.where(limits.least > limits.most, limits.least, np.minimum(limits.least, most)),
    )


def _solve(problem: Problem, terms: Terms, seed: int, *, less: bool) -> Solution:
    """less: limits are what generic sheets and lots leave of them, which refusals then say."""
    names = (
        [f"{offer.name} ({offer.code})" for offer in terms.offers],
        list(terms.funders),
        list(TIERS),
        list(SIZES),
    )
    told = [LESS] if less else []
    if against := feasibility.contradictions(problem, *names):
        raise SelectionError(*against, *told)
    try:
        return solving.solve(problem, seed=seed)
    except solving.UnsolvedError as error:
        if error.prices is None:
            raise SelectionError(str(error), *told) from error
        proof = feasibility.certificate(problem, error.prices, error.bound, *names)
        raise SelectionError(*proof, *told) from error


def _keep(
    selection: Selection,
    mailing: Mailing,
    terms: Terms,
    whole: assembling.Assembled,
    solution: Solution,
) -> tuple[int, int, int]:
    """Write each piece's sheets; return how many there are, how many of them are short, and how
    many households fell out for want of offers.
    """
    sheets = short = unfit = 0
    for at, (piece, could) in enumerate(assembling.each(selection)):
        chosen = assembling.sheets(could, terms, whole, at, solution)
        if terms.short_sheets == Mailing.Short.SHORTER:
            chosen = fallback.fill(fallback.opened(chosen, could), terms)
        piece.chosen = chosen.to_bytes()
        piece.save(update_fields=["chosen"])
        sheets += int((~chosen.is_ghost).sum())
        short += int((np.diff(chosen.starts) < terms.per_sheet)[~chosen.is_ghost].sum())
        without = ~could.is_ghost & ~np.isin(could.households, chosen.households)
        unfit += int(without.sum())
        fits = assembling.fitting(could) > 0
        generic_sheets.note(mailing, Outcome.NO_OFFERS, could.households[without & ~fits])
        generic_sheets.note(mailing, Outcome.TOO_FEW, could.households[without & fits])
    return sheets, short, unfit


def _doubts(mailing: Mailing, terms: Terms, short: int, unfit: int) -> list[str]:
    doubts = [
        f"'{offer.name}' ({offer.code}) is not good on all days of the mailing, "
        f"{date_format(terms.valid_from)} to {date_format(terms.valid_to)}: nobody gets it."
        for offer in terms.offers
        if not offer.is_in_dates
    ]
    if len(terms.offers) < terms.per_sheet:
        doubts.append(
            f"'{mailing}' has {len(terms.offers)} offers for sheets of {terms.per_sheet} coupons: "
            "add offers or choose a smaller sheet."
        )
    if short:
        doubts.append(f"{short:,} households get a shorter sheet: too few offers fit them.")
    if unfit:
        doubts.append(f"{unfit:,} households get no sheet: no offer, or too few, fit them.")
    return doubts


@transaction.atomic
def _finish(selection: Selection, run: ModelRun, prices: Prices, report: dict[str, Any]) -> None:
    mailing = Mailing.objects.select_for_update().get(pk=selection.mailing_id)
    if mailing.state not in STATES:
        raise SelectionError(f"'{mailing}' is {stated(mailing)} meanwhile.")
    selection.state, selection.finished_at = Selection.State.READY, timezone.now()
    selection.prices = {
        name: value if isinstance(value, float) else value.tolist()
        for name, value in prices._asdict().items()
    }
    selection.report = report
    selection.save(update_fields=["state", "finished_at", "prices", "report"])
    mailing.state, mailing.selection, mailing.run = Mailing.State.SELECTED, selection, run
    mailing.approved_by = None
    mailing.save(update_fields=["state", "selection", "run", "approved_by"])
    # What others could have chosen from is of no use any more; what they chose is kept.
    others = SelectionPiece.objects.filter(selection__mailing=mailing).exclude(table=None)
    others.exclude(selection=selection).update(table=None)
