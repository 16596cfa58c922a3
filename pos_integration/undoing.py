"""Voids and returns: which earlier receipt, or line of one, a receipt takes back."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from pos_integration import bulk, records
from pos_integration.models import Store, StoreAlias, Terminal, Undoing

LOOKED_FOR = timedelta(days=90)  # after its upload came; an original later than that stays unknown
# A reference without a day means the latest receipt of that number within this many days.
LOOKED_BACK_DAYS = 90

_COLUMNS = (
    "basket_id",
    "line_number",
    "store_id",
    "till",
    "business_date",
    "receipt",
    "original_line",
)


class _Claim(NamedTuple):
    """What one checked receipt, or line of one, says that it takes back."""

    basket_id: int
    store_id: int
    own_till: int
    line: int | None
    said: records.Reference


def note(baskets: Sequence[tuple[int, int, records.Basket]]) -> None:
    """Keep what newly written receipts take back; runs inside the transaction that wrote them.

    baskets: (basket id, store id, checked basket). A void receipt takes back the receipt it
    names, a returned line the line it names; what a void receipt lists was not sold, so its
    lines take nothing back. A store or a till that the reference leaves out is the receipt's own.
    A reference to a store or till that nobody knows, or to no receipt, is left alone: the basket
    keeps what was said.
    """
    claims = list(_claims(baskets))
    if claims:
        _write(claims)


def _claims(baskets: Sequence[tuple[int, int, records.Basket]]) -> Iterator[_Claim]:
    for pk, store_id, basket in baskets:
        if basket.kind == "void":
            if basket.voids is not None:
                assert isinstance(basket.till, int)
                yield _Claim(pk, store_id, basket.till, None, basket.voids)
            continue
        for line in basket.lines:
            if line.returns is not None and (
                line.kind == "return" or (basket.kind == "return" and line.kind != "void")
            ):
                assert isinstance(basket.till, int)
                yield _Claim(pk, store_id, basket.till, line.line, line.returns)


def _write(claims: Sequence[_Claim]) -> None:
    stores = _stores({claim.said.store for claim in claims if claim.said.store})
    tills = _tills({str(claim.said.till) for claim in claims if claim.said.till is not None})
    rows = []
    for claim in claims:
        said = claim.said
        store_id = stores.get(said.store) if said.store else claim.store_id
        till = claim.own_till if said.till is None else _till(str(said.till), store_id, tills)
        if store_id is None or till is None or not said.receipt:
            continue
        rows.append(
            bulk.row(
                (
                    claim.basket_id,
                    claim.line,
                    store_id,
                    till,
                    said.business_date,
                    said.receipt,
                    _line(said.line),
                )
            )
        )
    bulk.copy("pos_integration_undoing", _COLUMNS, rows)


def _stores(names: set[str]) -> dict[str, int]:
    """Ids of stores by number or alias."""
    known = dict(Store.objects.filter(number__in=names).values_list("number", "pk"))
    if unknown := names - known.keys():
        aliases = StoreAlias.objects.filter(text__in=unknown)
        known.update(aliases.values_list("text", "store_id"))
    return known


def _tills(names: set[str]) -> dict[tuple[int, str], int]:
    """Numbers of tills by store id and alias."""
    named = Terminal.objects.filter(aliases__text__in=names)
    return {
        (store_id, text): number
        for store_id, text, number in named.values_list("store_id", "aliases__text", "number")
    }


def _till(name: str, store_id: int | None, aliases: dict[tuple[int, str], int]) -> int | None:
    """The number of the till: its alias, else the number itself, of a till gone long ago too."""
    if store_id is None:
        return None
    if (store_id, name) in aliases:
        return aliases[store_id, name]
    if not (name.isascii() and name.isdigit()) or int(name) > records.LARGEST_INTEGER:
        return None
    return int(name)


def _line(number: int | None) -> int | None:
    """A line number that can be one; the till may have sent any whole number."""
    return number if number is not None and 0 <= number <= records.LARGEST_INTEGER else None


# One search serves both: a reference with a day looks at that day alone. The unique key of
# baskets answers it; the rows are locked in one order, and another run's are left to it.
_FIND = """
    WITH waiting AS MATERIALIZED (
        SELECT undoing.id, undoing.basket_id, undoing.store_id, undoing.till, undoing.receipt,
            coalesce(undoing.business_date, basket.business_date - %(back)s) AS first_day,
            coalesce(undoing.business_date, basket.business_date) AS last_day
        FROM pos_integration_undoing undoing
        JOIN pos_integration_basket basket ON basket.id = undoing.basket_id
        WHERE undoing.original_id IS NULL AND undoing.id >= %(first)s
        ORDER BY undoing.id FOR UPDATE OF undoing SKIP LOCKED
    )
    UPDATE pos_integration_undoing AS undoing SET original_id = found.id
    FROM waiting CROSS JOIN LATERAL (
        SELECT original.id FROM pos_integration_basket original
        WHERE original.store_id = waiting.store_id AND original.till = waiting.till
            AND original.receipt = waiting.receipt
            AND original.business_date BETWEEN waiting.first_day AND waiting.last_day
            AND original.kind <> 'void' AND original.id <> waiting.basket_id
        ORDER BY original.business_date DESC LIMIT 1
    ) found
    WHERE undoing.id = waiting.id
"""


@transaction.atomic
def find_originals() -> int:
    """Give every undoing that still waits the receipt it takes back; returns how many got it.

    May be repeated and run beside itself. A reference without a day means the latest receipt of
    that number at that till, not after the receipt that names it and at most LOOKED_BACK_DAYS
    before. Nothing takes back itself or a void. What has not come LOOKED_FOR after the upload
    that named it is looked for no more.
    """
    first = _first_since(timezone.now() - LOOKED_FOR)
    if first is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"first": first, "back": LOOKED_BACK_DAYS})
        return int(cursor.rowcount)


def _first_since(moment: datetime) -> int | None:
    """The id of the first undoing whose upload came at `moment` or later; None: none did.

    Ids grow as uploads come, so halving finds it in some twenty steps among millions of rows
    that will never find their original.
    """
    ends = Undoing.objects.order_by("pk")
    last = ends.last()
    if last is None or _came_at(last.pk)[1] < moment:
        return None
    if _came_at(0)[1] >= moment:
        return 0
    low, high = 0, last.pk  # everything up to `low` came before, `high` came since
    while high - low > 1:
        middle = (low + high) // 2
        found, came_at = _came_at(middle)
        if came_at < moment:
            low = found
        else:
            high = middle
    return high


def _came_at(pk: int) -> tuple[int, datetime]:
    """The first undoing from `pk` on, and when its upload came."""
    row = (
        Undoing.objects.filter(pk__gte=pk)
        .order_by("pk")
        .values_list("pk", "basket__upload__received_at")
        .first()
    )
    assert row is not None
    return row
