"""Two households that are one, and one that is two: mergers, their undoing, and splits.

Cards move, and with the next night their purchases. What was promised to the household that is
gone stays its own, and good: `absorbed` tells whose promises a household may use besides its own.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty import identify
from loyalty.models import (
    Address,
    Card,
    Consent,
    DataRequest,
    Erasure,
    Household,
    Merger,
    Note,
    Preference,
    slot_of,
)

SOURCE: Final = "merger"
CARRIED: Final = ("name", "members", "language")
"""What a household is given of the other's where it has nothing of its own."""
_ADDRESS: Final = ("street", "postcode", "city", "region", "country", "is_deliverable")


class MergeError(ValueError):
    """What was found and what was wanted, in a sentence for staff."""


@transaction.atomic
def merge(kept: Household, gone: Household, by: AbstractBaseUser) -> Merger:
    """Let `kept` have all cards of `gone`, and what was said and noted there; returns the record.

    What `kept` has of its own stays: an address, a name, a language, how many live there, and a
    word on a category. But "never" goes before "favourite", and an objection of either holds for
    both. Raises MergeError, and then nothing was changed.
    """
    kept, gone = _both(kept.pk, gone.pk)
    for home in (kept, gone):
        _refuse_unfit(home)
    now = timezone.now()
    moved = {
        "cards": _move_cards(kept, gone),
        "address": _move_address(kept, gone),
        "fields": _carry_fields(kept, gone),
        **_move_preferences(kept, gone),
        "consents": _object_as(kept, gone, now),
        "notes": _hand_over(Note.objects.filter(household=gone), kept),
        "requests": _hand_over(
            DataRequest.objects.filter(household=gone, done_at=None).exclude(
                kind__in=DataRequest.objects.filter(household=kept, done_at=None).values("kind")
            ),
            kept,
        ),
    }
    merger = Merger.objects.create(kept=kept, gone=gone, merged_by_id=by.pk, moved=moved)
    _log(by, kept, CHANGE, f"Merged: household {gone.pk} is now part of it.")
    _log(by, gone, CHANGE, f"Merged into household {kept.pk}.")
    return merger


@transaction.atomic
def undo(merger: Merger, by: AbstractBaseUser) -> list[str]:
    """Put back what the merger moved, but for what was changed since: a sentence for each of that.

    Raises MergeError for one that is undone, or whose household was merged on.
    """
    kept, gone = _both(merger.kept_id, merger.gone_id)
    merger = Merger.objects.select_for_update().get(pk=merger.pk)
    if merger.undone_at is not None:
        raise MergeError(_("This merger was undone already."))
    onward = Merger.objects.filter(gone=kept, undone_at=None).select_related("kept").first()
    if onward is not None:
        raise MergeError(
            _("'%(kept)s' was itself merged into '%(next)s' since: undo that merger first.")
            % {"kept": kept, "next": onward.kept}
        )
    moved, stays = merger.moved, list[str]()
    for number, since in moved["cards"]:
        card = Card.objects.filter(number=number).first()
        if card is None or card.household_id != kept.pk:
            stays.append(_("Card %(number)s has another household since.") % {"number": number})
        else:
            identify.move_card(number, gone, date.fromisoformat(since) if since else None)
    stays += _address_back(kept, gone, moved["address"])
    stays += _fields_back(kept, moved["fields"])
    stays += _preferences_back(kept, gone, moved)
    stays += _consents_back(kept, moved["consents"])
    Note.objects.filter(pk__in=moved["notes"], household=kept).update(household=gone)
    taken = DataRequest.objects.filter(household=gone, done_at=None).values_list("kind", flat=True)
    requests = DataRequest.objects.filter(pk__in=moved["requests"], household=kept)
    requests.exclude(done_at=None, kind__in=list(taken)).update(household=gone)
    merger.undone_at, merger.undone_by_id = timezone.now(), by.pk
    merger.save(update_fields=["undone_at", "undone_by"])
    _log(by, kept, CHANGE, f"Merger undone: household {gone.pk} stands by itself again.")
    _log(by, gone, CHANGE, f"Merger into household {kept.pk} undone.")
    return stays


