"""The desk for beliefs: households and what is believed of them, and the nights that rebuilt it."""

import json
import secrets
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from loyalty import plots
from loyalty.models import (
    Address,
    BucketReceipt,
    Card,
    Consent,
    Household,
    HouseholdSummary,
    ModelRun,
    Preference,
    Profile,
    PurchaseChunk,
    slot_of,
)
from loyalty.shopper import reasons
from loyalty.shopper.value import TIERS
from pos_integration.desk import (
    NOTHING,
    LongList,
    Panel,
    ReadOnlyAdmin,
    StackedInline,
    TabularInline,
    Tool,
    link,
    money,
    percent,
    pill,
    table,
)
from pos_integration.models import Product

NEEDS_SHOWN = 10
STEPS_OF_A_NIGHT = 3  # gaps, observe, score: each leaves a receipt a bucket
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
TIER_TONES = {"platinum": "new", "gold": "warn", "silver": "plain", "bronze": "plain"}
DUE_TONES = {"unknown": "plain", "ahead": "good", "today": "good", "late": "warn", "lapsed": "bad"}
RUN_TONES = {"running": "busy", "published": "good", "replaced": "plain"}


def day_text(day: date, today: date | None = None) -> str:
    """`28 Oct`, with the year where it is not this year's."""
    with_year = today is None or day.year != today.year
    return f"{day.day} {day:%b}" + (f" {day.year}" if with_year else "")


def habits(summary: HouseholdSummary) -> str:
    """What is believed of a household, in a sentence or two."""
    last = day_text(summary.last_on, summary.run.as_of)
    if summary.mean_gap_days is None:
        rhythm = f"Shopped once, on {last}"
    else:
        gap = round(summary.mean_gap_days)
        often = "almost every day" if gap <= 1 else f"about every {gap} days"
        rhythm = f"Shops {often}, last on {last}"
    spent = f"spent {money(summary.monetary)} in the last 52 weeks"
    return f"{summary.tier.capitalize()}. {rhythm}; {spent}."


def due_pill(days_bought: int, usual_gap_days: float, last_on: date, as_of: date) -> SafeString:
    """When an item is due again, as the model and the paper have it, on the morning `as_of`."""
    due = reasons.rhythm(days_bought, usual_gap_days, (as_of - last_on).days)
    return pill(reasons.due_words(due, last_on), DUE_TONES[due.state])


class AddressRows(StackedInline[Address, Household]):
    model = Address
    fields = (("street",), ("postcode", "city"), ("region", "country"), "is_deliverable")
    can_delete = False


class CardRows(TabularInline[Card, Household]):
    """A card moves between households by `identify.py`; here new ones are noted."""

    model = Card
    fields = ("number", "claimed_on")
    extra = 0
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsentRows(TabularInline[Consent, Household]):
    """What was said stays; whoever changes their mind says something new."""

    model = Consent
    fields = ("purpose", "is_granted", "said_at", "source")
    ordering = ("-said_at",)
    extra = 0
    can_delete = False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PreferenceRows(TabularInline[Preference, Household]):
    model = Preference
    autocomplete_fields = ("category",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Preference]:
        return super().get_queryset(request).select_related("category")


