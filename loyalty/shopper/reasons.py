"""A need in words: for the staff's screen and for the shopper's paper.

On paper a rhythm is fine and a diagnosis is not: nothing is said that the shopper would not say of
themselves, and nothing about who they might be.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from loyalty.shopper import phrases

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


def paper_words(
    n: int,
    gap_days: float,
    since_days: int,
    last: date,
    *,
    favourite_weekday: int = -1,
    several: bool = False,
    language: str = "en",
) -> str:
    """Say in a short sentence on paper why a coupon is for an item the household buys or bought.

    n: days bought, >= 1. gap_days: days between them. since_days, last: from the last of them on.
    favourite_weekday: 0 is Monday, -1 is none. several: the coupon is good for more than one item.
    language: a code of phrases.LANGUAGES; English for any other.

    >>> paper_words(9, 19.2, 21, date(2026, 11, 9))
    'You buy this about every 19 days. Last time: 3 weeks ago.'
    >>> paper_words(9, 19.2, 200, date(2026, 5, 14))
    'We have missed you here since May.'
    >>> paper_words(9, 12.4, 3, date(2026, 11, 27), language="de")
    'Das kaufen Sie etwa alle 12 Tage.'
    """
    said = phrases.in_language(language)
    if is_lapsed(gap_days, since_days):
        month = said.months[last.month - 1]
        if since_days >= 300:  # its name alone is the latest such month, so in good time the year
            month = f"{month} {last.year}"
        return (said.had[several] if n < RHYTHM_FROM else said.missed).format(month)
    ago = said.ago(since_days)
    if n < RHYTHM_FROM:
        return (said.tried if n == 1 else said.twice)[several].format(ago)
    if favourite_weekday >= 0:
        words = said.favourite[several].format(said.weekdays[favourite_weekday])
        return words[0].upper() + words[1:]
    words = said.rhythm[several].format(said.how_often(gap_days))
    due_now = rhythm(n, gap_days, since_days).state in (State.TODAY, State.LATE)
    if due_now and since_days >= _LAST_TIME_FROM_DAYS:
        words += f" {said.last_time.format(ago)}"
    return words
