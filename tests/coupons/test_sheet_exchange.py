"""What a print shop reads of a file: which standard it keeps, and which pages are whose."""

import dataclasses
import io

import pikepdf
import pytest

from coupons.sheets.embedding import Fonts
from coupons.sheets.exchange import Exchange, page_boxes
from coupons.sheets.faces import Colour, Format, Leaf, Look, Page, Press, Theme
from coupons.sheets.paint import ProfileError, paint_of
from coupons.sheets.pdf import PdfWriter
from coupons.sheets.typefaces import Family
from tests.coupons.exchanged import broken_rules, said
from tests.icc import cmyk_profile

FILES = {"p": cmyk_profile()}
CMYK = Press(Colour.CMYK, "p", "TEST1", "2026-11-30T09:15:00+01:00")
LOOK = Look(Theme(), Format(bleed_mm=3), CMYK, (), 1000)
TITLE = "Müller & Söhne: sheets 1 to 9 of 1000"


def exchanged(look: Look = LOOK, sheets: int = 9, pages_a_sheet: int = 1) -> bytes:
    """A file of sheets with one line of text each."""
    out = io.BytesIO()
    pdf = PdfWriter(out)
    exchange = Exchange(pdf, look, FILES)
    paint, fonts = paint_of(look.press, FILES), Fonts(Family.of())
    bold = fonts[fonts.family.bold]
    tree, resources = pdf.reserve(), pdf.reserve()
    kids: list[int] = []
    for sequence in range(1, sheets + 1):
        part = exchange.begin()
        for _ in range(pages_a_sheet):
            line = bold.show(f"Sheet {sequence}", 12)
            drawn = f"BT {paint.fill('#0f6b3e')} 1 0 0 1 50 50 Tm {line}ET"
            contents = pdf.write_stream(drawn.encode("latin-1"))
            kids.append(
                pdf.write_small(
                    b"<</Type/Page/Parent %d 0 R/Contents %d 0 R/DPart %d 0 R%b>>"
                    % (tree, contents, part, exchange.boxes)
                )
            )
        exchange.end(kids[-pages_a_sheet], kids[-1], sequence, "50667" if sequence > 1 else "")
    entries = "".join(
        f"/{name} {number} 0 R" for font in fonts.all() for name, number in font.write(pdf)
    )
    pdf.write_small(f"<</Font<<{entries}>>>>".encode(), resources)
    names = b" ".join(b"%d 0 R" % kid for kid in kids)
    pdf.write_small(
        b"<</Type/Pages/Count %d/Resources %d 0 R/Kids[%b]>>" % (len(kids), resources, names), tree
    )
    exchange.close(tree, TITLE)
    return out.getvalue()


def opened(file: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(file))


@pytest.mark.parametrize(("sheets", "pages_a_sheet"), [(1, 1), (9, 2), (256, 1), (600, 1)])
def test_a_file_for_a_press_keeps_the_rules_of_blind_exchange(sheets, pages_a_sheet):
    assert broken_rules(opened(exchanged(LOOK, sheets, pages_a_sheet))) == []


def test_a_file_for_a_press_names_its_printing_condition_and_brings_its_profile():
    pdf = opened(exchanged())

    [intent] = pdf.Root.OutputIntents
    assert intent.OutputConditionIdentifier == "TEST1"
    assert intent.Info == "Test press"
    assert intent.DestOutputProfile.read_bytes() == FILES["p"]


def test_a_profile_that_does_not_say_its_name_goes_by_its_condition():
    out = io.BytesIO()
    pdf = PdfWriter(out)
    exchange = Exchange(pdf, LOOK, {"p": cmyk_profile("")})
    part, tree = exchange.begin(), pdf.reserve()
    page = pdf.write_small(
        b"<</Type/Page/Parent %d 0 R/Resources<<>>/DPart %d 0 R%b>>" % (tree, part, exchange.boxes)
    )
    exchange.end(page, page, 1)
    pdf.write_small(b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page, tree)
    exchange.close(tree, TITLE)

    file = opened(out.getvalue())
    [intent] = file.Root.OutputIntents
    assert intent.Info == "TEST1"


