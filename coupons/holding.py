"""Locks: a coupon is checked against the basket it is for, and held for that receipt a while.

A coupon has one lock at most. One that has timed out holds nothing, and the next receipt takes
its row over.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from coupons import calls, pricing, receipts, scanned, till
from coupons.models import Coupon, CouponLock, Offer, Redemption, Terms
from pos_integration import ground, money, problems, records
from pos_integration.models import Store, Terminal


def hold(terminal: Terminal, text: str, asked: calls.Lock) -> dict[str, Any]:
    """Hold the coupon for the receipt of `asked.basket`; return the lock and what it takes off.

    The basket keeps the rules of uploads. The coupon is priced on it together with the others of
    the receipt: those it lists, those locked for it and those redeemed on it. The same receipt
    asking again gets the same lock, priced anew and for longer.
    Raises UnknownError, and Problem: 409 already_redeemed or locked, 410 expired, 422 for a
    basket that breaks a rule, and wrong_store, wrong_item, not_enough or not_stacked.
    """
    floor, products = ground.of(terminal, [asked.basket])
    store, key = _receipt(terminal, asked.basket, floor)
    day = till.trading_day(store, key.business_date)
    card = asked.card or asked.basket.card or ""
    shown = scanned.Shown(card, day, store.pk, key)
    found = till.find_for_update(text, store, shown)
    coupon, lock, _ = found
    till.refuse_unless_good(coupon, day)
    till.refuse_elsewhere(found, store)
    now = timezone.now()
    is_ours = lock is not None and till.is_for(lock, store, key)
    if lock is not None and lock.expires_at > now and not is_ours:
        raise till.locked(lock)
    token = lock.token if lock is not None and is_ours else secrets.token_urlsafe(32)
    labels = ground.labelled(floor).get(store.pk, {})
    products |= {code: label.product for code, label in labels.items()}
    named = _named(asked.basket, shown, text, coupon)
    amount, line = _price(coupon, asked.basket, named, products, store, key, now)
    expires_at = now + timedelta(seconds=asked.ttl_s)
    with connection.cursor() as cursor:
        cursor.execute(
            _HOLD,
            {
                "coupon": coupon.pk,
                "token": token,
                "terminal": terminal.pk,
                **_columns(store, key),
                "amount": amount,
                "line": line,
                "expires_at": expires_at,
            },
        )
    return {
        "lock": token,
        "expires_at": expires_at.isoformat(),
        "amount": str(amount),
        "line": line,
    }


_HOLD = """
    INSERT INTO coupons_couponlock (
        coupon_id, token, terminal_id, store_id, till, business_date, receipt, amount,
        line_number, expires_at
    )
    VALUES (
        %(coupon)s, %(token)s, %(terminal)s, %(store)s, %(till)s, %(business_date)s, %(receipt)s,
        %(amount)s, %(line)s, %(expires_at)s
    )
    ON CONFLICT (coupon_id) DO UPDATE SET
        token = excluded.token, terminal_id = excluded.terminal_id, store_id = excluded.store_id,
        till = excluded.till, business_date = excluded.business_date, receipt = excluded.receipt,
        amount = excluded.amount, line_number = excluded.line_number,
        expires_at = excluded.expires_at
"""


def release(terminal: Terminal, text: str, token: str, card: str = "") -> dict[str, Any]:
    """Let the lock `token` of the coupon go; return whether it was there to let go.

    Only the terminal's own store may: another's token is as good as none. Raises UnknownError.
    """
    shown = scanned.Shown(card, till.store_today(terminal.store), token=token)
    coupon = till.find_for_update(text, terminal.store, shown).coupon
    locks = CouponLock.objects.filter(coupon=coupon, token=token, expires_at__gt=timezone.now())
    if not terminal.is_collector:
        locks = locks.filter(store=terminal.store)
    return {"released": bool(locks.delete()[0])}


def purge(now: datetime) -> int:
    """Forget locks that timed out; returns how many."""
    return CouponLock.objects.filter(expires_at__lt=now).delete()[0]


def _receipt(
    terminal: Terminal, basket: records.Basket, floor: records.Floor
) -> tuple[Store, calls.BasketKey]:
    """Check `basket` as an upload's is and return its store and its key; Problem 422."""
    if fault := records.check(basket, floor):
        raise problems.Problem(422, fault.code, fault.detail)
    if basket.kind != "sale":
        raise problems.Problem(
            422, "no_sale", f"A coupon is used on a sale, and this is a {basket.kind}."
        )
    assert basket.store is not None
    assert isinstance(basket.till, int)
    assert basket.business_date is not None
    key = calls.BasketKey(basket.store, basket.till, basket.business_date, basket.receipt)
    return till.store_of(terminal, basket.store), key


