"""The figures and plots at the top of a measurement: what it changed, with what it lies between."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from loyalty import plots
from pos_integration.desk import NOTHING

Report = dict[str, Any]
ROWS_SHOWN = 25


def glance(report: Report) -> SafeString:
    """Four figures, each over what it is compared with or lies between."""
    whole = report["groups"][0] if report["groups"] else {"effects": {}}
    sales, net = whole["effects"].get("sales"), whole["effects"].get("net")
    usual = whole.get("usual_sales")
    told: list[tuple[str, str, str]] = []
    if sales is not None and usual and usual > 0:
        each, low, high = (100 * sales[name] / usual for name in ("each", "low", "high"))
        more = (_signed(each, 1) + " %", _between(_signed(low, 1), _signed(high, 1)))
    elif sales is not None:
        ends = (_signed(sales["total_low"], 0), _signed(sales["total_high"], 0))
        more = (_signed(sales["total"], 0), _between(*ends))
    else:
        more = (NOTHING, _("too few held out to tell"))
    told.append((_("Extra sales"), *more))
    if net is not None:
        ends = (_signed(net["total_low"], 2), _signed(net["total_high"], 2))
        told.append((_("Margin, less coupons"), _signed(net["total"], 2), _between(*ends)))
    else:
        told.append((_("Margin, less coupons"), NOTHING, _("too few held out to tell")))
    if report["groups"]:
        share = whole["redeemed_share"] or 0.0
        words = {"share": number_format(100 * share, 1), "n": _count(whole["coupons"])}
        told.append(
            (
                _("Coupons used"),
                _count(whole["redeemed"]),
                _("%(share)s %% of %(n)s") % words,
            )
        )
        told.append(
            (
                _("Taken off at the tills"),
                _cents(whole["off_cents"]),
                _("our part %(own)s") % {"own": _cents(whole["own_cents"])},
            )
        )
    return format_html(
        '<dl class="glance">{}</dl>',
        format_html_join(
            "", "<div><dt>{}</dt><dd><strong>{}</strong><span>{}</span></dd></div>", told
        ),
    )


def by_group(report: Report, kind: str) -> SafeString:
    """Effects of the tiers, stores, tags or funders below each other: a forest of intervals."""
    told = [
        (one["name"], found["total_low"], found["total"], found["total_high"])
        for one in report["groups"]
        if one["kind"] == kind and (found := one["effects"].get("net")) is not None
    ][:ROWS_SHOWN]
    if not told:
        return SafeString("")
    return _forest(_("Margin less what coupons cost, with 95 % intervals"), told)


def by_offer(report: Report) -> SafeString:
    """What each offer brought, the best first; "" where nothing can be told of any."""
    told = [
        (one["name"], found["total_low"], found["total"], found["total_high"])
        for one in report["offers"]
        if (found := one["effects"]["all_told"]) is not None
    ]
    if not told:
        return SafeString("")
    told.sort(key=lambda row: -row[2])
    left = len(told) - ROWS_SHOWN
    more = ""
    if left > 0:
        # Both ends: what to repeat stands at the one, what to drop at the other.
        worst = ROWS_SHOWN // 2
        best = ROWS_SHOWN - worst
        told = told[:best] + told[-worst:]
        more = _(
            "The best %(best)s and the worst %(worst)s; %(left)s between them are in the CSV."
        ) % {"best": best, "worst": worst, "left": _count(left)}
    drawn = _forest(_("What each offer brought"), told)
    return format_html('{}<p class="quiet">{}</p>', drawn, more) if more else drawn


def _forest(title: str, told: Sequence[tuple[str, float, float, float]]) -> SafeString:
    return mark_safe(plots.forest(title, told))  # noqa: S308 - our own, names are escaped


def _between(low: str, high: str) -> str:
    return _("between %(low)s and %(high)s") % {"low": low, "high": high}


def _signed(amount: float, digits: int) -> str:
    return ("+" if amount > 0 else "") + number_format(
        round(amount, digits), digits, force_grouping=True
    )


def _cents(amount: int) -> str:
    return number_format(amount / 100, 2, force_grouping=True)


def _count(count: int) -> str:
    return number_format(count, force_grouping=True)
