"""How a mailing's coupons came back until a day, before what was forecast: a plot, and a table."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from coupons import today
from coupons.models import Mailing
from coupons.today import Drop
from coupons.today_forecast import Earlier, Expected, expected, shape, so_far
from loyalty import curves
from pos_integration.desk import NOTHING, table

STEPS_SHOWN = 10


def title_of(mailing: Mailing) -> str:
    return _("%(mailing)s: coupons used") % {"mailing": mailing.name}


def note_of(row: Drop) -> str:
    if row.forecast:
        return _("solid: so far · dashed: forecast with its 90 % band")
    return _("so far; nothing was forecast")


def of(mailing: Mailing, until: date) -> tuple[str, SafeString]:
    """The note and the plot of one mailing, for its own pages; takes two queries."""
    rows = today.drops(until)
    row = next((one for one in rows if one.mailing.pk == mailing.pk), None) or _alone(mailing)
    over = [one for one in rows if one.sheets and one.mailing.valid_to < mailing.valid_from]
    over = over[: today.EARLIER]
    today.fill([row, *over])
    return note_of(row), drawn(row, over, until)


def _alone(mailing: Mailing) -> Drop:
    """A mailing so old that it is not among the last ones."""
    report = mailing.selection.report if mailing.selection else {}
    sheets = mailing.sheets.filter(replaces=None).count()
    return Drop(mailing, sheets=sheets, forecast=report.get("totals", {}).get("redemptions"))


def drawn(row: Drop, over: Sequence[Drop], on: date) -> SafeString:
    """over: mailings that are over, filled, by which the forecast is spread over its days."""
    mailing = row.mailing
    came = so_far(row.used, mailing.valid_from, min(on, mailing.valid_to))
    reached = shape(
        [
            Earlier(one.mailing.valid_from, one.mailing.valid_to, one.used)
            for one in over
            if one is not row
        ]
    )
    whole = expected(mailing.valid_from, mailing.valid_to, row.forecast or (0.0, 0.0, 0.0), reached)
    lines: dict[str, Any] = {}
    if row.forecast:
        lines = {"dashed": whole.middle, "low": whole.low, "high": whole.high}
    svg = curves.line_with_band(title_of(mailing), whole.days, came, **lines)
    return format_html(
        "{}<details><summary>{}</summary>{}</details>",
        mark_safe(svg),  # noqa: S308 - drawn of numbers, its words escaped
        _("The same as a table"),
        table(
            (_("Until"), _("Used") + "#", _("Forecast") + "#", _("90 of 100 between") + "#"),
            _by_week(whole, came, is_forecast=bool(row.forecast)),
            "",
        ),
    )


def _by_week(
    whole: Expected, came: Sequence[int], *, is_forecast: bool
) -> Iterator[tuple[str, str, str, str]]:
    """The plot's figures, some STEPS_SHOWN days of them, the last that is known among these."""
    last = len(whole.days) - 1
    step = max(-(-len(whole.days) // STEPS_SHOWN), 1)
    shown = sorted({*range(step - 1, last + 1, step), last, *([len(came) - 1] if came else [])})
    for at in shown:
        yield (
            date_format(whole.days[at]),
            _number(came[at]) if at < len(came) else NOTHING,
            _number(round(whole.middle[at])) if is_forecast else NOTHING,
            f"{_number(round(whole.low[at]))} – {_number(round(whole.high[at]))}"  # noqa: RUF001 - an en dash of a range
            if is_forecast
            else NOTHING,
        )


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
