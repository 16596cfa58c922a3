"""What a model run believes of one bucket's households, worked out anew from the history.

Only summaries and the likeliest needs are stored. Whoever wants more (a selection asks of every
offer) calls `of_bucket`, which costs less than reading it back would.
"""

import io
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty import assortment, history
from loyalty.assortment import Assortment
from loyalty.history import Bucket
from loyalty.models import ModelRun
from loyalty.shopper import kernel, needs
from loyalty.shopper.kernel import Floats, Ints, Statistics

LEVELS = ("product", "type", "category")


class Fitted(NamedTuple):
    """What a run learned from all households, by level."""

    item_gaps: dict[str, Floats]  # days between purchases, float64[items]
    tables: dict[str, Floats]  # float64[needs.BINS]
    purchases: Ints  # of each product, int64[products]


class Needs(NamedTuple):
    """One level's pairs of household and item, and what is expected of each."""

    statistics: Statistics
    usual_gaps: Floats  # days between purchases, float64[pairs]
    expected: Floats  # purchases in the next 28 days, float64[pairs]
    probability: Floats  # of at least one, float64[pairs]


class Beliefs(NamedTuple):
    bucket: Bucket
    assortment: Assortment
    levels: dict[str, Needs]


def pack(arrays: dict[str, npt.NDArray[np.generic]]) -> bytes:
    """Arrays as plain bytes (.npz): no pickle, now or when they are read."""
    out = io.BytesIO()
    np.savez(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, npt.NDArray[np.generic]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def assortment_of(run: ModelRun) -> Assortment:
    """The assortment as it was when the run began."""
    return _assortment(run.pk, run.parameters["last_product"])


@lru_cache(maxsize=1)
def _assortment(run_id: int, last_product: int) -> Assortment:
    return assortment.read(last_product)


def fitted(run: ModelRun) -> Fitted:
    """What the run fitted. Raises ValueError while it has not."""
    if run.fitted is None:
        raise ValueError(f"the model run of {run.as_of} has fitted nothing yet")
    arrays = unpack(bytes(run.fitted))
    return Fitted(
        {level: arrays[f"gaps.{level}"].astype(np.float64) for level in LEVELS},
        {level: np.array(run.parameters["tables"][level]) for level in LEVELS},
        arrays["purchases"].astype(np.int64),
    )


def statistics(bucket: Bucket, kinds: Assortment, level: str, as_of: int) -> Statistics:
    """The bucket's statistics at one level before the day number `as_of`."""
    items = kinds.levels[level]
    return kernel.statistics(
        bucket.lines,
        items.item_of_product,
        households=len(bucket.households),
        items=items.items,
        as_of=as_of,
    )


def of_bucket(run: ModelRun, bucket: int, levels: tuple[str, ...] = LEVELS) -> Beliefs:
    """Return what the run believes of the bucket's households at these levels."""
    kinds, learned = assortment_of(run), fitted(run)
    lines = history.read(bucket, kinds.products, before=run.as_of)
    found = {}
    for level in levels:
        seen = statistics(lines, kinds, level, history.day_number(run.as_of))
        gaps, table = learned.item_gaps[level], learned.tables[level]
        found[level] = Needs(
            seen,
            needs.usual_gaps(seen, gaps),
            needs.expected(seen, gaps, table),
            needs.probability(seen, gaps, table),
        )
    return Beliefs(lines, kinds, found)
