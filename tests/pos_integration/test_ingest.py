"""What a till hands over becomes facts, once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_integration import gtin, ingest, keeping, tasks
from pos_integration.models import (
    Basket,
    BasketLine,
    Product,
    RedemptionRecord,
    Reject,
    Tender,
    Upload,
)
from tests import make
from tests.pos_integration.tills import OATS, basket, body, line, open_store, outcome, send

pytestmark = pytest.mark.django_db


def test_a_basket_is_kept_as_the_till_said_it():
    till = open_store(time_zone="America/New_York")
    oats = make.product(gtin="0" + OATS)

    upload = send(
        till,
        basket(
            ended_at="2026-03-05T11:53:26",
            card=" 900 ",
            currency="USD",
            lines=[
                line(1, quantity="2", amount="3.5", discount="0.50"),
                line(2, quantity="0.455", unit="KGM", amount="-1", kind="return",
                     returns={"receipt": "999", "line": 4}),
            ],
            coupons=[{"code": " 7Q4M-X ", "line": 1, "amount": "0.50"}],
            tenders=[{"kind": "cash", "amount": "2.50"}],
            voids={"store": "330", "till": 1, "business_date": "2026-03-04", "receipt": "998"},
        ),
    )  # fmt: skip

    assert outcome(upload) == (1, 0, 0)
    kept = Basket.objects.get()
    assert kept.ended_at == datetime(2026, 3, 5, 16, 53, 26, tzinfo=UTC)
    assert (kept.card_number, kept.currency, kept.kind) == ("900", "USD", "sale")
    assert kept.voids == {
        "store": "330",
        "till": 1,
        "business_date": "2026-03-04",
        "receipt": "998",
    }
    first, second = kept.lines.order_by("number")
    assert first.product == second.product == oats
    assert (first.quantity, first.amount, first.discount) == (
        Decimal(2),
        Decimal("3.5"),
        Decimal("0.5"),
    )
    assert (second.quantity, second.unit, second.amount) == (Decimal("0.455"), "KGM", Decimal(-1))
    assert (second.kind, second.returns) == ("return", {"receipt": "999", "line": 4})
    assert (first.unit, first.returns) == ("EA", None)
    used = RedemptionRecord.objects.get()
    assert (used.code, used.line_number, used.amount) == ("7Q4M-X", 1, Decimal("0.5"))
    assert Tender.objects.values_list("kind", "amount").get() == ("cash", Decimal("2.5"))


def test_the_same_bytes_again_are_the_same_upload():
    till = open_store()
    content = body(basket("1"), basket("2"))

    first, is_new = keeping.accept(till, content, "application/json")
    again, is_new_again = keeping.accept(till, content, "application/json")

    assert (is_new, is_new_again, first) == (True, False, again)
    assert outcome(ingest.load(first.pk)) == outcome(ingest.load(first.pk)) == (2, 0, 0)
    assert Basket.objects.count() == BasketLine.objects.count() == 2


def test_two_tills_may_send_the_same_bytes():
    till = open_store(tills=2)
    other = till.store.terminals.get(number=2)

    assert outcome(send(till, basket())) == (1, 0, 0)
    assert outcome(send(other, basket())) == (0, 1, 0)


def test_the_same_basket_in_another_upload_is_a_duplicate_however_it_is_written():
    till = open_store()
    send(till, basket("1", lines=[line(amount="2.0")], currency="USD"))

    again = send(
        till, basket("1", till="1", card="", lines=[line(amount="2.00", unit="EA")]), basket("2")
    )

    assert outcome(again) == (1, 1, 0)
    assert BasketLine.objects.count() == 2


def test_another_content_under_the_same_receipt_conflicts_and_both_are_kept():
    till = open_store()
    send(till, basket("1"))

    other = send(till, basket("1", lines=[line(amount="9.99")]))

    assert outcome(other) == (0, 0, 1)
    reject = Reject.objects.get()
    assert (reject.code, reject.receipt) == ("conflicting_receipt", "1")
    assert reject.detail == (
        "Receipt 1 of store 330, till 1, 2026-03-05 came before with another content."
    )
    assert '"9.99"' in reject.raw
    assert BasketLine.objects.get().amount == 2


def test_repeats_within_one_upload_are_told_apart_as_well():
    till = open_store()
    other = basket("1", lines=[line(amount="9.99")])

    assert outcome(send(till, basket("1"), basket("1"), other)) == (1, 1, 1)
    assert Reject.objects.get().position == 2
    assert outcome(send(till, other, basket("1"), other, basket("2"))) == (1, 1, 2)


def test_the_day_the_till_and_the_store_tell_receipts_apart():
    till = open_store(tills=2)

    upload = send(till, basket("1"), basket("1", till=2), basket("1", business_date="2026-03-06"))

    assert outcome(upload) == (3, 0, 0)


def test_a_basket_without_lines_is_a_fact_too():
    assert outcome(send(open_store(), basket(lines=[], kind="void"))) == (1, 0, 0)


def test_an_upload_without_baskets_is_loaded():
    assert send(open_store()).state == "loaded"


@given(
    st.text(
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20
    )
)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
def test_any_text_is_kept_letter_by_letter(text):
    Basket.objects.all().delete()
    till = make.terminal(number=1)[0]

    said = basket(
        text,
        store=till.store.number,
        lines=[line(code="A" + text, unit=text[:3], description=text)],
        coupons=[{"code": "C" + text + "C", "amount": "0"}],
        tenders=[{"kind": text, "amount": "1"}],
        voids={"receipt": text},
    )
    assert outcome(send(till, said)) == (1, 0, 0)

    kept = Basket.objects.get(store=till.store)
    assert (kept.receipt, kept.voids) == (text, {"receipt": text})
    assert kept.lines.values_list("code", "unit").get() == ("A" + text, text[:3])
    assert kept.tenders.get().kind == text
    assert kept.redemption_records.get().code == "C" + text + "C"
    RedemptionRecord.objects.all().delete()


@pytest.mark.parametrize(
    "text", ["\t", "\\", "\\N", "\\.", "\n", "\r\n", "\\t", "a\tb\\nc", "\u2028"]
)
def test_letters_that_copy_uses_itself_are_kept(text):
    till = open_store()
    assert outcome(send(till, basket(text, lines=[line(code="A" + text)]))) == (1, 0, 0)
    assert Basket.objects.get().receipt == text
    assert BasketLine.objects.get().code == "A" + text


class TestWhichProduct:
    def test_the_chains_own_number_comes_first_even_if_it_looks_like_a_wrong_gtin(self):
        own = Product.objects.create(code="12345678", name="Rolls")

        send(open_store(), basket(lines=[line(code="12345678")]))

        assert BasketLine.objects.get().product == own

    def test_upc_and_ean_of_one_item_are_one_product(self):
        soup = make.product(gtin="00036000291452", name="Soup")

        send(
            open_store(),
            basket(lines=[line(1, code="036000291452"), line(2, code="0036000291452")]),
        )

        assert {kept.product for kept in BasketLine.objects.all()} == {soup}

    def test_an_unknown_item_is_a_fact_and_not_listed(self):
        said = [
            line(1, description="Oat drink"),
            line(2, code="77"),
            line(3, code="0077", description="as 77"),
            line(4, code="DELI/44"),
            line(5, code=gtin.in_store("77")),
        ]

        assert outcome(send(open_store(), basket(lines=said))) == (1, 0, 0)

        assert set(Product.objects.values_list("gtin", "code", "name", "is_listed")) == {
            ("0" + OATS, None, "Oat drink", False),
            (gtin.in_store("77"), "77", "Unlisted 77", False),
            (None, "DELI/44", "Unlisted DELI/44", False),
        }
        second = BasketLine.objects.get(number=2)
        assert BasketLine.objects.filter(product=second.product).count() == 3

    def test_the_same_unknown_item_twice_is_one_product(self):
        till = open_store()
        send(till, basket("1", lines=[line(code="DELI/44")]))
        send(till, basket("2", lines=[line(code="DELI/44", description="Cheese")]))

        assert Product.objects.count() == 1

    def test_a_rejected_basket_makes_no_product(self):
        send(open_store(), basket(store="999"))

        assert not Product.objects.exists()


class TestWhoLoads:
    def test_one_that_another_worker_holds_is_left_alone_until_its_lease_is_over(self):
        upload, _ = keeping.accept(open_store(), body(basket()), "application/json")
        held = Upload.objects.filter(pk=upload.pk)
        held.update(claimed_until=timezone.now() + timedelta(minutes=1), attempts=1)

        assert ingest.load(upload.pk).state == "received"
        assert tasks.load_waiting() == "nothing waited"

        held.update(claimed_until=timezone.now() - timedelta(seconds=1))
        assert tasks.load_waiting() == "1 loaded"
        assert Upload.objects.get().attempts == 2

    def test_one_that_was_begun_three_times_has_failed(self):
        upload, _ = keeping.accept(open_store(), body(basket()), "application/json")
        Upload.objects.update(claimed_until=timezone.now() - timedelta(seconds=1), attempts=3)

        assert ingest.load(upload.pk).state == "received"
        assert tasks.load_waiting() == "1 failed"
        assert Reject.objects.get().code == "gave_up"
        assert tasks.load_waiting() == "nothing waited"

    def test_what_waits_is_loaded_oldest_first(self):
        till = open_store()
        first, _ = keeping.accept(till, body(basket("1")), "application/json")
        keeping.accept(till, body(basket("1", lines=[])), "application/json")

        assert ingest.load_waiting() == {"loaded": 2}
        assert Basket.objects.get().upload == first

    def test_a_task_says_what_became_of_an_upload(self):
        till = open_store()
        upload, _ = keeping.accept(till, body(basket()), "application/json")
        assert tasks.load(upload.pk) == (
            "330 High Street till 1: loaded; 1 baskets accepted, 0 came before, 0 rejected"
        )
