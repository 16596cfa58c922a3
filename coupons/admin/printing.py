"""Print runs: how far one is, its files, what was left out of it and what the press spoiled."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from coupons.models import PrintRun
from pos_integration.desk import Panel, ReadOnlyAdmin, pill, table

TONES = {"running": "busy", "blocked": "bad", "failed": "bad", "finished": "good"}


def run_state(run: PrintRun) -> SafeString:
    return pill(run.get_state_display().lower(), TONES[run.state])


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
        return run_state(run)

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
