"""What households bought of some products in the last weeks, read from the sealed history."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.conf import settings

from loyalty import chunks, history
from loyalty.models import SLOTS, Card, PurchaseChunk

Ints = npt.NDArray[np.int64]


class Bought(NamedTuple):
    """Sold lines of cards that belong to a household, a value a line: int64, no order."""

    household: Ints  # loyalty.Household
    basket: Ints
    day: Ints  # since EPOCH
    store: Ints
    product: Ints
    quantity: Ints  # thousandths, more than 0
    cents: Ints  # paid, with what coupons took off put back


NOTHING_BOUGHT = Bought(*(np.zeros(0, np.int64) for _ in Bought._fields))


def bought(bucket: int, products: Ints | None, *, since: date, before: date) -> Bought:
    """Return what the bucket's households bought of `products` from `since` to before `before`.

    products: ids, ascending; None for all. Only chunks of these months are read. Lines without a
    card, of cards nobody claimed, and given back are left out.
    """
    cards, households = _owners(bucket)
    parts = [
        _wanted(chunk, cards, households, products, history.day_number(since), before)
        for chunk in _chunks(bucket, since, before)
    ]
    if not parts or not len(cards):
        return NOTHING_BOUGHT
    return Bought(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _chunks(bucket: int, since: date, before: date) -> Iterator[chunks.Chunk]:
    stored = PurchaseChunk.objects.filter(
        bucket=bucket, month__gte=since.replace(day=1), month__lt=before
    )
    for key in list(stored.order_by("month").values_list("pk", flat=True)):
        yield chunks.unpack(PurchaseChunk.objects.values_list("data", flat=True).get(pk=key))


def _owners(bucket: int) -> tuple[Ints, Ints]:
    """The bucket's cards, ascending, and whose each is."""
    first, end = (-(-each * SLOTS // settings.LOYALTY_BUCKETS) for each in (bucket, bucket + 1))
    here = (first, end - 1)
    owners = np.array(
        Card.objects.filter(sealed_slot__range=here, household__slot__range=here)
        .order_by("pk")
        .values_list("pk", "household_id"),
        dtype=np.int64,
    ).reshape(-1, 2)
    return owners[:, 0].copy(), owners[:, 1].copy()


def _wanted(
    chunk: chunks.Chunk,
    cards: Ints,
    households: Ints,
    products: Ints | None,
    since: int,
    before: date,
) -> Bought:
    columns = chunk.columns
    receipt = np.repeat(np.arange(len(chunk.starts) - 1), np.diff(chunk.starts))
    is_known, place = _found(columns["card"], cards)
    day = columns["day"].astype(np.int64)
    of_receipt = is_known & (day >= since) & (day < history.day_number(before))
    keep = of_receipt[receipt] & (columns["quantity"] > 0) & (columns["amount_cents"] >= 0)
    if products is not None:
        keep &= _found(columns["product"], products)[0]
    at = receipt[keep]

    def line(name: str) -> Ints:
        return columns[name][keep].astype(np.int64)

    off = np.where(columns["coupon"][keep], line("discount_cents"), 0)
    return Bought(
        household=households[place[at]] if len(households) else np.zeros(0, np.int64),
        basket=columns["basket"][at].astype(np.int64),
        day=day[at],
        store=columns["store"][at].astype(np.int64),
        product=line("product"),
        quantity=line("quantity"),
        cents=line("amount_cents") + off,
    )


def _found(wanted: npt.NDArray[Any], ids: Ints) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which of `wanted` are among the ascending `ids`, and where; 0 for those that are not."""
    if not len(ids):
        return np.zeros(len(wanted), np.bool_), np.zeros(len(wanted), np.int64)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return ids[place] == wanted, place
