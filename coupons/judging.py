"""The rules by which what a till honoured stands, or is refused: each decides, none writes."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from coupons import pricing, receipts, scanned
from coupons.models import Coupon, Offer, Redemption, Refusal, Terms
from coupons.sheets import codes
from pos_integration import money
from pos_integration.models import Basket, RedemptionRecord

Verdict = Redemption | Refusal
Reason = Refusal.Reason
DETAIL_LENGTH = 200


def terms_of(redemption: Redemption) -> Terms:
    """What it takes off; `select_related("offer", "coupon__level")` where there are many."""
    level = redemption.coupon.level if redemption.coupon else None
    if level is None:
        return redemption.offer
    level.offer = redemption.offer
    return level


def judge_coupon(
    record: RedemptionRecord,
    coupon: Coupon | None,
    offer: Offer | None,
    stores: Collection[int] = (),
) -> Refusal | None:
    """The first rule that `record` breaks by its code, its receipt's kind, its day or its store.

    stores: by id, where the offer is good; empty: everywhere.
    """
    basket = record.basket
    if offer is None:
        return refuse(record, Reason.UNKNOWN_CODE, _unknown(record))
    if basket.kind != Basket.Kind.SALE:
        return refuse(
            record, Reason.RECEIPT_VOID, f"its receipt is a {basket.kind}: nothing was sold on it"
        )
    if coupon is not None and coupon.state == Coupon.State.VOID:
        return refuse(record, Reason.VOID, f"{codes.grouped(coupon.code)} was made void")
    if coupon is not None and coupon.state == Coupon.State.REDEEMED:
        return None  # when and where decides what that means
    valid_from, valid_to = (
        (coupon.valid_from, coupon.valid_to) if coupon else (offer.valid_from, offer.valid_to)
    )
    if not valid_from <= basket.business_date <= valid_to:
        return refuse(
            record,
            Reason.OUT_OF_DATE,
            f"used on {basket.business_date}, good from {valid_from} to {valid_to}",
        )
    if stores and basket.store_id not in stores:
        where = "another store" if len(stores) == 1 else f"{len(stores):,} other stores"
        return refuse(
            record, Reason.WRONG_STORE, f"used in store {basket.store.number}, good in {where} only"
        )
    return None


def _unknown(record: RedemptionRecord) -> str:
    why = f"no coupon or offer has {record.code!r}"
    if not scanned.is_for_card(record.code):
        return why
    card = record.basket.card_number
    return f"{why} together with {f'the card {card}' if card else 'no card'}"


def used_before(record: RedemptionRecord, winner: Redemption | None) -> Refusal:
    """Refuse the use of a coupon whose other use, `winner`, counts.

    Of two uses on one day, or where the other came in first but is of a later day, neither till
    could know of the other: a conflict. A use on a later day is one the till should have refused.
    """
    basket = record.basket
    if winner is None:
        return refuse(record, Reason.ALREADY_REDEEMED, "the coupon was redeemed before")
    where = (
        f"used at store {winner.store.number}, till {winner.till}, receipt {winner.receipt} "
        f"on {winner.business_date}"
    )
    if winner.reversed_at is not None:
        return refuse(
            record, Reason.ALREADY_REDEEMED, f"{where}; that came back, but it stays used"
        )
    if basket.business_date <= winner.business_date:
        return refuse(record, Reason.CONFLICT, f"{where}, which was cleared first")
    return refuse(record, Reason.ALREADY_REDEEMED, where)


def judge(
    record: RedemptionRecord,
    coupon: Coupon | None,
    offer: Offer,
    claim: pricing.Claim,
    due: pricing.Saving | pricing.Shortfall,
    items: Sequence[pricing.Item],
) -> Verdict:
    """Return, unsaved, the redemption that `record` earns, or why it earns none.

    due: what its claim is worth among all coupons of the receipt; items: what that sold.
    """
    if isinstance(due, pricing.Shortfall):
        return refuse(record, Reason(due.value), _shortfall(due, claim, offer, items))
    if not record.amount:
        return refuse(
            record,
            Reason.NOTHING_OFF,
            f"the till took nothing off, {_said(due.amount, record)} was due",
        )
    if record.amount > due.amount:
        return refuse(
            record,
            Reason.OVER_VALUE,
            f"the till took {_said(record.amount, record)} off, {_said(due.amount, record)} was "
            "due",
        )
    basket = record.basket
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


def _said(amount: Decimal, record: RedemptionRecord) -> str:
    """An amount with the digits of its store's currency."""
    return f"{amount:.{money.digits(record.basket.store.currency)}f}"


def _shortfall(
    why: pricing.Shortfall, claim: pricing.Claim, offer: Offer, items: Sequence[pricing.Item]
) -> str:
    if why is pricing.Shortfall.WRONG_ITEM:
        if claim.line is None:
            return f"no line of the receipt is of {offer.name}"
        return f"line {claim.line} of the receipt is not of {offer.name}"
    if why is pricing.Shortfall.NOT_STACKED:
        return f"another coupon is on all of {offer.name} that it could be on"
    covered = pricing.covered_by(items, claim)
    if offer.kind == Offer.Kind.THRESHOLD:
        return f"{receipts.cost(covered)} was spent on it, {offer.threshold} was wanted"
    bought = pricing.units_bought(covered)
    if bought < offer.units:
        return f"{bought} of {offer.name} bought, {offer.units} were wanted"
    return f"{offer.name} cost {receipts.cost(covered)}, of which nothing can be taken off"


def refuse(record: RedemptionRecord, reason: Refusal.Reason, detail: str) -> Refusal:
    return Refusal(record=record, reason=reason, detail=detail[:DETAIL_LENGTH])


def is_on(redemption: Redemption, basket: Basket) -> bool:
    return (redemption.store_id, redemption.till, redemption.business_date, redemption.receipt) == (
        basket.store_id,
        basket.till,
        basket.business_date,
        basket.receipt,
    )
