"""Reading sheets back: every coupon by where it stands and by what its barcode should be."""

import io
import random

import pytest
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped] # ships no types

from coupons.sheets.codes import ALPHABET, check_character
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer
from coupons.sheets.symbols.symbol import drawn, extent, match_mark
from coupons.sheets.verification import Asked, read_back, read_match_marks

MM = 72 / 25.4
DOTS_PER_INCH = 600
MODULE = 6 / DOTS_PER_INCH * 72  # points
BARS = 9 * MM
PAGE_HEIGHT = 297.0


class Box:
    """Where a coupon stands, mm from the top left corner."""

    def __init__(self, place: int) -> None:
        self.x, self.y = 10 + place % 2 * 95.0, 107 + place // 2 * 43.0
        self.width, self.height = 95.0, 43.0


BOXES = tuple(map(Box, range(8)))


def payloads(symbology: Symbology, how_many: int) -> list[str]:
    draws = random.Random(f"coupons as {symbology}")
    found = []
    for number in range(how_many):
        serial = f"{draws.randrange(10**12):012}"
        offer = f"{draws.randrange(10**6):06}"
        gcn = gs1.gcn("950110153", offer[:3])
        if symbology is Symbology.CODE_128:
            body = "".join(draws.choices(ALPHABET, k=12))
            found.append(body + check_character(body))
        elif symbology is Symbology.EAN_13:
            found.append(gs1.ean13("9821234", offer[:2], draws.randrange(1000)))
        elif symbology is Symbology.QR:
            found.append(gs1.digital_link("https://id.grocer.example/c", gcn, serial))
        elif number % 3 == 0:
            found.append(gs1.ai_255(gcn, serial))
        elif number % 3 == 1:
            found.append(gs1.ai_8112(PositiveOffer("0614141", offer, serial)))
        else:
            found.append(gs1.ai_8110(NorthAmerican("614141", offer, 150, serial=serial)))
    return found


def printed(pages: list[list[tuple[Symbology, str]]], bleed_mm: float = 0) -> bytes:
    """A PDF with a page for each list, its coupons set as on a sheet, with text around them."""
    out = io.BytesIO()
    size = ((210 + 2 * bleed_mm) * MM, (PAGE_HEIGHT + 2 * bleed_mm) * MM)
    canvas = Canvas(out, pagesize=size)
    for page in pages:
        edge = bleed_mm * MM
        canvas.setTrimBox((edge, edge, size[0] - edge, size[1] - edge))
        canvas.translate(edge, edge)
        for box, (symbology, payload) in zip(BOXES, page, strict=False):
            room = extent(symbology, payload)
            unit = MODULE if room.height else BARS
            x = (box.x + 3.2) * MM + room.left * MODULE
            y = (PAGE_HEIGHT - box.y - 6) * MM - (room.height or 1) * unit
            canvas.saveState()
            canvas.transform(MODULE, 0, 0, unit, x, y)
            canvas._code.append(f"{drawn(symbology, payload)}f")
            canvas.restoreState()
            canvas.setFont("Helvetica", 7)
            canvas.drawString(x, y - 9, payload)
            canvas.rect(
                box.x * MM, (PAGE_HEIGHT - box.y - box.height) * MM, box.width * MM, box.height * MM
            )
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize("symbology", Symbology)
def test_twenty_coupons_of_every_symbology_read_back(symbology):
    wanted = payloads(symbology, 20)
    pages = [[(symbology, payload) for payload in wanted[at : at + 8]] for at in (0, 8, 16)]
    asked = [
        Asked(number, BOXES[: len(page)], (symbology,) * len(page))
        for number, page in enumerate(pages)
    ]

    found = read_back(printed(pages), asked, 203 if symbology is Symbology.CODE_128 else 300)

    assert [text for page in found for text in page] == wanted


@pytest.mark.parametrize("bleed_mm", [0, 3])
def test_symbologies_may_stand_side_by_side_with_bleed_or_without(bleed_mm):
    page = [(symbology, payloads(symbology, 1)[0]) for symbology in Symbology]
    asked = Asked(0, BOXES[: len(page)], tuple(symbology for symbology, _ in page))

    assert read_back(printed([page], bleed_mm), [asked]) == [[payload for _, payload in page]]


def test_only_the_pages_asked_for_are_read_in_the_order_asked_for():
    codes = payloads(Symbology.CODE_128, 3)
    pdf = printed([[(Symbology.CODE_128, code)] for code in codes])
    asked = [Asked(page, BOXES[:1], (Symbology.CODE_128,)) for page in (2, 0)]

    assert read_back(pdf, asked) == [[codes[2]], [codes[0]]]


def test_a_coupon_that_is_missing_or_of_another_symbology_is_none():
    page = [(Symbology.CODE_128, "7Q4MK2XP9TRDA"), (Symbology.EAN_13, "9813765030011")]
    page.append((Symbology.CODE_128, "2559501101530003000000000042"))  # not marked as GS1's
    wanted = (Symbology.GS1_128, Symbology.CODE_128, Symbology.GS1_128, Symbology.QR)

    assert read_back(printed([page]), [Asked(0, BOXES[:4], wanted)]) == [[None] * 4]


def test_a_code_that_our_own_check_refuses_is_none():
    page = [(Symbology.CODE_128, "7Q4MK2XP9TRD0")]
    asked = Asked(0, BOXES[:1], (Symbology.CODE_128,))

    assert read_back(printed([page]), [asked]) == [[None]]


def test_every_box_has_a_symbology():
    with pytest.raises(ValueError, match="8 boxes but 1 symbologies"):
        Asked(0, BOXES, (Symbology.QR,))


def test_match_marks_are_read_where_they_stand():
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(210 * MM, PAGE_HEIGHT * MM))
    for number in (1, 2):
        operators, room = match_mark(f"MAY-26 {number:06}")
        box = BOXES[0]
        canvas.transform(
            *(MODULE, 0, 0, MODULE, (box.x + 5) * MM),
            (PAGE_HEIGHT - box.y - 5) * MM - room.height * MODULE,
        )
        canvas._code.append(f"{operators}f")
        canvas.showPage()
    canvas.showPage()
    canvas.save()

    assert read_match_marks(out.getvalue(), [1, 0], BOXES[0]) == ["MAY-26 000002", "MAY-26 000001"]
