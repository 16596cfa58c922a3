"""The desk for what was learned: how each version did, which one is used, and back to another."""

import json
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_q.tasks import async_task

from loyalty import fitted
from loyalty.admin import words
from loyalty.admin.reported import Compared, comparisons, others, rows_of, value_text
from loyalty.models import FittedModel, ModelRun
from pos_integration.desk import NOTHING, Panel, ReadOnlyAdmin, Tool, link, pill, table

RUNS_SHOWN = 10
CHARACTERS_SHOWN = 2_000
QUEUED = gettext_lazy("It waits its turn in the queue: look here again in a minute.")


def may_act(request: HttpRequest) -> bool:
    """Which version is used is for Administrators; everybody at the desk may look."""
    return request.user.has_perm("loyalty.change_fittedmodel")


@admin.register(FittedModel)
class FittedModelAdmin(ReadOnlyAdmin[FittedModel]):
    list_title = gettext_lazy("What was learned")
    learn_task: str  # what learns every kind anew; whoever knows them all says
    list_display = ("what", "version", "before", "use_pill", "result")
    list_display_links = ("what", "version")
    list_filter = ("kind", "in_use")
    sortable_by = ()
    ordering = ("kind", "-version")
    fields = (("kind", "version"), ("as_of", "fitted_at"), "sha256")
    empty_hint = (
        "Nothing was learned yet. The night does it once a month; 'Learn anew now' does it now."
    )

    class Media:
        css = {"all": ("loyalty/beliefs.css",)}

    def row_title(self, row: FittedModel) -> str:
        return _("%(kind)s, version %(n)s") % {"kind": row.get_kind_display(), "n": row.version}

    def get_queryset(self, request: HttpRequest) -> QuerySet[FittedModel]:
        return super().get_queryset(request).defer("parameters")

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        return (*self.list_display, "use_button") if may_act(request) else self.list_display

    @admin.display(description="What was learned")
    def what(self, model: FittedModel) -> str:
        return model.get_kind_display()

    @admin.display(description="From days before")
    def before(self, model: FittedModel) -> str:
        return words.day_text(model.as_of)

    @admin.display(description="In use")
    def use_pill(self, model: FittedModel) -> SafeString:
        return pill("in use", "good") if model.in_use else pill("kept")

    @admin.display(description="On households it did not see")
    def result(self, model: FittedModel) -> str | SafeString:
        compared = next(comparisons(model.figures), None)
        if compared is None or compared.new is None:
            return NOTHING
        said = f"{compared.measure.split(',')[0]} {value_text(compared.new)}"
        if compared.before is None:
            return said
        return format_html(
            "{}, before {} {}", said, value_text(compared.before), _verdict(compared)
        )

    @admin.display(description="", empty_value="")
    def use_button(self, model: FittedModel) -> SafeString | str:
        return "" if model.in_use else _use_button(model, "Use from the next night")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("learn/", view(self.learn_view), name="loyalty_fittedmodel_learn"),
            path("<int:pk>/use/", view(self.use_view), name="loyalty_fittedmodel_use"),
            *super().get_urls(),
        ]

    def list_tools(self, request: HttpRequest) -> list[Tool]:
        if not request.user.has_perm("loyalty.add_fittedmodel"):
            return []
        return [Tool("Learn anew now", reverse("admin:loyalty_fittedmodel_learn"), is_main=True)]

    def learn_view(self, request: HttpRequest) -> HttpResponse:
        """Ask, and put the learning in the queue."""
        if not request.user.has_perm("loyalty.add_fittedmodel"):
            raise PermissionDenied
        back = reverse("admin:loyalty_fittedmodel_changelist")
        if request.method != "POST":
            return self.ask(
                request,
                title="Learn anew now",
                says=[
                    "What all shoppers have in common is learned anew, from a sample of "
                    "households and all days before today. It takes some minutes.",
                    "Each result becomes a new version and is tried on households it did not "
                    "see. Earlier versions are kept: one click puts one back to use.",
                ],
                button="Learn anew now",
                back=back,
            )
        async_task(self.learn_task, timezone.localdate().isoformat())
        messages.success(request, f"Learning will start. {QUEUED}")
        return HttpResponseRedirect(back)

    def use_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put one version to use from the next night on; POST only, and back to its page."""
        if not may_act(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        model = FittedModel.objects.filter(pk=pk).first()
        if model is None:
            raise Http404(f"there is no fitted model {pk}")
        try:
            fitted.parameters(model)
        except fitted.DamagedModelError as error:
            messages.error(request, f"{error} It was not put to use.")
        else:
            before = fitted.in_use(model.kind)
            fitted.put_to_use(model)
            instead = f", instead of version {before.version}" if before else ""
            if before != model:
                self.log_change(request, model, f"Put to use from the next night{instead}.")
            messages.success(request, f"The next night uses {model}{instead}.")
        return HttpResponseRedirect(reverse("admin:loyalty_fittedmodel_change", args=[pk]))

    def sentence(self, row: FittedModel) -> str:
        use = "the next night uses it" if row.in_use else "kept, not in use"
        if _is_damaged(row):
            use = "damaged, and no night can use it"
        day = words.day_text(row.as_of)
        return f"{row.get_kind_display()}: learned from days before {day}; {use}."

    def panels(self, request: HttpRequest, row: FittedModel) -> list[Panel]:
        learned = f"learned from days before {words.day_text(row.as_of)}"
        note = "on households it was not fitted on"
        is_damaged = _is_damaged(row)
        return [
            *([Panel("Its parameters are damaged", _damage(row))] if is_damaged else []),
            *([] if is_damaged else [Panel("In use", _use(row, may_act(request)), learned)]),
            Panel("Runs that used it", _runs(row)),
            Panel("How it did", _figures(row.figures), note, is_wide=True),
            Panel("What it learned", _parameters(row), "plain numbers, as JSON", is_wide=True),
        ]


def _use_button(model: FittedModel, says: str, kind: str = "tool") -> SafeString:
    """A button of the page's own form, which carries the token that a POST needs."""
    url = reverse("admin:loyalty_fittedmodel_use", args=[model.pk])
    return format_html(
        '<button type="submit" class="{}" formaction="{}">{}</button>', kind, url, says
    )


