"""What the models believe, as Parquet for analysts: a row a household and item, best first.

Nothing dated on or after the day asked for is used: the models are those learned from earlier days
alone, or are learned for that day, and of the facts only earlier ones are read. A file is written
bucket by bucket under another name, and gets its own once it is whole.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from django.db.models import Min

from coupons import responding
from coupons.models import Mailing
from loyalty import beliefs, fitted, history, learning, rebuild
from loyalty.models import Card, FittedModel, ModelRun
from pos_integration.models import Basket, Category, Product

LEVELS = ("product", "type", "category")

_HOUSEHOLD = [("household", pa.int64()), ("card", pa.string())]
_PROBABILITY = ("probability", pa.float64())
NEEDS = pa.schema([*_HOUSEHOLD, ("item", pa.string()), _PROBABILITY, ("next_trip", pa.float64())])
DISCOVERIES = pa.schema([*_HOUSEHOLD, ("item", pa.string()), _PROBABILITY])
RESPONSES = pa.schema([*_HOUSEHOLD, ("coupon", pa.string()), _PROBABILITY])

Kind = FittedModel.Kind
Progress = Callable[[int, int], None]
Bars = Callable[[str], Progress]  # names a step, gives it its progress bar
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class ExportError(Exception):
    """Why there is no file, in a sentence."""


class Names(NamedTuple):
    """What items are called: several nodes of the product tree may share a name, and are one."""

    names: pa.StringArray  # ascending
    of_item: Ints  # each item's place among the names


class Chances(NamedTuple):
    """What is believed of some pairs of a household and an item; values run over the pairs."""

    row: Ints  # the household's, in its bucket
    item: Ints  # a place in Names
    values: tuple[Floats, ...]  # the first is what pairs are ranked by


def _silent(step: str) -> Progress:
    return lambda done, total: None


def export_needs(
    as_of: date, level: str, out: Path, *, top: int | None = None, bars: Bars = _silent
) -> int:
    """Write what each household needs of what it knows, and of what is popular where it is
    hardly known itself; returns how many rows.

    probability: of buying the item in the 28 days from `as_of` on; next_trip: on its next
    shopping day. top: so many items a household, None: all. Raises ExportError.
    """
    with _writing(out, NEEDS) as writer, _believing(as_of, bars) as run:
        names = _names(beliefs.assortment_of(run).levels[level].ids, level)

        def of_bucket(bucket: int) -> tuple[Ints, Chances]:
            held = beliefs.of_bucket(run, bucket, (level,))
            own, popular = held.levels[level], held.popular
            chances = _one_a_name(
                Chances(
                    np.append(own.statistics.household, popular.household).astype(np.int64),
                    names.of_item[np.append(own.statistics.item, popular.item)],
                    (
                        np.append(own.probability, popular.probability),
                        np.append(own.next_trip, popular.next_trip),
                    ),
                ),
                len(names.names),
            )
            return held.bucket.households, chances

        return _write(writer, names.names, of_bucket, top, bars("Export needs"))


def export_discoveries(
    as_of: date, out: Path, *, top: int | None = None, bars: Bars = _silent
) -> int:
    """Write the categories that each household never bought; returns how many rows.

    probability: of a first purchase in the 56 days from `as_of` on. Raises ExportError.
    """
    with _writing(out, DISCOVERIES) as writer, _believing(as_of, bars) as run:
        if beliefs.learned_by(run).discovery is None:
            raise ExportError(
                f"too little happened before {as_of} to tell what households take up next"
            )
        names = _names(beliefs.assortment_of(run).levels["category"].ids, "category")

        def of_bucket(bucket: int) -> tuple[Ints, Chances]:
            held = beliefs.of_bucket(run, bucket, ("category",))
            bought = held.levels["category"].statistics
            # A name is new to a household to which all of its nodes are.
            is_known = np.zeros((len(held.bucket.households), len(names.names)), np.bool_)
            is_known[bought.household, names.of_item[bought.item]] = True
            found = held.discoveries
            row, item = np.nonzero(found > 0)
            chances = _one_a_name(
                Chances(row, names.of_item[item], (found[row, item],)),
                len(names.names),
            )
            return held.bucket.households, _those(chances, ~is_known[chances.row, chances.item])

        return _write(writer, names.names, of_bucket, top, bars("Export discoveries"))


def export_responses(
    mailing: Mailing, as_of: date, out: Path, *, top: int | None = None, bars: Bars = _silent
) -> int:
    """Write how likely each recipient of the mailing uses each of its offers, as a coupon.

    coupon: the offer's shared code, or its id where it has none. Raises ExportError.
    """
    codes = {pk: code or str(pk) for pk, code in mailing.offers.values_list("pk", "shared_code")}
    if not codes:
        raise ExportError(f"the mailing '{mailing.code}' has no offers")
    ids = np.array(sorted(codes), np.int64)
    with (
        _writing(out, RESPONSES) as writer,
        _believing(as_of, bars, of_coupons=True) as run,
    ):

        def of_bucket(bucket: int) -> tuple[Ints, Chances]:
            told = responding.scores(run, mailing, bucket)
            row, column = (place.ravel() for place in np.indices(told.probability.shape))
            item = np.searchsorted(ids, told.offers)[column]
            return told.households, Chances(row, item, (told.probability.ravel(),))

        names = pa.array([codes[pk] for pk in ids.tolist()], pa.string())
        return _write(writer, names, of_bucket, top, bars("Export responses"))


@contextmanager
def _believing(as_of: date, bars: Bars, *, of_coupons: bool = False) -> Iterator[ModelRun]:
    """A run of that morning that nobody else sees, with models that knew no later day."""
    history.seal(bars("Seal the history"))
    past = Basket.objects.exclude(card_number="")
    if not past.filter(business_date__lt=as_of).exists():
        first = past.aggregate(first=Min("business_date"))["first"]
        why = f"the first is of {first}" if first else "there is none at all"
        raise ExportError(f"no basket with a card is from before {as_of}: {why}")
    if not all(fitted.known_on(kind, as_of) for kind in (Kind.NEEDS, Kind.DISCOVERY)):
        learning.learn_for(as_of, bars("Learn"))
    if of_coupons and fitted.known_on(Kind.RESPONSE, as_of) is None:
        responding.learn(as_of, bars("Learn from mailings"), use=False)
    with rebuild.prepared(as_of, bars("Sum up")) as run:
        yield run


def _names(ids: Ints, level: str) -> Names:
    """What the items with these ids are called: a product by the house's number or its GTIN."""
    if level == "product":
        rows = Product.objects.filter(pk__lte=int(ids.max(initial=0))).values_list(
            "pk", "code", "gtin"
        )
        called = {pk: code or gtin for pk, code, gtin in rows.iterator(chunk_size=50_000)}
    else:
        called = dict(Category.objects.filter(level=level).values_list("pk", "name"))
    of_each = np.array([called[pk] for pk in ids.tolist()], str)
    names, of_item = np.unique(of_each, return_inverse=True)
    return Names(pa.array(names.tolist(), pa.string()), of_item.astype(np.int64))


