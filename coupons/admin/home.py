"""The staff's first page: what each card says to whoever is signed in."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from coupons import today, today_queue
from coupons.admin import home_cards, home_night, redemption_plot
from coupons.today import Day, Drop, LookAt
from coupons.today_figures import Heard, Judged, change, judge, nights_missed, silent_count
from coupons.today_queue import Night
from loyalty.models import ModelRun
from pos_integration import staff


class Figure(NamedTuple):
    """A card with one figure, and what it is compared with."""

    icon: str
    title: str
    figure: str
    beside: SafeString | str
    url: str = ""


class Card(NamedTuple):
    """A card of the grid: so many of its 12 columns wide."""

    icon: str
    title: str
    note: str
    body: SafeString
    width: int
    name: str = ""


@dataclass
class Home:
    """The page from top to bottom."""

    sentence: str = ""
    detail: str = ""
    figures: list[Figure] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    polls: bool = False  # something is at work: the page looks again by itself


def look(request: HttpRequest) -> Home:
    """What `request`'s user may see; of somebody who works in stores, those stores."""
    user = request.user
    markets = user.has_perm("coupons.change_mailing")
    now = timezone.localtime()
    night = today_queue.night(now.date())
    if request.GET.get("part") == "night":  # asked for again and again while a night runs
        return Home(cards=[_tonight(night, today_queue.print_runs())], polls=night.is_at_work)
    at = staff.stores_of(user)
    stores = None if at is None else list(at)
    day, baskets = today.day(stores)
    shops = today.shops(stores, baskets, now)
    waits = today.look_at(stores, now.date())
    judged = judge(shops, now)
    page = Home(
        sentence=_sentence(night, day, waits, silent_count(judged)),
        detail=_detail(night, now.date()),
        figures=[_baskets(day), _redeemed(day)],
        polls=night.is_at_work,
    )
    if markets:
        page.figures.append(_extra_sales())
    page.figures.append(_to_look_at(request, waits, judged))
    on = min(now.date(), day.on or now.date())
    if markets:
        rows = today.drops(on)
        shown, live, over = _sorted(rows, on)
        today.fill([*live, *over])
        plot = _plot(live or over[:1], over, on)
        runs = today_queue.print_runs()
        begun = _first_steps(day, judged, rows, night)
        page.cards += [begun] if begun else []
        page.cards += [plot] if plot else []
        beside = 4 if plot else 6
        page.cards += [
            _tonight(night, runs, beside),
            _queue(night, now, beside),
            Card("mail", _("Mailings"), "", home_cards.mailings(shown, on), 7, "mailings"),
        ]
    page.cards.append(
        Card(
            "building-store",
            _("Tills"),
            _till_note(day),
            home_cards.tills(judged, now),
            5 if markets else 12,
            "tills",
        )
    )
    if markets:
        page.cards += [
            Card("printer", _("Print runs"), "", home_cards.print_runs(runs), 6),
            Card("coin", _("Budgets"), _("what coupons took off"), home_cards.budgets(on), 6),
        ]
    return page


def _sentence(night: Night, day: Day, waits: LookAt, silent: int) -> str:
    if night.is_running:
        return _("A night is running.")
    if night.was_cut_short:
        return _("The last night was cut short: start it again, it goes on where it was.")
    if night.published is None:
        return _("Welcome. No night has run yet.") if day.on else _("Welcome. Begin here.")
    went = _went(night, timezone.now())
    if silent:
        count = ngettext("%(n)s till is silent.", "%(n)s tills are silent.", silent)
        return f"{went} {count % {'n': number_format(silent)}}"
    if waits.uploads:
        count = ngettext(
            "%(n)s upload is not loaded.", "%(n)s uploads are not loaded.", waits.uploads
        )
        return f"{went} {count % {'n': number_format(waits.uploads)}}"
    return went


def _went(night: Night, now: datetime) -> str:
    """How the last night was: it may have failed, or be one of weeks ago."""
    at = night.published.published_at if night.published else None
    if night.has_failed:
        return _("The last night stopped with a fault: start it again, it does nothing twice.")
    if at is not None and nights_missed(at, now):
        day_of = date_format(timezone.localtime(at))
        return _("No night has run since %(day)s: look whether the queue runs.") % {"day": day_of}
    if night.not_done:
        count = len(night.not_done)
        said = ngettext(
            "Last night went well, but %(n)s thing was not done.",
            "Last night went well, but %(n)s things were not done.",
            count,
        )
        return said % {"n": number_format(count)}
    return _("Last night went well.")


