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
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import fitted, queued_once
from loyalty.admin import words
from loyalty.admin.reported import Compared, comparisons, others, rows_of, value_text
from loyalty.models import FittedModel, ModelRun
from pos_integration import changes
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
from pos_integration.said import retold

RUNS_SHOWN = 10
CHARACTERS_SHOWN = 2_000
QUEUED = gettext_lazy("It waits its turn in the queue: look here again in a minute.")


def may_act(request: HttpRequest) -> bool:
    """Who says which version is used; everybody at the desk may look."""
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
    empty_hint = gettext_lazy(
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

    @admin.display(description=gettext_lazy("What was learned"))
    def what(self, model: FittedModel) -> str:
        return model.get_kind_display()

    @admin.display(description=gettext_lazy("From days before"))
    def before(self, model: FittedModel) -> str:
        return words.day_text(model.as_of)

    @admin.display(description=gettext_lazy("In use"))
    def use_pill(self, model: FittedModel) -> SafeString:
        return pill(_("in use"), "good") if model.in_use else pill(_("kept"))

    @admin.display(description=gettext_lazy("On households it did not see"))
    def result(self, model: FittedModel) -> str | SafeString:
        compared = next(comparisons(model.figures), None)
        if compared is None or compared.new is None:
            return NOTHING
        said = f"{compared.measure.split(',')[0]} {value_text(compared.new)}"
        if compared.before is None:
            return said
        return format_html(
            "{}, {} {}",
            said,
            _("before %(figure)s") % {"figure": value_text(compared.before)},
            _verdict(compared),
        )

    @admin.display(description="", empty_value="")
    def use_button(self, model: FittedModel) -> SafeString | str:
        return "" if model.in_use else _use_button(model, _("Use from the next night"))

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
        return [Tool(_("Learn anew now"), reverse("admin:loyalty_fittedmodel_learn"), is_main=True)]

    def learn_view(self, request: HttpRequest) -> HttpResponse:
        """Ask, and put the learning in the queue."""
        if not request.user.has_perm("loyalty.add_fittedmodel"):
            raise PermissionDenied
        back = reverse("admin:loyalty_fittedmodel_changelist")
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Learn anew now"),
                says=[
                    _(
                        "What all shoppers have in common is learned anew, from a sample "
                        "of households "
                        "and all days before today. It takes some minutes."
                    ),
                    _(
                        "Each result becomes a new version and is tried on households it "
                        "did not see. "
                        "Earlier versions are kept: one click puts one back to use."
                    ),
                ],
                button=_("Learn anew now"),
                back=back,
            )
        if queued_once.put_once(self.learn_task, timezone.localdate().isoformat()):
            begun = _("Learning, started by hand")
            changes.note(request.user, request.path, FittedModel._meta.db_table, begun)
            messages.success(request, (_("Learning will start. %(queued)s") % {"queued": QUEUED}))
        else:
            messages.info(request, _("It was started already: look here again in a minute."))
        return HttpResponseRedirect(back)

    def use_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put one version to use from the next night on, by POST; and back to its page."""
        if not may_act(request):
            raise PermissionDenied
        model = FittedModel.objects.filter(pk=pk).first()
        if model is None:
            raise Http404(f"there is no fitted model {pk}")
        page = reverse("admin:loyalty_fittedmodel_change", args=[pk])
        if request.method != "POST":
            return HttpResponseRedirect(page)
        try:
            fitted.parameters(model)
        except fitted.DamagedModelError as error:
            said = _("%(error)s It was not put to use.")
            messages.error(request, said % {"error": retold(str(error))})
        else:
            before = fitted.in_use(model.kind)
            fitted.put_to_use(model)
            instead = (
                (_(", instead of version %(version)s") % {"version": before.version})
                if before
                else ""
            )
            if before != model:
                self.log_change(
                    request,
                    model,
                    (_("Put to use from the next night%(instead)s.") % {"instead": instead}),
                )
            messages.success(
                request,
                (
                    _("The next night uses %(model)s%(instead)s.")
                    % {"model": model, "instead": instead}
                ),
            )
        return HttpResponseRedirect(page)

    def sentence(self, row: FittedModel) -> str:
        use = _("the next night uses it") if row.in_use else _("kept, not in use")
        if _is_damaged(row):
            use = _("damaged, and no night can use it")
        day = words.day_text(row.as_of)
        return _("%(kind)s: learned from days before %(day)s; %(use)s.") % {
            "kind": row.get_kind_display(),
            "day": day,
            "use": use,
        }

    def panels(self, request: HttpRequest, row: FittedModel) -> list[Panel]:
        learned = _("learned from days before %(day_text)s") % {
            "day_text": words.day_text(row.as_of)
        }
        note = _("on households it was not fitted on")
        is_damaged = _is_damaged(row)
        return [
            *([Panel(_("Its parameters are damaged"), _damage(row))] if is_damaged else []),
            *([] if is_damaged else [Panel(_("In use"), _use(row, may_act(request)), learned)]),
            Panel(_("Runs that used it"), _runs(row)),
            Panel(_("How it did"), _figures(row.figures), note, is_wide=True),
            Panel(
                _("What it learned"), _parameters(row), _("plain numbers, as JSON"), is_wide=True
            ),
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
        pill(_("damaged"), "bad"),
        _("The next night would stop at it: put another version to use, or learn anew.")
        if model.in_use
        else _("It is not in use, and cannot be put to use."),
    )


def _use(model: FittedModel, may_act: bool) -> SafeString:
    if model.in_use:
        return format_html(
            '<p class="how-far">{} The next night uses it. To go back, open an earlier one.</p>',
            pill(_("in use"), "good"),
        )
    used = fitted.in_use(model.kind)
    other = (
        link(
            reverse("admin:loyalty_fittedmodel_change", args=[used.pk]),
            (_("version %(version)s") % {"version": used.version}),
        )
        if used
        else _("no version")
    )
    state = format_html("{} The next night uses {}.", pill(_("kept")), other)
    if not may_act:
        return format_html('<p class="how-far">{}</p>', state)
    button = _use_button(model, _("Use this version from the next night"), "tool tool-main")
    return format_html('<p class="how-far">{}</p><p>{}</p>', state, button)


def _runs(model: FittedModel) -> SafeString:
    runs = model.runs.exclude(state=ModelRun.State.TRIAL)
    rows = (
        (
            link(
                reverse("admin:loyalty_modelrun_change", args=[run.pk]), words.day_text(run.as_of)
            ),
            in_sentence(run.get_state_display()),
            f"{run.households:,}",
        )
        for run in runs.only("as_of", "state", "households").order_by("-pk")[:RUNS_SHOWN]
    )
    return table((_("Night"), _("State"), _("Households#")), rows, _("None so far."))


def _verdict(compared: Compared) -> SafeString | str:
    if compared.is_better is None:
        return ""
    return pill(_("better"), "good") if compared.is_better else pill(_("worse"), "warn")


def _change(compared: Compared) -> str:
    """`1.6 % lower`."""
    if compared.new is None or not compared.before:
        return NOTHING
    change = (compared.new - compared.before) / abs(compared.before)
    if abs(change) < 0.0005:
        return _("the same")
    share = f"{grouped(100 * abs(change), 1)} %"
    said = _("%(share)s higher") if change > 0 else _("%(share)s lower")
    return said % {"share": share}


def _figures(figures: Mapping[str, Any]) -> SafeString:
    measured = table(
        (_("Measure"), _("This version#"), _("The one before#"), _("Change#"), ""),
        (
            (c.measure, value_text(c.new), value_text(c.before), _change(c), _verdict(c))
            for c in comparisons(figures)
        ),
        _("Nothing was measured: there were too few households to keep some aside."),
    )
    left = others(figures)
    more = table((_("What else was noted"), ""), rows_of(left), "") if left else ""
    return format_html("{}{}", measured, more)


def _parameters(model: FittedModel) -> SafeString:
    text = model.parameters
    try:
        values = fitted.parameters(model)
    except fitted.DamagedModelError:
        check = format_html('<p class="how-far">{}</p>', pill(_("does not match its hash"), "bad"))
        sizes: SafeString | str = ""
    else:
        check = format_html(
            '<p class="how-far">{} its hash {}: it is what was kept.</p>',
            pill(_("matches"), "good"),
            model.sha256[:12],
        )
        rows = ((name, _size(value), _bytes(json.dumps(value))) for name, value in values.items())
        sizes = table((_("Part"), _("Holds"), _("Size#")), rows, _("It learned nothing."))
    left = len(text) - CHARACTERS_SHOWN
    more = (
        (_("%(left)s more characters are not shown.") % {"left": f"{left:,}"}) if left > 0 else ""
    )
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
        return _("%(size)s bytes") % {"size": size}
    return f"{size / 1_000:,.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"
