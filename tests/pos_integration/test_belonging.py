"""A basket belongs to a store and an upload that exist: the database sees to it."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from pos_integration.models import Basket
from tests import make


def refuses(statement, *values):
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)


@pytest.mark.django_db
@pytest.mark.parametrize("parent", ["store", "upload"])
def test_a_basket_cannot_name_what_does_not_exist(parent):
    kept = make.basket()
    refuses(f"UPDATE pos_integration_basket SET {parent}_id = 0")
    kept.pk, kept.receipt = None, "another"
    setattr(kept, f"{parent}_id", 0)
    with pytest.raises(IntegrityError), transaction.atomic():
        kept.save()
    assert Basket.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("parent", ["store", "upload"])
def test_a_store_or_an_upload_with_baskets_cannot_be_deleted(parent):
    basket = make.basket()
    refuses(f"DELETE FROM pos_integration_{parent} WHERE id = %s", getattr(basket, f"{parent}_id"))


@pytest.mark.django_db(transaction=True)
def test_a_store_deleted_while_a_basket_comes_stays():
    """The basket is written and not yet committed: the deletion waits, and is then refused."""
    store = make.store()
    basket = make.basket()
    outcome = []

    def delete():
        try:
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM pos_integration_store WHERE id = %s", [store.pk])
            outcome.append("deleted")
        except IntegrityError:
            outcome.append("refused")
        finally:
            connection.close()

    with transaction.atomic():
        Basket.objects.filter(pk=basket.pk).update(store=store)
        other = threading.Thread(target=delete)
        other.start()
        other.join(0.5)
        assert outcome == []
    other.join(10)
    assert outcome == ["refused"]