def _detail(night: Night, on: date) -> str:
    said = [date_format(on, _("l j F Y"))]
    run = night.published
    if run is not None:
        said.append(_rebuilt(run))
    if not night.is_running:
        said.append(_("next run tonight at %(time)s") % {"time": settings.NIGHT_AT})
    return " · ".join(said)


def _rebuilt(run: ModelRun) -> str:
    words = {"n": _number(run.households), "took": number_format(run.seconds, 1)}
    if run.published_at is None:
        return _("models of %(n)s households rebuilt in %(took)s s") % words
    at = timezone.localtime(run.published_at)
    words["at"] = date_format(at, _("j F, H:i"))
    return _("models of %(n)s households rebuilt %(at)s in %(took)s s") % words


def _baskets(day: Day) -> Figure:
    url = reverse("admin:pos_integration_basket_changelist")
    if day.on is None:
        return Figure("receipt", _("Baskets"), _number(0), _("No till has sent any yet."), url)
    is_today = day.on == timezone.localdate()
    title = _("Baskets today") if is_today else _("Baskets on the last day")
    more = change(day.baskets, day.baskets_before)
    named = {"day": date_format(day.on, "l"), "date": date_format(day.on)}
    if more is None:
        beside: SafeString | str = _("%(day)s %(date)s") % named
    else:
        beside = format_html(
            "{} {}",
            home_cards.arrow(more),
            (
                _("on last %(day)s by %(time)s")
                % (named | {"time": date_format(timezone.localtime(day.until), "H:i")})
                if day.until
                else _("on the %(day)s before; %(date)s") % named
            ),
        )
    return Figure("receipt", title, _number(day.baskets), beside, url)


def _redeemed(day: Day) -> Figure:
    is_today = day.on == timezone.localdate()
    words = {"off": _money(day.off), "worth": _money(day.worth)}
    return Figure(
        "ticket",
        _("Coupons used today") if is_today else _("Coupons used that day"),
        _number(day.redeemed),
        (_("%(off)s off, %(worth)s in baskets") % words if day.worth else _("%(off)s off") % words),
        reverse("admin:coupons_redemption_changelist"),
    )


def _extra_sales() -> Figure:
    found = today.measured()
    title = _("Extra sales")
    if found is None:
        return Figure(
            "scale",
            title,
            "\N{EN DASH}",
            _("Nothing is measured yet: it is once a mailing is out."),
            reverse("admin:coupons_measurement_changelist"),
        )
    url = reverse("admin:coupons_measurement_change", args=[found.pk])
    groups = found.report.get("groups") or []
    told = groups[0]["effects"].get("sales") if groups else None
    if told is None:
        beside = _("%(mailing)s: too few are held out to tell") % {"mailing": found.mailing}
        return Figure("scale", title, "\N{EN DASH}", beside, url)
    beside = _("%(mailing)s, against hold-out, 95 %%: %(low)s to %(high)s") % {
        "mailing": found.mailing,
        "low": _signed(told["total_low"]),
        "high": _signed(told["total_high"]),
    }
    return Figure("scale", title, _signed(told["total"]), beside, url)


