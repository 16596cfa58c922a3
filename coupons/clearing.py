"""Clear what tills honoured against what we promised: a Redemption or a Refusal for each."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from itertools import groupby
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, QuerySet

from coupons import judging, pricing, receipts, reversing, scanned
from coupons.models import Coupon, LedgerEntry, Offer, OfferLevel, Redemption, Refusal, Terms
from pos_integration import money
from pos_integration.models import Basket, RedemptionRecord, Store, Undoing

RECORDS_AT_ONCE = 500
RECORDS_LISTED = 10_000  # at once: to put all that wait in order is not for every batch
Progress = Callable[[int, int], None]


def clear_redemptions(progress: Progress = lambda done, total: None) -> Counter[str]:
    """Give every till record not yet cleared its Redemption or its Refusal.

    Returns how many of each. No record is skipped and none is judged twice, so this may run at
    any time, even beside itself: rows another run holds are left to it.

    A record whose coupon was used before waits until the returns and voids of that other use are
    taken into account: a receipt made void and rung up again is the usual reason for two uses.
    """
    counts: Counter[str] = Counter()
    waiting = _waiting().count()
    put_off: set[int] = set()
    while listed := _list_waiting():
        before = counts.total()
        now_put_off: set[int] = set()
        for pks in _batches(listed):
            batch = _clear_some(pks, put_off)
            counts += batch.counts
            progress(min(counts.total(), waiting), waiting)
            now_put_off |= batch.put_off
        if now_put_off:
            reversing.reverse_undone()
            put_off |= now_put_off
        elif counts.total() == before:
            break  # another run has what is left
    return counts


def _waiting() -> QuerySet[RedemptionRecord]:
    return RedemptionRecord.objects.filter(redemption=None, refusal=None)


def _list_waiting() -> list[tuple[int, int]]:
    """The next records to clear and their baskets, by id: the first use wins, so the earlier day
    goes first, and of one day the receipt that ended first.
    """
    order = ("basket__business_date", F("basket__ended_at").asc(nulls_last=True), "basket_id", "pk")
    listed = list(_waiting().order_by(*order).values_list("pk", "basket_id")[:RECORDS_LISTED])
    if len(listed) < RECORDS_LISTED:
        return listed
    last = listed[-1][1]  # of this receipt some may be beyond the end
    return [record for record in listed if record[1] != last] or listed


def _batches(listed: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Cut the list between receipts: what goes together is judged together."""
    batch: list[int] = []
    for _, on_receipt in groupby(listed, key=lambda record: record[1]):
        batch += (pk for pk, _ in on_receipt)
        if len(batch) >= RECORDS_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


class _Use(NamedTuple):
    """A till's record with the coupon, or the offer for everybody, that its code names."""

    record: RedemptionRecord
    coupon: Coupon | None
    offer: Offer | None

    @property
    def terms(self) -> Terms | None:
        """What the code takes off: the coupon's own level, or its offer."""
        return self.coupon.terms if self.coupon else self.offer


@dataclass
class _Batch:
    """Records judged together, and the uses of their coupons known so far."""

    uses_of: dict[int, list[Redemption]]  # by coupon, oldest first
    items: dict[int, list[pricing.Item]]  # by basket
    covered: dict[int, frozenset[int]]  # by offer
    stores: dict[int, set[int]]  # by offer, of those that are not good everywhere
    others: dict[int, list[Redemption]]  # by basket: cleared before, of the same receipt
    put_off_before: set[int]
    redemptions: list[Redemption] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    met: list[Redemption] = field(default_factory=list)
    put_off: set[int] = field(default_factory=set)

    @property
    def counts(self) -> Counter[str]:
        return +Counter(
            redemption=len(self.redemptions) + len(self.met), refusal=len(self.refusals)
        )

    def add(self, verdict: judging.Verdict, coupon: Coupon | None) -> None:
        if isinstance(verdict, Refusal):
            self.refusals.append(verdict)
            return
        self.redemptions.append(verdict)
        if coupon is not None:
            coupon.state = Coupon.State.REDEEMED  # for the next record of this batch
            self.uses_of.setdefault(coupon.pk, []).append(verdict)


