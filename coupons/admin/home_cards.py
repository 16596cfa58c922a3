"""The cards of the first page as markup: mailings, tills, print runs, budgets, first steps."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coupons import today
from coupons.admin.mailing_steps import mailing_pill
from coupons.admin.printing_steps import cut_short, run_state
from coupons.models import PrintRun
from coupons.templatetags.icons import icon
from coupons.today import Drop
from coupons.today_figures import Heard, Judged, burnt, next_step
from loyalty import plots
from pos_integration.desk import NOTHING, link, pill, table

SHOPS = 8


def arrow(percent: int) -> SafeString:
    """A change as a triangle and a word, so that its colour is not its only sign."""
    if percent == 0:
        return format_html('<b class="even">{}</b>', _("as many as"))
    mark, tone = ("▲", "more") if percent > 0 else ("▼", "less")
    return format_html(
        '<b class="{}"><span aria-hidden="true">{}</span> {} %<span class="sr"> {}</span></b>',
        tone,
        mark,
        number_format(abs(percent)),
        _("more") if percent > 0 else _("fewer"),
    )


def link_if(name: str, words: str) -> SafeString:
    """A link to a page of the desk, or its words alone where there is no such page."""
    try:
        return link(reverse(name), words)
    except NoReverseMatch:
        return format_html("{}", words)


def bar(share: float) -> SafeString:
    return mark_safe(plots.share_bar(share))  # noqa: S308 - drawn of a number


def mailings(rows: Sequence[Drop], on: date) -> SafeString:
    """Each with what came back, what it cost, and the next thing to do."""
    return table(
        (_("Mailing"), _("State"), _("Sheets") + "#", _("Used") + "#", _("Budget") + "#", ""),
        (
            (
                link(reverse("admin:coupons_mailing_change", args=[row.mailing.pk]), row.mailing),
                mailing_pill(row.mailing),
                _number(row.sheets) if row.sheets else NOTHING,
                _used(row),
                _budget(row),
                _next(row, on),
            )
            for row in rows
        ),
        _("No mailing yet: make one under Mailings, it leads you from there."),
    )


def _used(row: Drop) -> str:
    if not row.coupons or not row.sheets:
        return NOTHING
    share = number_format(100 * row.redeemed / row.coupons, 1)
    return f"{_number(row.redeemed)} · {share} %"


def _budget(row: Drop) -> SafeString | str:
    part = burnt(row.spent, row.mailing.budget)
    if part is None or row.mailing.budget is None:
        return _whole(row.spent) if row.spent else NOTHING
    return format_html(
        '{}<span class="whole">{} / {}</span>',
        bar(part),
        _whole(row.spent),
        _whole(row.mailing.budget),
    )


def _next(row: Drop, on: date) -> SafeString | str:
    is_over = bool(row.sheets) and row.mailing.valid_to < on
    may_measure = is_over and not row.is_measured and row.mailing.state != "closed"
    if is_over and not may_measure:
        return ""
    step = next_step(row.mailing.state, may_measure=may_measure)
    labels = {
        "select": _("Select"),
        "review": _("Review"),
        "print": _("Print"),
        "post": _("Mailed?"),
        "measure": _("Measure"),
    }
    if step not in labels:
        return ""
    url = reverse("admin:coupons_mailing_change", args=[row.mailing.pk])
    if step == "measure":
        url = f"{reverse('admin:coupons_measurement_measure')}?mailing={row.mailing.pk}"
    return format_html(
        '<a class="tool {}" href="{}">{}<span class="sr"> {}</span></a>',
        "tool-main" if step == "review" else "",
        url,
        labels[step],
        row.mailing,
    )


def tills(judged: Sequence[Judged], now: datetime, most: int = SHOPS) -> SafeString:
    """Stores, the worst first, and the way to those that are left out."""
    body = table(
        (_("Store"), _("Last heard"), _("Uploads today") + "#", _("Baskets") + "#", ""),
        (
            (
                link(
                    reverse("admin:pos_integration_store_change", args=[one.shop.pk]),
                    one.shop.name,
                ),
                _when(one.shop.last_at, now),
                _uploads_today(one),
                _number(one.shop.baskets),
                heard_pill(one, now),
            )
            for one in judged[:most]
        ),
        _("No store yet: add one, and a till to it, under Tills."),
    )
    rest = judged[most:]
    if not rest:
        return body
    words = ngettext("%(n)s more store", "%(n)s more stores", len(rest)) % {"n": _number(len(rest))}
    if wrong := sum(one.heard in (Heard.LATE, Heard.SILENT) for one in rest):
        late = ngettext("%(n)s of them late or silent", "%(n)s of them late or silent", wrong)
        words = f"{words}, {late % {'n': _number(wrong)}}"
    return format_html(
        '{}<p class="more">{}</p>', body, link_if("admin:pos_integration_store_today", words)
    )


def _uploads_today(one: Judged) -> str:
    """Nothing where another hands in for it: those uploads are not this store's alone."""
    return _("collected") if one.shop.is_collected else _number(one.shop.uploads_today)


