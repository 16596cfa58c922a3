"""A page to set a press up by: rulers, greys, colours, lines, letters and bars of several sizes.

Whoever runs the press measures here whether the paper keeps its size, which bars still read, and
how much narrower they must be set so that ink that spreads makes them right.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from coupons.sheets import marks
from coupons.sheets.boxes import MM_PER_INCH, Box, paper
from coupons.sheets.document import Written
from coupons.sheets.drawing import Inks, Setter, line, points, snapped
from coupons.sheets.embedding import Fonts
from coupons.sheets.exchange import Exchange
from coupons.sheets.faces import Colour, Look, Symbology
from coupons.sheets.fitting import POINTS_PER_MM, width_mm
from coupons.sheets.paint import paint_of
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.symbols import symbol
from coupons.sheets.typefaces import Face, Family

CODE: Final = "7Q4MK2XP9R3VC"  # of no coupon
_LEFT: Final = 14.0
_RULER: Final = 25.0  # the baseline of the upper ruler, mm
_BAR_HEIGHT: Final = 9.0
_GREYS: Final = 11
_TINTS: Final = (1.0, 0.7, 0.4, 0.15)
_LINES_MM: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
_SIZES: Final = (4, 5, 6, 7, 8, 9, 10)
_SENTENCE: Final = "Sphinx of black quartz, judge my vow: 1234567890"
_ALPHABETS: Final = (
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789 .,:;!?%&@#()/-—·",
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜÝŸẞ àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿß €£$¢",
    "ĄĆČĎĘĚĞĢĪĶŁŃŇŐŘŚŞŠŤŪŮŰŹŻŽ ąćčďęěğģīķłńňőřśşšťūůűźżž",
    "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ αβγδεζηθικλμνξοπρστυφχψω",
    "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ абвгдежзийклмнопрстуфхцчшщъыьэюя",
)
_OTHERS: Final = (
    (Symbology.EAN_13, "9947110000005"),
    (Symbology.DATAMATRIX, "(255)9501101000018910000000000"),
    (Symbology.QR, "https://id.gs1.org/255/9501101000018910000000000"),
    (Symbology.DATABAR, "(255)9501101000018910000000000"),
    (Symbology.GS1_128, "(255)9501101000018910000000000"),
)
_NAMES: Final = {
    Symbology.EAN_13: "EAN-13",
    Symbology.DATAMATRIX: "GS1 DataMatrix",
    Symbology.QR: "QR",
    Symbology.DATABAR: "GS1 DataBar",
    Symbology.GS1_128: "GS1-128",
}


@dataclass(frozen=True, slots=True)
class Bars:
    """A barcode of the page: where it stands with its quiet zones, and what it says."""

    box: Box
    symbology: Symbology
    payload: str


def write_trial(
    out: BinaryIO, look: Look, files: Mapping[str, bytes]
) -> tuple[Written, tuple[Bars, ...]]:
    """Write the page to `out` as one PDF; return what was written, and its barcodes.

    Paper, inks, fonts and dots are the look's. The same arguments give the same bytes. Raises
    ValueError if the look names a font or a profile that is not among `files`.
    """
    pdf = PdfWriter(out)
    exchange = Exchange(pdf, look, files)
    fonts = Fonts(Family.of(look.theme, files))
    page = _Trial(look, fonts, Inks(look.press, paint_of(look.press, files)))
    drawn = page.drawn()
    root, part = pdf.reserve(), exchange.begin()
    contents = pdf.write_stream(drawn.encode("latin-1"))
    number = pdf.write_small(
        b"<</Type/Page/Parent %d 0 R/DPart %d 0 R/Contents %d 0 R%b>>"
        % (root, part, contents, exchange.boxes)
    )
    exchange.end(number, number, 1)
    named = [entry for font in fonts.all() for entry in font.write(pdf)]
    entries = "".join(f"/{name} {object_} 0 R" for name, object_ in named)
    pdf.write(
        f"<</Type/Pages/Count 1/Kids[{number} 0 R]/Resources<</Font<<{entries}>>>>>>".encode(),
        root,
    )
    exchange.close(root, f"{look.theme.brand}: test page")
    return Written(1, 1, pdf.size_bytes, pdf.sha256, 1, 1), tuple(page.bars)


class _Trial:
    """The page, drawn from the top down."""

    def __init__(self, look: Look, fonts: Fonts, inks: Inks) -> None:
        self.look, self.format, self.inks = look, look.format, inks
        self.page = paper(look.format.page)
        self.family = fonts.family
        self.setter = Setter(fonts, inks, self.page.height)
        self.bars: list[Bars] = []
        self.right = self.page.width - _LEFT

    def drawn(self) -> str:
        parts = [*self._head(), *self._rulers(), *self._corners()]
        parts.append(marks.folds(self.format, self.inks))
        parts.append(marks.inserter(self.format, self.inks, 1))
        y = _RULER + 12
        for block in (self._greys, self._colours, self._reversed, self._lines):
            parts += block(y)
            y += 16
        y += 4
        for dots, reduction in self._wanted_bars():
            parts += self._row(y, dots, reduction)
            y += _BAR_HEIGHT + 7
        parts += self._symbols(y)
        parts += self._letters(y + 32)
        return "".join(parts)

    def _text(
        self, text: str, x: float, y: float, size: float, face: Face | None = None, ink: str = ""
    ) -> str:
        shown = self.setter.put(text, face or self.family.regular, size, x, y)
        return f"BT {ink or self.inks.ink} {shown}ET "

    def _label(self, text: str, middle: float, y: float) -> str:
        half = width_mm(text, self.family.regular, 6) / 2
        return self._text(text, middle - half, y, 6, ink=self.inks.soft)

    def _fill(self, box: Box, ink: str) -> str:
        corner = f"{points(box.x)} {points(self.page.height - box.bottom)}"
        return f"{ink} {corner} {points(box.width)} {points(box.height)} re f "

    def _head(self) -> Iterator[str]:
        format_, press = self.format, self.look.press
        inks = press.condition if press.colour is Colour.CMYK else "RGB"
        said = (
            f"{format_.page.value.upper()} · {inks} · {format_.dots_per_inch} dots an inch · "
            f"{format_.dots_a_module} dots a module, bars {format_.bar_reduction_dots} narrower · "
            "print at 100 %, without scaling"
        )
        yield self._text("Test page", _LEFT, 14, 15, self.family.black)
        yield self._text(said, _LEFT, 19, 8, ink=self.inks.soft)

    def _rulers(self) -> Iterator[str]:
        """Millimetres along the top and down the right edge."""
        height = self.page.height
        across = int(self.right - _LEFT)
        down = int(height - _RULER - 14) // 10 * 10
        yield f"q {self.inks.paint.grey_stroke(0)} {points(0.1)} w "
        for mm in range(across + 1):
            x, long = _LEFT + mm, 4 if mm % 10 == 0 else 3 if mm % 5 == 0 else 2
            yield line(x, _RULER, x, _RULER + long, height)
        for mm in range(down + 1):
            y, long = _RULER + mm, 4 if mm % 10 == 0 else 3 if mm % 5 == 0 else 2
            yield line(self.page.width - 6 - long, y, self.page.width - 6, y, height)
        yield "Q "
        for mm in range(0, across + 1, 10):
            yield self._label(str(mm), _LEFT + mm, _RULER + 6.6)
        for mm in range(0, down + 1, 10):
            yield self._label(str(mm), self.page.width - 3.6, _RULER + mm + 0.7)

    def _corners(self) -> Iterator[str]:
        """Angles 5 mm inside the cut, which say by how much front and cutter are off."""
        width, height = self.page.width, self.page.height
        yield f"q {self.inks.paint.grey_stroke(0)} {points(0.1)} w "
        for x, to_x in ((5.0, 10.0), (width - 5, width - 10)):
            for y, to_y in ((5.0, 10.0), (height - 5, height - 10)):
                yield line(x, y, to_x, y, height) + line(x, y, x, to_y, height)
        yield "Q "

    def _greys(self, y: float) -> Iterator[str]:
        wide = (self.right - _LEFT) / _GREYS
        for place in range(_GREYS):
            x = _LEFT + place * wide
            yield self._fill(Box(x, y, wide, 8), self.inks.paint.grey(1 - place / 10))
            yield self._label(f"{place * 10} %", x + wide / 2, y + 10.6)

    def _colours(self, y: float) -> Iterator[str]:
        fill, theme = self.inks.paint.fill, self.look.theme
        shown = [
            (f"{colour} {round(tint * 100)} %", fill(_tint(colour, tint)))
            for colour in (theme.brand_colour, theme.accent_colour)
            for tint in _TINTS
        ]
        if self.look.press.colour is Colour.CMYK:
            shown += [("C", "1 0 0 0 k"), ("M", "0 1 0 0 k"), ("Y", "0 0 1 0 k")]
            shown += [("M+Y", "0 1 1 0 k"), ("C+Y", "1 0 1 0 k"), ("C+M", "1 1 0 0 k")]
        else:
            shown += [("R", fill("#ff0000")), ("G", fill("#00ff00")), ("B", fill("#0000ff"))]
            shown += [("C", fill("#00ffff")), ("M", fill("#ff00ff")), ("Y", fill("#ffff00"))]
        wide = (self.right - _LEFT) / len(shown)
        for place, (name, ink) in enumerate(shown):
            x = _LEFT + place * wide
            yield self._fill(Box(x, y, wide, 8), ink)
            middle = x + wide / 2
            for at, word in enumerate(name.split(" ", 1)):
                yield self._label(word, middle, y + 10.6 + 2.3 * at)

    def _reversed(self, y: float) -> Iterator[str]:
        """White words on black and on the brand, which fill in where ink spreads."""
        half = (self.right - _LEFT) / 2
        grounds = (self.inks.bars, self.inks.paint.fill(self.look.theme.brand_colour))
        for place, ground in enumerate(grounds):
            x = _LEFT + place * half
            yield self._fill(Box(x, y, half, 11), ground)
            for at, size in enumerate((4, 5, 6)):
                words = f"{size} pt  {_SENTENCE}"
                yield self._text(words, x + 2, y + 2.8 + 3.3 * at, size, ink=self.inks.white)

    def _lines(self, y: float) -> Iterator[str]:
        wide = (self.right - _LEFT) / len(_LINES_MM)
        for place, thick in enumerate(_LINES_MM):
            x = _LEFT + place * wide
            yield f"q {self.inks.paint.grey_stroke(0)} {points(thick)} w "
            yield line(x + 1, y + 3, x + wide - 6, y + 3, self.page.height)
            yield line(x + wide - 4, y, x + wide - 4, y + 8, self.page.height)
            yield "Q "
            yield self._label(f"{thick:g} mm", x + wide / 2 - 2, y + 10.6)

    def _wanted_bars(self) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
        """Dots a module and dots less, of three barcodes in each row."""
        dots, less = self.format.dots_a_module, self.format.bar_reduction_dots
        step = max(1, dots // 6)
        first = max(1, dots - step, less + 1)
        sizes = (first, first + step, first + 2 * step)
        fewer = tuple(min(dots - 1, less + more) for more in range(3))
        return (sizes, (less,) * 3), ((dots,) * 3, fewer)

    def _row(self, y: float, dots: tuple[int, ...], less: tuple[int, ...]) -> Iterator[str]:
        """Three of Code 128; as many as there is room for, if the bars are wide."""
        x = _LEFT
        for wide, narrower in zip(dots, less, strict=True):
            width = self._width(Symbology.CODE_128, CODE, wide)
            if x + width > self.right:
                return
            yield self._bars(Symbology.CODE_128, CODE, x, y, wide, narrower)
            mm = wide / self.format.dots_per_inch * MM_PER_INCH
            said = f"{wide} dots, {mm:.3f} mm, {narrower} narrower"
            yield self._label(said, x + width / 2, y + _BAR_HEIGHT + 2.8)
            x += width + 2

    def _symbols(self, y: float) -> Iterator[str]:
        """One of every other symbology, in the look's dots."""
        x = _LEFT
        dots, less = self.format.dots_a_module, self.format.bar_reduction_dots
        for symbology, payload in _OTHERS:
            width = self._width(symbology, payload, dots)
            if x + width > self.right:
                return
            yield self._bars(symbology, payload, x, y, dots, less)
            box = self.bars[-1].box
            middle = x + width / 2
            yield self._label(_NAMES[symbology], middle, max(y + _BAR_HEIGHT, box.bottom) + 2.8)
            x += width + 6

    def _width(self, symbology: Symbology, payload: str, dots: int) -> float:
        extent = symbol.extent(symbology, payload)
        module = dots / self.format.dots_per_inch * MM_PER_INCH
        return (extent.left + extent.width + extent.right) * module

    def _bars(
        self, symbology: Symbology, payload: str, x: float, y: float, dots: int, less: int
    ) -> str:
        """Draw a barcode whose quiet zone begins at (x, y), on whole dots."""
        extent = symbol.extent(symbology, payload)
        inch = self.format.dots_per_inch
        mm = dots / inch * MM_PER_INCH
        high = extent.height * mm or _BAR_HEIGHT
        box = Box(
            x,
            y,
            (extent.left + extent.width + extent.right) * mm,
            high + (extent.above + extent.below) * mm,
        )
        self.bars.append(Bars(box, symbology, payload))
        left = snapped(x + extent.left * mm, inch)
        bottom = snapped(self.page.height - box.bottom + extent.below * mm, inch)
        module = mm * POINTS_PER_MM
        rise = module if extent.height else high * POINTS_PER_MM
        drawn = symbol.drawn(symbology, payload, less / dots)
        return (
            f"{self.inks.bars} q {module:.4f} 0 0 {rise:.4f} {left:.4f} {bottom:.4f} cm {drawn}f Q "
        )

    def _letters(self, y: float) -> Iterator[str]:
        """Sizes of one sentence beside each other, then all letters that the fonts have."""
        family, floor = self.family, self.page.height - 12
        room = self.right - _LEFT
        for size in _SIZES:
            if y > floor:
                return
            yield self._text(f"{size} pt  {_SENTENCE}", _LEFT, y, size)
            yield self._text(f"{_SENTENCE}", _LEFT + room / 2, y, size, family.bold)
            y += 1.4 + size * 0.38
        y += 1
        for alphabet in _ALPHABETS:
            for face in (family.regular, family.bold):
                letters = "".join(one for one in alphabet if one in face.letters or one == " ")
                if y <= floor and letters.strip():
                    fits = min(8.0, 8 * room / width_mm(letters, face, 8))
                    yield self._text(letters, _LEFT, y, int(fits * 10) / 10, face)
                    y += 4.2


def _tint(colour: str, share: float) -> str:
    """Return a colour as so much of it on white paper looks."""
    mixed = (round(255 - (255 - int(colour[at : at + 2], 16)) * share) for at in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in mixed)
