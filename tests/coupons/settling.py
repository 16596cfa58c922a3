"""Redemptions to settle, and what the books say of them."""

import threading
from datetime import date
from decimal import Decimal
from itertools import count

from django.db import DatabaseError, connection

from coupons import settlement
from coupons.models import LedgerEntry, Redemption
from coupons.settlement import SettlementError
from coupons.sheets import codes
from pos_integration.models import Store
from tests import make

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


def settled(*redemptions, through=MARCH):
    settlement.book()
    return settlement.settle(redemptions[0].offer.funder, through)


def entries_of(statement):
    return LedgerEntry.objects.filter(statement_entry__statement=statement)


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
