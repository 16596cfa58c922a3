"""Numbers on packs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_integration import gtin

digits = st.text("0123456789", min_size=1, max_size=13)


@pytest.mark.parametrize(
    ("scanned", "stored"),
    [
        ("4006381333931", "04006381333931"),  # EAN-13
        ("036000291452", "00036000291452"),  # UPC-A
        ("96385074", "00000096385074"),  # GTIN-8
        ("10012345678902", "10012345678902"),  # GTIN-14, a case of them
        ("04252614", "00042100005264"),  # UPC-E, each of its endings
        ("01234531", "00012300000451"),
        ("01234543", "00012340000053"),
        ("01234558", "00012345000058"),
    ],
)
def test_every_size_of_number_is_stored_with_14_digits(scanned, stored):
    if gtin.check_digit(stored[:-1]) != stored[-1]:  # the example itself must be right
        pytest.fail(f"{stored} is no GTIN")
    assert gtin.normal_form(scanned) == stored


@given(
    st.sampled_from([7, 11, 12, 13]).flatmap(
        lambda n: st.text("0123456789", min_size=n, max_size=n)
    )
)
def test_a_number_with_its_check_digit_is_taken_and_with_any_other_is_not(body):
    right = gtin.check_digit(body)
    assert len(gtin.normal_form(body + right)) == 14
    for wrong in set("0123456789") - {right}:
        if len(body) == 7 and body[0] == "0":
            continue  # may be a right UPC-E
        with pytest.raises(gtin.GtinError, match=f"ends in {wrong}, not {right}"):
            gtin.normal_form(body + wrong)


@given(digits, st.integers(0, 12), st.integers(0, 12))
def test_a_mistyped_digit_is_noticed(body, place, shift):
    place %= len(body)
    other = str((int(body[place]) + 1 + shift % 9) % 10)
    mistyped = body[:place] + other + body[place + 1 :]
    assert gtin.check_digit(mistyped) != gtin.check_digit(body)


def test_the_sentence_says_what_was_found_and_wanted():
    with pytest.raises(gtin.GtinError) as error:
        gtin.normal_form("4006381333932")
    assert str(error.value) == "'4006381333932' ends in 2, not 1"


@pytest.mark.parametrize(
    "text",
    ["", "123", "400638133393\N{ARABIC-INDIC DIGIT ONE}", "40063813339311", " 4006381333931"],
)
def test_other_texts_are_no_gtin(text):
    with pytest.raises(gtin.GtinError):
        gtin.normal_form(text)


@given(st.integers(0, 10**10 - 1))
def test_a_number_of_the_chains_own_is_restricted_and_has_a_right_check_digit(number):
    stored = gtin.in_store(str(number))
    assert gtin.is_restricted(stored)
    assert gtin.normal_form(stored) == gtin.normal_form(stored[1:]) == stored
    assert gtin.in_store(f"{number:010}") == stored


@pytest.mark.parametrize("code", ["", "12345678901", "12a", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_what_is_no_short_number_gets_no_in_store_number(code):
    assert not gtin.has_in_store_number(code)
    if code:
        with pytest.raises(gtin.GtinError):
            gtin.in_store(code)


def test_a_makers_number_is_not_restricted():
    assert not gtin.is_restricted("04006381333931")
    assert gtin.is_restricted("00212345678905")  # random weight, UPC number system 2
