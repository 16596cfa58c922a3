"""What offers usually cost: from what households bought lately."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupons import economics
from coupons import terms as frozen
from coupons.economics import expected_cost, per_redemption
from coupons.models import Mailing, Offer, OfferProduct
from coupons.terms import Level, OfferTerms
from loyalty import history, rebuild
from pos_integration.models import Product
from tests import make
from tests.coupons import test_responding
from tests.coupons.test_responding import DAY, PAST, TODAY, Shop


def terms(kind="amount", *, levels=None, **fields) -> OfferTerms:
    face = fields.pop("face", 1.0)
    level = Level(0, "off", face, fields.pop("percent", None), fields.pop("price", None))
    plain = {
        "pk": 1, "code": "O-1", "name": "Oats", "units": 1, "reduced_units": 1, "threshold": None,
        "category": 0, "rivals": "", "funder": 0, "funder_share": 1.0, "handling_fee": 0.0,
        "stores": (), "goods": (), "is_sensitive": False, "is_in_dates": True, "products": 1,
        "least": 0, "most": None, "per_household": None, "budget": None,
    }  # fmt: skip
    return OfferTerms(kind=kind, levels=levels or (level,), **{**plain, **fields})


@pytest.mark.parametrize(
    ("offer", "price", "cost"),
    [
        (terms(face=1.0), 3.0, 1.0),
        (terms(face=1.0), 0.8, 0.8),
        (terms("percent", percent=20, face=5.0), 4.0, 0.8),
        (terms("percent", percent=50, face=1.0), 4.0, 1.0),
        (terms("fixed_price", price=2.0, face=5.0), 2.5, 0.5),
        (terms("fixed_price", price=2.0, face=5.0), 1.5, 0.0),
        (terms("free_item", face=5.0), 2.5, 2.5),
        (terms("multi_buy", units=3, price=5.0, face=9.0), 2.0, 1.0),
        (terms("multi_buy", units=2, percent=100, face=9.0), 2.0, 2.0),
        (terms("multi_buy", units=4, reduced_units=2, percent=50, face=9.0), 2.0, 2.0),
        (terms("threshold", threshold=30.0, face=3.0), 30.0, 3.0),
    ],
)
def test_a_redemption_takes_off_what_its_kind_says(offer, price, cost):
    assert expected_cost(offer, offer.levels[0], price) == pytest.approx(cost)


@given(
    st.sampled_from(Offer.Kind.values),
    st.floats(0, 1e5),
    st.floats(0.01, 1e4),
    st.integers(1, 100),
    st.none() | st.floats(0, 1e4),
)
def test_it_never_costs_more_than_its_face_value_nor_less_than_nothing(
    kind, price, face, percent, fixed
):
    offer = terms(kind, face=face, percent=percent, price=fixed, threshold=10.0)
    assert 0.0 <= expected_cost(offer, offer.levels[0], price) <= face


pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings, monkeypatch) -> Shop:
    settings.LOYALTY_BUCKETS = 2
    monkeypatch.setattr(test_responding, "HOMES", 24)
    return Shop()


def priced(mailing: Mailing, run):
    told, doubts = economics.price_up(frozen.of(mailing), run)
    return {offer.code: offer for offer in told.offers}, doubts


def test_a_unit_costs_what_was_paid_for_it_and_leaves_its_categories_margin(shop, settings):
    shop.products[0].category.parent.parent.margin_share = Decimal("0.300")
    shop.products[0].category.parent.parent.save()
    run, mailing = rebuild.rebuild(TODAY), shop.mailing(TODAY)
    offers, doubts = priced(mailing, run)
    assert doubts == []
    assert offers["O-0"].unit_price == pytest.approx(2.00)
    assert offers["O-0"].unit_margin == pytest.approx(0.60)
    assert [level.cost for level in offers["O-0"].levels] == [0.5]
    settings.LOYALTY_BUCKETS = 8
    history.seal()
    assert priced(mailing, run)[0] == offers


def test_what_was_never_sold_is_guessed_and_said(shop):
    fresh = Product.objects.create(code="new", name="New thing", category=make.category("Rare"))
    offer = shop.offers[3]
    OfferProduct.objects.filter(offer=offer).update(product=fresh)
    offers, doubts = priced(shop.mailing(TODAY), rebuild.rebuild(TODAY))
    assert offers["O-3"].unit_price == pytest.approx(2.50)
    assert doubts == [
        "'Thing 3' (O-3): none of its products was sold yet, so a usual price of 2.50 is assumed: "
        "check its products."
    ]


def test_a_price_that_takes_nothing_off_is_said(shop):
    offer = shop.offers[3]
    offer.kind, offer.price, offer.face_value = "fixed_price", Decimal("2.50"), Decimal("1.00")
    offer.save()
    offers, doubts = priced(shop.mailing(TODAY), rebuild.rebuild(TODAY))
    assert offers["O-3"].levels[0].cost == 0
    assert doubts == [
        "'Thing 3' (O-3): at 2.50 only it takes nothing off the usual price of 2.00: lower its "
        "price."
    ]


def test_of_a_basket_threshold_the_unit_is_the_threshold(shop):
    offer = shop.offers[3]
    offer.kind, offer.threshold, offer.face_value = "threshold", Decimal(30), Decimal(3)
    offer.save()
    offer.offer_products.all().delete()
    offers, _ = priced(shop.mailing(TODAY), rebuild.rebuild(TODAY))
    assert offers["O-3"].unit_price == 30
    assert offers["O-3"].unit_margin == pytest.approx(7.5)


def test_what_was_not_sold_lately_costs_what_it_did(shop):
    run = rebuild.rebuild(TODAY + 200 * DAY)
    offers, doubts = priced(shop.mailing(PAST[0]), run)
    assert offers["O-0"].unit_price == pytest.approx(2.00)
    assert doubts == []


def test_what_the_funder_pays_is_not_ours_and_its_fee_is():
    levels = (Level(0, "1 off", 1.0, None, None, 1.0), Level(5, "2 off", 2.0, None, None, 2.0))
    shared = terms(levels=levels, funder_share=0.75, handling_fee=0.08, unit_margin=0.6, units=2)
    ours = terms(levels=levels, funder_share=0.0, handling_fee=0.08, unit_margin=0.6)

    found = per_redemption((shared, ours))
    assert found.ours == pytest.approx([0.25 - 0.08, 0.5 - 0.08, 1.0, 2.0])
    assert found.margin == pytest.approx([1.2, 1.2, 0.6, 0.6])
    assert found.step.tolist() == [1.0, 2.0, 1.0, 2.0]
