"""A chain of stores whose mailings change what is known beforehand: to measure the measuring.

Households differ widely in what they spend, most buy nothing of most offers, prices differ, and a
few households buy very much: what shops see. Who is held out says the product's own hash.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from coupons.proof.comparing import BANDS, Cells, Compared
from coupons.proof.purchases import AFTER, DURING, EARLIER, LATELY, WINDOWS, Goods, Sold, goods
from coupons.selection.holdout import in_holdout

Floats = npt.NDArray[np.float64]

OFFERS = 8
PER_SHEET = 4
TIERS, STORES, FUNDERS = 4, 3, 2
# Products by offer: its own two, two more of their type, three more of their category.
OWN, BESIDE, FURTHER = 2, 2, 3
WEEKS = {EARLIER: 8.0, LATELY: 4.0, DURING: 3.0, AFTER: 4.0}
MORE = np.array([0.0, 0.0, 0.0, 0.06, 0.12, 0.2, 0.3, 0.45])
"""Purchases that a coupon of each offer adds on average while it is good."""
TAKEN, FURTHER_MORE, BROUGHT_FORWARD = 0.25, 0.1, 0.2
"""Of each of these: not bought beside it, bought in its category, not bought in the weeks after."""
MARGIN = 0.3
OWN_COST = 0.5
"""Of what a coupon takes off, the house's part."""
OFF_CENTS = 50


class Mailing(NamedTuple):
    """One mailing of one chain, as the product's comparison takes it, and the truth."""

    homes: Compared
    sold: Sold
    direct: Floats  # [offers] sales a household that the offer adds
    all_told: Floats  # [offers] margin, net of our cost


def shelves() -> Goods:
    """The chain's goods: offers with their types and categories, then all else as one product."""
    per_offer = OWN + BESIDE + FURTHER
    products = np.arange(OFFERS * per_offer + 1)
    offer, place = np.divmod(products, per_offer)
    kind = (2 * offer + (place >= OWN + BESIDE)).astype(np.int32)
    kind[-1] = offer[-1] = -1
    own = products[(place < OWN) & (offer >= 0)]
    return goods(
        np.arange(OFFERS + 1, dtype=np.int64) * OWN, own.astype(np.int32), kind,
        offer.astype(np.int32), np.zeros(OFFERS, np.bool_), np.full(len(products), MARGIN),
    )  # fmt: skip


CELLS = Cells(OFFERS, TIERS, STORES, FUNDERS)
FUNDER = (np.arange(OFFERS) % FUNDERS).astype(np.int32)


