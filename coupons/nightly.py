"""The night in order: load what waits, clear, learn, rebuild, select and print what is due.

Every step may be repeated: one that has nothing new to do changes nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from coupons import (
    answers,
    clearing,
    guessing,
    holding,
    mailing,
    printing,
    responding,
    reversing,
    settlement,
)
from coupons.models import Mailing
from loyalty import history, learning, rebuild
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
    issued: list[str]  # mailings by code
    printed: list[str]


def _silent(step: str) -> Progress:
    return lambda done, total: None


def night(as_of: date, bars: Bars = _silent) -> Night:
    """Run the night before the morning of `as_of`. Raises NightError if one is running."""
    with _alone():
        ingest.load_waiting()
        undoing.find_originals()
        sealed = history.seal(bars("Seal the history"))
        cleared = clearing.clear_redemptions(bars("Clear redemptions"))
        cleared += Counter(reversed=reversing.reverse_undone(bars("Take back what came back")))
        settlement.book(bars("Book for the funders"))
        learned = learning.learn_if_due(as_of, bars("Learn, once a month"))
        response = responding.learn_if_due(as_of, bars("Learn what is redeemed"))
        run = rebuild.rebuild(as_of, bars("Rebuild the models"))
        _forget_answers()
        issued, printed = [], []
        due = Mailing.objects.filter(
            state__in=[Mailing.State.APPROVED, Mailing.State.ISSUED], issue_on__lte=as_of
        )
        for one in due.order_by("issue_on", "pk"):
            if one.state == Mailing.State.APPROVED:
                mailing.issue(one, bars(f"Select for {one.code}"))
                issued.append(one.code)
            printing.print_mailing(one, progress=bars(f"Print {one.code}"))
            printed.append(one.code)
    kept = [*learned, response] if response else learned
    return Night(sealed, kept, run, cleared, issued, printed)


def _forget_answers() -> None:
    """What tills were told is kept as long as they may ask again."""
    for keeper in (answers, guessing, holding):
        keeper.purge(timezone.now())


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the night's lock, which the database lets go if this process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended('coupons.nightly', 0))")
        (mine,) = cursor.fetchone()
    if not mine:
        raise NightError("a night is running already: wait for it to end")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('coupons.nightly', 0))")
