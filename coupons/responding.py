"""Who will use which coupon: learned from our own mailings, and asked for every new one.

Until enough coupons were used to learn from, the closed form of coupons/selection/response.py
answers. What is learned is kept by version; a run answers by the version it was computed with.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from django.db.models import QuerySet

from coupons import exposures
from coupons.exposures import Campaign, Doings, Record
from coupons.models import Mailing, Offer, Recipient
from coupons.selection import response, response_features, response_learning
from coupons.selection.response import Coverage, Offers, Response
from coupons.selection.response_features import Floats32, Hand, Past, Shop
from coupons.selection.response_learning import Exposures, Model
from loyalty import beliefs, fitted, learning
from loyalty.assortment import Assortment
from loyalty.history import day_number, day_of
from loyalty.models import FittedModel, ModelRun
from loyalty.shopper import kernel
from loyalty.shopper.kernel import Flags, Floats, Ints, Ints32, Items, Lines
from pos_integration.models import Product

LEVELS = ("product", "type")
MOST_MAILINGS = 60  # the latest
MOST_UNUSED = 150_000  # coupons not used that are learned from, of all there were
Progress = Callable[[int, int], None]


class Market(NamedTuple):
    """What a selection knows besides the households: offers, and how coupons fared so far."""

    offer_ids: Ints  # ascending
    names: list[str]
    sizes: list[int]  # products in each offer
    offers: Offers
    coverage: Coverage
    base_rate: float
    past: Past  # of the bucket's households
    learned: FittedModel | None
    shop: Shop | None  # for what was learned only
    hand: Hand | None


class Scores(NamedTuple):
    """How likely each recipient of a mailing in a bucket uses each of its offers."""

    households: Ints
    offers: Ints
    probability: Floats  # float64[households, offers]


# Asking.


def model_of(run: ModelRun) -> FittedModel | None:
    """The version that the run was computed with, or None: then the closed form answers."""
    return run.learned.filter(kind=FittedModel.Kind.RESPONSE).first()


def scores(run: ModelRun, mailing: Mailing, bucket: int) -> Scores:
    """Say how likely the mailing's recipients in the bucket use its offers, as of the run's day."""
    held = beliefs.of_bucket(run, bucket, LEVELS)
    homes = held.bucket.households
    printed = not exposures.from_elsewhere(Mailing.objects.filter(pk=mailing.pk)).exists()
    market = read_market(mailing.offers.order_by("pk"), run, homes, printed=printed)
    wanted = Recipient.objects.filter(mailing=mailing, household__in=homes.tolist())
    rows = np.flatnonzero(np.isin(homes, list(wanted.values_list("household_id", flat=True))))
    return Scores(homes[rows], market.offer_ids, respond(held, market).probability[rows])


def respond(held: beliefs.Beliefs, market: Market) -> Response:
    """How likely each household of the bucket is to use each offer of the market."""
    products, types = held.levels["product"], held.levels["type"]
    category = held.assortment.levels["category"]
    used = np.bincount(market.past.household, minlength=len(held.bucket.households))
    answer = response.respond(
        products.statistics,
        products.expected,
        products.usual_gaps,
        types.statistics,
        types.expected,
        market.offers,
        market.coverage,
        category_of_product=category.item_of_product,
        categories=max(category.items, int(market.offers.category.max(initial=0)) + 1),
        household_rate=response.household_rates(used, market.past.mailings),
        base_rate=market.base_rate,
    )
    if market.learned is None or market.hand is None or market.shop is None:
        return answer
    model = Model(fitted.parameters(market.learned))
    table = response_features.features(
        np.arange(len(held.bucket.households)),
        products.statistics,
        types.statistics,
        held.bucket.lines,
        market.past,
        market.shop,
        market.hand,
        model.tables,
    )
    return answer._replace(probability=model.probability(table).reshape(answer.probability.shape))


def read_market(
    offers: QuerySet[Offer], run: ModelRun, homes: Ints, *, printed: bool = True
) -> Market:
    """Read offers and how coupons fared before the run's morning, for these homes.

    printed: whether a home will get those offers that are chosen for it, rather than all.
    """
    kinds, day = beliefs.assortment_of(run), day_number(run.as_of)
    rows = list(offers.order_by("pk").values_list("pk", "name", "category_id"))
    ids = np.array([row[0] for row in rows], dtype=np.int64)
    record = exposures.read_record(kinds, run.as_of)
    past = exposures.read_doings(homes, record.offers, run.as_of).past(day)
    promised = record.promised(day)
    columns = np.searchsorted(record.offers, ids)
    starts, products = exposures.read_products(ids, kinds)
    base_rate = response.base_rate(promised.used, promised.handed_out)
    described = Offers(
        starts,
        products,
        _categories([row[2] for row in rows], kinds),
        response.offer_rates(
            promised.used[columns], promised.handed_out[columns], base_rate=base_rate
        ),
    )
    type_level = kinds.levels["type"]
    items = {level: beliefs.facts(run, level) for level in LEVELS}
    learned = model_of(run)
    shop = hand = None
    if learned is not None:
        shop = _shop(kinds, items, _brands(kinds))
        hand = response_features.describe(
            shop, promised, columns, starts, products, printed=printed, as_of=day
        )
    return Market(
        offer_ids=ids,
        names=[row[1] for row in rows],
        sizes=np.diff(starts).tolist(),
        offers=described,
        coverage=response.coverage(
            described,
            type_level.item_of_product,
            items["product"].purchases,
            types=type_level.items,
        ),
        base_rate=base_rate,
        past=past,
        learned=learned,
        shop=shop,
        hand=hand,
    )


def _categories(ids: Sequence[int | None], kinds: Assortment) -> Ints32:
    """Dense categories; one that the assortment does not model, or none, gets its own number."""
    place = {int(pk): at for at, pk in enumerate(kinds.levels["category"].ids)}
    for pk in ids:
        place.setdefault(pk or 0, len(place))
    return np.array([place[pk or 0] for pk in ids], dtype=np.int32)


def _shop(kinds: Assortment, items: dict[str, Items], brands: Ints32) -> Shop:
    types = kinds.levels["type"]
    return Shop(types.item_of_product, types.parent, brands, items["product"], items["type"])


def _brands(kinds: Assortment) -> Ints32:
    """Each product's brand as a number, -1 for none."""
    numbers = {"": -1}
    named = dict(
        Product.objects.filter(pk__lte=int(kinds.products.max(initial=0)))
        .values_list("pk", "brand")
        .iterator(chunk_size=50_000)
    )
    return np.array(
        [
            numbers.setdefault(named.get(product, ""), len(numbers) - 1)
            for product in kinds.products.tolist()
        ],
        dtype=np.int32,
    )


