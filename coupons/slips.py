"""Coupons as a checkout receipt: the bytes that a till's printer takes (ESC/POS).

Barcodes are sent as dots, not as the printer's own command: every printer draws them alike, and
whole dots are kept. They carry the coupon's own code in Code 128, whatever stands on its sheet:
the till that reads it is ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from PIL import Image

from coupons.sheets.faces import Symbology
from coupons.sheets.screens import raster
from coupons.sheets.words import Words

CONTENT_TYPE: Final = "application/vnd.escpos"
PAPERS: Final = {58: 384, 80: 576}  # mm of paper, and the dots a head of 203 an inch prints on it
_LETTERS: Final = {58: 32, 80: 48}  # of the printer's font A, on a line
_BAR_DOTS: Final = 72  # 9 mm high


@dataclass(frozen=True, slots=True)
class Slip:
    """One coupon as its slip says it; code has 13 characters, printed is the code in fours."""

    value: str
    product: str
    detail: str
    valid: str
    terms: tuple[str, ...]
    code: str
    printed: str


def receipt(
    slips: Sequence[Slip], *, brand: str, date: str, words: Words, paper_mm: int = 80
) -> bytes:
    """Return the bytes for a printer of 58 or 80 mm: head, coupons, a cut.

    Letters that none of the printer's code pages has are printed as question marks. Raises
    KeyError for another paper.
    """
    # Loaded here: it brings every kind of printer, and few processes print receipts.
    from escpos.printer import Dummy  # type: ignore[import-untyped] # ships no types

    room = _LETTERS[paper_mm]
    printer: Any = Dummy(profile="default")
    printer.hw("INIT")
    printer.set(align="center", bold=True, double_height=True, double_width=True)
    printer.text(_short(brand, room // 2) + "\n")
    printer.set(align="center", normal_textsize=True, bold=False)
    printer.text(f"{_short(words.page['title'], room)}\n{date}\n")
    for slip in slips:
        printer.text("-" * room + "\n")
        printer.set(align="center", bold=True, double_height=True, double_width=True)
        printer.text(_short(slip.value, room // 2) + "\n")
        printer.set(align="center", normal_textsize=True, bold=True)
        _lines(printer, slip.product, room)
        printer.set(align="center", bold=False)
        _lines(printer, slip.detail, room)
        _lines(printer, slip.valid, room)
        printer.image(_bars(slip.code, PAPERS[paper_mm]), impl="bitImageRaster", center=False)
        printer.text(f"{slip.printed}\n")
        for term in slip.terms:
            _lines(printer, term, room)
    printer.text("-" * room + "\n")
    printer.cut()
    sent: bytes = printer.output
    return sent


def _bars(code: str, dots: int) -> Image.Image:
    """The barcode as wide as the paper's head, in whole dots, black on white."""
    modules = raster(Symbology.CODE_128, code)
    scale = dots // modules.shape[1]
    wide = np.repeat(np.repeat(modules[:1], _BAR_DOTS, axis=0), scale, axis=1)
    left = (dots - wide.shape[1]) // 2
    page = np.zeros((_BAR_DOTS, dots), dtype=bool)
    page[:, left : left + wide.shape[1]] = wide
    return Image.fromarray(~page)


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "."


def _lines(printer: Any, text: str, room: int) -> None:
    """Print a text on as many lines as it takes, broken between words."""
    line = ""
    for word in text.split():
        piece = word
        while len(piece) > room:  # a word longer than the paper is broken where it ends
            printer.text(f"{line}\n" if line else "")
            printer.text(piece[:room] + "\n")
            line, piece = "", piece[room:]
        if line and len(line) + 1 + len(piece) > room:
            printer.text(line + "\n")
            line = piece
        else:
            line = f"{line} {piece}".strip()
    if line:
        printer.text(line + "\n")
