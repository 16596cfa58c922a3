"""What the figures of the first page mean: compared, judged, put into an order. PURE."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from math import floor

OPENS, CLOSES = 8, 20
"""A store is taken to sell between these hours; nobody misses a till at night."""
WATCHED_DAYS = 7
MISSED = timedelta(hours=36)
"""A night longer ago than this was not last night's, however long it took."""
LATE_HOURS, SILENT_HOURS = 2.0, 4.0
"""Hours of selling after which a till that calls often is late, and silent."""
LATE_GAPS, SILENT_GAPS = 1.5, 3.0
"""The same in its own usual gaps, for tills that hand in once a day."""
MISSED_BASKETS = 20
"""A store that sold so many a week ago, and none now, is not simply quiet."""


class Heard(StrEnum):
    """Whether a store's tills were heard of as usual."""

    FINE = "fine"
    LATE = "late"
    SILENT = "silent"
    NOT_YET = "not_yet"


@dataclass(frozen=True)
class Till:
    """A till that may hand in, and when it last did."""

    number: int
    last_at: datetime | None
    uploads: int = 0  # in WATCHED_DAYS
    today: int = 0  # uploads since midnight


@dataclass(frozen=True)
class Shop:
    """A store as its tills tell of it."""

    pk: int
    name: str
    tills: list[Till] = field(default_factory=list)
    baskets: int = 0  # on the last business day
    baskets_before: int = 0  # on the same weekday a week earlier
    is_collected: bool = False  # a collector hands in for it

    @property
    def last_at(self) -> datetime | None:
        return max((till.last_at for till in self.tills if till.last_at), default=None)

    @property
    def uploads_today(self) -> int:
        """By its tills, or, where one collects, by whoever hands in for all."""
        return sum(till.today for till in self.tills)


@dataclass(frozen=True)
class Judged:
    """What to think of a shop."""

    shop: Shop
    heard: Heard
    silent_tills: tuple[int, ...] = ()


def selling_hours(begin: datetime, end: datetime) -> float:
    """Hours between two moments of one time zone in which stores sell. 0 if `end` is earlier."""
    if end <= begin:
        return 0.0
    days = (end.date() - begin.date()).days

    def of_day(moment: datetime) -> float:
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        return min(max(hour, OPENS), CLOSES) - OPENS

    return days * (CLOSES - OPENS) + of_day(end) - of_day(begin)


def heard_of(till: Till, now: datetime) -> Heard:
    """Judge a till by how long it has not called, in hours of selling, and how often it does."""
    if till.last_at is None:
        return Heard.NOT_YET
    quiet = selling_hours(till.last_at, now)
    week = selling_hours(now - timedelta(days=WATCHED_DAYS), now)
    usual = week / till.uploads if till.uploads else 0.0
    if quiet <= max(LATE_HOURS, LATE_GAPS * usual):
        return Heard.FINE
    return Heard.LATE if quiet <= max(SILENT_HOURS, SILENT_GAPS * usual) else Heard.SILENT


_WORST_FIRST = (Heard.SILENT, Heard.LATE, Heard.NOT_YET, Heard.FINE)


def judge(shops: Iterable[Shop], now: datetime) -> list[Judged]:
    """Judge every shop, the worst first, then who sold most.

    A shop is as well as its best till; tills that are silent in a shop that is not are named.
    """
    told = []
    for shop in shops:
        of_tills = {till.number: heard_of(till, now) for till in shop.tills}
        heard = min(of_tills.values(), key=_best_first, default=Heard.NOT_YET)
        silent: tuple[int, ...] = ()
        if heard in (Heard.FINE, Heard.LATE):
            silent = tuple(number for number, one in of_tills.items() if one == Heard.SILENT)
        if heard == Heard.FINE and not shop.baskets and shop.baskets_before >= MISSED_BASKETS:
            heard = Heard.LATE
        told.append(Judged(shop, heard, silent))
    told.sort(
        key=lambda one: (
            _WORST_FIRST.index(one.heard),
            not one.silent_tills,
            -one.shop.baskets,
            one.shop.name,
        )
    )
    return told


def silent_count(judged: Iterable[Judged]) -> int:
    """How many tills are silent, those of silent shops included."""
    return sum(
        len(one.silent_tills) if one.heard != Heard.SILENT else len(one.shop.tills)
        for one in judged
    )


def nights_missed(published_at: datetime | None, now: datetime) -> bool:
    """Whether a night is overdue: the last one that was published is longer ago than MISSED."""
    return published_at is not None and now - published_at > MISSED


def change(now: int, before: int | None) -> int | None:
    """By how many percent `now` is above `before`; None where there is nothing to compare."""
    if not before:
        return None
    return floor(100 * (now - before) / before + 0.5)


def burnt(spent: Decimal, budget: Decimal | None) -> float | None:
    """What part of a budget is gone, 1 where all is or more; None without one."""
    if not budget:
        return None
    return min(float(spent / budget), 1.0)


def next_step(state: str, *, may_measure: bool) -> str:
    """What somebody has to do next with a mailing: an empty word where nothing is.

    state: as Mailing.State has it; may_measure: it is over, and was not measured since
    """
    steps = {"draft": "select", "selected": "review", "issued": "print", "printed": "post"}
    return "measure" if may_measure else steps.get(state, "")


def _best_first(heard: Heard) -> int:
    return (Heard.FINE, Heard.LATE, Heard.SILENT, Heard.NOT_YET).index(heard)
