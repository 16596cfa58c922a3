"""Ours: the product itself on the same data, taken in, learned and asked as a chain would.

To be imported once Django is set up with the benchmark's own database.
"""

import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.management import call_command

from coupons import clearing
from coupons.demo import feed, shop
from coupons.demo.journey import Journey
from loyalty import beliefs, console, history, learning, rebuild
from loyalty.models import Household
from tests.benchmarks.shopper_tasks import (
    NOBODY,
    RANKED,
    Flags,
    Floats,
    Ints,
    Shop,
)

TOP = 60


def take_in(journey: Journey) -> None:
    """The shop, the year's sales as uploads, the sealed history, the coupons cleared."""
    console.forget_queries()
    days = journey.baskets["day"]
    first, last = days.min().date(), days.max().date()
    collector = shop.open_shop(journey, console.bar("Open the shop"))
    end = last + timedelta(days=1)
    feed.upload_days(journey, collector, first, end, console.bar("Upload the sales"))
    history.seal(console.bar("Seal the history"))
    clearing.clear_redemptions(console.bar("Clear redemptions"))


def learn(cut: date) -> float:
    """Learn from the days before the cut; return the seconds of a core that it took."""
    started = time.process_time()
    learning.learn_for(cut)
    return time.process_time() - started


class Believed(NamedTuple):
    """What was exported for a cut: pairs, and the lists they make."""

    household: Ints
    item: Ints
    probability: Floats
    lists: Ints  # int64[households, 20] by the chance in 28 days (or of a first purchase)
    next_lists: Ints  # by the chance on the next shopping day; of discoveries the same


def needs(goods: Shop, cut: date, level: str, folder: Path) -> Believed:
    out = folder / f"{level}-{cut}.parquet"
    call_command(
        "export_scores", as_of=cut.isoformat(), kind="needs", level=level, top=TOP, out=out,
        stdout=sys.stderr,
    )  # fmt: skip
    return _believed(goods, pq.read_table(out), level)


def discoveries(goods: Shop, cut: date, folder: Path) -> Believed:
    out = folder / f"discovery-{cut}.parquet"
    call_command(
        "export_scores", as_of=cut.isoformat(), kind="discovery", top=TOP, out=out,
        stdout=sys.stderr,
    )  # fmt: skip
    return _believed(goods, pq.read_table(out), "category")


def _believed(goods: Shop, table: pa.Table, level: str) -> Believed:
    """A file's rows with the benchmark's places for households and items, the others left out."""
    household, known = _places(table["card"].to_numpy().astype(np.int64), goods.households)
    told = table["item"].to_numpy()
    match level:
        case "product":
            item, sold = _places(told.astype(np.int64), goods.products)
        case "type":
            item, sold = _places(told.astype(str), goods.types.astype(str))
        case _:
            item, sold = _places(told.astype(str), goods.categories.astype(str))
    kept = known & sold
    household, item = household[kept], item[kept]
    probability = table["probability"].to_numpy()[kept]
    at_next = probability
    if "next_trip" in table.column_names:
        at_next = table["next_trip"].to_numpy()[kept]
    homes = len(goods.households)
    return Believed(
        household,
        item,
        probability,
        _lists(household, item, probability, homes),
        _lists(household, item, at_next, homes),
    )


def _places(values: Ints, among: Ints) -> tuple[Ints, Flags]:
    place = np.minimum(np.searchsorted(among, values), len(among) - 1)
    return place.astype(np.int64), np.asarray(among[place] == values, dtype=np.bool_)


def _lists(household: Ints, item: Ints, score: Floats, homes: int) -> Ints:
    """The best twenty; the file's order decides between equals."""
    order = np.lexsort((-score, household))  # stable
    household, item = household[order], item[order]
    place = np.arange(len(household)) - np.searchsorted(household, household)
    lists = np.full((homes, RANKED), NOBODY)
    shown = place < RANKED
    lists[household[shown], place[shown]] = item[shown]
    return lists


class Speed(NamedTuple):
    """What it takes one core to believe all that is believed at product level."""

    households: int
    reading_seconds: float  # the sealed history, shared cards found out
    telling_seconds: float  # statistics of every pair
    scoring_seconds: float  # chances of every pair, what is popular told to newcomers


def scoring(cut: date) -> Speed:
    """Time every bucket, after one that compiled and cached what all of them share."""
    reading = telling = believing = 0.0
    with rebuild.prepared(cut) as run:
        kinds = beliefs.assortment_of(run)
        most_cents = beliefs.learned_by(run).usual_most_cents
        beliefs.of_bucket(run, 0, ("product",))
        for bucket in history.buckets():
            started = time.process_time()
            found = beliefs.read(kinds, bucket, cut, most_cents=most_cents)
            read = time.process_time()
            beliefs.statistics(found.bucket, kinds, "product", history.day_number(cut))
            told = time.process_time()
            beliefs.of_bucket(run, bucket, ("product",))  # it reads and tells once more
            reading += read - started
            telling += told - read
            believing += time.process_time() - told
    return Speed(Household.objects.count(), reading, telling, believing - reading - telling)