def _to_look_at(request: HttpRequest, waits: LookAt, judged: list[Judged]) -> Figure:
    """Each kind with its list, those that somebody may open."""
    user, silent = request.user, silent_count(judged)
    kinds = [
        (
            silent,
            ngettext("%(n)s silent till", "%(n)s silent tills", silent),
            "pos_integration.view_terminal",
            "admin:pos_integration_terminal_changelist",
        ),
        (
            waits.refusals,
            ngettext("%(n)s refusal", "%(n)s refusals", waits.refusals),
            "coupons.view_refusal",
            "admin:coupons_refusal_changelist",
        ),
        (
            waits.rejects,
            ngettext("%(n)s reject", "%(n)s rejects", waits.rejects),
            "pos_integration.view_reject",
            "admin:pos_integration_reject_changelist",
        ),
        (
            waits.uploads,
            ngettext("%(n)s upload not loaded", "%(n)s uploads not loaded", waits.uploads),
            "pos_integration.view_upload",
            "admin:pos_integration_upload_changelist",
        ),
        (
            waits.concerns,
            ngettext("%(n)s concern", "%(n)s concerns", waits.concerns),
            "loyalty.view_note",
            "admin:loyalty_note_changelist",
        ),
        (
            waits.requests,
            ngettext("%(n)s data request", "%(n)s data requests", waits.requests),
            "loyalty.view_datarequest",
            "admin:loyalty_datarequest_changelist",
        ),
    ]
    seen = [kind for kind in kinds if kind[0] and user.has_perm(kind[2])]
    words: SafeString | str = mark_safe(" · ").join(
        home_cards.link_if(name, text % {"n": _number(count)}) for count, text, _perm, name in seen
    )
    if waits.requests_late:
        words = format_html(
            '{} <span class="late">{}</span>',
            words,
            _("(%(n)s past the day the law gives)") % {"n": _number(waits.requests_late)},
        )
    return Figure(
        "alert-triangle",
        _("To look at"),
        _number(sum(kind[0] for kind in seen)),
        mark_safe(words) if seen else _("Nothing waits for you."),  # noqa: S308 - escaped above
    )


def _sorted(rows: list[Drop], on: date) -> tuple[list[Drop], list[Drop], list[Drop]]:
    """Of all mailings: those to show, those that are out, and the last few that are over."""
    live = [row for row in rows if row.sheets and row.mailing.valid_to >= on]
    over = [row for row in rows if row.sheets and row.mailing.valid_to < on]
    making = [row for row in rows if not row.sheets and row.mailing.state != "closed"]
    making.sort(key=lambda row: row.mailing.issue_on, reverse=True)
    shown = [*making[:3], *live[: today.MAILINGS]]
    shown += over[: max(today.MAILINGS - len(shown), 1)]
    return shown[: today.MAILINGS], live[: today.MAILINGS], over[: today.EARLIER]


def _plot(rows: list[Drop], over: list[Drop], on: date) -> Card | None:
    """The liveliest mailing's redemptions against its forecast."""
    if not rows:
        return None
    row = max(rows, key=lambda one: (one.redeemed, one.mailing.pk))
    title = redemption_plot.title_of(row.mailing)
    body = redemption_plot.drawn(row, over, on)
    return Card("chart-line", title, redemption_plot.note_of(row), body, 8)


def _tonight(night: Night, runs: Any, width: int = 4) -> Card:
    title = _("The night") if night.is_running else _("Tonight's run")
    return Card("moon", title, "", home_night.steps(night, runs), width, "tonight")


def _queue(night: Night, now: datetime, width: int) -> Card:
    held = home_night.queue(night, today_queue.clusters(), now)
    return Card("activity", _("Queue"), "", held, width, "queue")


def _till_note(day: Day) -> str:
    return (
        _("baskets of %(day)s") % {"day": date_format(day.on, "MONTH_DAY_FORMAT")} if day.on else ""
    )


def _first_steps(day: Day, judged: list[Judged], rows: list[Drop], night: Night) -> Card | None:
    """What to do first at a chain that has no mailing yet, step by step."""
    if rows and night.published is not None:
        return None
    steps = [
        (
            bool(judged),
            "admin:pos_integration_store_changelist",
            _("Add your stores, and a till to each: it gets a token to sign in with"),
        ),
        (
            None,
            "admin:pos_integration_product_changelist",
            _("Import the catalogue: categories, then products"),
        ),
        (
            any(one.heard != Heard.NOT_YET for one in judged),
            "admin:pos_integration_upload_changelist",
            _("Let the tills hand in, or hand in a file of sales by hand"),
        ),
        (None, "admin:loyalty_household_changelist", _("Add households with their cards")),
        (
            night.published is not None,
            "admin:loyalty_modelrun_changelist",
            _("Run the first night: it learns who buys what"),
        ),
        (None, "admin:coupons_offer_changelist", _("Import offers, or write the first")),
        (
            bool(rows),
            "admin:coupons_mailing_changelist",
            _("Make a mailing: for whom, which offers, what budget"),
        ),
    ]
    return Card(
        "list-check", _("First steps"), _("in this order"), home_cards.first_steps(steps), 12
    )


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)


def _money(amount: Any) -> str:
    return number_format(amount, 2, force_grouping=True)


def _signed(amount: float) -> str:
    return ("+" if amount > 0 else "") + number_format(round(amount), 0, force_grouping=True)
