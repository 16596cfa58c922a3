"""Who a mailing is meant for, and what became of each."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from coupons.models import Mailing, Recipient
from loyalty.admin import scope
from pos_integration.desk import in_sentence, pill
from pos_integration.long_lists import LongList

State = Mailing.State
OUTCOME_TONES = {"waiting": "plain", "sheet": "good", "holdout": "busy"}


@admin.register(Recipient)
class RecipientAdmin(LongList[Recipient]):
    list_display = ("household", "mailing", "outcome_pill")
    list_select_related = ("household", "mailing")
    list_filter: ClassVar[tuple[str, ...]] = ("mailing",)
    filtered_ordering: ClassVar[dict[str, tuple[str, ...]]] = {
        "mailing__id__exact": ("mailing_id", "-household_id")
    }
    search_fields = ("household__cards__number__exact",)
    search_help_text = gettext_lazy("A whole card number")
    autocomplete_fields = ("household", "mailing")
    fields = ("mailing", "household", "outcome")
    readonly_fields = ("outcome",)
    empty_hint = gettext_lazy("Nobody yet: open a draft mailing and 'Add recipients'.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        rows = super().get_queryset(request).select_related("household", "mailing")
        return scope.theirs(rows, request.user, "household")

    def get_list_filter(self, request: HttpRequest) -> Any:
        """By outcome within a mailing: among all of them a rare one would be looked for long."""
        is_within = any(name.startswith(("mailing__", "outcome__")) for name in request.GET)
        return (*self.list_filter, "outcome") if is_within else self.list_filter

    def has_change_permission(self, request: HttpRequest, obj: Recipient | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Recipient | None = None) -> bool:
        """One by one, and only from a draft."""
        return (
            obj is not None
            and obj.mailing.state == State.DRAFT
            and request.user.has_perm("coupons.delete_recipient")
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "mailing":
            kwargs["queryset"] = Mailing.objects.filter(state=State.DRAFT)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("Outcome"), ordering="outcome")
    def outcome_pill(self, recipient: Recipient) -> SafeString:
        return pill(
            in_sentence(recipient.get_outcome_display()),
            OUTCOME_TONES.get(recipient.outcome, "warn"),
        )
