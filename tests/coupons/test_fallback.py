"""Fallback offers fill the places that no other offer fits, and keep to what was said."""

from collections import Counter
from decimal import Decimal

import pytest

from coupons import mailing as mailings
from coupons import selecting
from coupons.models import Coupon, Offer, OfferProduct
from loyalty.models import Preference
from pos_integration.models import Category
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import HOMES, change, chosen, in_use, said
from tests.coupons.test_responding import DAY, TODAY


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


def spare(shop, code, aisle, **fields):
    """An offer of the house on a thing of the aisle, with a little worth."""
    node = Category.objects.get(level="category", name=f"Aisle {aisle}")
    made = Offer.objects.create(**{
        "code": code, "name": f"Spare {code}", "face_value": Decimal("0.20"), "category": node,
        "funder": make.funder("House"), "funder_share": 0, "valid_from": TODAY,
        "valid_to": TODAY + 60 * DAY, **fields,
    })  # fmt: skip
    OfferProduct.objects.create(offer=made, product=shop.products[3 * aisle])
    return made


@pytest.fixture
def mailing(shop):
    """Two offers for sheets of four, and three more to fill them."""
    made = selecting_shop.mailing(shop, discovery_slots=0)
    made.offers.set([shop.offers[0], shop.offers[3]])
    made.fallback_offers.set([spare(shop, f"s{at}", at) for at in (1, 2, 3)])
    return made


def offers(selection):
    return {home: [offer for offer, _ in sheet] for home, sheet in chosen(selection).items()}


def test_short_sheets_are_filled_in_order_after_what_was_chosen(shop, mailing):
    own = {shop.offers[0].pk, shop.offers[3].pk}
    first, second, third = mailing.fallback_offers.order_by("category")
    mailing.holdout_share = Decimal("0.300")
    mailing.save()
    selection = selecting.select(mailing)
    for sheets in (chosen(selection), chosen(selection, ghosts=True)):
        assert sheets
        for sheet in sheets.values():
            assert {offer for offer, _ in sheet[:2]} == own
            assert [offer for offer, _ in sheet[2:]] == [first.pk, second.pk]
    assert third.pk not in {offer for sheet in offers(selection).values() for offer in sheet}
    assert not [words for words in selection.report["doubts"] if "shorter" in words]


def test_what_fills_sheets_is_promised_printed_and_forecast_like_the_rest(mailing):
    issued = mailings.select_and_issue(mailing)
    assert issued.coupons == 4 * HOMES
    filled = Coupon.objects.filter(offer__in=mailing.fallback_offers.all())
    assert filled.count() == 2 * HOMES
    assert set(filled.values_list("position", flat=True)) == {3, 4}
    assert not filled.exclude(level=None, drawn_share=None).exists()
    assert {sheet.savings for sheet in mailing.sheets.all()} == {Decimal("1.40")}
    told = {one["code"]: one["coupons"] for one in in_use(mailing).report["offers"]}
    assert (told["s1"], told["s2"], told["s3"]) == (HOMES, HOMES, 0)


def test_nevers_and_dates_are_kept_to_and_limits_of_number_are_not(shop, mailing):
    first, second, third = mailing.fallback_offers.order_by("category")
    never = Category.objects.get(level="category", name="Aisle 2")
    Preference.objects.create(household=shop.homes[0], kind="never", category=never)
    change(first, most_coupons=1)
    sheets = offers(selecting.select(mailing))
    assert sheets[shop.homes[0].pk][2:] == [first.pk, third.pk]
    assert sheets[shop.homes[1].pk][2:] == [first.pk, second.pk]
    change(first, valid_to=TODAY + 10 * DAY)
    sheets = offers(selecting.select(mailing))
    assert sheets[shop.homes[1].pk][2:] == [second.pk, third.pk]


def test_a_filled_sheet_has_no_more_of_a_category_nor_rivals_than_allowed(shop, mailing):
    mailing.coupons_per_category = 1
    mailing.save()
    change(mailing.fallback_offers.get(code="s3"), rivals="big")
    mailing.fallback_offers.add(spare(shop, "s4", 0), spare(shop, "s5", 3, rivals="big"))
    aisle = dict(Offer.objects.values_list("pk", "category"))
    for sheet in offers(selecting.select(mailing)).values():
        assert max(Counter(aisle[offer] for offer in sheet).values()) == 1
    mailing.coupons_per_category = 2
    mailing.coupons_per_sheet = 8
    mailing.save()
    rivals = set(Offer.objects.filter(rivals="big").values_list("pk", flat=True))
    for sheet in offers(selecting.select(mailing)).values():
        assert len(sheet) == 6  # of four aisles: 2 + 2 + 1, and of the rivals one
        assert len(rivals & set(sheet)) == 1


def test_whom_no_offer_fits_gets_what_fits_all(shop, mailing):
    for aisle in (0, 1):
        node = Category.objects.get(level="category", name=f"Aisle {aisle}")
        Preference.objects.create(household=shop.homes[0], kind="never", category=node)
    first, second, third = mailing.fallback_offers.order_by("category")
    sheets = offers(selecting.select(mailing))
    assert sheets[shop.homes[0].pk] == [second.pk, third.pk]
    assert first.pk in sheets[shop.homes[1].pk]
    assert mailing.recipients.get(household=shop.homes[0]).outcome == "waiting"


def test_who_objects_to_profiling_gets_its_short_sheet_filled_too(shop, mailing):
    said(shop.homes[0], "profiling", is_granted=False)
    sheets = offers(selecting.select(mailing))
    assert Counter(sheets[shop.homes[0].pk]) == Counter(sheets[shop.homes[1].pk])


def test_where_short_ones_get_no_sheet_they_are_told_and_nothing_is_filled(shop, mailing):
    said(shop.homes[0], "profiling", is_granted=False)
    mailing.short_sheets = "no_sheet"
    mailing.save()
    sentences = selecting_shop.refused(mailing)
    assert sentences[0] == "Nobody would get a sheet of 'Spring': look at its offers."
    assert "24 households get no sheet: no offer, or too few, fit them." in sentences


def test_an_offer_of_the_mailing_fills_nothing_a_second_time(shop, mailing):
    mailing.fallback_offers.set([shop.offers[0], *mailing.fallback_offers.all()[:1]])
    for sheet in offers(selecting.select(mailing)).values():
        assert len(sheet) == len(set(sheet)) == 3
