"""How an offer looks on paper, at the desk: its picture, its words in other languages, its
barcode."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import barcode_rules
from coupons.admin.drawn import LARGE, drawing, photograph
from coupons.models import Offer, OfferBarcode, OfferText
from pos_integration.desk import TabularInline, link
from pos_integration.said import retold

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    TextModelForm = forms.ModelForm[OfferText]
    BarcodeModelForm = forms.ModelForm[OfferBarcode]
    BarcodeFormSet = forms.BaseInlineFormSet[OfferBarcode, Offer, BarcodeModelForm]
else:
    TextModelForm = BarcodeModelForm = forms.ModelForm
    BarcodeFormSet = forms.BaseInlineFormSet


def shown_picture(offer: Offer) -> SafeString:
    """What its coupons show, and whose that is."""
    from coupons import pictures  # loads what reads pictures: too slow for every command

    sha256 = pictures.photo_of([offer]).get(offer.pk)
    if sha256 is None:
        return format_html(
            '<div class="photo-line">{}<p>{}</p></div>',
            drawing(offer.picture),
            _(
                "Drawn: %(picture)s. To show a photograph, choose one below, or upload one of a "
                "product that it is good on."
            )
            % {"picture": offer.picture},
        )
    if offer.photo is not None:
        url = reverse("admin:coupons_picture_change", args=[offer.photo_id])
        says = format_html("{} {}.", _("Its own photograph,"), link(url, offer.photo))
    else:
        says = escape(_("The photograph of a product that it is good on."))
    return format_html(
        '<div class="photo-line">{}<p>{}</p></div>', photograph(sha256, offer.name, LARGE), says
    )


class TextForm(TextModelForm):
    language = forms.ChoiceField(choices=settings.LANGUAGES, label=gettext_lazy("Language"))

    class Meta:
        widgets = {"terms": forms.Textarea(attrs={"rows": 2, "cols": 30})}


class TextRows(TabularInline[OfferText, Offer]):
    model = OfferText
    form = TextForm
    fields = ("language", "name", "detail", "terms")
    ordering = ("language",)
    extra = 0
    max_num = len(settings.LANGUAGES)
    verbose_name = "language"
    verbose_name_plural = gettext_lazy(
        "In other languages: for households that are written to in them"
    )


class BarcodeForm(BarcodeModelForm):
    """Says in a sentence what GS1's rules, or the database, would refuse."""

    class Meta:
        widgets = {
            name: forms.TextInput(attrs={"size": size})
            for name, size in (("company_prefix", 14), ("reference", 12), ("family_code", 4))
        }

    def __init__(self, *args: Any, offer: Offer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer = offer

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return said
        key = {name: said[name] for name in ("content", "company_prefix", "reference")}
        for field, sentence in [*barcode_rules.faults(said, self._worths())]:
            self.add_error(field, retold(sentence))  # which takes the field from what is said
        others = OfferBarcode.objects.filter(**key).exclude(pk=self.instance.pk)
        other = others.select_related("offer").first()
        if other is not None and other.offer_id != self._offer.pk:
            self.add_error(
                "reference",
                (_("This names the offer '%(offer)s' already.") % {"offer": other.offer}),
            )
        return said

    def validate_constraints(self) -> None:
        """They are told by `clean`, in sentences."""

    def _worths(self) -> list[Decimal]:
        """What coupons may take off: by the offer as it is being said, its levels as they were."""
        offer = self._offer
        if offer.kind == Offer.Kind.FREE_ITEM or offer.face_value is None:
            return []
        levels = offer.levels.all() if offer.pk else ()
        return [offer.face_value, *(level.face_value for level in levels)]


class Barcodes(BarcodeFormSet):
    """Tells the barcode of the offer as it is being said."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "offer": self.instance}


class BarcodeRow(TabularInline[OfferBarcode, Offer]):
    model = OfferBarcode
    form = BarcodeForm
    formset = Barcodes
    fields = ("symbology", "content", "company_prefix", "reference", "family_code")
    extra = 0
    max_num = 1
    # There is one at most, so this is the heading too.
    verbose_name = gettext_lazy("barcode by rules of GS1, in place of a code of the coupon's own")

    def has_change_permission(self, request: HttpRequest, obj: Offer | None = None) -> bool:
        return not (obj is not None and is_printed(obj)) and super().has_change_permission(
            request, obj
        )

    def has_delete_permission(self, request: HttpRequest, obj: Offer | None = None) -> bool:
        return not (obj is not None and is_printed(obj)) and super().has_delete_permission(
            request, obj
        )


def is_printed(offer: Offer) -> bool:
    """Whether coupons of it are there; asked of the database once for a page.

    What tills are told to read on printed coupons stays as it is. An offer without a barcode may
    still get one: what was printed before has codes of its own.
    """
    known = offer.__dict__
    if "_is_printed" not in known:
        known["_is_printed"] = offer.pk is not None and offer.coupons.exists()
    return bool(known["_is_printed"])


def is_redeemed(offer: Offer) -> bool:
    """Whether it was ever redeemed; asked once for a page, as above."""
    known = offer.__dict__
    if "_is_redeemed" not in known:
        known["_is_redeemed"] = offer.redemptions.exists()
    return bool(known["_is_redeemed"])


def has_rules(offer: Offer) -> bool:
    """Whether rules say what it is good on; asked once for a page, as above."""
    known = offer.__dict__
    if "_has_rules" not in known:
        known["_has_rules"] = offer.rules.exists()
    return bool(known["_has_rules"])