def _is_damaged(model: FittedModel) -> bool:
    try:
        fitted.parameters(model)
    except fitted.DamagedModelError:
        return True
    return False


def _damage(model: FittedModel) -> SafeString:
    return format_html(
        '<p class="warning">{} The text is not what was kept: its hash does not match. {}</p>',
        pill("damaged", "bad"),
        "The next night would stop at it: put another version to use, or learn anew."
        if model.in_use
        else "It is not in use, and cannot be put to use.",
    )


def _use(model: FittedModel, may_act: bool) -> SafeString:
    if model.in_use:
        return format_html(
            '<p class="how-far">{} The next night uses it. To go back, open an earlier one.</p>',
            pill("in use", "good"),
        )
    used = fitted.in_use(model.kind)
    other = (
        link(reverse("admin:loyalty_fittedmodel_change", args=[used.pk]), f"version {used.version}")
        if used
        else "no version"
    )
    state = format_html("{} The next night uses {}.", pill("kept"), other)
    if not may_act:
        return format_html('<p class="how-far">{}</p>', state)
    button = _use_button(model, "Use this version from the next night", "tool tool-main")
    return format_html('<p class="how-far">{}</p><p>{}</p>', state, button)


def _runs(model: FittedModel) -> SafeString:
    runs = model.runs.exclude(state=ModelRun.State.TRIAL)
    rows = (
        (
            link(
                reverse("admin:loyalty_modelrun_change", args=[run.pk]), words.day_text(run.as_of)
            ),
            run.get_state_display().lower(),
            f"{run.households:,}",
        )
        for run in runs.only("as_of", "state", "households").order_by("-pk")[:RUNS_SHOWN]
    )
    return table(("Night", "State", "Households#"), rows, "None so far.")


def _verdict(compared: Compared) -> SafeString | str:
    if compared.is_better is None:
        return ""
    return pill("better", "good") if compared.is_better else pill("worse", "warn")


def _change(compared: Compared) -> str:
    """`1.6 % lower`."""
    if compared.new is None or not compared.before:
        return NOTHING
    change = (compared.new - compared.before) / abs(compared.before)
    if abs(change) < 0.0005:
        return "the same"
    return f"{100 * abs(change):.1f} % {'higher' if change > 0 else 'lower'}"


def _figures(figures: Mapping[str, Any]) -> SafeString:
    measured = table(
        ("Measure", "This version#", "The one before#", "Change#", ""),
        (
            (c.measure, value_text(c.new), value_text(c.before), _change(c), _verdict(c))
            for c in comparisons(figures)
        ),
        "Nothing was measured: there were too few households to keep some aside.",
    )
    left = others(figures)
    more = table(("What else was noted", ""), rows_of(left), "") if left else ""
    return format_html("{}{}", measured, more)


def _parameters(model: FittedModel) -> SafeString:
    text = model.parameters
    try:
        values = fitted.parameters(model)
    except fitted.DamagedModelError:
        check = format_html('<p class="how-far">{}</p>', pill("does not match its hash", "bad"))
        sizes: SafeString | str = ""
    else:
        check = format_html(
            '<p class="how-far">{} its hash {}: it is what was kept.</p>',
            pill("matches", "good"),
            model.sha256[:12],
        )
        rows = ((name, _size(value), _bytes(json.dumps(value))) for name, value in values.items())
        sizes = table(("Part", "Holds", "Size#"), rows, "It learned nothing.")
    left = len(text) - CHARACTERS_SHOWN
    more = f"{left:,} more characters are not shown." if left > 0 else ""
    return format_html(
        '{}{}<details class="as-table"><summary>Its text, {}</summary>'
        '<pre class="raw">{}</pre><p class="quiet">{}</p></details>',
        check,
        sizes,
        _bytes(text),
        text[:CHARACTERS_SHOWN],
        more,
    )


def _size(value: Any) -> str:
    """`400 values`, `12 entries`, `text`, or the value itself."""
    if isinstance(value, Mapping):
        return f"{len(value):,} {'entry' if len(value) == 1 else 'entries'}"
    if isinstance(value, list):
        return f"{len(value):,} {'value' if len(value) == 1 else 'values'}"
    if isinstance(value, str) and len(value) > 60:
        return "text"
    return value_text(value)


def _bytes(text: str) -> str:
    size = len(text.encode())
    if size < 1_000:
        return f"{size} bytes"
    return f"{size / 1_000:,.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"
