"""The night and its queue on the first page: steps with how far they are, and what to do."""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coupons.models import PrintRun
from coupons.today_queue import Due, Night
from pos_integration.desk import link, pill

STUCK_MINUTES = 15
"""A task that may begin and waits longer than this waits for a queue that is not there."""
UNDONE_SHOWN = 5


def progress(words: str, done: int, whole: int) -> SafeString:
    """A bar that fills. words: what it is of, for who hears it."""
    percent = min(100 * done // whole, 100) if whole else 0
    return format_html(
        '<progress class="way" max="{}" value="{}" aria-label="{}">{} %</progress> '
        '<span class="whole">{} %</span>',
        str(whole),
        str(done),
        words,
        percent,
        percent,
    )


def steps(night: Night, runs: Iterable[tuple[PrintRun, int]]) -> SafeString:
    """The night's steps in order, each with a word, a figure or a bar."""
    rows: list[tuple[object, object]] = [
        (_("Load uploads"), _uploads(night)),
        (_("Rebuild models"), _rebuild(night)),
    ]
    rows += [(_due_words(one), _due_state(one)) for one in night.due]
    rows += [
        (
            _("Print %(mailing)s") % {"mailing": run.mailing},
            progress(str(run.mailing), done, run.sheets)
            if run.sheets
            else pill(_("at work"), "busy"),
        )
        for run, done in runs
        if run.state == PrintRun.State.RUNNING
    ]
    if not night.due:
        rows.append((_("Select and print"), pill(_("nothing is due"), "plain")))
    shown = format_html(
        '<dl class="night">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
    )
    if not night.not_done:
        return shown
    undone = format_html_join("", "<li>{}</li>", ((why,) for why in night.not_done[:UNDONE_SHOWN]))
    said = _("Not done last night; it is tried again tonight, once it is put right:")
    return format_html(
        '{}<div class="note-below"><p>{}</p><ul class="said">{}</ul></div>', shown, said, undone
    )


def _uploads(night: Night) -> SafeString:
    if not night.uploads:
        return pill(_("done"), "good")
    return pill(
        ngettext("%(n)s waits", "%(n)s wait", night.uploads) % {"n": number_format(night.uploads)},
        "busy",
    )


def _rebuild(night: Night) -> SafeString | str:
    if night.running is not None:
        bar = progress(_("Rebuild models"), night.done, night.whole)
        return bar if night.is_running else format_html("{} {}", bar, pill(_("cut short"), "bad"))
    if night.is_running:
        return pill(_("at work"), "busy")
    if night.published is None:
        return pill(_("waits"), "busy")
    count = night.published.households
    words = ngettext("%(n)s household", "%(n)s households", count)
    figure = words % {"n": number_format(count, force_grouping=True)}
    return format_html('<span class="beside">{}</span> {}', figure, pill(_("done"), "good"))


def _due_words(one: Due) -> SafeString:
    words = _("select %(mailing)s") if one.step == "select" else _("issue and print %(mailing)s")
    page = link(reverse("admin:coupons_mailing_change", args=[one.mailing.pk]), one.mailing)
    before, _mark, after = (words % {"mailing": "\0"}).partition("\0")
    return format_html("{}{}{}", before[:1].upper() + before[1:], page, after)


def _due_state(one: Due) -> SafeString:
    if not one.whole:
        return pill(_("waits"), "busy")
    return progress(str(one.mailing), one.done, one.whole)


def queue(told: Night, clusters: int, now: datetime) -> SafeString:
    """Whether the queue runs, and what to do where it does not."""
    waits = int((now - told.oldest).total_seconds() // 60) if told.oldest else 0
    if clusters:
        state = pill(_("runs"), "good")
    elif told.waiting:
        state = pill(_("does not run"), "bad")
    else:
        state = pill(_("not seen"), "warn")
    rows: list[tuple[object, object]] = [
        (_("Queue"), state),
        (_("Tasks that wait"), number_format(told.waiting)),
    ]
    if told.waiting:
        oldest = ngettext("%(n)s minute", "%(n)s minutes", waits) % {"n": number_format(waits)}
        rows.append((_("The oldest for"), oldest))
    failed = number_format(told.failed)
    rows.append(
        (_("Failed in the last day"), pill(failed, "bad") if told.failed else mark_safe("0"))
    )
    says = format_html(
        '<dl class="night">{}</dl>', format_html_join("", "<dt>{}</dt><dd>{}</dd>", rows)
    )
    if clusters and waits < STUCK_MINUTES:
        return says
    hint = (
        _("Nothing that is long is done until it runs: ask whoever looks after the server.")
        if not clusters
        else _("It is busy with something long: look at the nights and print runs at work.")
    )
    return format_html('{}<p class="note-below">{}</p>', says, hint)
