"""What a model run believes of one bucket's households, worked out anew from the history.

Only summaries and the likeliest needs are stored. Whoever wants more (a selection asks of every
offer) calls `of_bucket`, which costs less than reading it back would.
"""

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty import assortment, fitted, history
from loyalty.assortment import Assortment
from loyalty.history import Bucket
from loyalty.models import FittedModel, ModelRun
from loyalty.shopper import discovery, kernel, needs, newcomers, value
from loyalty.shopper.kernel import Floats, Items, Statistics

LEVELS = ("product", "type", "category")
Kind = FittedModel.Kind


class Learned(NamedTuple):
    """What a run is computed with; None, or no entry, where nothing was learned yet."""

    needs: dict[str, needs.Model]  # by level
    discovery: discovery.Model | None
    value: value.Model | None
    newcomers: newcomers.Model | None


class Needs(NamedTuple):
    """One level's pairs of household and item, and what is expected of each: float64[pairs]."""

    statistics: Statistics
    usual_gaps: Floats  # days between purchases
    expected: Floats  # purchases in the next 28 days
    probability: Floats  # of at least one
    next_trip: Floats  # of one on the next shopping day


class Beliefs(NamedTuple):
    bucket: Bucket
    assortment: Assortment
    levels: dict[str, Needs]


def pack(arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """Arrays as plain bytes (.npz): no pickle, now or when they are read."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
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


def learned_by(run: ModelRun) -> Learned:
    """What the run is computed with. Raises fitted.DamagedModelError."""
    return _learned(tuple(sorted(run.learned.values_list("pk", flat=True))))


@lru_cache(maxsize=2)
def _learned(model_ids: tuple[int, ...]) -> Learned:
    return from_plain(fitted.by_kind(FittedModel.objects.filter(pk__in=model_ids)))


def from_plain(parameters: Mapping[str, Mapping[str, Any]]) -> Learned:
    """The models of plain values by kind, as `fitted` keeps them."""
    plain = {str(kind): dict(values) for kind, values in parameters.items()}
    discovered, valued = plain.get(Kind.DISCOVERY), plain.get(Kind.VALUE)
    new = plain.get(Kind.NEWCOMERS)
    return Learned(
        {level: needs.Model.from_plain(one) for level, one in plain.get(Kind.NEEDS, {}).items()},
        discovery.Model.from_plain(discovered) if discovered else None,
        value.Model.from_plain(valued) if valued else None,
        newcomers.Model.from_plain(new) if new else None,
    )


def facts(run: ModelRun, level: str) -> Items:
    """What all households did with each item of a level. Raises ValueError before it is summed."""
    if run.fitted is None:
        raise ValueError(f"the model run of {run.as_of} has summed nothing yet")
    return _facts(run.pk, bytes(run.fitted))[level]


@lru_cache(maxsize=1)
def _facts(run_id: int, packed: bytes) -> dict[str, Items]:
    arrays = unpack(packed)
    return {
        level: Items(*(arrays[f"{level}.{field}"].astype(np.int64) for field in Items._fields))
        for level in LEVELS
    }


def statistics(bucket: Bucket, kinds: Assortment, level: str, as_of: int) -> Statistics:
    """The bucket's statistics at one level before the day number `as_of`."""
    items = kinds.department if level == "department" else kinds.levels[level]
    return kernel.statistics(
        bucket.lines,
        items.item_of_product,
        households=len(bucket.households),
        items=items.items,
        as_of=as_of,
    )


def of_bucket(run: ModelRun, bucket: int, levels: tuple[str, ...] = LEVELS) -> Beliefs:
    """Return what the run believes of the bucket's households at these levels."""
    kinds = assortment_of(run)
    read = history.read(bucket, kinds.products, before=run.as_of)
    return Beliefs(read, kinds, {level: _needs(run, kinds, read, level) for level in levels})


def _needs(run: ModelRun, kinds: Assortment, read: Bucket, level: str) -> Needs:
    seen = statistics(read, kinds, level, history.day_number(run.as_of))
    items = kinds.levels[level]
    believed = needs.believe(
        seen, facts(run, level), items.parent, items.parents, learned_by(run).needs.get(level)
    )
    return Needs(
        seen, believed.usual_gaps, believed.expected, believed.probability, believed.next_trip
    )
