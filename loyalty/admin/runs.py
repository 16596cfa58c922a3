"""The desk for nights: how far one is, what it found, what it was computed with; the history."""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty import plots
from loyalty.admin import words
from loyalty.admin.reported import rows_of
from loyalty.models import BucketReceipt, ModelRun, PurchaseChunk
from loyalty.rebuild import STEPS
from loyalty.shopper.value import TIERS
from pos_integration.desk import (
    NOTHING,
    Panel,
    ReadOnlyAdmin,
    grouped,
    in_sentence,
    link,
    percent,
    pill,
    table,
)

MOVES_SHOWN = 12
RUN_TONES = {"running": "busy", "published": "good", "replaced": "plain"}
STEP_WORDS = {
    "items": gettext_lazy("Adding up every item"),
    "score": gettext_lazy("Scoring every household"),
}
DRAWN = ("seconds", "tiers", "moves")  # in panels of their own
FIGURE_WORDS = {
    "households": gettext_lazy("Households with purchases"),
    "lines": gettext_lazy("Lines read"),
    "shared": gettext_lazy("Kept out: their cards seem to be shared"),
    "newcomers": gettext_lazy("Known for 3 trips or fewer"),
    "begun": gettext_lazy("Times it was begun, after being cut short"),
}


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = ModelRun.State
        return [(s.value, s.label) for s in states if s != states.TRIAL]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelRun]) -> QuerySet[ModelRun]:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(ModelRun)
class ModelRunAdmin(ReadOnlyAdmin[ModelRun]):
    list_title = gettext_lazy("Nights")
    list_display = (
        "as_of",
        "state_pill",
        "progress",
        "households",
        "lines",
        "took",
        "published_at",
    )
    list_filter = (StateFilter,)
    date_hierarchy = "as_of"
    ordering = ("-pk",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("as_of", "state_pill", "progress"),
                    ("started_at", "published_at", "took"),
                    ("households", "lines"),
                )
            },
        ),
        (
            gettext_lazy("What it was reckoned from"),
            {"fields": ("history_hash", "fitted_here"), "classes": ("collapse",)},
        ),
    )
    empty_hint = gettext_lazy("No night has run yet: press 'Start the night now'.")

    class Media:
        css = {"all": ("loyalty/beliefs.css",)}

    def row_title(self, row: ModelRun) -> str:
        return _("Night of %(day)s") % {"day": date_format(row.as_of)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelRun]:
        """With `receipts_so_far`, counted only where somebody waits for it. Trials are nobody's."""
        receipts = (
            BucketReceipt.objects.filter(run=OuterRef("pk"))
            .order_by()
            .values("run")
            .annotate(n=Count("pk"))
            .values("n")
        )
        so_far = Case(When(state=ModelRun.State.RUNNING, then=Subquery(receipts)), default=None)
        runs = super().get_queryset(request).exclude(state=ModelRun.State.TRIAL)
        return runs.defer("fitted").annotate(receipts_so_far=so_far)

    @admin.display(description=gettext_lazy("State"), ordering="state")
    def state_pill(self, run: ModelRun) -> SafeString:
        return pill(in_sentence(run.get_state_display()), RUN_TONES.get(run.state, "plain"))

    @admin.display(description=gettext_lazy("Progress"))
    def progress(self, run: Any) -> str | SafeString:
        if run.state != ModelRun.State.RUNNING:
            return _("done")
        done, total = run.receipts_so_far or 0, len(STEPS) * settings.LOYALTY_BUCKETS
        pieces = _("%(done)s of %(total)s pieces") % {"done": done, "total": total}
        return format_html("{} {}", _bar(done / total), pieces)

    @admin.display(description=gettext_lazy("Took"), ordering="seconds")
    def took(self, run: ModelRun) -> str:
        return f"{grouped(run.seconds, 1)} s" if run.seconds else NOTHING

    @admin.display(description=gettext_lazy("What was fitted"))
    def fitted_here(self, run: ModelRun) -> SafeString:
        return format_html('<pre class="raw">{}</pre>', json.dumps(run.parameters, indent=1))

    def sentence(self, row: ModelRun) -> str:
        if row.state == ModelRun.State.RUNNING:
            return _(
                "This night is being computed, or was cut short: the next start goes on with it."
            )
        return _(
            "%(households)s households were rebuilt from %(lines)s lines in %(seconds)s s; "
            "the last day seen was the one before %(day_text)s."
        ) % {
            "households": grouped(row.households),
            "lines": grouped(row.lines),
            "seconds": grouped(row.seconds, 1),
            "day_text": words.day_text(row.as_of),
        }

    def panels(self, request: HttpRequest, row: ModelRun) -> list[Panel]:
        report: Mapping[str, Any] = row.report
        as_of = _("as of %(day_text)s") % {"day_text": words.day_text(row.as_of)}
        tiers, steps = report.get("tiers") or {}, report.get("seconds") or {}
        computed_with = Panel(_("What it was computed with"), _learned(row), as_of)
        if row.state == ModelRun.State.RUNNING:
            how_far = format_html('<p class="how-far">{}</p>', self.progress(row))
            return [Panel(_("How far it is"), how_far, _("look again for more")), computed_with]
        shown = [
            Panel(_("Households by tier"), _tiers(tiers), as_of),
            Panel(_("Changes of tier"), _moves(report.get("moves") or []), as_of),
            Panel(
                _("How long it took"),
                _steps(steps),
                (_("%(seconds)s s in all") % {"seconds": grouped(row.seconds, 1)}),
            ),
            computed_with,
        ]
        rest = {str(said): report[key] for key, said in FIGURE_WORDS.items() if key in report}
        rest |= {key: report[key] for key in report if key not in (*DRAWN, *FIGURE_WORDS)}
        if rest:
            shown.append(
                Panel(_("In figures"), table((_("What"), _("Figure#")), rows_of(rest), ""), as_of)
            )
        return shown


