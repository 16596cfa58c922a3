"""The calendar's drawing: a bar a row over weeks, as SVG. Pure; names are escaped."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, timedelta
from html import escape

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from coupons.running import Bar

WIDTH, ROW, NAMES, TOP = 960, 24, 260, 34
_LETTERS = 38


def drawn(
    bars: Sequence[Bar],
    weeks: Sequence[date],
    *,
    today: date,
    title: str,
    url: Callable[[Bar], str],
    flagged: Collection[int] = (),
) -> str:
    """Return the markup of one <svg>.

    weeks: Mondays, without a gap; what lies outside of them is cut off at the edge.
    flagged: offers in whose way something stands: they are hatched by an outline and marked "!".
    Raises ValueError without a week.
    """
    if not weeks:
        raise ValueError("no week to draw")
    begin, end = weeks[0], weeks[-1] + timedelta(weeks=1)
    days = (end - begin).days

    def x(day: date) -> float:
        inside = min(max((day - begin).days, 0), days)
        return NAMES + inside / days * (WIDTH - NAMES)

    groups = [bar.group if bar.kind == "offer" else _("Mailings") for bar in bars]
    heads = sum(1 for at, name in enumerate(groups) if at == 0 or name != groups[at - 1])
    height = TOP + ROW * (len(bars) + heads) + 8
    parts = [
        f'<line x1="{x(week):.1f}" x2="{x(week):.1f}" y1="{TOP - 6}" y2="{height}"/>'
        + (
            f'<text x="{x(week) + 3:.1f}" y="{TOP - 12}">'
            f"{date_format(week, 'MONTH_DAY_FORMAT')}</text>"
            if at % (2 if len(weeks) > 9 else 1) == 0
            else ""
        )
        for at, week in enumerate(weeks)
    ]
    rows, y = [], TOP
    for at, (bar, group) in enumerate(zip(bars, groups, strict=True)):
        if at == 0 or group != groups[at - 1]:
            rows.append(
                f'<text class="calendar-group" x="0" y="{y + 16}">{escape(_short(group))}</text>'
            )
            y += ROW
        rows.append(_row(bar, y, x, url(bar), is_flagged=_is_flagged(bar, flagged)))
        y += ROW
    now = ""
    if begin <= today < end:
        now = (
            '<g class="calendar-today">'
            f"<title>{_('Today, %(day)s') % {'day': date_format(today)}}</title>"
            f'<line x1="{x(today):.1f}" x2="{x(today):.1f}" y1="{TOP - 6}" y2="{height}"/></g>'
        )
    return (
        f'<svg class="plot calendar" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="group" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title><g class="plot-axis">{"".join(parts)}</g>'
        f"{''.join(rows)}{now}</svg>"
    )


def _row(bar: Bar, y: int, x: Callable[[date], float], url: str, *, is_flagged: bool) -> str:
    left, right = x(bar.first), x(bar.last + timedelta(days=1))
    kind = f"calendar-{bar.kind}{' calendar-flagged' if is_flagged else ''}"
    mark = "! " if is_flagged else ""
    span = _("%(first)s to %(last)s") % {
        "first": date_format(bar.first),
        "last": date_format(bar.last),
    }
    return (
        f'<a href="{escape(url)}" class="{kind}" tabindex="-1">'
        f"<title>{escape(bar.name)}, {span}</title>"
        f'<text x="8" y="{y + 16}">{mark}{escape(_short(bar.name))}</text>'
        f'<rect x="{left:.1f}" y="{y + 4}" width="{max(right - left, 2):.1f}" height="{ROW - 8}" '
        'rx="4"/></a>'
    )


def _is_flagged(bar: Bar, flagged: Collection[int]) -> bool:
    return bar.kind == "offer" and bar.pk in flagged


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 2].rstrip()} ..."