def _one_a_name(chances: Chances, names: int) -> Chances:
    """One pair a household and name: of several, the chance that any of them happens."""
    key = chances.row * names + chances.item
    order = np.argsort(key, kind="stable")
    key = key[order]
    starts = np.flatnonzero(np.diff(key, prepend=-1))
    if len(starts) == len(key):
        return chances
    is_alone = np.diff(starts, append=len(key)) == 1  # and keeps its chance to the last bit

    def of_any(value: Floats) -> Floats:
        value = value[order]
        return np.where(is_alone, value[starts], 1 - np.multiply.reduceat(1 - value, starts))

    return Chances(
        chances.row[order][starts],
        chances.item[order][starts],
        tuple(of_any(value) for value in chances.values),
    )


def _those(chances: Chances, kept: Flags) -> Chances:
    return Chances(
        chances.row[kept], chances.item[kept], tuple(value[kept] for value in chances.values)
    )


def _best_first(chances: Chances, top: int | None) -> Ints:
    """The pairs in order of household and chance, each household's best `top` of them."""
    order = np.lexsort((chances.item, -chances.values[0], chances.row))
    owner = chances.row[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    return order if top is None else order[place < top]


def _write(
    writer: pq.ParquetWriter,
    names: pa.StringArray,
    of_bucket: Callable[[int], tuple[Ints, Chances]],
    top: int | None,
    progress: Progress,
) -> int:
    """Write every bucket's rows, one bucket in memory at a time; return how many rows."""
    rows = 0
    for done, bucket in enumerate(history.buckets(), 1):
        households, chances = of_bucket(bucket)
        best = _best_first(chances, top)
        columns: Sequence[pa.Array] = [
            pa.array(households[chances.row[best]]),
            _first_cards(households).take(pa.array(chances.row[best])),
            names.take(pa.array(chances.item[best])),
            *(pa.array(value[best]) for value in chances.values),
        ]
        if len(best):
            writer.write_table(pa.Table.from_arrays(columns, schema=writer.schema))
        rows += len(best)
        progress(done, len(history.buckets()))
    return rows


def _first_cards(households: Ints) -> pa.StringArray:
    """The number of the card that each household had first."""
    cards = Card.objects.filter(household__in=households.tolist()).order_by("-pk")
    first = dict(cards.values_list("household_id", "number"))  # the last one told stays
    return pa.array([first.get(pk) for pk in households.tolist()], pa.string())


@contextmanager
def _writing(out: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A file that is there whole or not at all. Raises ExportError where none can be written."""
    part = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        if out.is_dir():
            raise IsADirectoryError(f"'{out}' is a folder; wanted: a file")
        stream = part.open("wb")
    except OSError as error:
        raise ExportError(f"'{out}' cannot be written: {error.strerror or error}") from error
    try:
        with stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
            yield writer
        part.replace(out)
    except OSError as error:
        raise ExportError(f"'{out}' cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
