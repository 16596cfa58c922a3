"""Coupon codes: what a shopper reads out or a scanner sends is the code that was minted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons.sheets.codes import (
    ALPHABET,
    BODY_LENGTH,
    CodeError,
    check_character,
    grouped,
    mint,
    mint_many,
    normalise,
)

bodies = st.text(ALPHABET, min_size=BODY_LENGTH, max_size=BODY_LENGTH)
places = st.integers(0, BODY_LENGTH)


def complete(body: str) -> str:
    return body + check_character(body)


@given(bodies, places, st.sampled_from(ALPHABET))
def test_one_wrong_character_never_passes(body, place, wrong):
    code = complete(body)
    if code[place] == wrong:
        return
    with pytest.raises(CodeError):
        normalise(code[:place] + wrong + code[place + 1 :])


@given(bodies, places, places)
def test_two_characters_exchanged_never_pass_however_far_apart(body, one, other):
    characters = list(complete(body))
    if characters[one] == characters[other]:
        return
    characters[one], characters[other] = characters[other], characters[one]
    with pytest.raises(CodeError):
        normalise("".join(characters))


@given(bodies)
def test_a_code_typed_carelessly_is_still_the_code(body):
    code = complete(body)
    typed = grouped(code).lower().replace("0", "o").replace("1", "l").replace("-", " - ")
    assert normalise(typed) == code
    assert normalise(code.replace("1", "I")) == code


def test_minted_codes_differ_and_pass_their_own_check():
    codes = mint_many(2_000)
    assert len(set(codes)) == 2_000
    assert all(normalise(code) == code for code in codes)
    assert {character for code in codes for character in code} == set(ALPHABET)
    assert normalise(mint())
    assert mint_many(0) == []


def test_no_negative_number_of_codes_can_be_minted():
    with pytest.raises(ValueError, match="-1"):
        mint_many(-1)


def test_a_code_is_grouped_in_fours_with_its_check_apart():
    assert grouped("7Q4MK2XP9TRDA") == "7Q4M-K2XP-9TRD-A"


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("7Q4M", "has 4 characters, not 13"),
        ("7Q4M-K2XP-9TRU-0", "contains 'U', which no coupon code contains"),
        ("0000-0000-0000-U", "contains 'U', which no coupon code contains"),
        ("0000-0000-0000-1", "ends in 1, not 0"),
        ("٣٣٣٣-0000-0000-0", "which no coupon code contains"),
        ("", "has 0 characters, not 13"),
    ],
)
def test_staff_are_told_what_is_wrong_with_a_code(typed, sentence):
    with pytest.raises(CodeError, match=sentence):
        normalise(typed)
