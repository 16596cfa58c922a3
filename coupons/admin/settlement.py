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
from django.utils.translation import gettext, gettext_lazy

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
    grouped,
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
        label=gettext_lazy("Last business day"),
        widget=DayInput,
        help_text=gettext_lazy("What came late for earlier days is settled with it."),
    )


class PaidForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("Day of the payment"), widget=DayInput)


def statement_pill(statement: Statement) -> SafeString:
    if statement.paid_on is not None:
        return pill(
            (gettext("paid %(paid_on)s") % {"paid_on": date_format(statement.paid_on)}), "good"
        )
    return pill(gettext("issued"), "busy")


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
    search_help_text = gettext_lazy("The beginning of a statement's number")
    ordering = ("-period_to", "-pk")
    fields = (
        ("funder", "state_pill"),
        ("period", "currency"),
        ("issued_at", "issued_by"),
    )
    empty_hint = gettext_lazy(
        "No statement yet: 'Settle a month' issues one to every funder that owes."
    )

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

    @admin.display(description=gettext_lazy("Statement"), ordering="number")
    def statement(self, statement: Statement) -> str:
        return statement.number

    @admin.display(description=gettext_lazy("Period"), ordering="period_to")
    def period(self, statement: Statement) -> str:
        return gettext("%(period_from)s to %(period_to)s") % {
            "period_from": date_format(statement.period_from),
            "period_to": date_format(statement.period_to),
        }

    @admin.display(description=gettext_lazy("Coupons"))
    def coupons(self, statement: Any) -> str:
        return grouped(statement.summed.coupons)

    @admin.display(description=gettext_lazy("Total"))
    def amount(self, statement: Any) -> str:
        return in_currency(statement.summed.amount, statement.currency)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, statement: Statement) -> SafeString:
        return statement_pill(statement)

    def sentence(self, row: Statement) -> str:
        coupons, amount = settlement.totals([row])[row.pk]
        word = "coupon" if coupons == 1 else "coupons"
        total = gettext("%(coupons)s %(word)s, %(amount)s in all") % {
            "coupons": grouped(coupons),
            "word": word,
            "amount": in_currency(amount, row.currency),
        }
        return (
            (gettext("%(total)s, paid.") % {"total": total})
            if row.paid_on
            else (gettext("%(total)s, not paid yet.") % {"total": total})
        )

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return settle_tool(request, gettext("Settle a month"))

    def row_tools(self, request: HttpRequest, row: Statement) -> list[Tool]:
        def url(name: str) -> str:
            return reverse(f"admin:coupons_statement_{name}", args=[row.pk])

        tools = [
            Tool(gettext("Its entries"), entries_url(statement_entry__statement=row.pk)),
            Tool("CSV", url("csv")),
            Tool("PDF", url("pdf"), is_main=row.paid_on is not None, in_new_tab=True),
        ]
        if row.paid_on is None and request.user.has_perm("coupons.change_statement"):
            tools.append(Tool(gettext("Mark as paid"), url("paid"), is_main=True))
        return tools

    def panels(self, request: HttpRequest, row: Statement) -> list[Panel]:
        lines, others = statements.lines(row), statements.others(row)
        cleared = table(
            (
                gettext("Store"),
                gettext("Offer"),
                gettext("Coupons#"),
                gettext("Face value#"),
                gettext("Handling fee#"),
                gettext("Total#"),
            ),
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
                        grouped(line.coupons),
                    ),
                    figure(line.face_value, row.currency),
                    figure(line.handling_fee, row.currency),
                    figure(line.face_value + line.handling_fee, row.currency),
                )
                for line in lines[:ROWS_SHOWN]
            ),
            gettext("Nothing was cleared: it only gives back."),
        )
        disputes = Dispute.objects.filter(entry__statement_entry__statement=row)
        none = gettext("None. Open an entry of this statement ('Its entries') to dispute it.")
        return [
            Panel(gettext("By store and offer"), cleared, _first(len(lines)), is_wide=True),
            *(
                Panel(label, self._given_back(found), _first(len(found)), is_wide=True)
                for kind, label in LedgerEntry.Kind.choices
                if (found := [entry for entry in others if entry.kind == kind])
            ),
            Panel(gettext("Disputes on its coupons"), disputes_table(disputes, none), is_wide=True),
        ]

    def _given_back(self, entries: list[LedgerEntry]) -> SafeString:
        return table(
            (
                gettext("Business day"),
                gettext("Store"),
                gettext("Offer"),
                gettext("Why"),
                gettext("Coupons#"),
                gettext("Total#"),
            ),
            (
                (
                    link(
                        reverse("admin:coupons_ledgerentry_change", args=[entry.pk]),
                        date_format(entry.business_date),
                    ),
                    entry.store,
                    entry.offer,
                    entry.note or NOTHING,
                    grouped(entry.coupons),
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
            whom = f"'{funder}'" if funder else gettext("every funder that owes something")
            page = self.ask(
                request,
                title=(gettext("Settle a month: %(funder)s") % {"funder": funder})
                if funder
                else gettext("Settle a month"),
                says=[
                    (
                        gettext(
                            "A statement a currency is issued to %(whom)s, over all that "
                            "was booked and not "
                            "stated yet. This cannot be taken back: what is wrong is "
                            "disputed, and in the "
                            "next statement."
                        )
                        % {"whom": whom}
                    ),
                    gettext("Settled is what was booked: the night books what it cleared."),
                ],
                button=gettext("Issue the statements"),
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
            self.log_addition(request, statement, gettext("Issued."))
        if not issued:
            messages.warning(
                request,
                (gettext("There was nothing to settle until %(day)s.") % {"day": date_format(day)}),
            )
        else:
            numbers = ", ".join(one.number for one in issued[:5])
            more = (
                (gettext(" and %(said)s more") % {"said": len(issued) - 5})
                if len(issued) > 5
                else ""
            )
            messages.success(
                request,
                (gettext("Issued: %(numbers)s%(more)s.") % {"numbers": numbers, "more": more}),
            )
        return HttpResponseRedirect(back)

    def paid_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        statement = get_object_or_404(Statement.objects.select_related("funder"), pk=pk)
        if not request.user.has_perm("coupons.change_statement"):
            raise PermissionDenied
        back = reverse("admin:coupons_statement_change", args=[pk])
        form = PaidForm(request.POST or None, initial={"on": timezone.localdate()})
        if not form.is_valid():
            _, amount = settlement.totals([statement])[pk]
            came = gettext("has come") if amount >= 0 else gettext("was paid to them")
            all_of = in_currency(abs(amount), statement.currency)
            page = self.ask(
                request,
                title=(gettext("Mark as paid: %(statement)s") % {"statement": statement}),
                says=[
                    (
                        gettext(
                            "Say this when all of %(all_of)s %(came)s. It cannot be taken back."
                        )
                        % {"all_of": all_of, "came": came}
                    )
                ],
                button=gettext("Mark as paid"),
                back=back,
            )
            return with_form(page, form)
        try:
            settlement.mark_paid(statement, form.cleaned_data["on"])
        except SettlementError as error:
            messages.error(request, in_words(error))
        else:
            self.log_change(request, statement, gettext("Marked as paid."))
            messages.success(
                request, (gettext("%(number)s is marked as paid.") % {"number": statement.number})
            )
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
    return (
        grouped(count)
        if count <= ROWS_SHOWN
        else (
            gettext("the first %(rows_shown)s of %(count)s")
            % {"rows_shown": ROWS_SHOWN, "count": grouped(count)}
        )
    )
