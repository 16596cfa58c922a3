"""What scanned codes mean is remembered, and forgotten as soon as the catalogue changes."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pos_integration import catalogue, shelf
from pos_integration.models import Product
from tests import make


def asked(codes):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        found = shelf.known_products(codes)
    return found, len(queries)


@pytest.mark.django_db
def test_a_code_is_looked_up_once_and_an_unknown_one_every_time():
    oats = make.product()

    assert asked([make.OATS]) == ({make.OATS: oats.pk}, 3)
    assert asked([make.OATS]) == ({make.OATS: oats.pk}, 1)
    found, queries = asked([make.OATS, "4711"])
    assert found == {make.OATS: oats.pk}
    assert queries > 1
    new = catalogue.add_unlisted({"4711": "Cologne"})
    assert shelf.known_products([make.OATS, "4711"]) == {make.OATS: oats.pk, **new}


@pytest.mark.django_db
def test_a_catalogue_that_gives_a_code_to_another_product_is_believed_at_once():
    catalogue.load_products([{"gtin": "02000000000077", "name": "Pear"}])
    pear = Product.objects.get()
    assert shelf.known_products(["7"]) == {"7": pear.pk}, "by its restricted-circulation number"

    apple = Product.objects.create(code="7", name="Apple")
    assert shelf.known_products(["7"]) == {"7": apple.pk}

    Product.objects.filter(pk=apple.pk).update(code="8")
    assert shelf.known_products(["7", "8"]) == {"7": pear.pk, "8": apple.pk}

    apple.delete()
    assert shelf.known_products(["7", "8"]) == {"7": pear.pk}


@pytest.mark.django_db
def test_what_was_rolled_back_is_not_remembered():
    def rolled_back():
        with transaction.atomic():
            made = Product.objects.create(code="9", name="Plum")
            assert shelf.known_products(["9"]) == {"9": made.pk}
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - ours
        rolled_back()
    assert shelf.known_products(["9"]) == {}
    kept = Product.objects.create(code="9", name="Plum")
    assert shelf.known_products(["9"]) == {"9": kept.pk}
