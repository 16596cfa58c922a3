"""What stands behind a basket: other systems' names, scale labels, and cards that are none."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from pos_integration import catalogue, keeping, undoing
from pos_integration.models import (
    Basket,
    BasketLine,
    Product,
    ScaleLabel,
    StoreAlias,
    TerminalAlias,
    Upload,
)
from tests import make
from tests.pos_integration.tills import (
    STORE,
    basket,
    body,
    line,
    open_store,
    outcome,
    send,
    send_bytes,
)

pytestmark = pytest.mark.django_db(transaction=True)
VISA = "4111111111111111"


def everything_kept():
    """Every text and byte that the database holds of uploads, baskets and rejects."""
    with connection.cursor() as cursor:
        for table in ("upload", "uploadpiece", "reject", "basket", "basketline", "undoing"):
            cursor.execute(f"SELECT t::text FROM pos_integration_{table} AS t")
            yield from (row[0] for row in cursor.fetchall())
        cursor.execute("SELECT id FROM pos_integration_upload")
        keys = [pk for (pk,) in cursor.fetchall()]
    for pk in keys:
        yield keeping.opened(Upload.objects.get(pk=pk)).read().decode()


@pytest.mark.parametrize("written", [VISA, "4111 1111 1111 1111", "4111-1111-1111-1111"])
def test_a_payment_card_is_refused_and_its_number_is_kept_nowhere(written):
    upload = send(open_store(), basket("1", card=written), basket("2", card="900"))

    assert outcome(upload) == (1, 0, 1)
    reject = upload.rejects.get()
    assert reject.code == "payment_card"
    assert "1111" in reject.detail
    assert not any(written in text or VISA in text for text in everything_kept())


def test_a_payment_card_hidden_in_escapes_is_refused_too():
    hidden = body(basket(card=VISA)).replace(b"4111", b"\\u0034111")

    upload = send_bytes(open_store(), hidden)

    assert upload.rejects.get().code == "payment_card"
    assert upload.rejects.get().raw == ""
    assert Basket.objects.count() == 0


def test_a_loyalty_card_that_passes_for_a_payment_card_is_known_by_its_beginning(settings):
    settings.LOYALTY_CARD_PREFIXES = ["411111"]

    assert outcome(send(open_store(), basket(card=VISA))) == (1, 0, 0)
    assert Basket.objects.get().card_number == VISA


def test_an_item_or_a_receipt_that_looks_like_a_payment_card_is_left_as_it_is():
    said = basket(receipt=VISA, lines=[line(code="4006381333931")])
    assert outcome(send(open_store(), said)) == (1, 0, 0)
    assert Basket.objects.get().receipt == VISA


def test_a_label_from_the_scale_is_its_item_at_any_price():
    ScaleLabel.objects.create(pattern="21IIIIIVPPPPC", decimals=2)
    catalogue.load_products([{"code": "12345", "name": "Gouda"}])
    lines = [line(1, code="2112345928753"), line(2, code="2112345214689")]

    assert outcome(send(open_store(), basket(lines=lines))) == (1, 0, 0)

    gouda = Product.objects.get(name="Gouda")
    said = set(BasketLine.objects.values_list("product", "code"))
    assert said == {(gouda.pk, one["code"]) for one in lines}, "the code is kept as it was scanned"
    assert Product.objects.count() == 1


def test_an_item_that_only_scales_know_is_made_once_whatever_its_prices():
    ScaleLabel.objects.create(pattern="21IIIIIVPPPPC", decimals=2)
    lines = [line(1, code="2112345928753"), line(2, code="2112345214689")]

    send(open_store(), basket(lines=lines))

    assert Product.objects.get().gtin == "02112345000008"


def test_a_weight_on_the_label_is_the_quantity_where_the_till_said_one():
    store = open_store()
    ScaleLabel.objects.create(store=store.store, pattern="22IIIIIWWWWWC", decimals=3)
    labels = ["2200042012506", "2200042004204"]
    lines = [line(1, code=labels[0]), line(2, code=labels[1], quantity="0.42", unit="KGM")]

    upload = send(store, basket(lines=lines))

    assert outcome(upload) == (1, 0, 0), list(upload.rejects.values_list("detail"))
    said = BasketLine.objects.order_by("number").values_list("quantity", "unit")
    assert [(str(quantity), unit) for quantity, unit in said] == [
        ("1.250", "KGM"),
        ("0.420", "KGM"),
    ]


def test_a_label_that_was_scanned_badly_is_set_aside():
    ScaleLabel.objects.create(pattern="21IIIIIVPPPPC", decimals=2)
    wrong_verifier = line(code="2112345828756")

    upload = send(open_store(), basket(lines=[wrong_verifier]))

    assert upload.rejects.get().code == "bad_scale_label"


def test_a_layout_that_comes_later_makes_no_conflict_of_what_came_before():
    till = open_store()
    said = basket(lines=[line(code="2112345928753")])
    assert outcome(send(till, said)) == (1, 0, 0)

    ScaleLabel.objects.create(pattern="21IIIIIVPPPPC", decimals=2)

    assert outcome(send(till, said, basket("2", lines=[line()]))) == (1, 1, 0)


def test_another_systems_names_for_store_and_till_are_known_by_their_aliases():
    terminal = open_store(collector=True)
    StoreAlias.objects.create(store=terminal.store, text="b8ca3a65-outlet")
    TerminalAlias.objects.create(terminal=terminal, text="b8ca3a65-register")
    by_name = basket("1", store="b8ca3a65-outlet", till="b8ca3a65-register")

    assert outcome(send(terminal, by_name)) == (1, 0, 0)
    assert outcome(send(terminal, basket("1"))) == (0, 1, 0), "the same receipt by its own names"
    kept = Basket.objects.get()
    assert (kept.store.number, kept.till) == (STORE, 1)


def test_a_receipt_without_a_till_is_the_till_that_brings_it():
    terminal = open_store()
    said = json.loads(body(basket()))
    said["baskets"][0]["till"] = None

    upload = send_bytes(terminal, json.dumps(said).encode())

    assert outcome(upload) == (1, 0, 0)
    assert Basket.objects.get().till == terminal.number
    collector, _ = make.terminal(terminal.store, number=99)
    type(collector).objects.filter(pk=collector.pk).update(is_collector=True)
    collector.refresh_from_db()
    assert send_bytes(collector, json.dumps(said).encode() + b" ").rejects.get().code == (
        "missing_field"
    )


def test_a_receipt_without_a_day_has_the_day_of_its_end_at_the_store():
    terminal = open_store(time_zone="America/New_York")
    said = json.loads(body(basket(ended_at="2026-03-06T03:30:00Z")))
    said["baskets"][0]["business_date"] = None

    send_bytes(terminal, json.dumps(said).encode())

    assert str(Basket.objects.get().business_date) == "2026-03-05"


def test_a_clock_two_days_fast_loses_no_sale_and_one_from_nowhere_is_set_aside():
    today = datetime.now(UTC).date()
    upload = send(
        open_store(),
        basket("1", business_date=str(today + timedelta(days=2))),
        basket("2", business_date=str(today + timedelta(days=3))),
    )

    assert outcome(upload) == (1, 0, 1)
    assert upload.rejects.get().code == "future_date"


def test_what_a_receipt_takes_back_is_noted_with_it():
    terminal = open_store()
    upload = send(terminal, basket("1"), basket("2", kind="void", voids={"receipt": "1"}))

    assert outcome(upload) == (2, 0, 0)
    undoing.find_originals()
    sale, void = Basket.objects.order_by("receipt")
    assert void.undoings.get().original == sale
