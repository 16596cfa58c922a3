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
from loyalty.shopper import (
    discovery,
    habits,
    kernel,
    needs,
    newcomers,
    sharing,
    value,
    value_learning,
)
from loyalty.shopper.kernel import Floats, Ints32, Items, Lines, Statistics
from loyalty.shopper.newcomers import Counts

LEVELS = ("product", "type", "category")
NO_LIMIT_CENTS = 1 << 60
"""Before anything is known of what cards spend, no spending is impossible."""
Kind = FittedModel.Kind


class Learned(NamedTuple):
    """What a run is computed with; None, or no entry, where nothing was learned yet."""

    needs: dict[str, needs.Model]  # by level
    discovery: discovery.Model | None
    value: value.Model | None
    newcomers: newcomers.Model | None
    usual_most_cents: int  # what 999 of 1,000 cards spend at most in a year


class Needs(NamedTuple):
    """One level's pairs of household and item, and what is expected of each: float64[pairs]."""

    statistics: Statistics
    usual_gaps: Floats  # days between purchases
    expected: Floats  # purchases in the next 28 days
    probability: Floats  # of at least one
    next_trip: Floats  # of one on the next shopping day
    comes: Floats  # float64[households]: chance of coming at all, which is counted in


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


class More(NamedTuple):
    """Products that households of few trips have not bought, and may: what is popular there."""

    household: Ints32
    item: Ints32  # the likeliest first within each household
    probability: Floats  # of buying it within 28 days
    next_trip: Floats  # of buying it on the next shopping day


NOTHING_POPULAR = More(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0), np.zeros(0))
_TRIPS_IN_28_DAYS = 4.0  # of a newcomer, who has not shown how often it comes: once a week


class Beliefs(NamedTuple):
    """What is believed of one bucket; `popular` and `discoveries` are empty without their level."""

    read: Read
    assortment: Assortment
    levels: dict[str, Needs]
    popular: More  # of those hardly known, and of products; the others' are in `levels`
    discoveries: Floats  # [households, categories] chance of a first purchase in 56 days

    @property
    def bucket(self) -> Bucket:
        return self.read.bucket


def pack(arrays: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """Arrays as plain bytes (.npz): no pickle, now or when they are read."""
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, npt.NDArray[Any]]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def assortment_of(run: ModelRun) -> Assortment:
    """The assortment as it was when the run began."""
    return _assortment(run.pk, run.parameters["last_product"], run.parameters["last_store"])


@lru_cache(maxsize=1)
def _assortment(run_id: int, last_product: int, last_store: int) -> Assortment:
    return assortment.read(last_product, last_store)


def learned_by(run: ModelRun) -> Learned:
    """What the run is computed with. Raises fitted.DamagedModelError."""
    return _learned(tuple(sorted(run.learned.values_list("pk", flat=True))))


@lru_cache(maxsize=2)
def _learned(model_ids: tuple[int, ...]) -> Learned:
    return from_plain(fitted.by_kind(FittedModel.objects.filter(pk__in=model_ids)))


def from_plain(parameters: Mapping[str, Mapping[str, Any]]) -> Learned:
    """The models of plain values by kind, as `fitted` keeps them."""
    plain = {str(kind): dict(values) for kind, values in parameters.items()}
    found, worth, new = (plain.get(kind) for kind in (Kind.DISCOVERY, Kind.VALUE, Kind.NEWCOMERS))
    return Learned(
        {level: needs.Model.from_plain(one) for level, one in plain.get(Kind.NEEDS, {}).items()},
        discovery.Model.from_plain(found) if found else None,
        value_learning.from_plain(worth) if worth else None,
        newcomers.Model.from_plain(new) if new else None,
        int(worth["usual_most_cents"]) if worth else NO_LIMIT_CENTS,
    )


def is_readable(model: FittedModel) -> bool:
    """Whether this release can compute with `model`: it is whole, and of a form still known."""
    try:
        from_plain({model.kind: fitted.parameters(model)})
    except (ValueError, KeyError, TypeError):
        return False
    return True


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
    return _summed(run).items[level]


class _Summed(NamedTuple):
    items: dict[str, Items]
    popularity: newcomers.Popularity | None


