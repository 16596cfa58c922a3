"""What was bought: receipts as purchase lines, and what voids and returns leave of them."""

import io
from collections import defaultdict
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.db import connection
from django.db.models import Max, Min, Q

from pos_integration.models import Basket, Undoing

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
        WHERE basket.{column} IN ({ids}) AND basket.kind <> 'void'
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

Flags = npt.NDArray[np.bool_]


def of_uploads(upload_ids: Collection[int]) -> pa.Table:
    """The uploads' lines as SCHEMA has them, as the tills said, in order of receipt and line."""
    ids = Basket.objects.filter(upload__in=upload_ids).aggregate(first=Min("pk"), last=Max("pk"))
    return _read("upload_id", upload_ids, ids["first"] or 0, ids["last"] or 0)[0]


def of_baskets(basket_ids: Collection[int]) -> pa.Table:
    """What all voids and returns that found their original leave of these baskets' lines.

    In the form and order of `of_uploads`. It depends on the facts alone, not on the order in
    which they came.
    """
    between = Q(basket__in=basket_ids) | Q(original__in=basket_ids)
    undoings = [
        GivenBack(basket, line, original, original_line)
        for basket, line, original, original_line in Undoing.objects.filter(
            between, original__isnull=False
        )
        .order_by("pk")
        .values_list("basket_id", "line_number", "original_id", "original_line")
        if line is not None and original is not None
    ]
    every = {*basket_ids, *(u.basket for u in undoings), *(u.original for u in undoings)}
    if not every:
        return SCHEMA.empty_table()
    voids = Undoing.objects.filter(original__in=every, line_number=None)
    voided = set(voids.values_list("original_id", flat=True))
    lines, returned = _read("id", every, min(every), max(every))
    wanted = pc.is_in(lines["basket"], pa.array(sorted(basket_ids), pa.int64()))
    left, keep = net(lines, returned, undoings, voided)
    return left.filter(pc.and_(wanted, pa.array(keep)))


def touched_by(undoing_ids: Collection[int]) -> set[int]:
    """The baskets whose purchases change once these undoings, with their originals, are known.

    Not only the two of each: a void of a return gives back what the return had taken.
    """
    rows = Undoing.objects.filter(pk__in=undoing_ids, original__isnull=False)
    touched: set[int] = set()
    voided = []
    for basket, line, original in rows.values_list("basket_id", "line_number", "original_id"):
        touched |= {basket, original}
        if line is None:
            voided.append(original)
    restored = Undoing.objects.filter(basket__in=voided, original__isnull=False)
    return touched.union(restored.values_list("original_id", flat=True))


def _read(column: str, ids: Iterable[int], first: int, last: int) -> tuple[pa.Table, Flags]:
    """Lines as SCHEMA has them, in order of receipt and line, and which of them were returned."""
    text = io.BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert(
            _LINES_SQL.format(
                column=column, ids=",".join(map(str, sorted(ids))), first=first, last=last
            ),
            text,
        )
    text.seek(0)
    facts = pyarrow.csv.read_csv(
        text, convert_options=pyarrow.csv.ConvertOptions(column_types=_FACTS)
    ).sort_by([("basket", "ascending"), ("number", "ascending")])
    returned = facts["returned"].to_numpy()
    sign = 1 - 2 * returned
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
    lines = pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)
    return lines, returned.astype(np.bool_)


def _scaled(column: pa.ChunkedArray, by: int) -> npt.NDArray[np.int64]:
    """Exact decimals as whole thousandths or cents."""
    whole: npt.NDArray[np.int64] = (
        pc.multiply(column, pa.scalar(Decimal(by), pa.decimal128(5, 0))).cast(pa.int64()).to_numpy()
    )
    return whole


class GivenBack(NamedTuple):
    """Line `line` of `basket` gives back a line of `original`, which it may or may not name."""

    basket: int
    line: int
    original: int
    original_line: int | None


_MEASURES = ("quantity", "amount_cents", "discount_cents")


def net(
    lines: pa.Table, returned: Flags, undoings: Iterable[GivenBack], voided: Collection[int]
) -> tuple[pa.Table, Flags]:
    """Return `lines` less what was given back, and which of them are left at all.

    lines: as SCHEMA has them, of every receipt that `undoings` name
    returned: which of them are returns; their quantities and amounts count down
    undoings: the returned lines whose original is known
    voided: receipts that a void took back, sales or returns
    Nothing is left of a voided receipt, and a voided return takes nothing back. A returned line
    and what it returns cancel out: first the line it names, if that sold the same product, then
    other lines of that product in their order. More than was sold cannot be given back. A return
    of something that was not sold on the receipt it names stays as it is.
    """
    basket, number, product = (lines[name].to_numpy() for name in ("basket", "number", "product"))
    measures = [lines[name].to_numpy().copy() for name in _MEASURES]
    keep = ~np.isin(basket, np.array(sorted(voided), np.int64))
    row_of = {
        key: row for row, key in enumerate(zip(basket.tolist(), number.tolist(), strict=True))
    }
    sold: dict[tuple[int, int], list[int]] = defaultdict(list)  # (receipt, product) -> its rows
    for row in np.flatnonzero(~returned).tolist():
        sold[int(basket[row]), int(product[row])].append(row)

    # Quantity, amount and discount given back of one row, and of (receipt, product).
    named: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    unnamed: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for undoing in undoings:
        back = row_of.get((undoing.basket, undoing.line))
        if back is None:
            continue
        item = undoing.original, int(product[back])
        if item not in sold:
            continue
        keep[back] = False
        if undoing.basket in voided:
            continue
        line = undoing.original_line
        one = None if line is None else row_of.get((undoing.original, line))
        given = named[one] if one is not None and one in sold[item] else unnamed[item]
        for place, measure in enumerate(measures):
            given[place] -= int(measure[back])
    for row, given in named.items():
        _take([row], given, measures, keep)
        if given[0] > 0:
            rest = unnamed[int(basket[row]), int(product[row])]
            rest[:] = [mine + more for mine, more in zip(rest, given, strict=True)]
    for item, given in unnamed.items():
        _take(sold[item], given, measures, keep)
    for name, measure in zip(_MEASURES, measures, strict=True):
        lines = lines.set_column(lines.schema.get_field_index(name), name, pa.array(measure))
    return lines, keep


def _take(
    rows: Iterable[int], given: list[int], measures: list[npt.NDArray[np.int64]], keep: Flags
) -> None:
    """Take `given` off one row after the other; what none of them had stays in `given`."""
    for row in rows:
        if not keep[row]:
            continue
        if given[0] >= measures[0][row]:
            keep[row] = False
            for place, measure in enumerate(measures):
                given[place] -= int(measure[row])
            if given[0] == 0:
                return
        else:
            measures[0][row] -= given[0]
            for measure, less in zip(measures[1:], given[1:], strict=True):
                # A refund larger than the price does not turn the rest of the line round.
                left = int(measure[row]) - less
                measure[row] = max(left, 0) if measure[row] >= 0 else min(left, 0)
            given[:] = [0, 0, 0]
            return