def _tiers(tiers: Mapping[str, int]) -> SafeString:
    """The best first; what is no tier of today's comes last."""
    rank = {tier: place for place, tier in enumerate(TIERS)}
    names = sorted(tiers, key=lambda tier: -rank.get(tier, -1))
    everybody = max(sum(tiers.values()), 1)
    rows = (
        (
            words.tier_pill(tier),
            _bar(tiers[tier] / everybody),
            percent(tiers[tier] / everybody),
            grouped(tiers[tier]),
        )
        for tier in names
    )
    empty = _("Not counted: it found no household, or is from before tiers were counted.")
    return table((_("Tier"), "", _("Share#"), _("Households#")), rows, empty)


def _moves(moves: list[list[Any]]) -> SafeString:
    """`12 rose from silver to gold`, the largest first."""
    rows = [
        (*_move(before, after), grouped(households))
        for before, after, households in sorted(moves, key=lambda move: -move[2])[:MOVES_SHOWN]
        if households
    ]
    empty = _("No household changed its tier, or there was no night before to compare with.")
    return table(("", _("From"), _("To"), _("Households#")), rows, empty)


def _move(before: str | None, after: str | None) -> tuple[object, object, object]:
    was = in_sentence(words.tier_name(before)) if before else NOTHING
    now = in_sentence(words.tier_name(after)) if after else NOTHING
    if not before:
        return pill(_("came"), "new"), was, now
    if not after:
        return pill(_("left"), "plain"), was, now
    if before in TIERS and after in TIERS:
        rose = TIERS.index(after) > TIERS.index(before)
        return pill(_("rose"), "good") if rose else pill(_("fell"), "warn"), was, now
    return pill(_("moved")), was, now


def _steps(steps: Mapping[str, float]) -> SafeString:
    """In the order they were done, as long as the longest."""
    longest = max([*steps.values(), 0.001])
    rows = (
        (
            STEP_WORDS.get(step, step.capitalize()),
            _bar(seconds / longest),
            f"{grouped(seconds, 1)} s",
        )
        for step, seconds in sorted(steps.items(), key=_place)
    )
    return table((_("Step"), "", _("Took#")), rows, _("It did not tell."))


def _place(step: tuple[str, float]) -> int:
    """When it was done; what is none of today's steps comes last."""
    return STEPS.index(step[0]) if step[0] in STEPS else len(STEPS)


def _learned(run: ModelRun) -> SafeString:
    rows = (
        (
            model.get_kind_display(),
            link(
                reverse("admin:loyalty_fittedmodel_change", args=[model.pk]),
                (_("version %(version)s") % {"version": model.version}),
            ),
            words.day_text(model.as_of),
        )
        for model in run.learned.defer("parameters", "figures").order_by("kind", "-version")
    )
    empty = _(
        "With nothing that was learned: by every household's own rhythm alone. 'Learn "
        "anew now' under 'Fitted models' brings more."
    )
    return table((_("What was learned"), _("Version"), _("From days before")), rows, empty)


def _bar(share: float) -> SafeString:
    return mark_safe(plots.share_bar(share))  # noqa: S308 # drawn from numbers


@admin.register(PurchaseChunk)
class PurchaseChunkAdmin(ReadOnlyAdmin[PurchaseChunk]):
    list_display = ("bucket", "of_buckets", "month", "rows")
    list_filter = (("month", admin.DateFieldListFilter),)
    ordering = ("-month", "bucket")
    fields = ("bucket", "of_buckets", "month", "rows", "sha256")
    empty_hint = gettext_lazy(
        "No history is sealed yet. The next night seals what the tills uploaded."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[PurchaseChunk]:
        return super().get_queryset(request).defer("data")