def _summed(run: ModelRun) -> _Summed:
    if run.fitted is None:
        raise ValueError(f"the model run of {run.as_of} has summed nothing yet")
    return _unpacked(run.pk, bytes(run.fitted))


@lru_cache(maxsize=1)
def _unpacked(run_id: int, packed: bytes) -> _Summed:
    arrays = unpack(packed)
    items = {
        level: Items._make(arrays[f"{level}.{field}"].astype(np.int64) for field in Items._fields)
        for level in LEVELS
    }
    if f"newcomers.{Counts._fields[0]}" not in arrays:
        return _Summed(items, None)
    counts = Counts._make(arrays[f"newcomers.{field}"] for field in Counts._fields)
    return _Summed(items, newcomers.rates(counts))


def count_newcomers(read: Bucket, kinds: Assortment, model: newcomers.Model, as_of: int) -> Counts:
    """Count what is popular where, in one bucket."""
    goods = kinds.levels["product"]
    return newcomers.count(
        read.lines,
        goods.item_of_product,
        newcomers.places(goods.ids, model.products),
        home_stores(read, kinds, as_of),
        model.tier_cents,
        candidates=len(model.products),
        stores=len(kinds.stores),
        as_of=as_of,
    )


def home_stores(read: Bucket, kinds: Assortment, as_of: int) -> Ints32:
    """Each household's store, as a place in Assortment.stores; -1: none."""
    return stores_of(read.receipts, kinds, households=len(read.households), as_of=as_of)


def stores_of(
    receipts: Receipts | None, kinds: Assortment, *, households: int, as_of: int
) -> Ints32:
    """The same of receipts that were put together."""
    found = habits_of(receipts, households=households, as_of=as_of).home_store
    place = np.searchsorted(kinds.stores, found).clip(max=max(len(kinds.stores) - 1, 0))
    known = (found >= 0) & (kinds.stores[place] == found) if len(kinds.stores) else found < -1
    return np.where(known, place, -1).astype(np.int32)


def habits_of(receipts: Receipts | None, *, households: int, as_of: int) -> habits.Habits:
    """When and where households shop, from receipts that were read."""
    assert receipts is not None  # every bucket of a night is read with them
    wanted = (getattr(receipts, name) for name in habits.Receipts._fields)
    return habits.habits(habits.Receipts._make(wanted), households=households, as_of=as_of)


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
    believed = {level: _needs(run, kinds, found.bucket, level) for level in levels}
    more = NOTHING_POPULAR
    if "product" in believed:
        believed["product"], more = _with_popular(run, kinds, found.bucket, believed["product"])
    discoveries: Floats = np.zeros((len(found.bucket.households), 0))
    if "category" in believed and known.discovery is not None:
        seen, ids = believed["category"].statistics, kinds.levels["category"].ids
        discoveries = discovery.score(seen, ids, known.discovery)
    return Beliefs(found, kinds, believed, more, discoveries)


def _needs(run: ModelRun, kinds: Assortment, read: Bucket, level: str) -> Needs:
    seen = statistics(read, kinds, level, history.day_number(run.as_of))
    items = kinds.levels[level]
    believed = needs.believe(
        seen, facts(run, level), items.parent, items.parents, learned_by(run).needs.get(level)
    )
    return Needs(
        seen,
        believed.usual_gaps,
        believed.expected,
        believed.probability,
        believed.next_trip,
        believed.comes,
    )


def _with_popular(run: ModelRun, kinds: Assortment, read: Bucket, own: Needs) -> tuple[Needs, More]:
    """Tell what is popular into what is believed of households of few trips.

    Popularity says what they buy if they come; so their own chances are told it as such, and the
    chance that they come counts for both.
    """
    model, popularity = learned_by(run).newcomers, _summed(run).popularity
    if model is None or popularity is None:
        return own, NOTHING_POPULAR
    told = newcomers.believe(
        own.statistics,
        own.probability / own.comes[own.statistics.household],
        popularity,
        newcomers.places(kinds.levels["product"].ids, model.products),
        home_stores(read, kinds, history.day_number(run.as_of)),
        model,
    )
    next_trip = -np.expm1(np.log1p(-told.probability) / _TRIPS_IN_28_DAYS)
    month = told.probability * own.comes[told.household]
    more = More(told.household, told.item, month, next_trip)
    return own._replace(probability=told.own * own.comes[own.statistics.household]), more
