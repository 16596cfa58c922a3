"""What a receipt takes back: noted as the till named it, found once the original is there."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pos_integration import records, undoing
from pos_integration.models import Basket, StoreAlias, Terminal, TerminalAlias, Undoing, Upload
from tests import make

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 10)
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def till():
    return Terminal.objects.create(store=make.store("330"), number=1)


def receipt(number, till, day=TODAY, kind="sale", came=None):
    """A receipt's row, as a load writes it."""
    made = Basket.objects.create(
        store=till.store,
        till=till.number,
        business_date=day,
        receipt=number,
        kind=kind,
        currency="USD",
        content_hash=b"",
        upload=Upload.objects.create(
            terminal=till, sha256=f"{Upload.objects.count():064}", body=b"", state="loaded"
        ),
    )
    if came:
        Upload.objects.filter(pk=made.upload_id).update(received_at=came)
    return made


def line(number=1, kind="sale", **changes):
    return records.Line(number, make.OATS, "2.00", kind=kind, **changes)


def said(row, lines=(), voids=None):
    """The checked basket of a receipt's row, for `note`."""
    return (
        row.pk,
        row.store_id,
        records.Basket(
            row.till,
            row.business_date,
            row.receipt,
            [*lines],
            store=row.store.number,
            kind=row.kind,
            voids=voids,
        ),
    )


def void(till, of, number="2001", day=TODAY, **more):
    row = receipt(number, till, day, "void", **more)
    undoing.note([said(row, voids=of)])
    return row


def originals():
    return list(Undoing.objects.order_by("pk").values_list("original", flat=True))


def test_a_void_names_another_receipt_of_its_own_till(till):
    sale = receipt("1001", till)
    cancelled = void(till, records.Reference("1001", business_date=TODAY))

    assert undoing.find_originals() == 1
    (kept,) = Undoing.objects.all()
    assert (kept.basket, kept.original, kept.line_number) == (cancelled, sale, None)
    assert (kept.store, kept.till) == (till.store, 1)
    assert undoing.find_originals() == 0


def test_a_returned_line_names_a_line_of_another_store_by_that_systems_names(till):
    elsewhere = Terminal.objects.create(store=make.store("331"), number=7)
    StoreAlias.objects.create(store=elsewhere.store, text="LOC-9")
    TerminalAlias.objects.create(terminal=elsewhere, text="register-c")
    sale = receipt("55", elsewhere, YESTERDAY)
    back = receipt("1002", till, kind="return")

    undoing.note(
        [
            said(
                back,
                [
                    line(
                        1,
                        "return",
                        returns=records.Reference("55", "LOC-9", "register-c", YESTERDAY, 3),
                    ),
                    line(2, "return", returns=records.Reference("55", "331", 7)),
                    line(3, "return", returns=records.Reference("55", "331", "007")),
                ],
            )
        ]
    )

    assert undoing.find_originals() == 3
    assert originals() == [sale.pk] * 3
    assert list(
        Undoing.objects.order_by("pk").values_list("line_number", "original_line", "business_date")
    ) == [(1, 3, YESTERDAY), (2, None, None), (3, None, None)]


def test_a_reference_that_makes_no_sense_is_left_out_and_fails_nothing(till):
    nonsense = [
        records.Reference("55", store="no such store"),
        records.Reference("55", till="no such till"),
        records.Reference("55", till="99999999999"),
        records.Reference("55", till=2**31),
        records.Reference(""),
    ]
    undoing.note(
        [
            said(
                receipt("1002", till),
                [line(n, "return", returns=reference) for n, reference in enumerate(nonsense)],
            )
        ]
    )
    assert not Undoing.objects.exists()

    undoing.note(
        [
            said(
                receipt("1003", till),
                [
                    line(1, "return", returns=records.Reference("55", line=-4)),
                    line(2, "return", returns=records.Reference("a\tb\\", line=2**40)),
                ],
            )
        ]
    )
    assert list(
        Undoing.objects.order_by("line_number").values_list("receipt", "original_line")
    ) == [
        ("55", None),
        ("a\tb\\", None),
    ]


