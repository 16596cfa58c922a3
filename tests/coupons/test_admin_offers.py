"""The desk for offers: levels, rules, limits and stores, told in sentences; promises stay."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from coupons.groups import ensure_groups
from coupons.models import Coupon, Offer, OfferLevel, OfferProduct, OfferRule
from coupons.sheets import codes
from pos_integration.models import Category, Product
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db):
    client = Client()
    client.force_login(User.objects.create(username="admin", is_staff=True, is_superuser=True))
    return client


def staff(group):
    ensure_groups()
    user = User.objects.create_user(f"one of {group}", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def page(name, *args):
    return reverse(f"admin:coupons_{name}", args=args)


def rows(kind, *rows_, there=0):
    """The inline rows `kind` as the desk posts them; the first `there` of them were there."""
    counts = {f"{kind}-TOTAL_FORMS": len(rows_), f"{kind}-INITIAL_FORMS": there}
    return counts | {
        f"{kind}-{place}-{name}": value
        for place, row in enumerate(rows_)
        for name, value in row.items()
    }


def form(**said):
    return {
        "name": "Oat drink",
        "code": "oats",
        "kind": "amount",
        "face_value": "0.50",
        "units": "1",
        "reduced_units": "1",
        "stacking_group": "coupon",
        "after_return": "good_again",
        "picture": "basket",
        "funder": make.funder().name,
        "funder_share": "1",
        "circulation": "0",
        "valid_from": "2026-03-01",
        "valid_to": "2026-03-31",
        **rows("levels"),
        **rows("rules"),
        **rows("texts"),
        **rows("barcode"),
        **said,
    }


def level(number="2", face_value="0.75", percent="", price="", **more):
    return {
        "number": number,
        "face_value": face_value,
        "percent": percent,
        "price": price,
        **more,
    }


def told(answer):
    """All that a page says is wrong, whatever it is beside."""
    forms = [answer.context["adminform"].form]
    for formset in answer.context["inline_admin_formsets"]:
        forms += formset.formset.forms
        assert not formset.formset.non_form_errors()
    return " ".join(str(words) for one in forms for some in one.errors.values() for words in some)


def messages_of(answer):
    return " ".join(str(message) for message in answer.context["messages"])


def test_an_offer_is_made_with_its_levels_limits_and_stores(desk):
    store = make.store()
    said = form(
        **rows("levels", level(), level("3", "1.00")),
        stores=[store.pk],
        least_coupons="100",
        most_coupons="500",
        per_household="2",
        expected_budget="250",
        real_budget="300.50",
        rivals="oats",
    )

    answer = desk.post(page("offer_add"), said)

    assert answer.status_code == 302, told(answer)
    made = Offer.objects.get()
    levels = made.levels.order_by("number").values_list("number", "face_value")
    assert [*levels] == [(2, Decimal("0.75")), (3, Decimal("1.00"))]
    assert [*made.stores.all()] == [store]
    assert (made.least_coupons, made.most_coupons, made.per_household) == (100, 500, 2)
    assert (made.real_budget, made.rivals) == (Decimal("300.50"), "oats")
    listed = desk.get(page("offer_changelist")).content.decode()
    assert "0.50 off, or 0.75 off, or 1.00 off" in listed


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (rows("levels", level(face_value="0.50")), "0.50 is not more than the 0.50 of the level"),
        (rows("levels", level("3")), "There is a level 3, and no level 2."),
        (rows("levels", level(), level("2", "1.00")), "Level 2 is there twice."),
        (rows("levels", level(face_value="0")), "0 is not enough: more than 0 is wanted."),
        (rows("levels", level(face_value="")), "This field is required."),
        (rows("levels", level(percent="20")), "the offer itself has no percent."),
        (rows("levels", level("4")), "not one of the available choices"),
        (rows("rules", {"brand": " "}), ""),
        (rows("rules", {"brand": "", "is_excluded": "on"}), "Name a category, a brand, both, or"),
        ({"least_coupons": "9", "most_coupons": "8"}, "8 at most is less than the 9 that are"),
        ({"per_household": "0"}, "0 is too few"),
        ({"real_budget": "-1"}, "-1 is below 0."),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field_once(desk, said, sentence):
    answer = desk.post(page("offer_add"), form(**said))

    if not sentence:
        assert answer.status_code == 302  # an empty row is none
        return
    assert told(answer).count(sentence) == 1
    assert "Constraint" not in told(answer)
    assert not Offer.objects.exists()


def test_a_rule_names_one_product_or_a_category_and_brand_but_not_all(desk):
    product = make.product()
    both = {"product": product.pk, "brand": "Hagen"}

    answer = desk.post(page("offer_add"), form(**rows("rules", both)))

    assert f"'{product}' stands alone" in told(answer)


def test_saving_an_offer_says_what_its_rules_are_good_on(desk):
    category = make.category()
    for brand in ("Hagen", "HAGEN", "Other"):
        Product.objects.create(code=codes.mint(), name="Oats", brand=brand, category=category)
    rule = {"category": category.pk, "brand": "hagen"}

    answer = desk.post(page("offer_add"), form(**rows("rules", rule)), follow=True)

    assert "By its rules it is good on 2 products (2 added)." in messages_of(answer)
    made = Offer.objects.get()
    assert made.products.count() == 2
    body = desk.get(page("offer_change", made.pk)).content.decode()
    assert "2 products, by its rules" in body
    assert "Add a product" not in body


def printed(offer):
    coupon = make.coupon(codes.mint(), offer)
    coupon.valid_to = timezone.localdate() + timedelta(days=7)
    coupon.save()
    return coupon


def test_products_of_a_printed_offer_are_added_and_never_taken_away(desk):
    offer = make.offer()
    line = offer.offer_products.get()
    printed(offer)
    tea = make.category("Tea")
    Product.objects.create(code="tea", name="Tea", category=tea)

    answer = desk.post(
        page("offer_change", offer.pk),
        form(code=offer.code, **rows("rules", {"category": tea.pk})),
        follow=True,
    )

    assert "good on 1 product (1 added). Its rules no longer name 1 more" in messages_of(answer)
    assert offer.products.count() == 2
    body = desk.get(page("offer_change", offer.pk)).content.decode()
    assert "as long as they are out, no product is taken from it" in body

    by_hand = {"action": "delete_selected", "_selected_action": [line.pk], "post": "yes"}
    answer = desk.post(page("offerproduct_changelist"), by_hand)
    assert b"coupons for it are out" in answer.content
    assert OfferProduct.objects.filter(pk=line.pk).exists()


def test_products_of_an_offer_with_rules_are_not_added_or_taken_by_hand(desk):
    offer = make.offer()
    OfferRule.objects.create(offer=offer, category=make.category())
    said = {"offer": offer.pk, "product": make.product().pk}

    answer = desk.post(page("offerproduct_add"), said)
    assert "add a rule for this product" in told(answer)

    line = offer.offer_products.get()
    answer = desk.post(page("offerproduct_delete", line.pk), {"post": "yes"})
    assert b"change them instead" in answer.content
    assert OfferProduct.objects.filter(pk=line.pk).exists()


def test_a_level_that_was_printed_stays_and_a_new_one_may_come(desk):
    offer = make.offer()
    second = OfferLevel.objects.create(offer=offer, number=2, face_value="0.75")
    coupon = printed(offer)
    Coupon.objects.update(level=second)
    was = {"id": second.pk, "offer": offer.pk}
    said = rows(
        "levels",
        level(face_value="9.00", DELETE="on", **was),
        level("3", "1.00", offer=offer.pk),
        there=1,
    )

    answer = desk.post(page("offer_change", offer.pk), form(code=offer.code, **said))

    assert answer.status_code == 302, told(answer)
    levels = offer.levels.order_by("number").values_list("face_value", flat=True)
    assert [*levels] == [Decimal("0.75"), Decimal("1.00")]
    coupon.refresh_from_db()
    assert coupon.terms == second


def test_where_a_printed_offer_is_good_stays_too(desk):
    offer, other = make.offer(), make.store()
    offer.stores.add(make.store())
    printed(offer)

    desk.post(page("offer_change", offer.pk), form(code=offer.code, stores=[other.pk]))

    assert other not in offer.stores.all()
    assert offer.stores.count() == 1


@pytest.mark.parametrize(
    ("has", "fields"),
    [
        ("guarantee", {"least_coupons": 5}),
        ("cap", {"most_coupons": 5}),
        ("budget", {"real_budget": 5}),
        ("household", {"per_household": 1}),
    ],
)
def test_offers_are_found_by_their_limits(desk, has, fields):
    make.offer()
    wanted = make.offer()
    Offer.objects.filter(pk=wanted.pk).update(**fields)

    found = desk.get(page("offer_changelist"), {"has": has}).context["cl"].result_list

    assert [*found] == [wanted]


def test_offers_of_some_stores_and_of_levels_are_found_once(desk):
    make.offer()
    wanted = make.offer()
    wanted.stores.add(make.store(), make.store())
    for number, worth in ((2, "0.75"), (3, "1.00")):
        OfferLevel.objects.create(offer=wanted, number=number, face_value=worth)

    for has in ("stores", "levels"):
        found = desk.get(page("offer_changelist"), {"has": has}).context["cl"].result_list
        assert [*found] == [wanted]


def test_the_page_of_an_offer_asks_no_question_a_row(desk, django_assert_max_num_queries):
    offer = make.offer()
    for number, worth in ((2, "0.75"), (3, "1.00")):
        OfferLevel.objects.create(offer=offer, number=number, face_value=worth)
    for n in range(6):
        OfferRule.objects.create(offer=offer, category=make.category(f"category {n}"))

    with django_assert_max_num_queries(48):
        assert desk.get(page("offer_change", offer.pk)).status_code == 200


def test_marketing_writes_levels_and_rules_and_what_law_restricts():
    client = staff("Marketing")
    category = make.category()
    said = form(**rows("levels", level()), **rows("rules", {"category": category.pk}))

    assert client.post(page("offer_add"), said).status_code == 302
    assert (OfferLevel.objects.count(), OfferRule.objects.count()) == (1, 1)
    assert client.get(page("restriction_add")).status_code == 200
    assert staff("Store staff").get(page("restriction_add")).status_code == 403


def test_what_law_restricts_is_said_with_where(desk):
    said = {"goods": "alcohol", "country": "us", "region": "Utah", "verdict": "never"}
    assert desk.post(page("restriction_add"), said).status_code == 302
    again = desk.post(page("restriction_add"), said | {"region": "UTAH"})
    assert "is there already" in told(again)
    nowhere = desk.post(page("restriction_add"), said | {"country": ""})
    assert "a region lies in a country" in told(nowhere)
    listed = desk.get(page("restriction_changelist")).content.decode()
    assert "Utah, US" in listed
    assert "infant formula" in listed


def test_goods_and_what_is_sensitive_are_said_at_a_category(desk):
    wine = make.category("Wine")
    change = reverse("admin:pos_integration_category_change", args=[wine.pk])
    said = {"name": "Wine", "level": "category", "parent": wine.parent_id, "goods": "alcohol"}

    assert desk.post(change, said | {"is_sensitive": "on"}).status_code == 302

    wine.refresh_from_db()
    assert (wine.goods, wine.is_sensitive) == ("alcohol", True)
    red = Category.objects.create(name="Red wine", level="type", parent=wine)
    below = reverse("admin:pos_integration_category_change", args=[red.pk])
    assert "above it: alcohol, sensitive." in desk.get(below).content.decode()
    changelist = reverse("admin:pos_integration_category_changelist")
    found = desk.get(changelist, {"goods__exact": "alcohol"})
    assert found.context["cl"].result_count == 1
