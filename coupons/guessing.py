"""Guessing: who asks for what it may know nothing of too often is not answered for a while.

The misses are rows, so that all processes on all machines count the same ones. The calls of one
terminal that could be guesses follow each other, however many come at once: what is counted
before the look is still true at the look.
"""

import math
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from coupons.models import TillMiss
from pos_integration import problems
from pos_integration.models import Terminal

MISSES = 10
WINDOW = timedelta(minutes=10)
KEPT = timedelta(days=1)  # for staff, who see on the terminal's page how often it missed


class UnknownError(problems.Problem):
    """A miss: 404, in the same words whether there is no such thing or it is somebody else's."""

    def __init__(self, thing: str) -> None:
        super().__init__(404, f"unknown_{thing}", f"There is no such {thing}.")


class LockedOutError(problems.Problem):
    """429 with Retry-After: `wait` is in seconds."""

    def __init__(self, wait: int) -> None:
        super().__init__(
            429,
            "locked_out",
            f"This terminal asked {MISSES} times in {WINDOW.seconds // 60} minutes for what it may "
            f"know nothing of; it is answered again in {wait} s.",
        )
        self.wait = wait


def one_at_a_time(terminal: Terminal) -> None:
    """Wait until no other call of `terminal` is at work; holds until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('till', %s))", [terminal.pk])


def refuse_if_locked_out(terminal: Terminal) -> None:
    """Raise LockedOutError if `terminal` had MISSES misses within WINDOW."""
    now = timezone.now()
    recent = TillMiss.objects.filter(terminal=terminal, at__gt=now - WINDOW).order_by("-at")
    if at := recent.values_list("at", flat=True)[MISSES - 1 : MISSES].first():
        raise LockedOutError(max(1, math.ceil((at + WINDOW - now).total_seconds())))


def note_miss(terminal: Terminal) -> None:
    TillMiss.objects.create(terminal=terminal)


def purge(now: datetime) -> int:
    """Forget misses older than KEPT; returns how many."""
    return TillMiss.objects.filter(at__lt=now - KEPT).delete()[0]
