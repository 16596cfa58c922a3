"""Stores, with their tills, what else they are called and what their scales print."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration.admin.catalogue_files import ByFile
from pos_integration.admin.labels import ScaleLabelRows, StoreAliasRows
from pos_integration.admin.scoping import in_stores
from pos_integration.admin.seen import newest_by_store, seen_pill
from pos_integration.desk import ReadOnlyRows, TabularInline, Tool, link
from pos_integration.models import Store, Terminal


class TerminalRows(ReadOnlyRows, TabularInline[Terminal, Store]):
    model = Terminal
    fields = ("till", "is_collector", "last_seen", "revoked_at")
    readonly_fields = ("till", "last_seen")
    ordering = ("number",)

    @admin.display(description=gettext_lazy("Till"))
    def till(self, terminal: Terminal) -> SafeString:
        url = reverse("admin:pos_integration_terminal_change", args=[terminal.pk])
        return link(url, _("Till %(number)s") % {"number": terminal.number})

    @admin.display(description=gettext_lazy("Last seen"))
    def last_seen(self, terminal: Terminal) -> SafeString:
        return seen_pill(terminal, timezone.now())

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        return newest_by_store(super().get_queryset(request).select_related("store"))


@admin.register(Store)
class StoreAdmin(ByFile[Store]):
    file_kind = "stores"
    list_display = ("number", "name", "currency", "time_zone")
    search_fields = ("number", "name")
    ordering = ("number",)
    inlines = (TerminalRows, StoreAliasRows, ScaleLabelRows)
    empty_hint = gettext_lazy("No store yet. Add one; its tills are added on its page.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Store]:
        return in_stores(super().get_queryset(request), request, "pk")

    def row_tools(self, request: HttpRequest, row: Store) -> list[Tool]:
        url = reverse("admin:pos_integration_terminal_missing")
        return [Tool(_("Missing receipts"), f"{url}?store={row.pk}")]
