"""The purchase history: facts sealed into columnar chunks, and one bucket of them read back.

A chunk (chunks.py) holds one bucket's lines of one month, in order of day, receipt and line, so
the same facts always give the same bytes. It keeps the card of each line, not the household: a
card that changes hands takes its purchases along, and only a change of bucket moves any of them.
"""

import hashlib
import io
import struct
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from loyalty import chunks, identify, purchases
from loyalty.chunks import Placed, Receipts
from loyalty.models import (
    SLOTS,
    Card,
    Household,
    PurchaseChunk,
    SealedUndoing,
    SealedUpload,
    slot_of,
)
from loyalty.shopper.kernel import EPOCH, Lines
from pos_integration.models import Basket, Undoing, Upload

WITHOUT_CARD = -1  # the bucket of baskets that showed none
UPLOADS_AT_ONCE = 500  # bounds memory: some 2 M lines of small uploads
UNDOINGS_AT_ONCE = 5_000
_ORDER = [("day", "ascending"), ("basket", "ascending"), ("number", "ascending")]

Progress = Callable[[int, int], None]


def day_number(day: date) -> int:
    """Days since EPOCH."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def bucket_of(slot: int) -> int:
    """The bucket, 0 to LOYALTY_BUCKETS - 1, that a slot lies in."""
    return slot * settings.LOYALTY_BUCKETS // SLOTS


def buckets() -> range:
    return range(settings.LOYALTY_BUCKETS)


def seal(progress: Progress = lambda done, total: None) -> int:
    """Take every upload that is loaded, as far as it could be read, and not sealed yet into the
    history. Returns the lines added.

    What voids and returns undo is taken out, on whichever night both receipts are there. Each
    batch is one transaction with the receipts of its uploads, so a crash loses nothing and
    repeats nothing; an advisory lock keeps two sealings apart.
    """
    _deal_anew()
    waiting = list(
        Upload.objects.exclude(state=Upload.State.RECEIVED)
        .exclude(pk__in=SealedUpload.objects.values("upload_id"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if waiting:
        _tell_the_planner()
    added = 0
    for start in range(0, len(waiting), UPLOADS_AT_ONCE):
        added += _seal_uploads(waiting[start : start + UPLOADS_AT_ONCE])
        progress(min(start + UPLOADS_AT_ONCE, len(waiting)), len(waiting))
    _undo()
    _follow_cards()
    return added


def _tell_the_planner() -> None:
    """Count what the day brought, and index the lines that came since the last vacuum.

    The count is a sample, so it costs the same for a million rows or a billion; without it the
    first night after a large import joins by the statistics of empty tables.
    """
    with connection.cursor() as cursor:
        for table in ("basket", "basketline", "tender", "redemptionrecord", "upload", "undoing"):
            cursor.execute(f"ANALYZE pos_integration_{table}")
        cursor.execute("SELECT brin_summarize_new_values('line_by_basket')")


@transaction.atomic
def _seal_uploads(upload_ids: list[int]) -> int:
    _lock()
    done = set(SealedUpload.objects.filter(pk__in=upload_ids).values_list("upload_id", flat=True))
    upload_ids = [pk for pk in upload_ids if pk not in done]
    if not upload_ids:
        return 0
    identify.note_cards(upload_ids)
    lines = purchases.of_uploads(upload_ids)
    slots = _slots(pc.unique(lines["card"]).to_numpy())
    # Where a new card's lines lie is written down; a card that has moved meanwhile is followed
    # afterwards, and until then its new lines join its old ones.
    _note_slots(slots)
    _add(lines, _buckets_of_cards(slots))
    SealedUpload.objects.bulk_create([SealedUpload(upload_id=pk) for pk in upload_ids])
    return int(lines.num_rows)


def _undo() -> None:
    """Take what was voided or given back out of the history, once both receipts lie in it."""
    waiting = list(_not_undone().order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), UNDOINGS_AT_ONCE):
        _undo_some(waiting[start : start + UNDOINGS_AT_ONCE])


def _not_undone() -> QuerySet[Undoing]:
    return Undoing.objects.filter(
        ~Exists(SealedUndoing.objects.filter(pk=OuterRef("pk"))),
        Exists(SealedUpload.objects.filter(pk=OuterRef("basket__upload"))),
        Exists(SealedUpload.objects.filter(pk=OuterRef("original__upload"))),
        original__isnull=False,
    )


@transaction.atomic
def _undo_some(undoing_ids: list[int]) -> None:
    """Write the purchases of every basket that these undoings touch anew, from all facts known.

    Nothing is subtracted from what lies there, so the order in which receipts, voids and returns
    come does not matter, and a repeat changes nothing.
    """
    _lock()
    undoing_ids = list(_not_undone().filter(pk__in=undoing_ids).values_list("pk", flat=True))
    places = _places_of(purchases.touched_by(undoing_ids))
    lines = purchases.of_baskets([basket for baskets in places.values() for basket in baskets])
    basket = lines["basket"].to_numpy()
    for (bucket, month), baskets in places.items():
        kept = PurchaseChunk.objects.filter(bucket=bucket, month=month).first()
        gone = pa.array(baskets, pa.int64())
        # Lines lie in order of basket, so one basket's are found by halving.
        left = [lines.slice(*_span(basket, one)) for one in baskets]
        if kept is not None:
            sealed = _table(kept)
            left.append(sealed.filter(pc.invert(pc.is_in(sealed["basket"], gone))))
        _write(bucket, month, pa.concat_tables(left))
    SealedUndoing.objects.bulk_create([SealedUndoing(undoing_id=pk) for pk in undoing_ids])


def _span(sorted_keys: npt.NDArray[np.int64], key: int) -> tuple[int, int]:
    """Where `key` begins among `sorted_keys`, and how often it is there."""
    first, end = np.searchsorted(sorted_keys, [key, key + 1]).tolist()
    return first, end - first


def _places_of(basket_ids: Collection[int]) -> dict[tuple[int, date], list[int]]:
    """Those of the baskets that are sealed, by the bucket and month in which their lines lie."""
    baskets = Basket.objects.filter(
        Exists(SealedUpload.objects.filter(pk=OuterRef("upload"))), pk__in=basket_ids
    ).exclude(kind=Basket.Kind.VOID)
    rows = list(baskets.order_by("pk").values_list("pk", "card_number", "business_date"))
    numbers = {number for _, number, _ in rows if number}
    cards = dict(Card.objects.filter(number__in=numbers).values_list("number", "pk"))
    buckets = _buckets_of_cards(_slots(np.array(sorted(cards.values()), np.int64)))
    places: dict[tuple[int, date], list[int]] = {}
    for pk, number, day in rows:
        place = buckets[cards.get(number, 0)], day.replace(day=1)
        places.setdefault(place, []).append(pk)
    return places


@transaction.atomic
def _deal_anew() -> None:
    """Cut the history again if LOYALTY_BUCKETS has changed since it was sealed."""
    _lock()
    stale = PurchaseChunk.objects.exclude(of_buckets=settings.LOYALTY_BUCKETS)
    for month in list(stale.values_list("month", flat=True).distinct().order_by("month")):
        cut = list(stale.filter(month=month).order_by("bucket"))
        lines = pa.concat_tables([_table(chunk) for chunk in cut])
        PurchaseChunk.objects.filter(pk__in=[chunk.pk for chunk in cut]).delete()
        _add(lines, _buckets_of_cards(_slots(pc.unique(lines["card"]).to_numpy())))


def _buckets_of_cards(slots: dict[int, int]) -> dict[int, int]:
    return {card: bucket_of(slot) if card else WITHOUT_CARD for card, slot in slots.items()}


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('loyalty.history', 0))")


def _slots(card_ids: npt.NDArray[np.int64]) -> dict[int, int]:
    """The slot in which each card's purchases lie, or will."""
    cards = Card.objects.filter(pk__in=card_ids.tolist()).values_list(
        "pk", "number", "sealed_slot", "household__slot"
    )
    slots = {0: 0}
    for pk, number, sealed, claimed in cards.iterator(chunk_size=10_000):
        wanted = claimed if claimed is not None else slot_of(number)
        slots[pk] = sealed if sealed is not None else wanted
    return slots


