"""Two counts of the same things as paired bars: SVG drawn on the server. Pure."""

from collections.abc import Sequence
from html import escape
from typing import Final

from loyalty.plots import Room
from pos_integration.desk import grouped

AT_DESK: Final = Room("at-desk", 640, names=190, row=34, name_y=16, mark_y=0, letters=28)
ON_PHONE: Final = Room("on-phone", 340, names=0, row=50, name_y=11, mark_y=17, letters=46)
_BAR: Final = 11
_FIGURES: Final = 62  # room behind the longest bar


def paired_bars(
    title: str, names: tuple[str, str], rows: Sequence[tuple[str, float, float]]
) -> str:
    """Bars below each other, two to a row, on one scale from 0.

    title: what they count. names: what the upper and the lower bar of a row stand for. rows:
    name, upper, lower; negative figures are drawn as nothing. Returns the markup of two <svg>, for
    a desk's screen and for a phone's; each says its rows in words as well. Raises ValueError if
    there is no row.
    """
    if not rows:
        raise ValueError("nothing to draw")
    return "".join(_drawn(title, names, rows, room) for room in (AT_DESK, ON_PHONE))


def _drawn(
    title: str, names: tuple[str, str], rows: Sequence[tuple[str, float, float]], room: Room
) -> str:
    full = max(max(first, second) for _, first, second in rows) or 1.0
    drawn = []
    for at, (name, first, second) in enumerate(rows):
        y = 8 + room.row * at
        bars = "".join(
            _bar(kind, value, value / full, y + room.mark_y + place * (_BAR + 2), room)
            for place, (kind, value) in enumerate((("first", first), ("second", second)))
        )
        drawn.append(
            f"<g><title>{escape(name)}: {escape(names[0])} {_short(first)}, {escape(names[1])} "
            f'{_short(second)}</title><text class="pair-name" x="0" y="{y + room.name_y}">'
            f"{escape(room.name(name))}</text>{bars}</g>"
        )
    height = 8 + room.row * len(rows)
    return (
        f'<svg class="plot plot-pairs {room.shown}" viewBox="0 0 {room.width} {height}" '
        f'role="img"><title>{escape(title)}</title>{"".join(drawn)}</svg>'
    )


def _bar(kind: str, value: float, share: float, y: int, room: Room) -> str:
    wide = max(share, 0.0) * (room.width - room.names - _FIGURES)
    return (
        f'<rect class="pair-{kind}" x="{room.names}" y="{y}" width="{max(wide, 1):.1f}" '
        f'height="{_BAR}" rx="2"/>'
        f'<text class="pair-figure" x="{room.names + wide + 6:.1f}" y="{y + 9.5}">'
        f"{_short(value)}</text>"
    )


def _short(value: float) -> str:
    return grouped(value, 0 if value == int(value) or value >= 1000 else 1)
