"""Trials: what an offer would have met in the last weeks, had it been out.

The queue works a trial out of the sealed history, bucket by bucket. What a purchase would have
had taken off is reckoned by the very rules of the till (pricing.py), one coupon a receipt.
"""

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from scipy.stats import beta  # type: ignore[import-untyped] # ships no types

from coupons import exposures, pricing
from coupons.alone import TakenError, alone
from coupons.models import Offer, OfferTrial
from coupons.selection import response
from loyalty import beliefs, history
from loyalty.lately import Bought, bought
from loyalty.models import HouseholdSummary, ModelRun, PurchaseChunk
from loyalty.shopper.value import TIERS
from pos_integration.models import Product, Store

State = OfferTrial.State
WEEKS: Final = 8
STORES_KEPT: Final = 20
STALE_AFTER: Final = timedelta(minutes=15)
"""A trial that is still at work then was stopped with its worker: another may begin."""
LIKE_COUPONS: Final = 800.0
"""An offer's own rate is pulled towards the usual one as by so many coupons (response.py)."""
RANGE: Final = (0.1, 0.9)  # 4 of 5
_PRODUCT: Final = 1  # stands for whatever the offer covers: only covered lines are looked at

Ints = npt.NDArray[np.int64]


class TrialError(Exception):
    """Why nothing can be tried, in a sentence."""


class Rate(NamedTuple):
    """Of coupons handed out, the share that is used, and between what it likely lies."""

    usual: float
    low: float
    high: float


class Met(NamedTuple):
    """What an offer met among some households: adds up over buckets, as these share nobody."""

    households: int
    purchases: int  # receipts with anything it is good on
    units: int
    spend_cents: int
    reduced: int  # receipts it would have taken something off
    reduced_households: int
    cost_cents: int  # taken off, over all of these
    by_week: Ints  # [weeks, 4]: purchases, units, spend_cents, cost_cents, oldest week first
    by_tier: Ints  # [len(TIERS) + 1, 3]: households, purchases, cost_cents; the last: not known
    by_store: dict[int, tuple[int, int, int]]  # purchases, units, spend_cents
    prices: Counter[int]  # units by what one cost, in cents


def begin(offer: Offer, by: AbstractBaseUser, weeks: int = WEEKS) -> tuple[OfferTrial, bool]:
    """Note that a trial is wanted; returns it and whether it is new: one runs at a time.

    Raises TrialError where there is nothing to try it on.
    """
    if offer.kind != Offer.Kind.THRESHOLD and not offer.offer_products.exists():
        raise TrialError("This offer is good on nothing yet: add rules or a product, then try it.")
    if not PurchaseChunk.objects.exists():
        raise TrialError(
            "There is no history yet to try it on: receipts are added to it every night."
        )
    stale = timezone.now() - STALE_AFTER
    OfferTrial.objects.filter(
        offer=offer, state__in=[State.WAITING, State.RUNNING], asked_at__lt=stale
    ).update(state=State.FAILED, error="It was stopped. Try it once more.", done_at=timezone.now())
    try:
        with transaction.atomic():
            trial = OfferTrial.objects.create(
                offer=offer, weeks=weeks, until=_until(), asked_by_id=by.pk
            )
    except IntegrityError:
        return offer.trials.get(state__in=[State.WAITING, State.RUNNING]), False
    return trial, True


def work(trial_id: int) -> OfferTrial:
    """Work a trial out, also one whose worker was killed.

    One that another worker is at, or that has ended, is left as it is.
    """
    trial = OfferTrial.objects.select_related("offer").get(pk=trial_id)
    with suppress(TakenError), alone(f"coupons.trials.{trial_id}"):
        begun = OfferTrial.objects.filter(pk=trial_id, state__in=[State.WAITING, State.RUNNING])
        if begun.update(state=State.RUNNING):
            try:
                figures = _worked_out(trial)
            except Exception as error:
                _end(trial_id, State.FAILED, error=f"{error.__class__.__name__}: {error}"[:300])
                raise
            _end(trial_id, State.DONE, figures=figures)
    trial.refresh_from_db()
    return trial


