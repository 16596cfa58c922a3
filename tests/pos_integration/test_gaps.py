"""Receipts that did not come are missed; what only looks like it is not."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from pos_integration import gaps
from pos_integration.models import Basket, Terminal, Upload
from tests import make

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(days=1)
LONG_AGO = timedelta(days=3)


@pytest.fixture
def till():
    return Terminal.objects.create(store=make.store("330"), number=1)


def sold(till, receipts, day=DAY, age=LONG_AGO):
    """The till's receipts of a day, in one upload that came so long ago."""
    upload = Upload.objects.create(
        terminal=till, sha256=f"{Upload.objects.count():064}", body=b"", state="loaded"
    )
    Upload.objects.filter(pk=upload.pk).update(received_at=timezone.now() - age)
    Basket.objects.bulk_create(
        Basket(
            store=till.store,
            till=till.number,
            business_date=day,
            receipt=str(receipt),
            kind="sale",
            currency="USD",
            content_hash=b"",
            upload=upload,
        )
        for receipt in receipts
    )


def found(since=DAY, until=NEXT, store=None, **more):
    return [
        (gap.till, gap.after, gap.before, gap.count)
        for gap in gaps.missing(store, since, until, **more)
    ]


def without(numbers, *left_out):
    return [number for number in numbers if number not in left_out]


def test_what_lies_between_two_receipts_that_came_is_missing_until_it_comes(till):
    sold(till, without(range(1, 41), 7, 20, 21, 22))
    assert found() == [(1, "6", "8", 1), (1, "19", "23", 3)]
    (first, _) = gaps.missing(till.store, DAY, DAY)
    assert (first.store, first.business_date, first.is_waiting) == ("330", DAY, False)

    sold(till, [7, 21])
    assert found() == [(1, "19", "21", 1), (1, "21", "23", 1)]


def test_numbers_go_on_over_days_whatever_zeros_stand_before_them(till):
    sold(till, [f"{n:05}" for n in range(95, 121)])
    sold(till, [f"{n:05}" for n in range(123, 131)], NEXT)
    assert found() == [(1, "00120", "00123", 2)]
    assert found(since=NEXT) == [(1, "00120", "00123", 2)], "the day before is looked at too"
    assert found(until=DAY) == []


def test_tills_that_start_anew_each_day_miss_nothing_by_it(till):
    for place in range(10):
        sold(till, range(1, 6), DAY + timedelta(days=place))
    assert found(until=DAY + timedelta(days=10)) == []


def test_a_numbering_that_turns_over_in_the_middle_of_a_day_has_no_gap_there(till):
    sold(till, range(900, 950))
    sold(till, [*range(950, 1000), *without(range(1, 31), 12)], NEXT)
    assert found() == [(1, "11", "13", 1)]


def test_a_jump_to_another_numbering_is_no_gap(till):
    sold(till, [*range(1, 30), *range(500_000, 500_030)])
    assert found() == []


@pytest.mark.parametrize(
    "receipts",
    [
        [*range(1, 10), *range(11, 20)],  # too few to judge
        range(1, 200, 3),  # several tills share one numbering
        [f"A{number}" for number in without(range(1, 100), 50)],
        [f"{10**20 + number}" for number in without(range(1, 100), 50)],
    ],
)
def test_a_till_that_does_not_count_by_one_is_not_judged(till, receipts):
    sold(till, receipts)
    assert found() == []


def test_each_till_counts_for_itself(till):
    other = Terminal.objects.create(store=till.store, number=2)
    elsewhere = Terminal.objects.create(store=make.store("331"), number=1)
    sold(till, range(1, 41, 1))
    sold(other, without(range(1, 41), 9))
    sold(elsewhere, without(range(1, 41), 11))
    assert found() == [(2, "8", "10", 1), (1, "10", "12", 1)]
    assert found(store=till.store) == [(2, "8", "10", 1)]
    assert found(store=till.store, till=1) == []


def test_a_receipt_that_came_twice_is_one_receipt(till):
    sold(till, without(range(1, 41), 30))
    sold(till, ["040", 41, 42], NEXT)
    assert found() == [(1, "29", "31", 1)]


@pytest.mark.parametrize(
    ("age", "is_followed", "is_waiting"),
    [
        (timedelta(hours=1), True, True),
        (timedelta(hours=3), True, False),
        (timedelta(hours=3), False, True),  # the till's next file may bring it
        (timedelta(days=2), False, False),
    ],
)
def test_what_may_still_be_on_its_way_is_waiting(till, age, is_followed, is_waiting):
    sold(till, without(range(1, 41), 30), age=age)
    if is_followed:
        sold(till, range(41, 43), NEXT, age=timedelta(0))
    (gap,) = gaps.missing(None, DAY, NEXT)
    assert gap.is_waiting == is_waiting


def test_a_till_is_silent_when_its_store_sold_and_it_did_not(till):
    dead = Terminal.objects.create(store=till.store, number=2)
    for number, more in ((3, {"revoked_at": timezone.now()}), (4, {"is_collector": True})):
        gone = Terminal.objects.create(store=till.store, number=number, **more)
        sold(gone, [1], DAY - timedelta(days=1))
    Terminal.objects.create(store=till.store, number=5)  # never sold anything
    sold(dead, [1, 2], DAY)
    for place in (0, 1, 3):
        sold(till, [1, 2], DAY + timedelta(days=place))
    sold(till, [1], timezone.localdate())

    assert gaps.silent(DAY) == [
        gaps.Silence(till.store_id, "330", 2, days=2, last_on=DAY + timedelta(days=3))
    ]
    assert gaps.silent(DAY + timedelta(days=4)) == []
