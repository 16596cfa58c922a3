"""The desk for facts: tills and their tokens, uploads and rejects, baskets, the catalogue."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import IntegerField, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from pos_integration.auth import issue_token
from pos_integration.desk import (
    NOTHING,
    LongList,
    Page,
    Panel,
    ReadOnlyAdmin,
    ReadOnlyRows,
    TabularInline,
    Tool,
    link,
    pill,
    table,
)
from pos_integration.models import (
    Basket,
    BasketLine,
    Category,
    Product,
    RedemptionRecord,
    Reject,
    Store,
    Tender,
    Terminal,
    TerminalToken,
    Upload,
)

admin.site.site_header = "Loyalty coupons"
admin.site.site_title = "Loyalty coupons"
admin.site.index_title = "Today"
admin.site.enable_nav_sidebar = False
admin.site.empty_value_display = NOTHING

REJECTS_SHOWN = 50
UPLOAD_TONES = {"received": "busy", "loaded": "good", "failed": "bad"}


def upload_pill(upload: Upload) -> SafeString:
    return pill(upload.get_state_display(), UPLOAD_TONES[upload.state])


class TerminalRows(TabularInline[Terminal, Store]):
    model = Terminal
    fields = ("number", "is_collector", "revoked_at")
    readonly_fields = ("revoked_at",)
    extra = 0
    can_delete = False
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        return super().get_queryset(request).select_related("store")


@admin.register(Store)
class StoreAdmin(Page[Store]):
    list_display = ("number", "name", "currency", "time_zone")
    search_fields = ("number", "name")
    ordering = ("number",)
    inlines = (TerminalRows,)
    empty_hint = "No store yet. Add one here, or run: manage.py add_terminal STORE NUMBER"


@admin.register(Terminal)
class TerminalAdmin(Page[Terminal]):
    list_display = ("store", "till_number", "kind", "state", "revoked_at")
    list_select_related = ("store",)
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "is_collector")
    search_fields = ("store__number", "store__name", "=number")
    ordering = ("store__number", "number")
    autocomplete_fields = ("store",)
    fields = ("store", "number", "is_collector", "revoked_at")
    actions = ("new_token", "revoke", "let_back_in")
    empty_hint = "No till yet. Add one here, then choose it and 'Issue a new token'."

    def get_readonly_fields(self, request: HttpRequest, obj: Terminal | None = None) -> list[str]:
        # A till that moves to another store would sign the other store's facts with its token.
        return ["store", "number", "revoked_at"] if obj else ["revoked_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        return super().get_queryset(request).select_related("store")

    @admin.display(description="Till", ordering="number")
    def till_number(self, terminal: Terminal) -> str:
        return str(terminal.number)

    @admin.display(description="Speaks for", ordering="is_collector")
    def kind(self, terminal: Terminal) -> str:
        return "every store" if terminal.is_collector else "its own store"

    @admin.display(description="State")
    def state(self, terminal: Terminal) -> SafeString:
        return pill("revoked", "bad") if terminal.revoked_at else pill("may sign in", "good")

    def panels(self, request: HttpRequest, row: Terminal) -> list[Panel]:
        tokens = table(
            ("Issued", "State"),
            (
                (
                    f"{token.created_at:%d %b %Y %H:%M}",
                    pill("revoked", "bad") if token.revoked_at else pill("live", "good"),
                )
                for token in row.tokens.order_by("-pk")[:10]
            ),
            "No token yet: in the list, choose this till and 'Issue a new token'.",
        )
        uploads = table(
            ("Received", "State", "Baskets#", "Rejected#"),
            (
                (
                    link(
                        reverse("admin:pos_integration_upload_change", args=[upload.pk]),
                        f"{upload.received_at:%d %b %Y %H:%M}",
                    ),
                    upload_pill(upload),
                    f"{upload.baskets:,}",
                    f"{upload.rejected:,}",
                )
                for upload in row.uploads.defer("body").order_by("-pk")[:10]
            ),
            "This till has sent nothing yet.",
        )
        return [Panel("Tokens", tokens, "two live while rotating"), Panel("Last uploads", uploads)]

    @admin.action(description="Issue a new token", permissions=["change"])
    def new_token(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse:
        tills = list(chosen)
        if "confirmed" not in request.POST:
            return self.ask(
                request,
                title="Issue a new token",
                says=[
                    "Each of these tills gets a new token, shown once on the next page.",
                    "Its last token keeps working beside the new one; older ones stop now.",
                ],
                button="Issue a new token",
                back=reverse("admin:pos_integration_terminal_changelist"),
                rows=tills,
            )
        for till in tills:
            if till.revoked_at:
                messages.error(request, f"{till} is revoked. Let it back in first.")
                continue
            token = issue_token(till)
            self.log_change(request, till, "Issued a new token.")
            messages.success(request, f"{till} signs in with {token}")
        # Answered in place, not by a redirect: a message carried over one would lie in a cookie.
        return self.ask(
            request,
            title="Copy the token now",
            says=["It is kept only as a hash: it cannot be shown again, only replaced."],
            back=reverse("admin:pos_integration_terminal_changelist"),
        )

    @admin.action(description="Revoke: it may not sign in any more", permissions=["change"])
    @transaction.atomic
    def revoke(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> HttpResponse | None:
        tills = list(chosen)
        if "confirmed" not in request.POST:
            return self.ask(
                request,
                title="Revoke these tills",
                says=["From now on their tokens are refused. What they sent stays."],
                button="Revoke",
                back=reverse("admin:pos_integration_terminal_changelist"),
                rows=tills,
            )
        now = timezone.now()
        keys = [till.pk for till in tills]
        TerminalToken.objects.filter(terminal__in=keys, revoked_at=None).update(revoked_at=now)
        Terminal.objects.filter(pk__in=keys, revoked_at=None).update(revoked_at=now)
        for till in tills:
            self.log_change(request, till, "Revoked.")
        messages.success(request, f"{len(tills)} revoked.")
        return None

    @admin.action(description="Let back in", permissions=["change"])
    def let_back_in(self, request: HttpRequest, chosen: QuerySet[Terminal]) -> None:
        tills = list(chosen)
        Terminal.objects.filter(pk__in=[till.pk for till in tills]).update(revoked_at=None)
        for till in tills:
            self.log_change(request, till, "Let back in.")
        messages.success(request, f"{len(tills)} may sign in again, each with a new token.")


@admin.register(Category)
class CategoryAdmin(Page[Category]):
    list_display = ("name", "level", "parent")
    list_select_related = ("parent",)
    list_filter = ("level",)
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ("parent",)
    empty_hint = "No category yet. They come with the catalogue, or add one here."


@admin.register(Product)
class ProductAdmin(Page[Product]):
    list_display = ("name", "brand", "size", "category", "gtin", "code", "listed")
    list_select_related = ("category",)
    list_filter = ("is_listed", ("category", admin.EmptyFieldListFilter))
    search_fields = ("name", "brand", "gtin__exact", "code__exact")
    search_help_text = "Name or brand; a whole GTIN-14 or in-house number"
    ordering = ("name", "pk")
    autocomplete_fields = ("category",)
    empty_hint = "No product yet. They come with the catalogue, or with the first baskets."

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["gtin", "code", "is_listed"] if obj else ["is_listed"]

    @admin.display(description="Catalogue", ordering="is_listed")
    def listed(self, product: Product) -> SafeString:
        return pill("listed", "good") if product.is_listed else pill("only sold", "warn")


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
        ("accepted", "duplicates", "rejected"),
        ("media_type", "size"),
        "sha256",
    )
    actions = ("load_again",)
    empty_hint = "No till has sent anything yet. See /api/v1/schema/, or run: manage.py demo"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        rows = super().get_queryset(request).defer("body").select_related("terminal__store")
        return rows.annotate(bytes=Length("body", output_field=IntegerField()))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.file_view)
        name = "pos_integration_upload_file"
        return [path("<int:pk>/file/", view, name=name), *super().get_urls()]

    @admin.display(description="State", ordering="state")
    def state_pill(self, upload: Upload) -> SafeString:
        return upload_pill(upload)

    @admin.display(description="Size")
    def size(self, upload: Any) -> str:
        return f"{upload.bytes:,} bytes"

    def sentence(self, row: Upload) -> str:
        if row.state == Upload.State.LOADED:
            rest = f", {row.duplicates:,} came before" if row.duplicates else ""
            rest += f", {row.rejected:,} could not be taken" if row.rejected else ""
            return f"{row.accepted:,} of {row.baskets:,} baskets were taken{rest}."
        if row.state == Upload.State.FAILED:
            return "This file could not be read. Its bytes are kept; see why below."
        return "This file waits to be loaded. Its bytes are kept."

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

    def file_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, to save: never to show, for a till may have sent anything."""
        upload = get_object_or_404(Upload, pk=pk)
        if not self.has_view_permission(request, upload):
            return HttpResponse("You may not look at uploads.", status=403)
        response = HttpResponse(bytes(upload.body), content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="upload-{upload.pk}"'
        return response

    def has_load_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("pos_integration.change_upload")

    @admin.action(description="Load again", permissions=["load"])
    def load_again(self, request: HttpRequest, chosen: QuerySet[Upload]) -> None:
        """For files that wait or could not be read. A loaded one is left alone."""
        from pos_integration import ingest

        waiting = chosen.exclude(state=Upload.State.LOADED).order_by("pk")
        keys = list(waiting.values_list("pk", flat=True))
        for key in keys:
            ingest.load(key)
        loaded = Upload.objects.filter(pk__in=keys, state=Upload.State.LOADED).count()
        level = messages.SUCCESS if loaded == len(keys) else messages.WARNING
        messages.add_message(
            request, level, f"{loaded} of {len(keys)} loaded. Files loaded before were left alone."
        )


@admin.register(Reject)
class RejectAdmin(LongList[Reject], ReadOnlyAdmin[Reject]):
    list_display = ("code_pill", "detail", "receipt", "upload")
    list_select_related = ("upload__terminal__store",)
    list_filter = ("code",)
    search_fields = ("receipt__exact", "detail")
    fields = ("upload", "position", "code", "detail", "receipt", "raw_text")
    empty_hint = "Nothing was rejected: every basket so far could be taken."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reject]:
        rows = super().get_queryset(request).select_related("upload__terminal__store")
        return rows.defer("upload__body")

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
