"""One piece of a selection, with what its households bought since: read, and compared.

Whose purchase it is says today's card: what lies on a card that changed hands counts where the card
is now. A household without any card today, because it was merged or erased, shops as nobody: it is
left out of both arms, and counted.
"""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from django.db import connection

from coupons import exposures, margins
from coupons.models import Recipient, Selection
from coupons.pieces import Chosen
from coupons.proof import purchases
from coupons.proof.comparing import TAGS, Cells, Compared, Sums, compare
from coupons.proof.purchases import AFTER, DURING, EARLIER, LATELY, Goods, Sold
from coupons.selection import reasons
from coupons.terms import OfferTerms, Terms
from loyalty import assortment, fitted, history
from loyalty.assortment import Assortment
from loyalty.history import day_number
from loyalty.models import Card, FittedModel, Household
from loyalty.shopper.value import TIERS

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
PRE_DAYS, LATELY_DAYS, AFTER_DAYS = 84, 28, 28
STEPS = 1_000
"""Of the histogram of what was predicted of sheets."""


class Outline(NamedTuple):
    """What a measurement must know of all pieces before it begins."""

    sheets: Ints  # int64[STEPS] by predicted redemptions
    stores: list[int]  # Store ids, ascending, without 0


class Asked(NamedTuple):
    """What is measured, the same for every piece; small, as it travels to workers."""

    selection: int
    before: date
    last_product: int
    last_store: int
    against: str  # Recipient.Outcome of those held out
    edges: tuple[float, ...]  # between strata of predicted redemptions
    stores: tuple[int, ...]


class Part(NamedTuple):
    """What a piece adds."""

    sums: Sums
    gone: int  # households without a card, of both arms
    unsent: int  # chosen for, and left out when it was issued

    def plus(self, other: Self) -> Self:
        return type(self)(
            self.sums.plus(other.sums), self.gone + other.gone, self.unsent + other.unsent
        )


class Span(NamedTuple):
    """Day numbers: a window ends where the next begins."""

    pre: int
    lately: int
    pause: int  # from its issue until its coupons are good nothing is counted
    during: int
    after: int
    end: int


def span(issue_on: date, valid_from: date, valid_to: date) -> Span:
    """Which days count as what. What was bought before is what no sheet can have changed."""
    begins = min(day_number(issue_on), day_number(valid_from))
    ends = day_number(valid_to) + 1
    return Span(
        begins - PRE_DAYS,
        begins - LATELY_DAYS,
        begins,
        day_number(valid_from),
        ends,
        ends + AFTER_DAYS,
    )


def outline(bucket: int, selection_id: int) -> Outline:
    """Count a piece's sheets by how many redemptions were predicted of them."""
    chosen = _piece(bucket, selection_id)
    step = np.minimum(_scaled(chosen) * STEPS, STEPS - 1).astype(np.int64)
    stores = np.unique(chosen.store)
    return Outline(np.bincount(step, minlength=STEPS), stores[stores > 0].tolist())


def compare_piece(bucket: int, asked: Asked) -> Part:
    """Compare a piece's households: those that got a sheet, and those held out."""
    selection = Selection.objects.select_related("mailing").get(pk=asked.selection)
    terms = Terms.from_plain(selection.terms)
    chosen = _piece(bucket, selection.pk)
    wanted = _wanted(selection, chosen, asked)
    unsent = int((~wanted & ~chosen.is_ghost).sum())
    here = np.isin(chosen.households, _with_card(chosen.households))
    gone = int((wanted & ~here).sum())
    homes = np.flatnonzero(wanted & here)
    ids = chosen.households[homes]
    kinds = _assortment(asked.last_product, asked.last_store)
    offers = offers_of(terms)
    goods = _goods(offers, kinds)
    sold, receipts = _sold(ids, kinds, span_of(selection), asked.before)
    compared = _compared(selection, terms, chosen, homes, asked)
    used = _Used.read(selection, ids, asked.before)
    compared = _with_uses(compared, used, ids, offers, goods, sold, receipts)
    funder = np.array([offer.funder for offer in offers], np.int32)
    return Part(compare(compared, sold, goods, funder, cells(terms, asked.stores)), gone, unsent)


def offers_of(terms: Terms) -> list[OfferTerms]:
    """All offers of a selection by id, those that fill places among them."""
    every = {offer.pk: offer for offer in (*terms.fallback, *terms.offers)}
    return [every[pk] for pk in sorted(every)]


def cells(terms: Terms, stores: tuple[int, ...]) -> Cells:
    return Cells(len(offers_of(terms)), len(TIERS), len(stores), len(terms.funders))


def span_of(selection: Selection) -> Span:
    mailing = selection.mailing
    return span(mailing.issue_on, mailing.valid_from, mailing.valid_to)


def _piece(bucket: int, selection_id: int) -> Chosen:
    piece = Selection(pk=selection_id).pieces.get(bucket=bucket)
    return Chosen.from_bytes(bytes(piece.chosen or b""))


