"""Trying an offer on the last weeks, at the desk: the question, the progress, what came out."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.tasks import async_task

from coupons.models import Offer, OfferTrial
from loyalty import plots
from loyalty.admin.words import tier_name
from loyalty.shopper.value import TIERS
from pos_integration.desk import Panel, Tool, grouped, pill, table
from pos_integration.said import retold

WEEKS = 8
State = OfferTrial.State
TONES = {State.WAITING: "busy", State.RUNNING: "busy", State.DONE: "good", State.FAILED: "bad"}


def tool(offer: Offer) -> Tool:
    label = _("Try it on the last %(weeks)s weeks") % {"weeks": WEEKS}
    return Tool(label, reverse("admin:coupons_offer_try", args=[offer.pk]))


def try_view(page: Any, request: HttpRequest, pk: int) -> HttpResponse:
    """Put a trial in the queue, unless one of this offer is there: it changes nothing else."""
    if not request.user.has_perm("coupons.change_offer"):
        raise PermissionDenied
    offer = get_object_or_404(Offer, pk=pk)
    back = reverse("admin:coupons_offer_change", args=[pk])
    if request.method != "POST":
        answer: HttpResponse = page.ask(
            request,
            title=_("Try it on the last weeks: %(offer)s") % {"offer": offer},
            says=[
                _(
                    "Every receipt of the last %(weeks)s weeks is looked at: who bought what this "
                    "offer is good on, and what it would have taken off. Nobody gets a coupon, "
                    "and nothing is changed."
                )
                % {"weeks": WEEKS}
            ],
            button=_("Try it"),
            back=back,
        )
        return answer
    from coupons import trials  # loads what reads the history: too slow for every command

    assert isinstance(request.user, AbstractBaseUser)
    try:
        trial, is_new = trials.begin(offer, request.user)
    except trials.TrialError as error:
        messages.error(request, retold(str(error)))
        return HttpResponseRedirect(back)
    if is_new:
        async_task("coupons.tasks.try_offer", trial.pk)
        messages.success(
            request,
            _("It was put in the queue. Load this page again in a moment to see what came out."),
        )
    else:
        messages.info(request, _("This offer is being tried already: wait for what comes out."))
    return HttpResponseRedirect(back)


def panel(offer: Offer) -> Panel | None:
    """What came of the newest trial, or how far it is; None where there was none."""
    trial = offer.trials.order_by("-pk").first()
    if trial is None:
        return None
    title = _("On the last %(weeks)s weeks") % {"weeks": trial.weeks}
    if trial.state == State.FAILED:
        body = format_html(
            "<p>{} {}</p><p>{}</p>",
            pill(trial.get_state_display(), TONES[State.FAILED]),
            trial.error,
            _("Try it once more with the button above; if it fails again, tell who runs this."),
        )
        return Panel(title, body, is_wide=True)
    if trial.state != State.DONE:
        return Panel(title, _progress(trial), is_wide=True)
    note = _("before %(day)s") % {"day": date_format(trial.until)}
    return Panel(title, _result(trial), note, is_wide=True)


def _progress(trial: OfferTrial) -> SafeString:
    done, total = trial.figures.get("progress", (0, 0))
    state = State(trial.state)
    says = (
        _("%(done)s of %(total)s parts of the history were read.") % {"done": done, "total": total}
        if total
        else _("The queue has not begun yet.")
    )
    bar = mark_safe(plots.share_bar(done / total)) if total else ""  # noqa: S308 numbers only
    return format_html("<p>{} {}</p>{}", pill(str(state.label), TONES[state]), says, bar)


def _result(trial: OfferTrial) -> SafeString:
    figures = trial.figures
    if not figures["purchases"]:
        return format_html(
            '<p class="empty">{}</p>',
            _(
                "Nobody with a card bought anything it is good on in these weeks. Check its "
                "products and its stores, or that receipts come in."
            ),
        )
    words = format_html("<p>{}</p><p>{}</p><p>{}</p>", *_sentences(trial))
    cents = [row[2] for row in figures["weeks"]]
    plot = mark_safe(  # noqa: S308 drawn of numbers and dates, with nothing anybody typed
        plots.weeks(cents, [], until=trial.until, since=trial.until - timedelta(weeks=trial.weeks))
    )
    return format_html(
        "{}{}<h3>{}</h3>{}<h3>{}</h3>{}<h3>{}</h3>{}",
        words,
        plot,
        _("Week by week"),
        _weeks(trial),
        _("By tier"),
        _tiers(figures["tiers"]),
        _("Where"),
        table(
            (_("Store"), _("Purchases") + "#", _("Units") + "#", _("Spent") + "#"),
            (
                (name, grouped(times), grouped(units), _money(spent))
                for name, times, units, spent in figures["stores"]
            ),
            _("In no store."),
        ),
    )


def _sentences(trial: OfferTrial) -> tuple[str, str, str]:
    """What it comes to, in three paragraphs: who bought; what every purchase would have cost;
    what coupons may be expected to cost."""
    figures = trial.figures
    prices = figures["prices"]
    bought = ngettext(
        "In the last %(weeks)s weeks %(households)s household bought it %(times)s times: "
        "%(units)s units for %(spend)s.",
        "In the last %(weeks)s weeks %(households)s households bought it %(times)s times: "
        "%(units)s units for %(spend)s.",
        figures["households"],
    ) % {
        "weeks": trial.weeks,
        "households": grouped(figures["households"]),
        "times": grouped(figures["purchases"]),
        "units": grouped(figures["units"]),
        "spend": _money(figures["spend"]),
    }
    paid = _("One cost %(middle)s usually, from %(least)s to %(most)s.") % {
        "middle": _money(prices[2]),
        "least": _money(prices[0]),
        "most": _money(prices[-1]),
    }
    every = _(
        "At %(worth)s, had everybody had a coupon for every purchase, %(reduced)s of these "
        "purchases by %(homes)s households would have got a discount without buying anything "
        "they did not buy anyway: %(cost)s in all, %(ours)s of it ours."
    ) % {
        "worth": figures["worth"],
        "reduced": grouped(figures["reduced"]),
        "homes": grouped(figures["reduced_households"]),
        "cost": _money(figures["cost"]),
        "ours": _money(round(figures["cost"] * (1 - figures["funder_share"]))),
    }
    if not figures["reduced"]:
        every = _(
            "At %(worth)s it would have taken nothing off any of these purchases: too few were "
            "bought together, too little was spent, or they cost less already."
        ) % {"worth": figures["worth"]}
    low, usual, high = figures["likely"]
    likely = _(
        "Likely, with one coupon for each of these households: coupons of this kind are used at "
        "%(rate).1f %% (4 times in 5 between %(low_rate).1f %% and %(high_rate).1f %%), so about "
        "%(count)s would be used, which costs about %(cost)s (between %(low)s and %(high)s)."
    ) % {
        "rate": 100 * usual["rate"],
        "low_rate": 100 * low["rate"],
        "high_rate": 100 * high["rate"],
        "count": grouped(usual["redemptions"]),
        "cost": _money(usual["cost"]),
        "low": _money(low["cost"]),
        "high": _money(high["cost"]),
    }
    return f"{bought} {paid}", every, likely


def _weeks(trial: OfferTrial) -> SafeString:
    first = trial.until - timedelta(weeks=trial.weeks)
    return table(
        (
            _("Week from"),
            _("Purchases") + "#",
            _("Units") + "#",
            _("Spent") + "#",
            _("Would be off") + "#",
        ),
        (
            (
                date_format(first + timedelta(weeks=number)),
                grouped(times),
                grouped(units),
                _money(spent),
                _money(off),
            )
            for number, (times, units, spent, off) in enumerate(trial.figures["weeks"])
        ),
        "",
    )


def _tiers(rows: list[list[int]]) -> SafeString:
    names = [*(tier_name(tier) for tier in TIERS), _("Not known yet")]
    return table(
        (_("Tier"), _("Households") + "#", _("Purchases") + "#", _("Would be off") + "#"),
        (
            (name, grouped(homes), grouped(times), _money(off))
            for name, (homes, times, off) in zip(names, rows, strict=True)
            if homes
        ),
        _("Nobody bought it."),
    )


def _money(cents: int) -> str:
    return grouped(cents / 100, 2)
