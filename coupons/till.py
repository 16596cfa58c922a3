"""Coupons at the till: is it good here and now, and burn it once and for all."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from coupons.models import Coupon, OfferProduct, Redemption, TillAnswer
from coupons.sheets import codes
from loyalty.models import Card
from pos_integration import catalogue, problems
from pos_integration.models import Store, Terminal


@dataclass(frozen=True)
class BasketKey:
    """The receipt a coupon is used on, as the till names it."""

    store: str
    till: int
    business_date: date
    receipt: str


@dataclass(frozen=True)
class Answer:
    """What a till is told: the same question under the same key gets the same bytes."""

    status: int
    body: bytes

    @property
    def content_type(self) -> str:
        return "application/json" if self.status < 400 else "application/problem+json"


def store_today(store: Store) -> date:
    """The calendar day at the store's own door."""
    return timezone.now().astimezone(ZoneInfo(store.time_zone)).date()


def find(text: str, card: str = "") -> Coupon:
    """Return the coupon with this code, of the household whose card is `card` where one is shown.

    Raises Problem 404, the same for a code that is malformed, unknown or another household's.
    """
    nothing = problems.Problem(404, "unknown_coupon", "There is no such coupon.")
    try:
        code = codes.normalise(text)
    except codes.CodeError:
        raise nothing from None
    coupon = Coupon.objects.select_related("offer", "sheet").filter(code=code).first()
    if coupon is None:
        raise nothing
    if card:
        owner = Card.objects.filter(number=card).values_list("household_id", flat=True).first()
        if owner != coupon.sheet.household_id:
            raise nothing
    return coupon


def state_on(coupon: Coupon, day: date) -> str:
    """Say how the coupon stands on `day`: good, redeemed, void, not_yet or expired."""
    if coupon.state != Coupon.State.OPEN:
        return coupon.state
    if day < coupon.valid_from:
        return "not_yet"
    return "expired" if day > coupon.valid_to else "good"


def terms(coupon: Coupon, store: Store) -> dict[str, Any]:
    """What a till shows of a coupon. `value` is the most it takes off, in store currency."""
    offer = coupon.offer
    return {
        "code": codes.grouped(coupon.code),
        "state": state_on(coupon, store_today(store)),
        "offer": {
            "code": offer.code,
            "name": offer.name,
            "detail": offer.detail,
            "kind": offer.kind,
            "percent": offer.percent,
            "text": offer.value_text,
            "funder": offer.funder_id,
        },
        "valid_from": coupon.valid_from.isoformat(),
        "valid_to": coupon.valid_to.isoformat(),
        "value": str(offer.face_value),
    }


def redeem(
    terminal: Terminal, text: str, key: BasketKey, amount: Decimal, item: str = ""
) -> dict[str, Any]:
    """Burn the coupon on the receipt `key`, `amount` off, and return the redemption.

    item: what was scanned, where the till says so; it must be one of the offer's products.
    Raises Problem: 404 unknown_coupon, 409 already_redeemed, 410 expired (also void and not
    yet valid), 422 foreign_store, wrong_item or over_value. Call it inside a transaction.
    """
    if key.store != terminal.store.number and not terminal.is_collector:
        raise problems.Problem(
            422,
            "foreign_store",
            f"the receipt is of store {key.store}, this terminal of {terminal.store.number}",
        )
    store = Store.objects.filter(number=key.store).first()
    if store is None:
        raise problems.Problem(422, "unknown_store", f"there is no store {key.store}")
    coupon = find(text)
    # A receipt rung up after midnight may belong to yesterday's trading day.
    today = store_today(store)
    day = key.business_date if key.business_date == today - timedelta(days=1) else today
    state = state_on(coupon, day)
    if state in ("expired", "not_yet", "void"):
        raise problems.Problem(
            410, "expired", f"good from {coupon.valid_from} to {coupon.valid_to}; now {state}"
        )
    if item:
        product = catalogue.known_products([item]).get(item)
        if not OfferProduct.objects.filter(offer=coupon.offer_id, product=product).exists():
            raise problems.Problem(422, "wrong_item", f"{item} is not of {coupon.offer.name}")
    if not 0 <= amount <= coupon.offer.face_value:
        raise problems.Problem(
            422, "over_value", f"{amount} off was asked, {coupon.offer.face_value} is the most"
        )
    # The condition is the lock: of any number of tills at once, one finds the coupon open.
    burnt = Coupon.objects.filter(pk=coupon.pk, state=Coupon.State.OPEN).update(
        state=Coupon.State.REDEEMED
    )
    if not burnt:
        raise problems.Problem(409, "already_redeemed", "The coupon was redeemed before.")
    redemption = Redemption.objects.create(
        offer=coupon.offer,
        coupon=coupon,
        amount=amount,
        store=store,
        till=key.till,
        business_date=key.business_date,
        receipt=key.receipt,
    )
    return {
        "redemption": str(redemption.pk),
        "amount": str(amount),
        "redeemed_at": redemption.redeemed_at.isoformat(),
    }


@transaction.atomic
def answer_once(
    terminal: Terminal, key: str, request: bytes, work: Callable[[], dict[str, Any]]
) -> Answer:
    """Do `work` once under the terminal's Idempotency-Key and keep the answer with what it did.

    request: path and body. The same key and request get the first answer byte for byte; the same
    key with another request gets Problem 422 key_reused. Without a key, `work` is simply done.
    """
    sha256 = hashlib.sha256(request).hexdigest()
    if key:
        with connection.cursor() as cursor:  # two retries at once: one works, one waits for it
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [key, terminal.pk]
            )
        kept = TillAnswer.objects.filter(terminal=terminal, key=key).first()
        if kept is not None:
            if kept.request_sha256 != sha256:
                raise problems.Problem(
                    422, "key_reused", "This Idempotency-Key came with another request before."
                )
            return Answer(kept.status, bytes(kept.body))
    try:
        with transaction.atomic():
            answer = Answer(201, msgspec.json.encode(work()))
    except problems.Problem as problem:
        answer = Answer(
            problem.status_code,
            msgspec.json.encode(
                problems.body(problem.status_code, problem.code, problem.sentence, problem.errors)
            ),
        )
    if key:
        TillAnswer.objects.create(
            terminal=terminal,
            key=key,
            request_sha256=sha256,
            status=answer.status,
            body=answer.body,
        )
    return answer