@transaction.atomic
def _clear_some(pks: list[int], put_off: set[int]) -> _Batch:
    records = _records(pks)
    coupons = _coupons(records)
    shared = Offer.objects.in_bulk([record.code for record in records], field_name="shared_code")
    uses = [
        _Use(record, coupon, coupon.offer if coupon else shared.get(record.code))
        for record, coupon in zip(records, coupons, strict=True)
    ]
    batch = _facts(uses, put_off)
    for _, on_receipt in groupby(uses, key=lambda use: use.record.basket_id):
        _judge_receipt(list(on_receipt), batch)
    _write(batch)
    return batch


def _records(pks: list[int]) -> list[RedemptionRecord]:
    """Lock those of these records that still wait and no other run holds, in the order given."""
    locked = RedemptionRecord.objects.filter(pk__in=pks).order_by("pk")
    found = {record.pk: record for record in locked.select_for_update(skip_locked=True)}
    # Asked after the lock: another run may have cleared some since they were listed.
    for table in (Redemption, Refusal):
        for done in table.objects.filter(record__in=list(found)).values_list("record", flat=True):
            del found[done]
    # One object for each receipt and store, however many records name it.
    baskets = Basket.objects.in_bulk({record.basket_id for record in found.values()})
    stores = Store.objects.in_bulk({basket.store_id for basket in baskets.values()})
    for basket in baskets.values():
        basket.store = stores[basket.store_id]
    for record in found.values():
        record.basket = baskets[record.basket_id]
    return [found[pk] for pk in pks if pk in found]


def _coupons(records: list[RedemptionRecord]) -> list[Coupon | None]:
    """Find, and lock, the coupon that each record names; None where no coupon of ours has it."""
    named = scanned.candidates([(one.code, one.basket.card_number) for one in records])
    locked = list(
        # In one order, so that two runs at once wait for each other and do not deadlock.
        Coupon.objects.select_for_update()
        .filter(code__in={code for some in named for code in some})
        .order_by("pk")
    )
    offers = Offer.objects.in_bulk({coupon.offer_id for coupon in locked})
    raised = {coupon.level_id for coupon in locked if coupon.level_id is not None}
    levels = OfferLevel.objects.in_bulk(raised) if raised else {}
    for coupon in locked:
        coupon.offer = offers[coupon.offer_id]
        if coupon.level_id is not None:
            coupon.level = levels[coupon.level_id]
            coupon.level.offer = coupon.offer
    found = {coupon.code: coupon for coupon in locked}
    meant = [[found[code] for code in some if code in found] for some in named]
    return _chosen(records, meant)


def _chosen(
    records: Sequence[RedemptionRecord], meant: Sequence[Sequence[Coupon]]
) -> list[Coupon | None]:
    """Return of the coupons, locked, that each record may mean the one that it used.

    Several are a household's that have one EAN-13. That is the one which the till redeemed online
    on this receipt; else one that is good and that no record before took, worth most.
    """
    several = {coupon.pk for some in meant if len(some) > 1 for coupon in some}
    online: dict[int, list[Redemption]] = {}
    if several:
        for redemption in Redemption.objects.filter(coupon__in=several, record=None):
            assert redemption.coupon_id is not None
            online.setdefault(redemption.coupon_id, []).append(redemption)
    taken: set[int] = set()
    chosen = []
    for record, some in zip(records, meant, strict=True):

        def rank(coupon: Coupon, basket: Basket = record.basket) -> tuple[object, ...]:
            is_taken = coupon.pk in taken
            used_here = any(judging.is_on(one, basket) for one in online.get(coupon.pk, ()))
            return (
                is_taken or not used_here,
                max(is_taken, scanned.usefulness(coupon, basket.business_date)),
                is_taken,
                -coupon.terms.face_value,
                coupon.valid_to,
                coupon.pk,
            )

        coupon = min(some, key=rank, default=None)
        if coupon is not None:
            taken.add(coupon.pk)
        chosen.append(coupon)
    return chosen


