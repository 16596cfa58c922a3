"""The ledger of what funders owe, and their disputes."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy

from coupons import scanned, settlement
from coupons.models import Dispute, LedgerEntry
from coupons.settlement import SettlementError
from coupons.sheets import codes
from pos_integration import money as currencies
from pos_integration.admin.scoping import in_stores
from pos_integration.admin.since import since
from pos_integration.desk import (
    NOTHING,
    Panel,
    ReadOnlyAdmin,
    Tool,
    grouped,
    in_sentence,
    link,
    pill,
    table,
)
from pos_integration.long_lists import LongList
from pos_integration.said import retold

DISPUTES_SHOWN = 12
ENTRY_TONES = {"redemption": "good", "reversal": "warn", "dispute": "bad"}
DISPUTE_TONES = {"open": "warn", "conceded": "bad", "upheld": "good"}
# How the other pages ask for part of the ledger.
PARTS = ("statement_entry__statement", "store", "offer")


class DisputeForm(forms.Form):
    amount = forms.DecimalField(
        max_digits=10,
        decimal_places=2,
        help_text=gettext_lazy("Of face value and fee, what is not paid"),
        label=gettext_lazy("Amount"),
    )
    reason = forms.CharField(
        max_length=200,
        help_text=gettext_lazy("As the funder gave it"),
        label=gettext_lazy("Reason"),
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(max_length=200, label=gettext_lazy("What we tell them"))


def entry_pill(entry: LedgerEntry) -> SafeString:
    return pill(in_sentence(entry.get_kind_display()), ENTRY_TONES[entry.kind])


def dispute_pill(dispute: Dispute) -> SafeString:
    return pill(dispute.state, DISPUTE_TONES[dispute.state])


def figure(amount: Decimal, currency: str) -> str:
    """An amount with its currency's digits, and with cents where it has some all the same."""
    is_whole = currency in currencies.WITHOUT_CENTS and amount == int(amount)
    return grouped(amount, 0) if is_whole else grouped(amount, 2)


def in_currency(amount: Decimal, currency: str) -> str:
    """`1,234.50 USD`, `120 JPY`."""
    return f"{figure(amount, currency)} {currency}"


def in_words(error: SettlementError) -> str:
    said = retold(str(error))
    return f"{said[:1].upper()}{said[1:]}."


def with_form(page: TemplateResponse, form: forms.Form) -> TemplateResponse:
    """The asking page with `form` above its button."""
    assert page.context_data is not None
    page.context_data["form"] = form
    return page


def entries_url(**lookups: object) -> str:
    said = "&".join(f"{name}={value}" for name, value in lookups.items())
    return f"{reverse('admin:coupons_ledgerentry_changelist')}?{said}"


