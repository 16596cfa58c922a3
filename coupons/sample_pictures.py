"""A sheet that was selected and not issued, as a picture to look at; it is kept nowhere."""

import io
from typing import Final

import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons import printing, samples
from coupons.looks import Looks
from coupons.models import Selection
from coupons.sheet_pictures import rendering
from coupons.sheets import layout
from loyalty.models import Household

DOTS_PER_INCH: Final = 84  # of a page on a screen: A4 is 694 dots wide
_COLOURS: Final = 96


def png_of(selection: Selection, home: Household) -> bytes | None:
    """The side of the household's sheet that has its coupons, as PNG; None: it would get none.

    Raises PrintError and LookError, in words, for a sheet that cannot be set.
    """
    found = samples.of_household(selection, home)
    if found is None:
        return None
    sheet, _ = found
    place = layout.coupon_page(Looks.of(selection.mailing, 1, {sheet.language}).look.format)
    pdf = printing.proof_pdf(selection.mailing, [found])
    with rendering:
        document = pypdfium2.PdfDocument(pdf)
        try:
            image = document[place].render(scale=DOTS_PER_INCH / 72).to_pil()
        finally:
            document.close()
    out = io.BytesIO()
    image.convert("RGB").quantize(_COLOURS).save(out, "PNG")
    return out.getvalue()
