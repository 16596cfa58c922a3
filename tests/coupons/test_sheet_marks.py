"""Marks for folding, inserting, matching and cutting."""

import re

import pytest

from coupons.sheets import heads, marks, windows
from coupons.sheets.drawing import Inks
from coupons.sheets.faces import Format, Leaf, Page, Press, Symbology, Window
from coupons.sheets.fitting import POINTS_PER_MM
from coupons.sheets.heads import head
from coupons.sheets.layout import coupon_boxes
from coupons.sheets.paint import paint_of
from coupons.sheets.symbols import imb
from coupons.sheets.typefaces import Family
from coupons.sheets.verification import read_match_marks
from tests.coupons.sheets_made import printed, promised, read, sheet

INKS = Inks(Press(), paint_of(Press(), {}))


def test_inserter_marks_count_sheets_modulo_eight_with_parity():
    assert [marks.inserter_bits(number) for number in (1, 2, 3, 7, 8, 9)] == [
        (True, True, True, False, False, True),
        (True, True, False, True, False, True),
        (True, True, True, True, False, False),
        (True, True, True, True, True, True),
        (True, True, False, False, False, False),
        (True, True, True, False, False, True),
    ]
    for number in range(64):
        bits = marks.inserter_bits(number)
        assert sum(bits) % 2 == 0
        assert sum(bit << place for place, bit in enumerate(bits[2:5])) == number % 8


def test_inserter_marks_stand_clear_of_coupons_and_of_the_match_mark():
    drawn = marks.inserter(Format(match_marks=True), INKS, 7)
    bars = re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re", drawn)
    assert len(bars) == 6
    for x, y, width, _ in bars:
        assert (float(x) + float(width)) * 25.4 / 72 < coupon_boxes(Format())[0].x
        assert float(y) * 25.4 / 72 < 297 - 32


@pytest.mark.parametrize("page", Page)
@pytest.mark.parametrize("leaf", [Leaf.BLANK_BACK, Leaf.LETTER])
def test_both_sides_carry_the_match_mark_of_their_sheet(leaf, page):
    form = Format(leaf=leaf, page=page, match_marks=True, bleed_mm=3)
    sheets = [sheet(number, greeting="Dear Ada,", letter=("Text.",)) for number in (6, 7)]
    pdf, _ = printed(*sheets, form=form)

    box = head(form).match_mark
    assert box.width == 6.35
    found = read_match_marks(pdf, range(4), box.grown(12.7, 12.7))
    assert found == ["6/1/1133", "6/2/1133", "7/1/1133", "7/2/1133"]
    assert read(pdf, form, sheets, Symbology.CODE_128) == promised(sheets)


def test_cut_lines_go_round_what_is_there_and_no_edge_twice():
    form = Format()
    one, three, eight = (marks.cuts(form, INKS, count) for count in (1, 3, 8))
    for drawn, edges in ((one, 4), (three, 10), (eight, 22)):
        strokes = re.findall(r"[\d.]+ [\d.]+ m [\d.]+ [\d.]+ l S", drawn.partition("Q ")[0])
        assert len(strokes) == len(set(strokes)) == edges


def test_folds_are_marked_where_the_envelope_wants_them():
    def marked(form: Format) -> list[float]:
        drawn = marks.folds(form, INKS)
        heights = re.findall(r"[\d.]+ ([\d.]+) m", drawn)
        page = 297 if form.page is Page.A4 else 279.4
        return [round(page - float(y) * 25.4 / 72, 1) for y in heights]

    assert marked(Format()) == [105, 210]
    assert marked(Format(window=Window.DIN_A)) == [87, 192]
    assert marked(Format(window=Window.US_10, page=Page.LETTER)) == [99, 189.2]
    assert marked(Format(window=Window.C5_DL)) == [105, 148.5, 210]


@pytest.mark.parametrize("page", Page)
def test_an_intelligent_mail_barcode_has_its_room_above_the_address(page):
    form = Format(window=Window.US_10, page=page)
    area = windows.place(form.window, page).address
    assert area.width >= imb.WIDTH_POINTS / POINTS_PER_MM
    assert heads.IMB_HEIGHT >= imb.HEIGHT_POINTS / POINTS_PER_MM + windows.CLEAR_ENDS_MM
    plain, marked = (
        heads.set_address(head(form), Family.of(), ("Ada", "1 Long Lane"), has_imb=has_imb)
        for has_imb in (False, True)
    )
    assert marked.baseline - plain.baseline == pytest.approx(heads.IMB_HEIGHT)


def test_words_on_a_light_brand_colour_are_dark():
    assert [INKS.on(colour) for colour in ("#0f6b3e", "#c8102e", "#143c8c")] == [INKS.white] * 3
    assert [INKS.on(colour) for colour in ("#ffd200", "#ffffff", "#8fd16a")] == [INKS.ink] * 3
