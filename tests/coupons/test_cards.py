"""A card's coupons, best first, and what its household said, at a kiosk or a till."""

from datetime import timedelta

import pytest

from coupons.models import Coupon
from coupons.till import store_today
from loyalty.models import Card, Consent, Preference
from tests import make
from tests.coupons import tills
from tests.coupons.tills import Till, said


@pytest.fixture
def shop(db):
    return make.store()


@pytest.fixture
def till(shop):
    return Till(shop)


@pytest.fixture
def home(db):
    home = make.household("900")
    for name in ("Milk", "Bread"):
        make.category(name)
    make.category("Oats")
    return home


def on_sheet(shop, home, position, *, chance, **fields):
    made = tills.coupon(shop, make.offer(fields.pop("face_value", "0.50")))
    made.sheet.household = home
    made.sheet.save()
    Coupon.objects.filter(pk=made.pk).update(position=position, chance=chance, **fields)
    return made


def coupons(till, card="900"):
    return till.get(f"/api/v1/cards/{card}/coupons")


def preferences(till, body=None, card="900"):
    if body is None:
        return till.get(f"/api/v1/cards/{card}/preferences")
    return till.say(f"cards/{card}/preferences", body, method="put")


def test_a_card_has_its_good_coupons_best_first(shop, till, home):
    today = store_today(shop)
    little = on_sheet(shop, home, 1, chance=0.1)
    likely = on_sheet(shop, home, 2, chance=0.4)
    rich = on_sheet(shop, home, 3, chance=0.3, face_value="2.00")
    on_sheet(shop, home, 4, chance=0.9, state="void")
    on_sheet(shop, home, 5, chance=0.9, valid_to=today - timedelta(days=1))
    on_sheet(shop, home, 6, chance=0.9, valid_from=today + timedelta(days=1))
    till.redeem(on_sheet(shop, home, 7, chance=0.9))
    till.lock(on_sheet(shop, home, 8, chance=0.9), "2")
    tills.coupon(shop)  # somebody else's

    told = coupons(till).json()

    assert told["card"] == "900"
    assert [one["code"].replace("-", "") for one in told["coupons"]] == [
        one.code for one in (rich, likely, little)
    ]
    first = told["coupons"][0]
    assert (first["state"], first["value"], first["position"]) == ("good", "2.00", 3)
    assert first["reason"] == "You buy this about every 9 days."
    assert first["offer"]["name"] == "Oat drink"


def test_a_cards_coupons_take_the_same_queries_however_many(
    shop, till, home, django_assert_num_queries
):
    for position in (1, 2, 3):
        on_sheet(shop, home, position, chance=0.1)
    with django_assert_num_queries(7):
        assert len(coupons(till).json()["coupons"]) == 3


def test_a_card_that_nobody_claimed_has_no_coupons_and_nobody_to_speak_for_it(shop, till, home):
    tills.coupon(shop)
    Card.objects.create(number="901")
    assert coupons(till, "901").json() == {"card": "901", "coupons": []}
    assert said(preferences(till, card="901")) == (409, "unclaimed_card")
    assert said(preferences(till, {}, card="901")) == (409, "unclaimed_card")


@pytest.mark.parametrize("card", ["902", "%00", "x" * 500, "%F0%9F%A5%95"])
def test_an_unknown_card_is_unknown_to_all_calls(till, home, card):
    answers = [coupons(till, card), preferences(till, card=card), preferences(till, {}, card=card)]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(404, "unknown_card")}


def test_a_shopper_who_said_nothing_gets_post_and_likes_what_we_believe(till, home):
    assert preferences(till).json() == {
        "card": "900",
        "favourites": [],
        "never_agains": [],
        "channel": "post",
        "opt_outs": [],
        "language": "",
    }


def test_what_a_shopper_says_replaces_what_was_said_before(till, home):
    preferences(till, {"favourites": ["Oats", "Milk"], "never_agains": ["Bread"]})
    said_ = preferences(till, {"favourites": ["Bread"], "never_agains": ["Oats"]}).json()
    assert (said_["favourites"], said_["never_agains"]) == (["Bread"], ["Oats"])
    assert preferences(till).json() == said_
    assert Preference.objects.count() == 2


