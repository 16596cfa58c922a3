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
    records = (
        RedemptionRecord.objects.filter(redemption=None, refusal=None)
        .select_for_update(of=("self",), skip_locked=True)
        .select_related("basket__store")
        .order_by("basket__business_date", "pk")[:RECORDS_AT_ONCE]  # the first use wins
    )
    counts: Counter[str] = Counter()
    for record in records:
        counts[_clear(record)] += 1
    return counts


def _clear(record: RedemptionRecord) -> str:
    coupon, offer = _promise(record.code)
    if coupon is not None and (earlier := _same_use(coupon, record)) is not None:
        # The till redeemed it online; this basket is the receipt of that very use.
        earlier.record = record
        earlier.save(update_fields=["record"])
        return "redemption"
    amounts = _amounts_on_receipt(record, offer) if offer is not None else []
    verdict = judge(record, coupon, offer, amounts)
    verdict.save()
    if coupon is not None and isinstance(verdict, Redemption):
        Coupon.objects.filter(pk=coupon.pk).update(state=Coupon.State.REDEEMED)
    return verdict._meta.model_name or ""


def _promise(text: str) -> tuple[Coupon | None, Offer | None]:
    """Find, and lock, the coupon with this code, or the offer with this code for everybody."""
    try:
        code = codes.normalise(text)
    except codes.CodeError:
        code = ""
    coupon = (
        Coupon.objects.select_for_update(of=("self",))
        .select_related("offer")
        .filter(code=code)
        .first()
    )
    if coupon is not None:
        return coupon, coupon.offer
    return None, Offer.objects.filter(shared_code=text).first()


def _same_use(coupon: Coupon, record: RedemptionRecord) -> Redemption | None:
    basket = record.basket
    return Redemption.objects.filter(
        coupon=coupon,
        record=None,
        store=basket.store_id,
        till=basket.till,
        business_date=basket.business_date,
        receipt=basket.receipt,
    ).first()


def _amounts_on_receipt(record: RedemptionRecord, offer: Offer) -> list[Decimal]:
    """What one unit of each of the offer's products cost, on the receipt or its line, undiscounted.

    A weighed item is one unit, however much it weighs.
    """
    lines = BasketLine.objects.filter(
        basket=record.basket_id,
        kind=BasketLine.Kind.SALE,
        product__in=OfferProduct.objects.filter(offer=offer).values("product"),
    )
    if record.line_number is not None:
        lines = lines.filter(number=record.line_number)
    return [
        (amount + discount) / (max(quantity, Decimal(1)) if unit == "EA" else Decimal(1))
        for amount, discount, quantity, unit in lines.values_list(
            "amount", "discount", "quantity", "unit"
        )
    ]


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
