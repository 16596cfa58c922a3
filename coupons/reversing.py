"""Take redemptions back: what the coupon was used on came back, or its receipt was made void."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from django.db import connection, transaction
from django.utils import timezone

from coupons import judging, pricing, receipts
from coupons.models import Coupon, Offer, Redemption
from pos_integration import money
from pos_integration.models import Basket, BasketLine, Undoing

RECEIPT_VOID = "receipt made void"
RETURNED = "returned"
RECEIPTS_AT_ONCE = 200
# A receipt that was itself made void names no other: it is looked for while uploads may come.
OWN_VOID_LOOKED_FOR = timedelta(days=90)
REASON_LENGTH = 40
Progress = Callable[[int, int], None]


@transaction.atomic
def reverse(redemption_id: int, reason: str, *, by: Basket | None = None) -> Redemption:
    """Take the redemption back; one that was taken back before is returned as it is.

    Its coupon is open again, unless the offer says that it stays used or the coupon is void.
    reason: a few words, kept to 40 characters. by: the return or void, where there is one.
    Raises Redemption.DoesNotExist.
    """
    redemptions = Redemption.objects.select_related("offer", "store")
    coupon_id = redemptions.get(pk=redemption_id).coupon_id
    # First the coupon, then its redemption: whoever clears or redeems locks in this order.
    coupon = None if coupon_id is None else Coupon.objects.select_for_update().get(pk=coupon_id)
    redemption = redemptions.select_for_update(of=("self",)).get(pk=redemption_id)
    if coupon is not None:
        redemption.coupon = coupon
    if redemption.reversed_at is not None:
        return redemption
    redemption.reversed_at = timezone.now()
    redemption.reversal_reason = reason[:REASON_LENGTH]
    redemption.reversed_by = by
    redemption.save(update_fields=["reversed_at", "reversal_reason", "reversed_by"])
    is_good_again = redemption.offer.after_return == Offer.AfterReturn.GOOD_AGAIN
    if coupon is not None and coupon.state == Coupon.State.REDEEMED and is_good_again:
        coupon.state = Coupon.State.OPEN
        coupon.save(update_fields=["state"])
    return redemption


def reverse_undone(progress: Progress = lambda done, total: None) -> int:
    """Take back every redemption whose receipt, or what it was used on, was taken back.

    Returns how many. May be repeated and run beside itself. A void takes back all redemptions of
    its receipt, those too that only a till told of online. A return takes back those used on
    what came back, unless what was kept still earns the whole of what was taken off.
    """
    receipts_undone = _receipts_undone()
    void = _own_receipt_void()
    total = len(receipts_undone) + len(void)
    count = 0
    for redemption_id, basket in void:
        count += _take_back(redemption_id, RECEIPT_VOID, basket)
    done = len(void)
    progress(done, total)
    for start in range(0, len(receipts_undone), RECEIPTS_AT_ONCE):
        some = receipts_undone[start : start + RECEIPTS_AT_ONCE]
        for case in _cases(some):
            for redemption, reason, by in decide(case):
                count += _take_back(redemption.pk, reason, by)
        done += len(some)
        progress(done, total)
    return count


def _take_back(redemption_id: int, reason: str, by: Basket) -> int:
    """1, or 0 where a till took it back meanwhile."""
    return int(reverse(redemption_id, reason, by=by).reversed_by_id == by.pk)


# Receipts that are named by a void or return and have a redemption that stands and that this may
# concern: one that a record of theirs was cleared by, but not where both record and return name
# a line and these differ; or one made online, whose record never came.
_UNDONE = """
    SELECT undoing.original_id
    FROM pos_integration_undoing undoing
    JOIN pos_integration_redemptionrecord record ON record.basket_id = undoing.original_id
    JOIN coupons_redemption redemption ON redemption.record_id = record.id
    JOIN coupons_offer offer ON offer.id = redemption.offer_id
    WHERE redemption.reversed_at IS NULL AND (
        undoing.line_number IS NULL OR undoing.original_line IS NULL
        OR record.line_number IS NULL OR record.line_number = undoing.original_line
        OR offer.kind IN ('multi_buy', 'threshold')
    )
    UNION
    SELECT undoing.original_id
    FROM coupons_redemption redemption
    JOIN pos_integration_basket basket ON basket.store_id = redemption.store_id
        AND basket.till = redemption.till AND basket.business_date = redemption.business_date
        AND basket.receipt = redemption.receipt
    JOIN pos_integration_undoing undoing ON undoing.original_id = basket.id
    WHERE redemption.record_id IS NULL AND redemption.reversed_at IS NULL
    ORDER BY 1
