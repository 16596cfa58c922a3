"""What staff changed, of everything: a list by person, kind of thing and day."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate, localtime, make_aware
from django.utils.translation import gettext_lazy as _

from pos_integration import changes, changes_told, histories, staff
from pos_integration.desk import ReadOnlyAdmin, link, pill
from pos_integration.long_lists import LongChangeList, LongList
from pos_integration.models import Change

_MOST_PEOPLE: Final = 60
_DAYS: Final = 7


class PersonFilter(admin.SimpleListFilter):
    title = _("person")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if staff.stores_of(request.user) is not None:
            return []  # their own is all they see
        people = get_user_model().objects.filter(is_staff=True).order_by("username")
        return [(str(one.pk), one.get_username()) for one in people[:_MOST_PEOPLE]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        chosen = self.value()
        return queryset.filter(by_id=int(chosen)) if (chosen or "").isdecimal() else queryset  # type: ignore[arg-type] # digits


class ThingFilter(admin.SimpleListFilter):
    title = _("kind of thing")
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        tables = changes.told_on()
        if not request.user.has_perm("auth.view_user"):
            tables -= changes.SECURITY
        named = [(table, changes_told.kind_of(table)) for table in tables]
        return sorted(named, key=lambda one: one[1].casefold())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        """What is told on the pages of that kind of thing, as its own or as a part of it."""
        chosen = self.value()
        return queryset.filter(about_table=chosen) if chosen else queryset


class DayFilter(admin.SimpleListFilter):
    """One of the last days; an address may name any other."""

    title = _("day")
    parameter_name = "day"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        today = localdate()
        days = [today - timedelta(days=back) for back in range(_DAYS)]
        return [(day.isoformat(), date_format(day, "DATE_FORMAT")) for day in days]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        try:
            day = date.fromisoformat(self.value() or "")
        except ValueError:
            return queryset
        begins = make_aware(datetime.combine(day, time.min))
        return queryset.filter(at__gte=begins, at__lt=begins + timedelta(days=1))


class ToldList(LongChangeList):
    """Puts a page's changes into words together: names are looked up once for all."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        for row, told in zip(rows, changes_told.tell(rows, request.user), strict=True):
            row.told = told
        self.result_list = rows


@admin.register(Change)
class ChangeAdmin(LongList[Change], ReadOnlyAdmin[Change]):
    list_title = _("What staff changed")
    list_display = ("when", "by_name", "what", "thing", "differs")
    list_display_links = None
    list_filter = (DayFilter, PersonFilter, ThingFilter)
    empty_hint = _(
        "Nothing was changed at the desk so far. What staff change is told here: who, when, "
        "before and after."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        return histories.visible(request.user).order_by("-pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ToldList

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A change has no page of its own: to where the row it is about tells it."""
        change = self.get_object(request, object_id)
        url = changes_told.tell([change], request.user)[0].url if change is not None else ""
        return HttpResponseRedirect(url or reverse("admin:pos_integration_change_changelist"))

    @admin.display(description=_("when"))
    def when(self, change: Change) -> str:
        return date_format(localtime(change.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("what"))
    def what(self, change: Change) -> SafeString:
        told = _told(change)
        return pill(told.what, told.tone)

    @admin.display(description=_("of"))
    def thing(self, change: Change) -> SafeString:
        told = _told(change)
        return format_html(
            "{} {}", told.kind, link(told.url, told.thing) if told.url else told.thing
        )

    @admin.display(description=_("before and after"))
    def differs(self, change: Change) -> str:
        return render_to_string("admin/change_fields.html", {"fields": _told(change).fields})


def _told(change: Change) -> changes_told.Told:
    told: changes_told.Told = change.told  # type: ignore[attr-defined] # put there by ToldList
    return told
