"""A mailing's rules and its offers, frozen when a selection begins, so that it can be repeated.

Kept as JSON in `Selection.terms`: what workers choose from is what staff saw, whatever is edited
meanwhile.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Self

import numpy as np
from django.db.models import Count, F, FloatField, Q, QuerySet, Sum
from django.db.models.functions import Cast, Coalesce

from coupons.models import Coupon, Mailing, Offer, OfferProduct, Redemption
from coupons.selection.problem import NO_LIMIT, Columns, Limits, Rules
from loyalty.shopper.value import TIERS

SIZES = ("not known", "1", "2", "3", "4 or more")
"""Households by how many live there, as fairness looks at them."""


@dataclass(frozen=True)
class Level:
    """One worth of an offer. Money: store currency."""

    pk: int  # OfferLevel, 0: the offer's own
    text: str  # "1.50 off"
    face: float
    percent: int | None
    price: float | None
    cost: float = 0.0  # expected of one redemption, see economics.price_up()


@dataclass(frozen=True)
class OfferTerms:
    """An offer as a selection sees it. None: no limit."""

    pk: int
    code: str
    name: str
    kind: str
    units: int
    reduced_units: int
    threshold: float | None
    category: int  # Category, 0: none; at most so many of one are on a sheet
    rivals: str
    funder: int  # position in Terms.funders
    funder_share: float
    handling_fee: float
    stores: tuple[int, ...]  # empty: everywhere
    goods: tuple[str, ...]  # what law restricts of its products
    is_sensitive: bool
    is_in_dates: bool  # good on all days of the mailing
    products: int
    least: int  # of the guarantee still to be given out
    most: int | None  # still to be given out
    per_household: int | None
    budget: float | None  # of expected cost, and of real, what is left of the scarcer
    levels: tuple[Level, ...]
    unit_price: float = 0.0  # usual, of what it is good on, see economics.price_up()
    unit_margin: float = 0.0  # usual, of one unit at its full price

    @property
    def fee(self) -> float:
        """What the house is paid for each coupon: nothing where the funder pays no share."""
        return self.handling_fee if self.funder_share > 0 else 0.0


@dataclass(frozen=True)
class Terms:
    """What a selection is made by. Offers in the solver's order; their levels are its columns."""

    mailing: int
    valid_from: date
    valid_to: date
    objective: str
    per_sheet: int
    per_category: int
    discovery_slots: int
    random_slots: int
    fairness: float | None
    budget: float | None
    short_sheets: str
    funders: tuple[str, ...]
    funder_budgets: tuple[float | None, ...]
    offers: tuple[OfferTerms, ...]
    fallback: tuple[OfferTerms, ...]

    @property
    def days(self) -> int:
        """How many days its coupons are good."""
        return (self.valid_to - self.valid_from).days + 1

    def to_plain(self) -> dict[str, Any]:
        """Lists, numbers and texts that JSON knows."""
        plain = asdict(self)
        return plain | {"valid_from": str(self.valid_from), "valid_to": str(self.valid_to)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Take back what to_plain() gave."""
        return cls(
            **plain
            | {
                "valid_from": date.fromisoformat(plain["valid_from"]),
                "valid_to": date.fromisoformat(plain["valid_to"]),
                "funders": tuple(plain["funders"]),
                "funder_budgets": tuple(plain["funder_budgets"]),
                "offers": tuple(_offer(one) for one in plain["offers"]),
                "fallback": tuple(_offer(one) for one in plain["fallback"]),
            }
        )


def _offer(plain: dict[str, Any]) -> OfferTerms:
    levels = tuple(Level(**level) for level in plain["levels"])
    lists = {"stores": tuple(plain["stores"]), "goods": tuple(plain["goods"])}
    return OfferTerms(**plain | lists | {"levels": levels})


def of(mailing: Mailing) -> Terms:
    """Read the mailing's terms as they are now."""
    offers = _in_order(
        mailing.offers.select_related("funder").prefetch_related("levels__offer", "stores")
    )
    fallback = _in_order(
        mailing.fallback_offers.select_related("funder").prefetch_related("levels__offer", "stores")
    )
    funders = sorted({offer.funder_id for offer in (*offers, *fallback)})
    budgets = dict(mailing.funder_budgets.values_list("funder__name", "amount"))
    spent = _spent(mailing, [offer.pk for offer in offers])
    goods, sensitive = _goods([offer.pk for offer in (*offers, *fallback)])
    place = {name: at for at, name in enumerate(funders)}

    def described(offer: Offer) -> OfferTerms:
        given, expected, real, outstanding = spent.get(offer.pk, (0, 0.0, 0.0, 0.0))
        left = [
            float(budget) - used
            for budget, used in (
                (offer.expected_budget, expected),
                (offer.real_budget, real + outstanding),
            )
            if budget is not None
        ]
        return OfferTerms(
            pk=offer.pk,
            code=offer.code,
            name=offer.name,
            kind=offer.kind,
            units=offer.units,
            reduced_units=offer.reduced_units,
            threshold=_number(offer.threshold),
            category=offer.category_id or 0,
            rivals=offer.rivals,
            funder=place[offer.funder_id],
            funder_share=float(offer.funder_share),
            handling_fee=float(offer.funder.handling_fee),
            stores=tuple(sorted(store.pk for store in offer.stores.all())),
            goods=tuple(sorted(goods.get(offer.pk, set()))),
            is_sensitive=offer.pk in sensitive,
            is_in_dates=offer.valid_from <= mailing.valid_from
            and mailing.valid_to <= offer.valid_to,
            products=offer.offer_products.count(),
            least=max((offer.least_coupons or 0) - given, 0),
            most=None if offer.most_coupons is None else max(offer.most_coupons - given, 0),
            per_household=offer.per_household,
            budget=max(min(left), 0.0) if left else None,
            levels=_levels(offer),
        )

    return Terms(
        mailing=mailing.pk,
        valid_from=mailing.valid_from,
        valid_to=mailing.valid_to,
        objective=mailing.objective,
        per_sheet=mailing.coupons_per_sheet,
        per_category=mailing.coupons_per_category,
        discovery_slots=mailing.discovery_slots,
        random_slots=mailing.random_slots,
        fairness=_number(mailing.fairness),
        budget=_number(mailing.budget),
        short_sheets=mailing.short_sheets,
        funders=tuple(funders),
        funder_budgets=tuple(_number(budgets.get(name)) for name in funders),
        offers=tuple(described(offer) for offer in offers),
        fallback=tuple(described(offer) for offer in fallback),
    )


def _in_order(offers: QuerySet[Offer]) -> list[Offer]:
    """In the order of category, rivals, offer: rivals of one category stand together."""
    return sorted(offers, key=lambda offer: (offer.category_id or 0, offer.rivals, offer.pk))


def _levels(offer: Offer) -> tuple[Level, ...]:
    own = Level(0, offer.value_text, float(offer.face_value), offer.percent, _number(offer.price))
    raised = sorted(offer.levels.all(), key=lambda level: level.number)
    return (
        own,
        *(
            Level(
                level.pk,
                level.value_text,
                float(level.face_value),
                level.percent,
                _number(level.price),
            )
            for level in raised
        ),
    )


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _spent(mailing: Mailing, offers: list[int]) -> dict[int, tuple[int, float, float, float]]:
    """Of each offer in other mailings: coupons given out, their expected cost, the real cost of
    what was redeemed, and what the coupons still good are expected to cost.
    """
    worth = Cast(Coalesce("level__face_value", "offer__face_value"), FloatField())
    cost = Sum(F("chance") * worth)
    is_out = Q(state=Coupon.State.OPEN, valid_to__gte=mailing.valid_from)
    given = (
        Coupon.objects.filter(offer__in=offers)
        .exclude(sheet__mailing=mailing)
        .exclude(state=Coupon.State.VOID)
        .order_by()
        .values_list("offer_id")
        .annotate(count=Count("pk"), expected=cost, out=Sum(F("chance") * worth, filter=is_out))
    )
    redeemed = (
        Redemption.objects.filter(offer__in=offers, reversed_at=None)
        .order_by()
        .values_list("offer_id")
        .annotate(Sum("amount"))
    )
    real = {offer: float(amount) for offer, amount in redeemed}
    spent = {offer: (0, 0.0, amount, 0.0) for offer, amount in real.items()}
    for offer, count, expected, out in given:
        spent[offer] = (count, expected, real.get(offer, 0.0), out or 0.0)
    return spent


def goods_of(offer: Offer) -> tuple[str, ...]:
    """The kinds of goods among its products that law restricts: none for most offers."""
    return tuple(sorted(_goods([offer.pk])[0].get(offer.pk, ())))


def _goods(offers: list[int]) -> tuple[dict[int, set[str]], set[int]]:
    """What law restricts among the products of each offer, and which offers are sensitive."""
    goods: dict[int, set[str]] = {}
    sensitive: set[int] = set()
    paths = ["product__category" + "__parent" * up for up in range(3)]
    wanted = [f"{path}__{field}" for path in paths for field in ("goods", "is_sensitive")]
    through = OfferProduct.objects.filter(offer__in=offers)
    for offer, *said in through.values_list("offer_id", *wanted).distinct().order_by():
        goods.setdefault(offer, set()).update(word for word in said[::2] if word)
        if any(said[1::2]):
            sensitive.add(offer)
    return goods, sensitive


def columns(terms: Terms) -> Columns:
    """The columns that the solver counts in: every level of every offer, in order."""
    offers = terms.offers
    categories: dict[int, int] = {}
    groups: dict[tuple[int, str], int] = {}
    category = [
        categories.setdefault(offer.category or -offer.pk, len(categories)) for offer in offers
    ]
    group = [
        groups.setdefault((category[at], offer.rivals or f"#{offer.pk}"), len(groups))
        for at, offer in enumerate(offers)
    ]
    counts = [len(offer.levels) for offer in offers]
    levels = [level for offer in offers for level in offer.levels]
    of_offer = np.repeat(np.arange(len(offers), dtype=np.int64), counts)
    return Columns(
        offer=of_offer,
        rivals=np.array(group, np.int64)[of_offer],
        category=np.array(category, np.int64)[of_offer],
        face=np.array([level.face for level in levels], np.float64),
        cost=np.array([level.cost for level in levels], np.float64),
        funder=np.array([offer.funder for offer in offers], np.int64),
    )


def rules(terms: Terms) -> Rules:
    """Of what is chosen; the places of lots are taken off."""
    return Rules(terms.per_sheet - terms.random_slots, terms.per_category, terms.discovery_slots)


def limits(terms: Terms) -> Limits:
    def limit(values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
        return np.array([NO_LIMIT if value is None else value for value in values], np.float64)

    return Limits(
        least=np.array([offer.least for offer in terms.offers], np.float64),
        most=limit([offer.most for offer in terms.offers]),
        offer_budget=limit([offer.budget for offer in terms.offers]),
        funder_budget=limit(list(terms.funder_budgets)),
        budget=NO_LIMIT if terms.budget is None else terms.budget,
        fairness=NO_LIMIT if terms.fairness is None else terms.fairness,
        tiers=len(TIERS),
        sizes=len(SIZES),
    )


def priced(terms: Terms, offers: tuple[OfferTerms, ...], fallback: tuple[OfferTerms, ...]) -> Terms:
    """The same with what offers usually cost filled in."""
    return replace(terms, offers=offers, fallback=fallback)
