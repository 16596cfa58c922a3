"""Coupons at the till: is it good here and now, burn it once and for all, or take that back.

Everything here runs in the transaction that `answers.answer` opens, and whatever changes a
coupon's state locks the coupon's row first: calls about one coupon follow each other.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from coupons import guessing, payloads, reversing, scanned
from coupons.calls import BasketKey
from coupons.models import (
    Coupon,
    CouponLock,
    Offer,
    OfferLevel,
    OfferProduct,
    OfferRule,
    Redemption,
)
from coupons.sheets import codes
from pos_integration import ground, money, problems
from pos_integration.models import Store, Terminal

STORES_NAMED = 3  # of those where a coupon is good, in a refusal


def store_today(store: Store) -> date:
    """The calendar day at the store's own door."""
    return timezone.now().astimezone(ZoneInfo(store.time_zone)).date()


def trading_day(store: Store, business_date: date) -> date:
    """The day that counts for a receipt rung up now: today, or yesterday if the till says so.

    After midnight a receipt may still belong to yesterday's trading day; what else a till's
    clock may say does not make a coupon younger.
    """
    today = store_today(store)
    return business_date if business_date == today - timedelta(days=1) else today


def find(text: str, card: str, day: date) -> Coupon:
    """Return the coupon that was scanned, of the household whose card is `card` where one is shown.

    Raises UnknownError, in the same words and after as many queries, for what is malformed,
    unknown or another household's.
    """
    # What names none is asked for nevertheless: no code is empty.
    code = scanned.code_of(text, scanned.Shown(card=card, day=day))
    coupons = Coupon.objects.select_related("offer__barcode", "level__offer").filter(code=code)
    if card:
        # PostgreSQL keeps no NUL, so no card has one.
        coupons = coupons.filter(sheet__household__cards__number=card.replace("\0", " "))
    coupon = coupons.first()
    if coupon is None:
        raise guessing.UnknownError("coupon")
    return coupon


# A till waits for this: one trip where the ORM makes two long ones. The second statement begins
# when the row is locked, so what it finds of a lock stays true. Columns in the models' order.
_COUPON = ("id", "code", "offer_id", "level_id", "state", "valid_from", "valid_to")
_OFFER = (
    *("id", "name", "kind", "face_value", "percent", "price", "units", "reduced_units"),
    *("threshold", "stacking_group"),
)
_LEVEL = ("id", "offer_id", "number", "face_value", "percent", "price")
_LOCK = (
    *("id", "coupon_id", "token", "store_id", "till", "business_date", "receipt", "amount"),
    "expires_at",
)
_FIND = f"""
    SELECT FROM coupons_coupon WHERE code = %(code)s FOR UPDATE;
    SELECT {", ".join(f"coupon.{name}" for name in _COUPON)},
        {", ".join(f"offer.{name}" for name in _OFFER)},
        {", ".join(f"level.{name}" for name in _LEVEL)},
        {", ".join(f"lock.{name}" for name in _LOCK)},
        coalesce((
            SELECT NOT bool_or(place.store_id = %(store)s)
            FROM coupons_offer_stores AS place WHERE place.offer_id = coupon.offer_id
        ), false)
    FROM coupons_coupon AS coupon
    JOIN coupons_offer AS offer ON offer.id = coupon.offer_id
    LEFT JOIN coupons_offerlevel AS level ON level.id = coupon.level_id
    LEFT JOIN coupons_couponlock AS lock ON lock.coupon_id = coupon.id
    WHERE coupon.code = %(code)s
"""  # noqa: S608 - our own names


class Found(NamedTuple):
    """A coupon whose row is locked, with its offer and its level."""

    coupon: Coupon
    lock: CouponLock | None  # may have timed out
    is_elsewhere: bool  # its offer is good in other stores only


def find_for_update(text: str, store: Store, shown: scanned.Shown) -> Found:
    """Lock the row of the coupon that was scanned, and say how it stands for `store`.

    Of the coupon and its offer only what is needed to honour it is read. Raises UnknownError as
    `find` does.
    """
    code = scanned.code_of(text, shown, for_update=True)
    with connection.cursor() as cursor:
        cursor.execute(_FIND, {"code": code, "store": store.pk})
        row = cursor.fetchone()
    if row is None:
        raise guessing.UnknownError("coupon")
    values = iter(row)
    of_coupon, of_offer, of_level, of_lock = (
        [*islice(values, len(names))] for names in (_COUPON, _OFFER, _LEVEL, _LOCK)
    )
    coupon = Coupon.from_db(None, _COUPON, of_coupon)
    coupon.offer = Offer.from_db(None, _OFFER, of_offer)
    if coupon.level_id is not None:
        coupon.level = OfferLevel.from_db(None, _LEVEL, of_level)
        coupon.level.offer = coupon.offer
    lock = CouponLock.from_db(None, _LOCK, of_lock) if of_lock[0] is not None else None
    return Found(coupon, lock, next(values))


