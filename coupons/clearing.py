"""Clear what tills honoured against what we promised: a Redemption or a Refusal for each."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.db import transaction

from coupons.models import Coupon, Offer, OfferProduct, Redemption, Refusal
from coupons.sheets import codes
from pos_integration.models import BasketLine, RedemptionRecord

RECORDS_AT_ONCE = 500
Verdict = Redemption | Refusal
Progress = Callable[[int, int], None]


def clear_redemptions(progress: Progress = lambda done, total: None) -> Counter[str]:
    """Give every till record not yet cleared its Redemption or its Refusal.

    Returns how many of each. No record is skipped and none is judged twice, so this may run at
    any time, even beside itself: rows another run holds are left to it.
    """
    counts: Counter[str] = Counter()
    waiting = RedemptionRecord.objects.filter(redemption=None, refusal=None).count()
    while batch := _clear_some():
        counts += batch
        progress(min(counts.total(), waiting), waiting)
    return counts


@transaction.atomic
def _clear_some() -> Counter[str]:
    records = list(
        RedemptionRecord.objects.filter(redemption=None, refusal=None)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("basket__store")
        .order_by("basket__business_date", "pk")[:RECORDS_AT_ONCE]  # the first use wins
    )
    coupons = _coupons(records)
    offers = Offer.objects.in_bulk([record.code for record in records], field_name="shared_code")
    promise_of = {
        record.pk: (coupon, coupon.offer if coupon else offers.get(record.code))
        for record, coupon in zip(records, coupons, strict=True)
    }
    redeemed_online = {
        one.coupon_id: one
        for one in Redemption.objects.filter(
            record=None, coupon__in=[coupon for coupon in coupons if coupon]
        ).select_for_update()
    }
    amounts = _amounts_on_receipts(
        [(record, offer) for record in records if (offer := promise_of[record.pk][1])]
    )
    redemptions: list[Redemption] = []
    refusals: list[Refusal] = []
    met = 0
    for record in records:
        coupon, offer = promise_of[record.pk]
        earlier = redeemed_online.get(coupon.pk) if coupon else None
        if earlier is not None and earlier.record is None and _is_same_use(earlier, record):
            # The till redeemed it online; this basket is the receipt of that very use.
            earlier.record = record
            earlier.save(update_fields=["record"])
            met += 1
            continue
        verdict = judge(record, coupon, offer, amounts.get(record.pk, []))
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
            continue
        redemptions.append(verdict)
        if coupon is not None:
            coupon.state = Coupon.State.REDEEMED  # for the next record of this batch
    Redemption.objects.bulk_create(redemptions)
    Refusal.objects.bulk_create(refusals)
    Coupon.objects.filter(pk__in=[one.coupon_id for one in redemptions if one.coupon_id]).update(
        state=Coupon.State.REDEEMED
    )
    return +Counter(redemption=len(redemptions) + met, refusal=len(refusals))


def _coupons(records: list[RedemptionRecord]) -> list[Coupon | None]:
    """Find, and lock, the coupon that each record names; None where no coupon of ours has it."""
    named = [_as_code(record.code) for record in records]
    found = {
        coupon.code: coupon
        # In one order, so that two runs at once wait for each other and do not deadlock.
        for coupon in Coupon.objects.select_for_update(of=("self",))
        .select_related("offer")
        .filter(code__in=[code for code in named if code])
        .order_by("pk")
    }
    return [found.get(code) for code in named]


def _as_code(text: str) -> str:
    try:
        return codes.normalise(text)
    except codes.CodeError:
        return ""


def _is_same_use(redemption: Redemption, record: RedemptionRecord) -> bool:
    basket = record.basket
    return (redemption.store_id, redemption.till, redemption.business_date, redemption.receipt) == (
        basket.store_id,
        basket.till,
        basket.business_date,
        basket.receipt,
    )


def _amounts_on_receipts(
    claims: list[tuple[RedemptionRecord, Offer]],
) -> dict[int, list[Decimal]]:
    """What one unit of each of the offer's products cost, undiscounted, by record: on the line
    that the till named, or else on any of the receipt. A weighed item is one unit.
    """
    lines = list(
        BasketLine.objects.filter(
            basket__in={record.basket_id for record, _ in claims}, kind=BasketLine.Kind.SALE
        ).values_list("basket", "number", "product", "amount", "discount", "quantity", "unit")
    )
    offered = set(
        OfferProduct.objects.filter(
            offer__in={offer.pk for _, offer in claims}, product__in={line[2] for line in lines}
        ).values_list("offer", "product")
    )
    on_receipt: dict[int, list[tuple[int, int, Decimal]]] = {}
    for basket, number, product, amount, discount, quantity, unit in lines:
        units = max(quantity, Decimal(1)) if unit == "EA" else Decimal(1)
        on_receipt.setdefault(basket, []).append((number, product, (amount + discount) / units))
    return {
        record.pk: [
            cost
            for number, product, cost in on_receipt.get(record.basket_id, [])
            if record.line_number in (None, number) and (offer.pk, product) in offered
        ]
        for record, offer in claims
    }


def judge(
    record: RedemptionRecord,
    coupon: Coupon | None,
    offer: Offer | None,
    amounts: list[Decimal],
) -> Verdict:
    """Return, unsaved, the redemption `record` earns or the first rule it breaks.

    amounts: what one unit cost, before discounts, on each line that the offer covers.
    """
    reason = Refusal.Reason
    if offer is None:
        return _refuse(record, reason.UNKNOWN_CODE, f"no coupon or offer has {record.code!r}")
    basket = record.basket
    if coupon is not None and coupon.state == Coupon.State.VOID:
        return _refuse(record, reason.VOID, f"{coupon.code} was made void")
    if coupon is not None and coupon.state == Coupon.State.REDEEMED:
        return _refuse(record, reason.ALREADY_REDEEMED, f"{coupon.code} was redeemed before")
    valid_from, valid_to = (
        (coupon.valid_from, coupon.valid_to) if coupon else (offer.valid_from, offer.valid_to)
    )
    if not valid_from <= basket.business_date <= valid_to:
        return _refuse(
            record,
            reason.OUT_OF_DATE,
            f"used on {basket.business_date}, good from {valid_from} to {valid_to}",
        )
    if not amounts:
        where = f"line {record.line_number}" if record.line_number else "any line"
        return _refuse(record, reason.WRONG_ITEM, f"{where} of the receipt is not of {offer.name}")
    most = worth(offer, max(amounts))
    if record.amount > most:
        return _refuse(
            record, reason.OVER_VALUE, f"the till took {record.amount} off, {most} was due"
        )
    return Redemption(
        offer=offer,
        coupon=coupon,
        record=record,
        amount=record.amount,
        store=basket.store,
        till=basket.till,
        business_date=basket.business_date,
        receipt=basket.receipt,
    )


def worth(offer: Offer, price: Decimal) -> Decimal:
    """The most that `offer` takes off an item of this price: never more than the price."""
    off = price * offer.percent / 100 if offer.percent is not None else price
    return min(off, price, offer.face_value).quantize(Decimal("0.01"))


def _refuse(record: RedemptionRecord, reason: Refusal.Reason, detail: str) -> Refusal:
    return Refusal(record=record, reason=reason, detail=detail)
