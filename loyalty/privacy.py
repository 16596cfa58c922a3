"""Personal data, found in one place: what is held of a household, erased, or kept long enough.

Every app says what it holds in a module named `privacy` of its own: what goes into a copy, how it
is erased, and for how long it is kept. This one asks them all.
"""

import calendar
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext as _

from loyalty import merging, voice
from loyalty.models import Card, Consent, DataRequest, Erasure, Household

Row = Mapping[str, Any]
Words = str | Promise
ON_WISH: Final = "asked for it"
IDLE: Final = "kept long enough"
_IDLE_AT_ONCE: Final = 200


class ErasureError(ValueError):
    """Why a household cannot be erased now, and what to do, in a sentence for staff."""


class Subject(NamedTuple):
    """Whose data is meant: the household, those merged into it, and all their cards."""

    household: Household
    ids: list[int]  # its own first
    cards: list[str]


@dataclass(frozen=True)
class Part:
    """One kind of what is held, as a copy shows it."""

    key: str  # in the machine-readable copy
    title: Words
    purpose: Words
    source: Words
    kept: Words
    rows: Callable[[Subject], Iterator[Row]]
    meanings: Mapping[str, Words]  # of what is no plain word, by the row's key


@dataclass(frozen=True)
class Keeper:
    """What an app holds. `erase` and `retain` return how many rows they changed, by kind."""

    parts: tuple[Part, ...]
    erase: Callable[[Subject], Mapping[str, int]]
    retain: Callable[[date], Mapping[str, int]]


_KEEPERS: dict[str, Keeper] = {}


def register(app: str, keeper: Keeper) -> None:
    """Let `app` be asked from now on; it says so when its module `privacy_held` is imported."""
    _KEEPERS[app] = keeper


def keepers() -> list[Keeper]:
    """All who hold personal data: facts and beliefs first, then promises."""
    autodiscover_modules("privacy_held")
    return [_KEEPERS[app] for app in sorted(_KEEPERS, key=lambda app: (app != "loyalty", app))]


def subject_of(household: Household) -> Subject:
    ids = merging.absorbed(household.pk)
    cards = Card.objects.filter(household__in=ids).order_by("pk")
    return Subject(household, ids, list(cards.values_list("number", flat=True)))


def is_erased(household_id: int) -> bool:
    return Erasure.objects.filter(household_number=household_id).exists()


def ask(household: Household, kind: str, source: str, on: date | None = None) -> DataRequest:
    """Note that the household asked, on a day or today; one that is open already is returned.

    The law gives a month: it is due on the same day of the next month, or the last day of that.
    """
    on = on or timezone.localdate()
    with transaction.atomic():
        Household.objects.select_for_update().get(pk=household.pk)
        request, _is_new = DataRequest.objects.get_or_create(
            household=household,
            kind=kind,
            done_at=None,
            defaults={"source": source, "due_on": month_after(on)},
        )
    return request


def month_after(day: date) -> date:
    year, month = day.year + day.month // 12, day.month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def settle(household: Household, kind: str, by: AbstractBaseUser | None) -> int:
    """Note that what it asked for was done; returns how many requests that were open."""
    return DataRequest.objects.filter(household=household, kind=kind, done_at=None).update(
        done_at=timezone.now(), done_by_id=by.pk if by else None
    )


def object_to(household: Household, purpose: Consent.Purpose, source: str) -> None:
    """Note the household's objection, besides what it objected to before."""
    said = voice.heard(household).objections
    voice.say(household, source, objections={*said, purpose})


def erase(household: Household, by: AbstractBaseUser | None, why: str) -> Erasure:
    """Erase who the household is, with all that were merged into it; returns the proof.

    What it bought and used stays as figures that lead to nobody: receipts without a card, sheets
    of a household without name, address or card. All or nothing; repeated, it changes nothing.
    Raises ErasureError for one that is part of another now, and while a file waits that names one
    of its cards.
    """
    with transaction.atomic():
        held = Household.objects.select_for_update().get(pk=household.pk)
        done = Erasure.objects.filter(household_number=held.pk).first()
        if done is not None:
            return done
        if (merger := merging.into(held)) is not None:
            raise ErasureError(
                _("'%(household)s' is part of '%(kept)s' now: erase that one.")
                % {"household": held, "kept": merger.kept}
            )
        subject = subject_of(held)
        counts: Counter[str] = Counter()
        for keeper in reversed(keepers()):  # promises before whom they were made to
            counts.update(keeper.erase(subject))
        proofs = [
            Erasure.objects.create(
                household_number=pk,
                erased_by_id=by.pk if by else None,
                why=why[:80],
                counts=dict(counts) if pk == held.pk else {},
            )
            for pk in subject.ids
        ]
    return proofs[0]


def retain(today: date) -> Counter[str]:
    """Let go of what was kept long enough; returns how much, by kind. Repeated, it finds none."""
    counts: Counter[str] = Counter()
    for keeper in keepers():
        counts.update(keeper.retain(today))
    days = settings.HOUSEHOLD_IDLE_DAYS
    if days:
        for household in idle(today - timedelta(days=days)):
            with suppress(ErasureError):  # a file waits: on another night
                erase(household, None, IDLE)
                counts["households"] += 1
    return +counts


def idle(since: date) -> list[Household]:
    """Households that joined and last shopped before `since`, some at a time, not erased yet."""
    erased = Erasure.objects.values("household_number")
    rows = Household.objects.filter(
        joined_on__lt=since, summaries__run__state="published", summaries__last_on__lt=since
    )
    return list(
        rows.exclude(pk__in=erased)
        .exclude(merged_into__undone_at=None, merged_into__isnull=False)
        .order_by("pk")[:_IDLE_AT_ONCE]
    )
