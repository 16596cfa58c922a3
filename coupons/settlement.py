"""Who owes whom: what was cleared is booked, stated to its funder once, disputed and answered."""

from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.text import slugify

from coupons.models import Dispute, Funder, LedgerEntry, Offer, Statement, StatementEntry
from pos_integration import money
from pos_integration.models import Store

ENTRIES_AT_ONCE = 50_000
Progress = Callable[[int, int], None]
_NOTHING = Decimal(0)


class SettlementError(Exception):
    """Why a statement or a dispute cannot be, in one sentence."""


# The share is rounded as the store's currency is: half up, to cents or to whole units. The house
# bears the rest of a shared offer itself, and owes it to nobody: it is not booked.
_BOOK = """
    INSERT INTO coupons_ledgerentry (kind, funder_id, store_id, offer_id, redemption_id,
        business_date, coupons, face_value, handling_fee, currency, note, booked_at)
    SELECT 'redemption', funder.id, redemption.store_id, redemption.offer_id, redemption.id,
        redemption.business_date, 1,
        round(redemption.amount * offer.funder_share, CASE WHEN store.currency = ANY(%(whole)s)
            THEN 0 ELSE 2 END),
        funder.handling_fee, store.currency, '', now()
    FROM coupons_redemption AS redemption
    JOIN coupons_offer AS offer ON offer.id = redemption.offer_id
    JOIN coupons_funder AS funder ON funder.name = offer.funder
    JOIN pos_integration_store AS store ON store.id = redemption.store_id
    WHERE redemption.id IN (
        SELECT waiting.id FROM coupons_redemption AS waiting
        WHERE NOT EXISTS (
            SELECT FROM coupons_ledgerentry AS booked
            WHERE booked.redemption_id = waiting.id AND booked.kind = 'redemption'
        )
        ORDER BY waiting.id LIMIT %(most)s
    )
    ORDER BY redemption.id
    ON CONFLICT DO NOTHING
"""
_TAKE_BACK = """
    INSERT INTO coupons_ledgerentry (kind, funder_id, store_id, offer_id, redemption_id,
        business_date, coupons, face_value, handling_fee, currency, note, booked_at)
    SELECT 'reversal', booked.funder_id, booked.store_id, booked.offer_id, booked.redemption_id,
        booked.business_date, -1, -booked.face_value, -booked.handling_fee, booked.currency,
        left(redemption.reversal_reason, 200), now()
    FROM coupons_redemption AS redemption
    JOIN coupons_ledgerentry AS booked
        ON booked.redemption_id = redemption.id AND booked.kind = 'redemption'
    WHERE redemption.reversed_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM coupons_ledgerentry AS taken
        WHERE taken.redemption_id = redemption.id AND taken.kind = 'reversal'
    )
    ORDER BY redemption.id LIMIT %(most)s
    ON CONFLICT DO NOTHING
"""


def book(progress: Progress = lambda done, total: None) -> Counter[str]:
    """Book every redemption that is not in the ledger, and take back every reversed one.

    Returns how many of each. May run at any time and beside itself. One that was reversed before
    it was booked is booked and taken back: the ledger tells what happened.
    """
    counts: Counter[str] = Counter()
    for name, statement in (("redemption", _BOOK), ("reversal", _TAKE_BACK)):
        while booked := _book_some(statement):
            counts[name] += booked
            progress(counts.total(), counts.total())
    return counts


def _book_some(statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"whole": list(money.WITHOUT_CENTS), "most": ENTRIES_AT_ONCE})
        return int(cursor.rowcount)