def test_only_what_was_given_back_takes_something_back(till):
    """Not the lines of a void, not a line that was struck out, not a sale that names another."""
    reference = records.Reference("1001")
    undoing.note(
        [
            said(receipt("1", till, kind="void"), [line(1, "return", returns=reference)]),
            said(receipt("2", till, kind="return"), [line(1, "void", returns=reference)]),
            said(receipt("3", till), [line(1, returns=reference)], voids=reference),
        ]
    )
    assert not Undoing.objects.exists()

    undoing.note(
        [
            said(receipt("4", till, kind="return"), [line(1, returns=reference), line(2)]),
            said(receipt("5", till), [line(1), line(2, "return", returns=reference)]),
        ]
    )
    assert set(Undoing.objects.values_list("basket__receipt", "line_number")) == {
        ("4", 1),
        ("5", 2),
    }


def test_nothing_is_asked_of_the_database_where_nothing_is_taken_back(till):
    row = receipt("1001", till)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        undoing.note([said(row, [line(1), line(2, "return")])] * 500)
    assert len(queries) == 0


def test_an_original_that_comes_later_is_found_then(till):
    void(till, records.Reference("1001", business_date=YESTERDAY))
    assert undoing.find_originals() == 0
    sale = receipt("1001", till, YESTERDAY)
    assert undoing.find_originals() == 1
    assert originals() == [sale.pk]


def test_without_a_day_the_latest_receipt_of_that_number_is_meant(till):
    receipt("1001", till, TODAY - timedelta(days=40))
    meant = receipt("1001", till, TODAY - timedelta(days=3))
    receipt("1001", till, TODAY + timedelta(days=1))
    receipt("1001", Terminal.objects.create(store=till.store, number=2))
    void(till, records.Reference("1001"))
    undoing.find_originals()
    assert originals() == [meant.pk]


@pytest.mark.parametrize(("days_before", "is_found"), [(0, True), (90, True), (91, False)])
def test_without_a_day_ninety_days_are_searched(till, days_before, is_found):
    receipt("1001", till, TODAY - timedelta(days=days_before))
    void(till, records.Reference("1001"))
    assert undoing.find_originals() == is_found


def test_with_a_day_that_day_alone_is_meant_however_long_ago(till):
    meant = receipt("1001", till, TODAY - timedelta(days=300))
    receipt("1001", till, TODAY - timedelta(days=1))
    void(till, records.Reference("1001", business_date=TODAY - timedelta(days=300)))
    undoing.find_originals()
    assert originals() == [meant.pk]


def test_nothing_takes_back_itself_or_a_void(till):
    void(till, records.Reference("2001", business_date=TODAY))
    void(till, records.Reference("2001", business_date=TODAY), number="2002")
    earlier = receipt("2001", till, YESTERDAY)
    void(till, records.Reference("2003"), number="2003")
    void(till, records.Reference("2001"), number="2004")
    undoing.find_originals()
    assert originals() == [None, None, None, earlier.pk]


def test_after_ninety_days_an_original_is_looked_for_no_more(till):
    now = timezone.now()
    ages = [200, 91, 89, 3, 1]
    for place, age in enumerate(ages):
        reference = records.Reference(f"{1000 + place}", business_date=YESTERDAY)
        void(till, reference, number=f"{2000 + place}", came=now - timedelta(days=age))
    for place in range(len(ages)):
        receipt(f"{1000 + place}", till, YESTERDAY)

    assert undoing.find_originals() == 3
    assert [original is not None for original in originals()] == [False, False, True, True, True]


def test_where_all_were_given_up_none_is_looked_for(till):
    void(till, records.Reference("1001"), came=timezone.now() - timedelta(days=100))
    receipt("1001", till, YESTERDAY)
    assert undoing.find_originals() == 0
