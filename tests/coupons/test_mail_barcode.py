"""The Intelligent Mail barcode: as the post's specification has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.graphics.barcode.usps4s import (  # type: ignore[import-untyped] # ships no types
    USPS_4State,
)

from coupons.sheets.symbols import imb


@pytest.mark.parametrize(
    ("routing", "bars"),
    [  # the examples of USPS-B-3200
        ("", "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT"),
        ("01234", "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT"),
        ("012345678", "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA"),
        ("01234567891", "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA"),
    ],
)
def test_the_posts_own_examples_come_out(routing, bars):
    assert imb.encode("01234567094987654321" + routing) == bars


@given(
    st.from_regex(r"[0-9][0-4][0-9]{18}", fullmatch=True),
    st.from_regex(r"([0-9]{5}|[0-9]{9}|[0-9]{11})?", fullmatch=True),
)
def test_any_mailpiece_has_the_bars_that_another_implementation_gives_it(tracking, routing):
    assert imb.encode(tracking + routing) == USPS_4State(tracking, routing).barcodes


def test_bars_are_as_high_and_as_far_apart_as_the_post_asks():
    digits = "0123456709498765432101234567891"
    rectangles = [tuple(map(float, line.split()[:4])) for line in imb.drawn(digits).splitlines()]
    heights = {
        letter: (rectangles[place][1], rectangles[place][3])
        for place, letter in enumerate(imb.encode(digits))
    }

    assert len(rectangles) == 65
    assert heights == {
        "F": (0, 10.44),
        "A": (3.492, 6.948),
        "D": (0, 6.948),
        "T": (3.492, 3.456),
    }
    assert rectangles[-1][0] + rectangles[-1][2] == pytest.approx(imb.WIDTH_POINTS, abs=0.01)
    assert 2.683 < imb.WIDTH_POINTS / 72 < 3.225  # inches


@pytest.mark.parametrize(
    "digits",
    ["", "0123456709498765432", "012345670949876543210", "0523456709498765432x", "\u0660" * 20],
)
def test_what_is_no_mail_barcode_is_refused(digits):
    with pytest.raises(ValueError, match="is not the 20 digits"):
        imb.encode(digits)


def test_the_second_digit_is_at_most_four():
    with pytest.raises(ValueError, match="the second digit of '05234567094987654321' is 5"):
        imb.drawn("05234567094987654321")
