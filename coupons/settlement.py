"""Settling with funders: statements over the ledger, payments, and disputes.

Nothing that was booked is changed: what is conceded is another entry, in the next statement.
"""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Min, QuerySet, Sum
from django.utils import timezone

from coupons.ledger import book
from coupons.models import Dispute, Funder, LedgerEntry, Redemption, Statement, StatementEntry
from pos_integration import money
from pos_integration.said import stated

__all__ = [
    "Balance",
    "Claimed",
    "SettlementError",
    "book",
    "claimed",
    "concede",
    "dispute",
    "mark_paid",
    "open_disputes",
    "owed",
    "settle",
    "settle_all",
    "totals",
    "unsettled",
    "uphold",
]

Kind = LedgerEntry.Kind
NAME_IN_NUMBER = 20


class SettlementError(Exception):
    """Why something cannot be settled, paid or disputed, in a sentence for staff."""


class Balance(NamedTuple):
    """Coupons cleared less those taken back, and the money of all entries together."""

    coupons: int
    amount: Decimal


def unsettled(through: date | None = None) -> QuerySet[LedgerEntry]:
    """The entries that are in no statement yet, of business days until `through`."""
    entries = LedgerEntry.objects.filter(statement_entry=None)
    return entries if through is None else entries.filter(business_date__lte=through)