def _end(trial_id: int, state: OfferTrial.State, **fields: Any) -> None:
    OfferTrial.objects.filter(pk=trial_id, state=State.RUNNING).update(
        state=state, done_at=timezone.now(), **fields
    )


def _until() -> date:
    """The morning up to which receipts are in the history: of the last night, or today."""
    today = timezone.localdate()
    run = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
    return today if run is None else min(today, run.as_of)


def _worked_out(trial: OfferTrial) -> dict[str, Any]:
    offer = trial.offer
    terms = pricing.terms_of(offer)
    since = trial.until - timedelta(weeks=trial.weeks)
    products = _products(offer)
    lowest = _lowest(products)
    stores = np.array(sorted(offer.stores.values_list("pk", flat=True)), np.int64)
    run = ModelRun.objects.filter(state=ModelRun.State.PUBLISHED).first()
    total: Met | None = None
    for bucket in history.buckets():
        lines = bought(bucket, products, since=since, before=trial.until)
        if len(stores):
            lines = Bought(*(column[np.isin(lines.store, stores)] for column in lines))
        some = meet(
            lines,
            terms,
            lowest,
            weeks=trial.weeks,
            until=history.day_number(trial.until),
            tiers=_tiers(run, np.unique(lines.household)),
        )
        total = some if total is None else add(total, some)
        OfferTrial.objects.filter(pk=trial.pk, state=State.RUNNING).update(
            figures={"progress": [bucket + 1, len(history.buckets())]}
        )
    assert total is not None
    rate = usual_rate(offer, run)
    return told(total, rate, since=since) | {
        "stores": _by_store(total),
        "funder_share": float(offer.funder_share),
        "worth": offer.value_text,
    }


def _products(offer: Offer) -> Ints | None:
    """Ids of what it is good on, ascending; None: everything, for a threshold on the basket."""
    ids = offer.offer_products.order_by("product_id").values_list("product_id", flat=True)
    products = np.fromiter(ids, np.int64)
    is_on_all = offer.kind == Offer.Kind.THRESHOLD and not len(products)
    return None if is_on_all and not offer.rules.exists() else products


def _lowest(products: Ints | None) -> dict[int, Decimal]:
    """The price that no coupon goes below, of those products that have one."""
    if products is None:
        return {}
    rows = Product.objects.filter(pk__in=products.tolist(), lowest_price__isnull=False)
    return {pk: price for pk, price in rows.values_list("pk", "lowest_price") if price}


def _tiers(run: ModelRun | None, households: Ints) -> dict[int, int]:
    """The tier of each household, as its index in TIERS, where it is known."""
    if run is None or not len(households):
        return {}
    rows = HouseholdSummary.objects.filter(run=run, household__in=households.tolist())
    place = {name: at for at, name in enumerate(TIERS)}
    return {pk: place[tier] for pk, tier in rows.values_list("household_id", "tier")}


def usual_rate(offer: Offer, run: ModelRun | None) -> Rate:
    """What share of coupons for offers of this kind is used, by our own mailings so far.

    Pulled towards the share of all coupons as by LIKE_COUPONS more, so that a kind that was
    never out has the usual share and a wide range.
    """
    used = handed = 0
    base = response.USUAL_RATE
    if run is not None:
        record = exposures.read_record(beliefs.assortment_of(run), run.as_of)
        promised = record.promised(history.day_number(run.as_of))
        base = response.base_rate(promised.used, promised.handed_out)
        alike = list(Offer.objects.filter(kind=offer.kind).values_list("pk", flat=True))
        mine = np.isin(record.offers, alike)
        used, handed = int(promised.used[mine].sum()), int(promised.handed_out[mine].sum())
    return rate_of(used, handed, base)


