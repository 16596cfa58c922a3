"""Amounts."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_integration import money

amounts = st.decimals("-9999999999.99", "9999999999.99", places=2)


@given(amounts)
def test_an_amount_survives_cents_and_text(amount):
    assert money.from_cents(money.to_cents(amount)) == amount
    assert money.parse(f"{amount:f}") == amount
    assert money.parse(money.to_text(amount, "USD")) == amount


@given(amounts)
def test_the_normal_form_of_a_normal_form_is_itself(amount):
    normal = money.normal_form(f"{amount:f}")
    assert money.normal_form(normal) == normal
    assert len(normal.partition(".")[2]) == 2


@given(st.floats() | st.integers() | st.none() | st.booleans())
def test_numbers_that_are_no_text_are_refused(value):
    with pytest.raises(money.MoneyError):
        money.normal_form(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        ".5",
        "5.",
        "1e3",
        "NaN",
        "Infinity",
        "+1",
        "1,50",
        "1_0",
        " 1",
        "\N{ARABIC-INDIC DIGIT ONE}",
        "0x1",
        "--1",
    ],
)
def test_what_is_no_plain_decimal_is_refused(text):
    with pytest.raises(money.MoneyError, match="is not a decimal number"):
        money.normal_form(text)


def test_more_digits_than_can_be_kept_are_refused_and_not_rounded():
    with pytest.raises(money.MoneyError, match="has 3 decimals, not at most 2"):
        money.normal_form("0.500")
    with pytest.raises(money.MoneyError, match="more than 10 digits"):
        money.normal_form("12345678901.00")
    with pytest.raises(money.MoneyError):
        money.normal_form("9" * 10_000)
    with pytest.raises(money.MoneyError):
        money.to_cents(Decimal("0.005"))


def test_a_currency_has_its_own_decimals():
    assert money.to_text(Decimal("5"), "USD") == "5.00"
    assert money.to_text(Decimal("500.00"), "JPY") == "500"
    with pytest.raises(money.MoneyError):
        money.digits("KWD")
