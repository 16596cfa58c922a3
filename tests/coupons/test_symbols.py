"""Barcodes: every bar where it should be, and scanners read what was meant."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
import zint
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from coupons.sheets.codes import ALPHABET, check_character, grouped
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import code128, gs1, gs1_128
from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer
from coupons.sheets.symbols.symbol import Extent, drawn, extent, match_mark, text_of

GCN = "9501101530003"
FORMAT = zxingcpp.BarcodeFormat
FORMATS = {
    Symbology.CODE_128: FORMAT.Code128,
    Symbology.EAN_13: FORMAT.EAN13,
    Symbology.GS1_128: FORMAT.Code128,
    Symbology.DATABAR: FORMAT.DataBarExpStk,
    Symbology.DATAMATRIX: FORMAT.DataMatrix,
    Symbology.QR: FORMAT.QRCode,
}
IDENTIFIERS = {  # what a scanner says of a symbology: of GS1 where its rules hold
    Symbology.CODE_128: "]C0",
    Symbology.EAN_13: "]E0",
    Symbology.GS1_128: "]C1",
    Symbology.DATABAR: "]e0",
    Symbology.DATAMATRIX: "]d2",
    Symbology.QR: "]Q1",
}
ELEMENTS = (Symbology.GS1_128, Symbology.DATABAR, Symbology.DATAMATRIX)


def rectangles(operators: str) -> list[tuple[float, ...]]:
    lines = [line.split() for line in operators.splitlines()]
    assert all(len(line) == 5 and line[4] == "re" for line in lines)
    return [tuple(map(float, line[:4])) for line in lines]


def dots(operators: str, size: Extent, dots_a_module: int = 4) -> np.ndarray:
    """Dots as a printer makes them, quiet zones included; bars of any height are 20 high."""
    unit = 1 if size.height else 20
    height = (size.height or 1) * unit
    page = np.full(
        (
            (size.above + height + size.below) * dots_a_module,
            (size.left + size.width + size.right) * dots_a_module,
        ),
        255,
        np.uint8,
    )
    for x, y, width, high in rectangles(operators):
        left, right = (size.left + x) * dots_a_module, (size.left + x + width) * dots_a_module
        top = (size.above + height - (y + high) * unit) * dots_a_module
        bottom = (size.above + height - y * unit) * dots_a_module
        page[round(top) : round(bottom), round(left) : round(right)] = 0
    return page


def scanned(symbology: Symbology, payload: str, reduction: float = 0.0) -> list[tuple[str, str]]:
    image = dots(drawn(symbology, payload, reduction), extent(symbology, payload))
    found = zxingcpp.read_barcodes(
        image,
        formats=zxingcpp.BarcodeFormats([FORMATS[symbology]]),
        text_mode=zxingcpp.TextMode.Plain,
    )
    return [(symbol.symbology_identifier, symbol.text or "") for symbol in found]


def serials() -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=12, max_size=12)


def element_strings() -> st.SearchStrategy[str]:
    codes = st.text("0123456789", min_size=6, max_size=6)
    return (
        serials().map(lambda serial: gs1.ai_255(GCN, serial))
        | st.builds(PositiveOffer, codes, codes, serials()).map(gs1.ai_8112)
        | st.builds(
            NorthAmerican, codes, codes, st.integers(0, 999), serial=serials() | st.just("")
        ).map(gs1.ai_8110)
    )


@settings(max_examples=25)
@given(st.text(ALPHABET, min_size=12, max_size=12), st.sampled_from([0.0, 0.25]))
def test_a_coupons_own_code_is_read_from_its_bars(body, reduction):
    code = body + check_character(body)
    assert scanned(Symbology.CODE_128, code, reduction) == [("]C0", code)]


@pytest.mark.parametrize("symbology", ELEMENTS)
@pytest.mark.parametrize("reduction", [0.0, 0.25])
@settings(max_examples=12)
@given(payload=element_strings())
def test_element_strings_of_gs1_are_read_from_every_symbology(symbology, reduction, payload):
    [(identifier, text)] = scanned(symbology, payload, reduction)

    assert identifier == IDENTIFIERS[symbology]
    assert gs1.bracketed(text) == payload
    coupon = gs1.parse(identifier + text)
    assert coupon is not None
    assert coupon.payload == payload


@settings(max_examples=25)
@given(
    st.sampled_from(["981", "982"]),
    st.text("0123456789", min_size=6, max_size=6),
    st.integers(0, 99),
    st.sampled_from([0.0, 0.25]),
)
def test_ean_coupons_are_read_back(prefix, number, tens, reduction):
    payload = gs1.ean13(prefix + number[:4], number[4:], tens * 10)
    assert scanned(Symbology.EAN_13, payload, reduction) == [("]E0", payload)]


@settings(max_examples=10)
@given(serials(), st.sampled_from([0.0, 0.25]))
def test_a_link_is_read_from_its_qr_code(serial, reduction):
    link = gs1.digital_link("https://id.grocer.example/coupons", GCN, serial)
    assert scanned(Symbology.QR, link, reduction) == [("]Q1", link)]


def test_every_first_digit_of_an_ean_is_told_by_the_sets_of_the_six_after_it():
    for first in "0123456789":
        payload = gs1.ean13(f"{first}12345", "678901")
        assert scanned(Symbology.EAN_13, payload) == [("]E0", payload)]


def test_other_elements_may_stand_beside_the_coupon():
    payload = f"(255){GCN}000000000042(3900)075(17)261231"
    for symbology in ELEMENTS:
        [(_, text)] = scanned(symbology, payload)
        assert gs1.bracketed(text) == payload


def test_issuers_who_print_format_digit_two_get_their_positive_offers():
    payload = gs1.ai_8112(PositiveOffer("0614141", "123456", "000000000042", format_digit=2))
    for symbology in ELEMENTS:
        [(_, text)] = scanned(symbology, payload)
        assert gs1.bracketed(text) == payload


@given(
    st.lists(
        st.sampled_from(["(10)", "(21)", "(240)", "(90)"]).flatmap(
            lambda identifier: st.from_regex(
                r"([0-9]{1,9}|[A-Z/.-]{1,4}){1,2}", fullmatch=True
            ).map(identifier.__add__)
        ),
        min_size=1,
        max_size=2,
    ).map("".join)
)
def test_gs1_128_is_as_short_as_another_implementation_makes_it(payload):
    other = zint.Symbol()
    other.symbology = zint.Symbology.GS1_128
    other.input_mode = zint.InputMode.GS1 | zint.InputMode.GS1PARENS | zint.InputMode.GS1NOCHECK
    other.encode(payload)

    assert gs1_128.width(payload) <= other.width
    [(_, text)] = scanned(Symbology.GS1_128, payload)
    assert gs1.bracketed(text) == payload


def test_digits_of_gs1_128_are_set_in_pairs():
    assert gs1_128.values("(01)09501101530003") == [105, 102, 1, 9, 50, 11, 1, 53, 0, 3, 71]
    assert gs1_128.values("(10)ABC")[:7] == [105, 102, 10, 100, 33, 34, 35]


EXTENTS = {
    Symbology.CODE_128: Extent(178, 0, 10, 10, 0, 0),
    Symbology.EAN_13: Extent(95, 0, 11, 7, 0, 0),
    Symbology.GS1_128: Extent(200, 0, 10, 10, 0, 0),
    Symbology.DATABAR: Extent(200, 71, 1, 1, 1, 1),
    Symbology.DATAMATRIX: Extent(18, 18, 2, 2, 2, 2),
    Symbology.QR: Extent(29, 29, 4, 4, 4, 4),
}
PAYLOADS = {
    Symbology.CODE_128: "7Q4MK2XP9TRDA",
    Symbology.EAN_13: "9813765030011",
    Symbology.GS1_128: f"(255){GCN}000000000042",
    Symbology.DATABAR: f"(255){GCN}000000000042",
    Symbology.DATAMATRIX: f"(255){GCN}000000000042",
    Symbology.QR: f"https://grocer.example/255/{GCN}000000000042",
}


@pytest.mark.parametrize("symbology", Symbology)
def test_a_symbol_fills_the_room_it_says_it_takes(symbology):
    size = extent(symbology, PAYLOADS[symbology])
    found = rectangles(drawn(symbology, PAYLOADS[symbology]))

    assert size == EXTENTS[symbology]
    edge = 1 if symbology is Symbology.DATABAR else 0  # which may begin and end in a space
    assert 0 <= min(x for x, *_ in found) <= edge
    assert 0 <= size.width - max(x + width for x, _, width, _ in found) <= edge
    assert min(y for _, y, *_ in found) == 0
    assert max(y + height for _, y, _, height in found) == (size.height or 1)
    assert all(figure == int(figure) for rectangle in found for figure in rectangle)


@pytest.mark.parametrize("symbology", Symbology)
def test_what_ink_spreads_is_taken_evenly_from_all_sides(symbology):
    size = extent(symbology, PAYLOADS[symbology])
    whole = dots(drawn(symbology, PAYLOADS[symbology]), size, 10)
    reduced = dots(drawn(symbology, PAYLOADS[symbology], 0.2), size, 10)

    dark = whole == 0
    for axis in (0, 1) if symbology in (Symbology.DATAMATRIX, Symbology.QR) else (1,):
        dark = dark & np.roll(dark, 1, axis) & np.roll(dark, -1, axis)
    assert ((reduced == 0) == dark).all()


def test_bars_of_code_128_and_their_spaces_are_one_to_four_modules_wide():
    found = rectangles(drawn(Symbology.CODE_128, "7Q4MK2XP9TRDA"))
    edges = [(x, x + width) for x, _, width, _ in found]
    spaces = [after[0] - before[1] for before, after in pairwise(edges)]

    assert {width for _, _, width, _ in found} | set(spaces) <= {1, 2, 3, 4}
    assert code128.width("7Q4MK2XP9TRDA") == edges[-1][1] == 178


@pytest.mark.parametrize(
    ("symbology", "payload", "said"),
    [
        (Symbology.CODE_128, "", "at least one character"),
        (Symbology.CODE_128, "7Q4Mé", "Code 128 set B has no 'é'"),
        (Symbology.EAN_13, "9813765030012", "ends in 2, not 1"),
        (Symbology.EAN_13, "981376503001", "EAN-13 has 13 digits"),
        (Symbology.GS1_128, "(255)9501101530004", "ends in 4, not 3"),
        (Symbology.GS1_128, "(8110)1061", "is not a coupon of North America"),
        (Symbology.GS1_128, f"(255){GCN}(10)ABCDEFGHIJKLMNOPQRSTUVWXYZABCD", "carries 48"),
        (Symbology.DATABAR, "(8110)1061", "cannot be encoded"),
        (Symbology.DATABAR, "(255)9501101530004", "cannot be encoded"),
        (Symbology.DATABAR, GCN, "cannot be encoded"),
        (Symbology.DATABAR, "(8112)2061414", "is not a positive offer"),
        (Symbology.DATAMATRIX, "(255)950110153000é", "cannot be encoded"),
        (Symbology.QR, "", "cannot be encoded"),
        (Symbology.QR, "x" * 3000, "cannot be encoded"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(symbology, payload, said):
    with pytest.raises(ValueError, match=said):
        drawn(symbology, payload)
    if payload.isascii() and payload:
        with pytest.raises(ValueError, match=said):
            extent(symbology, payload)


def test_a_match_mark_is_a_plain_data_matrix():
    operators, size = match_mark("MAY-26 000123")
    [found] = zxingcpp.read_barcodes(
        dots(operators, size), formats=zxingcpp.BarcodeFormats([FORMAT.DataMatrix])
    )

    assert (found.text, found.symbology_identifier) == ("MAY-26 000123", "]d1")
    assert size == Extent(16, 16, 2, 2, 2, 2)


def test_what_stands_under_a_symbol_can_be_typed():
    assert text_of(Symbology.CODE_128, "7Q4MK2XP9TRDA") == grouped("7Q4MK2XP9TRDA")
    assert text_of(Symbology.EAN_13, "9813765030011") == "9 813765 030011"
    assert text_of(Symbology.DATABAR, f"(255){GCN}") == f"(255){GCN}"
    for home in ("https://grocer.example", "https://id.grocer.example/some/where"):
        link = gs1.digital_link(home, GCN, "000000000042")
        assert text_of(Symbology.QR, link) == f"(255){GCN}000000000042"
    assert text_of(Symbology.QR, "https://grocer.example/c/1") == "https://grocer.example/c/1"


def test_a_coupon_of_north_america_with_a_date_and_a_serial_fits_a_databar():
    coupon = NorthAmerican(
        "0614141", "654321", 150, expires=date(2026, 12, 24), serial="000000000042"
    )
    [(_, text)] = scanned(Symbology.DATABAR, gs1.ai_8110(coupon))

    assert NorthAmerican.from_text(text[4:]) == coupon
