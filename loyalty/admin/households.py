"""The desk for households: who they are, their cards, what they said, what is believed of them."""

import secrets
from calendar import month_name
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, ModelForm
from django.http import HttpRequest
from django.urls import reverse

from loyalty import voice
from loyalty.admin import panels, words
from loyalty.models import (
    Address,
    Card,
    Consent,
    Household,
    HouseholdSummary,
    ModelRun,
    Preference,
    slot_of,
)
from pos_integration.desk import (
    NOTHING,
    LongList,
    Panel,
    ReadOnlyAdmin,
    StackedInline,
    TabularInline,
    Tool,
)

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    HouseholdModelForm = ModelForm[Household]
else:
    HouseholdModelForm = ModelForm

MONTHS = [(number, name) for number, name in enumerate(month_name) if number]


class HouseholdForm(HouseholdModelForm):
    """Says in a sentence what the database would refuse."""

    members = forms.IntegerField(
        required=False, max_value=99, help_text="People who live there; empty: not known"
    )
    birth_month = forms.TypedChoiceField(
        choices=[("", "Not told"), *MONTHS],
        coerce=int,
        empty_value=None,
        required=False,
        help_text="Of who agreed to a greeting; no day, no year",
    )

    language = forms.ChoiceField(
        choices=[("", "Not told"), *settings.LANGUAGES],
        required=False,
        help_text="That it wants to be written to in",
    )

    def clean_members(self) -> int | None:
        members: int | None = self.cleaned_data["members"]
        if members is not None and members < 1:
            raise forms.ValidationError(
                f"{members} is too few: somebody lives there. Leave it empty if it is not known."
            )
        return members


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


def known_by(query: str) -> QuerySet[Any] | None:
    """Ids of the households that a whole card number or postcode names, or None.

    Exact and by index, so a search by number never reads every name.
    """
    for ids in (
        Card.objects.filter(number=query, household__isnull=False).values("household"),
        Address.objects.filter(postcode=query).values("household"),
    ):
        if ids.exists():
            return ids
    return None


@admin.register(Household)
class HouseholdAdmin(LongList[Household]):
    list_display = ("name_or_number", "post_address", "joined_on")
    list_select_related = ("address",)
    search_fields = ("name",)
    search_help_text = "A whole card number, a postcode, or part of a name"
    form = HouseholdForm
    fields = (("name", "joined_on"), ("members", "is_of_age", "birth_month"), "language")
    inlines = (AddressRows, CardRows, ConsentRows, PreferenceRows)
    empty_hint = "No household yet. Add one here; manage.py demo brings 2,500 of a real shop."

    class Media:
        css = {"all": ("loyalty/beliefs.css",)}

    def save_model(
        self, request: HttpRequest, obj: Household, form: "ModelForm[Household]", change: bool
    ) -> None:
        if not change:  # any place in the history will do: its cards' purchases move there
            obj.slot = slot_of(secrets.token_hex(8))
        super().save_model(request, obj, form, change)

    def save_related(
        self,
        request: HttpRequest,
        form: "ModelForm[Household]",
        formsets: "list[BaseModelFormSet[Any, Any]]",
        change: bool,
    ) -> None:
        super().save_related(request, form, formsets, change)
        home: Household = form.instance
        agreed = voice.latest(Consent.Purpose.BIRTHDAY, is_granted=True)
        if home.birth_month is not None and not agreed.filter(household=home).exists():
            messages.warning(
                request,
                f"'{home}' has not agreed to a greeting, so it gets none: note its consent, or "
                "take the month of its birthday away.",
            )

    def known_by(self, query: str) -> QuerySet[Any] | None:
        """Ids of the households that a whole number or postcode names, or None."""
        return known_by(query)

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
                found.select_related("run", "home_store").defer("run__fitted").first()
            )
        summary: HouseholdSummary | None = household.desk_summary  # type: ignore[attr-defined] # just set
        return summary

    def sentence(self, row: Household) -> str:
        summary = self._summary(row)
        if summary is None:
            return "Nothing is believed of this household yet: it has bought nothing with a card."
        return words.habits(summary)

    def row_tools(self, request: HttpRequest, row: Household) -> list[Tool]:
        cards = ",".join(row.cards.order_by("pk").values_list("number", flat=True))
        if not cards:
            return []
        baskets = reverse("admin:pos_integration_basket_changelist")
        return [Tool("Its baskets", f"{baskets}?card_number__in={cards}")]

    def panels(self, request: HttpRequest, row: Household) -> list[Panel]:
        summary = self._summary(row)
        return [] if summary is None else panels.of_household(summary)


@admin.register(Card)
class CardAdmin(LongList[Card], ReadOnlyAdmin[Card]):
    list_display = ("number", "household", "claimed_on")
    list_select_related = ("household",)
    list_filter = (("household", admin.EmptyFieldListFilter),)
    search_fields = ("number__exact",)
    search_help_text = "A whole card number"
    empty_hint = "No card was scanned yet."
