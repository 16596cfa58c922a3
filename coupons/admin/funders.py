"""Funders: who pays for offers, what they owe, and what they were sent."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons import settlement, statements
from coupons.admin.ledger import disputes_table, entries_url, figure, in_currency
from coupons.admin.settlement import settle_tool, statement_pill
from coupons.models import Dispute, Funder
from pos_integration.desk import NOTHING, Page, Panel, Tool, grouped, link, money, table

STATEMENTS_SHOWN = 12


class FunderList(ChangeList):
    """Beside each funder of the page: what is stated and unpaid, and the open disputes."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        owed, disputes = settlement.owed(rows), settlement.open_disputes(rows)
        for row in rows:
            row.owed = owed.get(row.pk, {})
            row.open_disputes = disputes.get(row.pk, 0)
        self.result_list = rows


@admin.register(Funder)
class FunderAdmin(Page[Funder]):
    list_display = ("name", "reference", "fee", "amount", "disputes")
    search_fields = ("name", "reference")
    search_help_text = gettext_lazy("Part of a name, or of our number in their books")
    ordering = ("name",)
    fieldsets = ((None, {"fields": (("name", "reference"), "handling_fee", "address")}),)
    empty_hint = gettext_lazy("No funder yet. Add one: an offer wants to know who pays for it.")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FunderList

    def get_readonly_fields(self, request: HttpRequest, obj: Funder | None = None) -> list[str]:
        """Offers know their funder by name: one that has some keeps it."""
        return ["name"] if obj is not None and obj.offers.exists() else []

    @admin.display(description=gettext_lazy("Fee a coupon"))
    def fee(self, funder: Funder) -> str:
        return money(funder.handling_fee)

    @admin.display(description=gettext_lazy("Stated and unpaid"))
    def amount(self, funder: Any) -> str:
        return ", ".join(in_currency(sum_, code) for code, sum_ in funder.owed.items()) or NOTHING

    @admin.display(description=gettext_lazy("Open disputes"))
    def disputes(self, funder: Any) -> SafeString | str:
        count = funder.open_disputes
        if not count:
            return NOTHING
        url = reverse("admin:coupons_dispute_changelist")
        return link(
            f"{url}?entry__funder={funder.pk}", (_("%(count)s open") % {"count": grouped(count)})
        )

    def row_tools(self, request: HttpRequest, row: Funder) -> list[Tool]:
        return [
            Tool(_("Its entries"), entries_url(funder__id__exact=row.pk)),
            *settle_tool(request, _("Settle a month"), f"?funder={row.pk}"),
        ]

    def panels(self, request: HttpRequest, row: Funder) -> list[Panel]:
        owed, waiting = settlement.owed([row]).get(row.pk, {}), statements.waiting(row)
        owes = table(
            (_("Currency"), _("Stated and unpaid#"), _("Not stated yet#")),
            (
                (
                    currency,
                    figure(owed[currency], currency) if currency in owed else NOTHING,
                    figure(waiting[currency], currency) if currency in waiting else NOTHING,
                )
                for currency in sorted({*owed, *waiting})
            ),
            _("Nothing: all that was booked is stated and paid."),
        )
        issued = list(row.statements.order_by("-period_to", "-pk")[:STATEMENTS_SHOWN])
        totals = settlement.totals(issued)
        sent = table(
            (_("Statement"), _("Until"), _("Total#"), _("State")),
            (
                (
                    link(reverse("admin:coupons_statement_change", args=[one.pk]), one.number),
                    date_format(one.period_to),
                    in_currency(totals[one.pk].amount, one.currency),
                    statement_pill(one),
                )
                for one in issued
            ),
            _("No statement yet: 'Settle a month' issues one."),
        )
        open_ = Dispute.objects.filter(entry__funder=row, state=Dispute.State.OPEN)
        return [
            Panel(_("What it owes"), owes),
            Panel(_("Statements"), sent, _("the latest")),
            Panel(_("Open disputes"), disputes_table(open_, _("None.")), is_wide=True),
        ]
