"""Categories and products, whose words staff may put right."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pos_integration.admin.catalogue_files import ByFile
from pos_integration.admin.catalogue_together import CategoriesTogetherForm, ProductsTogetherForm
from pos_integration.admin.together import ChangedTogether, change_together
from pos_integration.desk import in_sentence, pill
from pos_integration.models import Category, Product


@admin.register(Category)
class CategoryAdmin(ByFile[Category], ChangedTogether[Category]):
    file_kind = "categories"
    together_form = CategoriesTogetherForm
    actions = (change_together,)
    list_display = ("name", "level", "parent", "restricted", "sensitive")
    list_select_related = ("parent__parent",)
    list_filter = ("level", "goods", "is_sensitive")
    search_fields = ("name",)
    ordering = ("name",)
    autocomplete_fields = ("parent",)
    fieldsets = (
        (None, {"fields": (("name", "level"), "parent", "is_modelled", "margin_share")}),
        (
            gettext_lazy("What law and tact ask for"),
            {
                "description": gettext_lazy(
                    "Counts for all below it, too: what is said higher up stands."
                ),
                "fields": ("goods", "is_sensitive"),
            },
        ),
    )
    empty_hint = gettext_lazy("No category yet. They come with the catalogue, or add one here.")

    def told_together(self, row: Category) -> str:
        return " > ".join(node.name for node in reversed(_path(row)[1:]))

    @admin.display(description=gettext_lazy("Restricted"), ordering="goods")
    def restricted(self, category: Category) -> SafeString:
        goods = [in_sentence(node.get_goods_display()) for node in _path(category) if node.goods]
        return format_html_join(" ", "{}", ((pill(name, "warn"),) for name in dict.fromkeys(goods)))

    @admin.display(description=gettext_lazy("Sensitive"), ordering="is_sensitive")
    def sensitive(self, category: Category) -> SafeString | str:
        return pill(_("sensitive"), "bad") if any(n.is_sensitive for n in _path(category)) else ""

    def sentence(self, row: Category) -> str:
        """What it has from those above it."""
        says = []
        for above in _path(row)[1:]:
            words = [in_sentence(above.get_goods_display())] if above.goods else []
            words += ["sensitive"] if above.is_sensitive else []
            if words:
                says.append(
                    _("As '%(above)s' above it: %(join)s.")
                    % {"above": above, "join": ", ".join(words)}
                )
        return " ".join(says)


def _path(category: Category) -> list[Category]:
    """The category and those above it, itself first."""
    path = [category]
    while (above := path[-1].parent) is not None and above not in path:
        path.append(above)
    return path


@admin.register(Product)
class ProductAdmin(ByFile[Product], ChangedTogether[Product]):
    file_kind = "products"
    together_form = ProductsTogetherForm
    actions = (change_together,)
    list_display = ("name", "brand", "size", "category", "gtin", "code", "listed")
    list_select_related = ("category",)
    list_filter = ("is_listed", ("category", admin.EmptyFieldListFilter))
    search_fields = ("name", "brand", "gtin__exact", "code__exact")
    search_help_text = gettext_lazy("Name or brand; a whole GTIN-14 or in-house number")
    ordering = ("name", "pk")
    autocomplete_fields = ("category",)
    empty_hint = gettext_lazy(
        "No product yet. They come with the catalogue, or with the first baskets."
    )

    def told_together(self, row: Product) -> str:
        return str(row.code or row.gtin)

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        return ["gtin", "code", "is_listed"] if obj else ["is_listed"]

    @admin.display(description=gettext_lazy("Catalogue"), ordering="is_listed")
    def listed(self, product: Product) -> SafeString:
        return pill(_("listed"), "good") if product.is_listed else pill(_("only sold"), "warn")
