"""Guessing: who asks for what it may know nothing of too often is not answered for a while.

The misses are rows, so that all processes on all machines count the same ones. `answers.answer`
counts them before it looks, and lets one terminal's calls follow each other, however many come at
once: what was counted is still true at the look.
"""

import math
from datetime import datetime, timedelta

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
    """429 with Retry-After: MISSES ago, of those within WINDOW of `now`, was the miss at `at`."""

    def __init__(self, at: datetime, now: datetime) -> None:
        self.wait = max(1, math.ceil((at + WINDOW - now).total_seconds()))
        super().__init__(
            429,
            "locked_out",
            f"This terminal asked {MISSES} times in {WINDOW.seconds // 60} minutes for what it may "
            f"know nothing of; it is answered again in {self.wait} s.",
        )


def note_miss(terminal: Terminal) -> None:
    TillMiss.objects.create(terminal=terminal)


def purge(now: datetime) -> int:
    """Forget misses older than KEPT; returns how many."""
    return TillMiss.objects.filter(at__lt=now - KEPT).delete()[0]
