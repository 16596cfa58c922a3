"""Printed sheets: paper reads back, a fault leaves out one sheet, reprints are the same."""

import dataclasses
import hashlib
import io

import pikepdf
import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from PIL import Image

from coupons.sheets import photos
from coupons.sheets.codes import grouped
from coupons.sheets.document import LeftOut, Written, write_sheets
from coupons.sheets.faces import (
    LAYOUTS,
    Colour,
    Format,
    Leaf,
    Look,
    Page,
    Press,
    Symbology,
    Theme,
    Window,
)
from coupons.sheets.heads import head
from coupons.sheets.layout import coupon_boxes
from coupons.sheets.verification import Asked, read_back
from tests.coupons.exchanged import broken_rules
from tests.coupons.sheets_made import (
    COFFEE,
    OFFERS,
    code,
    offers,
    printed,
    promised,
    read,
    sheet,
    words,
)
from tests.icc import cmyk_profile


def picture(width: int = 300, height: int = 200) -> tuple[str, bytes]:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    prepared = photos.prepare(out.getvalue())
    return prepared.sha256, prepared.content


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("places", LAYOUTS)
def test_every_coupon_of_every_layout_reads_back(places, page):
    form = Format(places=places, page=page)
    sheets = [sheet(1, range(places)), sheet(2, range(places - 3))]
    pdf, _ = printed(*sheets, form=form)

    assert read(pdf, form, sheets, Symbology.CODE_128) == promised(sheets)


def test_code_128_reads_at_the_resolution_of_a_label_printer():
    sheets = [sheet(number) for number in range(1, 5)]
    pdf, _ = printed(*sheets)
    assert read(pdf, Format(), sheets, Symbology.CODE_128, dpi=203) == promised(sheets)


@pytest.mark.parametrize("symbology", Symbology)
def test_every_kind_of_barcode_reads_back(symbology):
    form = Format(places=6, bar_reduction_dots=1)
    sheets = [sheet(1, range(6), symbology)]
    pdf, written = printed(*sheets, faces=offers(symbology), form=form)

    assert written.left_out == ()
    assert read(pdf, form, sheets, symbology) == promised(sheets)


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("page", Page)
def test_every_window_has_all_that_belongs_on_a_sheet(window, page):
    form = Format(
        window=window,
        page=page,
        inserter_marks=True,
        match_marks=True,
        recycling_mark=True,
    )
    one = sheet(
        greeting="Dear Ada Example,",
        link="https://coupons.example/s/1:abc/",
        how_chosen="These prices were set by an algorithm.",
        imb="0123456709498765432101234567891",
    )
    pdf, _ = printed(one, form=form)
    text = words(pdf)

    for line in (
        *one.address,
        one.greeting,
        one.headline,
        one.explanation,
        one.savings,
        one.how_chosen,
        "Sheet 000001 / 1\u00a0133",
        "Greenfield Markets",
        "TRY SOMETHING NEW",
    ):
        assert line in text
    assert read(pdf, form, [one], Symbology.CODE_128) == promised([one])
    link = head(form).link.grown(2, 2)
    assert read_back(pdf, [Asked(0, (link,), (Symbology.QR,))]) == [[one.link]]


def test_a_letter_stands_in_front_and_its_coupons_behind_it():
    form = Format(leaf=Leaf.LETTER, places=12)
    sheets = [
        sheet(number, range(12), greeting="Dear Ada,", letter=("One paragraph.", "Yours\nShop"))
        for number in (1, 2)
    ]
    pdf, written = printed(*sheets, form=form)

    assert (written.sheets, written.pages) == (2, 4)
    front, back = words(pdf, 2), words(pdf, 3)
    assert "Dear Ada," in front
    assert "One paragraph." in front
    assert "Yours\nShop" in front
    assert "Offer 3" not in front
    assert "Offer 3" in back
    assert "Sheet 000002" in front
    assert "Sheet 000002" in back
    assert read(pdf, form, sheets, Symbology.CODE_128) == promised(sheets)


