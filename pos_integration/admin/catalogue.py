"""Categories and products, whose words staff may put right."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from pos_integration.desk import (
    Page,
    pill,
)
from pos_integration.models import (
    Category,
    Product,
)


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
