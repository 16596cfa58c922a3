"""Only disputes give money back, and never twice."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from coupons import reversing, settlement
from coupons.models import Dispute
from coupons.settlement import SettlementError
from tests.coupons.settling import (
    APRIL,
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
        with pytest.raises(SettlementError, match="closed already: conceded"):
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
