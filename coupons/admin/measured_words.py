"""What a measurement tells in sentences: what it brought, what cannot be told yet, and how."""

from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pos_integration.desk import grouped

Report = dict[str, Any]
GROUPS_NAMED = 6


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
            "each": grouped(each, 1),
            "low": grouped(low, 1),
            "high": grouped(high, 1),
        }
    return _("The mailing cost %(each)s %% of sales, between %(low)s and %(high)s.") % {
        "each": grouped(-each, 1),
        "low": grouped(-high, 1),
        "high": grouped(-low, 1),
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
    few = [_(one["name"]) for one in report["groups"] if one["effects"].get("sales") is None]
    if few:
        said.append(
            _(
                "Nothing can be told of %(names)s: fewer than %(least)s households were held out "
                "there. A larger holdout share in the next mailing would."
            )
            % {"names": ", ".join(few[:GROUPS_NAMED]), "least": least()}
        )
    return said


def method(report: Report) -> list[str]:
    days, narrower = report["days"], report["narrower"]
    named = {
        f"{span}_{end}": date_format(date.fromisoformat(days[span][at]))
        for span in ("before", "during", "after")
        for at, end in enumerate(("from", "to"))
    }
    before = _(
        "What a household bought from %(before_from)s to %(before_to)s is taken into account"
    )
    before = f"{before % named}."
    if narrower is not None:
        before += " " + _("That narrows the interval of the whole by %(share)s %%.") % {
            "share": grouped(100 * narrower, 0)
        }
    said = [
        _(
            "Who is held out is drawn by lot, and the same selection chose coupons for them that "
            "were never sent: households with an offer are set against households that would "
            "have got it."
        ),
        before,
        _(
            "Counted are purchases from %(during_from)s to %(during_to)s, and of offers those "
            "from %(after_from)s to %(after_to)s once these are over: what was bought early is "
            "missing there."
        )
        % named,
        _(
            "What a coupon took off counts as sold, and our part of it as a cost. Margins are the "
            "categories' own."
        ),
        _(
            "Who used no coupon is set against those held out of the same tier and with sheets as "
            "likely to be used. If users buy more than others of their kind anyway, this figure "
            "is too low."
        ),
        _(
            "Of 95 %% intervals 1 in 20 misses. Effects are told where %(n)s households or more "
            "were held out."
        )
        % {"n": least()},
    ]
    return said


def least() -> int:
    from coupons.findings import (
        LEAST_HELD_OUT,  # loads the models of shoppers: too slow for commands
    )

    return LEAST_HELD_OUT