def heard_pill(one: Judged, now: datetime) -> SafeString:
    if one.heard == Heard.NOT_YET:
        return pill(_("not heard of yet"), "plain")
    if one.heard == Heard.SILENT:
        since = _since(one.shop.last_at, now)
        return pill(_("silent for %(time)s") % {"time": since}, "bad")
    if one.heard == Heard.LATE:
        return pill(_("late"), "bad")
    if one.silent_tills:
        numbers = ", ".join(str(number) for number in one.silent_tills[:3])
        return pill(_("till %(numbers)s silent") % {"numbers": numbers}, "bad")
    return pill(_("fine"), "good")


def _when(at: datetime | None, now: datetime) -> str:
    if at is None:
        return NOTHING
    return date_format(at, "TIME_FORMAT" if at.date() == now.date() else "DATETIME_FORMAT")


def _since(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    hours = int((now - at).total_seconds() // 3600)
    if hours < 48:
        return _("%(n)s h") % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


def print_runs(runs: Sequence[tuple[PrintRun, int]]) -> SafeString:
    dead = cut_short(run for run, _done in runs)
    return table(
        (_("Run"), _("State"), _("Sheets") + "#"),
        (
            (
                link(reverse("admin:coupons_printrun_change", args=[run.pk]), run.mailing),
                run_state(run, dead),
                _sheets(run, done),
            )
            for run, done in runs
        ),
        _("Nothing is printed yet: a mailing that is approved is printed in its night."),
    )


def _sheets(run: PrintRun, done: int) -> SafeString | str:
    if run.state != PrintRun.State.RUNNING or not run.sheets:
        return _number(run.sheets or done)
    return format_html(
        '{}<span class="whole">{} / {}</span>',
        bar(done / run.sheets),
        _number(done),
        _number(run.sheets),
    )


def budgets(on: date) -> SafeString:
    """Offers that are out, the most burnt first, and the way to those that were not added up."""
    burning, later = today.burning(on)
    body = table(
        (_("Offer"), _("Burnt"), _("Of") + "#"),
        (
            (
                link(reverse("admin:coupons_offer_change", args=[one.pk]), one.name),
                format_html(
                    '{}<span class="whole">{} %</span>',
                    bar(float(one.spent / one.budget)),
                    number_format(round(100 * one.spent / one.budget)),
                ),
                _whole(one.budget),
            )
            for one in burning
        ),
        _("No offer that is out has a budget: give it one on the offer's page."),
    )
    if not later:
        return body
    said = _("The most burnt of the %(n)s that end soonest.") % {"n": today.OUT}
    more = ngettext("%(n)s more ends later", "%(n)s more end later", later)
    words = link_if("admin:coupons_offer_changelist", more % {"n": _number(later)})
    return format_html('{}<p class="more">{} {}</p>', body, said, words)


def first_steps(steps: Iterable[tuple[bool | None, str, str]]) -> SafeString:
    """Links in order, those that are done ticked; None: nobody looked."""
    return format_html(
        '<ol class="steps">{}</ol>',
        format_html_join(
            "",
            "<li>{} {}</li>",
            (
                (
                    link_if(name, words),
                    format_html("{}{}", icon("check"), _("done")) if is_done else "",
                )
                for is_done, name, words in steps
            ),
        ),
    )


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)


def _whole(amount: Any) -> str:
    return number_format(round(amount), force_grouping=True)