def _price(
    coupon: Coupon,
    basket: records.Basket,
    named: dict[str, records.Coupon],
    products: dict[str, int],
    store: Store,
    key: calls.BasketKey,
    now: datetime,
) -> tuple[Decimal, int]:
    """Return what `coupon` takes off beside the others of its receipt, and the first such line.

    named: the coupons that the basket lists, by code.
    """
    laid_down = [_LaidDown(coupon.code, coupon.offer, coupon.terms, None)]
    if _has_others(coupon, store, key, now) or named:
        laid_down += _others(coupon, named, store, key, now)
    covered, lowest = _goods({one.offer.pk: one.offer for one in laid_down}, products.values())
    claims = [
        pricing.Claim(
            key=one.code,
            terms=pricing.terms_of(one.terms),
            products=covered[one.offer.pk],
            line=named[one.code].line if one.code in named else None,
            taken=one.taken,
        )
        for one in laid_down
    ]
    places = money.digits(store.currency)
    saving = pricing.price(_items(basket, products, lowest), claims, places)[coupon.code]
    if isinstance(saving, pricing.Shortfall):
        raise problems.Problem(422, saving.value, _WORDS[saving].format(coupon.offer.name))
    return saving.amount, saving.offs[0].line


class _LaidDown(NamedTuple):
    """A coupon on the receipt, and what it took off, or may."""

    code: str
    offer: Offer
    terms: Terms
    taken: Decimal | None


_WORDS = {
    pricing.Shortfall.WRONG_ITEM: "No item of {} is on the receipt, or not on that line.",
    pricing.Shortfall.NOT_ENOUGH: "Too few units of {} are on the receipt, or too little is spent.",
    pricing.Shortfall.NOT_STACKED: "Other coupons are on every item of {}, and do not add up.",
}


def _others(
    coupon: Coupon,
    named: dict[str, records.Coupon],
    store: Store,
    key: calls.BasketKey,
    now: datetime,
) -> Iterator[_LaidDown]:
    """Yield the other coupons of the receipt.

    Those redeemed on it or locked for it, and of those that the basket lists the ones that could
    still be redeemed on it, in this store; and codes for everybody.
    """
    receipt = _columns(store, key)
    redeemed = dict(
        Redemption.objects.filter(**receipt, reversed_at=None)
        .exclude(coupon=None)
        .values_list("coupon", "amount")
    )
    held = {
        lock.coupon_id: lock
        for lock in CouponLock.objects.filter(
            Q(**receipt) | Q(coupon__code__in=named), expires_at__gt=now
        )
    }
    day = till.trading_day(store, key.business_date)
    for other in (
        Coupon.objects.filter(
            (Q(code__in=named) | Q(pk__in=held)) & till.good_in(store, "offer") | Q(pk__in=redeemed)
        )
        .exclude(pk=coupon.pk)
        .select_related("offer", "level__offer")
        .order_by("pk")
    ):
        lock = held.get(other.pk)
        if other.pk in redeemed:
            yield _LaidDown(other.code, other.offer, other.terms, redeemed[other.pk])
        elif till.state_on(other, day) != "good":
            continue
        elif lock is None:
            amount = Decimal(named[other.code].amount)
            yield _LaidDown(other.code, other.offer, other.terms, amount)
        elif till.is_for(lock, store, key):
            yield _LaidDown(other.code, other.offer, other.terms, lock.amount)
    texts = {one.code: one for one in named.values()}
    for offer in Offer.objects.filter(
        till.good_in(store), shared_code__in=texts, valid_from__lte=day, valid_to__gte=day
    ).order_by("pk"):
        assert offer.shared_code is not None
        yield _LaidDown(offer.shared_code, offer, offer, Decimal(texts[offer.shared_code].amount))


