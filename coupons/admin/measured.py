"""The panels of a measurement's page: its figures as tables, plots and sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from coupons.admin import measured_plots
from pos_integration.desk import NOTHING, grouped, link, percent, table
from pos_integration.said import retold

Report = dict[str, Any]
ROWS_SHOWN = 25
_OF_HOUSEHOLDS = (
    ("sales", gettext_noop("Sales")),
    ("margin", gettext_noop("Margin")),
    ("net", gettext_noop("Margin less what coupons cost")),
    ("after_sales", gettext_noop("Sales in the four weeks after")),
    ("after_margin", gettext_noop("Margin in the four weeks after")),
)
_PARTS = (
    ("sales", gettext_noop("Its own goods")),
    ("neighbours_sales", gettext_noop("Others of their type")),
    ("halo_sales", gettext_noop("Others of their category")),
    ("after_sales", gettext_noop("Its own goods, four weeks after")),
)
_EFFECTS = {
    "sales": gettext_noop("Sales"),
    "margin": gettext_noop("Margin"),
    "net": gettext_noop("Less cost"),
    "all_told": gettext_noop("All told"),
}
TOO_FEW = gettext_lazy(
    "Too few households were held out to tell: hold out more of the next mailing."
)
GROUPS = (
    ("tier", gettext_noop("Tiers"), gettext_noop("of the whole basket")),
    ("tag", gettext_noop("Kinds of coupons"), gettext_noop("of the offers' own goods")),
    ("funder", gettext_noop("Funders"), gettext_noop("of their offers' own goods")),
    (
        "store",
        gettext_noop("Stores"),
        gettext_noop("where households shop most; of the whole basket"),
    ),
)


def effect(found: dict[str, Any] | None, kind: str = "total") -> SafeString | str:
    """An estimate over what it lies between in 95 of 100 cases."""
    if found is None:
        return NOTHING
    low, high = (
        (found["total_low"], found["total_high"])
        if kind == "total"
        else (found["low"], found["high"])
    )
    return format_html(
        '{}<br><span class="quiet">{}</span>',
        grouped(found[kind], 2),
        _("%(low)s to %(high)s") % {"low": grouped(low, 2), "high": grouped(high, 2)},
    )


def cents(amount: int) -> str:
    return grouped(amount / 100, 2)


def sentences(said: list[str]) -> SafeString:
    rows = format_html_join("", "<li>{}</li>", ((retold(one),) for one in said))
    return format_html("<ul>{}</ul>", rows)


def compared(report: Report) -> str:
    homes = report["households"]
    return _("%(sheets)s households with a sheet, %(held)s held out") % {
        "sheets": grouped(homes["sheets"]),
        "held": grouped(homes["held_out"]),
    }


def whole(report: Report) -> SafeString:
    found = report["groups"][0]["effects"] if report["groups"] else {}
    if found and not _told(report["groups"][:1], found):
        return table((), (), str(TOO_FEW))
    return table(
        (_("Through the mailing"), _("A household") + "#", _("In all") + "#"),
        (
            (_(label), effect(found[name], "each"), effect(found[name]))
            for name, label in _OF_HOUSEHOLDS
            if name in found
        ),
        _("Nobody is compared: every household was merged or erased since."),
    )


def account(report: Report) -> SafeString:
    if not report["groups"]:
        return table((), (), _("No sheet is counted."))
    cell = report["groups"][0]
    share = cell["redeemed_share"]
    return table(
        (_("What"), "#"),
        (
            (_("Sheets"), grouped(cell["sheets"])),
            (_("Sheets of which a coupon was used"), grouped(cell["sheets_used"])),
            (_("Coupons"), grouped(cell["coupons"])),
            (_("Used"), _used(cell, share)),
            (_("Never used"), grouped(cell["breakage"])),
            (_("Taken off at the tills"), cents(cell["off_cents"])),
            (_("Of that, our part"), cents(cell["own_cents"])),
            (_("Of that, the funders'"), cents(cell["funded_cents"])),
            (_("Fees for handling"), cents(cell["fee_cents"])),
        ),
        "",
    )


def all_told(report: Report) -> str:
    if report["state"] == "final":
        return _(
            "margin of its category and of the four weeks after, less what its coupons cost; "
            "95 % intervals"
        )
    return _("margin of its category, less what its coupons cost; 95 % intervals")


def drop(report: Report) -> SafeString:
    if report["drop"]:
        return sentences([one["says"] for one in report["drop"]])
    none = _("None: of no offer is it sure that it cost more than it brought.")
    if report["state"] == "running":
        none = _("Its coupons are still good: offers are judged once they are over.")
    return table((), (), none)


def offer(one: Report) -> SafeString:
    return link(
        reverse("admin:coupons_offer_change", args=[one["offer"]]), f"{one['name']} ({one['code']})"
    )


def redeemed(cell: Report) -> str:
    share = cell["redeemed_share"]
    return NOTHING if share is None else _used(cell, share)


def shortened(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> SafeString:
    """The first rows of a long table; all of them are in the CSV."""
    every = iter(rows)
    body = table(head, list(islice(every, ROWS_SHOWN)), empty)
    left = sum(1 for _row in every)
    if not left:
        return body
    more = _("%(n)s more are in the CSV.") % {"n": grouped(left)}
    return format_html('{}<p class="quiet">{}</p>', body, more)


def folded(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> SafeString:
    """The same, folded away: it is looked into rarely."""
    return format_html(
        "<details><summary>{}</summary>{}</details>",
        _("Offer by offer"),
        shortened(head, rows, empty),
    )


def _largest_first(report: Report) -> list[Report]:
    return sorted(report["offers"], key=lambda one: -one["coupons"])


def _told(rows: Iterable[Report], names: Iterable[str]) -> list[str]:
    """Which effects are known of any row: a column of nothing but dashes tells nothing."""
    rows = list(rows)
    return [name for name in names if any(one["effects"].get(name) for one in rows)]


def offers(report: Report) -> SafeString:
    told = _told(report["offers"], _EFFECTS)
    return shortened(
        (_("Offer"), _("Coupons") + "#", _("Held out") + "#", _("Used") + "#",
         _("Taken off") + "#", _("Our part") + "#",
         *(_(_EFFECTS[name]) + "#" for name in told)),
        (
            (
                offer(one),
                grouped(one["coupons"]),
                grouped(one["held_out"]),
                redeemed(one),
                cents(one["off_cents"]),
                cents(one["own_cents"]),
                *(effect(one["effects"][name]) for name in told),
            )
            for one in _largest_first(report)
        ),
        _("No coupon was sent."),
    )  # fmt: skip


def parts(report: Report) -> SafeString:
    known = report["offers"][0]["effects"] if report["offers"] else {}
    parts = [(name, title) for name, title in _PARTS if name in known]
    if known and not _told(report["offers"], (name for name, _title in parts)):
        return table((), (), str(TOO_FEW))
    return folded(
        (_("Offer"), *(_(title) + "#" for _name, title in parts)),
        (
            (offer(one), *(effect(one["effects"][name]) for name, _title in parts))
            for one in _largest_first(report)
        ),
        _("No coupon was sent."),
    )


def group(report: Report, kind: str) -> SafeString:
    rows = [one for one in report["groups"] if one["kind"] == kind]
    told = _told(rows, ("sales", "margin", "net"))
    shown = shortened(
        ("", _("Sheets") + "#", _("Held out") + "#", _("Used") + "#", _("Taken off") + "#",
         *(_(_EFFECTS[name]) + "#" for name in told)),
        (
            (
                _(one["name"]) if kind in ("tag", "tier", "mailing") else one["name"],
                grouped(one["sheets"]),
                grouped(one["held_out"]),
                redeemed(one),
                cents(one["off_cents"]),
                *(effect(one["effects"][name]) for name in told),
            )
            for one in rows
        ),
        _("Nobody."),
    )  # fmt: skip
    return beside(measured_plots.by_group(report, kind), shown)


def beside(plot: SafeString, figures: SafeString) -> SafeString:
    """A plot, with its figures folded below it; where nothing could be drawn, the figures."""
    if not plot:
        return figures
    return format_html(
        '{}<details class="as-table"><summary>{}</summary>{}</details>',
        plot,
        _("The same as a table"),
        figures,
    )


def by_offer(report: Report) -> SafeString:
    """What each offer brought as a plot, its figures below; they alone where nothing is told."""
    plot = measured_plots.by_offer(report)
    if plot:
        return beside(plot, offers(report))
    none = _("Too few households were held out to tell for any offer.")
    return format_html('<p class="quiet">{}</p>{}', none, offers(report))


def never(report: Report) -> SafeString:
    found = report["not_redeemed"]
    if found["margin"] is None:
        return table((), (), _("Too few households are compared to tell."))
    return table(
        (_("Households"), _("A household") + "#", _("In all") + "#"),
        (
            (
                grouped(found["households"]),
                effect(found["margin"], "each"),
                effect(found["margin"]),
            ),
        ),
        "",
    )


def between(found: Report | None, form: str) -> str:
    if found is None:
        return NOTHING
    each, low, high = (_written(found[name], form) for name in ("each", "low", "high"))
    return _("%(mean)s (%(low)s to %(high)s)") % {"mean": each, "low": low, "high": high}


def _written(value: float, form: str) -> str:
    """form: ".1%" for a share, ",.2f" for an amount."""
    return percent(value, 1) if form == ".1%" else grouped(value, 2)


def _used(cell: Report, share: float | None) -> str:
    part = NOTHING if share is None else _written(share, ".1%")
    return f"{grouped(cell['redeemed'])} ({part})"


def chosen(report: Report) -> SafeString:
    found = report["lots"]["chosen"]
    if found is None:
        return table((), (), _("No coupon was drawn by lot: give a mailing random slots to learn."))
    return table(
        (_("What"), "#"),
        (
            (_("Redeemed, of those chosen"), percent(found["redeemed_chosen"], 1)),
            (_("Redeemed, were any given that fits"), percent(found["redeemed_drawn"], 1)),
            (_("More, by choosing"), between(found["redeemed_more"], ".1%")),
            (_("More margin, less cost, by choosing"), between(found["net_more"], ",.2f")),
        ),
        "",
    )


def lots(report: Report) -> SafeString:
    def rows() -> Iterator[tuple[object, ...]]:
        for one in report["lots"]["offers"]:
            net = one["net"]
            yield (
                offer(one),
                grouped(one["drawn"]),
                between(one["redeemed"], ".1%"),
                between(net, ",.2f"),
            )

    return shortened(
        (_("Offer"), _("Drawn") + "#", _("Used") + "#", _("Margin less cost") + "#"),
        rows(),
        _("None."),
    )
