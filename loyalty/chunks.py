"""How purchases lie in a chunk of the history, and how they are laid out for the kernel.

A chunk is an Arrow IPC file (zstd): a row a receipt, with its lines as a list, and every whole
number as narrow as this chunk allows. What holds for a whole receipt is there once, and reading
costs little more than unpacking the bytes. Chunks sealed as Parquet, a row a line, are read too.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit

from loyalty.purchases import SCHEMA
from loyalty.shopper.kernel import Flags, Ints, Ints32, Lines

_OF_RECEIPT = ("card", "basket", "day", "minute", "store")
_OF_LINE = ("number", "product", "quantity", "amount_cents", "discount_cents", "coupon")
_WIDTHS = (np.int8, np.int16, np.int32)
_PARQUET = b"PAR1"

Column = npt.NDArray[Any]  # whole numbers of any width, or flags


class Chunk(NamedTuple):
    """One chunk's receipts, in order of day and receipt, and their lines.

    columns: a value a receipt of card, basket, day, minute and store; a value a line of number,
        product, quantity, amount_cents, discount_cents and coupon; as purchases.SCHEMA has them,
        and as narrow as they were stored
    starts: int32[receipts + 1]; receipt r's lines are starts[r] .. starts[r + 1] - 1
    """

    columns: Mapping[str, Column]
    starts: Ints32


class Receipts(NamedTuple):
    """A bucket's receipts, a value a receipt, in ascending order of day; returns are some too.

    Only lines that were read count; a receipt without any is left out.
    """

    household: Ints32  # as in Lines
    card: Ints32  # place among the bucket's cards
    day: Ints32
    minute: npt.NDArray[np.int16]  # of the store's day; -1 where the till did not say
    store: Ints32  # pos_integration.Store
    lines: Ints32
    amount_cents: Ints


def pack(lines: pa.Table) -> bytes:
    """Return the bytes of a chunk.

    lines: as purchases.SCHEMA has them, in order of day, basket and number
    """
    chunk = _gathered(lines)
    of_lines = pa.StructArray.from_arrays(
        [pa.array(_narrow(chunk.columns[name])) for name in _OF_LINE], names=_OF_LINE
    )
    batch = pa.record_batch(
        {name: pa.array(_narrow(chunk.columns[name])) for name in _OF_RECEIPT}
        | {"lines": pa.ListArray.from_arrays(pa.array(chunk.starts), of_lines)}
    )
    out = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    with pa.ipc.new_file(out, batch.schema, options=options) as file:
        file.write_batch(batch)
    packed: bytes = out.getvalue().to_pybytes()
    return packed


def unpack(data: bytes | memoryview) -> Chunk:
    """Return what `pack` was given, and what older chunks hold."""
    if bytes(data[:4]) == _PARQUET:
        return _gathered(pq.read_table(pa.BufferReader(pa.py_buffer(data)), use_threads=False))
    options = pa.ipc.IpcReadOptions(
        use_threads=False, ensure_alignment=pa.ipc.Alignment.DataTypeSpecific
    )
    batch = pa.ipc.open_file(pa.py_buffer(data), options=options).get_batch(0)
    lists = batch.column("lines")
    of_lines = lists.values
    columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in _OF_RECEIPT}
    columns |= {name: of_lines.field(name).to_numpy(zero_copy_only=False) for name in _OF_LINE}
    return Chunk(columns, lists.offsets.to_numpy().copy())


def table(data: bytes | memoryview) -> pa.Table:
    """Return the chunk's lines as purchases.SCHEMA has them, in order of day, basket and number."""
    chunk = unpack(data)
    lengths = np.diff(chunk.starts)
    columns = dict(chunk.columns)
    columns |= {name: np.repeat(columns[name], lengths) for name in _OF_RECEIPT}
    return pa.table({name: columns[name] for name in SCHEMA.names}).cast(SCHEMA)


def _gathered(lines: pa.Table) -> Chunk:
    """Put together what is the same for all lines of a receipt."""
    columns = {name: lines[name].to_numpy() for name in (*_OF_RECEIPT, *_OF_LINE)}
    begins = np.ones(lines.num_rows, np.bool_)
    begins[1:] = False
    for name in _OF_RECEIPT:
        begins[1:] |= columns[name][1:] != columns[name][:-1]
    first = np.flatnonzero(begins)
    columns |= {name: columns[name][first] for name in _OF_RECEIPT}
    return Chunk(columns, np.append(first, lines.num_rows).astype(np.int32))


