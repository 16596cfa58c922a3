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
    return rows if stores is None else rows.filter(**{f"{store}__in": list(stores)})


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
