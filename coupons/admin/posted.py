"""Who a mailing is meant for, and what was printed of it."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from coupons.models import Mailing, PrintRun, Recipient
from pos_integration.desk import (
    LongList,
    Panel,
    ReadOnlyAdmin,
    pill,
    table,
)

State = Mailing.State
OUTCOME_TONES = {"waiting": "plain", "sheet": "good", "holdout": "busy"}


def print_pill(run: PrintRun) -> SafeString:
    return pill("finished", "good") if run.finished_at else pill("not finished", "warn")


@admin.register(Recipient)
class RecipientAdmin(LongList[Recipient]):
    list_display = ("household", "mailing", "outcome_pill")
    list_select_related = ("household", "mailing")
    list_filter = ("mailing", "outcome")
    search_fields = ("household__cards__number__exact",)
    search_help_text = "A whole card number"
    autocomplete_fields = ("household", "mailing")
    fields = ("mailing", "household", "outcome")
    readonly_fields = ("outcome",)
    empty_hint = "Nobody yet: open a draft mailing and 'Add recipients'."

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

    @admin.display(description="Outcome", ordering="outcome")
    def outcome_pill(self, recipient: Recipient) -> SafeString:
        return pill(
            recipient.get_outcome_display().lower(), OUTCOME_TONES.get(recipient.outcome, "warn")
        )


@admin.register(PrintRun)
class PrintRunAdmin(ReadOnlyAdmin[PrintRun]):
    list_display = ("mailing", "started_at", "state_pill", "sheets", "coupons", "checked")
    list_select_related = ("mailing",)
    list_filter = ("mailing",)
    date_hierarchy = "started_at"
    ordering = ("-pk",)
    fields = (
        ("mailing", "state_pill"),
        ("started_at", "finished_at"),
        ("sheets", "coupons", "checked"),
        "folder",
    )
    empty_hint = "Nothing is printed yet: open an issued mailing and 'Print'."

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrintRun]:
        return super().get_queryset(request).select_related("mailing")

    @admin.display(description="State")
    def state_pill(self, run: PrintRun) -> SafeString:
        return print_pill(run)

    def panels(self, request: HttpRequest, row: PrintRun) -> list[Panel]:
        files = table(
            ("File", "Sheets#", "From#", "To#", "MB#", "SHA-256"),
            (
                (
                    file["name"],
                    f"{file['sheets']:,}",
                    f"{file['first']:,}",
                    f"{file['last']:,}",
                    f"{file['bytes'] / 1e6:,.1f}",
                    file["sha256"],
                )
                for file in row.manifest.get("files", [])
            ),
            "No file is finished yet.",
        )
        return [Panel("Files", files, f"in {row.folder}", is_wide=True)]
