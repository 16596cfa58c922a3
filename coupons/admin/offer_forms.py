"""What the desk says of an offer, its levels and its rules: in sentences, beside the field."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import offering
from coupons.admin.drawn import DrawnChoice
from coupons.models import Offer, OfferLevel, OfferProduct, OfferRule
from coupons.sheets.pictures import FALLBACK
from pos_integration.desk import TabularInline
from pos_integration.said import retold

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    OfferModelForm = forms.ModelForm[Offer]
    LevelModelForm = forms.ModelForm[OfferLevel]
    RuleModelForm = forms.ModelForm[OfferRule]
    ProductModelForm = forms.ModelForm[OfferProduct]
    LevelFormSet = forms.BaseInlineFormSet[OfferLevel, Offer, LevelModelForm]
else:
    OfferModelForm = LevelModelForm = RuleModelForm = ProductModelForm = forms.ModelForm
    LevelFormSet = forms.BaseInlineFormSet


class OfferForm(OfferModelForm):
    """Says in a sentence what the database would refuse."""

    percent = forms.IntegerField(
        min_value=1,
        max_value=100,
        required=False,
        help_text=gettext_lazy("1 to 100; of a multi-buy: off the reduced units"),
        label=gettext_lazy("Percent"),
    )
    units = forms.IntegerField(
        min_value=1,
        max_value=offering.MOST_UNITS,
        required=False,
        initial=1,
        help_text=gettext_lazy("That must be bought together; more than 1 for a multi-buy"),
        label=gettext_lazy("Units"),
    )
    reduced_units = forms.IntegerField(
        min_value=1,
        max_value=offering.MOST_UNITS,
        required=False,
        initial=1,
        help_text=gettext_lazy("How many of these, the cheapest, the percent is off"),
        label=gettext_lazy("Reduced units"),
    )

    picture = forms.CharField(
        required=False,
        max_length=30,
        initial=FALLBACK,
        widget=DrawnChoice,
        help_text=gettext_lazy("What is drawn where there is no photograph"),
        label=gettext_lazy("Picture"),
    )

    may_be_left = ("units", "reduced_units", "stacking_group", "after_return", "picture")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.may_be_left:
            if name in self.fields:
                self.fields[name].required = False
        if "photo" in self.fields:
            widget: Any = self.fields["photo"].widget
            widget.can_delete_related = False

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self.may_be_left:
            if name in said and said[name] in (None, ""):
                said[name] = getattr(self.instance, name)
        kept = {
            name: getattr(self.instance, name)
            for name in offering.PROMISED
            if name not in self.fields
        }
        for field, sentence in [*offering.faults(kept | said)]:
            self.add_error(field if field in self.fields else None, retold(sentence))
        return said


class LevelForm(LevelModelForm):
    """A level that coupons were printed at stays as it was promised."""

    number = forms.TypedChoiceField(
        label=gettext_lazy("Level"), choices=[(n, n) for n in offering.LEVEL_NUMBERS], coerce=int
    )
    percent = forms.IntegerField(
        min_value=1, max_value=100, required=False, label=gettext_lazy("Percent")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_promised:
            for field in self.fields.values():
                field.disabled = True

    @cached_property
    def is_promised(self) -> bool:
        return self.instance.pk is not None and self.instance.coupons.exists()

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        for field, sentence in offering.out_of_bounds(said):
            self.add_error(field, retold(sentence))
        return said


class Levels(LevelFormSet):
    """Each level is worth more than the one below it, and the first more than the offer."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if form.is_promised and "DELETE" in form.fields:
            form.fields["DELETE"].disabled = True

    def clean(self) -> None:
        offer = {name: getattr(self.instance, name) for name in offering.WORTH}
        by_number: dict[int | None, Any] = {}
        levels = []
        for form in self._said():
            number = form.cleaned_data.get("number")
            by_number[number] = form  # of two, the later is told
            levels.append(form.cleaned_data)
        for number, field, sentence in offering.level_faults(offer, levels):
            if field in by_number[number].fields and field not in by_number[number].errors:
                by_number[number].add_error(field, retold(sentence))

    def _said(self) -> Iterator[Any]:
        for form in self.forms:
            is_there = form.has_changed() or bool(form.instance.pk)
            if is_there and not form.cleaned_data.get("DELETE"):
                yield form


class LevelRows(TabularInline[OfferLevel, Offer]):
    model = OfferLevel
    form = LevelForm
    formset = Levels
    fields = ("number", "face_value", "percent", "price")
    ordering = ("number",)
    extra = 0
    max_num = len(offering.LEVEL_NUMBERS)
    verbose_name = "level"
    verbose_name_plural = gettext_lazy(
        "Levels: the same offer at a higher worth, for who needs more to be won"
    )


class RuleForm(RuleModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_excluded"].label = _("Not on")
        self.fields["is_excluded"].help_text = ""
        for name in ("category", "product"):
            # No pencils and eyes beside each row: there is no room for them.
            widget: Any = self.fields[name].widget
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        said["brand"] = brand = (said.get("brand") or "").strip()
        product, category = said.get("product"), said.get("category")
        if {"product", "category"} & self.errors.keys():
            return said
        if product is not None and (category is not None or brand):
            self.add_error(
                "product",
                (
                    _("'%(product)s' stands alone: leave category and brand empty, or the product.")
                    % {"product": product}
                ),
            )
        elif product is None and category is None and not brand:
            self.add_error("category", _("Name a category, a brand, both, or else one product."))
        return said


class RuleRows(TabularInline[OfferRule, Offer]):
    model = OfferRule
    form = RuleForm
    fields = ("is_excluded", "category", "brand", "product")
    autocomplete_fields = ("category", "product")
    ordering = ("is_excluded", "pk")
    extra = 0
    verbose_name = "rule"
    verbose_name_plural = gettext_lazy(
        "Rules: which products it is good on; what one excludes is out, whatever others say"
    )


class ProductForm(ProductModelForm):
    """Products are added by hand to offers without rules only: a rule would take them out."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        offer = said.get("offer")
        if offer is not None and offer.rules.exists():
            self.add_error(
                "offer",
                (
                    _(
                        "Rules say what '%(offer)s' is good on: open it and add a rule "
                        "for this product."
                    )
                    % {"offer": offer}
                ),
            )
        return said