OPERANDS = {
    "j": 1, "J": 1, "w": 1, "d": 2, "q": 0, "Q": 0, "cm": 6, "m": 2, "l": 2, "c": 6,
    "h": 0, "re": 4, "S": 0, "f": 0, "W": 0, "n": 0, "g": 1, "G": 1, "rg": 3, "RG": 3, "Do": 1,
    "BT": 0, "ET": 0, "Tc": 1, "TL": 1, "Tf": 2, "Td": 2, "Tm": 6, "T*": 0, "Tj": 1, "TJ": 1,
    "BDC": 2, "EMC": 0, "k": 4, "K": 4,
}  # fmt: skip


@pytest.mark.parametrize("leaf", Leaf)
def test_every_operator_is_one_of_pdf_and_has_its_operands(leaf):
    form = Format(leaf=leaf, inserter_marks=True, match_marks=True, recycling_mark=True, places=12)
    one = sheet(
        1,
        range(9),
        greeting="Dear Ada, \\(Example)",
        letter=("One paragraph. " * 30, "Yours\nShop"),
        link="https://coupons.example/s/1:abc/",
        how_chosen="By an algorithm.",
        imb="0123456709498765432101234567891",
    )
    pdf, _ = printed(one, form=form)
    with pikepdf.open(io.BytesIO(pdf)) as file:
        drawn = [*file.pages, *(one for one in file.objects if _is_form(one))]
        for stream in drawn:
            depth = 0
            for instruction in pikepdf.parse_content_stream(stream):
                operator = str(instruction.operator)
                assert OPERANDS[operator] == len(instruction.operands)
                depth += {"q": 1, "Q": -1, "BT": 1, "ET": -1}.get(operator, 0)
                assert depth >= 0
            assert depth == 0
    assert "Dear Ada, \\(Example)" in words(pdf)


def _is_form(one: object) -> bool:
    return isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Form"


def test_a_letter_of_more_than_a_page_is_refused_and_never_cut():
    long = ("We would like to tell you everything. " * 40,) * 4
    with pytest.raises(ValueError, match="more than a page at 9 points"):
        printed(sheet(letter=long), form=Format(leaf=Leaf.LETTER))


def test_a_blank_back_is_a_page_of_its_own():
    pdf, written = printed(sheet(1), sheet(2), form=Format(leaf=Leaf.BLANK_BACK))
    assert written.pages == len(pypdfium2.PdfDocument(pdf)) == 4
    assert words(pdf, 1) == ""
    assert "Sheet 000002" in words(pdf, 2)


def test_a_reprint_is_the_same_to_the_byte():
    sheets = [sheet(number, range(number, number + 8)) for number in range(1, 20)]
    first, written = printed(*sheets)
    again, _ = printed(*sheets)

    assert first == again
    assert written == Written(19, 19, len(first), hashlib.sha256(first).hexdigest(), 1, 19)


def test_one_households_fault_leaves_out_one_sheet_and_says_why():
    faults = {
        2: sheet(2, [999]),
        3: sheet(3, address=("a" * 600,)),
        4: sheet(4, []),
        5: sheet(5, range(9)),
        6: sheet(6, address=()),
        7: sheet(7, [0]),
        8: sheet(8, [0]),
        9: sheet(9, imb="12"),
        10: sheet(10, link="https://coupons.example/" + "x" * 400),
    }
    wrong = dataclasses.replace(faults[7].coupons[0], payload="9" * 40, code="9" * 40)
    faults[7] = dataclasses.replace(faults[7], coupons=(wrong,))
    wrong = dataclasses.replace(faults[8].coupons[0], code="豆")
    faults[8] = dataclasses.replace(faults[8], coupons=(wrong,))
    pdf, written = printed(sheet(1), *faults.values(), sheet(11))

    assert (written.sheets, written.first, written.last) == (2, 1, 11)
    assert [left.sequence for left in written.left_out] == list(faults)
    reasons = {left.sequence: left.why for left in written.left_out}
    assert reasons[2] == f"offer 999 is not among the {len(OFFERS)} that the run has"
    assert "does not fit" in reasons[3]
    assert reasons[4] == "0 coupons where a sheet has 1 to 8"
    assert reasons[5] == "9 coupons where a sheet has 1 to 8"
    assert reasons[6] == "there is no address"
    assert "leaves a coupon of 95.0 x 42.5 mm" in reasons[7]
    assert reasons[8] == "'豆' is no code that can be printed under a barcode"
    assert "12" in reasons[9]
    assert reasons[10] == "a link of 424 letters is too long for a code of 16 mm"
    assert len(pypdfium2.PdfDocument(pdf)) == 2
    assert "Sheet 000011" in words(pdf, 1)


