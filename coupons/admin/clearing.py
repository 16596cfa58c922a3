"""What became of coupons: redemptions, and which of them were taken back."""

from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import scanned
from coupons.models import Redemption
from coupons.sheets import codes
from pos_integration import money
from pos_integration.admin.scoping import OwnStoreFilter, in_stores
from pos_integration.admin.since import since
from pos_integration.desk import NOTHING, ReadOnlyAdmin, grouped, pill
from pos_integration.long_lists import LongList


class StandsFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stands", _("Stands")), ("reversed", _("Taken back"))]

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
    list_filter = (StandsFilter, since("business_date"), ("store", OwnStoreFilter))
    search_fields = ("coupon__code__exact",)
    search_help_text = gettext_lazy("A whole coupon code, typed or scanned")
    fields = (
        ("offer", "coupon", "amount"),
        ("state_pill", "reversed_at", "reversed_by"),
        ("business_date", "redeemed_at"),
        ("store", "till_number", "receipt"),
        ("record", "taken"),
    )
    empty_hint = gettext_lazy("No coupon was redeemed yet. Tills report them with their baskets.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redemption]:
        rows = super().get_queryset(request)
        rows = rows.select_related("offer", "coupon", "store", "record", "reversed_by__store")
        return in_stores(rows, request, "store")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Redemption], search_term: str
    ) -> tuple[QuerySet[Redemption], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(coupon__code=scanned.own_code(search_term)), False
        except codes.CodeError:
            return queryset.none(), False

    @admin.display(description=gettext_lazy("State"))
    def state_pill(self, redemption: Redemption) -> SafeString:
        if redemption.reversed_at is not None:
            why = redemption.reversal_reason or _("no reason given")
            return pill(_("taken back: %(why)s") % {"why": why}, "warn")
        record = redemption.record
        if record is not None and record.amount != redemption.amount:
            said = _("till took %(amount)s")
            return pill(said % {"amount": _amount(record.amount, redemption)}, "busy")
        return pill(_("stands"), "good")

    @admin.display(description=gettext_lazy("Taken off at the till"))
    def taken(self, redemption: Redemption) -> str:
        return _amount(redemption.record.amount, redemption) if redemption.record else NOTHING

    @admin.display(description=gettext_lazy("Till"))
    def till_number(self, redemption: Redemption) -> str:
        return str(redemption.till)


def _amount(amount: Decimal, redemption: Redemption) -> str:
    """With the digits of the store's currency."""
    currency = redemption.store.currency
    return f"{grouped(amount, money.digits(currency))} {currency}"