def test_a_file_in_rgb_claims_no_standard_but_says_whose_pages_are_whose():
    pdf = opened(exchanged(dataclasses.replace(LOOK, press=Press())))

    assert "/OutputIntents" not in pdf.Root
    assert not any("GTS" in name for name in (*said(pdf), *map(str, pdf.docinfo)))
    assert pdf.pages[3].DPart.DPM.CIP4_Root.CIP4_Recipient.CIP4_UniqueID == "000004"
    assert broken_rules(pdf) == [
        "it does not say that it is PDF/X-4",
        "it does not say that it is PDF/VT-1",
        "the date of its claim is not that of its last change",
        "it has 0 output intents",
        *["something is painted in RGB"] * 9,
    ]


def test_a_household_is_a_part_with_its_number_and_postcode():
    pdf = opened(exchanged(sheets=3, pages_a_sheet=2))

    [groups] = pdf.Root.DPartRoot.DPartRootNode.DParts
    [[first, second, _]] = groups[0].DParts
    assert second.Start.objgen == pdf.pages[2].obj.objgen
    assert second.End.objgen == pdf.pages[3].obj.objgen
    recipient = second.DPM.CIP4_Root.CIP4_Recipient
    assert recipient.CIP4_UniqueID == "000002"
    assert recipient.CIP4_Contact.CIP4_Address.CIP4_PostalCode == "50667"
    assert "/CIP4_Contact" not in first.DPM.CIP4_Root.CIP4_Recipient


def test_the_dates_in_a_file_are_those_of_the_run_not_the_clocks():
    pdf = opened(exchanged())

    assert said(pdf)["xmp:CreateDate"] == "2026-11-30T08:15:00Z"
    assert pdf.docinfo["/ModDate"] == "D:20261130081500Z"
    assert said(pdf)["dc:title"] == str(pdf.docinfo["/Title"]) == TITLE


def test_the_same_file_has_the_same_name_and_another_file_another():
    assert exchanged() == exchanged()
    first, other = (said(opened(exchanged(sheets=sheets))) for sheets in (9, 8))
    assert first["xmpMM:DocumentID"].startswith("uuid:")
    assert first["xmpMM:DocumentID"] != other["xmpMM:DocumentID"]


def test_paper_is_cut_inside_its_bleed_and_the_cut_corner_is_the_origin():
    assert page_boxes(Format(page=Page.LETTER, bleed_mm=0)) == (
        b"/MediaBox[0 0 612 792]/BleedBox[0 0 612 792]/TrimBox[0 0 612 792]"
    )
    pdf = opened(exchanged())
    page = pdf.pages[0]
    assert [float(edge) for edge in page.mediabox] == [-8.504, -8.504, 603.78, 850.394]
    assert [float(edge) for edge in page.obj.TrimBox] == [0, 0, 595.276, 841.89]


@pytest.mark.parametrize(
    ("leaf", "duplex"), [(Leaf.ONE, "/Simplex"), (Leaf.LETTER, "/DuplexFlipLongEdge")]
)
def test_an_office_printer_is_told_not_to_scale_and_which_side_comes_next(leaf, duplex):
    look = dataclasses.replace(LOOK, press=Press(), format=Format(leaf=leaf))
    pdf = opened(exchanged(look, 2, 2))
    wants = pdf.Root.ViewerPreferences
    assert wants.PrintScaling == "/None"
    assert wants.Duplex == duplex


def test_a_page_and_its_part_take_few_bytes():
    short, long = exchanged(sheets=600), exchanged(sheets=3600)
    pdf = opened(long)
    pages = list(pdf.pages)
    drawn = sum(len(pages[place].Contents.read_raw_bytes()) + 70 for place in range(600, 3600))
    assert (len(long) - len(short) - drawn) / 3000 < 42


def test_a_file_without_households_or_without_its_profile_is_an_error():
    with pytest.raises(ValueError, match="one household at least"):
        exchanged(sheets=0)
    with pytest.raises(ProfileError, match="p is not among"):
        Exchange(PdfWriter(io.BytesIO()), LOOK, {})


def test_a_household_left_out_leaves_no_part_behind():
    out = io.BytesIO()
    pdf = PdfWriter(out)
    exchange = Exchange(pdf, LOOK, FILES)
    tree = pdf.reserve()
    part = exchange.begin()
    assert exchange.begin() == part
    contents = pdf.write_stream(b"n")
    page = pdf.write_small(
        b"<</Type/Page/Parent %d 0 R/Contents %d 0 R/Resources<<>>/DPart %d 0 R%b>>"
        % (tree, contents, part, exchange.boxes)
    )
    exchange.end(page, page, 2)
    exchange.begin()
    pdf.write_small(b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % page, tree)
    exchange.close(tree, TITLE)

    assert broken_rules(opened(out.getvalue())) == []
