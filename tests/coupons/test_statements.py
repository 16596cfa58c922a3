"""Statements as a finance department takes them: every row once, in figures it can add up."""

import csv
import io
from datetime import date
from decimal import Decimal

import pypdfium2  # type: ignore[import-untyped] # ships no types
import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from coupons import reversing, settlement, statements
from coupons.models import LedgerEntry, Redemption
from coupons.sheets import codes
from tests import make

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 31)


def redeemed(offer, store, amount="0.50"):
    return Redemption.objects.create(
        offer=offer,
        coupon=make.coupon(codes.mint(), offer),
        amount=Decimal(amount),
        store=store,
        till=1,
        business_date=date(2026, 3, 5),
        receipt="1",
    )


def offer(name="Oat drink", detail=""):
    made = make.offer()
    made.name, made.detail = name, detail
    made.save()
    return made


def settled():
    settlement.book()
    return settlement.settle(make.funder(), MARCH)


def rows(statement):
    text = statements.as_csv(statement).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def paper(statement):
    """The words on each page."""
    document = pypdfium2.PdfDocument(statements.as_pdf(statement))
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture
def mixed():
    """Two stores, two offers, one coupon taken back, one conceded."""
    stores = [make.store("0001"), make.store("0002")]
    oats, rye = offer("Oat drink"), offer("Rye bread")
    first = redeemed(oats, stores[0])
    for store in stores:
        redeemed(oats, store)
        redeemed(rye, store, "1.20")
    reversing.reverse(redeemed(rye, stores[1]).pk, "returned")
    settlement.book()
    settlement.settle(make.funder(), date(2026, 3, 5))
    dispute = settlement.dispute(
        LedgerEntry.objects.get(redemption=first, kind="redemption"),
        Decimal("0.20"),
        "delisted in May",
    )
    settlement.concede(dispute, User.objects.create(username="clerk"), "Yes.")
    redeemed(oats, stores[0])
    return settled()


def test_the_rows_are_a_store_and_an_offer_each_and_what_was_given_back_stands_apart(mixed):
    before = mixed.funder.statements.order_by("pk")[0]

    assert [
        (line.store.number, line.offer.name, line.coupons, str(line.face_value))
        for line in statements.lines(before)
    ] == [
        ("0001", "Oat drink", 2, "1.00"),
        ("0001", "Rye bread", 1, "1.20"),
        ("0002", "Oat drink", 1, "0.50"),
        ("0002", "Rye bread", 2, "1.70"),
    ]
    assert [(one.kind, one.note) for one in statements.others(before)] == [("reversal", "returned")]
    assert [(one.kind, one.note) for one in statements.others(mixed)] == [
        ("dispute", "delisted in May")
    ]


def test_the_table_adds_up_to_the_statement_to_the_cent(mixed):
    for statement in mixed.funder.statements.all():
        coupons, amount = settlement.totals([statement])[statement.pk]
        table = rows(statement)
        assert sum(int(row["coupons"]) for row in table) == coupons
        assert sum(Decimal(row["total"]) for row in table) == amount
        for row in table:
            assert Decimal(row["face_value"]) + Decimal(row["handling_fee"]) == Decimal(
                row["total"]
            )


def test_a_table_is_what_a_spreadsheet_reads(mixed):
    content = statements.as_csv(mixed)

    assert content.startswith(b"\xef\xbb\xbfstatement,funder,")
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    back = rows(mixed)[1]
    assert (back["kind"], back["business_date"], back["face_value"], back["currency"]) == (
        "dispute",
        "2026-03-05",
        "-0.20",
        "USD",
    )


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_name_is_a_formula_and_no_amount_is_a_text(name):
    redeemed(offer(name), make.store())

    row = rows(settled())[0]

    assert row["offer_name"] == f"'{name}"
    assert (row["face_value"], row["total"]) == ("0.50", "0.58")


def test_paper_tells_who_owes_what_to_whom_and_why():
    funder = make.funder()
    funder.address, funder.reference = "Accounts payable\n12 Mill Street", "VENDOR-47"
    funder.save()
    store = make.store("0001")
    reversing.reverse(redeemed(offer("Oat drink", "Łódź 1 l"), store).pk, "returned")
    redeemed(offer("Żaneta & <Søn> ß"), store, "1234.50")
    statement = settled()

    (words,) = paper(statement)

    for said in (
        *("Greenfield", "Oat Works", "12 Mill Street", "VENDOR-47", statement.number),
        *("1 Mar 2026 to 31 Mar 2026", "0001 High Street", "Łódź 1 l", "Żaneta & <Søn> ß"),
        *("returned", "1,234.58", "Please pay USD 1,234.58", "Page 1 of 1"),
    ):
        assert said in words


def test_a_long_statement_repeats_its_head_and_counts_its_pages():
    offers = [offer(f"Oat drink {n}") for n in range(12)]
    for number in range(6):
        store = make.store(f"{number:04}")
        for one in offers:
            redeemed(one, store)
    statement = settled()

    pages = paper(statement)

    assert len(pages) > 2
    for number, words in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in words
        assert statement.number in words
    assert all("Handling fee" in words for words in pages[:-1])
    assert sum(words.count("Oat drink") for words in pages) == 72


def test_a_credit_asks_for_no_money():
    redemption = redeemed(offer(), make.store())
    settled()
    reversing.reverse(redemption.pk, "returned")
    statement = settled()

    (words,) = paper(statement)

    assert "USD 0.58 is in your favour" in words
    assert "Please pay" not in words
    assert "for \N{MINUS SIGN}1 coupon" in words


def test_a_reprint_is_the_same_to_the_byte_paid_or_not(mixed):
    before = statements.as_pdf(mixed), statements.as_csv(mixed)

    settlement.mark_paid(mixed, timezone.localdate())

    mixed.refresh_from_db()
    assert (statements.as_pdf(mixed), statements.as_csv(mixed)) == before
