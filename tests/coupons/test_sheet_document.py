"""Printed sheets: what is on paper reads back, and a reprint is the same paper."""

import dataclasses
import hashlib
import io
from collections.abc import Sequence
from itertools import pairwise

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest

from coupons.sheets import barcodes
from coupons.sheets.codes import check_character, grouped
from coupons.sheets.document import Written, write_sheets
from coupons.sheets.faces import CouponFace, Format, Look, OfferFace, Press, SheetFace, Tag, Theme
from coupons.sheets.pictures import PICTURES
from coupons.sheets.verification import read_back

TERMS = ("Once per household, any Greenfield store.", "Not with other offers on this item.")
VALID = "Valid 30 Nov \u2013 24 Dec 2026"
COFFEE = OfferFace(
    "1.50", "off", "Dark roast coffee beans", "House of Hagen", "coffee", TERMS, VALID
)
OFFERS = tuple(
    dataclasses.replace(COFFEE, product=f"Offer {number}", picture=picture)
    for number, picture in enumerate(PICTURES)
)


def code(number: int) -> str:
    body = f"{number * 7919:012d}"
    return body + check_character(body)


def sheet(sequence: int = 1, offers: Sequence[int] = range(8), **changes: object) -> SheetFace:
    coupons = tuple(
        CouponFace(
            offer,
            grouped(code(sequence * 100 + place)),
            code(sequence * 100 + place),
            list(Tag)[place % 3],
            f"You buy this about every {place + 3} days.",
        )
        for place, offer in enumerate(offers)
    )
    plain = SheetFace(
        sequence=sequence,
        address=("Familie Müller", "Bahnhofstraße 195", "50667 Köln"),
        savings="€ 12.40",
        coupons=coupons,
        headline="Good things you like, for less.",
        explanation="Chosen from what your household enjoys.",
        savings_lines=("Eight coupons.", "Use any of them until 24 December."),
    )
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type] # any field of a sheet


def printed(*sheets: SheetFace, offers: tuple[OfferFace, ...] = OFFERS) -> tuple[bytes, Written]:
    out = io.BytesIO()
    written = write_sheets(out, Look(Theme(), Format(), Press(), offers, 1133), iter(sheets), {})
    return out.getvalue(), written


def words(pdf: bytes, page: int = 0) -> str:
    document = pypdfium2.PdfDocument(pdf)
    text: str = document[page].get_textpage().get_text_range().replace("\r\n", "\n")
    document.close()
    return text


@pytest.mark.parametrize("dpi", [203, 300])
def test_every_coupon_of_every_layout_reads_back(dpi):
    sheets = [sheet(number, range(count)) for number, count in enumerate((8, 10, 6, 4, 9, 1), 1)]
    counts = [len(one.coupons) for one in sheets]
    pdf, _ = printed(*sheets)

    assert read_back(pdf, range(6), counts, dpi) == [
        [coupon.payload for coupon in one.coupons] for one in sheets
    ]


def test_reading_back_takes_any_pages_from_a_file(tmp_path):
    pdf, _ = printed(*(sheet(number) for number in range(1, 5)))
    file = tmp_path / "sheets.pdf"
    file.write_bytes(pdf)

    third, first = read_back(file, [2, 0], [8, 8])
    assert third[0] == code(300)
    assert first[7] == code(107)


def test_what_cannot_be_read_is_none_and_not_a_guess():
    spoiled = sheet(1, range(2))
    bad = "0" * 12 + "1"  # fails our own check
    wrong = dataclasses.replace(spoiled.coupons[1], code=grouped(bad), payload=bad)
    pdf, _ = printed(dataclasses.replace(spoiled, coupons=(spoiled.coupons[0], wrong)))

    # The layout of three looks for a third coupon, where the paper is white.
    assert read_back(pdf, [0], [3]) == [[code(100), None, None]]


def test_pages_and_counts_must_agree():
    pdf, _ = printed(sheet())
    with pytest.raises(ValueError, match="2 pages but 1 counts"):
        read_back(pdf, [0, 0], [8])


def test_a_reprint_is_the_same_to_the_byte():
    sheets = [sheet(number, range(number, number + 8)) for number in range(1, 20)]
    first, written = printed(*sheets)
    again, _ = printed(*sheets)

    assert first == again
    assert written == Written(19, len(first), hashlib.sha256(first).hexdigest(), 1, 19)


def test_names_from_all_over_europe_can_be_read_and_searched():
    address = ("Familie Żaneta Müller-Østergård", "Łódź ß € ő", "Ελευθερίου 12", "ул. Большая 7")
    pdf, _ = printed(sheet(address=address, headline="Größer, süßer — öfter."))
    text = words(pdf)

    for line in (*address, "Größer, süßer — öfter.", "Sheet 000001 / 1\u00a0133"):
        assert line in text
    assert grouped(code(100)) in text