def mail(number: int, households: int, held_out_share: float) -> Mailing:
    """Let the chain shop and get mailing `number`."""
    rng = np.random.default_rng([20_261_122, number])
    size = rng.lognormal(-0.35, 0.85, households)  # how much of everything
    salt = f"mailing-{number}"
    held_out = np.array(
        [in_holdout(home, salt=salt, share=held_out_share) for home in range(households)]
    )
    per_offer = OWN + BESIDE + FURTHER
    # Habits: two of five households know a product, and buy it weekly to twice a year.
    habit = (
        np.where(
            rng.random((households, OFFERS * per_offer)) < 0.4,
            rng.lognormal(-2.0, 1.0, (households, OFFERS * per_offer)),
            0.0,
        )
        * size[:, None]
    )
    price = rng.lognormal(5.4, 0.5, OFFERS * per_offer)  # cents
    liking = habit.reshape(households, OFFERS, per_offer)[:, :, :OWN].sum(axis=2)
    score = np.log(liking + 0.02) + rng.gumbel(0.0, 0.7, (households, OFFERS))
    offer = np.sort(np.argsort(-score, axis=1)[:, :PER_SHEET], axis=1)
    counts = np.stack(
        [rng.poisson(habit * WEEKS[window]) for window in range(WINDOWS)], axis=2
    ).reshape(households, OFFERS, per_offer, WINDOWS)
    rows = np.arange(households)[:, None]
    # What coupons change: whole purchases, more of them at large households, and what goes along.
    pull = np.sqrt(size / size.mean())
    more = rng.poisson(MORE[offer] * (pull * ~held_out)[:, None])
    own_product = rng.integers(0, OWN, offer.shape)
    counts[rows, offer, own_product, DURING] += more
    fewer = rng.binomial(more, TAKEN)
    beside = OWN + rng.integers(0, BESIDE, offer.shape)
    # More may be taken than they would have bought: that many go back, as tills write them.
    counts[rows, offer, beside, DURING] -= fewer
    further = OWN + BESIDE + rng.integers(0, FURTHER, offer.shape)
    counts[rows, offer, further, DURING] += rng.binomial(more, FURTHER_MORE)
    counts[rows, offer, own_product, AFTER] -= rng.binomial(more, BROUGHT_FORWARD)
    bought_own = counts[rows, offer, :, DURING][:, :, :OWN].sum(axis=2)
    used = ~held_out[:, None] & (rng.random(offer.shape) < 0.6) & (bought_own > 0)
    off = np.where(used, OFF_CENTS, 0).ravel()
    homes = Compared(
        is_held_out=held_out,
        tier=np.searchsorted(np.quantile(size, (0.25, 0.5, 0.75)), size),
        store=rng.integers(0, STORES, households),
        band=_bands(np.take_along_axis(score, offer, 1).sum(axis=1)),
        starts=np.arange(households + 1, dtype=np.int64) * PER_SHEET,
        offer=offer.ravel(),
        tag=rng.integers(0, 3, offer.size),
        drawn_share=np.zeros(offer.size),
        predicted=np.zeros(offer.size),
        used=used.ravel(),
        off_cents=off,
        added_cents=np.zeros(offer.size, np.int64),
        funded=off * (1 - OWN_COST),
        fee=np.zeros(offer.size),
    )
    sold = _lines(counts.reshape(households, -1, WINDOWS), price, size, rng)
    return Mailing(homes, sold, *_truth(homes, pull, price))


def _bands(score: Floats) -> npt.NDArray[np.int64]:
    return np.searchsorted(np.quantile(score, np.arange(1, BANDS) / BANDS), score)


def _lines(
    counts: npt.NDArray[np.int64], price: Floats, size: Floats, rng: np.random.Generator
) -> Sold:
    """The counts as lines, and all other goods as one line a household and window."""
    home, product, window = np.nonzero(counts)
    cents = np.rint(counts[home, product, window] * price[product]).astype(np.int64)
    households = len(size)
    rest = [
        np.rint(
            6000 * size * WEEKS[at] * rng.gamma(2.0 * WEEKS[at], 1 / (2.0 * WEEKS[at]), households)
        )
        for at in range(WINDOWS)
    ]
    every = np.arange(households)
    return Sold(
        np.concatenate([home, *[every] * WINDOWS]).astype(np.int32),
        np.concatenate([product, np.full(households * WINDOWS, counts.shape[1])]).astype(np.int32),
        np.concatenate([window, *[np.full(households, at) for at in range(WINDOWS)]]).astype(
            np.int8
        ),
        np.concatenate([cents, *rest]).astype(np.int64),
    )


def _truth(homes: Compared, pull: Floats, price: Floats) -> tuple[Floats, Floats]:
    """What each offer adds on average at a household that it is chosen for."""
    per_offer = OWN + BESIDE + FURTHER
    prices = price.reshape(OFFERS, per_offer)
    own, beside, further = (
        prices[:, :OWN].mean(axis=1) / 100,
        prices[:, OWN : OWN + BESIDE].mean(axis=1) / 100,
        prices[:, OWN + BESIDE :].mean(axis=1) / 100,
    )
    home = np.repeat(np.arange(len(pull)), np.diff(homes.starts))
    sheets = np.bincount(homes.offer, minlength=OFFERS)
    more = MORE * np.bincount(homes.offer, pull[home], OFFERS) / sheets
    sent = ~homes.is_held_out[home]
    own_cost = (homes.off_cents - homes.funded)[sent] / 100
    cost = np.bincount(homes.offer[sent], own_cost, OFFERS) / np.bincount(homes.offer[sent])
    kept = own * (1 - BROUGHT_FORWARD) - beside * TAKEN + further * FURTHER_MORE
    return more * own, more * MARGIN * kept - cost
