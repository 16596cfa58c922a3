"""The purchase history: facts sealed into columnar chunks, and one bucket of them read back.

A chunk holds one bucket's lines of one month, in order of day, receipt and line, so the same facts
always give the same bytes. It keeps the card of each line, not the household: a card that changes
hands takes its purchases along, and only a change of bucket moves any of them.
"""

import hashlib
import io
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max, Min

from loyalty import identify
from loyalty.models import SLOTS, Card, PurchaseChunk, SealedUpload, slot_of
from loyalty.shopper.kernel import EPOCH, Lines
from pos_integration.models import Basket, Upload

WITHOUT_CARD = -1  # the bucket of baskets that showed none
UPLOADS_AT_ONCE = 500  # bounds memory: some 2 M lines of small uploads
SCHEMA = pa.schema(
    [
        ("card", pa.int64()),  # loyalty.Card; 0 in the bucket without cards
        ("basket", pa.int64()),
        ("number", pa.int32()),  # line on the receipt
        ("day", pa.int32()),  # since EPOCH
        ("minute", pa.int16()),  # of the store's day; -1 where the till did not say
        ("store", pa.int32()),
        ("product", pa.int64()),
        ("quantity", pa.int64()),  # thousandths; negative: given back
        ("amount_cents", pa.int64()),  # negative: paid back
        ("discount_cents", pa.int64()),
        ("coupon", pa.bool_()),  # as many lines of a receipt as it used coupons: tills seldom
        # say which
    ]
)
_ORDER = [("day", "ascending"), ("basket", "ascending"), ("number", "ascending")]
# Sales count up and returns down; a void line or receipt is no purchase. What is the same for a
# whole receipt is worked out once, and the range of ids lets BRIN skip a billion other lines.
_LINES_SQL = """
COPY (
    WITH receipt AS MATERIALIZED (
        SELECT basket.id, coalesce(card.id, 0) AS card, basket.store_id AS store,
            basket.business_date - DATE '2000-01-01' AS day, basket.kind,
            coalesce(
                extract(hour FROM ended.local) * 60 + extract(minute FROM ended.local), -1
            )::int AS minute,
            greatest(
                (SELECT count(*) FROM pos_integration_tender tender
                    WHERE tender.basket_id = basket.id AND tender.kind = 'coupon'),
                (SELECT count(*) FROM pos_integration_redemptionrecord record
                    WHERE record.basket_id = basket.id)
            ) AS coupons
        FROM pos_integration_basket basket
        JOIN pos_integration_store store ON store.id = basket.store_id
        CROSS JOIN LATERAL (SELECT basket.ended_at AT TIME ZONE store.time_zone AS local) ended
        LEFT JOIN loyalty_card card ON card.number = basket.card_number
        WHERE basket.upload_id IN ({uploads}) AND basket.kind <> 'void'
    )
    SELECT receipt.card, receipt.id AS basket, line.number, receipt.day, receipt.minute,
        receipt.store, line.product_id AS product, line.quantity, line.amount, line.discount,
        receipt.coupons, (line.kind = 'return' OR receipt.kind = 'return')::int AS returned
    FROM pos_integration_basketline line JOIN receipt ON receipt.id = line.basket_id
    WHERE line.kind <> 'void' AND line.basket_id BETWEEN {first} AND {last}
) TO STDOUT WITH (FORMAT csv, HEADER)
"""
_FACTS = {
    **{name: pa.int64() for name in ("card", "basket", "product", "coupons", "returned")},
    **{name: pa.int32() for name in ("number", "day", "store")},
    "minute": pa.int16(),
    "quantity": pa.decimal128(15, 3),
    "amount": pa.decimal128(14, 2),
    "discount": pa.decimal128(14, 2),
}

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
    """Take every loaded upload that is not sealed yet into the history. Returns the lines added.

    Each batch is one transaction with the receipts of its uploads, so a crash loses nothing and
    repeats nothing; an advisory lock keeps two sealings apart.
    """
    _deal_anew()
    waiting = list(
        Upload.objects.filter(state=Upload.State.LOADED)
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
    _follow_cards()
    return added


def _tell_the_planner() -> None:
    """Count what the day brought, and index the lines that came since the last vacuum.

    The count is a sample, so it costs the same for a million rows or a billion; without it the
    first night after a large import joins by the statistics of empty tables.
    """
    with connection.cursor() as cursor:
        for table in ("basket", "basketline", "tender", "redemptionrecord", "upload"):
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
    lines = _read_facts(upload_ids)
    slots = _slots(pc.unique(lines["card"]).to_numpy())
    # Where a new card's lines lie is written down; a card that has moved meanwhile is followed
    # afterwards, and until then its new lines join its old ones.
    _note_slots(slots)
    _add(lines, _buckets_of_cards(slots))
    SealedUpload.objects.bulk_create([SealedUpload(upload_id=pk) for pk in upload_ids])
    return int(lines.num_rows)


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


def _read_facts(upload_ids: list[int]) -> pa.Table:
    """The uploads' lines in the form of SCHEMA, in order of receipt and line."""
    ids = Basket.objects.filter(upload__in=upload_ids).aggregate(first=Min("pk"), last=Max("pk"))
    text = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            _LINES_SQL.format(
                uploads=",".join(map(str, upload_ids)),
                first=ids["first"] or 0,
                last=ids["last"] or 0,
            ),
            text,
        )
    text.seek(0)
    facts = pyarrow.csv.read_csv(
        text, convert_options=pyarrow.csv.ConvertOptions(column_types=_FACTS)
    ).sort_by([("basket", "ascending"), ("number", "ascending")])
    sign = 1 - 2 * facts["returned"].to_numpy()
    basket = facts["basket"].to_numpy()
    begins = np.flatnonzero(np.diff(basket, prepend=-1))
    place = np.arange(len(basket)) - np.repeat(begins, np.diff(begins, append=len(basket)))
    columns = {name: facts[name] for name in SCHEMA.names if name in facts.column_names}
    columns |= {
        "quantity": _scaled(facts["quantity"], 1000) * sign,
        "amount_cents": _scaled(facts["amount"], 100) * sign,
        "discount_cents": _scaled(facts["discount"], 100) * sign,
        "coupon": place < facts["coupons"].to_numpy(),
    }
    return pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)


def _scaled(column: pa.ChunkedArray, by: int) -> npt.NDArray[np.int64]:
    """Exact decimals as whole thousandths or cents."""
    whole: npt.NDArray[np.int64] = (
        pc.multiply(column, pa.scalar(Decimal(by), pa.decimal128(5, 0))).cast(pa.int64()).to_numpy()
    )
    return whole


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
    table = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
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