"""


def _receipts_undone() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_UNDONE)
        return [basket for (basket,) in cursor.fetchall()]


def _own_receipt_void() -> list[tuple[int, Basket]]:
    """Redemptions made online whose own receipt then came as a void: the sale was broken off."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT redemption.id, basket.id
            FROM coupons_redemption redemption
            JOIN pos_integration_basket basket ON basket.store_id = redemption.store_id
                AND basket.till = redemption.till
                AND basket.business_date = redemption.business_date
                AND basket.receipt = redemption.receipt
            WHERE redemption.record_id IS NULL AND redemption.reversed_at IS NULL
                AND basket.kind = 'void' AND redemption.redeemed_at > %s
            ORDER BY redemption.id
            """,
            [timezone.now() - OWN_VOID_LOOKED_FOR],
        )
        found = cursor.fetchall()
    baskets = Basket.objects.in_bulk([basket for _, basket in found])
    return [(redemption, baskets[basket]) for redemption, basket in found]


@dataclass(frozen=True)
class Returned:
    """A line that came back: `line` of the receipt where the till said which, else `product`."""

    by: Basket
    line: int | None
    product: int
    quantity: Decimal


@dataclass
class Case:
    """A receipt that was taken back in whole or in part, and the redemptions that stand on it."""

    basket: Basket
    items: list[pricing.Item]
    void_by: Basket | None = None
    returned: list[Returned] = field(default_factory=list)
    redemptions: list[Redemption] = field(default_factory=list)
    covered: dict[int, frozenset[int]] = field(default_factory=dict)  # by offer


def _cases(baskets: Sequence[int]) -> list[Case]:
    """Read what is known of these receipts (ids)."""
    items = receipts.items_on(baskets)
    cases = {
        basket.pk: Case(basket, items[basket.pk])
        for basket in Basket.objects.filter(pk__in=baskets).select_related("store").order_by("pk")
    }
    undoings = list(
        Undoing.objects.filter(original__in=baskets).select_related("basket").order_by("pk")
    )
    # A return that was itself made void took nothing back.
    not_so = set(
        Undoing.objects.filter(
            original__in={one.basket_id for one in undoings}, line_number=None
        ).values_list("original", flat=True)
    )
    given_back = {
        (basket, number): (product, quantity)
        for basket, number, product, quantity in BasketLine.objects.filter(
            basket__in={one.basket_id for one in undoings}
        ).values_list("basket", "number", "product", "quantity")
    }
    for one in undoings:
        assert one.original_id is not None
        case = cases[one.original_id]
        if one.basket_id in not_so:
            continue
        if one.line_number is None:
            case.void_by = case.void_by or one.basket
        elif (line := given_back.get((one.basket_id, one.line_number))) is not None:
            case.returned.append(Returned(one.basket, one.original_line, *line))
    _add_redemptions(cases)
    return list(cases.values())


def _add_redemptions(cases: dict[int, Case]) -> None:
    """Put to each receipt the redemptions that stand on it, by their record or by its key."""
    standing = Redemption.objects.filter(reversed_at=None).select_related(
        "offer", "record", "coupon__level"
    )
    found = list(standing.filter(record__basket__in=cases).order_by("pk"))
    by_key = {_key(case.basket): case for case in cases.values()}
    without_record = standing.filter(
        record=None,
        store__in={case.basket.store_id for case in cases.values()},
        business_date__in={case.basket.business_date for case in cases.values()},
    )
    found += [one for one in without_record.order_by("pk") if _key(one) in by_key]
    covered = receipts.covered(
        {one.offer_id: one.offer for one in found}.values(),
        {item.product for case in cases.values() for item in case.items},
    )
    for one in found:
        case = cases[one.record.basket_id] if one.record else by_key[_key(one)]
        case.redemptions.append(one)
        case.covered[one.offer_id] = covered[one.offer_id]


def _key(one: Basket | Redemption) -> tuple[object, ...]:
    return one.store_id, one.till, one.business_date, one.receipt


def decide(case: Case) -> list[tuple[Redemption, str, Basket]]:
    """Which redemptions of the receipt are taken back, why, and by which receipt."""
    if case.void_by is not None:
        return [(one, RECEIPT_VOID, case.void_by) for one in case.redemptions]
    if not case.returned:
        return []
    claims = {one.pk: _claim(one, case.covered[one.offer_id]) for one in case.redemptions}
    places = money.digits(case.basket.store.currency)
    left = kept(case.items, case.returned, places)
    earned = pricing.price(left, list(claims.values()), places)
    decided = []
    for one in case.redemptions:
        claim = claims[one.pk]
        still = earned[claim.key]
        if isinstance(still, pricing.Saving) and still.amount >= one.amount:
            continue
        by = next((back.by for back in case.returned if _is_used_on(claim, back)), None)
        if by is not None:
            decided.append((one, RETURNED, by))
    return decided


def _claim(redemption: Redemption, products: frozenset[int]) -> pricing.Claim:
    record = redemption.record
    return pricing.Claim(
        key=f"{record.position:05}" if record else f"online {redemption.pk:020}",
        terms=pricing.terms_of(judging.terms_of(redemption)),
        products=products,
        line=record.line_number if record else None,
        taken=redemption.amount,
    )


def _is_used_on(claim: pricing.Claim, back: Returned) -> bool:
    """Whether the coupon may have been used on what came back."""
    if claim.terms.kind in pricing.ONE_UNIT and None not in (claim.line, back.line):
        return claim.line == back.line
    return not claim.products or back.product in claim.products


def kept(
    items: Sequence[pricing.Item], returned: Sequence[Returned], places: int = 2
) -> list[pricing.Item]:
    """What is left of a receipt after returns; what was kept of a line keeps its price a unit.

    An odd cent stays with what was kept: the coupon may have been on the unit that had it.

    A return that names no line, or one that is of another product, is taken from the lines of
    its product, the last first.
    """
    left = {item.line: item.quantity for item in items}
    products = {item.line: item.product for item in items}
    for back in returned:
        lines = [item.line for item in reversed(items) if item.product == back.product]
        if back.line is not None and products.get(back.line) == back.product:
            lines = [back.line]
        quantity = back.quantity
        for line in lines:
            taken = min(left[line], quantity)
            left[line] -= taken
            quantity -= taken
    return [
        replace(item, quantity=left[item.line], price=_share(item, left[item.line], places))
        for item in items
        if left[item.line] > 0
    ]


def _share(item: pricing.Item, quantity: Decimal, places: int) -> Decimal:
    share = item.price * quantity / item.quantity
    return share.quantize(Decimal(1).scaleb(-places), ROUND_CEILING)
