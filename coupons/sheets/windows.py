"""Envelopes with a window: where an address is read, however the paper lies in its envelope.

An insert is smaller than its envelope and slides in it. What is always behind the window, less
what the post wants clear (USPS DMM 202: 1/8 in at the sides, 0.028 in above and below), is where
an address may stand. DIN 5008 has forms A and B for DL envelopes; the standard #10 window is 4 1/2
x 1 1/8 in, 7/8 in from the left and 1/2 in from the bottom; C5/DL stands for the 229 mm wide
envelopes with a 100 x 45 mm window at the right that are usual in Austria and Switzerland.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from coupons.sheets.boxes import Box, paper
from coupons.sheets.faces import Page, Window

CLEAR_SIDES_MM: Final = 3.2  # 1/8 in
CLEAR_ENDS_MM: Final = 0.72  # 0.028 in


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope, seen from its front: its size, and its window from its left and bottom edge.

    first_panel is how far below the top edge the paper is folded first: that fold lies on the
    bottom of the envelope. seam is what glue and paper thickness take from the sliding.
    """

    width: float
    height: float
    window_left: float
    window_bottom: float
    window_width: float
    window_height: float
    first_panel: float
    seam: float = 0


_ENVELOPES: Final = {
    Window.DIN_A: Envelope(220, 110, 20, 15, 90, 45, first_panel=87),
    Window.DIN_B: Envelope(220, 110, 20, 15, 90, 45, first_panel=105),
    Window.US_10: Envelope(241.3, 104.8, 22.2, 12.7, 114.3, 28.6, first_panel=99, seam=1),
    Window.C5_DL: Envelope(229, 114, 117, 17, 100, 45, first_panel=105),
}
# Below the first, as high as the envelope lets a panel be or as halves the rest.
_LATER_FOLDS: Final = {
    (Window.DIN_A, Page.A4): (192.0,),
    (Window.DIN_A, Page.LETTER): (192.0,),
    (Window.DIN_B, Page.A4): (210.0,),
    (Window.DIN_B, Page.LETTER): (192.2,),
    (Window.US_10, Page.A4): (198.0,),
    (Window.US_10, Page.LETTER): (189.2,),
    (Window.C5_DL, Page.A4): (210.0,),
    (Window.C5_DL, Page.LETTER): (192.2,),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A window as the page sees it, mm from the page's top left.

    seen is everything that the window may show when the paper slides; always is what it shows
    wherever the paper lies; address is where an address keeps its clear zones; folds are marked.
    """

    seen: Box
    always: Box
    address: Box
    folds: tuple[float, ...]


@cache
def place(window: Window, page: Page) -> Place:
    """Return where the window lies on the page."""
    envelope, sheet = _ENVELOPES[window], paper(page)
    folds = (envelope.first_panel, *_LATER_FOLDS[window, page])
    tallest = max(envelope.first_panel, folds[1] - folds[0])
    slides_right = envelope.width - sheet.width - envelope.seam
    slides_up = envelope.height - tallest - envelope.seam
    top = envelope.first_panel - envelope.window_bottom - envelope.window_height
    left, right = envelope.window_left, envelope.window_left + envelope.window_width
    bottom = top + envelope.window_height
    # Paper that lies further right shows the window further left, and so on.
    seen = Box(left - slides_right, top, right - left + slides_right, bottom + slides_up - top)
    always = Box(left, top + slides_up, right - slides_right - left, bottom - top - slides_up)
    return Place(seen, always, always.grown(-CLEAR_SIDES_MM, -CLEAR_ENDS_MM), folds)
