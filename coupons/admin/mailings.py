"""Mailings, from draft to post; who gets one; what was printed."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Count, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django_q.tasks import async_task

from coupons.admin.posted import print_pill
from coupons.admin.selections import between, selection_pill
from coupons.models import FunderBudget, Mailing, Recipient, Redemption, Selection
from loyalty.models import ModelRun
from loyalty.shopper.value import TIERS
from pos_integration.desk import (
    NOTHING,
    Page,
    Panel,
    TabularInline,
    Tool,
    link,
    money,
    percent,
    pill,
    table,
)

State = Mailing.State
TONES = {
    "draft": "plain",
    "selected": "new",
    "approved": "new",
    "issued": "busy",
    "printed": "busy",
    "mailed": "good",
    "closed": "plain",
}
QUEUE_HINT = "It was put in the queue; 'manage.py qcluster' must be running to work it off."


def mailing_pill(mailing: Mailing) -> SafeString:
    return pill(mailing.get_state_display().lower(), TONES[mailing.state])


def _select(mailing: Mailing, user: AbstractBaseUser) -> str:
    async_task("coupons.tasks.select", mailing.pk, user.pk)
    return f"Coupons for '{mailing}' will be selected. {QUEUE_HINT}"


def _approve(mailing: Mailing, user: AbstractBaseUser) -> str:
    from coupons.mailing import approve  # loads the models of shoppers: too slow for every command

    approve(mailing, user)
    return f"Approved. The night before {mailing.issue_on:%d %b %Y} issues and prints it."


def _back_to_draft(mailing: Mailing, user: AbstractBaseUser) -> str:
    from coupons.mailing import back_to_draft  # as above

    back_to_draft(mailing)
    return f"'{mailing}' is a draft again: change it, then select anew."


def _issue(mailing: Mailing, user: AbstractBaseUser) -> str:
    async_task("coupons.tasks.issue", mailing.pk)
    return f"'{mailing}' will be issued. {QUEUE_HINT}"


def _print(mailing: Mailing, user: AbstractBaseUser) -> str:
    async_task("coupons.tasks.print_sheets", mailing.pk)
    return f"'{mailing}' will be printed. {QUEUE_HINT}"


def _mark_mailed(mailing: Mailing, user: AbstractBaseUser) -> str:
    from coupons.mailing import mark_mailed  # as above

    mark_mailed(mailing)
    return f"'{mailing}' is marked as mailed."


def _close(mailing: Mailing, user: AbstractBaseUser) -> str:
    from coupons.mailing import close  # as above

    close(mailing, timezone.localdate())
    return f"'{mailing}' is closed."


@dataclass(frozen=True)
class Step:
    """A button of a mailing: in which states it is there, what it asks, what it does."""

    label: str
    states: tuple[Mailing.State, ...]
    says: str
    do: Callable[[Mailing, AbstractBaseUser], str]
    is_main: bool = True


STEPS = {
    "select": Step(
        "Select coupons",
        (State.DRAFT, State.SELECTED),
        "Each recipient's coupons are chosen by last night's beliefs, within all limits. Nothing "
        "is promised yet: look at the forecast, and somebody else approves it.",
        _select,
    ),
    "approve": Step(
        "Approve",
        (State.SELECTED,),
        "What was selected is what will be printed: the night before its morning issues it. Look "
        "at the forecast, the limits and the sample sheets first.",
        _approve,
    ),
    "draft": Step(
        "Back to draft",
        (State.SELECTED, State.APPROVED),
        "The selection is put aside, and the mailing may be changed again.",
        _back_to_draft,
        is_main=False,
    ),
    "issue": Step(
        "Issue now",
        (State.APPROVED,),
        "What was approved becomes promises, now and not by night: this cannot be taken back.",
        _issue,
    ),
    "print": Step(
        "Print",
        (State.ISSUED,),
        "The sheets are written as PDF files with a manifest, and a sample of their barcodes is "
        "read back. Nothing goes to the post by itself.",
        _print,
    ),
    "mailed": Step(
        "Mark as mailed",
        (State.PRINTED,),
        "Say this when the printed sheets have gone to the post.",
        _mark_mailed,
    ),
    "close": Step(
        "Close",
        (State.MAILED,),
        "Say this when its dates are over and everything is counted.",
        _close,
    ),
}
OFFERS_NAMED = 8
IN_WORDS = {
    "offers": "offers_in_words",
    "segments": "segments_in_words",
    "fallback_offers": "fallback_in_words",
}
SENTENCES = {
    State.DRAFT: "A draft: choose offers and whom it is for, then select its coupons.",
    State.SELECTED: "Its coupons are selected: look at the forecast; somebody else approves it.",
    State.APPROVED: "Approved: the night before its morning issues and prints it.",
    State.ISSUED: "Its coupons are promised; its sheets are not printed yet.",
    State.PRINTED: "Printed. Take the files to the post, then mark it as mailed.",
    State.MAILED: "In the post. Redemptions come in with the tills' baskets.",
    State.CLOSED: "Closed: its dates are over and everything is counted.",
}


class RecipientsForm(forms.Form):
    """Who a mailing is meant for: everybody of some tiers, as last night saw them."""

    tiers = forms.MultipleChoiceField(
        choices=[(tier, tier.capitalize()) for tier in TIERS],
        widget=forms.CheckboxSelectMultiple,
        initial=list(TIERS),
        help_text="Every household of these tiers. Those without consent are left out when the "
        "sheets are issued.",
    )


def add_recipients(mailing: Mailing, tiers: list[str]) -> int:
    """Add the households of `tiers`, as the published run saw them. Returns how many are new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_recipient (mailing_id, household_id, outcome) "
            "SELECT %s, s.household_id, %s FROM loyalty_householdsummary s "
            "JOIN loyalty_modelrun r ON r.id = s.run_id "
            "WHERE r.state = %s AND s.tier = ANY(%s) "
            "ON CONFLICT (mailing_id, household_id) DO NOTHING",
            [mailing.pk, Recipient.Outcome.WAITING, ModelRun.State.PUBLISHED, tiers],
        )
        added: int = cursor.rowcount
    return added