@transaction.atomic
def settle(funder: Funder, period_to: date, *, currency: str = "", by: Any = None) -> Statement:
    """State to `funder` all that was booked until `period_to` and is in no statement yet.

    What came late for earlier days is in it too. A funder with entries in several currencies gets
    one statement for each: name one. Raises SettlementError if the period is not over, if there is
    nothing to settle, or if the currency is left open.
    """
    if period_to >= timezone.localdate():
        raise SettlementError(f"The period until {period_to} is not over yet.")
    Funder.objects.select_for_update().get(pk=funder.pk)  # of two at once, one waits
    waiting = LedgerEntry.objects.filter(
        funder=funder, business_date__lte=period_to, statement_entry=None
    )
    currencies = sorted(set(waiting.values_list("currency", flat=True).distinct()))
    if currency:
        currencies = [one for one in currencies if one == currency]
    if not currencies:
        raise SettlementError(f"There is nothing to settle with {funder} until {period_to}.")
    if len(currencies) > 1:
        raise SettlementError(f"{funder} has entries in {', '.join(currencies)}: name one of them.")
    waiting = waiting.filter(currency=currencies[0])
    first = waiting.order_by("business_date").values_list("business_date", flat=True)[0]
    statement = Statement.objects.create(
        number=_number(funder, period_to),
        funder=funder,
        currency=currencies[0],
        period_from=first,
        period_to=period_to,
        issued_by=by,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO coupons_statemententry (entry_id, statement_id)"
            " SELECT id, %s FROM coupons_ledgerentry AS entry"
            " WHERE funder_id = %s AND currency = %s AND business_date <= %s AND NOT EXISTS"
            " (SELECT FROM coupons_statemententry AS stated WHERE stated.entry_id = entry.id)",
            [statement.pk, funder.pk, statement.currency, period_to],
        )
    return statement


def settle_all(period_to: date, by: Any = None) -> list[Statement]:
    """State to every funder, in every currency, what is due; see `settle`."""
    due = (
        LedgerEntry.objects.filter(business_date__lte=period_to, statement_entry=None)
        .order_by("funder__name", "currency")
        .values_list("funder", "currency")
        .distinct()
    )
    funders = Funder.objects.in_bulk([funder for funder, _ in due])
    return [
        settle(funders[funder], period_to, currency=currency, by=by) for funder, currency in due
    ]


def _number(funder: Funder, period_to: date) -> str:
    """The next free number: 2026-11-OAT-WORKS-001."""
    begin = f"{period_to:%Y-%m}-{slugify(funder.name).upper()[:24].strip('-') or funder.pk}-"
    taken = set(Statement.objects.filter(number__startswith=begin).values_list("number", flat=True))
    return next(
        number
        for place in range(1, len(taken) + 2)
        if (number := f"{begin}{place:03}") not in taken
    )


@transaction.atomic
def mark_paid(statement: Statement, on: date) -> Statement:
    """Note that the funder paid. Raises SettlementError if that was noted before."""
    locked = Statement.objects.select_for_update().get(pk=statement.pk)
    if locked.state == Statement.State.PAID:
        raise SettlementError(f"{locked.number} was paid on {locked.paid_on}.")
    if on < timezone.localdate(locked.issued_at):
        raise SettlementError(f"{locked.number} was not issued yet on {on}.")
    locked.state, locked.paid_on = Statement.State.PAID, on
    locked.save(update_fields=["state", "paid_on"])
    return locked


@transaction.atomic
def dispute(entry: LedgerEntry, amount: Decimal, reason: str) -> Dispute:
    """Note that the funder will not pay `amount` of `entry`.

    Raises SettlementError for an entry that was not stated or claims nothing, for one in dispute
    already, and for more than it still claims.
    """
    LedgerEntry.objects.select_for_update().get(pk=entry.pk)
    if not StatementEntry.objects.filter(entry=entry).exists():
        raise SettlementError("It is in no statement yet: nothing was claimed.")
    if entry.disputes.filter(state=Dispute.State.OPEN).exists():
        raise SettlementError("It is in dispute already: concede or uphold that first.")
    left = _claimed(entry)
    if not 0 < amount <= left:
        raise SettlementError(f"{amount} is disputed; {left} {entry.currency} is still claimed.")
    return Dispute.objects.create(entry=entry, amount=amount, reason=reason)


def _claimed(entry: LedgerEntry) -> Decimal:
    """What the house still claims for an entry: nothing, once it was taken back."""
    if entry.kind != LedgerEntry.Kind.REDEMPTION:
        return _NOTHING
    booked = LedgerEntry.objects.filter(redemption=entry.redemption_id).aggregate(
        face_value=Sum("face_value"), handling_fee=Sum("handling_fee")
    )
    return max((booked["face_value"] or _NOTHING) + (booked["handling_fee"] or _NOTHING), _NOTHING)


def concede(dispute: Dispute, answer: str, by: Any = None) -> Dispute:
    """Give way: what is disputed is booked back, and is in the funder's next statement."""
    return _close(dispute, Dispute.State.CONCEDED, answer, by)