def _narrow(column: Column) -> Column:
    """The same whole numbers, in as few bytes each as the largest of them needs."""
    if column.dtype == np.bool_ or not len(column):
        return column
    least, most = column.min(), column.max()
    for width in _WIDTHS:
        if np.iinfo(width).min <= least and most <= np.iinfo(width).max:
            return column.astype(width)
    return column


class Placed(NamedTuple):
    """A chunk and where its receipts and lines belong."""

    chunk: Chunk
    household: Ints32  # a value a receipt; -1: not wanted
    card: Ints32  # a value a receipt: place among the bucket's cards
    product: Ints32  # a value a line: place in the list of products; -1: not wanted


class _Whole(NamedTuple):
    """What of a chunk goes into Lines as it is."""

    day: Ints  # a value a receipt, as `basket`
    basket: Ints
    quantity: Ints  # a value a line, as the rest
    amount_cents: Ints
    discount_cents: Ints


def lay_out(
    placed: Sequence[Placed], *, households: int, by_household: bool, with_receipts: bool
) -> tuple[Lines, Receipts | None]:
    """Return the lines that are wanted, and if asked for their receipts.

    placed: chunks in ascending order of their days
    by_household: lines lie household after household, each one's in order of day, instead of all
        in order of day
    """
    room = np.zeros(households, np.int64)
    for each in placed:
        wanted = each.household >= 0
        lengths = np.diff(each.chunk.starts)[wanted]
        room += np.bincount(each.household[wanted], lengths, households).astype(np.int64)
    total = int(room.sum())
    # Where the next line goes: of each household, or of whichever comes next.
    following = np.cumsum(room) - room if by_household else np.zeros(1, np.int64)
    lines = Lines(
        household=np.empty(total, np.int32),
        product=np.full(total, -1, np.int32),
        day=np.empty(total, np.int32),
        basket=np.empty(total, np.int64),
        quantity=np.empty(total, np.int64),
        amount_cents=np.empty(total, np.int64),
        discount_cents=np.empty(total, np.int64),
        coupon=np.empty(total, np.bool_),
    )
    receipts = []
    for each in placed:
        columns = each.chunk.columns
        counted = np.zeros(len(each.household), np.int32)
        cents = np.zeros(len(each.household), np.int64)
        # Widened, so that one compiled pass serves chunks of every width.
        whole = _Whole(**{name: columns[name].astype(np.int64) for name in _Whole._fields})
        _put(
            each.chunk.starts, each.household, each.product, whole, columns["coupon"],
            following, lines, counted, cents,
        )  # fmt: skip
        if with_receipts:
            receipts.append(_receipts(each, counted, cents))
    there = lines.product >= 0
    if not there.all():
        lines = Lines._make(column[there] for column in lines)
    return lines, _joined(receipts) if with_receipts else None


def _receipts(placed: Placed, counted: Ints32, cents: Ints) -> Receipts:
    columns = placed.chunk.columns
    some = np.flatnonzero(counted)
    return Receipts(
        household=placed.household[some],
        card=placed.card[some],
        day=columns["day"][some].astype(np.int32),
        minute=columns["minute"][some].astype(np.int16),
        store=columns["store"][some].astype(np.int32),
        lines=counted[some],
        amount_cents=cents[some],
    )


def _joined(receipts: Sequence[Receipts]) -> Receipts:
    if receipts:
        return Receipts._make(np.concatenate(parts) for parts in zip(*receipts, strict=True))
    none, money = np.zeros(0, np.int32), np.zeros(0, np.int64)
    return Receipts(none, none, none, none.astype(np.int16), none, none, money)


@njit(cache=True, nogil=True)
def _put(
    starts: Ints32,
    household: Ints32,
    product: Ints32,
    whole: _Whole,
    coupon: Flags,
    following: Ints,
    lines: Lines,
    counted: Ints32,
    cents: Ints,
) -> None:
    """Put each wanted line where its household's, or all households', next one goes."""
    for receipt in range(len(household)):
        home = household[receipt]
        if home < 0:
            continue
        queue = home if len(following) > 1 else 0
        at = following[queue]
        for row in range(starts[receipt], starts[receipt + 1]):
            if product[row] < 0:
                continue
            lines.household[at] = home
            lines.product[at] = product[row]
            lines.day[at] = whole.day[receipt]
            lines.basket[at] = whole.basket[receipt]
            lines.quantity[at] = whole.quantity[row]
            lines.amount_cents[at] = whole.amount_cents[row]
            lines.discount_cents[at] = whole.discount_cents[row]
            lines.coupon[at] = coupon[row]
            counted[receipt] += 1
            cents[receipt] += whole.amount_cents[row]
            at += 1
        following[queue] = at