@admin.register(Household)
class HouseholdAdmin(LongList[Household]):
    list_display = ("name_or_number", "post_address", "joined_on")
    list_select_related = ("address",)
    search_fields = ("name",)
    search_help_text = "A whole card number, a postcode, or part of a name"
    fields = (("name", "joined_on"),)
    inlines = (AddressRows, CardRows, ConsentRows, PreferenceRows)
    empty_hint = "No household yet. Add one here; manage.py demo brings 2,500 of a real shop."

    def save_model(
        self, request: HttpRequest, obj: Household, form: "ModelForm[Household]", change: bool
    ) -> None:
        if not change:  # any place in the history will do: its cards' purchases move there
            obj.slot = slot_of(secrets.token_hex(8))
        super().save_model(request, obj, form, change)

    def known_by(self, query: str) -> QuerySet[Any] | None:
        """Ids of the households that a whole number or postcode names, or None.

        Exact and by index, so a search by number never reads every name.
        """
        for ids in (
            Card.objects.filter(number=query, household__isnull=False).values("household"),
            Address.objects.filter(postcode=query).values("household"),
        ):
            if ids.exists():
                return ids
        return None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Household], search_term: str
    ) -> tuple[QuerySet[Household], bool]:
        term = search_term.strip()
        ids = self.known_by(term) if term else None
        if ids is not None:
            return queryset.filter(pk__in=ids), False
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="Household")
    def name_or_number(self, household: Household) -> str:
        return str(household)

    @admin.display(description="Address")
    def post_address(self, household: Household) -> str:
        return str(household.address) if hasattr(household, "address") else NOTHING

    def _summary(self, household: Household) -> HouseholdSummary | None:
        if not hasattr(household, "desk_summary"):  # the sentence and the panels both want it
            found = household.summaries.filter(run__state=ModelRun.State.PUBLISHED)
            household.desk_summary = (  # type: ignore[attr-defined] # kept for this page
                found.select_related("run").defer("run__fitted").first()
            )
        summary: HouseholdSummary | None = household.desk_summary  # type: ignore[attr-defined] # just set
        return summary

    def sentence(self, row: Household) -> str:
        summary = self._summary(row)
        if summary is None:
            return "Nothing is believed of this household yet: it has bought nothing with a card."
        return habits(summary)

    def row_tools(self, request: HttpRequest, row: Household) -> list[Tool]:
        cards = ",".join(row.cards.order_by("pk").values_list("number", flat=True))
        if not cards:
            return []
        baskets = reverse("admin:pos_integration_basket_changelist")
        return [Tool("Its baskets", f"{baskets}?card_number__in={cards}")]

    def panels(self, request: HttpRequest, row: Household) -> list[Panel]:
        summary = self._summary(row)
        if summary is None:
            return []
        plot = plots.weekly_spend(summary.weekly_spend_cents, until=summary.run.as_of)
        mean = sum(summary.weekly_spend_cents) // max(len(summary.weekly_spend_cents), 1) / 100
        note = f"{mean:,.2f} on average"
        if summary.favourite_weekday >= 0:
            note += f", mostly {WEEKDAYS[summary.favourite_weekday]}"
        return [
            Panel("Spend a week", mark_safe(plot), note),  # noqa: S308 # drawn from numbers
            Panel("What it needs", self._needs(row, summary.run), "by this household's own rhythm"),
            Panel("In figures", self._figures(summary), f"as of {day_text(summary.run.as_of)}"),
            Panel("Where its money goes", self._departments(summary)),
        ]

    def _needs(self, household: Household, run: ModelRun) -> SafeString:
        profile = Profile.objects.filter(household=household, run=run).first()
        best = profile.needs[:NEEDS_SHOWN] if profile else []
        names = Product.objects.in_bulk([entry[0] for entry in best])
        rows = []
        for product, chance, days_bought, gap, last in best:
            name = names[product].name if product in names else f"Product {product}"
            last_on = date.fromisoformat(last)
            often = reasons.cadence_words(days_bought, gap, (run.as_of - last_on).days)
            item = link(reverse("admin:pos_integration_product_change", args=[product]), name)
            due = due_pill(days_bought, gap, last_on, run.as_of)
            rows.append((item, often, due, percent(chance)))
        return table(
            ("Item", "Rhythm", "Due", "Next 28 days#"),
            rows,
            "Too little bought so far to tell.",
        )

    def _figures(self, summary: HouseholdSummary) -> SafeString:
        return table(
            ("What", "Value#"),
            (
                ("Tier", summary.tier.capitalize()),
                ("Spent in 52 weeks", money(summary.monetary)),
                (
                    "Expected in the next 52 weeks",
                    f"{money(summary.year_value)} \N{PLUS-MINUS SIGN} {money(summary.year_margin)}",
                ),
                ("Shopping days in all", f"{summary.frequency:,}"),
                ("Baskets in all", f"{summary.baskets:,}"),
                ("First basket", day_text(summary.first_on)),
                ("Last basket", day_text(summary.last_on)),
                ("Saved by discounts", money(summary.saved)),
                ("Lines with a coupon", percent(summary.coupon_share)),
            ),
            "",
        )

    def _departments(self, summary: HouseholdSummary) -> SafeString:
        return table(
            ("Department", "", "Share#"),
            (
                (name, mark_safe(plots.share_bar(share)), percent(share))  # noqa: S308 # numbers
                for name, share in summary.categories
            ),
            "Nothing bought in the last 52 weeks.",
        )


