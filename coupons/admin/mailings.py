"""Mailings, from draft to post, and who gets one: a workbench with a step for each thing to do."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten
from django.db.models import F, QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coupons.admin import mailing_panels, workbench, workbench_facts, workbench_panels
from coupons.admin.mailing_forms import MailingForm
from coupons.admin.mailing_panels import first_named
from coupons.admin.mailing_parts import (
    FIELDSETS,
    HAVE_VALUES,
    IN_WORDS,
    SO_FAR,
    FunderBudgetInline,
    TextInline,
    with_words,
)
from coupons.admin.mailing_steps import (
    STEPS,
    State,
    has_recipients,
    is_open,
    is_unprinted,
    label_of,
    mailing_pill,
    was_selected,
)
from coupons.admin.mailing_views import MailingViews, may_see_homes
from coupons.admin.printing_steps import begin_tools
from coupons.admin.workbench import Known
from coupons.admin.workbench_pages import WorkbenchPages
from coupons.models import Mailing
from pos_integration.desk import NOTHING, Page, Panel, Tool, pill

BEFORE_THE_POST = (State.SELECTED, State.APPROVED, State.ISSUED, State.PRINTED)


@admin.register(Mailing)
class MailingAdmin(MailingViews, WorkbenchPages, Page[Mailing]):
    list_display = ("name", "state_pill", "issue_on", "valid_to", "sheets", "coupons", "likely")
    list_filter = ("state",)
    date_hierarchy = "issue_on"
    search_fields = ("name", "code")
    ordering = ("-issue_on", "-pk")
    autocomplete_fields = ("offers", "segments", "fallback_offers")
    prepopulated_fields = {"code": ("name",)}
    form = MailingForm
    inlines = (TextInline, FunderBudgetInline)
    empty_hint = gettext_lazy(
        "No mailing yet. Add one: a name, dates, segments and offers make a draft, and its page "
        "leads on from there."
    )
    fieldsets = FIELDSETS
    readonly_fields = (
        "changed_by",
        "approved_by",
        "selection",
        "issued_at",
        "mailed_on",
        "run",
        *IN_WORDS.values(),
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("coupons/workbench.css",)}
        js = ("coupons/printing.js",)

    def response_add(
        self, request: HttpRequest, obj: Mailing, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go on to its own page, which leads on from there."""
        if {"_addanother", "_continue", "_popup"} & set(request.POST):
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("'%(mailing)s' is a draft now.") % {"mailing": obj})
        return HttpResponseRedirect(reverse("admin:coupons_mailing_change", args=[obj.pk]))

    def save_model(
        self, request: HttpRequest, obj: Mailing, form: forms.Form, change: bool
    ) -> None:
        obj.changed_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        from coupons.issuing import usual_language  # loads the models of shoppers: too slow

        usual = usual_language(form.instance)
        if any(text.language == usual for text in form.instance.texts.all()):
            messages.warning(
                request,
                _(
                    "The words in '%(language)s' take the place of the headline and explanation "
                    "above: that is the language of the theme itself."
                )
                % {"language": usual},
            )

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Mailing | None = None,
    ) -> HttpResponse:
        _unfold_faults(context["adminform"])
        page = super().render_change_form(request, context, add, change, form_url, obj)
        if obj is None or obj.is_goodwill or not isinstance(page, TemplateResponse):
            return page
        told = page.context_data
        assert told is not None  # a change form has one
        changed = workbench_facts.stale(obj)
        known = workbench_facts.known_of(obj, request.user, changed)
        told["steps"] = workbench.drawn(workbench.steps(known), self._pages(obj))
        told["sentence"] = workbench.next_says(known)
        told["tools"] = sorted(self._tools(request, obj, known), key=lambda tool: not tool.is_main)
        first = (
            workbench_panels.at_work(obj, known.at_work),
            workbench_panels.changed_since(changed),
        )
        told["panels"] = [*(one for one in first if one is not None), *told["panels"]]
        return page

    def _pages(self, mailing: Mailing) -> dict[str, str]:
        """Where each of its steps is looked at, if not on its own page."""
        pages = {
            name: reverse(f"admin:coupons_mailing_{name}", args=[mailing.pk])
            for name in ("audience", "offers")
        }
        if mailing.selection_id is not None:
            url = reverse("admin:coupons_selection_change", args=[mailing.selection_id])
            pages |= {"selection": url, "review": url}
        return pages

    def has_change_permission(self, request: HttpRequest, obj: Mailing | None = None) -> bool:
        if not is_open(obj):
            return False
        return super().has_change_permission(request, obj)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Mailing | None:
        """With what its page says of it: its selection, and who did what."""
        mailing = super().get_object(request, object_id, from_field)
        if mailing is not None and mailing.selection is not None:
            mailing.selection.mailing = mailing  # its name is asked for
        if mailing is not None and mailing.state == State.DRAFT:
            # Its form and its steps ask for the same.
            prefetch_related_objects([mailing], "segments", "offers")
        return mailing

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mailing]:
        rows = super().get_queryset(request)
        at = request.resolver_match
        if at is not None and at.url_name == "coupons_mailing_changelist":
            # What its selection says of it: to count sheets and coupons takes too long.
            return rows.annotate(
                said_sheets=F("selection__report__households__waiting"),
                said_coupons=F("selection__report__coupons"),
                said_used=F("selection__report__totals__redemptions__0"),
            )
        if at is None or at.url_name != "coupons_mailing_change":
            return rows
        people = ("changed_by", "approved_by", "selection__asked_by")
        return rows.select_related("selection__run", "run", *people)

    def get_fieldsets(self, request: HttpRequest, obj: Mailing | None = None) -> Any:
        """What stands folded, and what is told in words.

        A new one is asked what it must say: what has a good value already is folded. Once its
        offers are fixed there is no field to choose them in, only how many they are.
        """
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return [
                (title, {**options, "classes": ("collapse",) if title in HAVE_VALUES else ()})
                for title, options in fieldsets
                if title != SO_FAR
            ]
        if obj.state == State.DRAFT:
            return fieldsets
        return [
            (
                title,
                {
                    **options,
                    "fields": with_words(options["fields"]),
                    "classes": ("collapse",) if title else (),
                },
            )
            for title, options in fieldsets
        ]

    @admin.display(description=gettext_lazy("Offers"))
    def offers_in_words(self, mailing: Mailing) -> str:
        return first_named(mailing.offers.order_by("pk"))

    @admin.display(description=gettext_lazy("Segments"))
    def segments_in_words(self, mailing: Mailing) -> str:
        return first_named(mailing.segments.order_by("name")) or _("none: recipients by hand only")

    @admin.display(description=gettext_lazy("Fallback offers"))
    def fallback_in_words(self, mailing: Mailing) -> str:
        return first_named(mailing.fallback_offers.order_by("pk")) or _("none")

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
            *self.workbench_urls(),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("Sheets"))
    def sheets(self, mailing: Any) -> str:
        return _counted(mailing.said_sheets)

    @admin.display(description=gettext_lazy("Coupons"))
    def coupons(self, mailing: Any) -> str:
        return _counted(mailing.said_coupons)

    @admin.display(description=gettext_lazy("Expected used"))
    def likely(self, mailing: Any) -> str:
        return _counted(mailing.said_used)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, mailing: Mailing) -> SafeString:
        return pill(_("goodwill"), "plain") if mailing.is_goodwill else mailing_pill(mailing)

    def sentence(self, row: Mailing) -> str:
        if row.is_goodwill:
            return _(
                "Goodwill coupons of a month: staff give them on households' pages; this mailing "
                "is neither selected nor printed."
            )
        return ""  # render_change_form says it, knowing who looks

    def _tools(self, request: HttpRequest, row: Mailing, known: Known) -> list[Tool]:
        """The buttons that take it on; exactly one of them is the next thing to do, if any is."""
        if not request.user.has_perm("coupons.change_mailing"):
            return self._looks(request, row)
        main = _main(row, known)
        tools = []
        if row.state == State.DRAFT and request.user.has_perm("coupons.add_recipient"):
            url = reverse("admin:coupons_mailing_recipients", args=[row.pk])
            tools.append(Tool(_("Add recipients"), url, main == "recipients"))
        if row.state == State.SELECTED:
            url = reverse("admin:coupons_selection_change", args=[row.selection_id])
            tools.append(Tool(_("Review the selection"), url, main == "review"))
        tools += [
            Tool(
                label_of(name, row),
                reverse("admin:coupons_mailing_step", args=[row.pk, name]),
                main == name,
            )
            for name, step in STEPS.items()
            if row.state in step.states
            and not is_unprinted(row, name)
            and not (name == "approve" and (known.is_mine or known.stale))
        ]
        if row.state in (State.MAILED, State.PRINTED, State.ISSUED):
            url = reverse("admin:coupons_measurement_measure")
            tools.append(Tool(_("Measure now"), f"{url}?mailing={row.pk}", main == "measure"))
        return tools + self._looks(request, row) + begin_tools(request, row)

    def _looks(self, request: HttpRequest, row: Mailing) -> list[Tool]:
        """The buttons that only show."""
        tools = []
        if row.state in (State.DRAFT, State.SELECTED) and was_selected(row):
            url = reverse("admin:coupons_mailing_compare", args=[row.pk])
            tools.append(Tool(_("Compare selections"), url))
        is_for_paper = row.channel == Mailing.Channel.PRINT and row.state in BEFORE_THE_POST
        if is_for_paper and may_see_homes(request):
            url = reverse("admin:coupons_mailing_before", args=[row.pk])
            tools.append(Tool(_("Before printing"), url))
        if row.issued_at is not None and request.user.has_perm("coupons.view_measurement"):
            url = reverse("admin:coupons_measurement_changelist")
            tools.append(Tool(_("What it changed"), f"{url}?mailing__id__exact={row.pk}"))
        return tools

    def get_readonly_fields(
        self, request: HttpRequest, obj: Mailing | None = None
    ) -> tuple[str, ...]:
        # Its code is the salt of its holdout: another code would draw another.
        is_drawn = obj is not None and was_selected(obj)
        return ("code", *self.readonly_fields) if is_drawn else self.readonly_fields

    def panels(self, request: HttpRequest, row: Mailing) -> list[Panel]:
        is_issued = row.state in workbench_facts.WITH_SHEETS
        if row.state == State.DRAFT and not was_selected(row) and not has_recipients(row):
            return []  # the sentence says what to do first
        return [
            Panel(_("Selections"), mailing_panels.selections(row), is_wide=True),
            Panel(_("Recipients"), mailing_panels.recipients(row), is_wide=not is_issued),
            *(
                [
                    Panel(_("What came back"), mailing_panels.redeemed(row)),
                    Panel(_("Print runs"), mailing_panels.print_runs(row), is_wide=True),
                ]
                if is_issued
                else []
            ),
        ]


def _unfold_faults(form: Any) -> None:
    """Show what was refused: Django keeps a part folded whose faulty field shares its line."""
    form.fieldsets = [
        (title, {**options, "classes": ()})
        if not form.form.errors.keys().isdisjoint(flatten(options["fields"]))
        else (title, options)
        for title, options in form.fieldsets
    ]


def _counted(said: float | None) -> str:
    return NOTHING if said is None else number_format(round(said), force_grouping=True)


def _main(mailing: Mailing, known: Known) -> str:
    """The name of the button that is the next thing to do; empty: none is, or a field is."""
    if known.at_work or known.printing is not None:
        return ""
    at = workbench.current(known)
    if at == "review":
        if known.stale:
            return "select"
        return "review" if known.is_mine else "approve"
    if at == "measured":
        is_over = timezone.localdate() > mailing.valid_to and bool(known.measured)
        return "close" if is_over else "measure"
    if at == "issued":  # its night does that, unless it is over
        return "issue" if mailing.issue_on <= timezone.localdate() else ""
    return {
        "audience": "recipients",
        "selection": "select",
        "printed": "print",
        "mailed": "mailed",
    }.get(at, "")