def test_what_was_not_spoken_of_stays(till, home):
    preferences(till, {"favourites": ["Oats"], "never_agains": ["Milk"], "opt_outs": ["post"]})
    told = preferences(till, {"never_agains": ["Bread"]}).json()
    assert told["favourites"] == ["Oats"]
    assert told["never_agains"] == ["Bread"]
    assert told["opt_outs"] == ["post"]
    assert preferences(till, {"favourites": None}).json() == told


def test_a_household_is_written_to_in_its_language_until_it_says_another(till, home):
    assert preferences(till, {"language": "de"}).json()["language"] == "de"
    assert preferences(till, {"favourites": ["Oats"]}).json()["language"] == "de"
    home.refresh_from_db()
    assert home.language == "de"
    assert preferences(till, {"language": ""}).json()["language"] == ""


def test_a_favourite_that_is_now_never_wanted_changes_sides(till, home):
    preferences(till, {"favourites": ["Oats"]})
    told = preferences(till, {"never_agains": ["Oats"]}).json()
    assert (told["favourites"], told["never_agains"]) == ([], ["Oats"])


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"favourites": ["Milk", "Unicorns"]}, "unknown_category", "'Unicorns'"),
        ({"never_agains": ["Grocery"]}, "unknown_category", "'Grocery'"),
        ({"favourites": ["Oats"], "never_agains": ["Oats"]}, "contradiction", "'Oats'"),
        ({"channel": "post", "opt_outs": ["post"]}, "contradiction", "'post'"),
        ({"channel": "none", "opt_outs": []}, "contradiction", "'none'"),
        ({"language": "tlh"}, "unknown_language", "'tlh' here; wanted: en or de."),
        ({"language": "DE", "favourites": []}, "unknown_language", "'DE'"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(till, home, body, code, words):
    before = preferences(till, {"favourites": ["Bread"]}).json()
    answer = preferences(till, body)
    assert said(answer) == (422, code)
    assert words in answer.json()["detail"]
    assert preferences(till).json() == before


@pytest.mark.parametrize(
    "body",
    [{"channel": "fax"}, {"opt_outs": ["all"]}, {"favourites": "Oats"}, {"favourites": [1]}, []],
)
def test_preferences_of_another_shape_are_refused(till, home, body):
    assert said(preferences(till, body)) == (400, "invalid")


def test_a_category_that_two_departments_have_is_named_with_its_department(till, home):
    bakery = make.category("Other", "department")
    type(bakery).objects.filter(pk=bakery.pk).update(name="Grocery")
    other = type(bakery).objects.create(level="department", name="Bakery")
    type(bakery).objects.create(level="category", parent=other, name="Bread")
    answer = preferences(till, {"favourites": ["Bread"]})
    assert said(answer) == (422, "unknown_category")
    assert "Department > Bread" in answer.json()["detail"]
    told = preferences(till, {"favourites": ["Bakery > Bread", "Grocery > Oats"]}).json()
    assert told["favourites"] == ["Bakery > Bread", "Oats"]
    assert preferences(till, {"favourites": told["favourites"]}).json() == told


def test_what_staff_noted_of_a_department_stays(till, home):
    department = make.category(level="department")
    Preference.objects.create(household=home, category=department, kind="never")
    assert preferences(till, {"never_agains": ["Oats"]}).json()["never_agains"] == ["Oats"]
    assert Preference.objects.filter(category=department).exists()


def test_an_objection_is_kept_once_with_its_source_and_can_be_taken_back(till, home):
    for _ in range(2):
        told = preferences(till, {"opt_outs": ["profiling"]}).json()
    assert (told["channel"], told["opt_outs"]) == ("post", ["profiling"])
    told = preferences(till, {"channel": "none"}).json()
    assert (told["channel"], told["opt_outs"]) == ("none", ["post", "profiling"])
    told = preferences(till, {"opt_outs": []}).json()
    assert (told["channel"], told["opt_outs"]) == ("post", [])
    rows = Consent.objects.filter(household=home).order_by("pk")
    assert list(rows.values_list("purpose", "is_granted", "source")) == [
        ("profiling", False, "till"),
        ("post", False, "till"),
        ("post", True, "till"),
        ("profiling", True, "till"),
    ]