def _scaled(chosen: Chosen) -> npt.NDArray[np.float64]:
    """The redemptions predicted of each sheet, from 0 to below 1: x / (1 + x)."""
    home = np.repeat(np.arange(len(chosen.households)), np.diff(chosen.starts))
    chances = np.bincount(home, chosen.chance, len(chosen.households))
    return chances / (1.0 + chances)


def _wanted(selection: Selection, chosen: Chosen, asked: Asked) -> Flags:
    """Who got its sheet, and who was held out, as the mailing was issued."""
    rows = Recipient.objects.filter(
        mailing=selection.mailing_id,
        household__in=chosen.households.tolist(),
        outcome__in=[Recipient.Outcome.SHEET, asked.against],
    ).values_list("household_id", "outcome")
    outcome = dict(rows)
    arm = {True: asked.against, False: Recipient.Outcome.SHEET.value}
    return np.array(
        [
            outcome.get(home) == arm[ghost]
            for home, ghost in zip(
                chosen.households.tolist(), chosen.is_ghost.tolist(), strict=True
            )
        ],
        dtype=np.bool_,
    )


def _with_card(households: Ints) -> Ints:
    owners = Card.objects.filter(household__in=households.tolist()).values_list("household_id")
    return np.array([pk for (pk,) in owners.distinct()], dtype=np.int64)


@lru_cache(maxsize=1)
def _assortment(last_product: int, last_store: int) -> Assortment:
    return assortment.read(last_product, last_store)


def _goods(offers: list[OfferTerms], kinds: Assortment) -> Goods:
    starts, products = exposures.read_products(
        np.array([offer.pk for offer in offers], np.int64), kinds
    )
    return purchases.goods(
        starts,
        products,
        kinds.levels["type"].item_of_product,
        kinds.levels["category"].item_of_product,
        # Only a threshold may be without products: it is good on whatever is bought.
        np.array([offer.kind == "threshold" for offer in offers]) & (np.diff(starts) == 0),
        margins.of_products(kinds.products),
    )


class _Receipts(NamedTuple):
    """Beside each line sold: its receipt, and what was taken off."""

    basket: Ints
    discount_cents: Ints


def _sold(ids: Ints, kinds: Assortment, days: Span, before: date) -> tuple[Sold, _Receipts]:
    """The lines of these households (ascending), from wherever they lie now."""
    slots = Household.objects.filter(pk__in=ids.tolist()).values_list("slot").distinct()
    parts = []
    for bucket in sorted({history.bucket_of(slot) for (slot,) in slots.order_by()}):
        read = history.read(bucket, kinds.products, before=before)
        place = np.searchsorted(ids, read.households)
        known = place < len(ids)
        known[known] = ids[place[known]] == read.households[known]
        home = np.where(known, place, -1).astype(np.int32)[read.lines.household]
        edges = [days.pre, days.lately, days.pause, days.during, days.after, days.end]
        window = _WINDOW[np.searchsorted(edges, read.lines.day, side="right")]
        mine = (home >= 0) & (window >= 0)
        lines = read.lines
        parts.append(
            (
                home[mine], lines.product[mine], window[mine], lines.amount_cents[mine],
                lines.basket[mine], lines.discount_cents[mine],
            )
        )  # fmt: skip
    if not parts:
        none = np.zeros(0, np.int64)
        return Sold(
            none.astype(np.int32), none.astype(np.int32), none.astype(np.int8), none
        ), _Receipts(none, none)
    home, product, window, cents, basket, off = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Sold(home, product, window, cents), _Receipts(basket, off)


_WINDOW = np.array([-1, EARLIER, LATELY, -1, DURING, AFTER, -1], np.int8)


def _compared(
    selection: Selection, terms: Terms, chosen: Chosen, homes: Ints, asked: Asked
) -> Compared:
    """The households at these places of a piece, before anything was redeemed."""
    lengths = np.diff(chosen.starts)
    mine = np.flatnonzero(np.isin(np.repeat(np.arange(len(lengths)), lengths), homes))
    offers = offers_of(terms)
    position = {offer.pk: at for at, offer in enumerate(offers)}
    place = {pk: at for at, pk in enumerate(asked.stores)}
    nothing = np.zeros(len(mine), np.int64)
    return Compared(
        is_held_out=chosen.is_ghost[homes],
        tier=chosen.tier[homes].astype(np.int64),
        store=np.array([place.get(pk, -1) for pk in chosen.store[homes].tolist()], np.int64),
        band=np.searchsorted(np.array(asked.edges), _scaled(chosen)[homes]).astype(np.int64),
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths[homes])]),
        offer=np.array([position[pk] for pk in chosen.offer[mine].tolist()], np.int64),
        tag=chosen.tag[mine].astype(np.int64),
        drawn_share=chosen.drawn_share[mine].astype(np.float64),
        predicted=_predicted(selection, offers, chosen, mine),
        used=np.zeros(len(mine), np.bool_),
        off_cents=nothing,
        added_cents=nothing,
        funded=np.zeros(len(mine)),
        fee=np.zeros(len(mine)),
    )


