"""Statements as a finance department takes them: what is in one, as CSV and as PDF."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import Count, Sum

from coupons.models import Funder, LedgerEntry, Offer, Statement
from pos_integration.models import Store

Kind = LedgerEntry.Kind
COLUMNS: Final = (
    "statement", "funder", "period_from", "period_to", "kind", "store", "store_name",
    "offer", "offer_name", "business_date", "coupons", "face_value", "handling_fee",
    "total", "currency", "note",
)  # fmt: skip
# A spreadsheet takes a cell that begins so for a formula, and a formula may send things away.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_NOTHING: Final = Decimal(0)


class Line(NamedTuple):
    """The cleared coupons of one offer at one store."""

    store: Store
    offer: Offer
    coupons: int
    face_value: Decimal
    handling_fee: Decimal


class Totals(NamedTuple):
    coupons: int
    face_value: Decimal
    handling_fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.face_value + self.handling_fee


def lines(statement: Statement) -> list[Line]:
    """What was cleared, a line a store and offer, by the store's number and the offer's name."""
    sums = list(
        LedgerEntry.objects.filter(statement_entry__statement=statement, kind=Kind.REDEMPTION)
        .order_by("store__number", "offer__name", "offer__code")
        .values_list("store", "offer")
        .annotate(Count("pk"), Sum("face_value"), Sum("handling_fee"))
    )
    stores = Store.objects.in_bulk({row[0] for row in sums})
    offers = Offer.objects.in_bulk({row[1] for row in sums})
    return [Line(stores[store], offers[offer], *rest) for store, offer, *rest in sums]


def others(statement: Statement) -> list[LedgerEntry]:
    """What was booked otherwise: taken back, conceded."""
    entries = LedgerEntry.objects.filter(statement_entry__statement=statement)
    return list(
        entries.exclude(kind=Kind.REDEMPTION)
        .select_related("store", "offer")
        .order_by("kind", "business_date", "pk")
    )


def sums(rows: Sequence[Line | LedgerEntry]) -> Totals:
    """What `rows` come to."""
    return Totals(
        sum(row.coupons for row in rows),
        sum((row.face_value for row in rows), _NOTHING),
        sum((row.handling_fee for row in rows), _NOTHING),
    )


def waiting(funder: Funder) -> dict[str, Decimal]:
    """What was booked to `funder` and is in no statement yet, by currency."""
    booked = (
        LedgerEntry.objects.filter(funder=funder, statement_entry=None)
        .order_by("currency")
        .values_list("currency")
        .annotate(Sum("face_value"), Sum("handling_fee"))
    )
    return {currency: face_value + fee for currency, face_value, fee in booked}


def last_month(today: date) -> date:
    """The last day of the month before `today`'s: what is settled by default."""
    return date.fromordinal(today.replace(day=1).toordinal() - 1)


def as_csv(statement: Statement) -> bytes:
    """Return `statement` as a table: a row a store and offer, then every other entry by itself.

    UTF-8 with the mark that tells a spreadsheet so, lines ended by CR LF, amounts as plain
    decimals with a point. A text that a spreadsheet would run is led by an apostrophe.
    """
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    rows.writerows(_rows(statement))
    return out.getvalue().encode("utf-8-sig")


def as_pdf(statement: Statement) -> bytes:
    """Return `statement` as an A4 document. The same statement gives the same bytes."""
    from coupons import statement_pdf  # loads the press: too slow for every command

    return statement_pdf.draw(statement)


def _rows(statement: Statement) -> Iterator[list[object]]:
    of_it = (statement.number, statement.funder.name)
    period = (statement.period_from, statement.period_to)
    for line in lines(statement):
        yield _row(of_it, period, Kind.REDEMPTION.value, line, "", statement.currency, "")
    for entry in others(statement):
        when = entry.business_date
        yield _row(of_it, period, entry.kind, entry, when, entry.currency, entry.note)


def _row(
    of_it: tuple[str, str],
    period: tuple[date, date],
    kind: str,
    row: Line | LedgerEntry,
    business_date: date | str,
    currency: str,
    note: str,
) -> list[object]:
    store, offer = row.store, row.offer
    amounts = (row.face_value, row.handling_fee, row.face_value + row.handling_fee)
    return [
        *map(_text, of_it),
        *period,
        kind,
        *map(_text, (store.number, store.name, offer.code, offer.name)),
        business_date,
        row.coupons,
        *(f"{amount:.2f}" for amount in amounts),
        currency,
        _text(note),
    ]


def _text(said: str) -> str:
    return f"'{said}" if said.startswith(_FORMULAS) else said
