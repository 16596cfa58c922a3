"""Room on a sheet: coupons touch and never overlap, bars stay clear, so do windows."""

import dataclasses
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.sheets import heads, windows
from coupons.sheets.boxes import Box, paper
from coupons.sheets.coupon_plan import PlanError
from coupons.sheets.faces import LAYOUTS, Format, Leaf, Page, Symbology, Window
from coupons.sheets.fitting import POINTS_PER_MM, width_mm
from coupons.sheets.layout import (
    check_address,
    check_offer,
    coupon_boxes,
    coupon_page,
    pages_a_sheet,
    plan_for,
)
from coupons.sheets.symbols.symbol import Extent, extent
from coupons.sheets.typefaces import Family
from tests.coupons.sheets_made import COFFEE, payload

FAMILY = Family.of()
FORMATS = [
    Format(page=page, window=window, leaf=leaf, places=places)
    for page, window, leaf, places in itertools.product(
        Page, Window, (Leaf.ONE, Leaf.LETTER), LAYOUTS
    )
]
formats = st.sampled_from(FORMATS)
extents = st.one_of(
    st.builds(Extent, st.integers(60, 250), st.just(0), *[st.just(10)] * 2, *[st.just(0)] * 2),
    st.builds(Extent, st.integers(100, 210), st.integers(30, 110), *[st.just(1)] * 4),
    st.integers(16, 60).map(lambda side: Extent(side, side, 4, 4, 4, 4)),
)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_coupons_touch_but_never_overlap_and_stay_on_the_page(form):
    boxes = coupon_boxes(form)
    assert len(boxes) == form.places
    page = paper(form.page)
    for box in boxes:
        assert box.x >= 5
        assert box.y >= heads.grid_top(form)
        assert box.right <= page.width - 5
        assert box.bottom <= page.height - 12 + 1e-6
    for one, other in itertools.combinations(boxes, 2):
        assert not one.grown(-1e-6, -1e-6).overlaps(other)
    across = 3 if form.places == 12 else 2
    assert boxes[0].right == pytest.approx(boxes[1].x)  # one cut serves two
    assert boxes[0].bottom == pytest.approx(boxes[across].y)


def test_fewer_coupons_are_larger():
    sizes = [coupon_boxes(Format(places=places))[0] for places in LAYOUTS]
    areas = [box.width * box.height for box in sizes]
    assert areas == sorted(areas, reverse=True)
    code = extent(Symbology.CODE_128, "0" * 13)
    plans = [plan_for(Format(places=places), code) for places in (4, 6, 8, 10)]
    assert [plan.tile.width for plan in plans] == sorted(
        (plan.tile.width for plan in plans), reverse=True
    )
    assert [plan.value_size for plan in plans] == sorted(
        (plan.value_size for plan in plans), reverse=True
    )


def test_eight_coupons_on_a4_are_as_drawn():
    first, second, below, *_ = coupon_boxes(Format())
    assert (first.x, second.x, first.width) == (10, 105, 95)
    assert 42 <= first.height <= 43
    assert below.y == pytest.approx(first.bottom)


def test_a_letter_sends_its_coupons_to_the_back():
    assert [coupon_page(Format(leaf=leaf)) for leaf in Leaf] == [0, 0, 1]
    assert [pages_a_sheet(Format(leaf=leaf)) for leaf in Leaf] == [1, 2, 2]
    front, back = (coupon_boxes(Format(leaf=leaf))[0] for leaf in (Leaf.ONE, Leaf.LETTER))
    assert back.height > 1.4 * front.height


@settings(max_examples=400, deadline=None)
@given(formats, extents, st.integers(3, 14))
def test_whatever_a_plan_allows_keeps_its_quiet_zones(form, size, dots):
    form = dataclasses.replace(form, dots_a_module=dots)
    try:
        plan = plan_for(form, size)
    except PlanError:
        return
    quiet, module = plan.quiet_zone, plan.symbol.module
    assert module / (25.4 / 600) == pytest.approx(round(module / (25.4 / 600)))
    assert module >= form.module_mm - 1e-9
    assert plan.bars.x - quiet.x == pytest.approx(size.left * module)
    assert quiet.right - plan.bars.right == pytest.approx(size.right * module)
    assert plan.bars.height >= (5 if not size.height else size.height * module - 1e-9)
    assert plan.cell.holds(quiet)
    assert plan.cell.holds(plan.tile)
    assert plan.cell.holds(plan.aside.box)
    for box in (plan.tile, plan.aside.box):
        assert not quiet.overlaps(box)
    assert not plan.tile.overlaps(plan.aside.box)
    assert plan.code_baseline < plan.cell.height - 1
    if not plan.symbol.is_square:
        assert plan.code_baseline >= plan.bars.bottom + 1.7


@pytest.mark.parametrize("symbology", Symbology)
@pytest.mark.parametrize("places", LAYOUTS)
def test_every_barcode_has_room_on_a4_or_is_refused_with_what_would_help(places, symbology):
    offer = dataclasses.replace(COFFEE, symbology=symbology)
    form = Format(places=places)
    faults = check_offer(form, FAMILY, offer, payload(symbology, 7))
    if places == 12 and symbology is Symbology.DATABAR:
        assert faults == [
            "Dark roast coffee beans: a barcode of 50.8 x 18.0 mm leaves no room for words in a "
            "coupon of 63.3 x 42.5 mm. What would help: at most 10 coupons a sheet, or 4 dots a "
            "module instead of 6, or a GS1 DataMatrix"
        ]
    else:
        assert faults == []


