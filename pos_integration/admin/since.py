"""A filter of long lists by how long ago, which no list has to be read for to offer it."""

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import DateTimeField, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext


class SinceFilter(admin.SimpleListFilter):
    """The rows of the last days. A month to choose from would be looked for in every row."""

    title = gettext_lazy("when")
    parameter_name = "days"
    field: ClassVar[str]
    choices_days = (1, 7, 30, 90)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            (
                str(days),
                _("Today")
                if days == 1
                else ngettext("Last %(n)s day", "Last %(n)s days", days) % {"n": days},
            )
            for days in self.choices_days
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value not in {str(days) for days in self.choices_days}:
            return queryset
        first: date = timezone.localdate() - timedelta(days=int(value) - 1)
        if isinstance(queryset.model._meta.get_field(self.field), DateTimeField):
            first = timezone.make_aware(datetime.combine(first, time.min))
        return queryset.filter(**{f"{self.field}__gte": first})


def since(name: str) -> type[SinceFilter]:
    """The filter on a day, or on a moment, of a model."""
    return type("SinceFilter", (SinceFilter,), {"field": name})