@admin.register(ModelRun)
class ModelRunAdmin(ReadOnlyAdmin[ModelRun]):
    list_display = (
        "as_of",
        "state_pill",
        "progress",
        "households",
        "lines",
        "took",
        "published_at",
    )
    list_filter = ("state",)
    date_hierarchy = "as_of"
    ordering = ("-pk",)
    fields = (
        ("as_of", "state_pill", "progress"),
        ("started_at", "published_at", "took"),
        ("households", "lines"),
        "history_hash",
        "report",
    )
    empty_hint = "No night has run yet: start one, or run manage.py demo."

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelRun]:
        """With `receipts_so_far`, counted only where somebody waits for it."""
        receipts = (
            BucketReceipt.objects.filter(run=OuterRef("pk"))
            .order_by()
            .values("run")
            .annotate(n=Count("pk"))
            .values("n")
        )
        so_far = Case(When(state=ModelRun.State.RUNNING, then=Subquery(receipts)), default=None)
        return super().get_queryset(request).defer("fitted").annotate(receipts_so_far=so_far)

    @admin.display(description="State", ordering="state")
    def state_pill(self, run: ModelRun) -> SafeString:
        return pill(run.get_state_display().lower(), RUN_TONES[run.state])

    @admin.display(description="Progress")
    def progress(self, run: Any) -> str | SafeString:
        if run.state != ModelRun.State.RUNNING:
            return "done"
        done, total = run.receipts_so_far or 0, STEPS_OF_A_NIGHT * settings.LOYALTY_BUCKETS
        bar = mark_safe(plots.share_bar(done / total))  # noqa: S308 # drawn from numbers
        return format_html("{} {} of {} pieces", bar, done, total)

    @admin.display(description="Took", ordering="seconds")
    def took(self, run: ModelRun) -> str:
        return f"{run.seconds:,.1f} s" if run.seconds else NOTHING

    @admin.display(description="What was fitted")
    def report(self, run: ModelRun) -> SafeString:
        return format_html('<pre class="raw">{}</pre>', json.dumps(run.parameters, indent=1))

    def sentence(self, row: ModelRun) -> str:
        if row.state == ModelRun.State.RUNNING:
            return "This night is being computed, or was cut short: the next start goes on with it."
        return (
            f"{row.households:,} households were rebuilt from {row.lines:,} lines in "
            f"{row.seconds:,.1f} s; the last day seen was the one before {day_text(row.as_of)}."
        )


class TierFilter(admin.SimpleListFilter):
    title = "tier"
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(tier, tier.capitalize()) for tier in TIERS]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[HouseholdSummary]
    ) -> QuerySet[HouseholdSummary]:
        return queryset.filter(tier=self.value()) if self.value() else queryset


@admin.register(HouseholdSummary)
class HouseholdSummaryAdmin(LongList[HouseholdSummary], ReadOnlyAdmin[HouseholdSummary]):
    list_display = (
        "household",
        "tier_pill",
        "monetary",
        "year_value",
        "frequency",
        "recency_days",
        "last_on",
    )
    list_select_related = ("household", "run")
    list_filter = (TierFilter,)
    sortable_by = ("monetary", "year_value")
    search_fields = ("household__cards__number__exact",)
    search_help_text = "A whole card number"
    empty_hint = "Nothing is believed yet. Start a night under 'Model runs', or run manage.py demo."
    fields = (
        ("household", "run"),
        ("tier", "monetary"),
        ("year_value", "year_margin"),
        ("first_on", "last_on", "recency_days"),
        ("frequency", "baskets", "mean_gap_days"),
        ("saved", "coupon_share"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[HouseholdSummary]:
        rows = super().get_queryset(request).filter(run__state=ModelRun.State.PUBLISHED)
        return rows.select_related("household", "run").defer("run__fitted")

    @admin.display(description="Tier")
    def tier_pill(self, summary: HouseholdSummary) -> SafeString:
        return pill(summary.tier, TIER_TONES[summary.tier])

    def sentence(self, row: HouseholdSummary) -> str:
        return habits(row)

    def row_tools(self, request: HttpRequest, row: HouseholdSummary) -> list[Tool]:
        url = reverse("admin:loyalty_household_change", args=[row.household_id])
        return [Tool("The household", url)]


@admin.register(Card)
class CardAdmin(LongList[Card], ReadOnlyAdmin[Card]):
    list_display = ("number", "household", "claimed_on")
    list_select_related = ("household",)
    list_filter = (("household", admin.EmptyFieldListFilter),)
    search_fields = ("number__exact",)
    search_help_text = "A whole card number"
    empty_hint = "No card was scanned yet."


@admin.register(PurchaseChunk)
class PurchaseChunkAdmin(ReadOnlyAdmin[PurchaseChunk]):
    list_display = ("bucket", "of_buckets", "month", "rows")
    list_filter = (("month", admin.DateFieldListFilter),)
    ordering = ("-month", "bucket")
    fields = ("bucket", "of_buckets", "month", "rows", "sha256")
    empty_hint = "No history is sealed yet. The next night seals what the tills uploaded."

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseChunk]:
        return super().get_queryset(request).defer("data")
