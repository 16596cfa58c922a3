"""Products follow rules: categories with all below, brands, exclusions; promises are kept."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupons import covering
from coupons.covering import Counted
from coupons.models import Coupon, Offer, OfferProduct, OfferRule
from coupons.sheets import codes
from pos_integration.models import Category, Product
from tests import make

pytestmark = pytest.mark.django_db

NEXT_WEEK = timezone.localdate() + timedelta(days=7)


@pytest.fixture
def shop():
    """Two departments; Oats has two types; a product a node, and one of a brand in each."""
    grocery = Category.objects.create(level="department", name="Grocery")
    oats = Category.objects.create(level="category", name="Oats", parent=grocery)
    drink = Category.objects.create(level="type", name="Oat drink", parent=oats)
    tea = Category.objects.create(level="category", name="Tea", parent=grocery)
    wine = Category.objects.create(level="department", name="Wine")
    for node in (grocery, oats, drink, tea, wine):
        for brand in ("", "Hagen"):
            Product.objects.create(
                code=f"{node.name} {brand}".strip(), name=node.name, brand=brand, category=node
            )
    Product.objects.create(code="lost", name="Of no category", brand="Hagen")
    Product.objects.create(code="only sold", name="Unlisted", is_listed=False)


@pytest.fixture
def offer(shop):
    made = make.offer()
    made.offer_products.all().delete()
    make.product().delete()
    Offer.objects.update(valid_to=NEXT_WEEK)
    made.refresh_from_db()
    return made


def rule(offer, category=None, brand="", product=None, *, out=False):
    return OfferRule.objects.create(
        offer=offer,
        is_excluded=out,
        category=category and Category.objects.get(name=category),
        brand=brand,
        product=product and Product.objects.get(code=product),
    )


def good_on(offer):
    return {line.product.code for line in offer.offer_products.select_related("product")}


def test_a_category_brings_all_below_it(offer):
    rule(offer, "Oats")

    assert covering.cover(offer) == Counted(added=4, removed=0, kept=0)
    assert good_on(offer) == {"Oats", "Oats Hagen", "Oat drink", "Oat drink Hagen"}
    assert covering.cover(offer) == Counted(0, 0, 0)


def test_a_brand_is_read_without_its_capitals_and_narrows_a_category(offer):
    rule(offer, "Oats", " hagen ")

    covering.cover(offer)
    assert good_on(offer) == {"Oats Hagen", "Oat drink Hagen"}

    rule(offer, brand="HAGEN")
    covering.cover(offer)
    assert good_on(offer) == {
        *("Grocery Hagen", "Oats Hagen", "Oat drink Hagen", "Tea Hagen", "Wine Hagen", "lost")
    }


def test_what_is_excluded_is_out_whatever_else_says(offer):
    rule(offer, "Grocery")
    rule(offer, product="lost")
    rule(offer, "Oat drink", out=True)
    rule(offer, brand="Hagen", out=True)

    covering.cover(offer)

    assert good_on(offer) == {"Grocery", "Oats", "Tea"}


def test_rules_that_only_exclude_leave_the_rest_of_the_catalogue(offer):
    rule(offer, "Grocery", out=True)

    covering.cover(offer)

    assert good_on(offer) == {"Wine", "Wine Hagen", "lost"}


def test_rules_own_the_products_and_without_rules_the_desk_does(offer):
    by_hand = Product.objects.get(code="Wine")
    OfferProduct.objects.create(offer=offer, product=by_hand)
    assert covering.cover(offer) == Counted(0, 0, 0)
    assert good_on(offer) == {"Wine"}

    rule(offer, "Tea")
    assert covering.cover(offer) == Counted(added=2, removed=1, kept=0)

    offer.rules.all().delete()
    assert covering.cover(offer) == Counted(0, 0, 0)
    assert good_on(offer) == {"Tea", "Tea Hagen"}


def test_a_new_catalogue_reaches_every_offer_that_is_not_over(offer):
    rule(offer, "Tea")
    over = make.offer()
    over.offer_products.all().delete()
    rule(over, "Tea")
    assert covering.cover_all() == Counted(added=2, removed=0, kept=0)

    moved = Product.objects.get(code="Wine")
    moved.category = Category.objects.get(name="Tea")
    moved.save()
    Product.objects.filter(code="Tea").update(category=None)

    assert covering.cover_all() == Counted(added=1, removed=1, kept=0)
    assert good_on(offer) == {"Wine", "Tea Hagen"}
    assert good_on(over) == set()
    assert covering.cover_all() == Counted(0, 0, 0)


def test_nothing_is_taken_from_an_offer_whose_coupons_are_out(offer):
    rule(offer, "Tea")
    covering.cover(offer)
    coupon = make.coupon(codes.mint(), offer)
    Coupon.objects.update(valid_to=NEXT_WEEK)
    offer.rules.all().delete()
    rule(offer, "Wine")

    assert covering.cover(offer) == Counted(added=2, removed=0, kept=2)
    assert good_on(offer) == {"Tea", "Tea Hagen", "Wine", "Wine Hagen"}

    coupon.state = Coupon.State.VOID
    coupon.save()
    assert covering.cover(offer) == Counted(added=0, removed=2, kept=0)


@pytest.mark.parametrize(("days_ago", "is_promised"), [(-1, True), (29, True), (31, False)])
def test_a_receipt_may_come_some_weeks_after_the_last_day(offer, days_ago, is_promised):
    coupon = make.coupon(codes.mint(), offer)
    today = timezone.localdate()
    coupon.valid_from = today - timedelta(days=90)
    coupon.valid_to = today - timedelta(days=days_ago)
    coupon.save()

    assert covering.is_promised(offer) == is_promised


CODES = st.sampled_from(
    [
        *("Grocery", "Grocery Hagen", "Oats", "Oats Hagen", "Oat drink", "Oat drink Hagen"),
        *("Tea", "Tea Hagen", "Wine", "Wine Hagen", "lost"),
    ]
)
RULES = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["Grocery", "Oats", "Oat drink", "Tea", "Wine", None]),
            st.sampled_from(["", "hagen", "Nobody"]),
            st.none(),
            st.booleans(),
        ).filter(lambda one: one[0] or one[1]),
        st.tuples(st.none(), st.just(""), CODES, st.booleans()),
    ),
    min_size=1,
    max_size=5,
)


def reads_as(rule_, product):
    category, brand, code, _ = rule_
    if code:
        return product.code == code
    path = []
    node = product.category
    while node is not None:
        path.append(node.name)
        node = node.parent
    return (not category or category in path) and (not brand or brand == product.brand.lower())


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(rules=RULES)
def test_all_rules_together_are_as_read_one_by_one(offer, rules):
    offer.rules.all().delete()
    for category, brand, code, out in rules:
        rule(offer, category, brand, code, out=out)

    covering.cover(offer)

    included = [one for one in rules if not one[3]]
    wanted = {
        product.pk
        for product in Product.objects.select_related("category__parent__parent")
        if (any(reads_as(one, product) for one in included) if included else product.is_listed)
        and not any(reads_as(one, product) for one in rules if one[3])
    }
    assert {*offer.offer_products.values_list("product_id", flat=True)} == wanted
