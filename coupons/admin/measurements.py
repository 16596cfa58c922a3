"""What mailings changed: measurements against the households held out."""

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django_q.tasks import async_task

from coupons.admin.ledger import with_form
from coupons.models import Mailing, Measurement
from loyalty import plots
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, link, pill, table

QUEUED = "It was put in the queue; 'manage.py qcluster' must be running to work it off."
STATES = {
    "running": ("so far", "busy"),
    "ended": ("weeks after still open", "new"),
    "final": ("final", "good"),
}
ROWS_SHOWN = 40
_OF_HOUSEHOLDS = (
    ("sales", "Sales"),
    ("margin", "Margin"),
    ("net", "Margin less what coupons cost"),
    ("after_sales", "Sales in the four weeks after"),
    ("after_margin", "Margin in the four weeks after"),
)
_PARTS = (
    ("sales", "Its own goods#"),
    ("neighbours_sales", "Others of their type#"),
    ("halo_sales", "Others of their category#"),
    ("after_sales", "Its own goods, four weeks after#"),
)
_GROUPS = (
    ("tier", "Tiers", "of the whole basket"),
    ("tag", "Kinds of coupons", "of the offers' own goods"),
    ("funder", "Funders", "of their offers' own goods"),
    ("store", "Stores", "where households shop most; of the whole basket"),
)


class MeasureForm(forms.Form):
    mailing = forms.ModelChoiceField(
        Mailing.objects.exclude(issued_at=None).order_by("-issue_on", "-pk"),
        help_text="Whose coupons are issued. It takes as long as a part of a night.",
    )


def effect(found: dict[str, Any] | None, kind: str = "total") -> SafeString | str:
    """An estimate over what it lies between in 95 of 100 cases."""
    if found is None:
        return NOTHING
    low, high = (
        (found["total_low"], found["total_high"])
        if kind == "total"
        else (found["low"], found["high"])
    )
    return format_html(
        '{}<br><span class="quiet">{} to {}</span>',
        f"{found[kind]:,.2f}",
        f"{low:,.2f}",
        f"{high:,.2f}",
    )


def cents(amount: int) -> str:
    return f"{amount / 100:,.2f}"


def state_pill(measurement: Measurement) -> SafeString:
    return pill(*STATES[measurement.report["state"]])