def uphold(dispute: Dispute, answer: str, by: Any = None) -> Dispute:
    """Stand by the claim."""
    return _close(dispute, Dispute.State.UPHELD, answer, by)


@transaction.atomic
def _close(dispute: Dispute, state: Dispute.State, answer: str, by: Any) -> Dispute:
    """Raises SettlementError if it was closed before, or the claim was taken back meanwhile."""
    # The entry first, as `dispute` does: two who decide at once wait for each other.
    LedgerEntry.objects.select_for_update().get(pk=dispute.entry_id)
    locked = Dispute.objects.select_for_update().select_related("entry").get(pk=dispute.pk)
    if locked.state != Dispute.State.OPEN:
        raise SettlementError(f"It was closed before: {locked.get_state_display().lower()}.")
    if state == Dispute.State.CONCEDED:
        locked.booked = _book_back(locked)
    locked.state, locked.answer, locked.closed_by = state, answer, by
    locked.closed_at = timezone.now()
    locked.save(update_fields=["state", "answer", "closed_by", "closed_at", "booked"])
    return locked


def _book_back(dispute: Dispute) -> LedgerEntry:
    """Book what is conceded: of the face value first, the rest of the fee."""
    entry = dispute.entry
    left = _claimed(entry)
    if dispute.amount > left:
        raise SettlementError(
            f"Only {left} {entry.currency} of it is still claimed: it was taken back meanwhile. "
            "Uphold it, and say so."
        )
    of_face_value = min(dispute.amount, entry.face_value)
    return LedgerEntry.objects.create(
        kind=LedgerEntry.Kind.DISPUTE,
        funder_id=entry.funder_id,
        store_id=entry.store_id,
        offer_id=entry.offer_id,
        redemption_id=entry.redemption_id,
        business_date=entry.business_date,
        coupons=-1 if dispute.amount == entry.face_value + entry.handling_fee else 0,
        face_value=-of_face_value,
        handling_fee=of_face_value - dispute.amount,
        currency=entry.currency,
        note=dispute.reason,
    )


class Totals(NamedTuple):
    coupons: int
    face_value: Decimal
    handling_fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.face_value + self.handling_fee


class Line(NamedTuple):
    """The cleared coupons of one offer at one store."""

    store: Store
    offer: Offer
    coupons: int
    face_value: Decimal
    handling_fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.face_value + self.handling_fee


def lines(statement: Statement) -> list[Line]:
    """What was cleared, by store and offer, in order of the store's number and offer's name."""
    sums = list(
        LedgerEntry.objects.filter(
            statement_entry__statement=statement, kind=LedgerEntry.Kind.REDEMPTION
        )
        .order_by("store__number", "offer__name", "offer__code")
        .values_list("store", "offer")
        .annotate(Count("pk"), Sum("face_value"), Sum("handling_fee"))
    )
    stores = Store.objects.in_bulk({row[0] for row in sums})
    offers = Offer.objects.in_bulk({row[1] for row in sums})
    return [Line(stores[store], offers[offer], *rest) for store, offer, *rest in sums]


def others(statement: Statement) -> list[LedgerEntry]:
    """What was booked otherwise: taken back, conceded, corrected."""
    entries = LedgerEntry.objects.filter(statement_entry__statement=statement)
    return list(
        entries.exclude(kind=LedgerEntry.Kind.REDEMPTION)
        .select_related("store", "offer")
        .order_by("kind", "business_date", "pk")
    )


def totals(statement: Statement) -> Totals:
    """All that is in the statement, summed."""
    found = LedgerEntry.objects.filter(statement_entry__statement=statement).aggregate(
        coupons=Sum("coupons"), face_value=Sum("face_value"), handling_fee=Sum("handling_fee")
    )
    return Totals(
        found["coupons"] or 0, found["face_value"] or _NOTHING, found["handling_fee"] or _NOTHING
    )


def outstanding(funder: Funder) -> dict[str, Decimal]:
    """What `funder` owes, by currency: what is stated and unpaid, and what is not yet stated."""
    unpaid = Q(statement_entry=None) | Q(statement_entry__statement__state=Statement.State.ISSUED)
    sums = (
        LedgerEntry.objects.filter(unpaid, funder=funder)
        .order_by("currency")
        .values_list("currency")
        .annotate(Sum("face_value"), Sum("handling_fee"))
    )
    return {currency: face_value + fee for currency, face_value, fee in sums}
