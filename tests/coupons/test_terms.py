"""What a selection is made by: read once, kept as plain values, and the same when taken back."""

import json
from decimal import Decimal

import numpy as np
import pytest

from coupons import mailing as mailings
from coupons import selecting, terms
from coupons.models import Coupon, FunderBudget, Offer, Redemption
from coupons.selection.problem import NO_LIMIT
from coupons.terms import Terms
from pos_integration.models import Category
from tests import make
from tests.coupons import selecting_shop
from tests.coupons.selecting_shop import change
from tests.coupons.test_responding import DAY, TODAY


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with selecting_shop.standing(django_db_blocker) as shop:
        yield shop


@pytest.fixture
def shop(standing, db):
    return standing


def of(made: Terms, offer: Offer) -> terms.OfferTerms:
    return next(one for one in made.offers if one.pk == offer.pk)


def test_terms_are_the_same_after_they_were_kept(shop):
    shop.offers[0].levels.create(number=2, face_value=Decimal("0.90"))
    shop.offers[1].stores.add(shop.till.store)
    mailing = selecting_shop.mailing(shop, budget=Decimal("9.50"), fairness="0.050")
    mailing.fallback_offers.add(shop.offers[0])
    made = terms.of(mailing)
    assert Terms.from_plain(json.loads(json.dumps(made.to_plain()))) == made
    selection = selecting.select(mailing)
    selection.refresh_from_db()
    kept = Terms.from_plain(selection.terms)
    assert kept.offers[0].levels[0].cost > 0
    assert (kept.days, kept.budget, kept.fairness) == (21, 9.5, 0.05)


def test_offers_stand_by_category_then_rivals_and_their_levels_by_number(shop):
    change(shop.offers[0], rivals="z")
    change(shop.offers[2], rivals="z")
    third = shop.offers[1].levels.create(number=3, face_value=Decimal("1.20"))
    second = shop.offers[1].levels.create(number=2, face_value=Decimal("0.80"))
    mailing = selecting_shop.mailing(shop)
    made = terms.of(mailing)
    assert [one.code for one in made.offers[:3]] == ["O-1", "O-0", "O-2"]
    levels = made.offers[0].levels
    assert [(one.pk, one.face, one.text) for one in levels] == [
        (0, 0.5, "0.50 off"), (second.pk, 0.8, "0.80 off"), (third.pk, 1.2, "1.20 off"),
    ]  # fmt: skip
    columns = terms.columns(made)
    assert columns.offer[:5].tolist() == [0, 0, 0, 1, 2]
    assert columns.rivals[3] == columns.rivals[4] != columns.rivals[0]
    assert len(np.unique(columns.category)) == 4


def test_offers_of_no_category_are_each_one_by_themselves(shop):
    change(shop.offers[0], category=None)
    change(shop.offers[3], category=None)
    columns = terms.columns(terms.of(selecting_shop.mailing(shop)))
    assert len(np.unique(columns.category)) == 6


def test_what_other_mailings_gave_out_and_cost_is_taken_off(shop):
    first = selecting_shop.mailing(shop, code="first")
    mailings.select_and_issue(first)
    used, void, *_ = Coupon.objects.filter(offer=Coupon.objects.latest("pk").offer_id)
    offer = used.offer
    given = Coupon.objects.filter(offer=offer).count()
    assert given >= 3
    Redemption.objects.create(
        offer=offer, coupon=used, amount="0.50", store=shop.till.store, till=1,
        business_date=TODAY, receipt="1",
    )  # fmt: skip
    Coupon.objects.filter(pk=used.pk).update(state="redeemed")
    Coupon.objects.filter(pk=void.pk).update(state="void")
    change(
        offer, least_coupons=given + 4, most_coupons=given + 9,
        expected_budget=Decimal("50.00"), real_budget=Decimal("40.00"),
    )  # fmt: skip
    second = selecting_shop.mailing(shop, code="second")
    mine = of(terms.of(second), offer)
    assert (mine.least, mine.most) == (5, 10)  # what is void was not given
    good = Coupon.objects.filter(offer=offer).exclude(state="void")
    out = sum(one.chance * 0.5 for one in good.filter(state="open"))
    assert mine.budget == pytest.approx(40 - 0.5 - out)
    change(offer, real_budget=None)
    expected = sum(one.chance * 0.5 for one in good)
    assert of(terms.of(second), offer).budget == pytest.approx(50 - expected)
    assert of(terms.of(first), offer).most == given + 9  # its own do not count against it
    change(offer, most_coupons=given - 3, least_coupons=None)
    assert of(terms.of(second), offer).most == 0


def test_limits_that_are_not_set_are_none(shop):
    mailing = selecting_shop.mailing(shop)
    limits = terms.limits(terms.of(mailing))
    assert not limits.least.any()
    for array in (limits.most, limits.offer_budget, limits.funder_budget):
        assert (array == NO_LIMIT).all()
    assert limits.budget == limits.fairness == NO_LIMIT
    change(shop.offers[0], most_coupons=7, expected_budget=Decimal("3.00"))
    FunderBudget.objects.create(mailing=mailing, funder=make.funder(), amount=Decimal("12.00"))
    mailing.budget = Decimal(20)
    limits = terms.limits(terms.of(mailing))
    assert (limits.most[0], limits.offer_budget[0]) == (7, 3)
    assert limits.funder_budget.tolist() == [12]
    assert limits.budget == 20


def test_lots_take_their_places_off_those_that_are_chosen(shop):
    rules = terms.rules(terms.of(selecting_shop.mailing(shop, random_slots=1, discovery_slots=2)))
    assert (rules.per_sheet, rules.per_category, rules.new_at_least) == (3, 2, 2)


def test_goods_and_privacy_come_from_the_shelf_and_all_above_it(shop):
    Category.objects.filter(level="category", name="Aisle 0").update(is_sensitive=True)
    Category.objects.filter(level="type", name="Type 4").update(goods="tobacco")
    made = terms.of(selecting_shop.mailing(shop))
    assert {one.code for one in made.offers if one.is_sensitive} == {"O-0", "O-1", "O-2"}
    assert {one.code: one.goods for one in made.offers if one.goods} == {"O-4": ("tobacco",)}


@pytest.mark.parametrize(
    ("begins", "ends", "is_good"),
    [(0, 20, True), (-5, 40, True), (1, 20, False), (0, 19, False), (30, 40, False)],
)
def test_an_offer_is_good_if_it_is_on_every_day_of_the_mailing(shop, begins, ends, is_good):
    change(shop.offers[0], valid_from=TODAY + begins * DAY, valid_to=TODAY + ends * DAY)
    assert of(terms.of(selecting_shop.mailing(shop)), shop.offers[0]).is_in_dates is is_good
