"""Whose pages one of the staff may see: a store's staff the households that shop there."""

from typing import Any, Final, TypeVar

from django.db.models import BigIntegerField, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import In

from loyalty.models import Card, Household, HouseholdSummary, ModelRun
from pos_integration import staff

M = TypeVar("M", bound=Model)
NOWHERE: Final = 0
"""The id of no store."""


def published() -> int:
    """The id of the run that counts, 0 for none: asked for itself, so that its index is used."""
    runs = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED)
    return runs.values_list("pk", flat=True).first() or 0


def theirs(rows: QuerySet[M], user: Any, household: str) -> QuerySet[M]:
    """The rows whose household the user may see: all, or those that shop in the user's stores.

    household: the rows' field that has the household's id. Who shops nowhere yet is nobody's, and
    everybody's. Asked of one row after the other, by an index: a page wants a few of millions, and
    an anti-join would read what is believed of every household first.
    """
    stores = staff.stores_of(user)
    if stores is None:
        return rows
    believed = HouseholdSummary.objects.filter(
        run__state=ModelRun.State.PUBLISHED, household=OuterRef(household)
    )
    home = Subquery(believed.values("home_store")[:1], output_field=BigIntegerField())
    return rows.filter(In(Coalesce(home, NOWHERE), [NOWHERE, *stores]))


def households(rows: QuerySet[Household], user: Any) -> QuerySet[Household]:
    """Those of the rows that the user may see."""
    return theirs(rows, user, "pk")


def cards(rows: QuerySet[Card], user: Any) -> QuerySet[Card]:
    """The same of cards."""
    return theirs(rows, user, "household")


def summaries(rows: QuerySet[HouseholdSummary], user: Any) -> QuerySet[HouseholdSummary]:
    """The same of what is believed."""
    stores = staff.stores_of(user)
    if stores is None:
        return rows
    return rows.filter(Q(home_store=None) | Q(home_store__in=stores))