def state_on(coupon: Coupon, day: date) -> str:
    """Say how the coupon stands on `day`, locks aside: good, redeemed, void, not_yet or expired."""
    if coupon.state != Coupon.State.OPEN:
        return coupon.state
    if day < coupon.valid_from:
        return "not_yet"
    return "expired" if day > coupon.valid_to else "good"


def refuse_unless_good(coupon: Coupon, day: date) -> None:
    """Raise Problem 409 already_redeemed, or 410 expired (also void and not yet valid)."""
    state = state_on(coupon, day)
    if state == "redeemed":
        raise problems.Problem(409, "already_redeemed", "The coupon was redeemed before.")
    if state != "good":
        raise problems.Problem(
            410, "expired", f"Good from {coupon.valid_from} to {coupon.valid_to}; now {state}."
        )


def refuse_elsewhere(found: Found, store: Store) -> None:
    """Raise Problem 422 wrong_store for a coupon that is not good in `store`."""
    if found.is_elsewhere:
        raise problems.Problem(
            422,
            "wrong_store",
            f"{found.coupon.offer.name} is off in {_where(found.coupon.offer)} only, "
            f"not in store {store.number}.",
        )


def _where(offer: Offer) -> str:
    numbers = [*offer.stores.order_by("number").values_list("number", flat=True)]
    if len(numbers) > STORES_NAMED:
        return f"{len(numbers):,} other stores"
    return f"store{'' if len(numbers) == 1 else 's'} {' and '.join(numbers)}"


def good_in(store: Store, offer: str = "pk") -> Q:
    """Keep offers that are good in `store`, or rows whose `offer` (the key's name) is."""
    places = Offer.stores.through.objects.filter(offer=OuterRef(offer))
    return Q(~Exists(places) | Exists(places.filter(store=store)))


def is_for(lock: CouponLock, store: Store, key: BasketKey) -> bool:
    """Return whether `lock` holds its coupon for the receipt `key`."""
    mine = (store.pk, key.till, key.business_date, key.receipt)
    return (lock.store_id, lock.till, lock.business_date, lock.receipt) == mine


def locked(lock: CouponLock) -> problems.Problem:
    """The refusal of what another receipt holds; whose that is, is nobody else's business."""
    until = lock.expires_at.isoformat(timespec="seconds")
    return problems.Problem(
        409, "locked", f"The coupon is held for another receipt until {until} at the latest."
    )


def described(coupon: Coupon) -> dict[str, Any]:
    """What a till shows of a coupon; `barcode` is for screens.

    A QR code's link leads to GS1's resolver: what tills take of it is the same wherever it leads.
    `value` is the most it takes off, in store currency.
    """
    offer, terms = coupon.offer, coupon.terms
    bars = payloads.bars_of(coupon, "")
    return {
        "code": codes.grouped(coupon.code),
        "offer": {
            "code": offer.code,
            "name": offer.name,
            "detail": offer.detail,
            "kind": offer.kind,
            "text": terms.value_text,
            "percent": terms.percent,
            "price": _text(terms.price),
            "units": offer.units,
            "reduced_units": offer.reduced_units,
            "threshold": _text(offer.threshold),
            "stacking_group": offer.stacking_group,
            "funder": offer.funder_id,
        },
        "valid_from": coupon.valid_from.isoformat(),
        "valid_to": coupon.valid_to.isoformat(),
        "value": str(terms.face_value),
        "barcode": {"symbology": bars.symbology.value, "payload": bars.payload},
    }


def terms(terminal: Terminal, text: str, card: str = "") -> dict[str, Any]:
    """Return what the coupon is worth, and its state in this store now. Raises UnknownError.

    A terminal that speaks for all stores does not say where it asks: to it no coupon is elsewhere.
    """
    today = store_today(terminal.store)
    coupon = find(text, card, today)
    state = state_on(coupon, today)
    if state == "good" and not is_good_at(coupon.offer_id, terminal):
        state = "not_here"
    elif state == "good":
        locks = CouponLock.objects.filter(coupon=coupon, expires_at__gt=timezone.now())
        state = "locked" if locks.exists() else state
    return {"state": state, **described(coupon)}


def is_good_at(offer_id: int, terminal: Terminal) -> bool:
    if terminal.is_collector:
        return True
    return Offer.objects.filter(good_in(terminal.store), pk=offer_id).exists()


