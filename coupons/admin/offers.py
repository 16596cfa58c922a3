"""Offers and the products they are good on."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons import covering, offer_changes, offering
from coupons.admin import offer_copies, offer_files, offer_pictures, offer_trials, running
from coupons.admin.offer_files import export_as_csv, export_as_xlsx, may_import
from coupons.admin.offer_forms import LevelRows, OfferForm, ProductForm, RuleRows
from coupons.admin.offer_list import HasFilter, OfferColumns, OfferList, RunsOnFilter, WhenFilter
from coupons.admin.offer_prints import (
    BarcodeRow,
    TextRows,
    has_rules,
    is_printed,
    is_redeemed,
    shown_picture,
)
from coupons.admin.offer_together import OffersTogetherForm
from coupons.models import Offer, OfferProduct
from pos_integration.admin.table_parts import export_tools
from pos_integration.admin.together import ChangedTogether, change_together
from pos_integration.desk import NOTHING, Panel, Tool, grouped, link, table
from pos_integration.long_lists import LongList
from pos_integration.together import Planned

PRODUCTS_SHOWN = 12
COLUMNS = (
    "thumbnail",
    "value",
    "what",
    "paid_by",
    "dates",
    "state",
    "coupons_out",
    "redeemed",
    "burnt",
)
Kind = Offer.Kind
# What each kind wants to be told, as the form says it.
WANTED = (
    (Kind.AMOUNT, gettext_lazy("the face value.")),
    (Kind.PERCENT, gettext_lazy("the percent, and as face value the most it may come to.")),
    (
        Kind.FIXED_PRICE,
        gettext_lazy("the price, and as face value the most that may come off for it."),
    ),
    (Kind.FREE_ITEM, gettext_lazy("as face value the dearest item that may be free.")),
    (
        Kind.MULTI_BUY,
        gettext_lazy(
            "the units that are bought together, and either the price of all, or how many of "
            "them, the cheapest, are reduced by which percent (2 for 1: 2 units, 1 reduced "
            "by 100 percent); as face value the most it may come to."
        ),
    ),
    (Kind.THRESHOLD, gettext_lazy("the face value and what must be spent for it.")),
)


def _wanted() -> SafeString:
    kinds = format_html_join("", "<li>{}: {}</li>", ((kind.label, says) for kind, says in WANTED))
    return format_html("{}<ul>{}</ul>", _("What each kind wants to be told:"), kinds)


def _is_promised(offer: Offer) -> bool:
    return is_printed(offer) or is_redeemed(offer)


@admin.register(Offer)
class OfferAdmin(OfferColumns, ChangedTogether[Offer]):
    together_form = OffersTogetherForm
    list_display_links = None  # the name leads to the offer
    list_select_related = ("funder",)
    list_filter = (
        WhenFilter,
        RunsOnFilter,
        ("funder", admin.RelatedOnlyFieldListFilter),
        ("category", admin.RelatedOnlyFieldListFilter),
        "kind",
        HasFilter,
        ("shared_code", admin.EmptyFieldListFilter),
    )
    search_fields = ("name", "detail", "funder__name", "code", "shared_code", "=rivals")
    autocomplete_fields = ("category", "funder", "photo", "stores")
    ordering = ("-valid_to", "name")
    form = OfferForm
    inlines = (LevelRows, RuleRows, TextRows, BarcodeRow)
    actions = (change_together, export_as_csv, export_as_xlsx)
    empty_hint = gettext_lazy("No offer yet. Add one, and say in rules what it is good on.")
    fieldsets = (
        (
            gettext_lazy("What the shopper reads"),
            {"fields": ("name", "detail", "terms", "photo", "picture")},
        ),
        (
            gettext_lazy("Worth"),
            {
                "description": lazy(_wanted, str)(),  # in the reader's language
                "fields": (
                    "kind",
                    "face_value",
                    ("percent", "price"),
                    ("units", "reduced_units", "threshold"),
                ),
            },
        ),
        (
            gettext_lazy("When and where"),
            {
                "fields": (
                    ("valid_from", "valid_to"),
                    "stores",
                    ("stacking_group", "after_return"),
                    "shared_code",
                )
            },
        ),
        (
            gettext_lazy("Limits"),
            {
                "description": gettext_lazy(
                    "Empty: no limit. Selections keep them; a mailing may have limits of its own "
                    "besides."
                ),
                "fields": (
                    ("least_coupons", "most_coupons", "per_household"),
                    ("expected_budget", "real_budget"),
                    ("category", "rivals"),
                ),
            },
        ),
        (gettext_lazy("Who pays"), {"fields": (("funder", "funder_share"), "circulation", "code")}),
    )

    class Media:
        css = {"all": ("coupons/pictures.css", "coupons/offers.css")}

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Any, name: str) -> URLPattern:
            whole = self.admin_site.admin_view(partial(view, self))
            return path(route, whole, name=f"coupons_offer_{name}")

        return [
            named("calendar/", running.calendar_view, "calendar"),
            named("<int:pk>/try/", offer_trials.try_view, "try"),
            named("<int:pk>/picture/", offer_pictures.picture_view, "picture"),
            named("<int:pk>/copy/", offer_copies.copy_view, "copy"),
            named("export/<slug:kind>/", offer_files.filtered_view, "export"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        return super().get_queryset(request).prefetch_related("levels__offer")

    def plan_together(self, rows: QuerySet[Offer], wanted: dict[str, Any]) -> list[Planned]:
        return offer_changes.plan(rows, wanted)

    def do_together(
        self, rows: QuerySet[Offer], wanted: dict[str, Any], by: AbstractBaseUser
    ) -> int:
        return offer_changes.change(rows, wanted, by)

    def told_together(self, row: Offer) -> str:
        days = (date_format(day, "SHORT_DATE_FORMAT") for day in (row.valid_from, row.valid_to))
        return f"{row.code}, {f' {NOTHING} '.join(days)}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[OfferList]:
        return OfferList

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Whoever may add offers copies them from the list."""
        may_copy = request.user.has_perm("coupons.add_offer")
        return [*COLUMNS, "copy"] if may_copy else [*COLUMNS]

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> list[str]:
        """What is printed stays as it is: the worth, the dates, and where it is good."""
        is_promised = obj is not None and _is_promised(obj)
        return [*offering.PROMISED, "stores"] if is_promised else []

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        offer = form.instance
        if offer.rules.exists():
            counted = covering.cover(offer)
            self.message_user(request, _covered(offer.offer_products.count(), counted))

    def sentence(self, row: Offer) -> str:
        stays = _("its worth, its dates and its stores stay as they are")
        if is_printed(row):
            taken = (
                _("; and as long as they are out, no product is taken from it")
                if covering.is_promised(row)
                else ""
            )
            return _("Coupons for this offer are printed: %(stays)s%(taken)s.") % {
                "stays": stays,
                "taken": taken,
            }
        if is_redeemed(row):
            return _("This offer was redeemed: %(stays)s.") % {"stays": stays}
        return ""

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        tools = [
            Tool(_("Calendar"), reverse("admin:coupons_offer_calendar")),
            *export_tools(request, "admin:coupons_offer_export"),
        ]
        if request.user.has_perm("coupons.view_picture"):
            tools.append(Tool(_("Pictures"), reverse("admin:coupons_picture_changelist")))
        if may_import(request):
            tools.append(Tool(_("Import offers"), reverse("admin:coupons_offerfile_import")))
        return tools

    def row_tools(self, request: HttpRequest, row: Offer) -> list[Tool]:
        products = reverse("admin:coupons_offerproduct_changelist")
        tools = [Tool(_("Its products"), f"{products}?offer__id__exact={row.pk}")]
        if not has_rules(row):
            add = f"{reverse('admin:coupons_offerproduct_add')}?offer={row.pk}"
            tools.append(Tool(_("Add a product"), add))
        if request.user.has_perm("coupons.add_offer"):
            tools.append(Tool(_("Copy"), reverse("admin:coupons_offer_copy", args=[row.pk])))
        if request.user.has_perm("coupons.change_offer"):
            tools.append(offer_trials.tool(row))
        if offer_pictures.may_show(request):
            tools.append(offer_pictures.tool(row))
        return tools

    def panels(self, request: HttpRequest, row: Offer) -> list[Panel]:
        shown = row.offer_products.select_related("product").order_by("pk")[:PRODUCTS_SHOWN]
        is_by_rules = has_rules(row)
        empty = (
            _("No product of the catalogue fits its rules: put them right below.")
            if is_by_rules
            else _("Good on nothing yet: add rules below, or a product with the button above.")
        )
        if row.kind == Offer.Kind.THRESHOLD and not is_by_rules:
            empty = _("Good on the whole basket: it has no rules and no products.")
        products = table(
            (_("Product"), _("Brand"), _("Size")),
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
            empty,
        )
        by = _("by its rules") if is_by_rules else _("added by hand")
        tried = offer_trials.panel(row)
        return [
            Panel(_("On paper"), shown_picture(row)),
            Panel(_("Good on"), products, f"{_products(row.offer_products.count())}, {by}"),
            *([tried] if tried is not None else []),
        ]


