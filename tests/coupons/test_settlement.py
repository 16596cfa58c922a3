"""Settling: every cleared coupon is booked once, stated once, and only disputes give money back."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coupons import ledger, reversing, settlement, statements
from coupons.models import Dispute, LedgerEntry, Redemption, Statement, StatementEntry
from coupons.settlement import SettlementError
from coupons.sheets import codes
from pos_integration.models import Store
from tests import make

pytestmark = pytest.mark.django_db

MARCH = date(2026, 3, 31)
APRIL = date(2026, 4, 30)
_receipts = count(1)


def store(currency="USD"):
    found = Store.objects.filter(currency=currency).first()
    if found is None:
        found = make.store()
        found.currency = currency
        found.save()
    return found


def redeemed(offer=None, amount="0.50", day=date(2026, 3, 5), currency="USD", *, online=False):
    """A redemption, as clearing made it; `online`: the till's basket has not come yet."""
    offer = offer or make.offer()
    coupon = make.coupon(codes.mint(), offer) if online else None
    return Redemption.objects.create(
        offer=offer,
        coupon=coupon,
        record=None if online else make.redemption_record("x", day=day, amount=amount),
        amount=Decimal(amount),
        store=store(currency),
        till=1,
        business_date=day,
        receipt=str(next(_receipts)),
    )


def booked(redemption):
    return [
        (entry.kind, entry.coupons, str(entry.face_value), str(entry.handling_fee))
        for entry in redemption.entries.order_by("pk")
    ]


def cleared(redemption):
    return redemption.entries.get(kind="redemption")


@pytest.fixture
def clerk():
    return User.objects.create(username="clerk")


# Booking.


def test_a_cleared_coupon_is_booked_once_at_its_amount_and_the_fee():
    redemption = redeemed()

    assert settlement.book() == {"redemption": 1}
    assert settlement.book() == {}

    assert booked(redemption) == [("redemption", 1, "0.50", "0.08")]
    entry = cleared(redemption)
    assert (entry.currency, entry.business_date) == ("USD", date(2026, 3, 5))
    assert entry.funder == redemption.offer.funder


def test_of_a_shared_offer_only_the_funders_part_is_booked_and_to_nobody_else():
    offer = make.offer()
    offer.funder_share = Decimal("0.5")
    offer.save()
    redemption = redeemed(offer, "0.25")

    settlement.book()

    assert booked(redemption) == [("redemption", 1, "0.13", "0.08")]


def test_what_the_house_pays_alone_is_booked_at_nothing_and_without_a_fee():
    offer = make.offer()
    offer.funder_share = Decimal(0)
    offer.save()
    redemption = redeemed(offer)

    settlement.book()

    assert booked(redemption) == [("redemption", 1, "0.00", "0.00")]


def test_a_currency_without_cents_is_booked_in_whole_units():
    offer = make.offer()
    offer.funder_share = Decimal("0.5")
    offer.save()
    redemption = redeemed(offer, "51", currency="JPY")

    settlement.book()

    assert booked(redemption) == [("redemption", 1, "26.00", "0.00")]


class EveryShare(TestCase):
    @settings(max_examples=5, deadline=None)
    @given(
        cases=st.lists(
            st.tuples(
                st.integers(0, 99_999_999), st.integers(0, 1000), st.sampled_from(["USD", "JPY"])
            ),
            min_size=5,
            max_size=8,
        )
    )
    def test_is_rounded_half_up_and_never_more_than_was_taken_off(self, cases):
        step = {"USD": Decimal("0.01"), "JPY": Decimal(1)}
        redemptions = []
        for steps, mills, currency in cases:
            offer = make.offer()
            offer.funder_share = Decimal(mills) / 1000
            offer.save()
            amount = str(min(steps, 9_999_999) * step[currency])
            redemptions.append(redeemed(offer, amount, currency=currency))

        settlement.book()

        for redemption, (_, _, currency) in zip(redemptions, cases, strict=True):
            exact = redemption.amount * redemption.offer.funder_share
            face = cleared(redemption).face_value
            assert -step[currency] / 2 < face - exact <= step[currency] / 2
            assert face <= redemption.amount
            assert face % step[currency] == 0


def test_a_reversal_takes_back_exactly_what_was_booked_whatever_the_terms_are_now():
    redemption = redeemed()
    settlement.book()
    funder = redemption.offer.funder
    funder.handling_fee = Decimal(5)
    funder.save()
    reversing.reverse(redemption.pk, "receipt void")

    assert settlement.book() == {"reversal": 1}
    assert settlement.book() == {}

    assert booked(redemption) == [
        ("redemption", 1, "0.50", "0.08"),
        ("reversal", -1, "-0.50", "-0.08"),
    ]
    assert redemption.entries.get(kind="reversal").note == "receipt void"


def test_one_that_was_reversed_before_it_was_booked_gets_both_entries():
    redemption = redeemed()
    reversing.reverse(redemption.pk, "returned")

    assert settlement.book() == {"redemption": 1, "reversal": 1}
    assert [kind for kind, *_ in booked(redemption)] == ["redemption", "reversal"]


def test_redemptions_are_booked_part_by_part_and_progress_ends_at_all(monkeypatch):
    monkeypatch.setattr(ledger, "REDEMPTIONS_AT_ONCE", 2)
    offer = make.offer()
    for _ in range(5):
        reversing.reverse(redeemed(offer).pk, "returned")
    seen = []

    assert settlement.book(lambda done, total: seen.append((done, total))) == {
        "redemption": 5,
        "reversal": 5,
    }
    assert seen == [(2, 5), (4, 5), (5, 5), (5, 5)]


def test_looking_for_what_is_not_booked_reads_the_index_of_the_ledger():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {ledger._NOT_BOOKED}", {"after": 0, "last": 9})
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "Seq Scan" not in plan
    assert "Index Cond: ((redemption_id > 0) AND (redemption_id <= 9)" in plan