def _predicted(
    selection: Selection, offers: list[OfferTerms], chosen: Chosen, mine: Ints
) -> npt.NDArray[np.float64]:
    """The margin each coupon was expected to bring before its cost, were all factors 1."""
    costs = {
        (offer.pk, level.pk): level.cost * (1 - offer.funder_share) - offer.fee
        for offer in offers
        for level in offer.levels
    }
    pairs = zip(chosen.offer[mine].tolist(), chosen.level[mine].tolist(), strict=True)
    cost = np.array([costs[pair] for pair in pairs], np.float64)
    model = selection.learned.filter(kind=FittedModel.Kind.UPLIFT).first()
    known: dict[str, Any] = fitted.parameters(model) if model else {}
    factor = np.array(
        [
            float(known.get(reasons.TAGS[tag], {}).get("factor", 1.0)) or np.inf
            for tag in range(TAGS)
        ]
    )
    before_cost = chosen.value[mine] + chosen.chance[mine] * cost
    return np.asarray(before_cost / factor[chosen.tag[mine]], np.float64)


class _Used(NamedTuple):
    """Redemptions that stand, of personal coupons."""

    home: Ints  # Household ids
    offer: Ints  # Offer ids
    cents: Ints  # taken off
    basket: Ints  # 0: not come yet

    @classmethod
    def read(cls, selection: Selection, ids: Ints, before: date) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(_USED, [selection.mailing_id, ids.tolist(), before])
            rows = np.array(cursor.fetchall(), np.int64).reshape(-1, 4)
        return cls(*rows.T)


_USED = """
    SELECT sheet.household_id, coupon.offer_id, round(redemption.amount * 100)::bigint,
        coalesce(record.basket_id, 0)
    FROM coupons_sheet AS sheet
    JOIN coupons_coupon AS coupon ON coupon.sheet_id = sheet.id
    JOIN coupons_redemption AS redemption ON redemption.coupon_id = coupon.id
    LEFT JOIN pos_integration_redemptionrecord AS record ON record.id = redemption.record_id
    WHERE sheet.mailing_id = %s AND sheet.household_id = ANY(%s)
        AND redemption.reversed_at IS NULL AND redemption.business_date < %s
    ORDER BY sheet.household_id, coupon.offer_id
"""


def _with_uses(
    compared: Compared,
    used: _Used,
    ids: Ints,
    offers: list[OfferTerms],
    goods: Goods,
    sold: Sold,
    receipts: _Receipts,
) -> Compared:
    """Note what was redeemed on each coupon.

    Tills take coupons off a line's amount, or keep them beside it like money. What a line of the
    offer says was taken off is put back to the sale, up to the coupon's worth: the cost of a coupon
    is counted once, as a cost.
    """
    if not len(used.home):
        return compared
    wide = len(offers)
    home = np.repeat(np.arange(len(ids)), np.diff(compared.starts))
    key = home * wide + compared.offer
    order = np.argsort(key)
    position = {offer.pk: at for at, offer in enumerate(offers)}
    offer = np.array([position[pk] for pk in used.offer.tolist()], np.int64)
    row = order[np.searchsorted(key, np.searchsorted(ids, used.home) * wide + offer, sorter=order)]
    columns = {
        name: getattr(compared, name).copy()
        for name in ("used", "off_cents", "added_cents", "funded", "fee")
    }
    share = np.array([one.funder_share for one in offers])
    fee = np.array([one.fee for one in offers]) * 100
    columns["used"][row] = True
    columns["off_cents"][row] = used.cents
    columns["funded"][row] = used.cents * share[offer]
    columns["fee"][row] = fee[offer]
    columns["added_cents"][row] = np.minimum(
        used.cents, _taken_off(used, offer, goods, sold, receipts)
    )
    return compared._replace(**columns)


def _taken_off(used: _Used, offer: Ints, goods: Goods, sold: Sold, receipts: _Receipts) -> Ints:
    """What the lines of each use's offer on its receipt say was taken off, in cents."""
    mine = np.flatnonzero(np.isin(receipts.basket, used.basket) & (receipts.discount_cents > 0))
    baskets: dict[int, list[int]] = {}
    for line in mine.tolist():
        baskets.setdefault(int(receipts.basket[line]), []).append(line)
    off = []
    for basket, one in zip(used.basket.tolist(), offer.tolist(), strict=True):
        cents = 0
        for line in baskets.get(basket, ()):
            product = sold.product[line]
            of_it = goods.offers[goods.starts[product] : goods.starts[product + 1]]
            if goods.is_everything[one] or one in of_it:
                cents += int(receipts.discount_cents[line])
        off.append(cents)
    return np.array(off, np.int64)


def days_of(days: Span) -> dict[str, list[str]]:
    """The windows as first and last days, for reports."""
    day = history.day_of

    def both(first: int, end: int) -> list[str]:
        return [str(day(first)), str(day(end) - timedelta(days=1))]

    return {
        "before": both(days.pre, days.pause),
        "during": both(days.during, days.after),
        "after": both(days.after, days.end),
    }
