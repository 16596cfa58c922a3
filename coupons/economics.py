"""What offers usually cost: the price and margin of a unit, and what one redemption takes off.

From what a sample of households bought lately, read back from the history; `price_up` fills it
into a selection's terms before they are frozen.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons import exposures, margins
from coupons import terms as frozen
from coupons.models import Offer
from coupons.selection.objective import Economics
from coupons.terms import Level, OfferTerms, Terms
from loyalty import beliefs, history
from loyalty.models import SLOTS, Household, ModelRun
from loyalty.shopper.kernel import Lines
from loyalty.shopper.value import USUAL_MARGIN_SHARE

Floats = npt.NDArray[np.float64]
Kind = Offer.Kind

SAMPLE_HOUSEHOLDS = 50_000
SAMPLE_LINES = 8_000_000
LATELY_DAYS = 91
UNSOLD_TIMES_FACE = 5.0
"""What was never sold is taken to cost so many times what its coupon takes off."""


class _Sold(NamedTuple):
    """Of each product over the sample, float64[products]."""

    units: Floats
    paid: Floats  # store currency, without what coupons took off


def price_up(terms: Terms, run: ModelRun) -> tuple[Terms, list[str]]:
    """Fill in each offer's usual unit price and margin, and each level's expected cost.

    A unit's usual price is what was paid for it without a coupon, over the products the offer is
    good on, weighted by what is sold of them: in the last quarter before the run's morning, or,
    of what was not sold then, before. Of a basket threshold the unit is the threshold. The margin
    is that of the products' categories. Returns the terms, and a sentence for staff on each offer
    whose figures are a guess.
    """
    doubts: list[str] = []
    every = {offer.pk: offer for offer in (*terms.offers, *terms.fallback)}
    if not every:
        return terms, doubts
    kinds = beliefs.assortment_of(run)
    ids = np.array(sorted(every), np.int64)
    starts, products = exposures.read_products(ids, kinds)
    wanted = np.zeros(len(kinds.products), np.bool_)
    wanted[products] = True
    lately, ever = _sold(run, kinds.products, wanted)
    shares = margins.of_products(kinds.products)
    priced: dict[int, OfferTerms] = {}
    for at, pk in enumerate(ids.tolist()):
        mine = products[starts[at] : starts[at + 1]]
        figures = _usual(lately, shares, mine) or _usual(ever, shares, mine)
        priced[pk] = _priced(every[pk], figures, shares[mine], doubts)
    offers = tuple(priced[offer.pk] for offer in terms.offers)
    return frozen.priced(terms, offers, tuple(priced[one.pk] for one in terms.fallback)), doubts


def _usual(
    sold: _Sold, shares: Floats, products: npt.NDArray[np.int32]
) -> tuple[float, float] | None:
    """A unit's usual price and margin, or None where none was sold at any price."""
    units, paid = float(sold.units[products].sum()), float(sold.paid[products].sum())
    if units <= 0 or paid <= 0:
        return None
    return paid / units, float((sold.paid[products] * shares[products]).sum()) / units


def _priced(
    offer: OfferTerms, figures: tuple[float, float] | None, shares: Floats, doubts: list[str]
) -> OfferTerms:
    name = f"'{offer.name}' ({offer.code})"
    share = float(shares.mean()) if len(shares) else USUAL_MARGIN_SHARE
    if offer.threshold is not None:
        figures = offer.threshold, offer.threshold * share
    elif figures is None:
        price = UNSOLD_TIMES_FACE * offer.levels[0].face
        figures = price, price * share
        doubts.append(
            f"{name}: none of its products was sold yet, so a usual price of {price:,.2f} is "
            "assumed: check its products."
        )
    price, margin = figures
    levels = tuple(level_priced(offer, level, price) for level in offer.levels)
    for level in levels:
        if level.cost <= 0:
            doubts.append(
                f"{name}: at {level.text} it takes nothing off the usual price of {price:,.2f}: "
                "lower its price."
            )
    return replace(offer, unit_price=price, unit_margin=margin, levels=levels)


def level_priced(offer: OfferTerms, level: Level, price: float) -> Level:
    """The level with what one redemption is expected to take off, at this price of a unit."""
    return replace(level, cost=expected_cost(offer, level, price))


def expected_cost(offer: OfferTerms, level: Level, price: float) -> float:
    """What one redemption takes off, store currency, never below 0 nor above its face value."""
    part = (level.percent or 0) / 100
    bought = offer.units * price
    match offer.kind:
        case Kind.PERCENT:
            off = part * price
        case Kind.FIXED_PRICE:
            off = price - (level.price or 0.0)
        case Kind.FREE_ITEM | Kind.AMOUNT:
            off = price
        case Kind.MULTI_BUY if level.price is not None:
            off = bought - level.price
        case Kind.MULTI_BUY:
            off = part * offer.reduced_units * price
        case _:  # a threshold takes off all of it
            off = level.face
    return max(min(off, level.face), 0.0)


def per_redemption(offers: Sequence[OfferTerms]) -> Economics:
    """What one redemption of each column brings and takes."""
    margin, ours, step = [], [], []
    for offer in offers:
        for level in offer.levels:
            margin.append(offer.unit_margin * offer.units)
            ours.append(level.cost * (1 - offer.funder_share) - offer.fee)
            step.append(level.face / offer.levels[0].face)
    return Economics(np.array(margin), np.array(ours), np.array(step))


def _sold(
    run: ModelRun, products: npt.NDArray[np.int64], wanted: npt.NDArray[np.bool_]
) -> tuple[_Sold, _Sold]:
    """What a sample of households bought of the products `wanted`: lately, and ever.

    The sample is that of the first slots of the history, and the slots are hashes: the same
    households, into however many buckets the history is cut.
    """
    share = min(1.0, SAMPLE_HOUSEHOLDS / max(run.households, 1), SAMPLE_LINES / max(run.lines, 1))
    slots = max(int(SLOTS * share), 1)
    sampled = np.fromiter(
        Household.objects.filter(slot__lt=slots).order_by("pk").values_list("pk", flat=True),
        np.int64,
    )
    day = history.day_number(run.as_of) - LATELY_DAYS
    sums = np.zeros((4, len(products)))
    for bucket in range(history.bucket_of(slots - 1) + 1):
        read = history.read(bucket, products, before=run.as_of)
        mine = np.isin(read.households, sampled)[read.lines.household] & wanted[read.lines.product]
        sums[:2] += _summed(read.lines, mine & (read.lines.day >= day), len(products))
        sums[2:] += _summed(read.lines, mine, len(products))
    # Whole thousandths and cents up to here: they add up the same in any order.
    sums /= np.array([1000, 100, 1000, 100])[:, None]
    return _Sold(*sums[:2]), _Sold(*sums[2:])


def _summed(lines: Lines, mine: npt.NDArray[np.bool_], products: int) -> npt.NDArray[np.float64]:
    """Thousandths of units, and cents paid before coupons, by product."""
    mine = mine & (lines.quantity > 0) & (lines.amount_cents >= 0)
    product, quantity = lines.product[mine], lines.quantity[mine]
    # What is weighed is one item a line: coupons are off an item, not off a kilogram.
    units = np.where(quantity % 1000 == 0, quantity, 1000)
    paid = lines.amount_cents[mine] + np.where(lines.coupon[mine], lines.discount_cents[mine], 0)
    return np.stack([np.bincount(product, units, products), np.bincount(product, paid, products)])