@transaction.atomic
def split(
    household: Household, cards: Collection[str], name: str, on: date, by: AbstractBaseUser
) -> Household:
    """Give some of a household's cards (numbers) a new household of that name, and return it.

    What the household objected to holds for the new one, too: nobody asked who spoke. Raises
    MergeError without cards, for all of them, and for cards of others.
    """
    household = Household.objects.select_for_update().get(pk=household.pk)
    _refuse_unfit(household)
    mine = set(household.cards.values_list("number", flat=True))
    wanted = sorted(set(cards))
    if not wanted:
        raise MergeError(_("Choose the cards that the new household has."))
    if strange := [number for number in wanted if number not in mine]:
        raise MergeError(
            _("'%(household)s' has no card %(card)s.")
            % {"household": household, "card": strange[0]}
        )
    if len(wanted) == len(mine):
        raise MergeError(
            _("'%(household)s' keeps one card at least: leave one out.") % {"household": household}
        )
    made = Household.objects.create(name=name.strip(), joined_on=on, slot=slot_of(wanted[0]))
    for number in wanted:
        identify.move_card(number, made, on)
    _object_as(made, household, timezone.now(), source="split")
    _log(by, household, CHANGE, f"Split: {len(wanted)} cards went to household {made.pk}.")
    _log(by, made, ADDITION, f"Split from household {household.pk}.")
    return made


def absorbed(household_id: int) -> list[int]:
    """The household itself, first, and all that were merged into it, at however many steps."""
    return [household_id, *(home for _, home in _gone_into([household_id]) if home != household_id)]


def whose(cards: Collection[str]) -> list[tuple[str, int]]:
    """The households whose promises each of these cards may use: its own, and those merged into
    it. A card that nobody claimed has none.
    """
    with connection.cursor() as cursor:
        cursor.execute(_OF_CARDS, {"cards": list(cards), "roots": None})
        found: list[tuple[str, int]] = cursor.fetchall()
    return found


def into(household: Household) -> Merger | None:
    """The merger by which the household is part of another now, if it is."""
    live = Merger.objects.filter(gone=household, undone_at=None)
    return live.select_related("kept").first()


_RECURSION: Final = """
    WITH RECURSIVE tree (root, home) AS (
        SELECT root, root FROM (
            SELECT unnest(%(roots)s::bigint[]) AS root
            UNION SELECT household_id FROM loyalty_card WHERE number = ANY(%(cards)s)
        ) AS roots WHERE root IS NOT NULL
        UNION
        SELECT tree.root, merger.gone_id FROM tree
        JOIN loyalty_merger AS merger ON merger.kept_id = tree.home AND merger.undone_at IS NULL
    )
"""

_OF_HOMES: Final = f"{_RECURSION} SELECT root, home FROM tree"  # noqa: S608 # our own words
_OF_CARDS: Final = f"""{_RECURSION}
    SELECT card.number, tree.home FROM loyalty_card AS card
    JOIN tree ON tree.root = card.household_id WHERE card.number = ANY(%(cards)s)
"""  # noqa: S608 # our own words


def _gone_into(roots: Sequence[int]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_HOMES, {"roots": list(roots), "cards": []})
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def _both(kept: int, gone: int) -> tuple[Household, Household]:
    """Both, locked, the older first whichever it is: so two mergers never wait for each other."""
    if kept == gone:
        raise MergeError(_("A household cannot be merged with itself: choose another."))
    rows = Household.objects.select_for_update().filter(pk__in=[kept, gone]).order_by("pk")
    found = {home.pk: home for home in rows}
    if len(found) < 2:
        raise MergeError(_("One of the two households is not there any more."))
    return found[kept], found[gone]


def _refuse_unfit(home: Household) -> None:
    if (merger := into(home)) is not None:
        raise MergeError(
            _("'%(household)s' was merged into '%(kept)s' already: go on there.")
            % {"household": home, "kept": merger.kept}
        )
    if Erasure.objects.filter(household_number=home.pk).exists():
        raise MergeError(_("'%(household)s' was erased.") % {"household": home})


def _move_cards(kept: Household, gone: Household) -> list[list[str | None]]:
    cards = list(Card.objects.filter(household=gone).order_by("pk"))
    for card in cards:
        identify.move_card(card.number, kept, card.claimed_on)
    return [
        [card.number, card.claimed_on.isoformat() if card.claimed_on else None] for card in cards
    ]


def _move_address(kept: Household, gone: Household) -> dict[str, Any] | None:
    address = Address.objects.filter(household=gone).first()
    if address is None or Address.objects.filter(household=kept).exists():
        return None
    address.household = kept
    address.save(update_fields=["household"])
    return {"pk": address.pk, **{name: getattr(address, name) for name in _ADDRESS}}


