"""What a model run believes of one bucket's households, worked out anew from the history.

Only summaries and the likeliest needs are stored. Whoever wants more (a selection asks of every
offer) calls `of_bucket`, which costs less than reading it back would.
"""

import io
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty import assortment, fitted, history
from loyalty.assortment import Assortment
from loyalty.chunks import Receipts
from loyalty.history import Bucket
from loyalty.models import FittedModel, ModelRun
from loyalty.shopper import discovery, kernel, needs, sharing, value, value_learning
from loyalty.shopper.kernel import Floats, Items, Lines, Statistics

LEVELS = ("product", "type", "category")
NO_LIMIT_CENTS = 1 << 60
"""Before anything is known of what cards spend, no spending is impossible."""
Kind = FittedModel.Kind


class Learned(NamedTuple):
    """What a run is computed with; None, or no entry, where nothing was learned yet."""

    needs: dict[str, needs.Model]  # by level
    discovery: discovery.Model | None
    value: value.Model | None
    usual_most_cents: int  # what 999 of 1,000 cards spend at most in a year


class Needs(NamedTuple):
    """One level's pairs of household and item, and what is expected of each: float64[pairs]."""

    statistics: Statistics
    usual_gaps: Floats  # days between purchases
    expected: Floats  # purchases in the next 28 days
    probability: Floats  # of at least one
    next_trip: Floats  # of one on the next shopping day


class KeptOut(NamedTuple):
    """A household whose cards are shared: nothing is believed of it but this."""

    why: str
    first: int  # day numbers
    last: int
    days: int  # with a receipt
    receipts: int
    year_cents: int  # of the last 52 weeks


class Read(NamedTuple):
    """One bucket's purchases, without what shared cards bought."""

    bucket: Bucket
    shared: dict[int, KeptOut]  # by the household's place in the bucket


class Beliefs(NamedTuple):
    read: Read
    assortment: Assortment
    levels: dict[str, Needs]

    @property
    def bucket(self) -> Bucket:
        return self.read.bucket


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
    found, worth = plain.get(Kind.DISCOVERY), plain.get(Kind.VALUE)
    return Learned(
        {level: needs.Model.from_plain(one) for level, one in plain.get(Kind.NEEDS, {}).items()},
        discovery.Model.from_plain(found) if found else None,
        value_learning.from_plain(worth) if worth else None,
        int(worth["usual_most_cents"]) if worth else NO_LIMIT_CENTS,
    )


def read(
    kinds: Assortment, bucket: int, before: date, *, most_cents: int, by_household: bool = True
) -> Read:
    """Read one bucket back, and leave out what went over cards that no household has to itself.

    most_cents: Learned.usual_most_cents. by_household: see history.read.
    """
    read = history.read(
        bucket, kinds.products, before=before, by_household=by_household, with_receipts=True
    )
    receipts = read.receipts
    assert receipts is not None  # they were asked for
    visits = sharing.Visits(
        receipts.household, receipts.day, receipts.minute, receipts.store, receipts.lines,
        receipts.amount_cents,
    )  # fmt: skip
    found = sharing.shared(
        visits,
        cards=len(read.households),
        as_of=history.day_number(before),
        usual_most_cents=most_cents,
    )
    out = np.flatnonzero(found.flags).tolist()
    shared = {
        home: _kept_out(receipts, home, found.why[home], history.day_number(before)) for home in out
    }
    if out:
        lines, mine = ~found.flags[read.lines.household], ~found.flags[receipts.household]
        read = read._replace(
            lines=Lines._make(column[lines] for column in read.lines),
            receipts=Receipts._make(column[mine] for column in receipts),
        )
    return Read(read, shared)


def _kept_out(receipts: Receipts, home: int, why: str, as_of: int) -> KeptOut:
    mine = (receipts.household == home) & (receipts.day < as_of)
    day = receipts.day[mine]
    lately = day >= as_of - 7 * kernel.WEEKS
    return KeptOut(
        why,
        int(day.min()),
        int(day.max()),
        len(np.unique(day)),
        len(day),
        int(receipts.amount_cents[mine][lately].sum()),
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
    kinds, known = assortment_of(run), learned_by(run)
    found = read(kinds, bucket, run.as_of, most_cents=known.usual_most_cents)
    return Beliefs(
        found, kinds, {level: _needs(run, kinds, found.bucket, level) for level in levels}
    )


def _needs(run: ModelRun, kinds: Assortment, read: Bucket, level: str) -> Needs:
    seen = statistics(read, kinds, level, history.day_number(run.as_of))
    items = kinds.levels[level]
    believed = needs.believe(
        seen, facts(run, level), items.parent, items.parents, learned_by(run).needs.get(level)
    )
    return Needs(
        seen, believed.usual_gaps, believed.expected, believed.probability, believed.next_trip
    )


def discoveries(run: ModelRun, held: Beliefs) -> Floats:
    """The chance that each household first buys each category within 56 days.

    float64[households, categories]; 0 for what it bought already. held: with the level "category".
    """
    seen = held.levels["category"].statistics
    model = learned_by(run).discovery
    if model is None:
        return np.zeros((len(held.bucket.households), len(seen.items.buyers)), np.float64)
    chances: Floats = discovery.score(seen, held.assortment.levels["category"].ids, model)
    return chances
