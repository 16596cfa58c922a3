"""What became of coupons: redemptions, and the refusals that staff look at."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from coupons import scanned
from coupons.models import Redemption, Refusal
from coupons.sheets import codes
from pos_integration.desk import NOTHING, LongList, ReadOnlyAdmin, money, pill


class StandsFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stands", "Stands"), ("reversed", "Taken back")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Redemption]
    ) -> QuerySet[Redemption]:
        match self.value():
            case "stands":
                return queryset.filter(reversed_at=None)
            case "reversed":
                return queryset.filter(reversed_at__isnull=False)
        return queryset


@admin.register(Redemption)
class RedemptionAdmin(LongList[Redemption], ReadOnlyAdmin[Redemption]):
    list_display = (
        "offer",
        "coupon",
        "amount",
        "state_pill",
        "business_date",
        "store",
        "till_number",
        "receipt",
    )
    list_select_related = ("offer", "coupon", "store", "record")
    list_filter = (StandsFilter, "store")
    date_hierarchy = "business_date"
    search_fields = ("coupon__code__exact",)
    search_help_text = "A whole coupon code, typed or scanned"
    fields = (
        ("offer", "coupon", "amount"),
        ("state_pill", "reversed_at", "reversed_by"),
        ("business_date", "redeemed_at"),
        ("store", "till_number", "receipt"),
        ("record", "taken"),
    )
    empty_hint = "No coupon was redeemed yet. Tills report them with their baskets."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        rows = super().get_queryset(request)
        return rows.select_related("offer", "coupon", "store", "record", "reversed_by__store")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(coupon__code=scanned.own_code(search_term)), False
        except codes.CodeError:
            return queryset.none(), False

    @admin.display(description="State")
    def state_pill(self, redemption: Redemption) -> SafeString:
        if redemption.reversed_at is not None:
            return pill(f"taken back: {redemption.reversal_reason or 'no reason given'}", "warn")
        record = redemption.record
        if record is not None and record.amount != redemption.amount:
            return pill(f"till took {money(record.amount)}", "busy")
        return pill("stands", "good")

    @admin.display(description="Taken off at the till")
    def taken(self, redemption: Redemption) -> str:
        return money(redemption.record.amount) if redemption.record else NOTHING

    @admin.display(description="Till")
    def till_number(self, redemption: Redemption) -> str:
        return str(redemption.till)


@admin.register(Refusal)
class RefusalAdmin(LongList[Refusal], ReadOnlyAdmin[Refusal]):
    list_display = ("reason_pill", "code", "amount", "detail", "basket")
    list_select_related = ("record__basket__store",)
    list_filter = ("reason",)
    search_fields = ("record__code__exact",)
    search_help_text = "A whole coupon code, as the till sent it"
    fields = ("reason_pill", "detail", ("code", "amount"), "basket", "record")
    readonly_fields = ("basket",)
    empty_hint = "Nothing was refused: every coupon a till honoured was good."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refusal]:
        return super().get_queryset(request).select_related("record__basket__store")

    @admin.display(description="Why")
    def reason_pill(self, refusal: Refusal) -> SafeString:
        return pill(refusal.get_reason_display().lower(), "bad")

    @admin.display(description="Code")
    def code(self, refusal: Refusal) -> str:
        return refusal.record.code

    @admin.display(description="Off")
    def amount(self, refusal: Refusal) -> str:
        return f"{refusal.record.amount:,.2f}"

    @admin.display(description="Receipt")
    def basket(self, refusal: Refusal) -> str:
        return str(refusal.record.basket)