def test_a_reason_in_russian_is_set_upright_because_the_italic_has_no_cyrillic():
    one = sheet()
    coupon = dataclasses.replace(one.coupons[0], reason="Каждые 4 дня")
    pdf, _ = printed(dataclasses.replace(one, coupons=(coupon,)))
    assert "Каждые 4 дня" in words(pdf)


def test_more_letters_than_one_font_holds_still_come_out_right():
    greek_and_cyrillic = [chr(first) for first in (*range(0x391, 0x3A2), *range(0x410, 0x450))]
    latin = [chr(first) for first in range(0xC0, 0x17F) if chr(first) != "ŉ"]
    letters = "".join(latin + greek_and_cyrillic)
    address = tuple(letters[start : start + 40] for start in range(0, len(letters), 40))
    pdf, _ = printed(sheet(address=address[:6]), sheet(2, address=address[6:]))

    read = words(pdf, 0) + words(pdf, 1)
    assert all(line in read for line in address)


def test_a_file_holds_only_the_offers_its_sheets_use():
    pdf, _ = printed(sheet(1, [3, 4]), sheet(2, [4, 5]))
    assert pdf.count(b"/Offer") == 3
    used = words(pdf, 0) + words(pdf, 1)
    assert "Offer 5" in used
    assert "Offer 6" not in used


def test_a_long_run_is_a_tree_of_pages_that_opens():
    sheets = (sheet(number, [number % 5]) for number in range(1, 301))
    out = io.BytesIO()
    written = write_sheets(out, Look(Theme(), Format(), Press(), OFFERS, 300), sheets, {})

    assert (written.sheets, written.first, written.last) == (300, 1, 300)
    assert len(pypdfium2.PdfDocument(out.getvalue())) == 300
    assert code(30000) in read_back(out.getvalue(), [299], [1])[0]


def test_every_picture_can_be_drawn():
    pages = [range(len(OFFERS))[start : start + 8] for start in range(0, len(OFFERS), 8)]
    pdf, _ = printed(*(sheet(number, page) for number, page in enumerate(pages, 1)))
    assert len(pypdfium2.PdfDocument(pdf)) == len(pages)


def test_bars_are_pure_black_on_white():
    pdf, _ = printed(sheet())
    page = pypdfium2.PdfDocument(pdf)[0]
    bars = page.render(scale=600 / 72).to_pil().crop((320, 3250, 1360, 3380))
    colours = bars.getcolors(1 << 20)
    grey = sum(count for count, colour in colours if len(set(colour[:3])) == 1)
    assert grey == bars.width * bars.height
    assert {(0, 0, 0), (255, 255, 255)} <= {colour[:3] for _, colour in colours}


def test_a_run_without_sheets_is_refused():
    with pytest.raises(ValueError, match="no sheets"):
        printed()


def test_an_offer_nobody_made_is_named():
    with pytest.raises(ValueError, match="sheet 7 names offer 999"):
        printed(sheet(7, [999]))


def test_a_picture_nobody_drew_is_named():
    with pytest.raises(ValueError, match="no picture 'unicorn' for 'Dark roast"):
        printed(sheet(1, [1]), offers=(COFFEE, dataclasses.replace(COFFEE, picture="unicorn")))


def test_a_sheet_of_no_coupons_is_refused():
    with pytest.raises(ValueError, match="1 to 10 coupons, not 0"):
        printed(sheet(1, []))


@pytest.mark.parametrize("wrong", ["7Q4M", "7Q4M-K2XP-9TRD-A", "7Q4MK2XP9TR)A", "7Q4MK2XP9TRDÄ"])
def test_a_code_that_would_not_fit_its_bars_is_refused(wrong):
    one = sheet(3, [1])
    coupon = dataclasses.replace(one.coupons[0], code=wrong, payload=wrong)
    with pytest.raises(ValueError, match="is not the 13 letters and digits"):
        printed(dataclasses.replace(one, coupons=(coupon,)))


def test_a_colour_must_be_written_as_one():
    with pytest.raises(ValueError, match="'green' is not a colour"):
        Theme(brand_colour="green")


def test_bars_hold_letters_digits_and_nothing_else():
    assert barcodes.modules("0" * 13) == 178
    assert barcodes.width_mm("0" * 13) == pytest.approx(45.212)
    with pytest.raises(ValueError, match="no 'ä'"):
        barcodes.bars("ä")
    with pytest.raises(ValueError, match="at least one character"):
        barcodes.bars("")


@pytest.mark.parametrize("payload", ["A", "AB", "a1 ~(b)\\C", "7Q4MK2XP9TRDA"])
def test_bars_are_whole_modules_and_end_where_the_symbol_does(payload):
    rectangles = [line.split() for line in barcodes.bars(payload).splitlines()]
    assert all(rectangle[1:] == ["0", rectangle[2], "1", "re"] for rectangle in rectangles)
    edges = [(int(x), int(x) + int(run)) for x, _, run, _, _ in rectangles]
    assert edges[0][0] == 0
    assert edges[-1][1] == barcodes.modules(payload)
    assert all(end < start for (_, end), (start, _) in pairwise(edges))
