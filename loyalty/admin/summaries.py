"""The desk for what is believed of every household: a list to filter, and a page for each."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.admin import panels, scope, words
from loyalty.admin.households import called, known_by
from loyalty.models import HouseholdSummary
from loyalty.shopper.value import TIERS
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, money, percent, pill
from pos_integration.long_lists import LongList

Summaries = QuerySet[HouseholdSummary]
# Of the list only: the page of one summary draws them.
NOT_LISTED = ("weekly_spend_cents", "weekly_trips", "categories", "wallets", "run__fitted")


class TierFilter(admin.SimpleListFilter):
    title = gettext_lazy("tier")
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tier, words.tier_name(tier)) for tier in TIERS]

    def queryset(self, request: HttpRequest, queryset: Summaries) -> Summaries:
        return queryset.filter(tier=self.value()) if self.value() else queryset


class SharedFilter(admin.SimpleListFilter):
    title = gettext_lazy("card")
    parameter_name = "shared"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("One household's")), ("yes", _("Seems to be shared"))]

    def queryset(self, request: HttpRequest, queryset: Summaries) -> Summaries:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(is_shared=self.value() == "yes")


class TripsFilter(admin.SimpleListFilter):
    title = gettext_lazy("trips known")
    parameter_name = "trips"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        most = words.FEW_TRIPS - 1
        return [
            ("few", (_("1 to %(most)s trips") % {"most": most})),
            ("more", (_("%(said)s trips or more") % {"said": most + 1})),
        ]

    def queryset(self, request: HttpRequest, queryset: Summaries) -> Summaries:
        if self.value() == "few":
            return queryset.filter(frequency__lt=words.FEW_TRIPS)
        if self.value() == "more":
            return queryset.filter(frequency__gte=words.FEW_TRIPS)
        return queryset


@admin.register(HouseholdSummary)
class HouseholdSummaryAdmin(LongList[HouseholdSummary], ReadOnlyAdmin[HouseholdSummary]):
    list_title = gettext_lazy("What is believed")
    list_display = (
        "household",
        "tier_pill",
        "spent",
        "year",
        "lifetime",
        "share_of_wallet",
        "trips",
        "last_trip",
        "card_pill",
    )
    list_select_related = ("household", "run")
    list_filter = (TierFilter, SharedFilter, TripsFilter)
    search_fields = ("household__name",)
    search_help_text = gettext_lazy("A whole card number, a postcode, or part of a name")
    empty_hint = gettext_lazy("Nothing is believed yet. Start a night under 'Nights'.")
    fields = (("household", "run"),)

    class Media:
        css = {"all": ("loyalty/beliefs.css",)}

    def get_queryset(self, request: HttpRequest) -> Summaries:
        # The run itself, not a join with it: so the newest rows are read in order of their index.
        rows = super().get_queryset(request).filter(run=scope.published())
        rows = scope.summaries(rows, request.user)
        match = request.resolver_match
        if match is not None and match.url_name == "loyalty_householdsummary_changelist":
            return rows.defer(*NOT_LISTED)
        return rows.select_related("household", "run", "home_store").defer("run__fitted")

    def get_search_results(
        self, request: HttpRequest, queryset: Summaries, search_term: str
    ) -> tuple[Summaries, bool]:
        ids = known_by(term) if (term := search_term.strip()) else None
        if ids is not None:
            return queryset.filter(household__in=ids), False
        return called(queryset, term, "household__name"), False

    @admin.display(description=gettext_lazy("Tier"))
    def tier_pill(self, summary: HouseholdSummary) -> str | SafeString:
        return NOTHING if summary.is_shared else words.tier_pill(summary.tier)

    @admin.display(description=gettext_lazy("In 52 weeks"))
    def spent(self, summary: HouseholdSummary) -> str:
        return money(summary.monetary)

    @admin.display(description=gettext_lazy("Year ahead"))
    def year(self, summary: HouseholdSummary) -> str:
        return NOTHING if summary.is_shared else words.about(summary.year_value)

    @admin.display(description=gettext_lazy("Three years"))
    def lifetime(self, summary: HouseholdSummary) -> str:
        return words.about(summary.lifetime_value)

    @admin.display(description=gettext_lazy("Our share"))
    def share_of_wallet(self, summary: HouseholdSummary) -> str:
        return NOTHING if summary.wallet_share is None else percent(summary.wallet_share)

    @admin.display(description=gettext_lazy("Trips"))
    def trips(self, summary: HouseholdSummary) -> str:
        return f"{summary.frequency:,}"

    @admin.display(description=gettext_lazy("Last trip"))
    def last_trip(self, summary: HouseholdSummary) -> str:
        return words.day_text(summary.last_on)

    @admin.display(description=gettext_lazy("Card"), empty_value="")
    def card_pill(self, summary: HouseholdSummary) -> str | SafeString:
        if summary.is_shared:
            return pill(_("shared"), "bad")
        return pill(_("new"), "new") if words.is_newcomer(summary) else ""

    def sentence(self, row: HouseholdSummary) -> str:
        return words.habits(row)

    def row_tools(self, request: HttpRequest, row: HouseholdSummary) -> list[Tool]:
        url = reverse("admin:loyalty_household_change", args=[row.household_id])
        return [Tool(_("The household"), url)]

    def panels(self, request: HttpRequest, row: HouseholdSummary) -> list[Panel]:
        return panels.of_household(row)
