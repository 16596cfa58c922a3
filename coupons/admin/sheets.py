"""Sheets, as paper and as PDF, and the coupons on them."""

from typing import Any

from csp.decorators import csp_replace
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from coupons.models import Coupon, Sheet
from coupons.sheets import codes
from pos_integration.desk import (
    LongList,
    ReadOnlyAdmin,
    ReadOnlyRows,
    TabularInline,
    Tool,
    link,
    percent,
    pill,
)

# A PDF is no page of ours: this lets the browser's own viewer draw itself inside the answer.
PDF_VIEWER: dict[str, Any] = {"object-src": ["'self'"], "style-src": ["'unsafe-inline'"]}
TONES = {"open": "busy", "redeemed": "good", "void": "bad"}
TAG_TONES = {"buy": "good", "back": "warn", "new": "new"}


def coupon_pill(coupon: Coupon) -> SafeString:
    if coupon.state == Coupon.State.REDEEMED and (use := coupon.live_redemption):
        return pill(f"used {use.business_date:%d %b}", "good")
    return pill(coupon.get_state_display().lower(), TONES[coupon.state])


def tag_pill(coupon: Coupon) -> SafeString:
    return pill(coupon.get_tag_display().lower(), TAG_TONES[coupon.tag])


def promised(coupon: Coupon) -> SafeString:
    """The offer at the worth that this coupon has."""
    return link(reverse("admin:coupons_offer_change", args=[coupon.offer_id]), coupon.terms)


def pdf_link(sheet_pk: int, text: str = "PDF") -> SafeString:
    return format_html(
        '<a href="{}" target="_blank" rel="noopener">{}</a>',
        reverse("admin:coupons_sheet_pdf", args=[sheet_pk]),
        text,
    )


class CouponRows(ReadOnlyRows, TabularInline[Coupon, Sheet]):
    model = Coupon
    fields = (
        *("position", "promised", "printed_code", "state_pill", "likely"),
        *("reason", "staff_reason"),
    )
    readonly_fields = ("promised", "printed_code", "state_pill", "likely")
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows = super().get_queryset(request).select_related("offer", "level__offer")
        return rows.prefetch_related("redemptions")

    @admin.display(description="Offer")
    def promised(self, coupon: Coupon) -> SafeString:
        return promised(coupon)

    @admin.display(description="Code")
    def printed_code(self, coupon: Coupon) -> str:
        return codes.grouped(coupon.code)

    @admin.display(description="State")
    def state_pill(self, coupon: Coupon) -> SafeString:
        return coupon_pill(coupon)

    @admin.display(description="Chance")
    def likely(self, coupon: Coupon) -> str:
        return percent(coupon.chance)


@admin.register(Sheet)
class SheetAdmin(LongList[Sheet], ReadOnlyAdmin[Sheet]):
    list_display = ("number_text", "household", "mailing", "savings", "pdf")
    list_select_related = ("household", "mailing")
    list_filter = ("mailing",)
    search_fields = ("household__cards__number__exact", "coupons__code__exact")
    search_help_text = "A whole card number or coupon code"
    fields = (("mailing", "number_text"), "household", "address", "savings")
    inlines = (CouponRows,)
    empty_hint = "No sheet yet: they come when a mailing is issued."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Sheet]:
        return super().get_queryset(request).select_related("mailing", "household")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(
            csp_replace(PDF_VIEWER)(self.pdf_view)  # type: ignore[arg-type] # URLs have arguments
        )
        return [path("<int:pk>/pdf/", view, name="coupons_sheet_pdf"), *super().get_urls()]

    @admin.display(description="Sheet")
    def number_text(self, sheet: Sheet) -> str:
        return str(sheet.number)

    @admin.display(description="On paper")
    def pdf(self, sheet: Sheet) -> SafeString:
        return pdf_link(sheet.pk)

    def row_tools(self, request: HttpRequest, row: Sheet) -> list[Tool]:
        url = reverse("admin:coupons_sheet_pdf", args=[row.pk])
        return [Tool("PDF", url, is_main=True, in_new_tab=True)]

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        sheet = get_object_or_404(Sheet.objects.select_related("mailing"), pk=pk)
        if not self.has_view_permission(request, sheet):
            raise PermissionDenied
        from coupons.printing import sheet_pdf  # loads the press: too slow for every command

        response = HttpResponse(sheet_pdf(sheet), content_type="application/pdf")
        name = f"{sheet.mailing.code}-{sheet.number}.pdf"
        response["Content-Disposition"] = f'inline; filename="{name}"'
        return response


@admin.register(Coupon)
class CouponAdmin(LongList[Coupon], ReadOnlyAdmin[Coupon]):
    list_display = (
        "printed_code",
        "worth",
        "household",
        "mailing",
        "tag_word",
        "likely",
        "state_pill",
        "valid_to",
    )
    list_select_related = ("offer", "level__offer", "sheet__household", "sheet__mailing")
    list_filter = ("state", "tag", "sheet__mailing")
    search_fields = ("code__exact",)
    search_help_text = "A whole coupon code, with or without hyphens"
    fields = (
        ("printed_code", "state_pill"),
        ("promised", "sheet"),
        ("valid_from", "valid_to"),
        ("tag_word", "likely"),
        "reason",
        "staff_reason",
    )
    empty_hint = "No coupon yet: they come when a mailing is issued."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows = super().get_queryset(request)
        related = rows.select_related("offer", "level__offer", "sheet__household", "sheet__mailing")
        return related.prefetch_related("redemptions")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "sheet__household" or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Coupon], search_term: str
    ) -> tuple[QuerySet[Coupon], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(code=codes.normalise(search_term)), False
        except codes.CodeError:
            return queryset.none(), False

    @admin.display(description="Code", ordering="code")
    def printed_code(self, coupon: Coupon) -> str:
        return codes.grouped(coupon.code)

    @admin.display(description="Offer")
    def worth(self, coupon: Coupon) -> str:
        return str(coupon.terms)

    @admin.display(description="Offer")
    def promised(self, coupon: Coupon) -> SafeString:
        return promised(coupon)

    @admin.display(description="Household")
    def household(self, coupon: Coupon) -> str:
        return str(coupon.sheet.household)

    @admin.display(description="Mailing")
    def mailing(self, coupon: Coupon) -> str:
        return str(coupon.sheet.mailing)

    @admin.display(description="Why")
    def tag_word(self, coupon: Coupon) -> SafeString:
        return tag_pill(coupon)

    @admin.display(description="Chance")
    def likely(self, coupon: Coupon) -> str:
        return percent(coupon.chance)

    @admin.display(description="State")
    def state_pill(self, coupon: Coupon) -> SafeString:
        return coupon_pill(coupon)

    def row_tools(self, request: HttpRequest, row: Coupon) -> list[Tool]:
        home = reverse("admin:loyalty_household_change", args=[row.sheet.household_id])
        sheet = reverse("admin:coupons_sheet_pdf", args=[row.sheet_id])
        return [Tool("The household", home), Tool("Its sheet as PDF", sheet, in_new_tab=True)]
