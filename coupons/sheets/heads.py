"""The head of a sheet: where brand, address, saving, link and headline stand, in mm.

Everything follows from the window: nothing but the address (and, in European windows, the
sender) may come behind it, and what is beside it keeps away from where it slides.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from coupons.sheets import windows
from coupons.sheets.boxes import Box, paper
from coupons.sheets.faces import Format, Leaf, Window
from coupons.sheets.fitting import POINTS_PER_MM, settable, width_mm, wrap
from coupons.sheets.typefaces import Family

MARGIN: Final = 12.0  # from the page's edge to the outermost words
LINK_SIDE: Final = 16.0
MATCH_SIDE: Final = 6.35  # 1/4 in
MATCH_CLEAR: Final = 12.7  # 1/2 in of white around a match mark
IMB_HEIGHT: Final = 5.4  # mm kept for an Intelligent Mail barcode and the white below it
_DIN_TEXT: Final = 25.0  # where DIN 5008 begins its lines


@dataclass(frozen=True, slots=True)
class Head:
    """Where the parts of a head stand; baselines are mm from the top.

    sender is where its line ends up: in the window above a rule, or (is_beside) below the brand.
    caption is the box of the words beside or below the link's code.
    """

    right: float
    brand_baseline: float
    tagline_baseline: float
    sender_is_beside: bool
    sender_baseline: float
    address: Box
    panel: Box
    link: Box
    caption: Box
    caption_is_below: bool
    greeting_baseline: float
    headline_baseline: float
    explanation_baseline: float
    end: float  # the first mm below the head

    @property
    def match_mark(self) -> Box:
        """Where a match mark stands: in the corner, with its white around it."""
        return Box(MATCH_CLEAR, MATCH_CLEAR, MATCH_SIDE, MATCH_SIDE)


@cache
def head(format_: Format) -> Head:
    """Return the head of a format's front page."""
    page = paper(format_.page)
    place = windows.place(format_.window, format_.page)
    area = place.address
    right = page.width - MARGIN
    if format_.window is Window.US_10:
        panel = Box(right - 62, 35, 62, 34)
        return Head(
            right=right,
            brand_baseline=18,
            tagline_baseline=23.6,
            sender_is_beside=True,
            sender_baseline=28.2,
            address=area,
            panel=panel,
            link=Box(right - LINK_SIDE, panel.bottom + 3.4, LINK_SIDE, LINK_SIDE),
            caption=Box(panel.x, panel.bottom + 3.4, panel.width - LINK_SIDE - 2.4, LINK_SIDE),
            caption_is_below=False,
            greeting_baseline=93.6,
            headline_baseline=99.8,
            explanation_baseline=105,
            end=109,
        )
    top = 32.0 if format_.window is Window.DIN_A else 45.0
    greeting = 79.6 if format_.window is Window.DIN_A else 93.2
    if format_.window is Window.C5_DL:
        left = 122.0
        panel = Box(MARGIN, top, 62, 34)
        link = Box(panel.right + 3.5, top, LINK_SIDE, LINK_SIDE)
    else:
        left = _DIN_TEXT
        panel = Box(right - 62, top, 62, 34)
        middle = (max(place.seen.right, area.right) + panel.x) / 2
        link = Box(middle - LINK_SIDE / 2, top, LINK_SIDE, LINK_SIDE)
    sender = area.y + 2.3
    address_top = sender + 3.4
    return Head(
        right=right,
        brand_baseline=20.6,
        tagline_baseline=26.2,
        sender_is_beside=False,
        sender_baseline=sender,
        address=Box(left, address_top, area.right - left, area.bottom - address_top),
        panel=panel,
        link=link,
        caption=Box(link.x - 3.4, link.bottom + 2, link.width + 6.8, 12),
        caption_is_below=True,
        greeting_baseline=greeting,
        headline_baseline=greeting + 6.4,
        explanation_baseline=greeting + 11.7,
        end=greeting + 15.8,
    )


FOOT: Final = 18.0  # mm kept below the coupons for the foot
_BACK_HEAD: Final = 25.0
_BACK_HEAD_MARKED: Final = MATCH_SIDE + 2 * MATCH_CLEAR


def grid_top(format_: Format) -> float:
    """Return where the coupons begin on their page."""
    if format_.leaf is not Leaf.LETTER:
        return head(format_).end
    return _BACK_HEAD_MARKED if format_.match_marks else _BACK_HEAD


@dataclass(frozen=True, slots=True)
class Address:
    """An address as set: lines, their size and the distance of their baselines in points."""

    lines: tuple[str, ...]
    size: float
    leading: float
    baseline: float  # of the first line, mm


# At least 8 points, as the post wants it.
_ADDRESS_SIZES: Final = (
    (11.5, 15.0),
    (10.5, 13.5),
    (9.5, 12.0),
    (9.0, 10.8),
    (8.5, 9.6),
    (8.0, 8.8),
)
_ASCENT: Final = 0.74  # of the size, above the first baseline
_DESCENT: Final = 0.22


def set_address(
    parts: Head, family: Family, lines: tuple[str, ...], *, has_imb: bool = False
) -> Address:
    """Set an address in its window: smaller if it must be, then on more lines, never shortened.

    Raises ValueError if there are no lines, or if even 8 points leave no room for them.
    """
    area = parts.address
    top = area.y + (IMB_HEIGHT if has_imb else 0)
    height = (area.bottom - top) * POINTS_PER_MM
    face = family.regular
    wanted = tuple(filter(None, (settable(line, face) for line in lines)))
    if not wanted:
        raise ValueError("there is no address")
    widest = max(width_mm(line, face, 1) for line in wanted)
    for size, leading in _ADDRESS_SIZES:
        if widest * size <= area.width and _height(len(wanted), size, leading) <= height:
            return Address(wanted, size, leading, top + size * _ASCENT / POINTS_PER_MM)
    for size, leading in _ADDRESS_SIZES:
        broken = tuple(part for line in wanted for part in wrap(line, face, size, area.width))
        if _height(len(broken), size, leading) <= height:
            return Address(broken, size, leading, top + size * _ASCENT / POINTS_PER_MM)
    raise ValueError(
        f"an address of {len(wanted)} lines, the longest of {max(map(len, wanted))} letters, "
        f"does not fit {area.width:.0f} x {height / POINTS_PER_MM:.0f} mm at 8 points"
    )


def _height(lines: int, size: float, leading: float) -> float:
    return (lines - 1) * leading + size * (_ASCENT + _DESCENT)
