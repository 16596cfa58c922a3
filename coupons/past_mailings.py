"""What past mailings tell: a sample of their coupons, each described as on the day it was sent."""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from coupons import exposures
from coupons.exposures import Campaign, Doings, Record
from coupons.selection import response_features, response_learning
from coupons.selection.response_features import Floats32, Shop
from coupons.selection.response_learning import Exposures, Model
from loyalty import learning
from loyalty.assortment import Assortment
from loyalty.history import day_number, day_of
from loyalty.shopper import kernel
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Items, Lines
from pos_integration.models import Product

LEVELS = ("product", "type")
MOST_MAILINGS = 60  # the latest
MOST_UNUSED = 150_000  # coupons not used that are learned from, of all there were
Progress = Callable[[int, int], None]


class Sample(NamedTuple):
    """The households that are learned from, as one bucket, and what they did with coupons."""

    kinds: Assortment
    record: Record
    households: Ints  # ids, ascending
    lines: Lines
    doings: Doings


class Told(NamedTuple):
    """What became of the coupons of ended mailings."""

    exposures: Exposures
    held_out: Flags  # of each pair, whether its household is one to judge by
    campaigns: list[Campaign]  # by number of mailing in the exposures
    tables: dict[str, Floats]  # that the features were made with


def tell(known: Model | None, as_of: date, progress: Progress) -> Told | None:
    """Describe a sample of the coupons of ended mailings, each as of the day its mailing began.

    With the tables of the version in use, if there is one, so that both see the same features.
    """
    sample = _sample(as_of)
    if not len(sample.lines.day):
        return None
    first = day_of(int(sample.lines.day.min()) + response_learning.HORIZON_DAYS)
    mailings = list(exposures.ended(as_of, first))[-MOST_MAILINGS:]
    campaigns = [
        exposures.read_campaign(mailing, sample.households, sample.doings, sample.record.offers)
        for mailing in mailings
    ]
    campaigns = [campaign for campaign in campaigns if campaign.pairs]
    tables = known.tables if known else _tables(sample, day_number(as_of))
    unused = sum(campaign.pairs - len(campaign.used) for campaign in campaigns)
    rate = min(1.0, MOST_UNUSED / max(unused, 1))
    held_out = learning.is_held_out(sample.households)
    parts: list[tuple[Exposures, Flags]] = []
    for number, campaign in enumerate(campaigns):
        progress(number, len(campaigns))
        table = _describe(campaign, sample, tables)
        used = np.zeros(len(table), np.bool_)
        used[campaign.used] = True
        chosen = used | (np.random.default_rng(campaign.mailing).random(len(table)) < rate)
        if campaign.printed:
            was_given = np.zeros(len(table), np.bool_)
            was_given[campaign.given] = True
            chosen &= was_given
        mine = np.repeat(held_out[campaign.homes], len(campaign.offers))
        weight = np.where(used, 1.0, 1.0 / rate)[chosen]
        mailing = np.full(len(weight), number)
        parts.append((Exposures(table[chosen], used[chosen], weight, mailing), mine[chosen]))
    progress(len(campaigns), len(campaigns))
    if not parts:
        return None
    together = Exposures(
        np.concatenate([part.table for part, _ in parts]),
        np.concatenate([part.used for part, _ in parts]),
        np.concatenate([part.weight for part, _ in parts]),
        np.concatenate([part.mailing for part, _ in parts]),
    )
    return Told(together, np.concatenate([mine for _, mine in parts]), campaigns, tables)


def _describe(
    campaign: Campaign,
    sample: Sample,
    tables: dict[str, Floats],
) -> Floats32:
    """The features of every household that got the mailing and every offer in it."""
    day = campaign.begins
    products, types = (_statistics(sample, level, day) for level in LEVELS)
    items = {"product": products.items, "type": types.items}
    shop = shop_of(sample.kinds, items)
    columns = np.searchsorted(sample.record.offers, campaign.offers)
    hand = response_features.describe(
        shop, sample.record.promised(day), columns,
        *exposures.read_products(campaign.offers, sample.kinds),
        printed=campaign.printed, as_of=day,
    )  # fmt: skip
    return response_features.features(
        campaign.homes, products, types, sample.lines, sample.doings.past(day), shop, hand, tables
    )


def _tables(sample: Sample, day: int) -> dict[str, Floats]:
    """How far to believe a household's pace, from the last 28 days."""
    found = {}
    for level in LEVELS:
        before, after = (
            _statistics(sample, level, at) for at in (day - response_learning.HORIZON_DAYS, day)
        )
        found[level] = response_learning.pace_table(before, after, before.items)
    return found


def _statistics(sample: Sample, level: str, day: int) -> kernel.Statistics:
    return kernel.statistics(
        sample.lines,
        sample.kinds.levels[level].item_of_product,
        households=len(sample.households),
        items=sample.kinds.levels[level].items,
        as_of=day,
    )


def _sample(as_of: date) -> Sample:
    """Read the households that are learned from, in order of their ids."""
    read = learning.read_sample(as_of)
    order = np.argsort(read.households)
    row = np.empty(len(order), np.int32)
    row[order] = np.arange(len(order))
    households = read.households[order]
    record = exposures.read_record(read.kinds, as_of)
    return Sample(
        read.kinds,
        record,
        households,
        read.lines._replace(household=row[read.lines.household]),
        exposures.read_doings(households, record.offers, as_of),
    )


def shop_of(kinds: Assortment, items: dict[str, Items]) -> Shop:
    """The shop as features() wants it. items: sums over all households, by level."""
    types = kinds.levels["type"]
    return Shop(
        types.item_of_product, types.parent, _brands(kinds), items["product"], items["type"]
    )


def _brands(kinds: Assortment) -> Ints32:
    """Each product's brand as a number, -1 for none."""
    return _brands_of(kinds.products.tobytes())


@lru_cache(maxsize=1)
def _brands_of(products: bytes) -> Ints32:
    ids = np.frombuffer(products, np.int64)
    named = dict(
        Product.objects.filter(pk__lte=int(ids.max(initial=0)))
        .values_list("pk", "brand")
        .iterator(chunk_size=50_000)
    )
    numbers = {"": -1}
    return np.array(
        [numbers.setdefault(named.get(pk, ""), len(numbers) - 1) for pk in ids.tolist()],
        dtype=np.int32,
    )
