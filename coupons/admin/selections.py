"""A selection before it is approved: what it is expected to bring, what limits cost, whom it leaves
out and why, and sheets to look at.
"""

from typing import Any, ClassVar

from csp.decorators import csp_replace
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from coupons.admin.folding import folded
from coupons.admin.selection_samples import SamplePages, may_see_samples
from coupons.admin.sheets import PDF_VIEWER
from coupons.alone import is_held
from coupons.models import Mailing, Recipient, Selection
from loyalty import plots
from loyalty.admin.words import tier_name
from pos_integration.desk import (
    NOTHING,
    Panel,
    ReadOnlyAdmin,
    Tool,
    grouped,
    in_sentence,
    link,
    percent,
    pill,
    table,
)
from pos_integration.said import retold

State = Selection.State
TONES = {"running": "busy", "ready": "good", "failed": "bad"}
DOUBTS_SHOWN = 6
PROOF_SHEETS = 12


def selection_pill(selection: Selection) -> SafeString:
    return pill(in_sentence(selection.get_state_display()), TONES[selection.state])


def between(interval: list[float] | None, digits: int = 0) -> str:
    """An expected figure with what it lies between in 95 of 100 cases."""
    if interval is None:
        return NOTHING
    mean, low, high = interval
    return _("%(mean)s (%(low)s to %(high)s)") % {
        "mean": grouped(mean, digits),
        "low": grouped(low, digits),
        "high": grouped(high, digits),
    }


def _over(interval: list[float] | None, digits: int) -> SafeString | str:
    """The same for a narrow column: the figure over what it lies between."""
    if interval is None:
        return NOTHING
    mean, low, high = (grouped(value, digits) for value in interval)
    between = _("%(low)s to %(high)s") % {"low": low, "high": high}
    return format_html('{}<br><span class="quiet">{}</span>', mean, between)


