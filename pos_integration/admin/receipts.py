"""What was sold, as the tills said it: baskets and the coupons they honoured."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration.admin.scoping import OwnStoreFilter, in_stores
from pos_integration.desk import (
    ReadOnlyAdmin,
    ReadOnlyRows,
    TabularInline,
    Tool,
    in_sentence,
    money,
    pill,
)
from pos_integration.long_lists import LongList
from pos_integration.models import Basket, BasketLine, RedemptionRecord, Tender


class LineRows(ReadOnlyRows, TabularInline[BasketLine, Basket]):
    model = BasketLine
    verbose_name_plural = gettext_lazy("Lines")
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
    verbose_name_plural = gettext_lazy("Coupons the till honoured")
    fields = ("code", "line_number", "amount")
    ordering = ("position",)
    show_change_link = True


@admin.register(Basket)
class BasketAdmin(LongList[Basket], ReadOnlyAdmin[Basket]):
    list_display = ("receipt", "store", "till_number", "business_date", "kind_pill", "card_number")
    list_select_related = ("store",)
    list_filter = (("store", OwnStoreFilter),)
    search_fields = ("card_number__exact",)
    search_help_text = gettext_lazy(
        "A card, or a receipt as store/till/day/receipt or its beginning"
    )
    fields = (
        ("store", "till_number"),
        ("business_date", "ended_at"),
        ("receipt", "kind_pill"),
        ("card_number", "currency"),
        ("voids", "upload"),
    )
    inlines = (LineRows, TenderRows, RecordRows)
    empty_hint = gettext_lazy("No basket yet: the tills hand them in, see 'Uploads'.")

    def row_title(self, row: Basket) -> str:
        return _("Receipt %(number)s, %(store)s") % {"number": row.receipt, "store": row.store}

    def sentence(self, row: Basket) -> str:
        """What it came to and how it was paid: `12.40 USD: cash 11.90, coupon 0.50.`"""
        tenders = list(row.tenders.order_by("position"))
        if not tenders:
            return ""
        paid = ", ".join(f"{tender.kind} {money(tender.amount)}" for tender in tenders[:6])
        total = money(sum((tender.amount for tender in tenders), Decimal(0)))
        return f"{total} {row.currency}: {paid}."

    def row_tools(self, request: HttpRequest, row: Basket) -> list[Tool]:
        if not row.card_number:
            return []
        query = urlencode({"q": row.card_number})
        return [Tool(_("Whose card it is"), f"{reverse('admin:search')}?{query}")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Basket]:
        rows = super().get_queryset(request).select_related("store", "upload__terminal__store")
        return in_stores(rows.defer("upload__body"), request, "store")

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

    @admin.display(description=gettext_lazy("Till"))
    def till_number(self, basket: Basket) -> str:
        return str(basket.till)

    @admin.display(description=gettext_lazy("Kind"))
    def kind_pill(self, basket: Basket) -> SafeString:
        tone = {"sale": "good", "return": "warn", "void": "bad"}[basket.kind]
        return pill(in_sentence(basket.get_kind_display()), tone)


@admin.register(RedemptionRecord)
class RedemptionRecordAdmin(LongList[RedemptionRecord], ReadOnlyAdmin[RedemptionRecord]):
    list_display = ("code", "amount", "basket")
    list_select_related = ("basket__store",)
    search_fields = ("code__exact",)
    search_help_text = gettext_lazy("A whole coupon code")
    empty_hint = gettext_lazy("No till has honoured a coupon yet.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RedemptionRecord]:
        rows = super().get_queryset(request).select_related("basket__store")
        return in_stores(rows, request, "basket__store")
