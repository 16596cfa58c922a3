"""A need in words: for the staff's screen and for the shopper's paper.

On paper a rhythm is fine and a diagnosis is not: nothing is said that the shopper would not say of
themselves, and nothing about who they might be.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

LAPSED_DAYS = 60
LAPSED_GAPS = 3.0
RHYTHM_FROM = 3
"""Days bought before one speaks of a rhythm."""

_LAST_TIME_FROM_DAYS = 14
_TODAY_SHARE = 0.15


class State(StrEnum):
    """Where a household stands with an item."""

    UNKNOWN = "unknown"  # bought too seldom to tell
    AHEAD = "ahead"  # due in some days
    TODAY = "today"  # due about now
    LATE = "late"  # some days overdue
    LAPSED = "lapsed"  # given up, as it seems


class Rhythm(NamedTuple):
    """What is due: for AHEAD in `days` days, for LATE `days` days ago, otherwise 0."""

    state: State
    days: int = 0


def is_lapsed(gap_days: float, since_days: int) -> bool:
    """Say whether an item bought every `gap_days` was given up, not bought for `since_days`."""
    return since_days > max(LAPSED_DAYS, LAPSED_GAPS * gap_days)


def rhythm(n: int, gap_days: float, since_days: int) -> Rhythm:
    """Tell what is due of an item bought on `n` days, `gap_days` apart, `since_days` ago last.

    >>> rhythm(9, 19.0, 15)
    Rhythm(state=<State.AHEAD: 'ahead'>, days=4)
    """
    if is_lapsed(gap_days, since_days):
        return Rhythm(State.LAPSED)
    if n < RHYTHM_FROM:
        return Rhythm(State.UNKNOWN)
    ahead = round(gap_days) - since_days
    if ahead > 0:
        return Rhythm(State.AHEAD, ahead)
    if -ahead <= _TODAY_SHARE * gap_days:
        return Rhythm(State.TODAY)
    return Rhythm(State.LATE, -ahead)


def due_words(rhythm: Rhythm, last: date) -> str:
    """Say what is due in two or three words for staff; `last` is when it was last bought."""
    match rhythm.state:
        case State.AHEAD:
            return f"in {_count(rhythm.days, 'day')}"
        case State.TODAY:
            return "today"
        case State.LATE:
            return f"{_count(rhythm.days, 'day')} late"
        case State.LAPSED:
            return f"lapsed in {MONTHS[last.month - 1]}"
        case State.UNKNOWN:
            return "not known"


def cadence_words(n: int, gap_days: float, since_days: int, *, favourite_weekday: int = -1) -> str:
    """Say how often for staff: "every 19 days", "Saturdays", "was every 21 days", "once"."""
    if n < RHYTHM_FROM:
        return "once" if n == 1 else "twice"
    if is_lapsed(gap_days, since_days):
        return f"was {_every(gap_days)}"
    if favourite_weekday >= 0:
        return f"{WEEKDAYS[favourite_weekday]}s"
    return _every(gap_days)


def paper_words(
    n: int,
    gap_days: float,
    since_days: int,
    last: date,
    *,
    favourite_weekday: int = -1,
    several: bool = False,
) -> str:
    """Say in a short sentence on paper why a coupon is for an item the household buys or bought.

    n: days bought, >= 1. gap_days: days between them. since_days, last: from the last of them on.
    favourite_weekday: 0 is Monday, -1 is none. several: the coupon is good for more than one item.

    >>> paper_words(9, 19.2, 21, date(2026, 11, 9))
    'You buy this about every 19 days. Last time: 3 weeks ago.'
    >>> paper_words(9, 19.2, 200, date(2026, 5, 14))
    'We have missed you here since May.'
    """
    this = "one of these" if several else "this"
    if is_lapsed(gap_days, since_days):
        month = _month(last, since_days)
        if n < RHYTHM_FROM:
            return f"You had {this} last in {month}."
        return f"We have missed you here since {month}."
    if n == 1:
        return f"You tried {this} {_ago(since_days)}."
    if n < RHYTHM_FROM:
        return f"You have picked {this} twice, last time {_ago(since_days)}."
    if favourite_weekday >= 0:
        day = WEEKDAYS[favourite_weekday]
        return f"Among your {day} favourites." if several else f"A {day} favourite of yours."
    words = f"You buy {this} {_about(gap_days)}."
    due_now = rhythm(n, gap_days, since_days).state in (State.TODAY, State.LATE)
    if due_now and since_days >= _LAST_TIME_FROM_DAYS:
        words += f" Last time: {_ago(since_days)}."
    return words


def _every(gap_days: float) -> str:
    days = max(round(gap_days), 1)
    return "every day" if days == 1 else f"every {days} days"


def _about(gap_days: float) -> str:
    days = max(round(gap_days), 1)
    if days == 1:
        return "almost every day"
    if days < 45:
        return f"about every {days} days"
    return f"about every {round(days / 7)} weeks" if days < 75 else _months(days)


def _months(days: int) -> str:
    return f"about every {max(round(days / 30.4), 2)} months"


def _ago(days: int) -> str:
    if days <= 1:
        return "yesterday" if days == 1 else "today"
    if days < 14:
        return f"{days} days ago"
    if days < 60:
        return f"{_count(round(days / 7), 'week')} ago"
    return f"{_count(round(days / 30.4), 'month')} ago"


def _month(last: date, since_days: int) -> str:
    # A month's name alone means the latest such month, so a year is named in good time.
    name = MONTHS[last.month - 1]
    return name if since_days < 300 else f"{name} {last.year}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
