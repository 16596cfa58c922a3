"""A sheet as a small picture, for the desk: the side that its coupons are on."""

import io
from typing import Final

import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons import printing
from coupons.models import Sheet
from coupons.sheet_pictures import rendering
from coupons.sheets import layout

WIDE: Final = 320  # dots: twice what it is shown at, for sharp screens
_COLOURS: Final = 64


def png_of(sheet: Sheet) -> bytes:
    """Return the sheet's page with its coupons as PNG, 320 dots wide. Raises PrintError."""
    pdf = printing.sheet_pdf(sheet)
    place = layout.coupon_page(printing.looks_of(sheet.mailing).look.format)
    with rendering:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[place]
            image = page.render(scale=WIDE / page.get_width()).to_pil()
        finally:
            document.close()
    out = io.BytesIO()
    image.convert("RGB").quantize(_COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()
