"""What an offer must say: each fault names its field, and says what was found or is wanted."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons import offering
from coupons.models import Offer


def said(kind="amount", levels=(), **more):
    """An offer that is well but for what a test says of it."""
    worths: dict[str, dict[str, object]] = {
        "amount": {},
        "percent": {"percent": 20},
        "fixed_price": {"price": Decimal("1.50")},
        "free_item": {},
        "multi_buy": {"units": 3, "price": Decimal(5)},
        "threshold": {"threshold": Decimal(20)},
    }
    empty = dict.fromkeys(("percent", "price", "threshold"))
    return {
        "kind": kind,
        "face_value": Decimal("1.00"),
        "units": 1,
        "reduced_units": 1,
        "valid_from": date(2026, 3, 1),
        "valid_to": date(2026, 3, 31),
        **empty,
        **worths[kind],
        "levels": levels,
        **more,
    }


def level(number=2, face="2.00", percent=None, price=None):
    return {
        "number": number,
        "face_value": None if face is None else Decimal(face),
        "percent": percent,
        "price": None if price is None else Decimal(price),
    }


@pytest.mark.parametrize("kind", Offer.Kind.values)
def test_an_offer_that_says_what_its_kind_wants_has_no_fault(kind):
    assert [*offering.faults(said(kind))] == []


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"percent": 101, "kind": "percent"}, "percent", "101 is not from 1 to 100."),
        ({"least_coupons": 500, "most_coupons": 400}, "most_coupons", "400 at most is less than"),
        ({"least_coupons": -1}, "least_coupons", "-1 is below 0"),
        ({"per_household": 0}, "per_household", "0 is too few"),
        ({"expected_budget": Decimal(-5)}, "expected_budget", "-5 is below 0"),
        ({"real_budget": Decimal(-5)}, "real_budget", "-5 is below 0"),
        ({"valid_to": date(2026, 2, 1)}, "valid_to", "2026-02-01 is before the first day"),
        ({"kind": "multi_buy", "units": 2, "reduced_units": 0, "percent": 50}, "reduced_units", ""),
        ({"kind": "multi_buy", "units": 1001, "price": Decimal(5)}, "units", "1001 is too many"),
    ],
)
def test_a_limit_that_cannot_be_kept_is_named(change, field, sentence):
    found = [*offering.faults(said() | change)]

    assert [name for name, _ in found] == [field]
    assert sentence in found[0][1]


@pytest.mark.parametrize(
    ("kind", "more", "levels"),
    [
        ("amount", {}, [level(2, "1.50"), level(3, "2.00")]),
        ("free_item", {}, [level(2, "1.50")]),
        ("threshold", {}, [level(2, "1.50")]),
        ("percent", {}, [level(2, "1.00", percent=25), level(3, "2.00", percent=50)]),
        ("fixed_price", {}, [level(2, "1.00", price="1.00")]),
        ("multi_buy", {}, [level(2, "1.50", price="4.00")]),
        (
            "multi_buy",
            {"price": None, "percent": 50, "reduced_units": 1},
            [level(2, "1.00", percent=100)],
        ),
    ],
)
def test_levels_that_are_worth_more_each_have_no_fault(kind, more, levels):
    assert [*offering.faults(said(kind, levels, **more))] == []
    assert [*offering.faults(said(kind, levels[::-1], **more))] == []


@pytest.mark.parametrize(
    ("kind", "levels", "field", "sentence"),
    [
        ("amount", [level(2, "1.00")], "level_2_face_value", "1.00 is not more than the 1.00"),
        ("amount", [level(3, "2.00")], "level_3_number", "no level 2"),
        ("amount", [level(4, "2.00")], "level_4_number", "no level 4"),
        ("amount", [level(2, "2.00"), level(2, "3.00")], "level_2_number", "twice"),
        ("amount", [level(2, None)], "level_2_face_value", "Say the face value"),
        ("amount", [level(2, "0")], "level_2_face_value", "more than 0 is wanted"),
        ("amount", [level(2, percent=10)], "level_2_percent", "Leave this empty"),
        ("percent", [level(2, percent=20)], "level_2_percent", "20 is not more than the 20"),
        ("percent", [level(2)], "level_2_percent", "Say the percent"),
        ("percent", [level(2, "0.50", percent=30)], "level_2_face_value", "1.00 on the level"),
        ("fixed_price", [level(2, price="1.50")], "level_2_price", "1.50 is not less than"),
        ("multi_buy", [level(2, price="4"), level(3, price="4.50")], "level_3_price", "not less"),
        ("multi_buy", [level(2, price="4", percent=5)], "level_2_percent", "Leave this empty"),
    ],
)
def test_a_level_that_is_not_worth_more_than_the_one_below_is_named(kind, levels, field, sentence):
    found = [*offering.faults(said(kind, levels))]

    assert field in [name for name, _ in found]
    assert sentence in " ".join(words for _, words in found)


amounts = st.none() | st.decimals("-5", "50", places=2)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.none() | st.sampled_from(Offer.Kind.values),
            "face_value": amounts,
            "percent": st.none() | st.integers(-1, 102),
            "price": amounts,
            "units": st.none() | st.integers(-1, 2000),
            "reduced_units": st.none() | st.integers(-1, 5),
            "threshold": amounts,
            "levels": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "number": st.none() | st.integers(0, 5),
                        "face_value": amounts,
                        "percent": st.none() | st.integers(-1, 102),
                        "price": amounts,
                    },
                ),
                max_size=3,
            ),
        },
    )
)
def test_whatever_is_said_or_left_out_gets_sentences_and_no_error(anything):
    for field, sentence in offering.faults(anything):
        assert field
        assert sentence.endswith(".")