@transaction.atomic
def settle(
    funder: Funder,
    period_to: date,
    *,
    period_from: date | None = None,
    currency: str | None = None,
    by: AbstractBaseUser | None = None,
) -> Statement:
    """Issue the statement over all that `funder` was not sent a statement of yet.

    It takes every entry in `currency` of a business day until `period_to`, late ones of earlier
    periods too. period_from: by default the day after the funder's statement before it, or the
    first day of the month of the earliest entry. currency: needed only where the funder's stores
    have several. Raises SettlementError if the period is not over or there is nothing to settle.
    """
    today = timezone.localdate()
    if period_to >= today:
        raise SettlementError(
            f"the period until {day_words(period_to)} is not over; "
            f"wanted: {day_words(today - timedelta(days=1))} at the latest"
        )
    # One after the other: whoever comes second sees what is taken, and the numbers have no gaps.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('coupons.settlement', 0))")
    waiting = unsettled(period_to).filter(funder=funder)
    currency = currency or _only_currency(funder, waiting)
    earliest = waiting.filter(currency=currency).aggregate(day=Min("business_date"))["day"]
    if earliest is None:
        raise SettlementError(_nothing(funder, period_to))
    begin = period_from or _begin(funder, currency, period_to, earliest)
    if begin > period_to:
        raise SettlementError(
            f"the period ends on {day_words(period_to)}, before {day_words(begin)}"
        )
    statement = Statement.objects.create(
        number=_next_number(funder, period_to),
        funder=funder,
        currency=currency,
        period_from=begin,
        period_to=period_to,
        issued_by_id=None if by is None else by.pk,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO coupons_statemententry (entry_id, statement_id)
            SELECT entry.id, %s FROM coupons_ledgerentry entry
            WHERE entry.funder_id = %s AND entry.currency = %s AND entry.business_date <= %s
                AND NOT EXISTS (
                    SELECT FROM coupons_statemententry taken WHERE taken.entry_id = entry.id
                )
            """,
            [statement.pk, funder.pk, currency, period_to],
        )
    return statement


def settle_all(
    period_to: date,
    *,
    funders: Iterable[Funder] | None = None,
    by: AbstractBaseUser | None = None,
) -> list[Statement]:
    """Issue a statement for each funder and currency that has something to settle.

    funders: by default all. Returns the statements by funder's name and currency, none where
    nothing waits. Each is a transaction of its own: repeated, it goes on where it was cut short.
    Raises SettlementError if the period is not over.
    """
    waiting = unsettled(period_to)
    if funders is not None:
        waiting = waiting.filter(funder__in=list(funders))
    pairs = waiting.order_by("funder__name", "currency").values_list("funder", "currency")
    known = Funder.objects.in_bulk()
    statements = []
    for funder, currency in pairs.distinct():
        try:
            statements.append(settle(known[funder], period_to, currency=currency, by=by))
        except SettlementError:
            if unsettled(period_to).filter(funder=funder, currency=currency).exists():
                raise  # else somebody else settled it meanwhile
    return statements


def mark_paid(statement: Statement, on: date) -> None:
    """Say that the statement's money came on the day `on`.

    Raises SettlementError if it is paid already, or `on` is to come or within its period.
    """
    if not statement.period_to < on <= timezone.localdate():
        raise SettlementError(
            f"paid on {day_words(on)}; "
            f"wanted: a day after {day_words(statement.period_to)}, until today"
        )
    unpaid = Statement.objects.filter(pk=statement.pk, state=Statement.State.ISSUED)
    if not unpaid.update(state=Statement.State.PAID, paid_on=on):
        raise SettlementError(f"{statement.number} is marked as paid already")
    statement.refresh_from_db()


def totals(statements: Iterable[Statement]) -> dict[int, Balance]:
    """What each statement comes to, by its id."""
    sums = {one.pk: Balance(0, Decimal(0)) for one in statements}
    rows = (
        StatementEntry.objects.filter(statement__in=[*sums])
        .values_list("statement")
        .annotate(
            Sum("entry__coupons"), face=Sum("entry__face_value"), fee=Sum("entry__handling_fee")
        )
    )
    return sums | {pk: Balance(coupons, face + fee) for pk, coupons, face, fee in rows}


def owed(funders: Iterable[Funder]) -> dict[int, dict[str, Decimal]]:
    """What funders have statements of and have not paid: by funder's id, then by currency."""
    rows = (
        LedgerEntry.objects.filter(
            statement_entry__statement__state=Statement.State.ISSUED,
            statement_entry__statement__funder__in=list(funders),
        )
        .values_list("funder", "currency")
        .annotate(face=Sum("face_value"), fee=Sum("handling_fee"))
        .order_by("funder", "currency")
    )
    sums: dict[int, dict[str, Decimal]] = {}
    for funder, currency, face, fee in rows:
        sums.setdefault(funder, {})[currency] = face + fee
    return sums


def _only_currency(funder: Funder, waiting: QuerySet[LedgerEntry]) -> str:
    found = sorted(set(waiting.order_by().values_list("currency", flat=True).distinct()))
    if len(found) > 1:
        raise SettlementError(f"'{funder}' has entries in {' and '.join(found)}: say which")
    return found[0] if found else ""


def _begin(funder: Funder, currency: str, period_to: date, earliest: date) -> date:
    before = funder.statements.filter(currency=currency, period_to__lt=period_to)
    last = before.order_by("period_to").values_list("period_to", flat=True).last()
    return min(earliest, period_to).replace(day=1) if last is None else last + timedelta(days=1)


def _next_number(funder: Funder, period_to: date) -> str:
    """The next number such as 2026-11-OATWORKS-001. Two funders may share the name in it."""
    plain = unicodedata.normalize("NFKD", funder.name).upper()
    name = re.sub(r"[^A-Z0-9]", "", plain)[:NAME_IN_NUMBER] or f"F{funder.pk}"
    begin = f"{period_to:%Y-%m}-{name}-"
    return f"{begin}{Statement.objects.filter(number__startswith=begin).count() + 1:03}"


def _nothing(funder: Funder, period_to: date) -> str:
    return f"nothing to settle with '{funder}' until {day_words(period_to)}"


def day_words(day: date) -> str:
    """A day as statements write it: 30 November 2026."""
    return f"{day.day} {day:%B %Y}"


class Claimed(NamedTuple):
    """What is still claimed for a coupon after what was taken back and conceded."""

    face_value: Decimal
    handling_fee: Decimal

    @property
    def amount(self) -> Decimal:
        return self.face_value + self.handling_fee


def claimed(entry: LedgerEntry) -> Claimed:
    """What is still claimed for the coupon that `entry` cleared."""
    sums = LedgerEntry.objects.filter(redemption=entry.redemption_id).aggregate(
        face=Sum("face_value"), fee=Sum("handling_fee")
    )
    return Claimed(sums["face"], sums["fee"])


@transaction.atomic
def dispute(entry: LedgerEntry, amount: Decimal, reason: str) -> Dispute:
    """Note that the funder will not pay `amount` of a cleared coupon, and why.

    Nothing is booked before it is conceded. Raises SettlementError if the entry is no clearing
    or in no statement yet, if a dispute on it is open, or for an amount that is not positive,
    has too many decimals or is more than is still claimed.
    """
    _hold(entry)
    if entry.kind != Kind.REDEMPTION:
        raise SettlementError(f"a '{stated(entry, 'kind')}' entry claims nothing")
    if not StatementEntry.objects.filter(entry=entry).exists():
        raise SettlementError("the entry is in no statement yet: nobody was asked to pay it")
    if entry.disputes.filter(state=Dispute.State.OPEN).exists():
        raise SettlementError("a dispute on this entry is open: concede or uphold it first")
    if amount <= 0 or round(amount, money.digits(entry.currency)) != amount:
        raise SettlementError(
            f"{amount} {entry.currency} is no amount to dispute; wanted: more than 0, "
            f"with {money.digits(entry.currency)} decimals at most"
        )
    _refuse_more_than_claimed(entry, amount)
    return Dispute.objects.create(entry=entry, amount=amount, reason=reason)


@transaction.atomic
def concede(dispute: Dispute, by: AbstractBaseUser, answer: str) -> LedgerEntry:
    """Give in: book the amount back, first of the face value and then of the fee.

    The entry that is returned is in the funder's next statement. Raises SettlementError if the
    dispute is closed, or if less is claimed by now: the coupon was taken back meanwhile.
    """
    entry = _open(dispute)
    _refuse_more_than_claimed(entry, dispute.amount)
    face_value = min(dispute.amount, claimed(entry).face_value)
    booked = LedgerEntry.objects.create(
        kind=Kind.DISPUTE,
        funder_id=entry.funder_id,
        store_id=entry.store_id,
        offer_id=entry.offer_id,
        redemption_id=entry.redemption_id,
        business_date=entry.business_date,
        coupons=-1 if dispute.amount == entry.face_value + entry.handling_fee else 0,
        face_value=-face_value,
        handling_fee=face_value - dispute.amount,
        currency=entry.currency,
        note=dispute.reason,
    )
    _close(dispute, Dispute.State.CONCEDED, by, answer, booked)
    return booked


@transaction.atomic
def uphold(dispute: Dispute, by: AbstractBaseUser, answer: str) -> None:
    """The claim stands: nothing is booked. Raises SettlementError if the dispute is closed."""
    _open(dispute)
    _close(dispute, Dispute.State.UPHELD, by, answer, None)


def open_disputes(funders: Iterable[Funder]) -> dict[int, int]:
    """How many disputes are open, by funder's id."""
    return dict(
        Dispute.objects.filter(state=Dispute.State.OPEN, entry__funder__in=list(funders))
        .values_list("entry__funder")
        .annotate(Count("pk"))
    )


def _hold(entry: LedgerEntry) -> None:
    """Whoever books on a redemption holds it: no two give the same money back."""
    Redemption.objects.select_for_update(no_key=True).get(pk=entry.redemption_id)


def _open(dispute: Dispute) -> LedgerEntry:
    entry: LedgerEntry = dispute.entry
    _hold(entry)
    dispute.refresh_from_db(fields=["state", "amount"])
    if dispute.state != Dispute.State.OPEN:
        raise SettlementError(f"the dispute is closed already: {stated(dispute)}")
    return entry


def _close(
    dispute: Dispute, state: str, by: AbstractBaseUser, answer: str, booked: LedgerEntry | None
) -> None:
    closed: dict[str, Any] = {"closed_by_id": by.pk, "answer": answer, "booked": booked}
    closed |= {"state": state, "closed_at": timezone.now()}
    Dispute.objects.filter(pk=dispute.pk).update(**closed)
    dispute.refresh_from_db()


def _refuse_more_than_claimed(entry: LedgerEntry, amount: Decimal) -> None:
    still = claimed(entry).amount
    if amount > still:
        raise SettlementError(
            f"{amount} {entry.currency} is more than the {still} still claimed for this coupon"
        )
