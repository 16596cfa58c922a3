"""Every cleared coupon is booked once, and what was booked is never changed."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coupons import ledger, reversing, settlement
from coupons.models import LedgerEntry, StatementEntry
from tests import make
from tests.coupons.settling import booked, cleared, redeemed, settled

pytestmark = pytest.mark.django_db


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
