"""Settling: every booking is stated once, and nobody who works beside doubles it."""

import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from coupons import reversing, settlement, statements
from coupons.models import Dispute, LedgerEntry, Statement, StatementEntry
from coupons.settlement import SettlementError
from tests import make
from tests.coupons.settling import (
    APRIL,
    MARCH,
    at_once,
    booked,
    cleared,
    entries_of,
    redeemed,
    settled,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return User.objects.create(username="clerk")


def test_a_statement_takes_every_entry_of_its_funder_until_its_last_day(clerk):
    offer = make.offer()
    march, _april = redeemed(offer), redeemed(offer, day=date(2026, 4, 1))
    settlement.book()

    statement = settlement.settle(offer.funder, MARCH, by=clerk)

    assert [entry.redemption for entry in entries_of(statement)] == [march]
    assert statement.number == "2026-03-OATWORKS-001"
    assert (statement.period_from, statement.period_to) == (date(2026, 3, 1), MARCH)
    assert (statement.currency, statement.state) == ("USD", "issued")
    assert statement.issued_by == clerk
    assert settlement.totals([statement]) == {statement.pk: (1, Decimal("0.58"))}


def test_what_came_late_for_march_is_in_the_statement_of_april():
    first = redeemed()
    settled(first)
    late = redeemed(first.offer, day=date(2026, 3, 30))

    statement = settled(late, through=APRIL)

    assert [entry.redemption for entry in entries_of(statement)] == [late]
    assert statement.period_from == date(2026, 4, 1)


def test_what_is_outstanding_is_what_was_stated_and_what_waits_to_be():
    first = redeemed()
    settled(first)
    redeemed(first.offer, "1.00")
    redeemed(first.offer, "51", currency="JPY")
    settlement.book()

    funder = first.offer.funder
    assert settlement.owed([funder]) == {funder.pk: {"USD": Decimal("0.58")}}
    assert statements.waiting(funder) == {"JPY": Decimal(51), "USD": Decimal("1.08")}


def test_a_second_statement_of_a_month_has_the_next_number():
    settled(first := redeemed())

    again = settled(redeemed(first.offer))

    assert again.number == "2026-03-OATWORKS-002"
    assert again.period_from == date(2026, 3, 1)


def test_funders_of_like_or_foreign_names_get_numbers_of_their_own():
    offers = [make.offer() for _ in range(3)]
    for offer, name in zip(offers, ["Öat-Wörks", "OATWORKS", "Овсянка"], strict=True):
        offer.funder = make.funder(name)
        offer.save()
        redeemed(offer)
    settlement.book()

    numbers = [one.number for one in settlement.settle_all(MARCH)]

    assert sorted(numbers) == sorted(
        ["2026-03-OATWORKS-001", "2026-03-OATWORKS-002", f"2026-03-F{offers[2].funder.pk}-001"]
    )


def test_nothing_is_settled_twice():
    redemption = redeemed()
    settled(redemption)

    with pytest.raises(SettlementError, match=r"nothing to settle with 'Oat Works' until 31 March"):
        settlement.settle(redemption.offer.funder, MARCH)
    assert Statement.objects.count() == 1


def test_a_period_that_is_not_over_is_refused():
    today = timezone.localdate()

    with pytest.raises(SettlementError, match="is not over"):
        settlement.settle(make.funder(), today)


def test_a_period_that_ends_before_it_begins_is_refused():
    redemption = redeemed()
    settlement.book()

    with pytest.raises(SettlementError, match="ends on 31 March 2026, before 1 April 2026"):
        settlement.settle(redemption.offer.funder, MARCH, period_from=date(2026, 4, 1))
    assert not Statement.objects.exists()


def test_two_currencies_are_two_statements_and_one_must_be_named():
    offer = make.offer()
    redeemed(offer)
    redeemed(offer, "51", currency="JPY")
    settlement.book()

    with pytest.raises(SettlementError, match="JPY and USD: say which"):
        settlement.settle(offer.funder, MARCH)

    assert [(one.number, one.currency) for one in settlement.settle_all(MARCH)] == [
        ("2026-03-OATWORKS-001", "JPY"),
        ("2026-03-OATWORKS-002", "USD"),
    ]
    assert settlement.settle_all(MARCH) == []


def test_a_month_of_nothing_but_returns_is_a_credit():
    redemption = redeemed()
    settled(redemption)
    reversing.reverse(redemption.pk, "returned")

    credit = settled(redemption, through=APRIL)

    assert settlement.totals([credit]) == {credit.pk: (-1, Decimal("-0.58"))}


def test_a_statement_is_paid_once_on_a_day_after_its_period():
    statement = settled(redeemed())
    assert settlement.owed([statement.funder]) == {statement.funder.pk: {"USD": Decimal("0.58")}}

    for day in (MARCH, timezone.localdate() + timedelta(days=1)):
        with pytest.raises(SettlementError, match="wanted: a day after 31 March 2026"):
            settlement.mark_paid(statement, day)
    settlement.mark_paid(statement, date(2026, 4, 9))

    assert (statement.state, statement.paid_on) == ("paid", date(2026, 4, 9))
    assert settlement.owed([statement.funder]) == {}
    with pytest.raises(SettlementError, match="paid already"):
        settlement.mark_paid(Statement.objects.get(), date(2026, 4, 10))


@pytest.mark.django_db(transaction=True)
def test_bookings_at_once_book_every_redemption_and_reversal_once():
    offer = make.offer()
    for _ in range(10):
        reversing.reverse(redeemed(offer).pk, "returned")

    outcome = at_once(*[settlement.book] * 4)

    assert sum(one["redemption"] for one in outcome) == 10
    assert sum(one["reversal"] for one in outcome) == 10
    assert LedgerEntry.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_of_two_settling_at_once_one_gets_the_entries_and_one_is_told():
    funder = redeemed().offer.funder
    settlement.book()

    outcome = at_once(*[lambda: settlement.settle(funder, MARCH)] * 2)

    assert sorted(type(one).__name__ for one in outcome) == ["SettlementError", "Statement"]
    assert StatementEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_disputing_at_once_one_is_noted_and_one_is_told():
    redemption = redeemed()
    settled(redemption)
    entry = cleared(redemption)

    outcome = at_once(*[lambda: settlement.dispute(entry, Decimal("0.40"), "a")] * 2)

    assert sorted(type(one).__name__ for one in outcome) == ["Dispute", "SettlementError"]
    assert Dispute.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_giving_in_while_the_goods_come_back_never_gives_the_money_back_twice():
    clerk = User.objects.create(username="clerk")
    redemption = redeemed()
    settled(redemption)
    open_ = settlement.dispute(cleared(redemption), Decimal("0.20"), "a")
    reversing.reverse(redemption.pk, "returned")

    at_once(settlement.book, lambda: settlement.concede(open_, clerk, "Yes."))

    assert settlement.claimed(cleared(redemption)).amount == 0


@pytest.mark.django_db(transaction=True)
def test_of_two_conceding_at_once_one_books_and_one_is_told():
    clerk = User.objects.create(username="clerk")
    redemption = redeemed()
    settled(redemption)
    open_ = settlement.dispute(cleared(redemption), Decimal("0.58"), "a")

    outcome = at_once(
        *[lambda: settlement.concede(Dispute.objects.get(pk=open_.pk), clerk, "Yes.")] * 2
    )

    assert sorted(type(one).__name__ for one in outcome) == ["LedgerEntry", "SettlementError"]
    assert len(booked(redemption)) == 2


@pytest.mark.django_db(transaction=True)
def test_what_a_receipt_makes_smaller_while_it_is_cleared_is_booked_smaller():
    redemption = redeemed(online=True)
    outcome = []

    def book():
        outcome.extend(at_once(settlement.book))

    with transaction.atomic():
        type(redemption.coupon).objects.select_for_update().get(pk=redemption.coupon_id)
        thread = threading.Thread(target=book)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()  # it waits for what clearing makes of the coupon
        redemption.amount = Decimal("0.40")
        redemption.save()
    thread.join(10)

    assert outcome == [{"redemption": 1}]
    assert booked(redemption) == [("redemption", 1, "0.40", "0.08")]
