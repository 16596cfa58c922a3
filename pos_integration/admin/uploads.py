"""What tills handed over: files, what was rejected of them, baskets, coupons honoured."""

from collections import Counter
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pos_integration import ingest, keeping
from pos_integration.desk import (
    NOTHING,
    LongList,
    Panel,
    ReadOnlyAdmin,
    ReadOnlyRows,
    TabularInline,
    Tool,
    pill,
    table,
)
from pos_integration.models import (
    Basket,
    BasketLine,
    RedemptionRecord,
    Reject,
    Tender,
    Upload,
)

REJECTS_SHOWN = 50
REPLAYED_AT_ONCE = 100
UPLOAD_TONES = {"received": "busy", "loaded": "good", "failed": "bad"}


def upload_pill(upload: Upload) -> SafeString:
    return pill(upload.get_state_display(), UPLOAD_TONES[upload.state])


@admin.register(Upload)
class UploadAdmin(LongList[Upload], ReadOnlyAdmin[Upload]):
    list_display = (
        "received_at",
        "terminal",
        "state_pill",
        "baskets",
        "lines",
        "accepted",
        "duplicates",
        "rejected",
    )
    list_select_related = ("terminal__store",)
    list_filter = ("state",)
    date_hierarchy = "received_at"
    search_fields = ("sha256__exact", "terminal__store__number__exact")
    search_help_text = "A store's number, or the SHA-256 of a whole file"
    fields = (
        ("terminal", "state_pill"),
        ("received_at", "loaded_at"),
        ("attempts", "claimed_until"),
        ("baskets", "lines"),
        ("accepted", "duplicates", "rejected", "skipped"),
        ("media_type", "bytes_in_words"),
        ("sha256", "replay_of"),
    )
    actions = ("load_again",)
    empty_hint = "No till has sent anything yet. See /api/v1/schema/, or run: manage.py demo"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        return super().get_queryset(request).defer("body").select_related("terminal__store")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        name = "pos_integration_upload_file"
        return [path("<int:pk>/file/", view, name=name), *super().get_urls()]

    @admin.display(description="State", ordering="state")
    def state_pill(self, upload: Upload) -> SafeString:
        return upload_pill(upload)

    @admin.display(description="Size")
    def bytes_in_words(self, upload: Upload) -> str:
        return NOTHING if upload.size is None else f"{upload.size:,} bytes"

    def sentence(self, row: Upload) -> str:
        if row.state == Upload.State.RECEIVED:
            came = f" {row.next_position:,} entries are done." if row.next_position else ""
            return f"This file waits to be loaded. Its bytes are kept.{came}"
        taken = f"{row.accepted:,} of {row.baskets:,} baskets were taken"
        if row.state == Upload.State.FAILED:
            rest = f"; before that {taken}." if row.baskets else "."
            return f"This file could not be read to its end; see why below{rest}"
        rest = f", {row.duplicates:,} came before" if row.duplicates else ""
        rest += f", {row.rejected:,} could not be taken" if row.rejected else ""
        rest += f"; {row.skipped:,} entries were no sales" if row.skipped else ""
        return f"{taken}{rest}."

    def row_tools(self, request: HttpRequest, row: Upload) -> list[Tool]:
        baskets = reverse("admin:pos_integration_basket_changelist")
        return [
            Tool("Its baskets", f"{baskets}?upload__id__exact={row.pk}"),
            Tool("The file", reverse("admin:pos_integration_upload_file", args=[row.pk])),
        ]

    def panels(self, request: HttpRequest, row: Upload) -> list[Panel]:
        shown = row.rejects.order_by("position")[:REJECTS_SHOWN]
        rejects = table(
            ("Place#", "Why", "Found and wanted", "Receipt", "As the till sent it"),
            (
                (
                    r.position,
                    pill(r.code, "bad"),
                    r.detail,
                    r.receipt or NOTHING,
                    format_html('<pre class="raw">{}</pre>', r.raw[:4000]),
                )
                for r in shown
            ),
            "Nothing was rejected.",
        )
        note = f"the first {REJECTS_SHOWN}" if row.rejected > REJECTS_SHOWN else ""
        return [Panel("Rejects", rejects, note, is_wide=True)]

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The bytes as they came, to save: never to show, for a till may have sent anything."""
        upload = get_object_or_404(Upload, pk=pk)
        if not self.has_view_permission(request, upload):
            return HttpResponse("You may not look at uploads.", status=403)
        return FileResponse(
            keeping.opened(upload),
            as_attachment=True,
            filename=f"upload-{upload.pk}",
            content_type="application/octet-stream",
        )

    def has_load_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pos_integration.change_upload")

    @admin.action(description="Load again", permissions=["load"])
    def load_again(self, request: HttpRequest, chosen: QuerySet[Upload]) -> None:
        """After what was wrong is put right: takes what could not be taken, and only that."""
        open_rejects = Reject.objects.filter(upload=OuterRef("pk"), resolved_by=None)
        wanting = chosen.filter(~Q(state=Upload.State.LOADED) | Exists(open_rejects))
        keys = list(wanting.order_by("pk").values_list("pk", flat=True)[:REPLAYED_AT_ONCE])
        counts: Counter[str] = Counter()
        for key in keys:
            replay = ingest.replay(key)
            counts += Counter(
                loaded=int(replay.state == Upload.State.LOADED),
                accepted=replay.accepted,
                rejected=replay.rejected,
            )
        is_done = counts["loaded"] == len(keys) and not counts["rejected"]
        messages.add_message(
            request,
            messages.SUCCESS if is_done else messages.WARNING,
            f"{counts['loaded']} of {len(keys)} loaded: {counts['accepted']} more baskets were "
            f"taken, {counts['rejected']} still cannot be. Files with nothing to put right, and "
            "what was taken before, were left alone.",
        )


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Still to look at"), ("no", "Taken by a replay")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reject]) -> QuerySet[Reject]:
        if self.value() in ("yes", "no"):
            return queryset.filter(resolved_by__isnull=self.value() == "yes")
        return queryset


@admin.register(Reject)
class RejectAdmin(LongList[Reject], ReadOnlyAdmin[Reject]):
    list_display = ("code_pill", "detail", "receipt", "upload", "state_pill")
    list_select_related = ("upload__terminal__store",)
    list_filter = (OpenFilter, "code")
    search_fields = ("receipt__exact", "detail")
    search_help_text = "A receipt's whole number, or words of what was wrong"
    fields = ("upload", "position", "code", "detail", "receipt", "resolved_by", "raw_text")
    empty_hint = "Nothing was rejected: every basket so far could be taken."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reject]:
        rows = super().get_queryset(request).select_related("upload__terminal__store")
        return rows.defer("upload__body")

    @admin.display(description="State")
    def state_pill(self, reject: Reject) -> SafeString:
        return pill("taken since", "good") if reject.resolved_by_id else pill("open", "busy")

    @admin.display(description="Why", ordering="code")
    def code_pill(self, reject: Reject) -> SafeString:
        return pill(reject.code, "bad")

    @admin.display(description="As the till sent it")
    def raw_text(self, reject: Reject) -> SafeString:
        return format_html('<pre class="raw">{}</pre>', reject.raw)


class LineRows(ReadOnlyRows, TabularInline[BasketLine, Basket]):
    model = BasketLine
    verbose_name_plural = "Lines"
    fields = ("number", "code", "product", "kind", "quantity", "unit", "discount", "amount")
    ordering = ("number",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BasketLine]:
        return super().get_queryset(request).select_related("product")


class TenderRows(ReadOnlyRows, TabularInline[Tender, Basket]):
    model = Tender
    fields = ("kind", "amount")
    ordering = ("position",)


class RecordRows(ReadOnlyRows, TabularInline[RedemptionRecord, Basket]):
    model = RedemptionRecord
    verbose_name_plural = "Coupons the till honoured"
    fields = ("code", "line_number", "amount")
    ordering = ("position",)
    show_change_link = True


@admin.register(Basket)
class BasketAdmin(LongList[Basket], ReadOnlyAdmin[Basket]):
    list_display = ("receipt", "store", "till_number", "business_date", "kind_pill", "card_number")
    list_select_related = ("store",)
    list_filter = ("store",)
    search_fields = ("card_number__exact",)
    search_help_text = "A card, or a receipt as store/till/day/receipt or its beginning"
    fields = (
        ("store", "till_number"),
        ("business_date", "ended_at"),
        ("receipt", "kind_pill"),
        ("card_number", "currency"),
        ("voids", "upload"),
    )
    inlines = (LineRows, TenderRows, RecordRows)
    empty_hint = "No basket yet. Tills upload them; manage.py demo loads a year of a real shop."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Basket]:
        rows = super().get_queryset(request).select_related("store", "upload__terminal__store")
        return rows.defer("upload__body")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "card_number__in" or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Basket], search_term: str
    ) -> tuple[QuerySet[Basket], bool]:
        """By a card, or by the beginning of the key that the database keeps baskets under."""
        parts = search_term.strip().split("/", 3)
        if len(parts) == 1:
            return super().get_search_results(request, queryset, search_term)
        keys = ("store__number", "till", "business_date", "receipt")
        try:
            return queryset.filter(**dict(zip(keys, parts, strict=False))), False
        except (ValueError, ValidationError):  # not a number, not a day
            return queryset.none(), False

    @admin.display(description="Till")
    def till_number(self, basket: Basket) -> str:
        return str(basket.till)

    @admin.display(description="Kind")
    def kind_pill(self, basket: Basket) -> SafeString:
        tone = {"sale": "good", "return": "warn", "void": "bad"}[basket.kind]
        return pill(basket.get_kind_display().lower(), tone)


@admin.register(RedemptionRecord)
class RedemptionRecordAdmin(LongList[RedemptionRecord], ReadOnlyAdmin[RedemptionRecord]):
    list_display = ("code", "amount", "basket")
    list_select_related = ("basket__store",)
    search_fields = ("code__exact",)
    search_help_text = "A whole coupon code"
    empty_hint = "No till has honoured a coupon yet."

    def get_queryset(self, request: HttpRequest) -> QuerySet[RedemptionRecord]:
        return super().get_queryset(request).select_related("basket__store")