class FunderBudgetInline(TabularInline[FunderBudget, Mailing]):
    model = FunderBudget
    extra = 0
    autocomplete_fields = ("funder",)
    verbose_name = "budget of a funder"
    verbose_name_plural = "budgets of funders"

    def has_add_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return _is_open(obj) and super().has_delete_permission(request, obj)


def _is_open(mailing: Mailing | None) -> bool:
    """Whether a mailing's terms may still be changed."""
    return mailing is None or mailing.state == State.DRAFT


def _is_unprinted(mailing: Mailing, step: str) -> bool:
    """Whether the step would print what is not for paper."""
    return step == "print" and mailing.channel == Mailing.Channel.NONE


def _with_words(fields: Any) -> tuple[Any, ...]:
    """The same fields, with what a mailing names many of told in words."""
    return tuple(
        _with_words(field) if isinstance(field, tuple) else IN_WORDS.get(field, field)
        for field in fields
    )


def _first_named(rows: QuerySet[Any]) -> str:
    """The first few by name, and how many there are where that is more."""
    count = rows.count()
    first = [str(row) for row in rows[:OFFERS_NAMED]]
    named = ", ".join(first)
    return f"{count:,}, such as {named}" if count > len(first) else named


def _totals(selection: Selection) -> tuple[str, str, str, str]:
    totals = selection.report.get("totals")
    if not totals:
        return NOTHING, NOTHING, NOTHING, NOTHING
    return (
        f"{totals['coupons']:,}",
        between(totals["redemptions"]),
        between(totals["cost"]),
        between(totals["margin"]),
    )


