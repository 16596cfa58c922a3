"""The night in order: load, clear, learn, rebuild, measure, select, issue and print what is due.

Every step may be repeated: one that has nothing new to do changes nothing.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from django.utils import timezone

from coupons import (
    answers,
    clearing,
    covering,
    guessing,
    holding,
    mailing,
    measuring,
    picture_retention,
    printing,
    responding,
    reversing,
    settlement,
    uplift,
    uses,
)
from coupons.alone import TakenError, alone
from coupons.models import Mailing
from loyalty import history, learning, privacy, rebuild
from loyalty.models import FittedModel, ModelRun
from pos_integration import ingest, undoing

Progress = Callable[[int, int], None]
Bars = Callable[[str], Progress]  # names a step, gives it its progress bar


class NightError(Exception):
    """Why the night did not run, in a sentence."""


class Night(NamedTuple):
    sealed_lines: int
    learned: list[FittedModel]  # versions kept, in use or not
    run: ModelRun
    cleared: Counter[str]  # redemption, refusal, reversed
    measured: list[str]  # mailings by code
    selected: list[str]
    issued: list[str]
    printed: list[str]
    refused: list[str]  # why a mailing was not selected, issued or printed, a sentence each


def _silent(step: str) -> Progress:
    return lambda done, total: None


def night(as_of: date, bars: Bars = _silent) -> Night:
    """Run the night before the morning of `as_of`. Raises NightError if one is running."""
    try:
        with alone("coupons.nightly"):
            return _night(as_of, bars)
    except TakenError:
        raise NightError("a night is running already: wait for it to end") from None


def _night(as_of: date, bars: Bars) -> Night:
    ingest.load_waiting()
    undoing.find_originals()
    covering.cover_all()
    sealed = history.seal(bars("Seal the history"))
    cleared = clearing.clear_redemptions(bars("Clear redemptions"))
    cleared += Counter(reversed=reversing.reverse_undone(bars("Take back what came back")))
    settlement.book(bars("Book for the funders"))
    learned = learning.learn_if_due(as_of, bars("Learn, once a month"))
    response = responding.learn_if_due(as_of, bars("Learn what is redeemed"))
    measured, refused = measuring.measure_due(as_of, bars("Measure what coupons changed"))
    changed = uplift.learn(as_of) if measured else None
    run = rebuild.rebuild(as_of, bars("Rebuild the models"))
    _forget_answers()
    kept = [*learned, *(model for model in (response, changed) if model is not None)]
    told = Night(
        sealed, kept, run, cleared, [one.mailing.code for one in measured], [], [], [], refused
    )
    _select_due(as_of, bars, told)
    _issue_due(as_of, bars, told)
    _note_undone(run, told.refused)
    uses.keep_lately(as_of)
    privacy.retain(as_of)
    picture_retention.delete_unused(as_of)
    return told


def _select_due(as_of: date, bars: Bars, told: Night) -> None:
    due = Mailing.objects.filter(
        state=Mailing.State.DRAFT, select_on__lte=as_of, issue_on__gte=as_of
    )
    for one in due.order_by("issue_on", "pk"):
        try:
            mailing.select(one, progress=bars(f"Select for {one.code}"))
        except mailing.MailingError as error:
            told.refused.append(f"{one.code}: {error}")
        else:
            told.selected.append(one.code)


def _issue_due(as_of: date, bars: Bars, told: Night) -> None:
    due = Mailing.objects.filter(
        state__in=[Mailing.State.APPROVED, Mailing.State.ISSUED], issue_on__lte=as_of
    )
    for one in due.order_by("issue_on", "pk"):
        if one.state == Mailing.State.APPROVED:
            try:
                mailing.issue(one, as_of, bars(f"Issue {one.code}"))
            except mailing.MailingError as error:
                told.refused.append(f"{one.code}: {error}")
                continue
            told.issued.append(one.code)
        if one.channel == Mailing.Channel.NONE:
            mailing.mark_printed(one)
            mailing.mark_mailed(one)
            continue
        try:
            printing.print_mailing(one, progress=bars(f"Print {one.code}"))
        except printing.PrintError as error:
            told.refused.append(f"{one.code}: {error}")
            continue
        told.printed.append(one.code)


def _note_undone(run: ModelRun, refused: list[str]) -> None:
    """Keep with the run what the night could not do, for the first page; a repeat says it anew."""
    report = run.report or {}
    if refused or report.get("not_done"):
        run.report = {**report, "not_done": refused}
        run.save(update_fields=["report"])


def _forget_answers() -> None:
    """What tills were told is kept as long as they may ask again."""
    for keeper in (answers, guessing, holding):
        keeper.purge(timezone.now())
