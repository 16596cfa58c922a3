"""Rectangles and paper: millimetres from the top left corner of the trimmed page."""

from dataclasses import dataclass
from typing import Final

from coupons.sheets.faces import Page

MM_PER_INCH: Final = 25.4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in mm; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    def moved(self, x: float, y: float) -> "Box":
        """Return the same box, `x` mm further right and `y` mm further down."""
        return Box(self.x + x, self.y + y, self.width, self.height)

    def grown(self, sides: float, ends: float) -> "Box":
        """Return the box, wider by `sides` mm left and right, higher by `ends` at both ends."""
        return Box(self.x - sides, self.y - ends, self.width + 2 * sides, self.height + 2 * ends)

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than an edge."""
        return (
            self.x < other.right
            and other.x < self.right
            and self.y < other.bottom
            and other.y < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Whether the other lies inside, edges included; a thousandth of a mm is forgiven."""
        return (
            self.x <= other.x + 1e-3
            and self.y <= other.y + 1e-3
            and other.right <= self.right + 1e-3
            and other.bottom <= self.bottom + 1e-3
        )


_PAPER: Final = {Page.A4: Box(0, 0, 210, 297), Page.LETTER: Box(0, 0, 215.9, 279.4)}


def paper(page: Page) -> Box:
    """Return the trimmed page."""
    return _PAPER[page]
