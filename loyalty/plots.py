"""Plots as SVG: drawn here on the server, looks in desk.css, no script and no inline style.

Pure: figures in, markup out. Everything drawn is a number or a word of this file's own.
"""

from collections.abc import Sequence
from datetime import date, timedelta

WIDTH, HEIGHT = 640, 250
_LEFT, _TOP, _FLOOR = 44, 10, 224  # the plot's left edge, top and ground line
_GAP = 2.0


def weekly_spend(cents: Sequence[int], *, until: date) -> str:
    """Bars of what was spent in each week, the oldest first.

    cents: spend a week; negative where more was given back than bought, drawn as nothing
    until: the day after the last week's last day
    Returns the markup of one <svg>; its <title> says the same in words.
    Raises ValueError if there is no week.
    """
    if not cents:
        raise ValueError("no week to draw")
    top = _round_up(max(max(cents), 1))
    step = (WIDTH - _LEFT) / len(cents)
    first = until - timedelta(weeks=len(cents))
    bars, months = [], []
    for week, spent in enumerate(cents):
        x = _LEFT + week * step
        begins = first + timedelta(weeks=week)
        height = max(spent, 0) / top * (_FLOOR - _TOP)
        bars.append(
            f'<rect x="{x + _GAP / 2:.1f}" y="{_FLOOR - height:.1f}" width="{step - _GAP:.1f}" '
            f'height="{height:.1f}" rx="1.5"><title>Week of {begins.day} {begins:%b %Y}: '
            f"{spent / 100:,.2f}</title></rect>"
        )
        is_new_month = begins.day <= 7
        if is_new_month and begins.month % 3 == 0 and week < len(cents) - 2:
            months.append(f'<text x="{x:.1f}" y="{_FLOOR + 18}">{begins:%b}</text>')
    lines = [
        f'<line x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_short(value)}</text>'
        for value, y in ((0, _FLOOR), (top // 2, (_FLOOR + _TOP) / 2), (top, _TOP))
    ]
    mean = sum(cents) / len(cents) / 100
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>Spend a week over {len(cents)} weeks, {mean:,.2f} on average</title>"
        f'<g class="plot-axis">{"".join(lines)}{"".join(months)}</g>'
        f'<g class="plot-bars">{"".join(bars)}</g></svg>'
    )


def share_bar(share: float) -> str:
    """A bar filled to `share`, 0 to 1: how far something is."""
    full = 100 * min(max(share, 0.0), 1.0)
    return (
        '<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img">'
        f"<title>{full:.0f} %</title>"
        '<rect class="bar-whole" width="100" height="6" rx="3"/>'
        f'<rect class="bar-part" width="{full:.1f}" height="6" rx="3"/></svg>'
    )


def _round_up(cents: int) -> int:
    """The next 1, 2 or 5 times a power of ten, at least one unit of currency."""
    size = 100
    while True:
        for factor in (1, 2, 5):
            if cents <= factor * size:
                return factor * size
        size *= 10


def _short(cents: int) -> str:
    return f"{cents // 100:,}" if cents % 100 == 0 else f"{cents / 100:,.2f}"
