"""Offers and the products they are good on."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from coupons.models import Offer, OfferProduct
from pos_integration.desk import LongList, Page, Panel, Tool, link, pill, table

PRODUCTS_SHOWN = 12
# What is printed on coupons already is a promise: it is kept as it was made.
PROMISED = ("kind", "face_value", "percent", "valid_from", "valid_to", "shared_code")


def offer_pill(offer: Offer, today: date) -> SafeString:
    if offer.valid_to < today:
        return pill("over", "plain")
    return pill("to come", "busy") if offer.valid_from > today else pill("live", "good")


class WhenFilter(admin.SimpleListFilter):
    title = "dates"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Live"), ("to_come", "To come"), ("over", "Over")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        today = timezone.localdate()
        match self.value():
            case "live":
                return queryset.filter(valid_from__lte=today, valid_to__gte=today)
            case "to_come":
                return queryset.filter(valid_from__gt=today)
            case "over":
                return queryset.filter(valid_to__lt=today)
        return queryset


@admin.register(Offer)
class OfferAdmin(Page[Offer]):
    list_display = ("value", "name", "detail", "funder", "valid_from", "valid_to", "state", "code")
    list_display_links = ("value", "name")
    list_filter = (WhenFilter, "kind", ("shared_code", admin.EmptyFieldListFilter))
    search_fields = ("name", "detail", "funder", "code", "shared_code")
    ordering = ("-valid_to", "name")
    autocomplete_fields = ("category",)
    empty_hint = "No offer yet. Add one, then add the products it is good on."
    fieldsets = (
        ("What the shopper reads", {"fields": ("name", "detail", "picture", "terms")}),
        ("Worth", {"fields": (("kind", "face_value", "percent"),)}),
        ("Good on", {"fields": (("valid_from", "valid_to"), "category", "shared_code")}),
        ("Who pays", {"fields": (("funder", "funder_share"), "circulation", "code")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> list[str]:
        return list(PROMISED) if obj is not None and obj.coupons.exists() else []

    @admin.display(description="Worth", ordering="face_value")
    def value(self, offer: Offer) -> str:
        return offer.value_text

    @admin.display(description="State", ordering="valid_to")
    def state(self, offer: Offer) -> SafeString:
        return offer_pill(offer, timezone.localdate())

    def sentence(self, row: Offer) -> str:
        if row.coupons.exists():
            return "Coupons for this offer are printed: its worth and its dates stay as they are."
        return ""

    def row_tools(self, request: HttpRequest, row: Offer) -> list[Tool]:
        products = reverse("admin:coupons_offerproduct_changelist")
        return [
            Tool("Its products", f"{products}?offer__id__exact={row.pk}"),
            Tool("Add a product", f"{reverse('admin:coupons_offerproduct_add')}?offer={row.pk}"),
        ]

    def panels(self, request: HttpRequest, row: Offer) -> list[Panel]:
        shown = row.offer_products.select_related("product").order_by("pk")[:PRODUCTS_SHOWN]
        products = table(
            ("Product", "Brand", "Size"),
            (
                (
                    link(
                        reverse("admin:pos_integration_product_change", args=[line.product_id]),
                        line.product.name,
                    ),
                    line.product.brand,
                    line.product.size,
                )
                for line in shown
            ),
            "Good on nothing yet: add a product with the button above.",
        )
        count = row.offer_products.count()
        note = f"{count:,} product{'' if count == 1 else 's'} in all"
        return [Panel("Good on", products, note)]


@admin.register(OfferProduct)
class OfferProductAdmin(LongList[OfferProduct]):
    list_display = ("product", "offer", "brand")
    list_select_related = ("offer", "product")
    search_fields = ("product__gtin__exact", "product__code__exact", "offer__code__exact")
    search_help_text = "A whole GTIN-14, in-house number, or offer code"
    autocomplete_fields = ("offer", "product")
    may_delete = True
    empty_hint = "No product in any offer yet: open an offer and add one."

    @admin.display(description="Brand")
    def brand(self, line: OfferProduct) -> str:
        return line.product.brand
