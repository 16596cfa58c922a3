"""Two counts of the same things as paired bars: SVG drawn on the server. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 640
_NAMES: Final = 190  # where bars begin
_ROW: Final = 34
_BAR: Final = 11
_LETTERS: Final = 28
_FIGURES: Final = 62  # room behind the longest bar


def paired_bars(
    title: str, names: tuple[str, str], rows: Sequence[tuple[str, float, float]]
) -> str:
    """Bars below each other, two to a row, on one scale from 0.

    title: what they count. names: what the upper and the lower bar of a row stand for. rows:
    name, upper, lower; negative figures are drawn as nothing. Returns the markup of one <svg>,
    which says each row in words as well. Raises ValueError if there is no row.
    """
    if not rows:
        raise ValueError("nothing to draw")
    full = max(max(first, second) for _, first, second in rows) or 1.0
    drawn = []
    for at, (name, first, second) in enumerate(rows):
        y = 8 + _ROW * at
        short = name if len(name) <= _LETTERS else f"{name[: _LETTERS - 2].rstrip()} ..."
        bars = "".join(
            _bar(kind, value, value / full, y + place * (_BAR + 2))
            for place, (kind, value) in enumerate((("first", first), ("second", second)))
        )
        drawn.append(
            f"<g><title>{escape(name)}: {escape(names[0])} {_short(first)}, {escape(names[1])} "
            f'{_short(second)}</title><text class="pair-name" x="0" y="{y + 16}">'
            f"{escape(short)}</text>{bars}</g>"
        )
    height = 8 + _ROW * len(rows)
    return (
        f'<svg class="plot plot-pairs" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title>{''.join(drawn)}</svg>"
    )


def _bar(kind: str, value: float, share: float, y: int) -> str:
    wide = max(share, 0.0) * (WIDTH - _NAMES - _FIGURES)
    return (
        f'<rect class="pair-{kind}" x="{_NAMES}" y="{y}" width="{max(wide, 1):.1f}" '
        f'height="{_BAR}" rx="2"/>'
        f'<text class="pair-figure" x="{_NAMES + wide + 6:.1f}" y="{y + 9.5}">'
        f"{_short(value)}</text>"
    )


def _short(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) or value >= 1000 else f"{value:,.1f}"
