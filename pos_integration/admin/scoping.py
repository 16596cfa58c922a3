"""What of the tills somebody may see: whoever works in stores, those stores' rows alone."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from pos_integration import staff

M = TypeVar("M", bound=Model)


def in_stores(rows: QuerySet[M], request: HttpRequest, store: str) -> QuerySet[M]:
    """Keep the rows of the stores that whoever is signed in may see.

    store: the way from a row to its store, such as `terminal__store`
    """
    stores = staff.stores_of(request.user)
    if stores is None:
        return rows
    # Where a list shows one of them, that one alone: said twice over in two ways, PostgreSQL takes
    # its rows for few and sorts them all.
    one = request.GET.get(f"{store}__id__exact")
    return rows.filter(**{f"{store}__in": [pk for pk in stores if str(pk) == one] or stores})


class OwnStoreFilter(admin.RelatedFieldListFilter):
    """Offers, of all stores, those that whoever is signed in may see."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: Any
    ) -> list[tuple[str, Any]]:
        stores = staff.stores_of(request.user)
        limit = {} if stores is None else {"pk__in": list(stores)}
        choices: list[tuple[str, Any]] = field.get_choices(
            include_blank=False, ordering=("number",), limit_choices_to=limit
        )
        return choices