def rate_of(used: int, handed_out: int, base: float) -> Rate:
    """Return the share used of `handed_out` coupons pulled towards `base`, with its range."""
    wins = used + LIKE_COUPONS * base
    misses = max(handed_out - used, 0) + LIKE_COUPONS * (1 - base)
    low, high = (float(beta.ppf(share, wins, misses)) for share in RANGE)
    return Rate(wins / (wins + misses), low, high)


def meet(
    lines: Bought,
    terms: pricing.Terms,
    lowest: dict[int, Decimal],
    *,
    weeks: int,
    until: int,
    tiers: dict[int, int],
) -> Met:
    """Say what an offer of these terms would have met on these lines, all of which it covers.

    until: the day after the last week, as a day number; lines lie within the weeks before it.
    lowest: the price that no coupon goes below, by product
    tiers: index in TIERS by household; others count as not known. A line of a quantity that is
    not whole is one unit, as at the till. A receipt gives one discount.
    """
    units = np.where(lines.quantity % 1000 == 0, lines.quantity // 1000, 1)
    order = np.lexsort((lines.product, lines.basket))
    basket = lines.basket[order]
    starts = np.flatnonzero(np.diff(basket, prepend=-1))
    first = order[starts]
    off = _taken_off(lines, terms, lowest, order, starts)
    household = lines.household[first]
    homes, home = np.unique(household, return_inverse=True)
    spend = np.add.reduceat(lines.cents[order], starts) if len(starts) else starts
    counted = np.add.reduceat(units[order], starts) if len(starts) else starts
    week = weeks - 1 - (until - 1 - lines.day[first]) // 7
    by_week = np.zeros((weeks, 4), np.int64)
    for column, values in enumerate((np.ones_like(off), counted, spend, off)):
        np.add.at(by_week[:, column], week, values)
    tier = np.array([tiers.get(one, len(TIERS)) for one in homes.tolist()], np.int64)
    by_tier = np.zeros((len(TIERS) + 1, 3), np.int64)
    np.add.at(by_tier[:, 0], tier, 1)
    np.add.at(by_tier[:, 1], tier[home], 1)
    np.add.at(by_tier[:, 2], tier[home], off)
    each = lines.cents // np.maximum(units, 1)
    costs, place = np.unique(each, return_inverse=True)
    sold = np.bincount(place, units, len(costs)).astype(np.int64)
    return Met(
        households=len(homes),
        purchases=len(starts),
        units=int(units.sum()),
        spend_cents=int(lines.cents.sum()),
        reduced=int((off > 0).sum()),
        reduced_households=len(np.unique(household[off > 0])),
        cost_cents=int(off.sum()),
        by_week=by_week,
        by_tier=by_tier,
        by_store=_of_stores(lines.store[first], counted, spend),
        prices=Counter(dict(zip(costs.tolist(), sold.tolist(), strict=True))),
    )


def _of_stores(store: Ints, units: Ints, spend: Ints) -> dict[int, tuple[int, int, int]]:
    stores, place = np.unique(store, return_inverse=True)
    sums = np.stack([np.bincount(place, what, len(stores)) for what in (None, units, spend)])
    rows = sums.astype(np.int64).T.tolist()
    return {pk: (row[0], row[1], row[2]) for pk, row in zip(stores.tolist(), rows, strict=True)}


def _taken_off(
    lines: Bought, terms: pricing.Terms, lowest: dict[int, Decimal], order: Ints, starts: Ints
) -> Ints:
    """Cents taken off each receipt. Receipts that look alike to the rules are reckoned once."""
    ends = np.append(starts, len(order))[1:]
    if terms.kind == Offer.Kind.THRESHOLD:  # only what all of it comes to counts
        sums = np.add.reduceat(lines.cents[order], starts) if len(starts) else starts
        assert terms.threshold is not None
        enough, face = (int(amount * 100) for amount in (terms.threshold, terms.face_value))
        return np.where(sums >= enough, np.minimum(sums, face), 0)
    quantity, cents, product = (
        column[order].tolist() for column in (lines.quantity, lines.cents, lines.product)
    )
    seen: dict[tuple[tuple[int, int, Decimal | None], ...], int] = {}
    off = np.zeros(len(starts), np.int64)
    for at, (begin_, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        key = tuple(
            (quantity[row], cents[row], lowest.get(product[row])) for row in range(begin_, end)
        )
        known = seen.get(key)
        if known is None:
            known = seen[key] = _off_of(key, terms)
        off[at] = known
    return off


def _off_of(receipt: tuple[tuple[int, int, Decimal | None], ...], terms: pricing.Terms) -> int:
    items = [
        pricing.Item(
            line=number,
            product=_PRODUCT,
            quantity=Decimal(quantity).scaleb(-3),
            price=Decimal(cents).scaleb(-2),
            lowest=lowest,
        )
        for number, (quantity, cents, lowest) in enumerate(receipt, 1)
    ]
    saving = pricing.price(items, [pricing.Claim("trial", terms, frozenset([_PRODUCT]))])["trial"]
    return int(saving.amount * 100) if isinstance(saving, pricing.Saving) else 0


def add(one: Met, other: Met) -> Met:
    """Both together: of households that are not in both."""
    stores = dict(one.by_store)
    for pk, (purchases, units, cents) in other.by_store.items():
        mine = stores.get(pk, (0, 0, 0))
        stores[pk] = (mine[0] + purchases, mine[1] + units, mine[2] + cents)
    return Met(
        households=one.households + other.households,
        purchases=one.purchases + other.purchases,
        units=one.units + other.units,
        spend_cents=one.spend_cents + other.spend_cents,
        reduced=one.reduced + other.reduced,
        reduced_households=one.reduced_households + other.reduced_households,
        cost_cents=one.cost_cents + other.cost_cents,
        by_week=one.by_week + other.by_week,
        by_tier=one.by_tier + other.by_tier,
        by_store=stores,
        prices=one.prices + other.prices,
    )


def told(met: Met, rate: Rate, *, since: date) -> dict[str, Any]:
    """What is kept of it: plain numbers, money in cents.

    likely: if every household that bought got one coupon: redemptions and cost at the usual
        share used, and at both ends of its range.
    """
    mean = met.cost_cents / met.reduced if met.reduced else 0.0
    likely = [
        {
            "rate": share,
            "redemptions": round(met.reduced_households * share),
            "cost": round(met.reduced_households * share * mean),
        }
        for share in (rate.low, rate.usual, rate.high)
    ]
    return {
        "since": str(since),
        "households": met.households,
        "purchases": met.purchases,
        "units": met.units,
        "spend": met.spend_cents,
        "reduced": met.reduced,
        "reduced_households": met.reduced_households,
        "cost": met.cost_cents,
        "likely": likely,
        "prices": quartiles(met.prices),
        "weeks": met.by_week.tolist(),
        "tiers": met.by_tier.tolist(),
    }


def quartiles(prices: Counter[int]) -> list[int]:
    """Least, quarter, middle, three quarters and most that a unit cost; empty for none sold."""
    sold = sorted((cents, units) for cents, units in prices.items() if units > 0)
    if not sold:
        return []
    cumulated = np.cumsum([units for _, units in sold])
    at = np.searchsorted(cumulated, np.array([0.25, 0.5, 0.75]) * cumulated[-1])
    return [sold[0][0], *(sold[place][0] for place in at.tolist()), sold[-1][0]]


def _by_store(met: Met) -> list[list[Any]]:
    """Store, purchases, units and cents, the most spent first: STORES_KEPT of them."""
    most = sorted(met.by_store.items(), key=lambda row: -row[1][2])[:STORES_KEPT]
    names = {store.pk: str(store) for store in Store.objects.filter(pk__in=[pk for pk, _ in most])}
    return [[names.get(pk, str(pk)), *figures] for pk, figures in most]