def _facts(uses: Sequence[_Use], put_off: set[int]) -> _Batch:
    """Read, after the coupons are locked, all that judging these uses needs."""
    baskets = {use.record.basket_id for use in uses}
    uses_of: dict[int, list[Redemption]] = {}
    of_these = Redemption.objects.filter(coupon__in={use.coupon.pk for use in uses if use.coupon})
    for redemption in of_these.select_related("store").order_by("pk"):
        assert redemption.coupon_id is not None
        uses_of.setdefault(redemption.coupon_id, []).append(redemption)
    others: dict[int, list[Redemption]] = {}
    on_these = Redemption.objects.filter(record__basket__in=baskets, reversed_at=None)
    of_them = on_these.select_related("offer", "record", "coupon__level")
    for redemption in of_them.order_by("record__position"):
        assert redemption.record is not None
        others.setdefault(redemption.record.basket_id, []).append(redemption)
    items = receipts.items_on(baskets)
    offers = {use.offer.pk: use.offer for use in uses if use.offer}
    offers |= {one.offer_id: one.offer for some in others.values() for one in some}
    products = {item.product for some in items.values() for item in some}
    covered = receipts.covered(offers.values(), products)
    return _Batch(uses_of, items, covered, _stores(offers), others, put_off)


def _stores(offers: Collection[int]) -> dict[int, set[int]]:
    """Where each offer (by id) is good, by store's id; those good everywhere are left out."""
    stores: dict[int, set[int]] = {}
    places = Offer.stores.through.objects.filter(offer__in=offers)
    for offer, store in places.values_list("offer_id", "store_id"):
        stores.setdefault(offer, set()).add(store)
    return stores


def _judge_receipt(uses: list[_Use], batch: _Batch) -> None:
    """Judge the records of one receipt together: what may be on one item depends on the rest."""
    basket = uses[0].record.basket
    fair = []
    laid_down = [
        _claim(other.record, judging.terms_of(other), batch.covered[other.offer_id])
        for other in batch.others.get(basket.pk, [])
        if other.record is not None
    ]
    for use in uses:
        if (met := _same_use(use, batch)) is not None:
            _meet(met, use.record, batch)
            laid_down.append(_claim_of(use, batch))
        elif not _is_settled(use, batch):
            fair.append(use)
    while fair:
        # A coupon that the receipt names twice is judged once; the second then finds it used.
        once: dict[object, _Use] = {}
        for use in fair:
            once.setdefault(use.coupon.pk if use.coupon else use.record, use)
        _price_together(list(once.values()), laid_down, batch)
        chosen = {use.record.pk for use in once.values()}
        fair = [use for use in fair if use.record.pk not in chosen and not _is_settled(use, batch)]


def _is_settled(use: _Use, batch: _Batch) -> bool:
    """Refuse or put off what the coupon's own state decides; False: it depends on the receipt."""
    earlier = batch.uses_of.get(use.coupon.pk, []) if use.coupon else []
    stores = batch.stores.get(use.offer.pk, ()) if use.offer else ()
    refusal = judging.judge_coupon(use.record, use.coupon, use.offer, stores)
    if refusal is None and any(judging.is_on(one, use.record.basket) for one in earlier):
        refusal = judging.refuse(
            use.record,
            Refusal.Reason.ALREADY_REDEEMED,
            "its receipt names it twice, it is good once",
        )
    elif refusal is None and use.coupon and use.coupon.state == Coupon.State.REDEEMED:
        winner = earlier[-1] if earlier else None
        if use.record.pk not in batch.put_off_before and winner and _may_be_undone(winner):
            batch.put_off.add(use.record.pk)
            return True
        refusal = judging.used_before(use.record, winner)
    if refusal is not None:
        batch.refusals.append(refusal)
    return refusal is not None


