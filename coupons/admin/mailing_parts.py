"""The parts of a mailing's form: its fields in their cards, its words and budgets below them."""

from typing import Any, Final

from django.contrib.admin.options import InlineModelAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from coupons.admin.mailing_forms import TextForm
from coupons.admin.mailing_steps import is_open
from coupons.models import FunderBudget, Mailing, MailingText
from pos_integration.desk import StackedInline, TabularInline

SELECTION: Final = gettext_lazy("Selection: how coupons are chosen")
SHEETS: Final = gettext_lazy("Sheets: what the shopper reads")
SO_FAR: Final = gettext_lazy("So far")
HAVE_VALUES: Final = (SELECTION, SHEETS)
"""Cards whose fields have a good value from the start."""
FIELDSETS: Final[Any] = (
    (None, {"fields": (("name", "code"),)}),
    (
        gettext_lazy("Audience: whom it is for"),
        {
            "fields": (
                "segments",
                "channel",
                ("most_contacts", "contact_days"),
                "holdout_share",
            )
        },
    ),
    (
        gettext_lazy("Offers: what it may give"),
        {"fields": ("offers", ("short_sheets", "fallback_offers"))},
    ),
    (
        SELECTION,
        {
            "fields": (
                "objective",
                ("budget", "fairness"),
                ("coupons_per_sheet", "coupons_per_category"),
                ("discovery_slots", "random_slots"),
                "model_days",
            )
        },
    ),
    (
        gettext_lazy("Dates: when it goes out, and how long it is good"),
        {"fields": (("select_on", "issue_on"), ("valid_from", "valid_to"))},
    ),
    (
        SHEETS,
        {
            "fields": (
                ("theme", "leaf"),
                "headline",
                "explanation",
                "letter",
                "shows_reasons",
            )
        },
    ),
    (
        SO_FAR,
        {
            "fields": (
                ("changed_by", "approved_by"),
                ("selection", "run"),
                ("issued_at", "mailed_on"),
            )
        },
    ),
)
IN_WORDS = {
    "offers": "offers_in_words",
    "segments": "segments_in_words",
    "fallback_offers": "fallback_in_words",
}


class OfDraft(InlineModelAdmin):  # type: ignore[type-arg] # takes no models at run time
    """Rows of a mailing that may be changed as long as its terms may."""

    def has_add_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_delete_permission(request, obj)


class TextInline(OfDraft, StackedInline[MailingText, Mailing]):
    model = MailingText
    form = TextForm
    extra = 0
    fields = ("language", "headline", "explanation", "letter")
    verbose_name = gettext_lazy("words in another language")
    verbose_name_plural = gettext_lazy("words in other languages")


class FunderBudgetInline(OfDraft, TabularInline[FunderBudget, Mailing]):
    model = FunderBudget
    extra = 0
    autocomplete_fields = ("funder",)
    verbose_name = gettext_lazy("budget of a funder")
    verbose_name_plural = gettext_lazy("budgets of funders")


def with_words(fields: Any) -> tuple[Any, ...]:
    """The same fields, with what a mailing names many of told in words."""
    return tuple(
        with_words(field) if isinstance(field, tuple) else IN_WORDS.get(field, field)
        for field in fields
    )