def test_a_run_of_which_nothing_can_be_printed_is_refused():
    with pytest.raises(ValueError, match="no sheets to write"):
        printed()
    with pytest.raises(ValueError, match="no sheets to write: sheet 7: offer 999"):
        printed(sheet(7, [999]))


@pytest.mark.parametrize(
    ("theme", "faces"),
    [
        (Theme(logo="f" * 64), OFFERS),
        (Theme(fonts={"bold": "f" * 64}), OFFERS),
        (Theme(), (dataclasses.replace(COFFEE, photo="f" * 64), *OFFERS)),
    ],
)
def test_a_look_that_names_a_file_nobody_gave_is_refused(theme, faces):
    with pytest.raises(ValueError, match=r"f{64} is not among the files"):
        printed(sheet(), theme=theme, faces=faces)


def test_a_picture_that_cannot_be_read_is_refused_before_any_sheet():
    broken = (dataclasses.replace(COFFEE, photo="b" * 64),)
    with pytest.raises(ValueError, match=r"b{64} cannot be read"):
        printed(sheet(1, [0]), faces=broken, files={"b" * 64: b"no picture"})


def test_a_picture_and_a_logo_are_in_the_file_once():
    sha256, content = picture()
    faces = tuple(dataclasses.replace(offer, photo=sha256) for offer in OFFERS)
    sheets = [sheet(number, range(number, number + 8)) for number in range(1, 9)]
    pdf, _ = printed(*sheets, faces=faces, theme=Theme(logo=sha256), files={sha256: content})

    with pikepdf.open(io.BytesIO(pdf)) as file:
        images = [one for one in file.objects if _is_image(one)]
        assert 1 <= len(images) <= 2  # one for coupons, one as large as the logo
    assert Theme().tagline not in words(pdf)
    assert read(pdf, Format(), sheets, Symbology.CODE_128) == promised(sheets)


def _is_image(one: object) -> bool:
    return isinstance(one, pikepdf.Stream) and one.get("/Subtype") == "/Image"


def test_an_offer_without_a_picture_shows_a_basket():
    bare = (dataclasses.replace(COFFEE, picture=""), dataclasses.replace(COFFEE, picture="moon"))
    _, written = printed(sheet(1, [0, 1]), faces=bare)
    assert written.left_out == ()


def test_a_file_for_a_press_keeps_its_rules():
    profile = cmyk_profile()
    sha256, content = picture()
    files = {"p": profile, sha256: content}
    faces = (dataclasses.replace(COFFEE, photo=sha256), *OFFERS)
    form = Format(bleed_mm=3, leaf=Leaf.LETTER, match_marks=True, recycling_mark=True)
    sheets = [sheet(number, range(8), letter=("Text.",)) for number in range(1, 4)]
    pdf, written = printed(
        *sheets,
        faces=faces,
        form=form,
        theme=Theme(logo=sha256),
        press=Press(Colour.CMYK, "p", "FOGRA39"),
        files=files,
    )

    assert written.left_out == ()
    with pikepdf.open(io.BytesIO(pdf)) as file:
        assert broken_rules(file) == []
        for page in file.pages:
            width = float(page.mediabox[2]) - float(page.mediabox[0])
            assert width == pytest.approx((210 + 6) * 72 / 25.4, abs=0.01)
            bleed = float(page.trimbox[0]) - float(page.mediabox[0])
            assert bleed == pytest.approx(3 * 72 / 25.4, abs=0.01)
    assert read(pdf, form, sheets, Symbology.CODE_128) == promised(sheets)


def test_names_from_all_over_europe_can_be_read_and_searched():
    address = ("Familie Żaneta Müller-Østergård", "Łódź ß € ő", "Ελευθερίου 12", "ул. Большая 7")
    pdf, _ = printed(sheet(address=address, headline="Größer, süßer — öfter."))
    text = words(pdf)

    for line in (*address, "Größer, süßer — öfter.", "Sheet 000001 / 1\u00a0133"):
        assert line in text
    assert grouped(code(100)) in text


