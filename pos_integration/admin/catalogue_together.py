"""What of the catalogue is changed for several rows at once: products, and categories."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy

from pos_integration.admin.together import TogetherForm
from pos_integration.models import Category, Product

if TYPE_CHECKING:
    OneCategory = forms.ModelChoiceField[Category]
else:
    OneCategory = forms.ModelChoiceField

_AS_IT_IS = ("", gettext_lazy("As it is"))
_YES_NO = [_AS_IT_IS, ("yes", gettext_lazy("Yes")), ("no", gettext_lazy("No"))]


class ProductsTogetherForm(TogetherForm):
    category = OneCategory(
        queryset=Category.objects.all(),
        required=False,
        label=gettext_lazy("Category"),
        widget=AutocompleteSelect(Product._meta.get_field("category"), admin.site),
        help_text=gettext_lazy("Law's restrictions on goods come with it"),
    )
    brand = forms.CharField(required=False, max_length=60, label=gettext_lazy("Brand"))
    size = forms.CharField(required=False, max_length=40, label=gettext_lazy("Size"))
    lowest_price = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=8,
        decimal_places=2,
        label=gettext_lazy("Lowest price"),
        help_text=gettext_lazy("No coupon brings a unit below this"),
    )
    without = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Take these away"),
        choices=[
            ("category", gettext_lazy("Category")),
            ("brand", gettext_lazy("Brand")),
            ("size", gettext_lazy("Size")),
            ("lowest_price", gettext_lazy("Lowest price")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    def wanted(self) -> dict[str, Any]:
        said = self.cleaned_data
        names = ("category", "brand", "size", "lowest_price")
        wanted = {name: said[name] for name in names if said.get(name) not in (None, "")}
        for name in said.get("without") or ():
            wanted[name] = "" if name in ("brand", "size") else None
        return wanted


class CategoriesTogetherForm(TogetherForm):
    goods = forms.ChoiceField(
        required=False,
        label=gettext_lazy("What law restricts"),
        choices=[_AS_IT_IS, ("none", gettext_lazy("Nothing")), *Category.Goods.choices],
        help_text=gettext_lazy("Counts for all below it, too"),
    )
    is_sensitive = forms.ChoiceField(
        required=False,
        choices=_YES_NO,
        label=gettext_lazy("Sensitive"),
        help_text=gettext_lazy("Nobody's purchases of it choose a coupon"),
    )
    is_modelled = forms.ChoiceField(
        required=False,
        choices=_YES_NO,
        label=gettext_lazy("Says what a household needs"),
        help_text=gettext_lazy("Not fuel, deposits, gift cards"),
    )
    margin_share = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=1,
        max_digits=4,
        decimal_places=3,
        label=gettext_lazy("Margin"),
        help_text=gettext_lazy("Of the price, 0 to 1"),
    )
    without = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Take these away"),
        choices=[("margin_share", gettext_lazy("Margin: as the one above it"))],
        widget=forms.CheckboxSelectMultiple,
    )

    def wanted(self) -> dict[str, Any]:
        said = self.cleaned_data
        wanted: dict[str, Any] = {
            name: said[name] == "yes" for name in ("is_sensitive", "is_modelled") if said.get(name)
        }
        if said.get("goods"):
            wanted["goods"] = "" if said["goods"] == "none" else said["goods"]
        if said.get("margin_share") is not None:
            wanted["margin_share"] = said["margin_share"]
        return wanted | dict.fromkeys(said.get("without") or ())