def _products(count: int) -> str:
    return ngettext("%(n)s product", "%(n)s products", count) % {"n": grouped(count)}


def _covered(count: int, counted: covering.Counted) -> str:
    """What rules made of an offer's products, in sentences."""
    says = _("By its rules it is good on %(said)s") % {"said": _products(count - counted.kept)}
    changes = [
        f"{grouped(number)} {what}"
        for number, what in ((counted.added, _("added")), (counted.removed, _("taken out")))
        if number
    ]
    says = f"{says} ({', '.join(changes)})." if changes else f"{says}."
    if counted.kept:
        says += _(
            " Its rules no longer name %(kept)s more; it stays good on them as long as "
            "coupons for it are out."
        ) % {"kept": grouped(counted.kept)}
    return says


@admin.register(OfferProduct)
class OfferProductAdmin(LongList[OfferProduct]):
    list_display = ("product", "offer", "brand")
    list_select_related = ("offer", "product")
    search_fields = ("product__gtin__exact", "product__code__exact", "offer__code__exact")
    search_help_text = gettext_lazy("A whole GTIN-14, in-house number, or offer code")
    autocomplete_fields = ("offer", "product")
    form = ProductForm
    may_delete = True
    empty_hint = gettext_lazy(
        "No product in any offer yet: open an offer and add rules, or a product."
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: OfferProduct | None = None
    ) -> list[str]:
        return [] if obj is None else ["offer", "product"]

    def get_deleted_objects(
        self, objs: QuerySet[OfferProduct] | Sequence[OfferProduct], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        rows, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return rows, counts, lacking, [*protected, *_promised(objs)]

    @admin.display(description=gettext_lazy("Brand"))
    def brand(self, line: OfferProduct) -> str:
        return line.product.brand


def _promised(lines: Iterable[OfferProduct]) -> list[str]:
    """Why some of these cannot be taken out of their offers, a sentence an offer."""
    offers = Offer.objects.filter(pk__in={line.offer_id for line in lines})
    says = []
    for offer in offers.order_by("pk"):
        if covering.is_promised(offer):
            says.append(
                _("%(offer)s: coupons for it are out, and it stays good on what it was.")
                % {"offer": offer}
            )
        elif offer.rules.exists():
            says.append(
                _("%(offer)s: its rules say what it is good on; change them instead.")
                % {"offer": offer}
            )
    return says
