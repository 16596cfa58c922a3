"""The purchase history: facts sealed into columnar chunks, and one bucket of them read back.

A chunk holds one bucket's lines of one month, in order of day, receipt and line, so the same facts
always give the same bytes. It keeps the card of each line, not the household: a card that changes
hands takes its purchases along, and only a change of bucket moves any of them.
"""

import hashlib
import io
from collections.abc import Callable, Collection
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from loyalty import identify, purchases
from loyalty.models import SLOTS, Card, PurchaseChunk, SealedUndoing, SealedUpload, slot_of
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
        chunks = list(stale.filter(month=month).order_by("bucket"))
        lines = pa.concat_tables([_table(chunk) for chunk in chunks])
        PurchaseChunk.objects.filter(pk__in=[chunk.pk for chunk in chunks]).delete()
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
    out = io.BytesIO()
    pq.write_table(lines.sort_by(_ORDER).combine_chunks(), out, compression="zstd")
    PurchaseChunk.objects.update_or_create(
        bucket=bucket,
        month=month,
        defaults={
            "of_buckets": settings.LOYALTY_BUCKETS,
            "rows": lines.num_rows,
            "data": out.getvalue(),
            "sha256": hashlib.sha256(out.getbuffer()).hexdigest(),
        },
    )


def _table(chunk: PurchaseChunk) -> pa.Table:
    return pq.read_table(pa.BufferReader(bytes(chunk.data)), use_threads=False)


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

    households: npt.NDArray[np.int64]  # loyalty.Household, ascending
    lines: Lines


def read(bucket: int, products: npt.NDArray[np.int64], *, before: date) -> Bucket:
    """Return the bucket's lines of claimed cards before the day `before`, in order of day.

    products: int64, ascending ids; a line's product is its place there. Lines of products that
    are not among them (sold for the first time since the list was read) are left out.
    """
    tables = [
        _table(chunk)
        for chunk in PurchaseChunk.objects.filter(bucket=bucket, month__lt=before).order_by("month")
    ]
    table = pa.concat_tables(tables) if tables else purchases.SCHEMA.empty_table()
    columns = {name: table[name].to_numpy() for name in table.column_names}
    slots = [slot for slot in range(SLOTS) if bucket_of(slot) == bucket]
    owners = np.array(
        Card.objects.filter(
            sealed_slot__gte=slots[0], sealed_slot__lte=slots[-1], household__isnull=False
        )
        .order_by("pk")
        .values_list("pk", "household_id"),
        dtype=np.int64,
    ).reshape(-1, 2)
    households = np.unique(owners[:, 1])
    card, claimed = _places(columns["card"], owners[:, 0])
    product, listed = _places(columns["product"], products)
    keep = claimed & listed & (columns["day"] < day_number(before))
    local = np.searchsorted(households, owners[:, 1]).astype(np.int32)
    return Bucket(
        households,
        Lines(
            household=local[card[keep]] if len(local) else np.zeros(0, np.int32),
            product=product[keep].astype(np.int32),
            **{
                name: columns[name][keep]
                for name in Lines._fields
                if name not in ("household", "product")
            },
        ),
    )


def _places(
    values: npt.NDArray[np.int64], among: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Where each value stands in ascending `among`, and whether it is there at all."""
    if not len(among):
        return np.zeros(len(values), np.int64), np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return place, among[place] == values