def _address_back(kept: Household, gone: Household, was: dict[str, Any] | None) -> list[str]:
    if was is None:
        return []
    address = Address.objects.filter(pk=was["pk"], household=kept).first()
    is_same = address and all(getattr(address, name) == was[name] for name in _ADDRESS)
    if address is None or not is_same or Address.objects.filter(household=gone).exists():
        return [_("The address was changed since: it stays as it is.")]
    address.household = gone
    address.save(update_fields=["household"])
    return []


def _carry_fields(kept: Household, gone: Household) -> dict[str, Any]:
    carried = {
        name: getattr(gone, name)
        for name in CARRIED
        if getattr(kept, name) in (None, "") and getattr(gone, name) not in (None, "")
    }
    if carried:
        Household.objects.filter(pk=kept.pk).update(**carried)
    return carried


def _fields_back(kept: Household, carried: dict[str, Any]) -> list[str]:
    stays = []
    for name, value in carried.items():
        if getattr(kept, name) == value:
            empty = None if Household._meta.get_field(name).null else ""
            Household.objects.filter(pk=kept.pk).update(**{name: empty})
        else:
            stays.append(_("'%(field)s' was changed since: it stays as it is.") % {"field": name})
    return stays


def _move_preferences(kept: Household, gone: Household) -> dict[str, Any]:
    """Where both spoke of a category, "never" counts."""
    mine = {said.category_id: said for said in Preference.objects.filter(household=kept)}
    moved, turned = [], []
    for said in Preference.objects.filter(household=gone).order_by("pk"):
        own = mine.get(said.category_id)
        if own is None:
            moved.append([said.pk, said.kind])
            Preference.objects.filter(pk=said.pk).update(household=kept)
        elif own.kind != said.kind and said.kind == Preference.Kind.NEVER:
            turned.append([own.pk, own.kind])
            Preference.objects.filter(pk=own.pk).update(kind=said.kind)
    return {"preferences": moved, "turned": turned}


def _preferences_back(kept: Household, gone: Household, moved: dict[str, Any]) -> list[str]:
    stays = []
    theirs = set(Preference.objects.filter(household=gone).values_list("category_id", flat=True))
    there = Preference.objects.select_related("category").filter(household=kept)
    for pk, kind in moved["preferences"]:
        said = there.filter(pk=pk).first()
        if said is None or said.kind != kind or said.category_id in theirs:
            what = said.category if said else _("A wish")
            stays.append(_("%(wish)s was spoken of since: it stays as it is.") % {"wish": what})
        else:
            Preference.objects.filter(pk=pk).update(household=gone)
    for pk, kind in moved["turned"]:
        if not there.filter(pk=pk, kind=Preference.Kind.NEVER).update(kind=kind):
            stays.append(_("A wish was spoken of since: it stays as it is."))
    return stays


def _objections(home: Household) -> set[str]:
    """The purposes that its latest word is against."""
    said = Consent.objects.filter(household=home).order_by("purpose", "-said_at", "-pk")
    latest = said.distinct("purpose").values_list("purpose", "is_granted")
    return {purpose for purpose, is_granted in latest if not is_granted}


def _object_as(home: Household, other: Household, now: Any, *, source: str = SOURCE) -> list[int]:
    """Note for `home` what only the other objected to; ids of what was noted."""
    made = [
        Consent.objects.create(
            household=home, purpose=purpose, is_granted=False, said_at=now, source=source
        )
        for purpose in sorted(_objections(other) - _objections(home))
    ]
    return [said.pk for said in made]


def _consents_back(kept: Household, noted: Sequence[int]) -> list[str]:
    """Take back what the merger noted, where nothing was said after it."""
    stays = []
    for said in Consent.objects.filter(pk__in=noted, household=kept):
        later = Consent.objects.filter(household=kept, purpose=said.purpose, pk__gt=said.pk)
        if later.exists():
            what = said.get_purpose_display()
            stays.append(_("'%(purpose)s' was spoken of since.") % {"purpose": what})
        else:
            said.delete()
    return stays


def _hand_over(rows: Any, to: Household) -> list[int]:
    ids = sorted(rows.values_list("pk", flat=True))
    rows.model.objects.filter(pk__in=ids).update(household=to)
    return ids


def _log(by: AbstractBaseUser, home: Household, what: int, words: str) -> None:
    """Keep who did it, where the desk shows a row's history."""
    rows = Household.objects.filter(pk=home.pk)
    LogEntry.objects.log_actions(by.pk, rows, what, words, single_object=True)