def redeem(
    terminal: Terminal,
    text: str,
    key: BasketKey,
    amount: str,
    *,
    token: str = "",
    item: str = "",
    card: str = "",
) -> dict[str, Any]:
    """Burn the coupon on the receipt `key`, `amount` off, and return the redemption.

    token: of the lock, which bounds the amount; one that timed out does so too while nobody else
        has the coupon
    item: what was scanned, where the till says so; it must be one of the offer's products
    card: the one shown, which an EAN-13 coupon is good with only
    Without the basket, and that a lock was given before, an offer's terms beyond its items and
    its value are left to clearing.
    Raises UnknownError, and Problem: 400 for no amount, 409 already_redeemed or locked, 410
    expired, 422 foreign_store, unknown_store, wrong_store, wrong_item or over_value.
    """
    store = store_of(terminal, key.store)
    off = _amount(amount, store)
    day = trading_day(store, key.business_date)
    found = find_for_update(text, store, scanned.Shown(card, day, store.pk, key, token))
    coupon, lock, _ = found
    refuse_unless_good(coupon, day)
    refuse_elsewhere(found, store)
    most = coupon.terms.face_value
    if lock is not None:
        is_live = lock.expires_at > timezone.now()
        if is_live and not (is_for(lock, store, key) and token in ("", lock.token)):
            raise locked(lock)
        if is_live or token == lock.token:
            most = lock.amount
    if item and not _covers(coupon, item, store):
        raise problems.Problem(422, "wrong_item", f"{item} is not of {coupon.offer.name}.")
    if off > most:
        raise problems.Problem(422, "over_value", f"{off} off was asked, {most} is the most.")
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _BURN,
            {
                "coupon": coupon.pk,
                "amount": off,
                "now": now,
                "store": store.pk,
                "till": key.till,
                "business_date": key.business_date,
                "receipt": key.receipt,
            },
        )
        burnt = cursor.fetchone()
    assert burnt, f"coupon {coupon.pk} was redeemed by somebody who did not lock its row"
    return {"redemption": str(burnt[0]), "amount": str(off), "redeemed_at": now.isoformat()}


# The row is locked, so this finds the coupon open; should it ever not, nothing is burnt.
_BURN = """
    WITH burnt AS (
        UPDATE coupons_coupon SET state = 'redeemed' WHERE id = %(coupon)s AND state = 'open'
        RETURNING id, offer_id
    ), let_go AS (
        DELETE FROM coupons_couponlock WHERE coupon_id IN (SELECT id FROM burnt)
    )
    INSERT INTO coupons_redemption (
        offer_id, coupon_id, amount, redeemed_at, store_id, till, business_date, receipt,
        reversal_reason
    )
    SELECT offer_id, id, %(amount)s, %(now)s, %(store)s, %(till)s, %(business_date)s,
        %(receipt)s, '' FROM burnt
    RETURNING id
"""


def store_of(terminal: Terminal, number: str) -> Store:
    """Return the store of a receipt; Problem 422 for one that `terminal` does not speak for."""
    if number == terminal.store.number:
        return terminal.store
    if not terminal.is_collector:
        raise problems.Problem(
            422,
            "foreign_store",
            f"The receipt is of store {number}, this terminal of {terminal.store.number}.",
        )
    store = Store.objects.filter(number=number).first()
    if store is None:
        raise problems.Problem(422, "unknown_store", f"There is no store {number}.")
    return store


def take_back(terminal: Terminal, text: str, reason: str) -> dict[str, Any]:
    """Reverse the redemption with the id `text`; by its offer's policy the coupon is good again.

    Raises UnknownError, alike for what is no id, for no redemption and for another store's.
    """
    pk = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    redemptions = Redemption.objects.filter(pk=pk)
    if not terminal.is_collector:
        redemptions = redemptions.filter(store=terminal.store)
    redemption = redemptions.first()
    if redemption is None:
        raise guessing.UnknownError("redemption")
    reversed_ = reversing.reverse(redemption.pk, reason)
    assert reversed_.reversed_at is not None
    coupon = reversed_.coupon
    return {
        "redemption": str(redemption.pk),
        "coupon_state": None if coupon is None else coupon.state,
        "reversed_at": reversed_.reversed_at.isoformat(),
    }


def _covers(coupon: Coupon, item: str, store: Store) -> bool:
    """Return whether what was scanned is of the offer; a threshold that names none takes any."""
    products = OfferProduct.objects.filter(offer=coupon.offer_id)
    product = ground.product_of(store, item)
    if products.filter(product=product).exists():
        return True
    if coupon.offer.kind != Offer.Kind.THRESHOLD or products.exists():
        return False
    return not OfferRule.objects.filter(offer=coupon.offer_id).exists()


def _amount(text: str, store: Store) -> Decimal:
    """Return what was taken off; Problem 400 for what is no amount of the store's currency."""
    try:
        amount = money.normal_form(text, money.digits(store.currency), 8)
        if amount[0] == "-":
            raise money.MoneyError(f"{amount} is less than nothing")
    except money.MoneyError as error:
        part = {"pointer": "/amount", "code": "bad_amount", "detail": f"{error}."}
        raise problems.Problem(400, "invalid", f"The amount: {error}.", [part]) from None
    return Decimal(amount)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
