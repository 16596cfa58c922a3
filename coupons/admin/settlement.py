"""Statements: issued, paid, printed."""

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from coupons import settlement, statements
from coupons.admin.ledger import (
    disputes_table,
    entries_url,
    figure,
    in_currency,
    in_words,
    with_form,
)
from coupons.admin.sheets import PDF_VIEWER
from coupons.models import Dispute, Funder, LedgerEntry, Statement
from coupons.settlement import SettlementError
from pos_integration.desk import (
    NOTHING,
    Panel,
    ReadOnlyAdmin,
    Tool,
    link,
    pill,
    table,
)

ROWS_SHOWN = 50


class DayInput(forms.DateInput):
    """A day as the browser's own calendar asks for it."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class SettleForm(forms.Form):
    through = forms.DateField(
        label="Last business day",
        widget=DayInput,
        help_text="What came late for earlier days is settled with it.",
    )


class PaidForm(forms.Form):
    on = forms.DateField(label="Day of the payment", widget=DayInput)


def statement_pill(statement: Statement) -> SafeString:
    if statement.paid_on is not None:
        return pill(f"paid {date_format(statement.paid_on)}", "good")
    return pill("issued", "busy")


def settle_tool(request: HttpRequest, label: str, query: str = "") -> list[Tool]:
    if not request.user.has_perm("coupons.add_statement"):
        return []
    return [Tool(label, reverse("admin:coupons_statement_settle") + query, is_main=True)]


class StatementList(ChangeList):
    """Beside each statement of the page: its coupons and its total."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        totals = settlement.totals(rows)
        for row in rows:
            row.summed = totals[row.pk]
        self.result_list = rows


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin[Statement]):
    list_display = ("statement", "funder", "period", "coupons", "amount", "state_pill")
    list_select_related = ("funder",)
    list_filter = ("state", "funder")
    date_hierarchy = "period_to"
    search_fields = ("number__istartswith",)
    search_help_text = "The beginning of a statement's number"
    ordering = ("-period_to", "-pk")
    fields = (
        ("funder", "state_pill"),
        ("period", "currency"),
        ("issued_at", "issued_by"),
    )
    empty_hint = "No statement yet: 'Settle a month' issues one to every funder that owes."

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StatementList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Statement]:
        return super().get_queryset(request).select_related("funder", "issued_by")

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_statement_{name}")

        as_pdf = self.admin_site.admin_view(
            csp_replace(PDF_VIEWER)(self.pdf_view)  # type: ignore[arg-type] # URLs have arguments
        )
        return [
            named("settle/", self.settle_view, "settle"),
            named("<int:pk>/paid/", self.paid_view, "paid"),
            named("<int:pk>/csv/", self.csv_view, "csv"),
            path("<int:pk>/pdf/", as_pdf, name="coupons_statement_pdf"),
            *super().get_urls(),
        ]

    @admin.display(description="Statement", ordering="number")
    def statement(self, statement: Statement) -> str:
        return statement.number

    @admin.display(description="Period", ordering="period_to")
    def period(self, statement: Statement) -> str:
        return f"{date_format(statement.period_from)} to {date_format(statement.period_to)}"

    @admin.display(description="Coupons")
    def coupons(self, statement: Any) -> str:
        return f"{statement.summed.coupons:,}"

    @admin.display(description="Total")
    def amount(self, statement: Any) -> str:
        return in_currency(statement.summed.amount, statement.currency)

    @admin.display(description="State", ordering="state")
    def state_pill(self, statement: Statement) -> SafeString:
        return statement_pill(statement)

    def sentence(self, row: Statement) -> str:
        coupons, amount = settlement.totals([row])[row.pk]
        word = "coupon" if coupons == 1 else "coupons"
        total = f"{coupons:,} {word}, {in_currency(amount, row.currency)} in all"
        return f"{total}, paid." if row.paid_on else f"{total}, not paid yet."

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return settle_tool(request, "Settle a month")

    def row_tools(self, request: HttpRequest, row: Statement) -> list[Tool]:
        def url(name: str) -> str:
            return reverse(f"admin:coupons_statement_{name}", args=[row.pk])

        tools = [
            Tool("Its entries", entries_url(statement_entry__statement=row.pk)),
            Tool("CSV", url("csv")),
            Tool("PDF", url("pdf"), is_main=row.paid_on is not None, in_new_tab=True),
        ]
        if row.paid_on is None and request.user.has_perm("coupons.change_statement"):
            tools.append(Tool("Mark as paid", url("paid"), is_main=True))
        return tools

    def panels(self, request: HttpRequest, row: Statement) -> list[Panel]:
        lines, others = statements.lines(row), statements.others(row)
        cleared = table(
            ("Store", "Offer", "Coupons#", "Face value#", "Handling fee#", "Total#"),
            (
                (
                    line.store,
                    link(reverse("admin:coupons_offer_change", args=[line.offer.pk]), line.offer),
                    link(
                        entries_url(
                            statement_entry__statement=row.pk,
                            store=line.store.pk,
                            offer=line.offer.pk,
                        ),
                        f"{line.coupons:,}",
                    ),
                    figure(line.face_value, row.currency),
                    figure(line.handling_fee, row.currency),
                    figure(line.face_value + line.handling_fee, row.currency),
                )
                for line in lines[:ROWS_SHOWN]
            ),
            "Nothing was cleared: it only gives back.",
        )
        disputes = Dispute.objects.filter(entry__statement_entry__statement=row)
        none = "None. Open an entry of this statement ('Its entries') to dispute it."
        return [
            Panel("By store and offer", cleared, _first(len(lines)), is_wide=True),
            *(
                Panel(label, self._given_back(found), _first(len(found)), is_wide=True)
                for kind, label in LedgerEntry.Kind.choices
                if (found := [entry for entry in others if entry.kind == kind])
            ),
            Panel("Disputes on its coupons", disputes_table(disputes, none), is_wide=True),
        ]

    def _given_back(self, entries: list[LedgerEntry]) -> SafeString:
        return table(
            ("Business day", "Store", "Offer", "Why", "Coupons#", "Total#"),
            (
                (
                    link(
                        reverse("admin:coupons_ledgerentry_change", args=[entry.pk]),
                        date_format(entry.business_date),
                    ),
                    entry.store,
                    entry.offer,
                    entry.note or NOTHING,
                    f"{entry.coupons:,}",
                    figure(entry.face_value + entry.handling_fee, entry.currency),
                )
                for entry in entries[:ROWS_SHOWN]
            ),
            "",
        )

    def settle_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a month, then issue its statements: to one funder, or to all."""
        if not request.user.has_perm("coupons.add_statement"):
            raise PermissionDenied
        asked = request.GET.get("funder", "")
        funder = get_object_or_404(Funder, pk=asked) if asked.isdecimal() else None
        back = reverse("admin:coupons_statement_changelist")
        if funder is not None:
            back = reverse("admin:coupons_funder_change", args=[funder.pk])
        through = statements.last_month(timezone.localdate())
        form = SettleForm(request.POST or None, initial={"through": through})
        if not form.is_valid():
            whom = f"'{funder}'" if funder else "every funder that owes something"
            page = self.ask(
                request,
                title=f"Settle a month: {funder}" if funder else "Settle a month",
                says=[
                    f"A statement a currency is issued to {whom}, over all that was booked and "
                    "not stated yet. This cannot be taken back: what is wrong is disputed, and "
                    "in the next statement.",
                    "Settled is what was booked: the night books what it cleared.",
                ],
                button="Issue the statements",
                back=back,
            )
            return with_form(page, form)
        assert isinstance(request.user, AbstractBaseUser)
        whom_all = None if funder is None else [funder]
        day = form.cleaned_data["through"]
        try:
            issued = settlement.settle_all(day, funders=whom_all, by=request.user)
        except SettlementError as error:
            messages.error(request, in_words(error))
            return HttpResponseRedirect(back)
        for statement in issued:
            self.log_addition(request, statement, "Issued.")
        if not issued:
            messages.warning(request, f"There was nothing to settle until {date_format(day)}.")
        else:
            numbers = ", ".join(one.number for one in issued[:5])
            more = f" and {len(issued) - 5} more" if len(issued) > 5 else ""
            messages.success(request, f"Issued: {numbers}{more}.")
        return HttpResponseRedirect(back)

    def paid_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        statement = get_object_or_404(Statement.objects.select_related("funder"), pk=pk)
        if not request.user.has_perm("coupons.change_statement"):
            raise PermissionDenied
        back = reverse("admin:coupons_statement_change", args=[pk])
        form = PaidForm(request.POST or None, initial={"on": timezone.localdate()})
        if not form.is_valid():
            _, amount = settlement.totals([statement])[pk]
            came = "has come" if amount >= 0 else "was paid to them"
            all_of = in_currency(abs(amount), statement.currency)
            page = self.ask(
                request,
                title=f"Mark as paid: {statement}",
                says=[f"Say this when all of {all_of} {came}. It cannot be taken back."],
                button="Mark as paid",
                back=back,
            )
            return with_form(page, form)
        try:
            settlement.mark_paid(statement, form.cleaned_data["on"])
        except SettlementError as error:
            messages.error(request, in_words(error))
        else:
            self.log_change(request, statement, "Marked as paid.")
            messages.success(request, f"{statement.number} is marked as paid.")
        return HttpResponseRedirect(back)

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        statement = self._looked_at(request, pk)
        content = statements.as_csv(statement)
        response = HttpResponse(content, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{statement.number}.csv"'
        return response

    def pdf_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        statement = self._looked_at(request, pk)
        response = HttpResponse(statements.as_pdf(statement), content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{statement.number}.pdf"'
        return response

    def _looked_at(self, request: HttpRequest, pk: int) -> Statement:
        statement = get_object_or_404(Statement.objects.select_related("funder"), pk=pk)
        if not self.has_view_permission(request, statement):
            raise PermissionDenied
        return statement


def _first(count: int) -> str:
    """The note beside a panel that may show only the first rows."""
    return f"{count:,}" if count <= ROWS_SHOWN else f"the first {ROWS_SHOWN} of {count:,}"
