"""What a shopper wishes on the page of a sheet: noted for the household, as often as one means it.

Whoever holds the sheet speaks for the household, so nothing here shows or erases data: asking for
that is noted, and staff see the card first.
"""

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from coupons.models import Sheet
from coupons.sheets.words import Words
from loyalty import merging, privacy, voice
from loyalty.models import Consent, DataRequest, Household, Preference

SOURCE: Final = "own page"
WISHES: Final = 30  # of one sheet within WINDOW: a leaked link does not fill the database
WINDOW: Final = timedelta(minutes=10)
SAID: Final = ("said", "said_undone", "said_copy", "said_erasure")
_OPINIONS: Final = {
    "more": Preference.Kind.FAVOURITE,
    "never": Preference.Kind.NEVER,
    "undo": None,
}


class TooManyError(Exception):
    """More was wished within WINDOW than anybody means."""


class Wishes(NamedTuple):
    """What a household wished so far, for the page."""

    language: str
    languages: list[tuple[str, str]]
    wants_post: bool
    may_profile: bool
    copy: str  # a sentence where it asked; else ""
    erasure: str


def household_of(sheet: Sheet) -> Household:
    """Whose wishes count: the sheet's household, or the one that it is part of by now."""
    home = sheet.household
    while (merger := merging.into(home)) is not None:
        home = merger.kept
    return home


def heard(home: Household, words: Words) -> Wishes:
    said = voice.heard(home)
    asked = {
        kind: words.page[f"{kind}_open"].format(words.day_of(due))
        for kind, due in DataRequest.objects.filter(household=home, done_at=None).values_list(
            "kind", "due_on"
        )
    }
    return Wishes(
        language=said.language,
        languages=[("", words.page["any_language"]), *settings.LANGUAGES],
        wants_post=Consent.Purpose.POST not in said.objections,
        may_profile=Consent.Purpose.PROFILING not in said.objections,
        copy=asked.get(DataRequest.Kind.COPY, ""),
        erasure=asked.get(DataRequest.Kind.ERASURE, ""),
    )


@transaction.atomic
def note(sheet: Sheet, home: Household, wish: Mapping[str, str]) -> str:
    """Note one wish, as the page's forms send it; returns which of SAID answers it.

    wish: `wish` names it, with `coupon`, its place on the sheet, or `language`. Said twice it
    counts once. Raises ValueError for what no form of ours sends, TooManyError.
    """
    # Of two at once the second hears what the first said: what it leaves alone is not taken back.
    Household.objects.select_for_update().get(pk=home.pk)
    count(f"wishes.{sheet.pk}", WISHES)
    name = wish.get("wish", "")
    match name:
        case "more" | "never" | "undo":
            coupon = (
                sheet.coupons.select_related("offer__category")
                .filter(position=int(wish.get("coupon", "")))
                .first()
            )
            if coupon is None or coupon.offer.category is None:
                raise ValueError("the sheet has no such coupon, or it is of no kind of goods")
            voice.say_of(home, coupon.offer.category, _OPINIONS[name])
            return "said_undone" if name == "undo" else "said"
        case "language":
            voice.say(home, SOURCE, language=wish.get("language", ""))
        case "post_stop" | "post_start" | "profiling_stop" | "profiling_start":
            purpose, _, verb = name.partition("_")
            before = set(voice.heard(home).objections)
            after = before | {purpose} if verb == "stop" else before - {purpose}
            voice.say(home, SOURCE, objections=after)
        case DataRequest.Kind.COPY | DataRequest.Kind.ERASURE:
            privacy.ask(home, name, SOURCE)
            return f"said_{name}"
        case _:
            raise ValueError("no such wish")
    return "said"


def count(what: str, most: int) -> None:
    """Count that something was asked for once more. Raises TooManyError above `most` in WINDOW."""
    key = f"coupons.asked.{what}"
    now = time.time()
    began, many = cache.get(key) or (now, 0)
    if now - began >= WINDOW.total_seconds():
        began, many = now, 0
    if many >= most:
        raise TooManyError
    cache.set(key, (began, many + 1), WINDOW.total_seconds())