def _price_together(uses: Sequence[_Use], laid_down: list[pricing.Claim], batch: _Batch) -> None:
    """Judge what these take off their receipt, beside what is honoured on it already."""
    basket = uses[0].record.basket
    items = batch.items[basket.pk]
    places = money.digits(basket.store.currency)
    claims = {use.record.pk: _claim_of(use, batch) for use in uses}
    # Where nothing was taken off, nothing is in the way of others.
    taking = [claims[use.record.pk] for use in uses if use.record.amount]
    found = pricing.price(items, [*laid_down, *taking], places)
    for use in uses:
        claim = claims[use.record.pk]
        if not use.record.amount:
            found |= pricing.price(items, [claim], places)
        assert use.offer is not None
        verdict = judging.judge(use.record, use.coupon, use.offer, claim, found[claim.key], items)
        batch.add(verdict, use.coupon)
        if isinstance(verdict, Redemption):
            laid_down.append(claim)


def _claim_of(use: _Use, batch: _Batch) -> pricing.Claim:
    assert use.offer is not None
    assert use.terms is not None
    return _claim(use.record, use.terms, batch.covered[use.offer.pk])


def _claim(record: RedemptionRecord, terms: Terms, products: frozenset[int]) -> pricing.Claim:
    return pricing.Claim(
        key=f"{record.position:05}",  # of equal coupons, the one laid down first
        terms=pricing.terms_of(terms),
        products=products,
        line=record.line_number,
        taken=record.amount,
    )


def _same_use(use: _Use, batch: _Batch) -> Redemption | None:
    """The redemption that this record tells of, where a till redeemed online on that receipt.

    One that stands goes before one that was taken back. While one of this receipt stands and has
    its record, another record of the same receipt is a second use.
    """
    if use.coupon is None:
        return None
    here = [
        one for one in batch.uses_of.get(use.coupon.pk, []) if judging.is_on(one, use.record.basket)
    ]
    standing = [one for one in here if one.reversed_at is None]
    return next((one for one in standing or reversed(here) if one.record_id is None), None)


def _meet(redemption: Redemption, record: RedemptionRecord, batch: _Batch) -> None:
    """The till redeemed it online; this basket is the receipt of that very use.

    Nobody is charged more than the shopper got: a smaller amount on the receipt counts, unless
    the use was booked already. Of a larger one only what was agreed online is ours; the record
    keeps what the till took.
    """
    redemption.record = record
    if record.amount < redemption.amount and not _is_booked(redemption):
        redemption.amount = record.amount
    batch.met.append(redemption)


def _is_booked(redemption: Redemption) -> bool:
    return LedgerEntry.objects.filter(redemption=redemption).exists()


def _may_be_undone(redemption: Redemption) -> bool:
    """Whether it stands though its receipt is named by a return or void, or is void itself."""
    if redemption.reversed_at is not None:
        return False
    receipt = Basket.objects.filter(
        store=redemption.store_id,
        till=redemption.till,
        business_date=redemption.business_date,
        receipt=redemption.receipt,
    )
    is_void = receipt.filter(kind=Basket.Kind.VOID).exists()
    return is_void or Undoing.objects.filter(original__in=receipt).exists()


def _write(batch: _Batch) -> None:
    Redemption.objects.bulk_update(batch.met, ["record", "amount"])
    Redemption.objects.bulk_create(batch.redemptions)
    Refusal.objects.bulk_create(batch.refusals)
    Coupon.objects.filter(
        pk__in=[one.coupon_id for one in batch.redemptions if one.coupon_id]
    ).update(state=Coupon.State.REDEEMED)
    for redemption in batch.met:
        record = redemption.record
        assert record is not None
        if record.basket.kind != Basket.Kind.SALE:
            reversing.reverse(redemption.pk, reversing.RECEIPT_VOID, by=record.basket)


def worth(terms: Terms, price: Decimal) -> Decimal:
    """The most that is off one item of this price: never more than the price."""
    item = pricing.Item(1, 1, Decimal(1), price.quantize(Decimal("0.01"), ROUND_DOWN))
    claim = pricing.Claim("", pricing.terms_of(terms), frozenset([1]))
    due = pricing.price([item], [claim])[""]
    return due.amount if isinstance(due, pricing.Saving) else Decimal("0.00")