def disputes_table(rows: QuerySet[Dispute], empty: str) -> SafeString:
    """Newest first, as many as a panel shows."""
    return table(
        (
            gettext("Raised"),
            gettext("Coupon"),
            gettext("Reason"),
            gettext("Amount#"),
            gettext("State"),
        ),
        (
            (
                link(
                    reverse("admin:coupons_dispute_change", args=[one.pk]),
                    date_format(timezone.localtime(one.raised_at)),
                ),
                one.entry.offer,
                one.reason,
                in_currency(one.amount, one.entry.currency),
                dispute_pill(one),
            )
            for one in rows.select_related("entry__offer").order_by("-pk")[:DISPUTES_SHOWN]
        ),
        empty,
    )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LongList[LedgerEntry], ReadOnlyAdmin[LedgerEntry]):
    list_title = gettext_lazy("Ledger")
    list_display = (
        "business_date",
        "kind_pill",
        "funder",
        "store",
        "offer",
        "coupons",
        "amount",
    )
    list_select_related = ("funder", "store", "offer")
    list_filter = ("funder", "kind", since("booked_at"))  # the day of booking has an index
    search_fields = ("redemption__coupon__code__exact",)
    search_help_text = gettext_lazy("A whole coupon code, typed or scanned")
    fields = (
        ("kind_pill", "funder"),
        ("store", "business_date"),
        ("offer", "redemption"),
        ("coupons", "face_value", "handling_fee", "amount"),
        ("note", "booked_at"),
        "stated_in",
    )
    empty_hint = gettext_lazy("Nothing is booked yet: the night books what it cleared.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerEntry]:
        rows = in_stores(super().get_queryset(request), request, "store")
        return rows.select_related("funder", "store", "offer", "redemption__offer")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup in PARTS or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], search_term: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            return queryset.filter(redemption__coupon__code=scanned.own_code(search_term)), False
        except codes.CodeError:
            return queryset.none(), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.dispute_view)
        return [
            path("<int:pk>/dispute/", view, name="coupons_ledgerentry_dispute"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("Entry"))
    def kind_pill(self, entry: LedgerEntry) -> SafeString:
        return entry_pill(entry)

    @admin.display(description=gettext_lazy("Total"))
    def amount(self, entry: LedgerEntry) -> str:
        return in_currency(entry.face_value + entry.handling_fee, entry.currency)

    @admin.display(description=gettext_lazy("Statement"))
    def stated_in(self, entry: LedgerEntry) -> SafeString | str:
        if not hasattr(entry, "statement_entry"):
            return NOTHING
        statement = entry.statement_entry.statement
        return link(
            reverse("admin:coupons_statement_change", args=[statement.pk]), statement.number
        )

    def row_tools(self, request: HttpRequest, row: LedgerEntry) -> list[Tool]:
        may = request.user.has_perm("coupons.add_dispute") and hasattr(row, "statement_entry")
        if not may or row.kind != LedgerEntry.Kind.REDEMPTION:
            return []
        return [
            Tool(
                gettext("Dispute"),
                reverse("admin:coupons_ledgerentry_dispute", args=[row.pk]),
                True,
            )
        ]

    def panels(self, request: HttpRequest, row: LedgerEntry) -> list[Panel]:
        story = table(
            (gettext("Booked"), gettext("Entry"), gettext("Why"), gettext("Total#")),
            (
                (
                    link(
                        reverse("admin:coupons_ledgerentry_change", args=[entry.pk]),
                        date_format(entry.booked_at),
                    ),
                    entry_pill(entry),
                    entry.note or NOTHING,
                    in_currency(entry.face_value + entry.handling_fee, entry.currency),
                )
                for entry in LedgerEntry.objects.filter(redemption=row.redemption_id).order_by("pk")
            ),
            "",
        )
        still = gettext("still claimed: %(amount)s") % {
            "amount": in_currency(settlement.claimed(row).amount, row.currency)
        }
        disputes = Dispute.objects.filter(entry__redemption=row.redemption_id)
        return [
            Panel(gettext("All entries of this coupon"), story, still, is_wide=True),
            Panel(gettext("Disputes"), disputes_table(disputes, gettext("None.")), is_wide=True),
        ]

    def dispute_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask what is not paid and why, then note the dispute."""
        entry = get_object_or_404(self.get_queryset(request), pk=pk)
        if not request.user.has_perm("coupons.add_dispute"):
            raise PermissionDenied
        back = reverse("admin:coupons_ledgerentry_change", args=[pk])
        claimed = settlement.claimed(entry).amount
        form = DisputeForm(request.POST or None, initial={"amount": claimed})
        if not form.is_valid():
            page = self.ask(
                request,
                title=(
                    gettext("Dispute: %(offer)s, %(business_date)s")
                    % {"offer": entry.offer, "business_date": date_format(entry.business_date)}
                ),
                says=[
                    (
                        gettext(
                            "'%(funder)s' will not pay for this coupon, of which "
                            "%(claimed)s is claimed. "
                            "Nothing is booked before it is conceded."
                        )
                        % {"funder": entry.funder, "claimed": in_currency(claimed, entry.currency)}
                    )
                ],
                button=gettext("Note the dispute"),
                back=back,
            )
            return with_form(page, form)
        try:
            dispute = settlement.dispute(
                entry, form.cleaned_data["amount"], form.cleaned_data["reason"]
            )
        except SettlementError as error:
            messages.error(request, in_words(error))
            return HttpResponseRedirect(back)
        self.log_change(
            request,
            entry,
            (
                gettext("Disputed: %(amount)s %(currency)s.")
                % {"amount": dispute.amount, "currency": entry.currency}
            ),
        )
        messages.success(request, gettext("The dispute is noted: concede or uphold it."))
        return HttpResponseRedirect(reverse("admin:coupons_dispute_change", args=[dispute.pk]))


class OpenFirst(admin.SimpleListFilter):
    """What waits for an answer, unless somebody asks for more."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("conceded", gettext("Conceded")),
            ("upheld", gettext("Upheld")),
            ("all", gettext("All")),
        ]

    def choices(self, changelist: Any) -> Any:
        choices = super().choices(changelist)
        yield {**next(choices), "display": gettext("Open")}
        yield from choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        state = self.value() or "open"
        return queryset if state == "all" else queryset.filter(state=state)


