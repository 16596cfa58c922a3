"""The desk for what shoppers ask of their data: a copy to hand over, to be forgotten."""

import tempfile
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from loyalty import privacy, privacy_copy
from loyalty.admin import scope
from loyalty.models import DataRequest, Household
from pos_integration.desk import ReadOnlyAdmin, link, pill
from pos_integration.long_lists import LongList

_SPOOLED = 4 * 2**20  # bytes; a larger copy goes to a file until it is sent
SOON_DAYS = 7


def due_words(due_on: date, today: date) -> tuple[str, str]:
    """When an answer is due, and in which colour: `8 days left`, `3 days late`."""
    days = (due_on - today).days
    if days < 0:
        late = ngettext("%(n)s day late", "%(n)s days late", -days) % {"n": -days}
        return late, "bad"
    if days == 0:
        return _("due today"), "warn"
    left = ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}
    return left, "warn" if days <= SOON_DAYS else "plain"


class OpenFilter(admin.SimpleListFilter):
    """Open requests come first: they are what is to be done."""

    title = _lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("done", _lazy("Done"))]

    def choices(self, changelist: Any) -> Any:
        rows = list(super().choices(changelist))
        rows[0]["display"] = _("Open")
        return rows

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[DataRequest]
    ) -> QuerySet[DataRequest]:
        if self.value() == "done":
            return queryset.exclude(done_at=None)
        return queryset.filter(done_at=None)


class ErasureForm(forms.Form):
    """What somebody types who means it."""

    number = forms.CharField(
        label=_lazy("The household's number"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )
    why = forms.CharField(
        label=_lazy("Why"),
        max_length=80,
        initial=_lazy("asked for it"),
        help_text=_lazy("Kept with the proof; name nobody in it"),
    )

    def __init__(self, household: Household, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = str(household.pk)
        self.fields["number"].help_text = _("Type %(number)s.") % {"number": self.wanted}

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"].strip()
        if typed != self.wanted:
            raise forms.ValidationError(
                _("'%(typed)s' is not its number: type %(number)s. Nothing was erased.")
                % {"typed": typed, "number": self.wanted}
            )
        return typed


@admin.register(DataRequest)
class DataRequestAdmin(LongList[DataRequest], ReadOnlyAdmin[DataRequest]):
    list_title = _lazy("Requests for data")
    list_display = ("home", "what", "asked", "due", "step")
    list_display_links = None
    list_filter = (OpenFilter, "kind")
    list_select_related = ("household",)
    fields: ClassVar[Any] = ("household", "kind", "asked_at", "source", "due_on", "done_at")
    empty_hint = _lazy(
        "Nobody waits for an answer. Shoppers ask on the page of their sheet; what comes by "
        "letter, phone or at the desk is noted on the household's page."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataRequest]:
        rows = super().get_queryset(request).select_related("household", "done_by")
        return scope.theirs(rows, request.user, "household")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What is due first; of what is done, the newest."""
        done = request.GET.get(OpenFilter.parameter_name) == "done"
        return ("-done_at", "-pk") if done else ("due_on", "pk")

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "household/<int:pk>/copy/",
                self.admin_site.admin_view(self.export_view),
                name="loyalty_household_export",
            ),
            path(
                "household/<int:pk>/erase/",
                self.admin_site.admin_view(self.erase_view),
                name="loyalty_household_erase",
            ),
            *super().get_urls(),
        ]

    @admin.display(description=_lazy("Household"))
    def home(self, row: DataRequest) -> SafeString:
        return link(
            reverse("admin:loyalty_household_change", args=[row.household_id]), row.household
        )

    @admin.display(description=_lazy("Wants"))
    def what(self, row: DataRequest) -> str:
        return row.get_kind_display()

    @admin.display(description=_lazy("Asked"))
    def asked(self, row: DataRequest) -> str:
        return f"{date_format(timezone.localtime(row.asked_at))}, {row.source}"

    @admin.display(description=_lazy("Due"))
    def due(self, row: DataRequest) -> SafeString:
        if row.done_at is not None:
            day = date_format(timezone.localtime(row.done_at))
            return pill(_("done on %(day)s") % {"day": day}, "good")
        words, tone = due_words(row.due_on, timezone.localdate())
        return pill(f"{date_format(row.due_on)}, {words}", tone)

    @admin.display(description="")
    def step(self, row: DataRequest) -> str | SafeString:
        if row.done_at is not None:
            return ""
        if row.kind == DataRequest.Kind.COPY:
            return link(
                reverse("admin:loyalty_household_export", args=[row.household_id]),
                _("Hand over the copy"),
            )
        return link(reverse("admin:loyalty_household_erase", args=[row.household_id]), _("Erase"))

    def _home(self, request: HttpRequest, pk: int, perm: str) -> Household:
        if not request.user.has_perm(perm):
            raise PermissionDenied
        return get_object_or_404(scope.households(Household.objects.all(), request.user), pk=pk)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Ask whether it is who it says it is; then the ZIP, and what was asked is done."""
        home = self._home(request, pk, "loyalty.change_datarequest")
        back = reverse("admin:loyalty_household_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=_("A copy of its data: %(home)s") % {"home": home},
                says=[
                    _(
                        "Look at the card first, and ask who it belongs to: the copy holds all "
                        "purchases, and is for the household alone."
                    ),
                    _(
                        "It is a ZIP with a page to read and a file for other programs. An open "
                        "request for a copy counts as answered once you have it."
                    ),
                ],
                button=_("Hand over the copy"),
                back=back,
            )
        assert isinstance(request.user, AbstractBaseUser)
        out = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - sent, then closed
        privacy_copy.export(home, out)
        out.seek(0)
        privacy.settle(home, DataRequest.Kind.COPY, request.user)
        LogEntry.objects.log_actions(
            request.user.pk,
            Household.objects.filter(pk=pk),
            CHANGE,
            _("A copy of its data was handed over."),
            single_object=True,
        )
        return FileResponse(out, as_attachment=True, filename=f"household-{pk}.zip")

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Say what goes and what stays, let the number be typed, then erase for good."""
        home = self._home(request, pk, "loyalty.add_erasure")
        assert isinstance(request.user, AbstractBaseUser)
        back = reverse("admin:loyalty_household_change", args=[pk])
        title = _("Erase: %(home)s") % {"home": home}
        if privacy.is_erased(pk):
            return self.ask(
                request, title=title, says=[_("This household is erased already.")], back=back
            )
        form = ErasureForm(home, request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                privacy.erase(home, request.user, form.cleaned_data["why"])
            except privacy.ErasureError as error:
                form.add_error(None, str(error))
            else:
                messages.success(
                    request, _("Household %(number)s is erased.") % {"number": home.pk}
                )
                return HttpResponseRedirect(reverse("admin:loyalty_datarequest_changelist"))
        page = self.ask(
            request,
            title=title,
            says=[
                _("Look at the card first. This cannot be undone."),
                _(
                    "What goes: name, address, cards, consents, wishes, notes, what we believe of "
                    "it, and households that were merged into it. Its open coupons end, its "
                    "receipts lose their card, and files of the tills that name its cards cannot "
                    "be loaded again."
                ),
                _(
                    "What stays: receipts, used coupons and bookings as figures that lead to "
                    "nobody. Sheets that are at the printer go out unless you stop them there."
                ),
            ],
            button=_("Erase for good"),
            back=back,
        )
        assert page.context_data is not None
        page.context_data["form"] = form
        return page
