"""Reading printed sheets back: each page is rendered and each coupon's own bars are decoded.

A coupon is looked for where the layout put it. Decoding whole pages let rows of neighbouring
symbols mix; a crop per coupon cannot.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pypdfium2  # type: ignore[import-untyped] # ships no types
import zxingcpp

from coupons.sheets.codes import CodeError, normalise
from coupons.sheets.layout import coupon_boxes

Pixels = npt.NDArray[np.uint8]

_CODE_128: Final = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.Code128])
_MM_PER_INCH: Final = 25.4


def read_back(
    pdf: Path | bytes, pages: Sequence[int], counts: Sequence[int], dpi: int = 300
) -> list[list[str | None]]:
    """Return the code read from every coupon of `pages`, or None where none could be read.

    pages: page indices, from 0; counts: how many coupons each of those pages has, in the same
    order. dpi is the resolution rendered. The answer has a list for each page, coupons in the
    order of the layout, codes normalised.

    Raises ValueError if pages and counts differ in length.
    """
    if len(pages) != len(counts):
        raise ValueError(f"{len(pages)} pages but {len(counts)} counts")
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            _read_page(_rendered(document, page, dpi), count, dpi)
            for page, count in zip(pages, counts, strict=True)
        ]
    finally:
        document.close()


def _rendered(document: pypdfium2.PdfDocument, index: int, dpi: int) -> Pixels:
    page = document[index]
    try:
        # Unsmoothed, as a printer's dots are: at two dots a module, grey edges hide thin bars.
        bitmap = page.render(scale=dpi / 72, grayscale=True, no_smoothpath=True)
        pixels: Pixels = bitmap.to_numpy().copy()  # the bitmap's own memory goes with it
        return pixels
    finally:
        page.close()


def _read_page(image: Pixels, count: int, dpi: int) -> list[str | None]:
    codes = []
    for box in coupon_boxes(count):
        top, bottom, left, right = (
            round(edge / _MM_PER_INCH * dpi) for edge in (box.y, box.bottom, box.x, box.right)
        )
        codes.append(_read(np.ascontiguousarray(image[top:bottom, left:right])))
    return codes


def _read(crop: Pixels) -> str | None:
    """Return the one coupon code in `crop`; a symbol that fails our own check is no code."""
    for symbol in zxingcpp.read_barcodes(
        crop,
        formats=_CODE_128,
        try_rotate=False,  # the layout says which way up, how large and how dark
        try_downscale=False,
        try_invert=False,
    ):
        try:
            return normalise(symbol.text)
        except CodeError:
            continue
    return None
