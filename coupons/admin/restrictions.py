"""What law restricts, and where: whose word counts for coupons on such goods."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils.functional import lazy
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.models import Restriction
from coupons.restrictions import UNLESS_SAID
from pos_integration.desk import Page, in_sentence, pill

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    RestrictionModelForm = forms.ModelForm[Restriction]
else:
    RestrictionModelForm = forms.ModelForm

TONES = {"never": "bad", "of_age": "warn", "free": "good"}


class RestrictionForm(RestrictionModelForm):
    """Countries in capitals; a place is said once, whatever its capitals."""

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        said["country"] = country = (said.get("country") or "").strip().upper()
        said["region"] = region = (said.get("region") or "").strip()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            self.add_error(
                "country",
                (_("'%(country)s' is not two letters, such as US or DE.") % {"country": country}),
            )
        elif region and not country:
            self.add_error(
                "country",
                (_("Say where '%(region)s' is: a region lies in a country.") % {"region": region}),
            )
        elif goods := said.get("goods"):
            there = Restriction.objects.filter(goods=goods, country=country, region__iexact=region)
            if there.exclude(pk=self.instance.pk).exists():
                self.add_error(
                    "goods",
                    _("Of these goods and this place it is there already."),
                )
        return said


def _unless_said() -> SafeString:
    kinds = format_html_join(
        "",
        "<li>{}: {}</li>",
        (
            (in_sentence(goods.label), in_sentence(verdict.label))
            for goods, verdict in UNLESS_SAID.items()
        ),
    )
    return format_html(
        "{}<ul>{}</ul>",
        _(
            "The most specific place counts: a region before its country, a country before "
            "everywhere. Where nothing is said:"
        ),
        kinds,
    )


@admin.register(Restriction)
class RestrictionAdmin(Page[Restriction]):
    list_display = ("goods_name", "place", "verdict_pill")
    list_display_links = ("goods_name", "place")
    list_filter = ("goods", "verdict")
    search_fields = ("=country", "region")
    search_help_text = gettext_lazy(
        "A country's two letters, or part of a region's name. Where nothing is said: no "
        "coupons on tobacco and infant formula; on alcohol, gambling and medicine for "
        "who is of age."
    )
    ordering = ("goods", "country", "region")
    form = RestrictionForm
    may_delete = True
    fieldsets = (
        (
            None,
            {
                "description": lazy(_unless_said, str)(),
                "fields": ("goods", ("country", "region"), "verdict"),
            },
        ),
    )
    empty_hint = gettext_lazy(
        "Nothing said: no coupons on tobacco and infant formula anywhere; on alcohol, "
        "gambling and medicine for who has shown to be of age."
    )

    @admin.display(description=gettext_lazy("Goods"), ordering="goods")
    def goods_name(self, row: Restriction) -> str:
        return row.get_goods_display().capitalize()

    @admin.display(description=gettext_lazy("Where"), ordering="country")
    def place(self, row: Restriction) -> str:
        return ", ".join(part for part in (row.region, row.country) if part) or "everywhere"

    @admin.display(description=gettext_lazy("Coupons"), ordering="verdict")
    def verdict_pill(self, row: Restriction) -> SafeString:
        return pill(in_sentence(row.get_verdict_display()), TONES[row.verdict])
