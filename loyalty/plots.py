"""Plots as SVG: drawn here on the server, looks in the style sheets, no script, no inline style.

Figures in, markup out, in the reader's language. Names that are given are escaped; the rest is
numbers, and words of this file's own.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from html import escape
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pos_integration.desk import grouped

WIDTH = 640
_LEFT = 44  # the axis: figures stand left of it
_TOP, _FLOOR = 24, 204  # of the band of spend
_TRIPS_TOP, _TRIPS_FLOOR = 240, 280  # of the band of trips
_GAP = 2.0


def weeks(cents: Sequence[int], trips: Sequence[int], *, until: date, since: date) -> str:
    """Spend and trips of each week as two bands of bars above one row of months, oldest first.

    cents: spend a week; negative where more was given back than bought, drawn as nothing
    trips: shopping days a week, of the same weeks; empty where they are not known
    until: the day after the last week's last day
    since: the first day on which anything was known; means are of the weeks from there
    Returns the markup of one <svg>; its <title> and <desc> say the same in words.
    Raises ValueError if there is no week, or trips are of other weeks than spend.
    """
    if not cents:
        raise ValueError("no week to draw")
    if trips and len(trips) != len(cents):
        raise ValueError(f"trips of {len(trips)} weeks, spend of {len(cents)}")
    firsts = [until - timedelta(weeks=n) for n in range(len(cents), 0, -1)]
    said = [
        _("Week of %(day)s: %(spent)s") % {"day": _day(first), "spent": grouped(spent / 100, 2)}
        for first, spent in zip(firsts, cents, strict=True)
    ]
    if trips:
        said = [f"{text}, {_trips(days)}" for text, days in zip(said, trips, strict=True)]
    spend = [spent / 100 for spent in cents]
    bands = _band("spend", _("Spend a week"), spend, _round_up(max(spend)), said, _TOP, _FLOOR)
    floor = _FLOOR
    if trips:
        most = max(*trips, 2)
        bands += _band("trips", _("Trips a week"), trips, most, said, _TRIPS_TOP, _TRIPS_FLOOR)
        floor = _TRIPS_FLOOR
    title = (
        _("Spend and trips in each of %(n)s weeks") if trips else _("Spend in each of %(n)s weeks")
    ) % {"n": len(cents)}
    return (
        f'<svg class="plot plot-weeks" viewBox="0 0 {WIDTH} {floor + 36}" role="img" '
        'aria-labelledby="weeks-title weeks-words">'
        f'<title id="weeks-title">{escape(title)}</title>'
        f'<desc id="weeks-words">{weeks_words(cents, trips, until=until, since=since)}</desc>'
        f"{bands}{_months(firsts, floor)}</svg>"
    )


def weeks_known(weeks: int, *, until: date, since: date) -> int:
    """How many of the last weeks before `until` know the household that was first seen `since`."""
    return min(max(-((since - until).days // 7), 1), weeks)


def weeks_words(cents: Sequence[int], trips: Sequence[int], *, until: date, since: date) -> str:
    """What the plot of the same figures shows, in a few sentences."""
    known = weeks_known(len(cents), until=until, since=since)
    best = max(range(len(cents)), key=lambda week: cents[week])
    said = [_("Known since %(day)s.") % {"day": _day(since)}] if known < len(cents) else []
    spent = _("%(money)s spent a week on average") % {"money": grouped(sum(cents) / 100 / known, 2)}
    if cents[best] > 0:
        spent += _(", at most %(money)s in the week of %(day)s") % {
            "money": grouped(cents[best] / 100, 2),
            "day": _day(until - timedelta(weeks=len(cents) - best)),
        }
    said.append(f"{spent}.")
    if idle := sum(spent <= 0 for spent in cents[len(cents) - known :]):
        said.append(_("Nothing in %(n)s of %(all)s weeks.") % {"n": idle, "all": known})
    if trips:
        said.append(
            _("%(trips)s trips a week on average, at most %(most)s.")
            % {"trips": grouped(sum(trips) / known, 1), "most": max(trips)}
        )
    return escape(" ".join(said))


def share_bar(share: float) -> str:
    """A bar filled to `share`, 0 to 1: how far something is."""
    full = 100 * min(max(share, 0.0), 1.0)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img">'
        f"<title>{full:.0f} %</title>"
        '<rect class="bar-whole" width="100" height="6" rx="3"/>'
        f'<rect class="bar-part" width="{full:.1f}" height="6" rx="3"/></svg>'
    )


def gauge(share: float) -> str:
    """A mark between two ends, 0 at the left and 1 at the right."""
    inside = min(max(share, 0.0), 1.0)
    return (
        '<svg class="gauge" viewBox="0 0 160 14" role="img">'
        f"<title>{_('%(n)s of 100') % {'n': round(100 * inside)}}</title>"
        '<rect class="gauge-whole" x="0" y="5" width="160" height="4" rx="2"/>'
        f'<circle class="gauge-mark" cx="{6 + 148 * inside:.1f}" cy="7" r="6"/></svg>'
    )


def interval(low: float, middle: float, high: float, *, top: float) -> str:
    """An estimate as a mark within its interval, on a scale from 0 to `top`.

    What lies outside of the scale is drawn at its end.
    """
    begin, mark, end = (
        160 * min(max(value / top, 0.0), 1.0) if top > 0 else 0.0 for value in (low, middle, high)
    )
    return (
        '<svg class="gauge" viewBox="0 0 160 14" role="img">'
        f"<title>{_between(low, middle, high)}</title>"
        '<rect class="gauge-whole" x="0" y="5" width="160" height="4" rx="2"/>'
        f'<rect class="gauge-band" x="{begin:.1f}" y="3" width="{end - begin:.1f}" height="8" '
        'rx="3"/>'
        f'<rect class="gauge-mark" x="{min(max(mark - 1.5, 0), 157):.1f}" y="0" width="3" '
        'height="14" rx="1.5"/></svg>'
    )


class Room(NamedTuple):
    """How rows below each other lie on a sheet: names beside what is drawn, or above it."""

    shown: str  # a class of the style sheets: only one of two is seen, by the screen's width
    width: int
    names: int  # where the scale begins
    row: int
    name_y: int
    mark_y: int
    letters: int  # how much of a name fits

    def name(self, text: str) -> str:
        return text if len(text) <= self.letters else f"{text[: self.letters - 2].rstrip()} ..."


AT_DESK = Room("at-desk", WIDTH, names=200, row=22, name_y=13, mark_y=9, letters=30)
ON_PHONE = Room("on-phone", 340, names=16, row=36, name_y=11, mark_y=23, letters=46)


def forest(title: str, rows: Sequence[tuple[str, float, float, float]]) -> str:
    """Estimates below each other on one scale, each a mark within its interval.

    title: what they are, in words. rows: name, low, middle, high; the scale holds them all and 0,
        which has a line. Where all of an interval lies below 0, or above, it is drawn so.
    Returns the markup of two <svg>, for a desk's screen and for a phone's. Raises ValueError if
    there is no row.
    """
    if not rows:
        raise ValueError("no estimate to draw")
    return "".join(_forest(title, rows, room) for room in (AT_DESK, ON_PHONE))


def _forest(title: str, rows: Sequence[tuple[str, float, float, float]], room: Room) -> str:
    least = min(0.0, *(low for _, low, _, _ in rows))
    most = max(0.0, *(high for _, _, _, high in rows))
    step = _round_up(max((most - least) / 4, 0.01) * 100) / 100
    first, last = int(least // step), -int(-most // step)
    last = max(last, first + 1)

    def x(value: float) -> float:
        share = (value / step - first) / (last - first)
        return room.names + share * (room.width - room.names - 24)

    floor = 14 + room.row * len(rows)
    axis = "".join(
        f'<line x1="{x(tick * step):.1f}" x2="{x(tick * step):.1f}" y1="8" y2="{floor}"'
        f"{_ZERO if tick == 0 else ''}/>"
        f'<text x="{x(tick * step):.1f}" y="{floor + 16}" text-anchor="middle">'
        f"{_short(round(tick * step, 2))}</text>"
        for tick in range(first, last + 1)
    )
    drawn = []
    for at, (name, low, middle, high) in enumerate(rows):
        y = 14 + room.row * at
        kind = "bad" if high < 0 else "good" if low > 0 else "open"
        drawn.append(
            f'<g class="forest-{kind}"><title>{escape(name)}: {_between(low, middle, high)}</title>'
            f'<text x="0" y="{y + room.name_y}">{escape(room.name(name))}</text>'
            f'<rect class="forest-band" x="{x(low):.1f}" y="{y + room.mark_y - 3}" '
            f'width="{max(x(high) - x(low), 1):.1f}" height="6" rx="3"/>'
            f'<circle class="forest-mark" cx="{x(middle):.1f}" cy="{y + room.mark_y}" r="4.5"/></g>'
        )
    return (
        f'<svg class="plot plot-forest {room.shown}" viewBox="0 0 {room.width} {floor + 24}" '
        f'role="img"><title>{escape(title)}</title><g class="plot-axis">{axis}</g>'
        f"{''.join(drawn)}</svg>"
    )


_ZERO = ' class="forest-zero"'


def _between(low: float, middle: float, high: float) -> str:
    return _("%(middle)s, between %(low)s and %(high)s") % {
        "middle": grouped(middle, 2),
        "low": grouped(low, 2),
        "high": grouped(high, 2),
    }


def _band(
    kind: str,
    name: str,
    values: Sequence[float],
    full: int,
    said: Sequence[str],
    top: int,
    floor: int,
) -> str:
    """Bars on an axis of their own, from 0 to `full`."""
    step = (WIDTH - _LEFT) / len(values)
    gap = min(_GAP, step / 4)
    bars = []
    for week, (value, words) in enumerate(zip(values, said, strict=True)):
        height = max(value, 0) / full * (floor - top)
        bars.append(
            f'<rect x="{_LEFT + week * step + gap / 2:.1f}" y="{floor - height:.1f}" '
            f'width="{step - gap:.1f}" height="{height:.1f}" rx="1.5">'
            f"<title>{words}</title></rect>"
        )
    levels = (0, full) if floor - top < 60 else (0, full / 2, full)
    lines = [
        f'<line x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(level)}</text>'
        for level in levels
        for y in [floor - level / full * (floor - top)]
    ]
    return (
        f'<g class="plot-axis"><text class="plot-name" x="{_LEFT}" y="{top - 10}">{name}</text>'
        f'{"".join(lines)}</g><g class="plot-bars plot-{kind}">{"".join(bars)}</g>'
    )


def _months(firsts: Sequence[date], floor: int) -> str:
    """The months below the weeks that begin them; the year where it begins and at the left."""
    step = (WIDTH - _LEFT) / len(firsts)
    marks: list[str] = []
    for week, first in enumerate(firsts):
        if first.day > 7 or len(firsts) - week < 3:
            continue
        x = _LEFT + week * step
        marks.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{floor}" y2="{floor + 4}"/>'
            f'<text x="{x:.1f}" y="{floor + 17}">{date_format(first, "M")}</text>'
        )
        if len(marks) == 1 or first.month == 1:
            marks.append(f'<text x="{x:.1f}" y="{floor + 31}">{first.year}</text>')
    return f'<g class="plot-axis">{"".join(marks)}</g>'


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")


def _trips(days: int) -> str:
    return ngettext("%(n)s trip", "%(n)s trips", days) % {"n": days}


def _round_up(value: float) -> int:
    """The next 1, 2 or 5 times a power of ten, at least 1."""
    size = 1
    while True:
        for factor in (1, 2, 5):
            if value <= factor * size:
                return factor * size
        size *= 10


def _short(value: float) -> str:
    return grouped(value, 0 if value == int(value) else 1)
