"""Seed addresses: who of ours gets a sheet of every run."""

from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.models import SeedAddress
from pos_integration.desk import ModelForm, Page, pill


class SeedForm(ModelForm[SeedAddress]):
    """Says in words what the country's post would miss."""

    def clean(self) -> dict[str, Any]:
        from coupons.sheets import addresses  # loads every country's rules: only where they count

        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            parts = (given[name] for name in ("street", "city", "region", "postcode", "country"))
            for fault in addresses.faults(*parts):
                self.add_error(None, f"{fault[:1].upper()}{fault[1:]}.")
        return given


@admin.register(SeedAddress)
class SeedAddressAdmin(Page[SeedAddress]):
    list_display = ("name", "street", "postcode", "city", "country", "active_pill")
    list_filter = ("is_active",)
    search_fields = ("name", "city")
    ordering = ("name",)
    form = SeedForm
    fields = ("name", "street", ("postcode", "city"), ("region", "country"), "is_active")
    may_delete = True  # runs keep a copy of what they sent
    empty_hint = gettext_lazy(
        "Nobody yet. Add yourself: a sheet of every run comes to you as it does to "
        "households, and you see what arrives, and when."
    )

    @admin.display(description=gettext_lazy("Gets sheets"), ordering="is_active")
    def active_pill(self, seed: SeedAddress) -> SafeString:
        return pill(_("yes"), "good") if seed.is_active else pill(_("no"), "plain")