def test_a_german_sheet_says_everything_in_german():
    pdf, _ = printed(sheet(language="de", link="https://coupons.example/s/1:abc/"))
    text = words(pdf)
    assert "Blatt 000001" in text
    assert "Sheet" not in text
    assert "YOU BUY THIS" not in text


def test_two_languages_in_one_file_do_not_mix():
    pdf, _ = printed(sheet(1), sheet(2, language="de"), sheet(3))
    assert words(pdf, 0).count("YOU BUY THIS") == words(pdf, 2).count("YOU BUY THIS") == 3
    assert "YOU BUY THIS" not in words(pdf, 1)


def test_a_reason_in_russian_is_set_upright_because_the_italic_has_no_cyrillic():
    one = sheet()
    coupon = dataclasses.replace(one.coupons[0], reason="Каждые 4 дня")
    pdf, _ = printed(dataclasses.replace(one, coupons=(coupon,)))
    assert "Каждые 4 дня" in words(pdf)


def test_more_letters_than_one_font_holds_still_come_out_right():
    greek_and_cyrillic = [chr(first) for first in (*range(0x391, 0x3A2), *range(0x410, 0x450))]
    latin = [chr(first) for first in range(0xC0, 0x17F) if chr(first) != "ŉ"]
    letters = "".join(latin + greek_and_cyrillic)
    address = tuple(letters[start : start + 30] for start in range(0, len(letters), 30))
    pdf, _ = printed(sheet(address=address[:6]), sheet(2, address=address[6:]))

    read_again = words(pdf, 0) + words(pdf, 1)
    assert all(line in read_again for line in address)


def test_a_file_holds_only_the_offers_its_sheets_use():
    pdf, _ = printed(sheet(1, [3, 4]), sheet(2, [4, 5]))
    with pikepdf.open(io.BytesIO(pdf)) as file:
        forms = file.pages[0].resources.XObject
        assert len([name for name in forms if name in {"/O0", "/O1", "/O2", "/O3"}]) == 3
    used = words(pdf, 0) + words(pdf, 1)
    assert "Offer 5" in used
    assert "Offer 6" not in used


def test_a_long_run_is_a_tree_of_pages_that_opens():
    sheets = (sheet(number, [number % 5]) for number in range(1, 301))
    out = io.BytesIO()
    written = write_sheets(out, Look(Theme(), Format(), Press(), OFFERS, 300), sheets, {})

    assert (written.sheets, written.first, written.last) == (300, 1, 300)
    assert written.left_out == ()
    assert len(pypdfium2.PdfDocument(out.getvalue())) == 300
    last = sheet(300, [0])
    asked = [Asked(299, coupon_boxes(Format())[:1], (Symbology.CODE_128,))]
    assert read_back(out.getvalue(), asked) == promised([last])


def test_every_picture_can_be_drawn():
    pages = [range(len(OFFERS))[start : start + 8] for start in range(0, len(OFFERS), 8)]
    pdf, written = printed(*(sheet(number, page) for number, page in enumerate(pages, 1)))
    assert written.left_out == ()
    assert len(pypdfium2.PdfDocument(pdf)) == len(pages)


def test_bars_are_pure_black_on_white():
    pdf, _ = printed(sheet())
    page = pypdfium2.PdfDocument(pdf)[0]
    bars = page.render(scale=600 / 72).to_pil().crop((320, 3250, 1360, 3380))
    colours = bars.getcolors(1 << 20)
    grey = sum(count for count, colour in colours if len(set(colour[:3])) == 1)
    assert grey == bars.width * bars.height
    assert {(0, 0, 0), (255, 255, 255)} <= {colour[:3] for _, colour in colours}


def test_left_out_sheets_are_said_in_their_order():
    _, written = printed(sheet(5, [999]), sheet(6), sheet(7, []))
    assert written.left_out == (
        LeftOut(5, f"offer 999 is not among the {len(OFFERS)} that the run has"),
        LeftOut(7, "0 coupons where a sheet has 1 to 8"),
    )
