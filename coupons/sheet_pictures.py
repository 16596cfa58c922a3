"""A sheet's coupons as one plain picture, for messages."""

import io
from threading import Lock
from typing import Final

import pypdfium2  # type: ignore[import-untyped] # ships no types
from PIL import ImageOps

from coupons import printing
from coupons.models import Sheet
from coupons.sheets import layout

DOTS_PER_INCH: Final = 200  # two dots a module of 0.254 mm
EDGE_MM: Final = 0.4  # beyond the coupons, for the line to cut along; further out scissors stand
_MARGIN_DOTS: Final = 24
_COLOURS: Final = 128
rendering = Lock()
"""PDFium draws for one thread at a time, whatever it draws."""


def png_of(sheet: Sheet) -> bytes:
    """Return the coupons of a sheet as PNG: what can be cut out of it, and nothing of whose it is.

    Raises PrintError for a sheet that cannot be set.
    """
    format_ = printing.looks_of(sheet.mailing).look.format
    count = max(1, sheet.coupons.count())
    boxes = layout.coupon_boxes(format_)[:count]
    pdf = printing.sheet_pdf(sheet)
    with rendering:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[layout.coupon_page(format_)]
            image = page.render(scale=DOTS_PER_INCH / 72).to_pil()
        finally:
            document.close()
    a_mm = DOTS_PER_INCH / 25.4
    bleed = format_.bleed_mm
    left = min(box.x for box in boxes) - EDGE_MM + bleed
    right = max(box.right for box in boxes) + EDGE_MM + bleed
    top = min(box.y for box in boxes) - EDGE_MM + bleed
    bottom = max(box.bottom for box in boxes) + EDGE_MM + bleed
    cut = image.crop(tuple(round(edge * a_mm) for edge in (left, top, right, bottom)))
    cut = ImageOps.expand(cut.convert("RGB"), _MARGIN_DOTS, "white")
    out = io.BytesIO()
    cut.quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()
