"""Lines, shapes and words as PDF operators; mm from the top left of a box of known height.

Nothing is filled white: paper is white already.
"""

from functools import lru_cache
from typing import Final

from coupons.sheets.boxes import Box
from coupons.sheets.embedding import Fonts
from coupons.sheets.faces import Colour, Press
from coupons.sheets.fitting import POINTS_PER_MM, face_for, fit, fit_block, width_mm
from coupons.sheets.icons import GRID, outline
from coupons.sheets.paint import Paint
from coupons.sheets.typefaces import Face

_LIGHT: Final = 0.3  # luminance: white words on it would contrast by less than 3 to 1
_CIRCLE: Final = 0.5523  # control points of a quarter circle


def points(mm: float) -> str:
    """Return a length in PDF points, as written in a file."""
    return number(mm * POINTS_PER_MM)


def number(value: float) -> str:
    """Return a number as PDF writes it, to a hundredth: 0.0035 mm of paper."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@lru_cache(maxsize=8192)
def at(x: float, y: float, height: float) -> str:
    """Return the text matrix that puts text at (x, y)."""
    return f"1 0 0 1 {points(x)} {points(height - y)} Tm"


def snapped(mm: float, dots_per_inch: int) -> float:
    """Return the nearest whole number of printer dots, in points."""
    return round(mm / 25.4 * dots_per_inch) * 72 / dots_per_inch


def rounded(box: Box, radius: float, height: float) -> str:
    """Return the path of a rectangle with round corners."""
    left, right = box.x, box.right
    low, high = height - box.bottom, height - box.y
    r, k = radius, radius * (1 - _CIRCLE)

    def p(*values: float) -> str:
        return " ".join(points(value) for value in values)

    return (
        f"{p(left + r, low)} m {p(right - r, low)} l "
        f"{p(right - k, low, right, low + k, right, low + r)} c {p(right, high - r)} l "
        f"{p(right, high - k, right - k, high, right - r, high)} c {p(left + r, high)} l "
        f"{p(left + k, high, left, high - k, left, high - r)} c {p(left, low + r)} l "
        f"{p(left, low + k, left + k, low, left + r, low)} c h"
    )


def icon(name: str, x: float, y: float, size: float, stroke: float, height: float) -> str:
    """Return an icon stroked in the current colour, `size` mm square, lines `stroke` mm thick."""
    scale = size / GRID
    factor = f"{scale * POINTS_PER_MM:.4f}"
    return (
        f"q {factor} 0 0 -{factor} {points(x)} {points(height - y)} cm "
        f"1 J 1 j {number(stroke / scale)} w {outline(name)} S Q "
    )


def line(x1: float, y1: float, x2: float, y2: float, height: float) -> str:
    """Return a straight stroke."""
    return f"{points(x1)} {points(height - y1)} m {points(x2)} {points(height - y2)} l S "


def cover(box: Box, width: int, height: int) -> Box:
    """Return where a picture of `width` x `height` pixels goes to cover `box`, its middle kept."""
    scale = max(box.width / width, box.height / height)
    w, h = width * scale, height * scale
    return Box(box.x + (box.width - w) / 2, box.y + (box.height - h) / 2, w, h)


def contain(box: Box, width: int, height: int) -> Box:
    """Return where a picture goes to stand whole in `box`, at its right and on its floor."""
    scale = min(box.width / width, box.height / height)
    w, h = width * scale, height * scale
    return Box(box.right - w, box.bottom - h, w, h)


def image(name: str, box: Box, height: float) -> str:
    """Return the drawing of an image over `box`."""
    return (
        f"q {points(box.width)} 0 0 {points(box.height)} {points(box.x)} "
        f"{points(height - box.bottom)} cm/{name} Do Q "
    )


def _luminance(colour: str) -> float:
    """Return how bright a colour is, from 0 to 1, as WCAG 2 counts it."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Inks:
    """A press's paint, and the greys that sheets are set in: operators, no space at either end.

    On a press, words are full black: a dark grey would be a screen of dots.
    """

    def __init__(self, press: Press, paint: Paint) -> None:
        self.paint = paint
        self.bars = paint.grey(0)
        self.ink = paint.grey(0 if press.colour is Colour.CMYK else 0.11)
        self.soft = paint.grey(0.36)
        self.white = paint.grey(1)
        self.faint_lines = paint.grey_stroke(0.62)
        self.soft_lines = paint.grey_stroke(0.45)

    def on(self, colour: str) -> str:
        """Return the ink for words on a ground of `colour`: bare paper, or black on light ones."""
        return self.white if _luminance(colour) < _LIGHT else self.ink


class Setter:
    """Sets words on a page or a form `height` mm high, in the faces of a file."""

    def __init__(self, fonts: Fonts, inks: Inks, height: float) -> None:
        self.fonts = fonts
        self.inks = inks
        self.height = height

    def show(self, text: str, face: Face, size: float) -> str:
        """Return text as it was fitted, where the text matrix stands."""
        return self.fonts[face].show(text, size) if text else ""

    def put(self, text: str, face: Face, size: float, x: float, y: float) -> str:
        """Return text as it was fitted, beginning at (x, y)."""
        if not text:
            return ""
        return f"{at(x, y, self.height)}{self.show(text, face, size)}"

    def fitted(
        self,
        text: str,
        face: Face,
        sizes: tuple[float, float],
        x: float,
        y: float,
        width: float,
        side: float = 0,
    ) -> str:
        """Return one line in `width` mm, from the first of `sizes` down to the second.

        side says where it stands in that width: 0 left, 0.5 in the middle, 1 right.
        """
        face = face_for(text, face)
        fits = fit(text, face, *sizes, width)
        if side and fits.text:
            x += side * (width - width_mm(fits.text, face, fits.size))
        return self.put(fits.text, face, fits.size, x, y)

    def block(
        self,
        text: str,
        face: Face,
        sizes: tuple[float, float],
        x: float,
        y: float,
        width: float,
        lines: int,
        leading: float,
    ) -> str:
        """Return lines under each other, `leading` mm apart, at most `lines` of them."""
        face = face_for(text, face)
        block = fit_block(text, face, *sizes, width, lines)
        return "".join(
            self.put(part, face, block.size, x, y + index * leading)
            for index, part in enumerate(block.lines)
        )
