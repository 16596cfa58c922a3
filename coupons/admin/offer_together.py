"""Changing several offers together at the desk: what, how it would look, and then the doing."""

import hashlib
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons import offer_changes
from coupons.models import Offer
from pos_integration.desk import pill, table
from pos_integration.models import Store

if TYPE_CHECKING:
    Stores = forms.ModelMultipleChoiceField[Store]
else:
    Stores = forms.ModelMultipleChoiceField

LIMITS = ("most_coupons", "per_household", "expected_budget", "real_budget")


class TogetherForm(forms.Form):
    """What to change; what is left empty stays as each offer has it."""

    valid_from = forms.DateField(
        required=False,
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    valid_to = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    days = forms.IntegerField(
        required=False,
        min_value=-366,
        max_value=366,
        label=gettext_lazy("Or move both by so many days"),
        help_text=gettext_lazy("7: a week later; -7: a week earlier"),
    )
    most_coupons = forms.IntegerField(
        required=False, min_value=0, label=gettext_lazy("Coupons at most")
    )
    per_household = forms.IntegerField(
        required=False, min_value=1, label=gettext_lazy("Times a household")
    )
    expected_budget = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=gettext_lazy("Expected budget"),
    )
    real_budget = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        label=gettext_lazy("Real budget"),
    )
    funder_share = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=1,
        max_digits=4,
        decimal_places=3,
        label=gettext_lazy("Share of the funder"),
        help_text=gettext_lazy("0 to 1, such as 0.5 for one half"),
    )
    after_return = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("As it is")), *Offer.AfterReturn.choices],
        label=gettext_lazy("After a return"),
    )
    stores = Stores(
        queryset=Store.objects.order_by("number"),
        required=False,
        label=gettext_lazy("Only in these stores"),
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    everywhere = forms.BooleanField(required=False, label=gettext_lazy("Good in every store"))
    without = forms.MultipleChoiceField(
        required=False,
        label=gettext_lazy("Take these limits away"),
        choices=[
            ("most_coupons", gettext_lazy("Coupons at most")),
            ("per_household", gettext_lazy("Times a household")),
            ("expected_budget", gettext_lazy("Expected budget")),
            ("real_budget", gettext_lazy("Real budget")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("days") and (said.get("valid_from") or said.get("valid_to")):
            self.add_error("days", _("Either say the days, or move them: not both."))
        if said.get("everywhere") and said.get("stores"):
            self.add_error("stores", _("Either every store or only these: not both."))
        for name in said.get("without") or ():
            if said.get(name) is not None:
                self.add_error(name, _("Either a limit or none: not both."))
        if not self.errors and not self.wanted():
            self.add_error(None, _("Say in one field at least what is to be changed."))
        return said

    def wanted(self) -> dict[str, Any]:
        """By field of Offer what is to be changed, as offer_changes takes it."""
        said = self.cleaned_data
        names = ("valid_from", "valid_to", "days", *LIMITS, "funder_share", "after_return")
        wanted = {name: said[name] for name in names if said.get(name) not in (None, "", 0)}
        wanted |= {name: 0 for name in (*LIMITS, "funder_share") if said.get(name) == 0}
        wanted |= dict.fromkeys(said.get("without") or ())
        if said.get("everywhere"):
            wanted["stores"] = []
        elif said.get("stores"):
            wanted["stores"] = list(said["stores"])
        return wanted


@admin.action(description=gettext_lazy("Change together"), permissions=["change"])
def change_together(page: Any, request: HttpRequest, chosen: QuerySet[Offer]) -> HttpResponse:
    keys = list(chosen.order_by("pk").values_list("pk", flat=True)[: offer_changes.MOST + 1])
    url = reverse("admin:coupons_offer_together")
    return HttpResponseRedirect(f"{url}?ids={','.join(map(str, keys))}")


def together_view(page: Any, request: HttpRequest) -> HttpResponse:
    """The form; then the same with before and after; then it is done, all or none."""
    if not request.user.has_perm("coupons.change_offer"):
        raise PermissionDenied
    keys = [int(key) for key in request.GET.get("ids", "").split(",") if key.isdecimal()]
    offers = Offer.objects.filter(pk__in=keys)
    back = reverse("admin:coupons_offer_changelist")
    form = TogetherForm(request.POST or None)
    planned: list[offer_changes.Planned] = []
    error: list[str] = []
    try:
        if form.is_valid():
            planned = offer_changes.plan(offers, form.wanted())
            if request.POST.get("do") and not any(one.faults for one in planned):
                assert isinstance(request.user, AbstractBaseUser)
                if _is_as_seen(planned, request.POST.get("seen", "")):
                    count = offer_changes.change(offers, form.wanted(), request.user)
                    messages.success(
                        request,
                        ngettext("%(n)s offer changed.", "%(n)s offers changed.", count)
                        % {"n": f"{count:,}"},
                    )
                    return HttpResponseRedirect(back)
                error = [_("Since you looked, these offers changed: look at it once more.")]
        elif not form.is_bound:
            planned = offer_changes.plan(offers, {})
    except offer_changes.ChangeError as raised:
        error = [*raised.sentences]
    may = form.is_bound and form.is_valid() and bool(planned)
    return TemplateResponse(
        request,
        "admin/change_together.html",
        {
            **page.admin_site.each_context(request),
            "opts": page.opts,
            "title": _("Change together"),
            "back": back,
            "form": form,
            "errors": error,
            "planned": _shown(planned),
            "seen": _seen(planned),
            "count": len(planned),
            "may_do": may
            and any(one.changes for one in planned)
            and not any(one.faults for one in planned),
            "has_faults": any(one.faults for one in planned),
        },
    )


def _seen(planned: list[offer_changes.Planned]) -> str:
    """What the page showed, in short: a second click finds something else, and does nothing."""
    text = repr([(one.offer.pk, one.changes) for one in planned])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_as_seen(planned: list[offer_changes.Planned], seen: str) -> bool:
    return _seen(planned) == seen


def _shown(planned: list[offer_changes.Planned]) -> SafeString:
    def changes(one: offer_changes.Planned) -> SafeString:
        faults = format_html_join(
            "", "<p>{} {}</p>", ((pill(_("refused"), "bad"), fault) for fault in one.faults)
        )
        lines = format_html_join(
            "",
            "<p>{}: {} &rarr; <b>{}</b></p>",
            ((name.replace("_", " "), before, after) for name, before, after in one.changes),
        )
        return format_html("{}{}", faults, lines or _("stays as it is"))

    return table(
        (_("Offer"), _("Code"), _("Days"), _("Before and after")),
        (
            (
                one.offer,
                one.offer.code,
                f"{one.offer.valid_from} \N{EN DASH} {one.offer.valid_to}",
                changes(one),
            )
            for one in planned
        ),
        _("No offer is chosen: go back to the list and tick some."),
    )
