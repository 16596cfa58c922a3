"""What runs when: offers and mailings of some weeks, and where they stand in each other's way."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from django.db.models import Count, Q

from coupons.models import Coupon, Mailing, Offer, OfferProduct

MOST: Final = 200
"""Rows of a calendar: more is no overview."""
CONFLICTS_KEPT: Final = 50


class Bar(NamedTuple):
    """Something that runs from `first` to `last`, both included."""

    kind: str  # "offer" or "mailing"
    pk: int
    name: str
    group: str  # its funder or category; of mailings their state
    first: date
    last: date


class Conflict(NamedTuple):
    offers: tuple[int, ...]
    says: str


class Calendar(NamedTuple):
    bars: list[Bar]
    is_cut: bool  # more than MOST run
    conflicts: list[Conflict]


def calendar(
    first: date, last: date, *, today: date, by: str = "funder", only: str = ""
) -> Calendar:
    """Return what runs on any day from `first` to `last`.

    by: "funder" or "category", what offers are put together by. only: part of a name, a funder's
        or a category's; empty: all.
    """
    offers = (
        Offer.objects.filter(valid_from__lte=last, valid_to__gte=first)
        .select_related("category")
        .order_by("funder_id" if by == "funder" else "category__name", "valid_from", "pk")
    )
    mailings = Mailing.objects.filter(valid_from__lte=last, valid_to__gte=first)
    if only:
        offers = offers.filter(
            Q(name__icontains=only)
            | Q(code__icontains=only)
            | Q(funder__name__icontains=only)
            | Q(category__name__icontains=only)
        )
        mailings = mailings.filter(Q(name__icontains=only) | Q(code__icontains=only))
    some = list(mailings.order_by("valid_from", "pk")[: MOST + 1])
    rows = list(offers[: MOST + 1])
    bars = [
        Bar("mailing", one.pk, one.name, one.get_state_display(), one.valid_from, one.valid_to)
        for one in some
    ] + [
        Bar(
            "offer",
            one.pk,
            str(one),
            one.funder_id if by == "funder" else str(one.category or "No category"),
            one.valid_from,
            one.valid_to,
        )
        for one in rows
    ]
    shown = rows[:MOST]
    return Calendar(
        bars[:MOST],
        len(bars) > MOST,
        [*_twice(shown), *_out_of_reach(shown, today)][:CONFLICTS_KEPT],
    )


def _twice(offers: list[Offer]) -> list[Conflict]:
    """Offers that are good on the same product on the same days."""
    named = {offer.pk: offer for offer in offers}
    of_product: dict[int, list[int]] = defaultdict(list)
    shared = (
        OfferProduct.objects.filter(offer__in=named)
        .values("product_id")
        .annotate(times=Count("pk"))
        .filter(times__gt=1)
        .order_by("product_id")
        .values("product_id")
    )
    rows = OfferProduct.objects.filter(offer__in=named, product__in=shared[:5_000])
    for offer, product in rows.order_by("offer_id").values_list("offer_id", "product_id"):
        of_product[product].append(offer)
    return [
        Conflict((one.pk, other.pk), _overlap(one, other, count))
        for (one, other), count in pairs_of(of_product.values(), named).items()
    ]


def pairs_of(sets: Iterable[list[int]], offers: dict[int, Offer]) -> dict[tuple[Offer, Offer], int]:
    """Which two of the offers are good on one product and have a day in common, and how many
    products these are.
    """
    counts: dict[tuple[Offer, Offer], int] = defaultdict(int)
    for some in sets:
        for at, first in enumerate(some):
            for second in some[at + 1 :]:
                one, other = offers[first], offers[second]
                if one.valid_from <= other.valid_to and other.valid_from <= one.valid_to:
                    counts[one, other] += 1
    return counts


def _overlap(one: Offer, other: Offer, products: int) -> str:
    first, last = max(one.valid_from, other.valid_from), min(one.valid_to, other.valid_to)
    what = "the same product" if products == 1 else f"{products:,} of the same products"
    return f"{one} and {other} are both good on {what} from {first} to {last}."


def _out_of_reach(offers: list[Offer], today: date) -> list[Conflict]:
    """Guarantees that no mailing to come can keep."""
    wanted = [offer for offer in offers if offer.least_coupons]
    if not wanted:
        return []
    keys = [offer.pk for offer in wanted]
    out = dict(
        Coupon.objects.filter(offer__in=keys)
        .exclude(state=Coupon.State.VOID)
        .order_by()
        .values_list("offer_id")
        .annotate(Count("pk"))
    )
    to_come = {
        *Mailing.objects.filter(
            offers__in=keys,
            state__in=[Mailing.State.DRAFT, Mailing.State.APPROVED],
            valid_to__gte=today,
        ).values_list("offers", flat=True)
    }
    conflicts = []
    for offer in wanted:
        assert offer.least_coupons is not None
        missing = offer.least_coupons - out.get(offer.pk, 0)
        if missing <= 0 or (offer.valid_to >= today and offer.pk in to_come):
            continue
        why = "it is over" if offer.valid_to < today else "no mailing to come has it"
        conflicts.append(
            Conflict(
                (offer.pk,),
                f"{offer}: {missing:,} of {offer.least_coupons:,} coupons guaranteed to "
                f"{offer.funder_id} are not given out, and {why}.",
            )
        )
    return conflicts


def weeks_of(first: date, last: date) -> list[date]:
    """Every Monday from the one before `first`, or on it, up to `last`."""
    monday = first - timedelta(days=first.weekday())
    return [monday + timedelta(weeks=n) for n in range((last - monday).days // 7 + 1)]
