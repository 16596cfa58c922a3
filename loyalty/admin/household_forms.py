"""The forms by which a household, its cards and what it said are changed by hand."""

from calendar import month_name
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Address, Card, Consent, Household, Preference
from pos_integration.desk import StackedInline, TabularInline

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    HouseholdModelForm = ModelForm[Household]
else:
    HouseholdModelForm = ModelForm

MONTHS = [(number, name) for number, name in enumerate(month_name) if number]


class HouseholdForm(HouseholdModelForm):
    """Says in a sentence what the database would refuse."""

    members = forms.IntegerField(
        required=False,
        max_value=99,
        help_text=gettext_lazy("People who live there; empty: not known"),
        label=gettext_lazy("Members"),
    )
    birth_month = forms.TypedChoiceField(
        choices=[("", gettext_lazy("Not told")), *MONTHS],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("Of who agreed to a greeting; no day, no year"),
        label=gettext_lazy("Birth month"),
    )

    language = forms.ChoiceField(
        choices=[("", gettext_lazy("Not told")), *settings.LANGUAGES],
        required=False,
        help_text=gettext_lazy("That it wants to be written to in"),
        label=gettext_lazy("Language"),
    )

    def clean_members(self) -> int | None:
        members: int | None = self.cleaned_data["members"]
        if members is not None and members < 1:
            raise forms.ValidationError(
                _(
                    "%(members)s is too few: somebody lives there. Leave it empty if "
                    "it is not known."
                )
                % {"members": members}
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


INLINES = (AddressRows, CardRows, ConsentRows, PreferenceRows)