ANSWERS = {
    "concede": (
        gettext_lazy("Concede"),
        gettext_lazy(
            "The amount is booked back, and is in the funder's next statement. This cannot "
            "be taken back."
        ),
    ),
    "uphold": (gettext_lazy("Uphold"), gettext_lazy("The claim stands, and nothing is booked.")),
}


@admin.register(Dispute)
class DisputeAdmin(ReadOnlyAdmin[Dispute]):
    list_display = ("raised_at", "state_pill", "funder", "offer", "value", "reason")
    list_filter = (OpenFirst, "entry__funder")
    ordering = ("-pk",)
    fields = (
        ("funder", "state_pill"),
        ("offer", "entry_link", "value"),
        ("reason", "raised_at"),
        ("answer", "closed_at", "closed_by"),
    )
    empty_hint = gettext_lazy("No dispute is open. One is noted from the page of a stated entry.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        rows = in_stores(super().get_queryset(request), request, "entry__store")
        return rows.select_related("entry__funder", "entry__offer", "closed_by")

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "entry__funder" or super().lookup_allowed(lookup, value, request)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.answer_view)
        return [
            path("<int:pk>/<slug:name>/answer/", view, name="coupons_dispute_answer"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("State"))
    def state_pill(self, dispute: Dispute) -> SafeString:
        return dispute_pill(dispute)

    @admin.display(description=gettext_lazy("Funder"))
    def funder(self, dispute: Dispute) -> str:
        return str(dispute.entry.funder)

    @admin.display(description=gettext_lazy("Offer"))
    def offer(self, dispute: Dispute) -> str:
        return str(dispute.entry.offer)

    @admin.display(description=gettext_lazy("Amount"))
    def value(self, dispute: Dispute) -> str:
        return in_currency(dispute.amount, dispute.entry.currency)

    @admin.display(description=gettext_lazy("Entry"))
    def entry_link(self, dispute: Dispute) -> SafeString:
        url = reverse("admin:coupons_ledgerentry_change", args=[dispute.entry_id])
        return link(url, dispute.entry)

    def sentence(self, row: Dispute) -> str:
        return "" if row.state != Dispute.State.OPEN else gettext("It waits for our answer.")

    def row_tools(self, request: HttpRequest, row: Dispute) -> list[Tool]:
        if row.state != Dispute.State.OPEN or not request.user.has_perm("coupons.change_dispute"):
            return []
        return [
            Tool(label, reverse("admin:coupons_dispute_answer", args=[row.pk, name]))
            for name, (label, _) in ANSWERS.items()
        ]

    def answer_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask what we tell them, then concede or uphold."""
        dispute = get_object_or_404(self.get_queryset(request), pk=pk)
        if name not in ANSWERS:
            raise Http404(name)
        if not request.user.has_perm("coupons.change_dispute"):
            raise PermissionDenied
        back = reverse("admin:coupons_dispute_change", args=[pk])
        label, says = ANSWERS[name]
        form = AnswerForm(request.POST or None)
        if not form.is_valid():
            title = gettext("%(label)s: %(value)s of '%(funder)s'") % {
                "label": label,
                "value": self.value(dispute),
                "funder": dispute.entry.funder,
            }
            page = self.ask(
                request,
                title=title,
                says=[(gettext("They said: %(reason)s") % {"reason": dispute.reason}), says],
                button=label,
                back=back,
            )
            return with_form(page, form)
        assert isinstance(request.user, AbstractBaseUser)
        answer = settlement.concede if name == "concede" else settlement.uphold
        try:
            answer(dispute, request.user, form.cleaned_data["answer"])
        except SettlementError as error:
            messages.error(request, in_words(error))
        else:
            self.log_change(request, dispute, f"{label}d.")
            messages.success(
                request,
                (
                    gettext("The dispute is %(state)s.")
                    % {"state": in_sentence(dispute.get_state_display())}
                ),
            )
        return HttpResponseRedirect(back)
