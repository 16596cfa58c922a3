"""What mailings changed: measurements against the households held out."""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons.admin import measured, measured_plots, measured_words, queued, redemption_plot
from coupons.admin.ledger import with_form
from coupons.models import Mailing, Measurement
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, pill
from pos_integration.said import retold

QUEUED = gettext_lazy("It waits its turn in the queue: look here again in a minute.")
STATES = {
    "running": (gettext_lazy("so far"), "busy"),
    "ended": (gettext_lazy("weeks after still open"), "new"),
    "final": (gettext_lazy("final"), "good"),
}


class MeasureForm(forms.Form):
    mailing = forms.ModelChoiceField(
        Mailing.objects.exclude(issued_at=None)
        .filter(is_goodwill=False)
        .order_by("-issue_on", "-pk"),
        help_text=gettext_lazy("Whose coupons are out. It takes as long as a part of a night."),
        label=gettext_lazy("Mailing"),
    )


def state_pill(measurement: Measurement) -> SafeString:
    word, tone = STATES[measurement.report["state"]]
    return pill(str(word), tone)


@admin.register(Measurement)
class MeasurementAdmin(ReadOnlyAdmin[Measurement]):
    list_display = ("mailing", "as_of", "how_far", "brought", "proposals")
    list_filter = ("mailing",)
    list_select_related = ("mailing",)
    ordering = ("-as_of", "-pk")
    fields = (("mailing", "as_of", "measured_at"),)
    empty_hint = gettext_lazy(
        "No mailing is measured yet. A mailing that holds households out is measured by "
        "'Measure a mailing' from a week after its coupons are good."
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("loyalty/beliefs.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measurement]:
        return super().get_queryset(request).select_related("mailing")

    @admin.display(description=gettext_lazy("How far"))
    def how_far(self, measurement: Measurement) -> SafeString:
        return state_pill(measurement)

    @admin.display(description=gettext_lazy("Margin it brought, less what coupons cost"))
    def brought(self, measurement: Measurement) -> SafeString | str:
        groups = measurement.report["groups"]
        return measured.effect(groups[0]["effects"]["net"] if groups else None)

    @admin.display(description=gettext_lazy("To drop"))
    def proposals(self, measurement: Measurement) -> str:
        count = len(measurement.report["drop"])
        return ngettext("%(n)s offer", "%(n)s offers", count) % {"n": count} if count else NOTHING

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_measurement_{name}")

        return [
            named("measure/", self.measure_view, "measure"),
            named("<int:pk>/csv/", self.csv_view, "csv"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        if not request.user.has_perm("coupons.change_mailing"):
            return []
        url = reverse("admin:coupons_measurement_measure")
        return [Tool(_("Measure a mailing"), url, is_main=True)]

    def row_tools(self, request: HttpRequest, row: Measurement) -> list[Tool]:
        tools = [
            Tool(_("The mailing"), reverse("admin:coupons_mailing_change", args=[row.mailing_id])),
            Tool(_("CSV"), reverse("admin:coupons_measurement_csv", args=[row.pk])),
        ]
        if row.report["state"] != "final" and request.user.has_perm("coupons.change_mailing"):
            url = reverse("admin:coupons_measurement_measure")
            tools.append(Tool(_("Measure again"), f"{url}?mailing={row.mailing_id}", is_main=True))
        return tools

    def sentence(self, row: Measurement) -> str:
        from coupons.findings import headline  # loads the models of shoppers: too slow for commands

        return " ".join(
            one for one in (measured_words.more_sales(row.report), headline(row.report)) if one
        )

    def panels(self, request: HttpRequest, row: Measurement) -> list[Panel]:
        report = row.report
        untold = measured_words.untold(report)
        # A measurement counts the days before its own; so does what is drawn beside it.
        note, plot = redemption_plot.of(row.mailing, row.as_of - timedelta(days=1))
        shown = [
            Panel(
                _("What it changed"), measured_plots.glance(report), measured.compared(report), True
            )
        ]
        if report["doubts"]:
            shown.append(Panel(_("To look at"), measured.sentences(report["doubts"]), is_wide=True))
        if untold:
            told = measured.sentences(untold)
            shown.append(Panel(_("What cannot be told yet"), told, is_wide=True))
        shown += [
            Panel(_("Coupons used, day by day"), plot, note, is_wide=True),
            Panel(
                _("What each offer brought"),
                measured.by_offer(report),
                measured.all_told(report),
                is_wide=True,
            ),
            Panel(
                _("To drop"),
                measured.drop(report),
                _("offers whose interval lies below zero"),
                is_wide=True,
            ),
            *(
                Panel(_(title), measured.group(report, kind), _(note))
                for kind, title, note in measured.GROUPS
                if any(one["kind"] == kind for one in report["groups"])
            ),
            Panel(_("All of it"), measured.whole(report)),
            Panel(_("What came back"), measured.account(report)),
            Panel(
                _("Sales beside them"),
                measured.parts(report),
                _("totals, with 95 % intervals"),
                is_wide=True,
            ),
            Panel(_("Who used no coupon"), measured.never(report), _("margin, whole basket")),
            Panel(_("Chosen, or drawn by lot"), measured.chosen(report), _("a coupon")),
        ]
        if report["lots"]["offers"]:
            everybody = _("If everybody whom it fits got it")
            shown.append(Panel(everybody, measured.lots(report), _("a coupon"), is_wide=True))
        how = measured.sentences(measured_words.method(report))
        return [*shown, Panel(_("How it is measured"), how, is_wide=True)]

    def measure_view(self, request: HttpRequest) -> HttpResponse:
        """Ask which mailing, and put the measuring in the queue; or say why it cannot be."""
        if not request.user.has_perm("coupons.change_mailing"):
            raise PermissionDenied
        back = reverse("admin:coupons_measurement_changelist")
        form = MeasureForm(
            request.POST or None, initial={"mailing": request.GET.get("mailing") or None}
        )
        if not form.is_valid():
            page = self.ask(
                request,
                title=_("Measure a mailing"),
                says=[
                    _(
                        "What households with a sheet bought is set against what those bought "
                        "that were held out, until today."
                    )
                ],
                button=_("Measure"),
                back=back,
            )
            return with_form(page, form)
        from coupons import measuring  # loads the models of shoppers, as above

        mailing = form.cleaned_data["mailing"]
        try:
            measuring.check(mailing)
        except measuring.MeasureError as error:
            messages.error(request, retold(str(error)))
        else:
            if queued.put_once("coupons.tasks.measure", mailing):
                self.log_change(request, mailing, _("Asked to be measured."))
                said = _("'%(mailing)s' will be measured.") % {"mailing": mailing}
                messages.success(request, f"{said} {QUEUED}")
            else:
                messages.info(request, _("It is being measured already: come back in a minute."))
            back = reverse("admin:coupons_mailing_change", args=[mailing.pk])
        return HttpResponseRedirect(back)

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        from coupons.measurement_csv import as_csv

        row = get_object_or_404(Measurement.objects.select_related("mailing"), pk=pk)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        response = HttpResponse(as_csv(row), content_type="text/csv; charset=utf-8")
        name = f"{row.mailing.code}-{row.as_of}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
