"""A sheet's coupons as one plain picture, for messages."""

import io
from threading import Lock
from typing import Final

import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons import printing
from coupons.models import Sheet
from coupons.sheets import layout

DOTS_PER_INCH: Final = 144
MARGIN_MM: Final = 3.0  # of white round the coupons
_COLOURS: Final = 128
_rendering = Lock()  # PDFium draws for one thread at a time


def png_of(sheet: Sheet) -> bytes:
    """Return the coupons of a sheet as PNG: what can be cut out of it, and nothing of whose it is.

    Raises PrintError for a sheet that cannot be set.
    """
    format_ = printing.looks_of(sheet.mailing).look.format
    count = max(1, sheet.coupons.count())
    boxes = layout.coupon_boxes(format_)[:count]
    pdf = printing.sheet_pdf(sheet)
    with _rendering:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[layout.coupon_page(format_)]
            image = page.render(scale=DOTS_PER_INCH / 72).to_pil()
        finally:
            document.close()
    a_mm = DOTS_PER_INCH / 25.4
    bleed = format_.bleed_mm
    left = min(box.x for box in boxes) - MARGIN_MM + bleed
    right = max(box.right for box in boxes) + MARGIN_MM + bleed
    top = min(box.y for box in boxes) - MARGIN_MM + bleed
    bottom = max(box.bottom for box in boxes) + MARGIN_MM + bleed
    cut = image.crop(tuple(round(edge * a_mm) for edge in (left, top, right, bottom)))
    out = io.BytesIO()
    cut.quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()