@admin.register(Measurement)
class MeasurementAdmin(ReadOnlyAdmin[Measurement]):
    list_display = ("mailing", "as_of", "how_far", "brought", "proposals")
    list_filter = ("mailing",)
    list_select_related = ("mailing",)
    ordering = ("-as_of", "-pk")
    fields = (("mailing", "as_of", "measured_at"),)
    empty_hint = (
        "No mailing is measured yet. A mailing that holds households out is measured by "
        "'Measure a mailing' from a week after its coupons are good."
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("loyalty/beliefs.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Measurement]:
        return super().get_queryset(request).select_related("mailing")

    @admin.display(description="How far")
    def how_far(self, measurement: Measurement) -> SafeString:
        return state_pill(measurement)

    @admin.display(description="Margin it brought, less what coupons cost")
    def brought(self, measurement: Measurement) -> SafeString | str:
        groups = measurement.report["groups"]
        return effect(groups[0]["effects"]["net"] if groups else None)

    @admin.display(description="To drop")
    def proposals(self, measurement: Measurement) -> str:
        count = len(measurement.report["drop"])
        return f"{count} offer{'' if count == 1 else 's'}" if count else NOTHING

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
        return [Tool("Measure a mailing", url, is_main=True)]

    def row_tools(self, request: HttpRequest, row: Measurement) -> list[Tool]:
        tools = [
            Tool("The mailing", reverse("admin:coupons_mailing_change", args=[row.mailing_id])),
            Tool("CSV", reverse("admin:coupons_measurement_csv", args=[row.pk])),
        ]
        if row.report["state"] != "final" and request.user.has_perm("coupons.change_mailing"):
            url = reverse("admin:coupons_measurement_measure")
            tools.append(Tool("Measure again", f"{url}?mailing={row.mailing_id}", is_main=True))
        return tools

    def sentence(self, row: Measurement) -> str:
        from coupons.findings import headline  # loads the models of shoppers: too slow for commands

        return headline(row.report)

    def panels(self, request: HttpRequest, row: Measurement) -> list[Panel]:
        report = row.report
        told = [Panel("To look at", _sentences(report["doubts"]), is_wide=True)]
        return [
            *(told if report["doubts"] else []),
            Panel("All of it", _whole(report), _compared(report)),
            Panel("What came back", _account(report["groups"][0] if report["groups"] else None)),
            Panel("What each offer brought", _forest(report), _all_told(report), is_wide=True),
            Panel("To drop", _drop(report), "offers whose interval lies below zero", is_wide=True),
            Panel("Offers", _offers(report), "totals, with 95 % intervals", is_wide=True),
            Panel("Sales beside them", _parts(report), "totals, with 95 % intervals", is_wide=True),
            *(
                Panel(title, _group(report, kind), note, is_wide=True)
                for kind, title, note in _GROUPS
                if any(one["kind"] == kind for one in report["groups"])
            ),
            Panel("Who used no coupon", _never(report), "margin, whole basket"),
            Panel("Chosen, or drawn by lot", _chosen(report), "a coupon"),
            *(
                [Panel("If everybody whom it fits got it", _lots(report), "a coupon", is_wide=True)]
                if report["lots"]["offers"]
                else []
            ),
            Panel("How it is measured", _method(report), is_wide=True),
        ]

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
                title="Measure a mailing",
                says=[
                    "What households with a sheet bought is set against what those bought that "
                    "were held out, until today."
                ],
                button="Measure",
                back=back,
            )
            return with_form(page, form)
        from coupons import measuring  # loads the models of shoppers, as above

        mailing = form.cleaned_data["mailing"]
        try:
            measuring.check(mailing)
        except measuring.MeasureError as error:
            messages.error(request, str(error))
        else:
            async_task("coupons.measuring.in_a_sentence", mailing.pk)
            messages.success(request, f"'{mailing}' will be measured. {QUEUED}")
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


Report = dict[str, Any]


def _sentences(sentences: list[str]) -> SafeString:
    rows = format_html_join("", "<li>{}</li>", ((said,) for said in sentences))
    return format_html("<ul>{}</ul>", rows)


def _compared(report: Report) -> str:
    homes = report["households"]
    return f"{homes['sheets']:,} households with a sheet, {homes['held_out']:,} held out"


def _whole(report: Report) -> SafeString:
    found = report["groups"][0]["effects"] if report["groups"] else {}
    return table(
        ("Through the mailing", "A household#", "In all#"),
        (
            (label, effect(found[name], "each"), effect(found[name]))
            for name, label in _OF_HOUSEHOLDS
            if name in found
        ),
        "Nobody is compared: every household was merged or erased since.",
    )


def _account(cell: Report | None) -> SafeString:
    if cell is None:
        return table((), (), "No sheet is counted.")
    share = cell["redeemed_share"]
    return table(
        ("What", "#"),
        (
            ("Sheets", f"{cell['sheets']:,}"),
            ("Sheets of which a coupon was used", f"{cell['sheets_used']:,}"),
            ("Coupons", f"{cell['coupons']:,}"),
            ("Redeemed", f"{cell['redeemed']:,} ({NOTHING if share is None else f'{share:.1%}'})"),
            ("Never redeemed", f"{cell['breakage']:,}"),
            ("Given off", cents(cell["off_cents"])),
            ("Of that, our part", cents(cell["own_cents"])),
            ("Of that, the funders'", cents(cell["funded_cents"])),
            ("Fees for handling", cents(cell["fee_cents"])),
        ),
        "",
    )


def _all_told(report: Report) -> str:
    after = ", the four weeks after" if report["state"] == "final" else ""
    return f"margin of its category{after}, less what its coupons cost; 95 % intervals"


def _forest(report: Report) -> SafeString:
    told = [
        (one["name"], found["total_low"], found["total"], found["total_high"])
        for one in report["offers"]
        if (found := one["effects"]["all_told"]) is not None
    ]
    if not told:
        return table((), (), "Too few households were held out to tell for any offer.")
    told.sort(key=lambda row: -row[2])
    # Its markup is this house's own, and escapes the names.
    drawn = mark_safe(plots.forest("What each offer brought", told[:ROWS_SHOWN]))  # noqa: S308
    left = len(told) - ROWS_SHOWN
    more = f"The best {ROWS_SHOWN}; {left:,} more are in the CSV." if left > 0 else ""
    return format_html('<div class="scroll">{}</div><p class="quiet">{}</p>', drawn, more)


def _drop(report: Report) -> SafeString:
    if report["drop"]:
        return _sentences([one["says"] for one in report["drop"]])
    none = "None: of no offer is it sure that it cost more than it brought."
    if report["state"] == "running":
        none = "Its coupons are still good: offers are judged once they are over."
    return table((), (), none)


def _offer(one: Report) -> SafeString:
    return link(
        reverse("admin:coupons_offer_change", args=[one["offer"]]), f"{one['name']} ({one['code']})"
    )


def _redeemed(cell: Report) -> str:
    share = cell["redeemed_share"]
    return NOTHING if share is None else f"{cell['redeemed']:,} ({share:.1%})"


def _offers(report: Report) -> SafeString:
    return table(
        ("Offer", "Coupons#", "Held out#", "Redeemed#", "Given off#", "Our part#", "Sales#",
         "Margin#", "Less cost#", "All told#"),
        (
            (
                _offer(one),
                f"{one['coupons']:,}",
                f"{one['held_out']:,}",
                _redeemed(one),
                cents(one["off_cents"]),
                cents(one["own_cents"]),
                *(effect(one["effects"][name]) for name in ("sales", "margin", "net", "all_told")),
            )
            for one in report["offers"]
        ),
        "No coupon was sent.",
    )  # fmt: skip


def _parts(report: Report) -> SafeString:
    known = report["offers"][0]["effects"] if report["offers"] else {}
    parts = [(name, title) for name, title in _PARTS if name in known]
    return table(
        ("Offer", *(title for _, title in parts)),
        (
            (_offer(one), *(effect(one["effects"][name]) for name, _ in parts))
            for one in report["offers"]
        ),
        "No coupon was sent.",
    )


def _group(report: Report, kind: str) -> SafeString:
    return table(
        ("", "Sheets#", "Held out#", "Redeemed#", "Given off#", "Sales#", "Margin#", "Less cost#"),
        (
            (
                one["name"],
                f"{one['sheets']:,}",
                f"{one['held_out']:,}",
                _redeemed(one),
                cents(one["off_cents"]),
                *(effect(one["effects"][name]) for name in ("sales", "margin", "net")),
            )
            for one in report["groups"]
            if one["kind"] == kind
        ),
        "Nobody.",
    )


def _never(report: Report) -> SafeString:
    found = report["not_redeemed"]
    if found["margin"] is None:
        return table((), (), "Too few households are compared to tell.")
    return table(
        ("Households", "A household#", "In all#"),
        (
            (
                f"{found['households']:,}",
                effect(found["margin"], "each"),
                effect(found["margin"]),
            ),
        ),
        "",
    )


def _between(found: Report | None, form: str) -> str:
    if found is None:
        return NOTHING
    each, low, high = (format(found[name], form) for name in ("each", "low", "high"))
    return f"{each} ({low} to {high})"


def _chosen(report: Report) -> SafeString:
    found = report["lots"]["chosen"]
    if found is None:
        return table((), (), "No coupon was drawn by lot: give a mailing random slots to learn.")
    return table(
        ("What", "#"),
        (
            ("Redeemed, of those chosen", f"{found['redeemed_chosen']:.1%}"),
            ("Redeemed, were any given that fits", f"{found['redeemed_drawn']:.1%}"),
            ("More, by choosing", _between(found["redeemed_more"], ".1%")),
            ("More margin, less cost, by choosing", _between(found["net_more"], ",.2f")),
        ),
        "",
    )


def _lots(report: Report) -> SafeString:
    def rows() -> Iterator[tuple[object, ...]]:
        for one in report["lots"]["offers"]:
            net = one["net"]
            yield (
                _offer(one),
                f"{one['drawn']:,}",
                _between(one["redeemed"], ".1%"),
                _between(net, ",.2f"),
            )

    return table(("Offer", "Drawn#", "Redeemed#", "Margin less cost#"), rows(), "None.")


def _method(report: Report) -> SafeString:
    days, narrower = report["days"], report["narrower"]
    sentences = [
        "Who is held out is drawn by lot, and the same selection chose coupons for them that were "
        "never sent: households with an offer are set against households that would have got it.",
        f"What a household bought from {days['before'][0]} to {days['before'][1]} is taken into "
        + (
            f"account, which narrows the interval of the whole by {narrower:.0%}."
            if narrower is not None
            else "account."
        ),
        f"Counted are purchases from {days['during'][0]} to {days['during'][1]}, and of offers "
        f"those from {days['after'][0]} to {days['after'][1]} once these are over: what was "
        "bought early is missing there.",
        "What a coupon took off counts as sold, and our part of it as a cost. Margins are the "
        "categories' own.",
        "Who used no coupon is set against those held out of the same tier and with sheets as "
        "likely to be used. If users buy more than others of their kind anyway, this figure is "
        "too low.",
        f"Of 95 % intervals 1 in 20 misses. Effects are told where {_least()} households or more "
        "were held out.",
    ]
    return _sentences(sentences)


def _least() -> int:
    from coupons.findings import LEAST_HELD_OUT  # as above

    return LEAST_HELD_OUT
