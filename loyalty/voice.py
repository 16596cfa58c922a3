"""What shoppers say of themselves: what they like, what they never want, what they object to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from loyalty.models import Consent, Household, Preference
from pos_integration.models import Category

BELOW = " > "
OBJECTED_TO = (Consent.Purpose.POST, Consent.Purpose.PROFILING)
"""What goes on until somebody objects. Any other purpose waits for a yes, so who takes back an
objection has not said one, and a no to it objects to nothing.
"""


@dataclass(frozen=True)
class Voice:
    """What a household said last.

    favourites, nevers: categories by name; a name that two departments have comes with its
        department, "Grocery > Milk". In order of the alphabet.
    objections: what it objects to, of OBJECTED_TO. Silence is no objection.
    language: that it wants to be written to in, of settings.LANGUAGES; "" if it did not say.
    """

    favourites: Sequence[str]
    nevers: Sequence[str]
    objections: Sequence[str]
    language: str


class UnknownCategoryError(ValueError):
    """A text that names no category, or more than one; the message says which."""


class UnknownLanguageError(ValueError):
    """A language that nothing is written in; the message says which there are."""


def heard(household: Household) -> Voice:
    """Return what `household` said last."""
    kinds = {
        category: Preference.Kind(kind)
        for category, kind in _preferences(household).values_list("category", "kind")
    }
    names = _names(kinds)
    return Voice(
        favourites=sorted(names[pk] for pk in kinds if kinds[pk] == Preference.Kind.FAVOURITE),
        nevers=sorted(names[pk] for pk in kinds if kinds[pk] == Preference.Kind.NEVER),
        objections=_objections(household),
        language=Household.objects.values_list("language", flat=True).get(pk=household.pk),
    )


@transaction.atomic
def say(
    household: Household,
    source: str,
    *,
    favourites: Collection[str] | None = None,
    nevers: Collection[str] | None = None,
    objections: Collection[str] | None = None,
    language: str | None = None,
) -> Voice:
    """Put what was said now in place of what was said before, and return all that holds.

    None leaves as it is what was not spoken of. A category that was liked and is now never
    wanted, or the reverse, changes sides; ValueError if it is in both lists. Consents are only
    added to, one for each purpose of OBJECTED_TO whose answer changed, said by `source`.
    language: "" if it does not mind any more.
    Raises UnknownCategoryError, UnknownLanguageError, ValueError; then nothing was changed.
    """
    known = [code for code, _ in settings.LANGUAGES]
    if language and language not in known:
        raise UnknownLanguageError(
            f"Nothing is written in '{language}' here; wanted: {' or '.join(known)}."
        )
    # Two tills of one household at once: the second speaks last, and of all.
    Household.objects.select_for_update().get(pk=household.pk)
    wanted = {
        kind: _categories(texts)
        for kind, texts in (
            (Preference.Kind.FAVOURITE, favourites),
            (Preference.Kind.NEVER, nevers),
        )
        if texts is not None
    }
    if len(wanted) == 2 and (both := set.intersection(*wanted.values())):
        name = _names(both)[min(both)]
        raise ValueError(f"'{name}' is a favourite and never wanted at once.")
    mine = _preferences(household)
    for kind, categories in wanted.items():
        mine.filter(kind=kind).exclude(category__in=categories).delete()
        mine.exclude(kind=kind).filter(category__in=categories).delete()
    Preference.objects.bulk_create(
        [
            Preference(household=household, category_id=category, kind=kind)
            for kind, categories in wanted.items()
            for category in sorted(categories)
        ],
        ignore_conflicts=True,  # said before, and still so
    )
    if objections is not None:
        now = timezone.now()
        Consent.objects.bulk_create(
            Consent(
                household=household,
                purpose=purpose,
                is_granted=purpose not in objections,
                said_at=now,
                source=source,
            )
            for purpose in sorted(set(_objections(household)).symmetric_difference(objections))
        )
    if language is not None:
        Household.objects.filter(pk=household.pk).update(language=language)
        household.language = language
    return heard(household)


@transaction.atomic
def say_of(household: Household, category: Category, kind: Preference.Kind | None) -> None:
    """Put one word on one category in place of what was said of it; None takes it back."""
    Household.objects.select_for_update().get(pk=household.pk)
    said = Preference.objects.filter(household=household, category=category)
    if kind is None:
        said.delete()
    elif not said.update(kind=kind):
        Preference.objects.create(household=household, category=category, kind=kind)


def words_on(household: Household, categories: Collection[int]) -> dict[int, str]:
    """What the household said of these categories, by their ids."""
    said = Preference.objects.filter(household=household, category__in=categories)
    return dict(said.values_list("category_id", "kind"))


def _preferences(household: Household) -> QuerySet[Preference]:
    """What was said of categories: offers belong to these. Of a department or a type only staff
    take note, and it stays as it is.
    """
    return Preference.objects.filter(household=household, category__level=Category.Level.CATEGORY)


def latest(purpose: Consent.Purpose, *, is_granted: bool) -> QuerySet[Consent]:
    """Return each household's latest word on `purpose`, where it is this one: yes or no."""
    same = Consent.objects.filter(household=OuterRef("household"), purpose=purpose)
    later = same.filter(
        Q(said_at__gt=OuterRef("said_at")) | Q(said_at=OuterRef("said_at"), pk__gt=OuterRef("pk"))
    )
    said = Consent.objects.filter(purpose=purpose, is_granted=is_granted)
    return said.filter(~Exists(later)).order_by()


def _objections(household: Household) -> list[str]:
    """Return the purposes that the household's latest word is against."""
    latest_words = (
        Consent.objects.filter(household=household, purpose__in=OBJECTED_TO)
        .order_by("purpose", "-said_at", "-pk")
        .distinct("purpose")
        .values_list("purpose", "is_granted")
    )
    return [purpose for purpose, is_granted in latest_words if not is_granted]


def _names(categories: Collection[int]) -> dict[int, str]:
    """Return what these categories are called, so that `_categories` finds them again."""
    rows = {
        pk: (name, department)
        for pk, name, department in Category.objects.filter(pk__in=categories).values_list(
            "pk", "name", "parent__name"
        )
    }
    bearers: dict[str, int] = {}
    for name in Category.objects.filter(
        level=Category.Level.CATEGORY, name__in={name for name, _ in rows.values()}
    ).values_list("name", flat=True):
        bearers[name] = bearers.get(name, 0) + 1
    return {
        pk: name
        if bearers.get(name, 0) == 1 or department is None
        else BELOW.join((department, name))
        for pk, (name, department) in rows.items()
    }


def _categories(texts: Collection[str]) -> set[int]:
    """Return the categories that `texts` name. Raises UnknownCategoryError."""
    wanted = {text: text.strip() for text in texts}
    last = {text.rpartition(BELOW)[2] for text in wanted.values()} | set(wanted.values())
    found: dict[str, list[int]] = {}
    for pk, name, department in Category.objects.filter(
        level=Category.Level.CATEGORY, name__in=last
    ).values_list("pk", "name", "parent__name"):
        for text in (name, BELOW.join((department, name))):
            found.setdefault(text, []).append(pk)
    chosen = set()
    for text in wanted.values():
        match found.get(text, []):
            case [one]:
                chosen.add(one)
            case []:
                raise UnknownCategoryError(f"There is no category '{text[:80]}'.")
            case _:
                raise UnknownCategoryError(
                    f"Several departments have a category '{text[:60]}': write it with its "
                    f"department, 'Department{BELOW}{text[:60]}'."
                )
    return chosen
