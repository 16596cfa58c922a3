"""Receipts as pricing reads them: what they sold, and which of it an offer covers."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from coupons.models import Offer, OfferProduct, OfferRule
from coupons.pricing import Item
from pos_integration.models import BasketLine, Product

NO_PRODUCT = -1  # stands in for the products of an offer none of which was asked for


def items_on(baskets: Collection[int]) -> dict[int, list[Item]]:
    """What each basket (by id) sold, line by line, at its price before coupons.

    Every discount of a line is added back: a till may or may not count the coupons among them.
    """
    lines = list(
        BasketLine.objects.filter(basket__in=baskets, kind=BasketLine.Kind.SALE).values_list(
            "basket", "number", "product", "quantity", "unit", "amount", "discount"
        )
    )
    lowest = dict(
        Product.objects.filter(
            pk__in={line[2] for line in lines}, lowest_price__isnull=False
        ).values_list("pk", "lowest_price")
    )
    sold: dict[int, list[Item]] = {basket: [] for basket in baskets}
    for basket, number, product, quantity, unit, amount, discount in lines:
        sold[basket].append(
            Item(
                line=number,
                product=product,
                quantity=quantity,
                price=amount + discount,
                is_weighed=unit != "EA",
                lowest=lowest.get(product),
            )
        )
    return sold


def covered(offers: Iterable[Offer], products: Collection[int]) -> dict[int, frozenset[int]]:
    """Which of these products (by id) each offer (by id) covers, as `pricing.Claim` wants it.

    Empty only for an offer that has neither products nor rules that any could come of, which on a
    threshold means every one.
    """
    found: dict[int, set[int]] = {offer.pk: set() for offer in offers}
    on_these = OfferProduct.objects.filter(offer__in=found, product__in=products)
    for offer, product in on_these.values_list("offer", "product"):
        found[offer].add(product)
    without = [offer for offer, some in found.items() if not some]
    for says in (OfferProduct, OfferRule) if without else ():
        of_others = says.objects.filter(offer__in=without).order_by()
        for offer in of_others.values_list("offer", flat=True).distinct():
            found[offer].add(NO_PRODUCT)
    return {offer: frozenset(some) for offer, some in found.items()}


def cost(items: Iterable[Item]) -> Decimal:
    return sum((item.price for item in items), Decimal(0))
