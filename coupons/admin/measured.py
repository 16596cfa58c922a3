"""The panels of a measurement's page: its figures as tables, plots and sentences."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from loyalty import plots
from pos_integration.desk import NOTHING, link, table

Report = dict[str, Any]
ROWS_SHOWN = 25
GROUPS_NAMED = 6
_OF_HOUSEHOLDS = (
    ("sales", "Sales"),
    ("margin", "Margin"),
    ("net", "Margin less what coupons cost"),
    ("after_sales", "Sales in the four weeks after"),
    ("after_margin", "Margin in the four weeks after"),
)
_PARTS = (
    ("sales", "Its own goods#"),
    ("neighbours_sales", "Others of their type#"),
    ("halo_sales", "Others of their category#"),
    ("after_sales", "Its own goods, four weeks after#"),
)
_EFFECTS = {"sales": "Sales#", "margin": "Margin#", "net": "Less cost#", "all_told": "All told#"}
TOO_FEW = "Too few households were held out to tell: hold out more of the next mailing."
GROUPS = (
    ("tier", "Tiers", "of the whole basket"),
    ("tag", "Kinds of coupons", "of the offers' own goods"),
    ("funder", "Funders", "of their offers' own goods"),
    ("store", "Stores", "where households shop most; of the whole basket"),
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
        '{}<br><span class="quiet">{} to {}</span>',
        f"{found[kind]:,.2f}",
        f"{low:,.2f}",
        f"{high:,.2f}",
    )


def cents(amount: int) -> str:
    return f"{amount / 100:,.2f}"


def sentences(said: list[str]) -> SafeString:
    rows = format_html_join("", "<li>{}</li>", ((one,) for one in said))
    return format_html("<ul>{}</ul>", rows)


def compared(report: Report) -> str:
    homes = report["households"]
    return f"{homes['sheets']:,} households with a sheet, {homes['held_out']:,} held out"


def whole(report: Report) -> SafeString:
    found = report["groups"][0]["effects"] if report["groups"] else {}
    if found and not _told(report["groups"][:1], found):
        return table((), (), TOO_FEW)
    return table(
        ("Through the mailing", "A household#", "In all#"),
        (
            (label, effect(found[name], "each"), effect(found[name]))
            for name, label in _OF_HOUSEHOLDS
            if name in found
        ),
        "Nobody is compared: every household was merged or erased since.",
    )


def more_sales(report: Report) -> str:
    """What it brought in percent of what households buy anyway; empty where that is not known."""
    whole = report["groups"][0] if report["groups"] else {}
    told, usual = whole.get("effects", {}).get("sales"), whole.get("usual_sales")
    if told is None or not usual or usual <= 0:
        return ""
    each, low, high = (100 * told[name] / usual for name in ("each", "low", "high"))
    if low <= 0 <= high:
        return _(
            "It cannot be told yet whether the mailing changed sales: by %(each)s %% as far as "
            "is seen, between %(low)s and %(high)s."
        ) % {"each": f"{each:+.1f}", "low": f"{low:+.1f}", "high": f"{high:+.1f}"}
    if each > 0:
        return _("The mailing brought %(each)s %% more sales, between %(low)s and %(high)s.") % {
            "each": f"{each:.1f}",
            "low": f"{low:.1f}",
            "high": f"{high:.1f}",
        }
    return _("The mailing cost %(each)s %% of sales, between %(low)s and %(high)s.") % {
        "each": f"{-each:.1f}",
        "low": f"{-high:.1f}",
        "high": f"{-low:.1f}",
    }


def untold(report: Report) -> list[str]:
    """What cannot be told, and what would let it be told, in plain words."""
    said = []
    if report["state"] == "running":
        said.append(
            _(
                "Its coupons are still good, so the days to come are missing; offers are judged "
                "once they are over."
            )
        )
    elif report["state"] == "ended":
        said.append(
            _(
                "The four weeks after are not over: whether shoppers only bought earlier what they "
                "would have bought later is told then."
            )
        )
    few = [one["name"] for one in report["groups"] if one["effects"].get("sales") is None]
    if few:
        said.append(
            _(
                "Nothing can be told of %(names)s: fewer than %(least)s households were held out "
                "there. A larger holdout share in the next mailing would."
            )
            % {"names": ", ".join(few[:GROUPS_NAMED]), "least": least()}
        )
    return said


def by_group(report: Report, kind: str) -> SafeString:
    """Effects of the tiers, stores, tags or funders below each other: a forest of intervals."""
    told = [
        (one["name"], found["total_low"], found["total"], found["total_high"])
        for one in report["groups"]
        if one["kind"] == kind and (found := one["effects"].get("net")) is not None
    ][:ROWS_SHOWN]
    if not told:
        return SafeString("")
    title = _("Margin less what coupons cost, with 95 % intervals")
    drawn = mark_safe(plots.forest(title, told))  # noqa: S308 - our own, names are escaped
    return format_html('<div class="scroll">{}</div>', drawn)


def account(report: Report) -> SafeString:
    if not report["groups"]:
        return table((), (), "No sheet is counted.")
    cell = report["groups"][0]
    share = cell["redeemed_share"]
    return table(
        ("What", "#"),
        (
            ("Sheets", f"{cell['sheets']:,}"),
            ("Sheets of which a coupon was used", f"{cell['sheets_used']:,}"),
            ("Coupons", f"{cell['coupons']:,}"),
            ("Redeemed", f"{cell['redeemed']:,} ({NOTHING if share is None else f'{share:.1%}'})"),
            ("Never redeemed", f"{cell['breakage']:,}"),
            ("Given off", cents(cell["off_cents"])),
            ("Of that, our part", cents(cell["own_cents"])),
            ("Of that, the funders'", cents(cell["funded_cents"])),
            ("Fees for handling", cents(cell["fee_cents"])),
        ),
        "",
    )


def all_told(report: Report) -> str:
    after = ", the four weeks after" if report["state"] == "final" else ""
    return f"margin of its category{after}, less what its coupons cost; 95 % intervals"


def forest(report: Report) -> SafeString:
    told = [
        (one["name"], found["total_low"], found["total"], found["total_high"])
        for one in report["offers"]
        if (found := one["effects"]["all_told"]) is not None
    ]
    if not told:
        return table((), (), "Too few households were held out to tell for any offer.")
    told.sort(key=lambda row: -row[2])
    left = len(told) - ROWS_SHOWN
    more = ""
    if left > 0:
        # Both ends: what to repeat stands at the one, what to drop at the other.
        worst = ROWS_SHOWN // 2
        best = ROWS_SHOWN - worst
        told = told[:best] + told[-worst:]
        more = f"The best {best} and the worst {worst}; {left:,} between them are in the CSV."
    # Its markup is this house's own, and escapes the names.
    drawn = mark_safe(plots.forest("What each offer brought", told))  # noqa: S308
    return format_html('<div class="scroll">{}</div><p class="quiet">{}</p>', drawn, more)


def drop(report: Report) -> SafeString:
    if report["drop"]:
        return sentences([one["says"] for one in report["drop"]])
    none = "None: of no offer is it sure that it cost more than it brought."
    if report["state"] == "running":
        none = "Its coupons are still good: offers are judged once they are over."
    return table((), (), none)


def offer(one: Report) -> SafeString:
    return link(
        reverse("admin:coupons_offer_change", args=[one["offer"]]), f"{one['name']} ({one['code']})"
    )


def redeemed(cell: Report) -> str:
    share = cell["redeemed_share"]
    return NOTHING if share is None else f"{cell['redeemed']:,} ({share:.1%})"


def shortened(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> SafeString:
    """The first rows of a long table; all of them are in the CSV."""
    every = iter(rows)
    body = table(head, list(islice(every, ROWS_SHOWN)), empty)
    left = sum(1 for _ in every)
    if not left:
        return body
    return format_html('{}<p class="quiet">{} more are in the CSV.</p>', body, f"{left:,}")


def _largest_first(report: Report) -> list[Report]:
    return sorted(report["offers"], key=lambda one: -one["coupons"])


def _told(rows: Iterable[Report], names: Iterable[str]) -> list[str]:
    """Which effects are known of any row: a column of nothing but dashes tells nothing."""
    rows = list(rows)
    return [name for name in names if any(one["effects"].get(name) for one in rows)]


def offers(report: Report) -> SafeString:
    told = _told(report["offers"], _EFFECTS)
    return shortened(
        ("Offer", "Coupons#", "Held out#", "Redeemed#", "Given off#", "Our part#",
         *(_EFFECTS[name] for name in told)),
        (
            (
                offer(one),
                f"{one['coupons']:,}",
                f"{one['held_out']:,}",
                redeemed(one),
                cents(one["off_cents"]),
                cents(one["own_cents"]),
                *(effect(one["effects"][name]) for name in told),
            )
            for one in _largest_first(report)
        ),
        "No coupon was sent.",
    )  # fmt: skip


def parts(report: Report) -> SafeString:
    known = report["offers"][0]["effects"] if report["offers"] else {}
    parts = [(name, title) for name, title in _PARTS if name in known]
    if known and not _told(report["offers"], (name for name, _ in parts)):
        return table((), (), TOO_FEW)
    return shortened(
        ("Offer", *(title for _, title in parts)),
        (
            (offer(one), *(effect(one["effects"][name]) for name, _ in parts))
            for one in _largest_first(report)
        ),
        "No coupon was sent.",
    )


def group(report: Report, kind: str) -> SafeString:
    rows = [one for one in report["groups"] if one["kind"] == kind]
    told = _told(rows, ("sales", "margin", "net"))
    shown = shortened(
        ("", "Sheets#", "Held out#", "Redeemed#", "Given off#",
         *(_EFFECTS[name] for name in told)),
        (
            (
                one["name"],
                f"{one['sheets']:,}",
                f"{one['held_out']:,}",
                redeemed(one),
                cents(one["off_cents"]),
                *(effect(one["effects"][name]) for name in told),
            )
            for one in rows
        ),
        "Nobody.",
    )  # fmt: skip
    return format_html("{}{}", by_group(report, kind), shown)


def never(report: Report) -> SafeString:
    found = report["not_redeemed"]
    if found["margin"] is None:
        return table((), (), "Too few households are compared to tell.")
    return table(
        ("Households", "A household#", "In all#"),
        (
            (
                f"{found['households']:,}",
                effect(found["margin"], "each"),
                effect(found["margin"]),
            ),
        ),
        "",
    )


def between(found: Report | None, form: str) -> str:
    if found is None:
        return NOTHING
    each, low, high = (format(found[name], form) for name in ("each", "low", "high"))
    return f"{each} ({low} to {high})"


def chosen(report: Report) -> SafeString:
    found = report["lots"]["chosen"]
    if found is None:
        return table((), (), "No coupon was drawn by lot: give a mailing random slots to learn.")
    return table(
        ("What", "#"),
        (
            ("Redeemed, of those chosen", f"{found['redeemed_chosen']:.1%}"),
            ("Redeemed, were any given that fits", f"{found['redeemed_drawn']:.1%}"),
            ("More, by choosing", between(found["redeemed_more"], ".1%")),
            ("More margin, less cost, by choosing", between(found["net_more"], ",.2f")),
        ),
        "",
    )


def lots(report: Report) -> SafeString:
    def rows() -> Iterator[tuple[object, ...]]:
        for one in report["lots"]["offers"]:
            net = one["net"]
            yield (
                offer(one),
                f"{one['drawn']:,}",
                between(one["redeemed"], ".1%"),
                between(net, ",.2f"),
            )

    return shortened(("Offer", "Drawn#", "Redeemed#", "Margin less cost#"), rows(), "None.")


def method(report: Report) -> SafeString:
    days, narrower = report["days"], report["narrower"]
    said = [
        "Who is held out is drawn by lot, and the same selection chose coupons for them that were "
        "never sent: households with an offer are set against households that would have got it.",
        f"What a household bought from {days['before'][0]} to {days['before'][1]} is taken into "
        + (
            f"account, which narrows the interval of the whole by {narrower:.0%}."
            if narrower is not None
            else "account."
        ),
        f"Counted are purchases from {days['during'][0]} to {days['during'][1]}, and of offers "
        f"those from {days['after'][0]} to {days['after'][1]} once these are over: what was "
        "bought early is missing there.",
        "What a coupon took off counts as sold, and our part of it as a cost. Margins are the "
        "categories' own.",
        "Who used no coupon is set against those held out of the same tier and with sheets as "
        "likely to be used. If users buy more than others of their kind anyway, this figure is "
        "too low.",
        f"Of 95 % intervals 1 in 20 misses. Effects are told where {least()} households or more "
        "were held out.",
    ]
    return sentences(said)


def least() -> int:
    from coupons.findings import LEAST_HELD_OUT  # as above

    return LEAST_HELD_OUT