@admin.register(Mailing)
class MailingAdmin(Page[Mailing]):
    list_display = ("name", "state_pill", "issue_on", "valid_from", "valid_to", "code")
    list_filter = ("state",)
    date_hierarchy = "issue_on"
    search_fields = ("name", "code")
    ordering = ("-issue_on", "-pk")
    autocomplete_fields = ("offers", "segments", "fallback_offers")
    prepopulated_fields = {"code": ("name",)}
    inlines = (FunderBudgetInline,)
    empty_hint = "No mailing yet. Add one: a name, dates, offers and segments make a draft."
    fieldsets = (
        (
            None,
            {"fields": (("name", "code"), ("select_on", "issue_on"), ("valid_from", "valid_to"))},
        ),
        ("Whom it is for", {"fields": ("segments", "channel", ("most_contacts", "contact_days"))}),
        (
            "What it offers",
            {
                "fields": (
                    "offers",
                    ("coupons_per_sheet", "coupons_per_category"),
                    ("discovery_slots", "random_slots"),
                    ("short_sheets", "fallback_offers"),
                )
            },
        ),
        ("Chosen for", {"fields": ("objective", ("budget", "fairness"), "model_days")}),
        ("What the shopper reads", {"fields": ("headline", "explanation", "shows_reasons")}),
        ("Measured by", {"fields": ("holdout_share",)}),
        ("So far", {"fields": (("changed_by", "approved_by"), ("selection", "issued_at", "run"))}),
    )
    readonly_fields = (
        "changed_by",
        "approved_by",
        "selection",
        "issued_at",
        "run",
        *IN_WORDS.values(),
    )

    def save_model(
        self, request: HttpRequest, obj: Mailing, form: forms.Form, change: bool
    ) -> None:
        obj.changed_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        if not _is_open(obj):
            return False
        return super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Mailing | None = None) -> Any:
        """Once its offers are fixed there is no field to choose them in, only how many they are."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or obj.state == State.DRAFT:
            return fieldsets
        return [
            (title, {**options, "fields": _with_words(options["fields"])})
            for title, options in fieldsets
        ]

    @admin.display(description="Offers")
    def offers_in_words(self, mailing: Mailing) -> str:
        return _first_named(mailing.offers.order_by("pk"))

    @admin.display(description="Segments")
    def segments_in_words(self, mailing: Mailing) -> str:
        return _first_named(mailing.segments.order_by("name")) or "none: recipients by hand only"

    @admin.display(description="Fallback offers")
    def fallback_in_words(self, mailing: Mailing) -> str:
        return _first_named(mailing.fallback_offers.order_by("pk")) or "none"

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Mailing | None = None
    ) -> dict[str, Any]:
        # Where nothing may be changed there is no such field in the form.
        return {"code": ("name",)} if obj is None else {}

    def get_urls(self) -> list[URLPattern]:
        def named(route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
            return path(route, self.admin_site.admin_view(view), name=f"coupons_mailing_{name}")

        return [
            named("<int:pk>/do/<slug:name>/", self.step_view, "step"),
            named("<int:pk>/recipients/", self.recipients_view, "recipients"),
            *super().get_urls(),
        ]

    @admin.display(description="State", ordering="state")
    def state_pill(self, mailing: Mailing) -> SafeString:
        return mailing_pill(mailing)

    def sentence(self, row: Mailing) -> str:
        if row.state == State.ISSUED and row.channel == Mailing.Channel.NONE:
            return "Its coupons are promised; there is nothing to print: the next night goes on."
        return SENTENCES[State(row.state)]

    def row_tools(self, request: HttpRequest, row: Mailing) -> list[Tool]:
        tools = []
        if row.state == State.DRAFT and request.user.has_perm("coupons.add_recipient"):
            url = reverse("admin:coupons_mailing_recipients", args=[row.pk])
            tools.append(Tool("Add recipients", url))
        if request.user.has_perm("coupons.change_mailing"):
            tools += [
                Tool(
                    step.label,
                    reverse("admin:coupons_mailing_step", args=[row.pk, name]),
                    step.is_main and row.state == step.states[0],
                )
                for name, step in STEPS.items()
                if row.state in step.states and not _is_unprinted(row, name)
            ]
        if row.issued_at is not None and request.user.has_perm("coupons.view_measurement"):
            url = reverse("admin:coupons_measurement_changelist")
            tools.append(Tool("What it changed", f"{url}?mailing__id__exact={row.pk}"))
        return tools

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        return [
            Tool(label, reverse(f"admin:coupons_{model}_changelist"))
            for label, model in (
                ("Segments", "segment"),
                ("Selections", "selection"),
                ("What mailings changed", "measurement"),
            )
            if request.user.has_perm(f"coupons.view_{model}")
        ]

    def get_readonly_fields(
        self, request: HttpRequest, obj: Mailing | None = None
    ) -> tuple[str, ...]:
        # Its code is the salt of its hold-out: another code would draw another.
        is_drawn = obj is not None and obj.selections.exists()
        return ("code", *self.readonly_fields) if is_drawn else self.readonly_fields

    def panels(self, request: HttpRequest, row: Mailing) -> list[Panel]:
        return [
            Panel("Selections", self._selections(row), is_wide=True),
            Panel("Recipients", self._recipients(row)),
            Panel("What came back", self._redeemed(row)),
            Panel("Print runs", self._print_runs(row), is_wide=True),
        ]

    def _selections(self, mailing: Mailing) -> SafeString:
        return table(
            ("Begun", "State", "Coupons#", "Redeemed#", "Cost#", "Margin#", ""),
            (
                (
                    link(
                        reverse("admin:coupons_selection_change", args=[one.pk]),
                        f"{one.started_at:%d %b %Y %H:%M}",
                    ),
                    selection_pill(one),
                    *_totals(one),
                    "the one in use" if one.pk == mailing.selection_id else one.error,
                )
                for one in mailing.selections.order_by("-pk")[:5]
            ),
            "Nothing is selected yet: press 'Select coupons'.",
        )

    def _recipients(self, mailing: Mailing) -> SafeString:
        counts = dict(mailing.recipients.order_by().values_list("outcome").annotate(Count("pk")))
        url = reverse("admin:coupons_recipient_changelist")
        words = dict(Recipient.Outcome.choices)
        if mailing.selection_id is not None:
            words |= {
                "waiting": "Gets a sheet",
                "generic": "Gets the sheet that asks nothing of it",
            }
        return table(
            ("Outcome", "Households#"),
            (
                (
                    link(f"{url}?mailing__id__exact={mailing.pk}&outcome__exact={outcome}", label),
                    f"{counts[outcome]:,}",
                )
                for outcome, label in words.items()
                if outcome in counts
            ),
            "Nobody yet: choose segments, or 'Add recipients'.",
        )

    def _redeemed(self, mailing: Mailing) -> SafeString:
        if mailing.state in (State.DRAFT, State.SELECTED, State.APPROVED):
            return table((), (), "Its coupons are not issued yet.")
        sheets = mailing.sheets.count()
        used = Redemption.objects.filter(coupon__sheet__mailing=mailing).aggregate(
            coupons=Count("pk"), homes=Count("coupon__sheet", distinct=True), off=Sum("amount")
        )
        url = reverse("admin:coupons_sheet_changelist")
        share = percent(used["homes"] / sheets) if sheets else percent(0)
        return table(
            ("What", "So far#"),
            (
                (link(f"{url}?mailing__id__exact={mailing.pk}", "Sheets"), f"{sheets:,}"),
                ("Coupons redeemed", f"{used['coupons']:,}"),
                ("Households that used one", f"{used['homes']:,} ({share})"),
                ("Given off", money(used["off"] or Decimal(0))),
            ),
            "",
        )

    def _print_runs(self, mailing: Mailing) -> SafeString:
        return table(
            ("Started", "State", "Sheets#", "Barcodes read back#"),
            (
                (
                    link(
                        reverse("admin:coupons_printrun_change", args=[run.pk]),
                        f"{run.started_at:%d %b %Y %H:%M}",
                    ),
                    print_pill(run),
                    f"{run.sheets:,}",
                    f"{run.checked:,}",
                )
                for run in mailing.print_runs.defer("manifest").order_by("-pk")[:5]
            ),
            "Nothing is printed yet.",
        )

    def step_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Ask, then do, one step of a mailing's way."""
        mailing = get_object_or_404(Mailing, pk=pk)
        step = STEPS.get(name)
        if step is None:
            raise Http404(name)
        if not request.user.has_perm("coupons.change_mailing"):
            raise PermissionDenied
        back = reverse("admin:coupons_mailing_change", args=[pk])
        if mailing.state not in step.states:
            wanted = " or ".join(state.label.lower() for state in step.states)
            messages.error(
                request,
                f"'{mailing}' is {mailing.get_state_display().lower()}; "
                f"'{step.label}' wants it {wanted}.",
            )
            return HttpResponseRedirect(back)
        if _is_unprinted(mailing, name):
            messages.error(request, f"'{mailing}' is not printed: its channel says so.")
            return HttpResponseRedirect(back)
        if request.method != "POST":
            return self.ask(
                request,
                title=f"{step.label}: {mailing}",
                says=[step.says],
                button=step.label,
                back=back,
            )
        from coupons.mailing import MailingError  # loads the models of shoppers, as above

        assert isinstance(request.user, AbstractBaseUser)
        try:
            said = step.do(mailing, request.user)
        except MailingError as error:
            for sentence in str(error).splitlines():
                messages.error(request, sentence if sentence.endswith(".") else f"{sentence}.")
        else:
            self.log_change(request, mailing, f"{step.label}.")
            messages.success(request, said)
        return HttpResponseRedirect(back)

    def recipients_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        mailing = get_object_or_404(Mailing, pk=pk)
        if not request.user.has_perm("coupons.add_recipient"):
            raise PermissionDenied
        back = reverse("admin:coupons_mailing_change", args=[pk])
        if mailing.state != State.DRAFT:
            messages.error(request, "Recipients can be added to a draft only.")
            return HttpResponseRedirect(back)
        form = RecipientsForm(request.POST or None)
        if form.is_valid():
            added = add_recipients(mailing, form.cleaned_data["tiers"])
            self.log_change(request, mailing, f"Added {added} recipients.")
            messages.success(
                request, f"{added:,} household{' was' if added == 1 else 's were'} added."
            )
            return HttpResponseRedirect(back)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Add recipients: {mailing}",
            "says": ["Households that are on the list already stay on it once."],
            "form": form,
            "button": "Add recipients",
            "back": back,
        }
        return TemplateResponse(request, "admin/ask.html", context)