# Learning.


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


def learn_if_due(as_of: date, progress: Progress = lambda done, total: None) -> FittedModel | None:
    """Learn where it was never learned, or more than learning.REFIT_DAYS before the day."""
    latest = as_of - timedelta(days=learning.REFIT_DAYS)
    versions = FittedModel.objects.filter(kind=FittedModel.Kind.RESPONSE)
    if versions.filter(as_of__gt=latest, as_of__lte=as_of).exists():
        return None
    return learn(as_of, progress)


def learn(
    as_of: date, progress: Progress = lambda done, total: None, *, use: bool = True
) -> FittedModel | None:
    """Learn from the mailings that ended before the day, and keep it as the next version.

    It is put to use if, on the mailings that ended last and households it was not fitted on, its
    log-loss is no worse than that of the version in use, or of the closed form before there is
    any; use: False keeps it without. Returns None where there is nothing to learn: too few coupons
    were used, or no mailing has ended since the last version.
    """
    ended = exposures.ended(as_of, date.min)
    versions = FittedModel.objects.filter(kind=FittedModel.Kind.RESPONSE, as_of__lte=as_of)
    last = versions.order_by("as_of").last()
    if not (ended.filter(valid_to__gte=last.as_of) if last else ended).exists():
        return None
    newest = fitted.in_use(FittedModel.Kind.RESPONSE)
    current = newest if newest and newest.as_of <= as_of else None
    known = Model(fitted.parameters(current)) if current is not None else None
    told = _tell(known, as_of, progress)
    if told is None or told.exposures.used.sum() < response_learning.LEAST_USED:
        return None
    latest = _last_third(told)
    if current is not None:
        latest = set(ended.filter(valid_to__gte=current.as_of).values_list("pk", flat=True))
    new, before = _compare(told, known, latest)
    is_better = new is not None and before is not None and new <= before
    model = response_learning.fit(told.exposures, told.tables)
    return fitted.keep(
        FittedModel.Kind.RESPONSE,
        model.plain,
        as_of=as_of,
        figures={
            "mailings learned from": len(told.campaigns),
            "coupons used": int(told.exposures.used.sum()),
            "new": {"loss": new},
            "before": {"loss": before},
            "before is version": current.version if current is not None else None,
        },
        use=use and is_better and newest == current,
    )


def _compare(
    told: Told, known: Model | None, latest: set[int]
) -> tuple[float | None, float | None]:
    """The log-loss of what is learned without some households, on these and the latest mailings,
    and that of what was known. None where nothing can be compared.
    """
    pairs = told.exposures
    is_latest = np.array([campaign.mailing in latest for campaign in told.campaigns])
    judged = response_learning.those(pairs, told.held_out & is_latest[pairs.mailing])
    others = response_learning.those(pairs, ~told.held_out)
    if not len(judged.used) or others.used.sum() < response_learning.LEAST_USED:
        return None, None
    model = response_learning.fit(others, told.tables)
    before = (
        response_learning.prior_log_odds(judged.table)
        if known is None
        else known.log_odds(judged.table)
    )
    return (
        response_learning.log_loss(model.log_odds(judged.table), judged),
        response_learning.log_loss(before, judged),
    )


def _last_third(told: Told) -> set[int]:
    """The mailings that ended last and hold a third of the coupons used."""
    used = np.bincount(told.exposures.mailing, told.exposures.used, len(told.campaigns))
    found: set[int] = set()
    count = 0.0
    for at in sorted(range(len(told.campaigns)), key=lambda at: -told.campaigns[at].ends):
        if count >= used.sum() / 3:
            break
        found.add(told.campaigns[at].mailing)
        count += used[at]
    return found


def _tell(known: Model | None, as_of: date, progress: Progress) -> Told | None:
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
    brands = _brands(sample.kinds)
    held_out = learning.is_held_out(sample.households)
    parts: list[tuple[Exposures, Flags]] = []
    for number, campaign in enumerate(campaigns):
        progress(number, len(campaigns))
        table = _describe(campaign, sample, brands, tables)
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
    brands: Ints32,
    tables: dict[str, Floats],
) -> Floats32:
    """The features of every household that got the mailing and every offer in it."""
    day = campaign.begins
    products, types = (_statistics(sample, level, day) for level in LEVELS)
    items = {"product": products.items, "type": types.items}
    shop = _shop(sample.kinds, items, brands)
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
