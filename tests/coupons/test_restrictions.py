"""Goods that law restricts: the most specific place counts, and silence is not consent."""

import pytest

from coupons import restrictions
from coupons.models import Restriction
from coupons.restrictions import Restrictions, Verdict

NOTHING_SAID = Restrictions({})


@pytest.mark.parametrize("goods", ["infant_formula", "tobacco"])
def test_nobody_gets_coupons_on_formula_and_tobacco_unless_staff_say_so(goods):
    assert not NOTHING_SAID.allowed([goods], "US", "OH", is_of_age=True)
    assert Restrictions({(goods, "US", ""): "free"}).allowed([goods], "US", "OH", is_of_age=None)


@pytest.mark.parametrize("goods", ["alcohol", "gambling", "medicine"])
def test_only_who_has_shown_to_be_of_age_gets_coupons_on_alcohol_and_the_like(goods):
    assert NOTHING_SAID.allowed([goods], "US", "OH", is_of_age=True)
    assert not NOTHING_SAID.allowed([goods], "US", "OH", is_of_age=False)
    assert not NOTHING_SAID.allowed([goods], "US", "OH", is_of_age=None)


def test_a_region_goes_before_its_country_and_a_country_before_everywhere():
    said = Restrictions(
        {
            ("alcohol", "US", "ut"): "never",
            ("alcohol", "US", ""): "free",
            ("alcohol", "", ""): "of_age",
        }
    )
    assert said.verdict("alcohol", "US", "UT") == Verdict.NEVER
    assert said.verdict("alcohol", "us", "OH") == Verdict.FREE
    assert said.verdict("alcohol", "US") == Verdict.FREE
    assert said.verdict("alcohol", "DE", "UT") == Verdict.OF_AGE
    assert said.verdict("alcohol") == Verdict.OF_AGE


def test_a_coupon_on_several_kinds_of_goods_needs_all_of_them_allowed():
    assert NOTHING_SAID.allowed([], "US", "", is_of_age=None)
    assert NOTHING_SAID.allowed(["alcohol", "medicine"], "US", "", is_of_age=True)
    assert not NOTHING_SAID.allowed(["alcohol", "tobacco"], "US", "", is_of_age=True)


def test_goods_that_no_law_restricts_are_a_mistake():
    with pytest.raises(ValueError, match="cheese"):
        NOTHING_SAID.verdict("cheese")


def test_all_households_and_offers_at_once_are_as_one_by_one():
    offers = [(), ("alcohol",), ("alcohol", "tobacco"), ("alcohol",)]
    said = Restrictions({("alcohol", "US", "ut"): "never", ("tobacco", "DE", ""): "of_age"})
    homes = [("US", "OH", True), ("US", "UT", True), ("DE", "", True), ("DE", "", None)]
    country, region, is_of_age = zip(*homes, strict=True)

    blocked = said.blocked(offers, country, region, is_of_age)

    assert blocked.tolist() == [
        [not said.allowed(goods, *home) for goods in offers] for home in homes
    ]
    assert blocked.tolist() == [
        [False, False, True, False],
        [False, True, True, True],
        [False, False, False, False],
        [False, True, True, True],
    ]
    assert said.blocked([], country, region, is_of_age).shape == (4, 0)
    assert said.blocked(offers, [], [], []).shape == (0, 4)


@pytest.mark.django_db
def test_what_staff_said_is_read_only_where_goods_are_restricted(django_assert_num_queries):
    Restriction.objects.create(goods="alcohol", country="US", region="UT", verdict="never")
    home = (["US", "US"], ["ut", "OH"], [True, True])

    with django_assert_num_queries(1):
        assert restrictions.blocked([("alcohol",), ()], *home).tolist() == [
            [True, False],
            [False, False],
        ]
    with django_assert_num_queries(0):
        assert not restrictions.blocked([(), ()], *home).any()
    assert not restrictions.allowed(["alcohol"], "US", "UT", is_of_age=True)