def _note_slots(slots: dict[int, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_card SET sealed_slot = lie.slot"
            " FROM unnest(%s::bigint[], %s::int[]) AS lie(card, slot)"
            " WHERE loyalty_card.id = lie.card AND sealed_slot IS DISTINCT FROM lie.slot",
            [list(slots), list(slots.values())],
        )


def _add(lines: pa.Table, bucket_of_card: dict[int, int]) -> None:
    """Merge `lines` into the chunks they belong to."""
    cards = np.fromiter(bucket_of_card, np.int64)
    places = np.fromiter(bucket_of_card.values(), np.int64)
    order = np.argsort(cards)
    bucket = places[order][np.searchsorted(cards[order], lines["card"].to_numpy())]
    days = lines["day"].to_numpy()
    month = (np.datetime64(EPOCH) + days).astype("datetime64[M]").astype(np.int64)
    key = (bucket - WITHOUT_CARD) * 100_000 + month
    for one in np.unique(key).tolist():
        place, months = one // 100_000 + WITHOUT_CARD, one % 100_000
        first = np.datetime64(months, "M").astype("datetime64[D]").astype(date)
        _merge(place, first, lines.filter(pa.array(key == one)))


def _merge(bucket: int, month: date, lines: pa.Table) -> None:
    kept = PurchaseChunk.objects.filter(bucket=bucket, month=month).first()
    if kept is not None:
        lines = pa.concat_tables([_table(kept), lines])
    _write(bucket, month, lines)


def _write(bucket: int, month: date, lines: pa.Table) -> None:
    if not lines.num_rows:
        PurchaseChunk.objects.filter(bucket=bucket, month=month).delete()
        return
    data = chunks.pack(lines.sort_by(_ORDER))
    PurchaseChunk.objects.update_or_create(
        bucket=bucket,
        month=month,
        defaults={
            "of_buckets": settings.LOYALTY_BUCKETS,
            "rows": lines.num_rows,
            "data": data,
            "sha256": hashlib.sha256(data).hexdigest(),
        },
    )


def _table(chunk: PurchaseChunk) -> pa.Table:
    return chunks.table(chunk.data)


@transaction.atomic
def _follow_cards() -> None:
    """Move the purchases of cards that were claimed, merged or split into another bucket."""
    _lock()
    moved: dict[int, dict[int, int]] = {}  # bucket they lie in -> card -> slot they belong in
    # Buckets are compared, not slots: within a bucket nothing need move.
    there = Card.objects.annotate(
        lies_in=F("sealed_slot") * settings.LOYALTY_BUCKETS / SLOTS,
        belongs_in=F("household__slot") * settings.LOYALTY_BUCKETS / SLOTS,
    )
    for pk, bucket, slot in there.exclude(lies_in=F("belongs_in")).values_list(
        "pk", "lies_in", "household__slot"
    ):
        moved.setdefault(bucket, {})[pk] = slot
    for bucket, slots in moved.items():
        leaving = pa.array(sorted(slots), pa.int64())
        for chunk in PurchaseChunk.objects.filter(bucket=bucket):
            lines = _table(chunk)
            goes = pc.is_in(lines["card"], leaving)
            taken = lines.filter(goes)
            if taken.num_rows:
                _write(bucket, chunk.month, lines.filter(pc.invert(goes)))
                _add(taken, {card: bucket_of(slot) for card, slot in slots.items()})
        _note_slots(slots)


@transaction.atomic
def forget_cards(numbers: Collection[str]) -> int:
    """Let these cards' purchases be nobody's: receipts and sealed lines lose the card for good.

    Returns how many receipts. The cards' own rows are the caller's to delete.
    """
    _lock()
    cards = dict(Card.objects.filter(number__in=numbers).values_list("pk", "sealed_slot"))
    leaving = pa.array(sorted(cards), pa.int64())
    for bucket in sorted({bucket_of(slot) for slot in cards.values() if slot is not None}):
        for pk in PurchaseChunk.objects.filter(bucket=bucket).values_list("pk", flat=True):
            chunk = PurchaseChunk.objects.get(pk=pk)
            lines = _table(chunk)
            goes = pc.is_in(lines["card"], leaving)
            taken = lines.filter(goes)
            if taken.num_rows:
                _write(bucket, chunk.month, lines.filter(pc.invert(goes)))
                nobody = pa.array(np.zeros(taken.num_rows, np.int64))
                _merge(WITHOUT_CARD, chunk.month, taken.set_column(0, "card", nobody))
    return Basket.objects.filter(card_number__in=numbers).update(card_number="")


def fingerprint() -> str:
    """SHA-256 of all that a rebuild sees: chunks, whose card is whose, and the product tree."""
    seen = hashlib.sha256(str(settings.LOYALTY_BUCKETS).encode())
    for row in PurchaseChunk.objects.order_by("bucket", "month").values_list(
        "bucket", "month", "sha256"
    ):
        seen.update(repr(row).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT sum(hashtextextended(concat_ws(' ', id, household_id), 0)::numeric)"
            " FROM loyalty_card),"
            " (SELECT sum(hashtextextended(concat_ws(' ', id, category_id), 0)::numeric)"
            " FROM pos_integration_product),"
            " (SELECT sum(hashtextextended(concat_ws(' ', id, parent_id, is_modelled), 0)::numeric)"
            " FROM pos_integration_category)"
        )
        seen.update(repr(cursor.fetchone()).encode())
    return seen.hexdigest()


class Bucket(NamedTuple):
    """One bucket's claimed purchases: `households[i]` is household i of `lines`."""

    households: npt.NDArray[np.int64]  # loyalty.Household, ascending; some never bought anything
    lines: Lines
    receipts: Receipts | None = None  # if they were asked for
    cards: npt.NDArray[np.int64] = np.zeros(0, np.int64)  # loyalty.Card, ascending


def read(
    bucket: int,
    products: npt.NDArray[np.int64],
    *,
    before: date,
    by_household: bool = False,
    with_receipts: bool = False,
) -> Bucket:
    """Return the bucket's lines of claimed cards before the day `before`, in order of day.

    products: int64, ascending ids; a line's product is its place there. Lines of products that
    are not among them (sold for the first time since the list was read) are left out.
    by_household: the lines lie household after household instead, and each one's in order of day;
    `kernel.statistics` says the same of them, sooner.
    """
    # The slots that bucket_of puts into this bucket.
    first, end = (-(-each * SLOTS // settings.LOYALTY_BUCKETS) for each in (bucket, bucket + 1))
    here = (first, end - 1)
    households = np.fromiter(
        Household.objects.filter(slot__range=here).order_by("pk").values_list("pk", flat=True),
        np.int64,
    )
    # A card that changed hands since it was sealed is read again once its purchases followed it.
    owners = np.array(
        Card.objects.filter(sealed_slot__range=here, household__slot__range=here)
        .order_by("pk")
        .values_list("pk", "household_id"),
        dtype=np.int64,
    ).reshape(-1, 2)
    cards, owner = owners[:, 0].copy(), owners[:, 1]
    # The last place is that of a card nobody claimed, at -1.
    household_of_card = np.append(np.searchsorted(households, owner), -1).astype(np.int32)
    place_of_card, place_of_product = _Places(cards), _Places(products)
    placed = []
    for data in _stored(bucket, before):
        chunk = chunks.unpack(data)
        card = place_of_card(chunk.columns["card"])
        household = household_of_card[card]
        household[chunk.columns["day"] >= day_number(before)] = -1
        placed.append(Placed(chunk, household, card, place_of_product(chunk.columns["product"])))
    lines, receipts = chunks.lay_out(
        placed,
        households=len(households),
        by_household=by_household,
        with_receipts=with_receipts,
    )
    return Bucket(households, lines, receipts, cards)


def _stored(bucket: int, before: date) -> Iterator[memoryview]:
    """Yield the bytes of the bucket's chunks that may hold days before `before`, by month.

    By COPY: as the field of a row, bytes travel as hexadecimal text, at ten times the cost.
    """
    out = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY (SELECT data FROM loyalty_purchasechunk WHERE bucket = {bucket:d}"  # noqa: S608
            f" AND month < DATE '{before.isoformat()}' ORDER BY month) TO STDOUT (FORMAT binary)",
            out,
        )
    stream = out.getbuffer()
    (extension,) = struct.unpack_from("!i", stream, 15)  # after the signature and the flags
    at = 19 + extension
    while struct.unpack_from("!h", stream, at) == (1,):  # fields of the row; -1 at the end
        (length,) = struct.unpack_from("!i", stream, at + 2)
        at += 6 + length
        yield stream[at - length : at]


class _Places:
    """Where ids stand in an ascending list of them, as int32; -1 for those that do not."""

    _WIDEST = 1 << 22  # of a table; a wider range of ids is searched

    def __init__(self, ids: npt.NDArray[np.int64]) -> None:
        self._ids = ids
        self._table: npt.NDArray[np.int32] | None = None
        self._least = int(ids[0]) if len(ids) else 0
        if len(ids) and ids[-1] - ids[0] < self._WIDEST:
            # One place before the first id and one after the last, for all that lie outside.
            self._table = np.full(int(ids[-1] - ids[0]) + 3, -1, np.int32)
            self._table[ids - ids[0] + 1] = np.arange(len(ids), dtype=np.int32)

    def __call__(self, wanted: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        if not len(self._ids):
            return np.full(len(wanted), -1, np.int32)
        if self._table is not None:
            at = wanted.astype(np.int64)
            at -= self._least - 1
            return self._table.take(at, mode="clip")
        place = np.minimum(np.searchsorted(self._ids, wanted), len(self._ids) - 1)
        return np.where(self._ids[place] == wanted, place, -1).astype(np.int32)