@admin.register(Selection)
class SelectionAdmin(SamplePages, ReadOnlyAdmin[Selection]):
    list_display = ("mailing", "state_pill", "started_at", "asked_by", "gap", "coupons")
    list_filter = ("state",)
    list_select_related = ("mailing", "asked_by")
    search_fields = ("mailing__code", "mailing__name")
    ordering = ("-pk",)
    fields = (
        ("mailing", "state_pill", "asked_by"),
        ("started_at", "finished_at", "took"),
        ("run", "learned_in_words", "seed"),
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {
            "all": ("loyalty/beliefs.css", "coupons/workbench.css")
        }

    empty_hint = gettext_lazy(
        "Nothing was selected yet: open a mailing and press 'Select coupons'."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Selection]:
        rows = super().get_queryset(request).select_related("mailing", "run")
        return rows.defer("run__fitted")

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, selection: Selection) -> SafeString:
        return selection_pill(selection)

    @admin.display(description=gettext_lazy("Short of the best possible"))
    def gap(self, selection: Selection) -> str:
        gap = selection.report.get("gap")
        return (
            NOTHING if gap is None else (_("%(gap)s at most") % {"gap": percent(max(gap, 1e-5), 3)})
        )

    @admin.display(description=gettext_lazy("Coupons"))
    def coupons(self, selection: Selection) -> str:
        totals = selection.report.get("totals")
        return grouped(totals["coupons"]) if totals else NOTHING

    @admin.display(description=gettext_lazy("Took"))
    def took(self, selection: Selection) -> str:
        if selection.finished_at is None:
            return NOTHING
        return f"{grouped((selection.finished_at - selection.started_at).total_seconds(), 1)} s"

    @admin.display(description=gettext_lazy("Learned"))
    def learned_in_words(self, selection: Selection) -> str:
        return ", ".join(str(one) for one in selection.learned.all()) or _("nothing yet")

    def sentence(self, row: Selection) -> str:
        if row.state == State.FAILED:
            why = retold(row.error).splitlines()
            return " ".join([_("Nothing was selected."), *(why if len(why) == 1 else ())])
        if row.state == State.RUNNING:
            if is_held(f"coupons.selecting.{row.mailing_id}"):
                return _("At work: come back in a minute.")
            return _("It was cut short: it is taken up within a minute, or select again.")
        homes = row.report.get("households", {}).get("waiting", 0)
        told = _("%(coupons)s coupons for %(homes)s households.") % {
            "coupons": grouped(row.report["totals"]["coupons"]),
            "homes": grouped(homes),
        }
        gap = percent(max(row.report["gap"], 1e-5), 3)
        best = _("No selection within these limits is better by more than %(gap)s.") % {"gap": gap}
        return f"{told} {best}"

    def row_tools(self, request: HttpRequest, row: Selection) -> list[Tool]:
        page = reverse("admin:coupons_mailing_change", args=[row.mailing_id])
        tools = [Tool(_("The mailing"), page)]
        if _may_approve(request, row):
            step = reverse("admin:coupons_mailing_step", args=[row.mailing_id, "approve"])
            tools.append(Tool(_("Approve"), step, is_main=True))
        if row.state == State.READY and may_see_samples(request):
            url = reverse("admin:coupons_selection_proof", args=[row.pk])
            sheets = reverse("admin:coupons_selection_sheets", args=[row.pk])
            tools.append(Tool(_("Sample sheets"), sheets))
            tools.append(Tool(_("Sample sheets as PDF"), url, in_new_tab=True))
        if row.state == State.READY:
            url = reverse("admin:coupons_mailing_compare", args=[row.mailing_id])
            tools.append(Tool(_("Compare"), url))
        return tools

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(
            csp_replace(PDF_VIEWER)(self.proof_view)  # type: ignore[arg-type] # URLs have arguments
        )
        pictured: Any = self.admin_site.admin_view(self.picture_view)
        return [
            path("<int:pk>/proof/", view, name="coupons_selection_proof"),
            path(
                "<int:pk>/sheets/",
                self.admin_site.admin_view(self.sheets_view),  # type: ignore[arg-type, unused-ignore] # URLs have arguments
                name="coupons_selection_sheets",
            ),
            path("<int:pk>/sheets/<int:home>.png", pictured, name="coupons_selection_picture"),
            *super().get_urls(),
        ]

    def proof_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sheets as they would be printed; they are kept nowhere."""
        if not may_see_samples(request):
            raise PermissionDenied
        selection = get_object_or_404(Selection, pk=pk, state=State.READY)
        from coupons import looks, printing, samples  # load the press: too slow for every command

        sheets = samples.sheets(selection, PROOF_SHEETS)
        try:
            pdf = printing.proof_pdf(selection.mailing, sheets)
        except (looks.LookError, printing.PrintError) as error:
            messages.error(request, retold(str(error)))
            return HttpResponseRedirect(reverse("admin:coupons_selection_change", args=[pk]))
        response = HttpResponse(pdf, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{selection.mailing.code}-proof.pdf"'
        return response

    def panels(self, request: HttpRequest, row: Selection) -> list[Panel]:
        if row.state == State.FAILED and len(why := row.error.splitlines()) > 1:
            return [Panel(_("Why nothing was selected"), _doubts(why), is_wide=True)]
        if row.state != State.READY:
            return []
        return [
            Panel(_("What is expected"), _expected(row), _("in 95 of 100 cases"), is_wide=True),
            *(
                [Panel(_("To look at"), _doubts(row.report["doubts"]), is_wide=True)]
                if row.report["doubts"]
                else []
            ),
            Panel(_("What limits cost"), _limits(row), _("estimates"), is_wide=True),
            Panel(_("Who gets a sheet, and who does not"), _left_out(row)),
            Panel(_("Tiers"), _tiers(row)),
            *self.sample_panels(request, row),
            Panel(
                _("Offers"),
                _offers(row),
                _("below each figure, what it lies between in 95 of 100 cases"),
                is_wide=True,
            ),
        ]


def _may_approve(request: HttpRequest, row: Selection) -> bool:
    """Whether it waits for an approval, and who looks may give it: not who asked for it."""
    mailing = row.mailing
    if mailing.state != Mailing.State.SELECTED or mailing.selection_id != row.pk:
        return False
    asked = row.asked_by_id or mailing.changed_by_id
    return request.user.has_perm("coupons.change_mailing") and asked != request.user.pk


def _expected(row: Selection) -> SafeString:
    """What it is expected to bring: four figures, each over what it lies between."""
    totals = row.report["totals"]
    told = [
        (_("Coupons"), grouped(totals["coupons"]), _("none is promised yet")),
        *(
            (label, grouped(mean, digits), _between(low, high, digits))
            for label, (mean, low, high), digits in (
                (_("Expected to be used"), totals["redemptions"], 0),
                (_("Expected to cost"), totals["cost"], 2),
            )
        ),
    ]
    if totals["margin"] is not None:
        mean, low, high = totals["margin"]
        sign = "+" if mean >= 0 else ""
        told.append((_("Margin it brings"), f"{sign}{grouped(mean, 2)}", _between(low, high, 2)))
    return format_html(
        '<dl class="glance">{}</dl>',
        format_html_join(
            "", "<div><dt>{}</dt><dd><strong>{}</strong><span>{}</span></dd></div>", told
        ),
    )


def _between(low: float, high: float, digits: int) -> str:
    return _("between %(low)s and %(high)s") % {
        "low": grouped(low, digits),
        "high": grouped(high, digits),
    }


def _doubts(sentences: list[str]) -> SafeString:
    """The first few; of an offer of hundreds each may have its own."""
    first, more = sentences[:DOUBTS_SHOWN], sentences[DOUBTS_SHOWN:]
    if not more:
        return _sentences(first)
    summary = ngettext("%(n)s more", "%(n)s more", len(more)) % {"n": grouped(len(more))}
    return format_html(
        '{}<details class="as-table"><summary>{}</summary>{}</details>',
        _sentences(first),
        summary,
        _sentences(more),
    )


def _sentences(sentences: list[str]) -> SafeString:
    return format_html(
        "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((retold(s),) for s in sentences))
    )


def _offers(selection: Selection) -> SafeString:
    """Those that somebody gets; the others are named below, folded."""
    offers = sorted(selection.report["offers"], key=lambda one: -one["coupons"])
    given = [one for one in offers if one["coupons"]]
    left = offers[len(given) :]
    top = max((one["redemptions"][2] for one in given), default=0.0)
    head = (
        _("Offer"), _("Could get it") + "#", _("Coupons") + "#", _("Used"), "#", _("Cost") + "#",
        _("Margin") + "#", _("Limits"),
    )  # fmt: skip
    body = folded(
        head,
        [
            (
                *_fitting(one),
                _levels(one),
                _bar(one["redemptions"], top),
                _over(one["redemptions"], 1),
                _over(one["cost"], 2),
                _over(one["margin"], 2),
                " ".join(one["limits"]) or NOTHING,
            )
            for one in given
        ],
        _("Nobody gets any: read what to look at, mend it, and select again."),
    )
    if not left:
        return body
    summary = ngettext("%(n)s offer that nobody gets", "%(n)s offers that nobody gets", len(left))
    rows = [(*_fitting(one), " ".join(one["limits"]) or NOTHING) for one in left]
    return format_html(
        '{}<details class="as-table"><summary>{}</summary>{}</details>',
        body,
        summary % {"n": grouped(len(left))},
        table((_("Offer"), _("Could get it") + "#", _("Limits")), rows, ""),
    )


def _fitting(one: dict[str, Any]) -> tuple[SafeString, str]:
    """An offer, and how many households it fits."""
    page = reverse("admin:coupons_offer_change", args=[one["offer"]])
    fits = NOTHING if one["eligible"] is None else grouped(one["eligible"])
    return link(page, one["name"]), fits


def _bar(expected: list[float], top: float) -> SafeString:
    mean, low, high = expected
    return mark_safe(plots.interval(low, mean, high, top=top))  # noqa: S308 - our own figures


def _levels(offer: dict[str, Any]) -> SafeString | str:
    levels = offer["levels"]
    if len(levels) == 1:
        return grouped(offer["coupons"])
    lines = format_html_join(
        "", '<br><span class="quiet">{} at {}</span>', ((grouped(n), text) for text, n in levels)
    )
    return format_html("{}{}", grouped(offer["coupons"]), lines)


def _limits(selection: Selection) -> SafeString:
    words = selection.report["limits"]
    if not words:
        return format_html('<p class="empty">{}</p>', _("No limit on money or fairness is set."))
    return _sentences(words)


def _left_out(selection: Selection) -> SafeString:
    counts = dict(
        selection.mailing.recipients.order_by().values_list("outcome").annotate(Count("pk"))
    )
    url = reverse("admin:coupons_recipient_changelist")
    words = dict(Recipient.Outcome.choices) | {"waiting": _("Gets a sheet")}
    return table(
        (_("What"), _("Households") + "#"),
        (
            (
                link(
                    f"{url}?mailing__id__exact={selection.mailing_id}&outcome__exact={outcome}",
                    words[outcome],
                ),
                grouped(count),
            )
            for outcome, count in sorted(counts.items(), key=lambda pair: -pair[1])
        ),
        _("Nobody."),
    )


def _tiers(selection: Selection) -> SafeString:
    return table(
        (
            _("Tier"),
            _("Sheets") + "#",
            _("Mean worth of a coupon") + "#",
            _("Expected to be used") + "#",
        ),
        (
            (tier_name(tier), grouped(sheets), grouped(face, 2), grouped(redeemed, 1))
            for tier, sheets, face, redeemed in selection.report["tiers"]
        ),
        _("No sheet."),
    )
