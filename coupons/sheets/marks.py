"""Marks for those who fold, insert, cut and match sheets.

Inserter marks are bars at the left edge, a sixth of an inch apart, from the top: a gate that is
always there; end of set, always there, since every sheet is a set of its own; the sheet's
sequence number modulo 8 as three bars of 1, 2 and 4; and a parity bar that makes the number of
bars even. A missing or doubled sheet breaks the sequence, an unread bar the parity.
"""

from typing import Final

from coupons.sheets import heads, windows
from coupons.sheets.boxes import Box, paper
from coupons.sheets.drawing import Inks, icon, line, number, points, snapped
from coupons.sheets.faces import Format, Window
from coupons.sheets.fitting import POINTS_PER_MM
from coupons.sheets.icons import GRID, outline
from coupons.sheets.layout import coupon_boxes
from coupons.sheets.symbols.symbol import match_mark

INSERTER_TOP: Final = 122.0  # mm, between the folds
INSERTER_PITCH: Final = 25.4 / 6
_INSERTER_LEFT: Final = 2.5
_INSERTER_RIGHT: Final = 8.5
_INSERTER_THICK: Final = 0.6
_HALF_A4: Final = 148.5  # where a C5 envelope wants A4 folded


def folds(format_: Format, inks: Inks) -> str:
    """Return short strokes at the left edge where the sheet is folded."""
    page = paper(format_.page)
    marks = list(windows.place(format_.window, format_.page).folds)
    if format_.window is Window.C5_DL:
        marks.append(page.height / 2)
    strokes = "".join(line(3.5, y, 7, y, page.height) for y in sorted(marks))
    return f"q {inks.faint_lines} 0.4 w {strokes}Q "


def inserter_bits(sequence: int) -> tuple[bool, ...]:
    """Return which bars stand, from the top: gate, end of set, 1, 2, 4, parity."""
    bits = [True, True, *(bool(sequence >> place & 1) for place in range(3))]
    return (*bits, sum(bits) % 2 == 1)


def inserter(format_: Format, inks: Inks, sequence: int) -> str:
    """Return a sheet's inserter marks, in black."""
    height = paper(format_.page).height
    bars = "".join(
        f"{points(_INSERTER_LEFT)} {points(height - INSERTER_TOP - place * INSERTER_PITCH)} "
        f"{points(_INSERTER_RIGHT - _INSERTER_LEFT)} {points(_INSERTER_THICK)} re "
        for place, stands in enumerate(inserter_bits(sequence))
        if stands
    )
    return f"{inks.bars} {bars}f "


def match(format_: Format, inks: Inks, sequence: int, side: int, total: int) -> str:
    """Return the mark that tells which side of which sheet this is: "sequence/side/total"."""
    drawn, extent = match_mark(f"{sequence}/{side}/{total}")
    box = heads.head(format_).match_mark
    dot = 72 / format_.dots_per_inch
    dots = max(1, round(box.width * POINTS_PER_MM / extent.width / dot))
    module = number(dots * dot)
    high = extent.height * dots * dot
    x = snapped(box.x, format_.dots_per_inch)
    y = snapped(paper(format_.page).height - box.y, format_.dots_per_inch) - high
    return f"{inks.bars} q {module} 0 0 {module} {number(x)} {number(y)} cm {drawn}f Q "


def recycling(format_: Format, inks: Inks, x: float, baseline: float) -> str:
    """Return the three arrows, as high as two lines of the foot."""
    height = paper(format_.page).height
    return f"q {inks.soft_lines} {icon('recycle', x, baseline - 2.6, 5, 0.32, height)}Q "


def cuts(format_: Format, inks: Inks, count: int) -> str:
    """Return the lines to cut along round `count` coupons: each edge once, none round nothing."""
    boxes = coupon_boxes(format_)[:count]
    edges: set[tuple[float, float, float, float]] = set()
    for box in boxes:
        x1, y1, x2, y2 = (round(edge, 3) for edge in (box.x, box.y, box.right, box.bottom))
        edges |= {(x1, y1, x2, y1), (x1, y2, x2, y2), (x1, y1, x1, y2), (x2, y1, x2, y2)}
    height = paper(format_.page).height
    strokes = "".join(line(*edge, height) for edge in sorted(edges))
    return (
        f"q {inks.faint_lines} 0.5 w [2.2 2.2] 1.1 d {strokes}Q "
        f"q {inks.faint_lines} {_scissors(boxes, height)}Q "
    )


def _scissors(boxes: tuple[Box, ...], height: float) -> str:
    """Return scissors that come along the first cut, from its right end."""
    x, y = max(box.right for box in boxes) + 1, boxes[0].y
    scale = f"{3.4 / GRID * POINTS_PER_MM:.4f}"
    # Drawn upright; a quarter turn lays them on the line, blades to the left.
    return (
        f"q 0 -{scale} -{scale} 0 {points(x + 3.4)} {points(height - y + 1.7)} cm "
        f"1 J 1 j 1.5 w {outline('scissors')} S Q "
    )
