"""Offers and the products they are good on."""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from coupons.models import Offer, OfferProduct
from pos_integration.desk import LongList, Page, Panel, Tool, link, pill, table

PRODUCTS_SHOWN = 12
# What is printed on coupons already is a promise: it is kept as it was made.
PROMISED = (
    "kind",
    "face_value",
    "percent",
    "price",
    "units",
    "reduced_units",
    "threshold",
    "stacking_group",
    "valid_from",
    "valid_to",
    "shared_code",
)
Kind = Offer.Kind
# What each kind wants to be told, as the form says it.
WANTED = (
    (Kind.AMOUNT, "the face value."),
    (Kind.PERCENT, "the percent, and as face value the most it may come to."),
    (Kind.FIXED_PRICE, "the price, and as face value the most that may come off for it."),
    (Kind.FREE_ITEM, "as face value the dearest item that may be free."),
    (
        Kind.MULTI_BUY,
        "the units that are bought together, and either the price of all, or how many of them, "
        "the cheapest, are reduced by which percent (2 for 1: 2 units, 1 reduced by 100 percent); "
        "as face value the most it may come to.",
    ),
    (Kind.THRESHOLD, "the face value and what must be spent for it."),
)

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    OfferModelForm = forms.ModelForm[Offer]
else:
    OfferModelForm = forms.ModelForm


def misfits(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where an offer's terms do not fit its kind: the field and, in a sentence, what is wanted.

    said: what was said of each field; a field that is missing was faulty by itself.
    """
    kind = said.get("kind")
    if kind is None:
        return
    name = Kind(kind).label.partition(":")[0].lower()
    percent, price = said.get("percent"), said.get("price")
    both = percent is not None and price is not None
    if kind == Kind.MULTI_BUY and both:
        yield "percent", "Either the price of all units or a percent off some, not both."
    elif kind == Kind.MULTI_BUY and not {"percent", "price"} - said.keys():
        if percent is None and price is None:
            yield "price", "Say the price of all units together, or the percent off some of them."
    elif kind == Kind.PERCENT and "percent" in said and percent is None:
        yield "percent", "Say how many percent it takes off, from 1 to 100."
    elif kind == Kind.FIXED_PRICE and "price" in said and price is None:
        yield "price", "Say what one item costs with it."
    if percent is not None and kind not in (Kind.PERCENT, Kind.MULTI_BUY):
        yield "percent", f"Leave this empty: '{name}' has no percent."
    if price is not None and kind not in (Kind.FIXED_PRICE, Kind.MULTI_BUY):
        yield "price", f"Leave this empty: '{name}' has no price."
    yield from _misfit_counts(kind, name, said)
    if kind == Kind.THRESHOLD:
        if "threshold" in said and said["threshold"] is None:
            yield "threshold", "Say how much must be spent."
    elif said.get("threshold") is not None:
        yield "threshold", f"Leave this empty: '{name}' asks for no amount to be spent."


def _misfit_counts(kind: str, name: str, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    units, reduced = said.get("units"), said.get("reduced_units")
    if kind == Kind.MULTI_BUY:
        if units is not None and units < 2:
            yield "units", f"{units} is too few: 2 or more are bought together."
        elif units is not None and reduced is not None and reduced > units:
            yield "reduced_units", f"{reduced} of {units} cannot be reduced: {units} at most."
        return
    for field, count in (("units", units), ("reduced_units", reduced)):
        if count is not None and count != 1:
            yield field, f"'{name}' is about one unit: 1 is wanted, not {count}."


class OfferForm(OfferModelForm):
    """Says in a sentence what the database would refuse."""

    percent = forms.IntegerField(
        min_value=1,
        max_value=100,
        required=False,
        help_text="1 to 100; of a multi-buy: off the reduced units",
    )
    units = forms.IntegerField(
        min_value=1,
        max_value=1000,
        required=False,
        initial=1,
        help_text="That must be bought together; more than 1 for a multi-buy",
    )
    reduced_units = forms.IntegerField(
        min_value=1,
        max_value=1000,
        required=False,
        initial=1,
        help_text="How many of these, the cheapest, the percent is off",
    )

    may_be_left = ("units", "reduced_units", "stacking_group", "after_return")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.may_be_left:
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.may_be_left:
            if name in said and said[name] in (None, ""):
                said[name] = getattr(self.instance, name)
        kept = {name: getattr(self.instance, name) for name in PROMISED if name not in self.fields}
        said_and_kept = kept | said
        for field, sentence in [*misfits(said_and_kept), *_out_of_bounds(said_and_kept)]:
            self.add_error(field if field in self.fields else None, sentence)
        return said


def _out_of_bounds(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("face_value", "threshold"):
        if (amount := said.get(field)) is not None and amount <= 0:
            yield field, f"{amount} is not enough: more than 0 is wanted."
    if (price := said.get("price")) is not None and price < 0:
        yield "price", f"{price} is below 0."
    if (share := said.get("funder_share")) is not None and not 0 <= share <= 1:
        yield "funder_share", f"{share} is not from 0 to 1, such as 0.5 for one half."
    begins, ends = said.get("valid_from"), said.get("valid_to")
    if begins is not None and ends is not None and ends < begins:
        yield "valid_to", f"{ends} is before the first day, {begins}."


def _wanted() -> SafeString:
    kinds = format_html_join("", "<li>{}: {}</li>", ((kind.label, says) for kind, says in WANTED))
    return format_html("What each kind wants to be told:<ul>{}</ul>", kinds)


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


def _is_promised(offer: Offer) -> bool:
    return offer.coupons.exists() or offer.redemptions.exists()


@admin.register(Offer)
class OfferAdmin(Page[Offer]):
    list_display = ("value", "name", "detail", "funder", "valid_from", "valid_to", "state", "code")
    list_display_links = ("value", "name")
    list_select_related = ("funder",)
    list_filter = (WhenFilter, "kind", ("shared_code", admin.EmptyFieldListFilter))
    search_fields = ("name", "detail", "funder__name", "code", "shared_code")
    autocomplete_fields = ("category", "funder")
    ordering = ("-valid_to", "name")
    form = OfferForm
    empty_hint = "No offer yet. Add one, then add the products it is good on."
    fieldsets = (
        ("What the shopper reads", {"fields": ("name", "detail", "picture", "terms")}),
        (
            "Worth",
            {
                "description": _wanted(),
                "fields": (
                    "kind",
                    "face_value",
                    ("percent", "price"),
                    ("units", "reduced_units", "threshold"),
                ),
            },
        ),
        (
            "Good on",
            {
                "fields": (
                    ("valid_from", "valid_to"),
                    ("stacking_group", "after_return"),
                    "category",
                    "shared_code",
                )
            },
        ),
        ("Who pays", {"fields": (("funder", "funder_share"), "circulation", "code")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Offer | None = None) -> list[str]:
        return list(PROMISED) if obj is not None and _is_promised(obj) else []

    @admin.display(description="Worth", ordering="face_value")
    def value(self, offer: Offer) -> str:
        return offer.value_text

    @admin.display(description="State", ordering="valid_to")
    def state(self, offer: Offer) -> SafeString:
        return offer_pill(offer, timezone.localdate())

    def sentence(self, row: Offer) -> str:
        if row.coupons.exists():
            return "Coupons for this offer are printed: its worth and its dates stay as they are."
        if row.redemptions.exists():
            return "This offer was redeemed: its worth and its dates stay as they are."
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