def test_an_offer_whose_bars_are_too_wide_is_named_with_the_dots_that_would_do():
    faults = check_offer(Format(dots_a_module=14), FAMILY, COFFEE, "0" * 13)
    assert len(faults) == 1
    assert faults[0].startswith("Dark roast coffee beans: a barcode of 105.5 x")
    assert "leaves a coupon of 95.0 x 42.5 mm" in faults[0]
    assert "11 dots a module instead of 14" in faults[0]


def test_a_payload_its_symbology_cannot_carry_is_a_fault_of_the_offer():
    offer = dataclasses.replace(COFFEE, symbology=Symbology.EAN_13)
    (fault,) = check_offer(Format(), FAMILY, offer, "12")
    assert fault.startswith("Dark roast coffee beans: ")


def test_words_that_would_be_cut_are_said_before_a_run():
    long = dataclasses.replace(
        COFFEE,
        value="Buy two of these and get the third one free of charge",
        terms=("A condition that goes on. " * 20,),
    )
    faults = check_offer(Format(), FAMILY, long, "0" * 13)
    assert [fault.split(",")[0] for fault in faults] == [
        "Dark roast coffee beans: value",
        "Dark roast coffee beans: terms",
    ]
    assert "fewer coupons a sheet" in faults[0]


def test_an_offer_that_says_nothing_is_no_offer():
    empty = dataclasses.replace(COFFEE, value=" ", product="")
    faults = check_offer(Format(), FAMILY, empty, "0" * 13)
    assert len(faults) == 2


def test_an_ean_is_as_large_as_tills_want_it():
    plan = plan_for(Format(), extent(Symbology.EAN_13, payload(Symbology.EAN_13, 1)))
    assert plan.symbol.module >= 0.264


# Windows and addresses.


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("page", Page)
def test_an_address_is_clear_in_its_window_wherever_the_paper_slides(window, page):
    place = windows.place(window, page)
    form = Format(window=window, page=page)
    area = heads.head(form).address

    assert place.always.width >= 75
    assert place.always.height >= 22
    assert place.seen.holds(place.always)
    assert place.address.holds(area)
    assert area.x - place.always.x >= 3.175
    assert place.always.right - area.right >= 3.175
    assert area.y - place.always.y >= 0.711
    assert place.always.bottom - area.bottom >= 0.711
    assert [fold for fold in place.folds if 50 < fold < paper(page).height - 50]


@pytest.mark.parametrize("window", Window)
@pytest.mark.parametrize("page", Page)
def test_nothing_of_the_head_is_seen_through_the_window_or_covered(window, page):
    form = Format(window=window, page=page, match_marks=True)
    head, place = heads.head(form), windows.place(window, page)
    parts = [head.panel, head.link.grown(1.5, 1.5), head.caption, head.match_mark]
    logo = Box(head.right - 62, head.tagline_baseline - 18, 62, 18)
    for part in parts:
        assert not part.overlaps(place.always)
    for one, other in itertools.combinations((*parts, logo), 2):
        assert not one.overlaps(other)
    white = head.match_mark.grown(heads.MATCH_CLEAR, heads.MATCH_CLEAR)
    for part in (head.panel, head.link, head.caption, logo, head.address):
        assert not white.overlaps(part)
    assert head.headline_baseline > place.always.bottom + 4
    assert head.end > head.explanation_baseline + 3


def test_din_and_number_ten_windows_are_where_their_standards_have_them():
    din_b, us = windows.place(Window.DIN_B, Page.A4), windows.place(Window.US_10, Page.LETTER)
    assert din_b.always.x == 20
    assert din_b.seen.y == 45
    assert din_b.always.bottom == 90
    assert din_b.folds == (105.0, 210.0)
    assert windows.place(Window.DIN_A, Page.A4).folds == (87.0, 192.0)
    assert us.always.bottom == pytest.approx(us.folds[0] - 12.7)
    assert us.always.x == pytest.approx(22.2)


lines = st.lists(
    st.text(st.characters(max_codepoint=0x2FF, categories=["L", "N", "Zs"]), max_size=80),
    max_size=9,
).map(tuple)


@settings(deadline=None)
@given(formats, lines, st.booleans())
def test_an_address_stays_in_its_window_and_loses_nothing_or_is_refused(form, wanted, has_imb):
    head = heads.head(form)
    try:
        address = heads.set_address(head, FAMILY, wanted, has_imb=has_imb)
    except ValueError:
        return
    area = head.address
    assert address.size >= 8
    last = address.baseline + (len(address.lines) - 1) * address.leading / POINTS_PER_MM
    assert address.baseline - 0.74 * address.size / POINTS_PER_MM >= area.y - 1e-6
    assert last + 0.22 * address.size / POINTS_PER_MM <= area.bottom + 1e-6
    for line in address.lines:
        assert width_mm(line, FAMILY.regular, address.size) <= area.width + 1e-6
    said = "".join("".join(address.lines).replace("-", "").split())
    assert len(said) >= sum(len("".join(line.replace("-", "").split())) for line in wanted) * 0.9


@pytest.mark.parametrize("window", Window)
def test_seven_lines_fit_every_window(window):
    form = Format(window=window, page=Page.LETTER if window is Window.US_10 else Page.A4)
    seven = ("Ada Example", "c/o Grace", "House 7", "Stairs B", "1 Long Lane", "00101 X", "LAND")
    assert check_address(form, FAMILY, seven) == ""
    assert heads.set_address(heads.head(form), FAMILY, seven).lines == seven


def test_an_address_without_room_is_refused_in_words():
    assert check_address(Format(), FAMILY, ("x" * 300,) * 3) == (
        "an address of 3 lines, the longest of 300 letters, does not fit 72 x 33 mm at 8 points"
    )
    assert check_address(Format(), FAMILY, ("", " ")) == "there is no address"
