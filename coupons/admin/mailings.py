"""Mailings, from draft to post, and who gets one."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from coupons.admin import mailing_panels
from coupons.admin.mailing_panels import first_named
from coupons.admin.mailing_steps import (
    SENTENCES,
    STEPS,
    State,
    is_open,
    is_unprinted,
    mailing_pill,
)
from coupons.admin.printing_steps import begin_tools
from coupons.models import FunderBudget, Mailing, MailingText
from loyalty.shopper.value import TIERS
from pos_integration.desk import ModelForm, Page, Panel, StackedInline, TabularInline, Tool

BEFORE_THE_POST = (State.SELECTED, State.APPROVED, State.ISSUED, State.PRINTED)
IN_WORDS = {
    "offers": "offers_in_words",
    "segments": "segments_in_words",
    "fallback_offers": "fallback_in_words",
}


class MailingForm(ModelForm[Mailing]):
    """A mailing's own terms, and what must agree among them."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        leaf, letter = given.get("leaf"), given.get("letter", "")
        if leaf == Mailing.Leaf.LETTER and not letter.strip():
            self.add_error("letter", "A letter in front wants its text here.")
        if leaf and leaf != Mailing.Leaf.LETTER and letter.strip():
            self.add_error(
                "leaf", f"The letter would be on no side: choose '{Mailing.Leaf.LETTER.label}'."
            )
        return given


class TextForm(ModelForm[MailingText]):
    """A mailing's words in a language that households are written to in."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


class RecipientsForm(forms.Form):
    """Who a mailing is meant for: everybody of some tiers, as last night saw them."""

    tiers = forms.MultipleChoiceField(
        choices=[(tier, tier.capitalize()) for tier in TIERS],
        widget=forms.CheckboxSelectMultiple,
        initial=list(TIERS),
        help_text="Every household of these tiers. Those without consent are left out when the "
        "sheets are issued.",
    )


class OfDraft(InlineModelAdmin):  # type: ignore[type-arg] # takes no models at run time
    """Rows of a mailing that may be changed as long as its terms may."""

    def has_add_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        return is_open(obj) and super().has_delete_permission(request, obj)


class TextInline(OfDraft, StackedInline[MailingText, Mailing]):
    model = MailingText
    form = TextForm
    extra = 0
    fields = ("language", "headline", "explanation", "letter")
    verbose_name = "words in another language"
    verbose_name_plural = "words in other languages"


class FunderBudgetInline(OfDraft, TabularInline[FunderBudget, Mailing]):
    model = FunderBudget
    extra = 0
    autocomplete_fields = ("funder",)
    verbose_name = "budget of a funder"
    verbose_name_plural = "budgets of funders"


def _with_words(fields: Any) -> tuple[Any, ...]:
    """The same fields, with what a mailing names many of told in words."""
    return tuple(
        _with_words(field) if isinstance(field, tuple) else IN_WORDS.get(field, field)
        for field in fields
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
    form = MailingForm
    inlines = (TextInline, FunderBudgetInline)
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
        (
            "What the shopper reads",
            {
                "fields": (
                    ("theme", "leaf"),
                    "headline",
                    "explanation",
                    "letter",
                    "shows_reasons",
                )
            },
        ),
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
        if not is_open(obj):
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
        return first_named(mailing.offers.order_by("pk"))

    @admin.display(description="Segments")
    def segments_in_words(self, mailing: Mailing) -> str:
        return first_named(mailing.segments.order_by("name")) or "none: recipients by hand only"

    @admin.display(description="Fallback offers")
    def fallback_in_words(self, mailing: Mailing) -> str:
        return first_named(mailing.fallback_offers.order_by("pk")) or "none"

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
            named("<int:pk>/before-printing/", self.before_view, "before"),
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
                if row.state in step.states and not is_unprinted(row, name)
            ]
        if row.channel == Mailing.Channel.PRINT and row.state in BEFORE_THE_POST:
            url = reverse("admin:coupons_mailing_before", args=[row.pk])
            tools.append(Tool("Before printing", url))
        tools += begin_tools(request, row)
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
                ("Print runs", "printrun"),
                ("Themes", "theme"),
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
            Panel("Selections", mailing_panels.selections(row), is_wide=True),
            Panel("Recipients", mailing_panels.recipients(row)),
            Panel("What came back", mailing_panels.redeemed(row)),
            Panel("Print runs", mailing_panels.print_runs(row), is_wide=True),
        ]

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
        if is_unprinted(mailing, name):
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
        from coupons.printing import PrintError

        assert isinstance(request.user, AbstractBaseUser)
        try:
            done = step.do(mailing, request.user)
        except (MailingError, PrintError) as error:
            for sentence in str(error).splitlines():
                messages.error(request, sentence if sentence.endswith(".") else f"{sentence}.")
        else:
            self.log_change(request, mailing, f"{step.label}.")
            messages.success(request, done.says)
            back = done.url or back
        return HttpResponseRedirect(back)

    def before_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What to look at before a mailing is printed."""
        mailing = get_object_or_404(Mailing, pk=pk)
        if not self.has_view_permission(request, mailing):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Before printing: {mailing}",
            "sentence": "Nothing here stops the press but an offer that cannot be printed. A sheet "
            "whose address cannot be set is left out of the run, and listed with it.",
            "panels": mailing_panels.before_printing(mailing),
            "back": reverse("admin:coupons_mailing_change", args=[pk]),
        }
        return TemplateResponse(request, "admin/panels.html", context)

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
            from coupons.audience import add_recipients  # loads the models of shoppers: too slow

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
