"""Scale labels: price and weight read off the code, the item the same at any price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos_integration import catalogue, gtin, scales
from pos_integration.models import Product
from pos_integration.scales import Layout, ScaleError
from tests import make

PRICE = Layout("21IIIIIVPPPPC", 2)
WEIGHT = Layout("22IIIIIWWWWWC", 3)


def label(body):
    return body + gtin.check_digit(body)


@pytest.mark.parametrize(
    ("layout", "body", "item", "price", "weight"),
    [
        (PRICE, "211234592875", "12345", "28.75", None),  # the verifiers are GS1's own examples
        (Layout("23IIIIVPPPPPC", 2), "231234614685", "1234", "146.85", None),
        (WEIGHT, "221234500543", "12345", None, "0.543"),
        (Layout("2IIIIIIPPPPPC", 0), "254321000298", "543210", "298", None),  # yen
        (Layout("2100IIIIWWWWC", 2), "210077770150", "7777", None, "1.50"),
        (Layout("2IIIIIVPPPPC", 2), "20100292875", "01002", "28.75", None),  # UPC-A
        (Layout("2IIIIIVPPPPC", 2), "020100292875", "01002", "28.75", None),  # sent as EAN-13
    ],
)
def test_a_label_says_its_item_and_its_price_or_weight(layout, body, item, price, weight):
    said = scales.read(label(body), [layout])
    assert said is not None
    assert said.item == item
    assert said.price == (Decimal(price) if price else None)
    assert said.weight == (Decimal(weight) if weight else None)


@given(st.integers(0, 99999), st.integers(0, 9999), st.integers(0, 9999))
def test_one_item_has_one_number_at_any_price(item, one, other):
    layout = Layout("25IIIIIPPPPPC", 2)
    first, second = (
        scales.read(label(f"25{item:05}{price:05}"), [layout]) for price in (one, other)
    )
    assert first is not None
    assert second is not None
    assert (first.item, first.code, first.gtin) == (second.item, second.code, second.gtin)
    assert gtin.normal_form(first.code) == first.gtin, "its check digit is right"
    assert first.price == Decimal(one) / 100
    assert scales.read(first.code, [layout]) == first._replace(price=Decimal("0.00"))


def test_with_a_verifier_the_empty_label_can_be_read_too():
    said = scales.read(label("211234592875"), [PRICE])
    assert said is not None
    assert scales.read(said.code, [PRICE]) == said._replace(price=Decimal("0.00"))


def test_the_most_fixed_digits_count_then_the_stores_own_layout():
    general = [Layout("2IIIIIIPPPPPC", 2), Layout("217IIIIPPPPPC", 2), Layout("21IIIIIWWWWWC", 3)]
    own = [Layout("21IIIIIPPPPPC", 2)]
    for body, item, is_price in [
        ("217654300500", "6543", True),
        ("211654300500", "16543", True),
        ("251654300500", "516543", True),
    ]:
        said = scales.read(label(body), own + general)
        assert said is not None
        assert (said.item, said.price is not None) == (item, is_price)
    elsewhere = scales.read(label("211654300500"), general)
    assert elsewhere is not None
    assert elsewhere.weight == Decimal("0.500")


@pytest.mark.parametrize(
    "code",
    ["", "2", "4006381333931", "29123450012", "2A12345928753", "2912345928755", "24006381333931"],
)
def test_what_no_layout_is_for_is_no_label(code):
    assert scales.read(code, [PRICE, WEIGHT]) is None
    assert scales.read(code, []) is None


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("2112345928754", "'2112345928754' ends in 4, not 3"),
        (label("211234582875"), "says 8 for the verifier of the price 2875, not 9"),
    ],
)
def test_a_misread_label_is_refused_in_a_sentence(code, sentence):
    with pytest.raises(ScaleError, match=sentence):
        scales.read(code, [PRICE])


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("21IIIIIVPPPP", "is no layout"),
        ("31IIIIIVPPPPC", "is no layout"),
        ("21IIIIIVPPPPPC", "has 14 places, not 13"),
        ("21IIIIIVPPPC", "verifier of 3 digits"),
        ("2IIIIVPPPPPPC", "verifier of 6 digits"),
        ("21PPPPPIIIIIC", "is no layout"),
    ],
)
def test_a_layout_that_cannot_be_read_says_why(pattern, sentence):
    with pytest.raises(ScaleError, match=sentence):
        scales.check_layout(Layout(pattern, 2))


def test_two_layouts_must_differ_in_their_fixed_digits():
    scales.check_layout(PRICE, [WEIGHT, Layout("2IIIIIIPPPPPC", 2), Layout("21IIIIVPPPPC", 2)])
    with pytest.raises(ScaleError, match="a label could be read either way"):
        scales.check_layout(PRICE, [Layout("21IIIIIWWWWWC", 3)])


def items_of(*bodies):
    """By label without its price, the item: what the catalogue is asked for."""
    said = [scales.read(label(body), [Layout("25IIIIIPPPPPC", 2)]) for body in bodies]
    return {one.code: one.item for one in said if one}


@pytest.mark.django_db
def test_a_label_names_the_chains_own_number_with_or_without_its_zeros():
    ham = Product.objects.create(code="00417", name="Ham, cut")
    brie = Product.objects.create(code="418", name="Brie")
    dates = make.product("0" + label("251111100000"), "Dates")  # known by its empty label

    items = items_of("250041700350", "250041800199", "251111100099", "259999900001")

    assert sorted(catalogue.known_items(items).values()) == sorted([ham.pk, brie.pk, dates.pk])
    assert catalogue.known_items({}) == {}


@pytest.mark.django_db
def test_an_unknown_label_makes_one_product_and_not_one_a_price():
    items = items_of("257777700350", "257777700351", "257777799999")
    (bare,) = items

    made = catalogue.add_unlisted({bare: "Gouda, cut"})

    assert catalogue.known_items(items) == made
    assert list(Product.objects.values_list("name", "gtin")) == [("Gouda, cut", f"0{bare}")]
