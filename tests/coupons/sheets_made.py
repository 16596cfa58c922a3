"""Sheets to print in tests: offers, coupons with codes that hold, and files of them."""

import dataclasses
import io
from collections.abc import Mapping, Sequence

import pypdfium2  # type: ignore[import-untyped] # ships no types

from coupons.sheets.codes import check_character
from coupons.sheets.document import Written, write_sheets
from coupons.sheets.faces import (
    CouponFace,
    Format,
    Look,
    OfferFace,
    Press,
    SheetFace,
    Symbology,
    Tag,
    Theme,
)
from coupons.sheets.layout import coupon_boxes, coupon_page, pages_a_sheet
from coupons.sheets.pictures import PICTURES
from coupons.sheets.symbols.symbol import text_of
from coupons.sheets.verification import Asked, read_back

TERMS = ("Once per household, any Greenfield store.", "Not with other offers on this item.")
VALID = "Valid 30 Nov \u2013 24 Dec 2026"
COFFEE = OfferFace(
    "1.50", "off", "Dark roast coffee beans", "House of Hagen", "coffee", TERMS, VALID
)
OFFERS = tuple(
    dataclasses.replace(COFFEE, product=f"Offer {number}", picture=picture)
    for number, picture in enumerate(PICTURES)
)
GCN = "9501101531000"


def code(number: int) -> str:
    body = f"{number * 7919:012d}"
    return body + check_character(body)


def ean_13(number: int) -> str:
    body = f"981{number:09d}"
    total = sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(body))
    return body + str(-total % 10)


def payload(symbology: Symbology, number: int) -> str:
    match symbology:
        case Symbology.CODE_128:
            return code(number)
        case Symbology.EAN_13:
            return ean_13(number)
        case Symbology.QR:
            return f"https://coupons.example/255/{GCN}{number:012d}"
    return f"(255){GCN}{number:012d}"


def offers(symbology: Symbology) -> tuple[OfferFace, ...]:
    return tuple(dataclasses.replace(offer, symbology=symbology) for offer in OFFERS[:12])


def sheet(
    sequence: int = 1,
    chosen: Sequence[int] = range(8),
    symbology: Symbology = Symbology.CODE_128,
    **changes: object,
) -> SheetFace:
    coupons = []
    for place, offer in enumerate(chosen):
        said = payload(symbology, sequence * 100 + place)
        coupons.append(
            CouponFace(
                offer,
                text_of(symbology, said),
                said,
                list(Tag)[place % 3],
                f"You buy this about every {place + 3} days.",
            )
        )
    plain = SheetFace(
        sequence=sequence,
        address=("Familie Müller", "Bahnhofstraße 195", "50667 Köln"),
        savings="€ 12.40",
        coupons=tuple(coupons),
        headline="Good things you like, for less.",
        explanation="Chosen from what your household enjoys.",
        savings_lines=("Eight coupons.", "Use any of them until 24 December."),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type] # any field of a sheet


def printed(
    *sheets: SheetFace,
    faces: tuple[OfferFace, ...] = OFFERS,
    form: Format | None = None,
    theme: Theme | None = None,
    press: Press | None = None,
    files: Mapping[str, bytes] | None = None,
) -> tuple[bytes, Written]:
    out = io.BytesIO()
    look = Look(theme or Theme(), form or Format(), press or Press(), faces, 1133)
    written = write_sheets(out, look, iter(sheets), files or {})
    return out.getvalue(), written


def read(
    pdf: bytes, form: Format, sheets: Sequence[SheetFace], symbology: Symbology, dpi: int = 300
) -> list[list[str | None]]:
    """Return what the coupons of a file's sheets say, decoded where the layout has them."""
    boxes = coupon_boxes(form)
    asked = [
        Asked(
            index * pages_a_sheet(form) + coupon_page(form),
            boxes[: len(one.coupons)],
            (symbology,) * len(one.coupons),
        )
        for index, one in enumerate(sheets)
    ]
    return read_back(pdf, asked, dpi=dpi)


def promised(sheets: Sequence[SheetFace]) -> list[list[str]]:
    return [[coupon.payload for coupon in one.coupons] for one in sheets]


def words(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text: str = document[page].get_textpage().get_text_range().replace("\r\n", "\n")
    document.close()
    return text
