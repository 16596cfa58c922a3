"""The hold-out that stands: households that no mailing reaches, to measure all of them by."""

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin.segments import published
from coupons.models import StandingHoldout
from pos_integration.desk import Page, grouped, percent, pill

# Django's own forms take no model in brackets, its type stubs demand one.
if TYPE_CHECKING:
    StandingModelForm = forms.ModelForm[StandingHoldout]
else:
    StandingModelForm = forms.ModelForm


class StandingHoldoutForm(StandingModelForm):
    """Begins it, or ends it: who is in it follows from salt and share, and these stay."""

    def clean_share(self) -> Decimal:
        share: Decimal = self.cleaned_data["share"]
        if not self.instance._state.adding and share != self.instance.share:
            raise forms.ValidationError(
                _(
                    "It stays at %(normalize)s as long as it stands, for another "
                    "share would change "
                    "who is held out: end it, and begin another one."
                )
                % {"normalize": f"{self.instance.share.normalize():f}"}
            )
        if not 0 < share <= Decimal("0.5"):
            raise forms.ValidationError(
                _("%(share)s is not above 0 and up to 0.5, such as 0.02 for 2 percent.")
                % {"share": share}
            )
        return share

    def clean_begins_on(self) -> date:
        day: date = self.cleaned_data["begins_on"]
        if not self.instance._state.adding:
            if day != self.instance.begins_on:
                raise forms.ValidationError(
                    _(
                        "It began on %(begins_on)s: mailings since then left it out, "
                        "and those before "
                        "did not."
                    )
                    % {"begins_on": date_format(self.instance.begins_on)}
                )
            return day
        if day < timezone.localdate():
            raise forms.ValidationError(
                _(
                    "%(day)s is over, and mailings since then left nobody out for "
                    "it: choose today "
                    "or later."
                )
                % {"day": date_format(day)}
            )
        return day

    def clean_ends_on(self) -> date | None:
        day: date | None = self.cleaned_data["ends_on"]
        if day is not None and day < timezone.localdate():
            raise forms.ValidationError(
                _("%(day)s is over, and mailings since then left it out: choose today or later.")
                % {"day": date_format(day)}
            )
        return day

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        begins, ends = said.get("begins_on"), said.get("ends_on")
        if begins and ends and ends < begins:
            self.add_error(
                "ends_on",
                (
                    _("%(ends)s is before its first day, %(begins)s.")
                    % {"ends": ends, "begins": begins}
                ),
            )
        if begins and self.instance._state.adding:
            before = StandingHoldout.objects.order_by("-begins_on").first()
            if before is not None and before.ends_on is None:
                self.add_error(
                    None,
                    (
                        _("One stands already, since %(begins_on)s: end it first.")
                        % {"begins_on": date_format(before.begins_on)}
                    ),
                )
            elif before is not None and before.ends_on and before.ends_on >= begins:
                self.add_error(
                    "begins_on",
                    (
                        _("The one before stands until %(ends_on)s: begin after it.")
                        % {"ends_on": date_format(before.ends_on)}
                    ),
                )
        return said


def _stands(one: StandingHoldout, today: date) -> bool:
    return one.ends_on is None or one.ends_on >= today


@admin.register(StandingHoldout)
class StandingHoldoutAdmin(Page[StandingHoldout]):
    list_title = gettext_lazy("Standing hold-out")
    list_display = ("name", "state", "begins_on", "ends_on")
    ordering = ("-begins_on",)
    form = StandingHoldoutForm
    fieldsets = ((None, {"fields": ("share", ("begins_on", "ends_on"))}),)
    empty_hint = gettext_lazy(
        "Nobody is held out for good. Add a share of all households, so that all "
        "mailings together can be measured against it."
    )

    def has_change_permission(
        self, request: HttpRequest, obj: StandingHoldout | None = None
    ) -> bool:
        """What is over stays as it was."""
        if obj is not None and not _stands(obj, timezone.localdate()):
            return False
        return super().has_change_permission(request, obj)

    @admin.display(description=gettext_lazy("Share"))
    def name(self, one: StandingHoldout) -> str:
        return percent(float(one.share), 1)

    @admin.display(description=gettext_lazy("State"))
    def state(self, one: StandingHoldout) -> SafeString:
        today = timezone.localdate()
        if not _stands(one, today):
            return pill(_("over"), "plain")
        return pill(_("to come"), "busy") if one.begins_on > today else pill(_("stands"), "good")

    def sentence(self, row: StandingHoldout) -> str:
        if not _stands(row, timezone.localdate()):
            return _("It is over: its households are mailed again, as all others.")
        run = published()
        homes = (
            (
                _(", about %(said)s households")
                % {"said": grouped(round(row.share * run.households))}
            )
            if run
            else ""
        )
        return _(
            "No mailing reaches its %(said)s %%%(homes)s, but for those who object to offers "
            "from their purchases. Share and households stay as they are; to change the "
            "share, end it and begin another one, of other households."
        ) % {"said": grouped(row.share * 100, 1), "homes": homes}