# Statements.


def settled(*redemptions, through=MARCH):
    settlement.book()
    return settlement.settle(redemptions[0].offer.funder, through)


def entries_of(statement):
    return LedgerEntry.objects.filter(statement_entry__statement=statement)


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


# Disputes.


def test_a_conceded_dispute_is_booked_back_into_the_next_statement(clerk):
    redemption = redeemed()
    settled(redemption)
    open_ = settlement.dispute(cleared(redemption), Decimal("0.53"), "not our product")
    assert settlement.open_disputes([redemption.offer.funder]) == {redemption.offer.funder.pk: 1}

    entry = settlement.concede(open_, clerk, "You are right.")

    assert booked(redemption)[1] == ("dispute", 0, "-0.50", "-0.03")
    assert (open_.state, open_.booked, open_.closed_by) == ("conceded", entry, clerk)
    assert open_.answer == "You are right."
    assert list(entries_of(settled(redemption, through=APRIL))) == [entry]


def test_an_upheld_dispute_books_nothing_and_may_be_raised_again(clerk):
    redemption = redeemed()
    settled(redemption)
    first = settlement.dispute(cleared(redemption), Decimal("0.58"), "late")

    settlement.uphold(first, clerk, "It was in time.")

    assert first.state == "upheld"
    assert len(booked(redemption)) == 1
    assert settlement.dispute(cleared(redemption), Decimal("0.58"), "still").state == "open"


def test_a_closed_dispute_stays_closed(clerk):
    redemption = redeemed()
    settled(redemption)
    closed = settlement.dispute(cleared(redemption), Decimal("0.10"), "late")
    settlement.concede(closed, clerk, "Yes.")

    for again in (settlement.concede, settlement.uphold):
        with pytest.raises(SettlementError, match="closed already: Conceded"):
            again(Dispute.objects.get(), clerk, "Once more.")
    assert len(booked(redemption)) == 2


def test_no_more_is_disputed_than_is_still_claimed(clerk):
    redemption = redeemed()
    settled(redemption)
    entry = cleared(redemption)
    settlement.concede(settlement.dispute(entry, Decimal("0.18"), "a"), clerk, "Yes.")

    for amount, words in (("0.41", "than the 0.40"), ("0", "no amount"), ("0.001", "2 decimals")):
        with pytest.raises(SettlementError, match=words):
            settlement.dispute(entry, Decimal(amount), "b")
    settlement.dispute(entry, Decimal("0.40"), "b")
    with pytest.raises(SettlementError, match="is open"):
        settlement.dispute(entry, Decimal("0.01"), "c")


def test_only_a_clearing_that_was_stated_can_be_disputed(clerk):
    redemption = redeemed()
    settlement.book()
    with pytest.raises(SettlementError, match="in no statement yet"):
        settlement.dispute(cleared(redemption), Decimal("0.10"), "a")
    settled(redemption)
    back = settlement.concede(
        settlement.dispute(cleared(redemption), Decimal("0.10"), "a"), clerk, "Yes."
    )
    with pytest.raises(SettlementError, match="claims nothing"):
        settlement.dispute(back, Decimal("0.10"), "a")


def test_what_was_conceded_is_not_given_back_again_when_the_goods_come_back(clerk):
    redemption = redeemed()
    settled(redemption)
    settlement.concede(settlement.dispute(cleared(redemption), Decimal("0.20"), "a"), clerk, "Yes.")
    reversing.reverse(redemption.pk, "returned")

    settlement.book()

    assert booked(redemption)[2] == ("reversal", -1, "-0.30", "-0.08")
    assert settlement.claimed(cleared(redemption)).amount == 0


def test_of_a_coupon_conceded_whole_nothing_is_left_to_take_back(clerk):
    redemption = redeemed()
    settled(redemption)
    open_ = settlement.dispute(cleared(redemption), Decimal("0.58"), "not ours")
    settlement.concede(open_, clerk, "Yes.")
    reversing.reverse(redemption.pk, "returned")

    settlement.book()

    assert booked(redemption)[1:] == [
        ("dispute", -1, "-0.50", "-0.08"),
        ("reversal", 0, "0.00", "0.00"),
    ]


def test_a_dispute_on_what_came_back_meanwhile_cannot_be_conceded_only_upheld(clerk):
    redemption = redeemed()
    settled(redemption)
    open_ = settlement.dispute(cleared(redemption), Decimal("0.58"), "a")
    reversing.reverse(redemption.pk, "returned")
    settlement.book()

    with pytest.raises(SettlementError, match=r"more than the 0\.00 still claimed"):
        settlement.concede(open_, clerk, "Yes.")
    settlement.uphold(open_, clerk, "It was taken back already.")
    assert len(booked(redemption)) == 2


# The ledger only grows.


@pytest.mark.parametrize("table", ["coupons_ledgerentry", "coupons_statemententry"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_was_booked_and_stated_cannot_be_changed_deleted_or_emptied(table, sql):
    settled(redeemed())
    column = {"coupons_ledgerentry": "face_value", "coupons_statemententry": "statement_id"}[table]

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL loyalty.ledger_may_be_emptied = 'no'")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="The ledger only grows"), transaction.atomic():
            cursor.execute(sql.format(table, column, column))
    assert (LedgerEntry.objects.count(), StatementEntry.objects.count()) == (1, 1)


# Side by side.


def at_once(*calls):
    """Run the calls in threads of their own and return what each gave or raised."""
    outcome, ready = [], threading.Barrier(len(calls))

    def run(call):
        try:
            ready.wait()
            outcome.append(call())
        except (SettlementError, DatabaseError) as error:
            outcome.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcome


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
