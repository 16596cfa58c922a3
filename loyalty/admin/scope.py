"""Whose pages one of the staff may see: a store's staff the households that shop there."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from loyalty.models import Card, Household, HouseholdSummary, ModelRun
from pos_integration import staff


def published() -> int:
    """The id of the run that counts, 0 for none: asked for itself, so that its index is used."""
    runs = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED)
    return runs.values_list("pk", flat=True).first() or 0


def elsewhere(user: Any, household: str) -> Exists | None:
    """Whether a row's household shops at other stores than the user's; None: he may see all.

    household: the row's field that has the household's id. Who shops nowhere yet is nobody's, and
    everybody's.
    """
    stores = staff.stores_of(user)
    if stores is None:
        return None
    theirs = HouseholdSummary.objects.filter(
        run__state=ModelRun.State.PUBLISHED, household=OuterRef(household)
    )
    return Exists(theirs.exclude(home_store=None).exclude(home_store__in=stores))


def households(rows: QuerySet[Household], user: Any) -> QuerySet[Household]:
    """Those of the rows that the user may see."""
    away = elsewhere(user, "pk")
    return rows if away is None else rows.filter(~away)


def cards(rows: QuerySet[Card], user: Any) -> QuerySet[Card]:
    """The same of cards."""
    away = elsewhere(user, "household")
    return rows if away is None else rows.filter(~away)


def summaries(rows: QuerySet[HouseholdSummary], user: Any) -> QuerySet[HouseholdSummary]:
    """The same of what is believed."""
    stores = staff.stores_of(user)
    if stores is None:
        return rows
    return rows.filter(Q(home_store=None) | Q(home_store__in=stores))