def _columns(store: Store, key: calls.BasketKey) -> dict[str, Any]:
    """The receipt `key` as rows have it."""
    return {
        "store": store.pk,
        "till": key.till,
        "business_date": key.business_date,
        "receipt": key.receipt,
    }


# In one trip: wait for other locks on this receipt, since each must see the coupons of those before
# it, and then look.
_OTHERS = """
    SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 1));
    SELECT EXISTS (
        SELECT FROM coupons_redemption WHERE store_id = %(store)s AND till = %(till)s
        AND business_date = %(business_date)s AND receipt = %(receipt)s AND reversed_at IS NULL
    ) OR EXISTS (
        SELECT FROM coupons_couponlock WHERE store_id = %(store)s AND till = %(till)s
        AND business_date = %(business_date)s AND receipt = %(receipt)s
        AND expires_at > %(now)s AND coupon_id <> %(coupon)s
    )
"""


def _has_others(coupon: Coupon, store: Store, key: calls.BasketKey, now: datetime) -> bool:
    """Return whether other coupons were redeemed on the receipt, or are locked for it.

    Until the transaction ends, no other call locks a coupon for it.
    """
    receipt = _columns(store, key)
    name = "/".join(map(str, receipt.values()))
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, {**receipt, "name": name, "now": now, "coupon": coupon.pk})
        return bool(cursor.fetchone()[0])


def _goods(
    offers: dict[int, Offer], products: Collection[int]
) -> tuple[dict[int, frozenset[int]], dict[int, Decimal]]:
    """Return which of `products` each offer covers, and of those that have one the lowest price.

    Empty is what an offer covers that has no products at all: on a threshold, everything.
    """
    found: dict[int, set[int]] = {offer: set() for offer in offers}
    lowest = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT product.id, product.lowest_price, offered.offer_id
            FROM pos_integration_product AS product
            LEFT JOIN coupons_offerproduct AS offered
                ON offered.product_id = product.id AND offered.offer_id = ANY(%s)
            WHERE product.id = ANY(%s)
            """,
            [list(offers), list(products)],
        )
        for product, price, offer in cursor.fetchall():
            if offer is not None:
                found[offer].add(product)
            if price is not None:
                lowest[product] = price
    some = {pk: frozenset(goods) for pk, goods in found.items() if goods}
    return some | receipts.covered([offers[pk] for pk in found.keys() - some.keys()], []), lowest


def _items(
    basket: records.Basket, products: dict[str, int], lowest: dict[int, Decimal]
) -> list[pricing.Item]:
    """Return what the receipt sells, each line at its price before coupons."""
    coupons_off: dict[int | None, Decimal] = defaultdict(Decimal)
    for coupon in basket.coupons or ():
        coupons_off[coupon.line] += Decimal(coupon.amount)
    return [
        pricing.Item(
            line=line.line,
            product=products.get(line.code, 0),
            quantity=Decimal(line.quantity),
            # A till may or may not have counted the coupons it lists as discounts of the line.
            price=Decimal(line.amount) + min(Decimal(line.discount), coupons_off[line.line]),
            is_weighed=line.unit != "EA",
            lowest=lowest.get(products.get(line.code, 0)),
        )
        for line in basket.lines
        if line.kind == "sale"
    ]


def _named(
    basket: records.Basket, shown: scanned.Shown, text: str, coupon: Coupon
) -> dict[str, records.Coupon]:
    """Return the coupons that the basket lists, by code; what names none of ours as it stands.

    It may list the one that it asks for, as `text`.
    """
    listed = basket.coupons or ()
    others = {one.code for one in listed} - {text.strip()}
    found = {text.strip(): coupon.code, **scanned.codes_of(others, shown)}
    return {found[one.code] or one.code: one for one in listed}
