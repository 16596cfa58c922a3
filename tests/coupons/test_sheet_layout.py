"""Room on a sheet: words never leave their box, bars keep their quiet zones."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.sheets.fitting import fit, fit_block, settable, width_mm, wrap
from coupons.sheets.layout import (
    COMPACT,
    GRID_TOP,
    LARGEST,
    PAGE,
    STANDARD,
    WINDOW,
    barcode_box,
    coupon_boxes,
    plan_for,
    set_address,
    set_offer,
)
from coupons.sheets.typefaces import Family

family = Family.of()
faces = st.sampled_from(family.faces)
letters = st.characters(max_codepoint=0x2FFF)
texts = st.one_of(
    st.text(letters, max_size=120),
    st.lists(st.text("aeißŻłΩжM.", min_size=1, max_size=30), max_size=20).map(" ".join),
)
plans = st.sampled_from([STANDARD, COMPACT])


@given(texts, faces, st.floats(3, 90))
def test_a_line_never_exceeds_its_box(text, face, width):
    line = fit(text, face, 10, 7, width)
    assert width_mm(line.text, face, line.size) <= width + 1e-9
    assert 7 <= line.size <= 10


@given(texts, faces, st.floats(3, 90), st.integers(1, 4))
def test_a_block_never_exceeds_its_box_nor_its_lines(text, face, width, lines):
    block = fit_block(text, face, 10, 7, width, lines)
    assert len(block.lines) <= lines
    assert all(width_mm(line, face, block.size) <= width + 1e-9 for line in block.lines)


@given(texts, faces, st.floats(10, 90))
def test_breaking_lines_loses_no_letter(text, face, width):
    kept = "".join(wrap(text, face, 9, width)).replace(" ", "").replace("-", "")
    assert kept == settable(text, face).replace(" ", "").replace("-", "")


@settings(max_examples=60)
@given(plans, texts, texts, texts, texts, st.lists(texts, max_size=4).map(tuple))
def test_an_offer_of_any_length_stays_inside_its_coupon(
    plan, value, suffix, product, detail, terms
):
    setting = set_offer(plan, family, value, suffix, product, detail, terms)
    room = plan.text_right - plan.text_left
    aside = plan.text_right - plan.aside_left
    figure = width_mm(setting.value, family.black, setting.value_size)
    assert figure <= room + 1e-9
    if setting.suffix:
        end = width_mm(setting.suffix, family.bold, setting.suffix_size)
        assert setting.suffix_left >= plan.text_left + figure
        assert setting.suffix_left + end <= plan.text_right + 1e-9
    for line in setting.product.lines:
        assert width_mm(line, family.semibold, setting.product.size) <= room + 1e-9
    for line in setting.terms.lines:
        assert width_mm(line, family.regular, setting.terms.size) <= aside + 1e-9
    assert len(setting.product.lines) <= len(setting.product_baselines)
    assert len(setting.terms.lines) <= plan.terms_lines
    column = [
        *setting.product_baselines,
        setting.detail_baseline,
        setting.reason_baseline,
        plan.barcode.y + 1,
    ]
    assert column == sorted(column)
    # The validity stays below the reason, which may run above it.
    assert setting.valid_baseline > setting.reason_baseline + 2.4


def test_a_name_is_cut_after_a_word_and_not_inside_it():
    line = fit("Dark roast coffee beans from Colombia", family.semibold, 10, 9, 40)
    assert line.text == "Dark roast coffee beans…"


def test_a_name_is_set_smaller_before_it_is_cut():
    line = fit("Dark roast coffee beans", family.semibold, 12, 8, 40)
    assert line.text == "Dark roast coffee beans"
    assert 8 <= line.size < 12


def test_letters_no_face_has_lose_their_accent_or_become_a_question_mark():
    assert settable("Ja\u0308ger\tund  So\u0308hne", family.bold) == "Jäger und Söhne"
    assert settable("Wochen\u00admarkt\u200b \r\n", family.bold) == "Wochenmarkt"
    assert settable("豆 beans", family.bold) == "? beans"


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="from 8 down to 9"):
        fit("x", family.bold, 8, 9, 40)


@pytest.mark.parametrize("count", range(1, LARGEST + 1))
def test_coupons_touch_but_never_overlap_and_stay_on_the_page(count):
    boxes = coupon_boxes(count)
    assert len(boxes) == count
    for box in boxes:
        assert box.x >= 5
        assert box.y >= GRID_TOP
        assert box.right <= PAGE.width - 5
        assert box.bottom <= 285
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        bars = barcode_box(count, place)
        assert box.x + 2.54 <= bars.x
        assert bars.right + 2.54 <= box.right
        assert bars.bottom < box.bottom


def test_a_row_of_two_is_cut_in_one():
    first, second, below, *_ = coupon_boxes(8)
    assert first.right == second.x
    assert first.bottom == below.y


@pytest.mark.parametrize("count", [0, -1, LARGEST + 1])
def test_a_sheet_refuses_more_coupons_than_it_holds(count):
    with pytest.raises(ValueError, match=f"not {count}"):
        plan_for(count)


def test_text_in_a_quiet_zone_is_an_error():
    with pytest.raises(ValueError, match="inside the barcode's quiet zone"):
        dataclasses.replace(STANDARD, aside_left=50)


def test_a_barcode_too_near_the_cut_is_an_error():
    bars = dataclasses.replace(STANDARD.barcode, x=2)
    with pytest.raises(ValueError, match="leaves the coupon"):
        dataclasses.replace(STANDARD, barcode=bars)


def test_a_picture_touching_the_bars_is_an_error():
    tile = dataclasses.replace(STANDARD.tile, height=26)
    with pytest.raises(ValueError, match="touches the bars"):
        dataclasses.replace(STANDARD, tile=tile)


@given(st.lists(st.text(letters, max_size=60), max_size=6).map(tuple))
def test_an_address_stays_in_its_window(address):
    setting = set_address(address, family)
    for line in setting.lines:
        assert width_mm(line, family.regular, setting.size) <= WINDOW.width
    last = 55.4 + (len(setting.lines) - 1) * setting.leading * 25.4 / 72
    assert not setting.lines or last < WINDOW.bottom


def test_an_address_is_never_shortened():
    name = "Herrn Professor Dr. Maximilian-Alexander Freiherr von und zu Guttenberg-Schwarzenfels"
    setting = set_address((name, "Hauptstraße 1", "10115 Berlin"), family)
    assert " ".join(setting.lines[:-2]) == name


def test_an_address_too_long_for_the_window_is_an_error_not_a_lost_letter():
    with pytest.raises(ValueError, match="an address of 12 lines does not fit"):
        set_address(("c/o",) * 12, family)
