"""The chain's catalogue comes in."""

import pandas as pd
import pytest

from pos_integration import catalogue, gtin
from pos_integration.models import Category, Product, Store
from tests.pos_integration.tills import OATS, basket, line, open_store, send

pytestmark = pytest.mark.django_db

ROLLS = {
    "code": "1095275",
    "name": "Rolls",
    "brand": "Private",
    "size": "6 pk",
    "department": "Bakery",
    "category": "Bread",
    "type": "Rolls: white",
}


def test_products_come_with_their_tree_and_again_change_nothing():
    rows: list[dict[str, str | None]] = [
        {**ROLLS},
        {**ROLLS, "code": "2", "type": None},
        {**ROLLS, "code": "3", "category": None},
    ]
    for _ in range(2):
        assert catalogue.load_products(rows) == 3

    assert list(Category.objects.order_by("pk").values_list("level", "name", "parent__name")) == [
        ("department", "Bakery", None),
        ("category", "Bread", "Bakery"),
        ("type", "Rolls: white", "Bread"),
    ]
    rolls = Product.objects.get(code="1095275")
    assert rolls.gtin == gtin.in_store("1095275")
    assert (rolls.name, rolls.brand, rolls.size) == ("Rolls", "Private", "6 pk")
    assert list(Product.objects.order_by("code").values_list("code", "category__name")) == [
        ("1095275", "Rolls: white"),
        ("2", "Bread"),
        ("3", "Bakery"),
    ]


def test_a_frame_with_gaps_is_taken_and_changes_are_followed():
    frame = pd.DataFrame(
        {
            "code": [1, 2],
            "name": ["Ice", "Salt"],
            "brand": [None, float("nan")],
            "type": [pd.NA, "x"],
        }
    )
    catalogue.load_products(frame)
    catalogue.load_products([{"code": "2", "name": "Sea salt", "gtin": OATS}])

    assert list(Product.objects.order_by("code").values_list("code", "name", "brand", "gtin")) == [
        ("1", "Ice", "", gtin.in_store("1")),
        ("2", "Sea salt", "", "0" + OATS),
    ]


def test_what_only_a_till_had_named_is_listed_from_now_on_under_the_same_id():
    said = [line(1, description="OAT DRK"), line(2, code="0077")]
    send(open_store(), basket(lines=said))
    before = set(Product.objects.values_list("pk", flat=True))

    catalogue.load_products(
        [{"code": "500", "gtin": OATS, "name": "Oat drink 1 l"}, {"code": "77", "name": "Deli"}]
    )

    assert set(Product.objects.values_list("code", "gtin", "name", "is_listed")) == {
        ("500", "0" + OATS, "Oat drink 1 l", True),
        ("77", gtin.in_store("77"), "Deli", True),
    }
    assert set(Product.objects.values_list("pk", flat=True)) == before


def test_a_gtin_that_another_product_has_stays_with_that_one():
    catalogue.load_products([{"code": "A", "gtin": OATS, "name": "Old oats"}])
    catalogue.load_products([{"code": "B", "gtin": OATS, "name": "New oats"}])

    assert list(Product.objects.order_by("code").values_list("code", "gtin")) == [
        ("A", "0" + OATS),
        ("B", None),
    ]


def test_numbers_that_differ_by_zeros_in_front_are_two_products_with_one_in_store_number():
    catalogue.load_products([{"code": "7", "name": "Figs"}, {"code": "007", "name": "Dates"}])

    assert Product.objects.get(code="7").gtin == gtin.in_store("7")
    assert Product.objects.get(code="007").gtin is None


@pytest.mark.parametrize(
    "rows",
    [
        [{"name": "Nameless number"}],
        [{"code": "1"}],
        [{"code": "1", "name": "A"}, {"code": "1", "name": "B"}],
        [{"code": "1", "name": "A", "gtin": OATS}, {"code": "2", "name": "B", "gtin": "0" + OATS}],
        [{"code": "1", "name": "A", "gtin": "4006381333932"}],
        [{"code": "1" * 33, "name": "A"}],
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused_whole(rows):
    with pytest.raises(catalogue.CatalogueError):
        catalogue.load_products([{"code": "99", "name": "Good"}, *rows])
    assert not Product.objects.exists()


def test_stores_come_in_and_keep_what_is_not_said_again():
    catalogue.load_stores([{"number": "330", "name": "High St", "time_zone": "America/Chicago"}])
    catalogue.load_stores(pd.DataFrame({"number": [330], "name": ["High Street"]}))

    assert Store.objects.values_list("number", "name", "currency", "time_zone").get() == (
        "330",
        "High Street",
        "USD",
        "America/Chicago",
    )


@pytest.mark.parametrize(
    "row",
    [
        {"number": "33/0", "name": "x"},
        {"name": "x"},
        {"number": "1", "name": "x", "currency": "usd"},
        {"number": "1", "name": "x", "currency": "KWD"},
        {"number": "1", "name": "x", "time_zone": "Mars/Olympus"},
        {"number": "1", "name": "x", "time_zone": "../etc/passwd"},
    ],
)
def test_a_store_that_cannot_be_is_refused(row):
    with pytest.raises(catalogue.CatalogueError, match="Store"):
        catalogue.load_stores([row])
    assert not Store.objects.exists()
