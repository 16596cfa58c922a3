"""A line over days with what was expected of it: dashed, in its band. SVG, drawn on the server.

Pure, as plots.py: figures in, markup out; looks are in desk.css, names that are given are escaped.
"""

from collections.abc import Sequence
from datetime import date
from html import escape

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

WIDTH = 760
_LEFT, _RIGHT = 52, 28
_TOP, _FLOOR = 16, 216
_MARKS = 4
"""Days named below the axis."""


def line_with_band(
    title: str,
    days: Sequence[date],
    solid: Sequence[float],
    *,
    dashed: Sequence[float] = (),
    low: Sequence[float] = (),
    high: Sequence[float] = (),
    words: str = "",
) -> str:
    """Draw what came, solid, before what was expected, dashed, with the band it may lie in.

    title: what is drawn, for who hears it instead of seeing it; words: the same in a sentence
    days: what each figure is of, oldest first
    solid: what came, from the first day on; may end before the days do
    dashed, low, high: what was expected, and between what; of every day, or empty
    Figures may be negative: the scale holds all of them and 0.
    Returns the markup of one <svg>.
    Raises ValueError if there is no day, or a line is not of these days.
    """
    if not days:
        raise ValueError("no day to draw")
    if len(solid) > len(days):
        raise ValueError(f"{len(solid)} figures of {len(days)} days")
    for line in (dashed, low, high):
        if line and len(line) != len(days):
            raise ValueError(f"a line of {len(line)} figures over {len(days)} days")
    ticks = levels(min(0.0, *solid, *dashed, *low, 0.0), max(0.0, *solid, *dashed, *high, 0.0))
    least, most = ticks[0], ticks[-1]
    step = (WIDTH - _LEFT - _RIGHT) / max(len(days) - 1, 1)

    def x(at: int) -> str:
        return f"{_LEFT + at * step:.1f}"

    def y(value: float) -> str:
        return f"{_FLOOR - (value - least) / (most - least) * (_FLOOR - _TOP):.1f}"

    def path(values: Sequence[float]) -> str:
        return " ".join(f"{x(at)},{y(value)}" for at, value in enumerate(values))

    drawn = [
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y(tick)}" y2="{y(tick)}"'
        f"{_ZERO if tick == 0 else ''}/>"
        f'<text x="{_LEFT - 8}" y="{float(y(tick)) + 4:.1f}" text-anchor="end">'
        f"{_figure(tick, ticks[1] - ticks[0])}</text>"
        for tick in ticks
    ]
    drawn += [
        f'<text x="{x(at)}" y="{_FLOOR + 20}" text-anchor="{anchor}">'
        f"{escape(date_format(days[at], 'MONTH_DAY_FORMAT'))}</text>"
        for at, anchor in _marks(len(days))
    ]
    lines = ""
    if low and high:
        back = " ".join(f"{x(at)},{y(high[at])}" for at in reversed(range(len(days))))
        lines += f'<polygon class="curve-band" points="{path(low)} {back}"/>'
    if dashed:
        lines += f'<polyline class="curve-expected" points="{path(dashed)}"/>'
    if solid:
        last = len(solid) - 1
        lines += (
            f'<polyline class="curve-line" points="{path(solid)}"/>'
            f'<circle class="curve-now" cx="{x(last)}" cy="{y(solid[last])}" r="4"/>'
        )
    return (
        f'<svg class="plot plot-curve" viewBox="0 0 {WIDTH} {_FLOOR + 30}" role="img">'
        f"<title>{escape(title)}</title>"
        f"<desc>{escape(words or curve_words(days, solid, dashed, low, high))}</desc>"
        f'<g class="plot-axis">{"".join(drawn)}</g>{lines}</svg>'
    )


_ZERO = ' class="curve-zero"'


def curve_words(
    days: Sequence[date],
    solid: Sequence[float],
    dashed: Sequence[float] = (),
    low: Sequence[float] = (),
    high: Sequence[float] = (),
) -> str:
    """What the plot of the same figures shows, in a sentence or two."""
    said = []
    if solid:
        said.append(
            _("%(n)s until %(day)s.")
            % {"n": _figure(solid[-1], 1), "day": date_format(days[len(solid) - 1])}
        )
    if dashed:
        named = {"n": _figure(dashed[-1], 1), "day": date_format(days[-1])}
        if low and high:
            named |= {"low": _figure(low[-1], 1), "high": _figure(high[-1], 1)}
            said.append(_("%(n)s expected until %(day)s, between %(low)s and %(high)s.") % named)
        else:
            said.append(_("%(n)s expected until %(day)s.") % named)
    return " ".join(said)


def levels(least: float, most: float) -> list[float]:
    """Four to seven round figures, evenly apart, that hold `least` and `most`, 0 among them.

    least <= 0 <= most
    """
    span = max(most - least, 1e-9)
    size = 10.0**-9
    while True:
        for factor in (1, 2, 5):
            step = factor * size
            first, last = int(least // step), -int(-most // step)
            if span / step <= 5:
                last = max(last, first + 1)
                return [round(tick * step, 9) for tick in range(first, last + 1)]
        size *= 10


def _marks(days: int) -> list[tuple[int, str]]:
    """Which days are named below the axis, and how their names hang there."""
    if days <= _MARKS:
        return [(at, "middle") for at in range(days)]
    return [(round(mark * (days - 1) / (_MARKS - 1)), "middle") for mark in range(_MARKS)]


def _figure(value: float, step: float) -> str:
    """A figure as fine as the steps it is read by, as the language in use writes it."""
    places = 0 if step >= 1 else 1 if step >= 0.1 else 2
    return number_format(round(value, places), decimal_pos=places, force_grouping=True)
