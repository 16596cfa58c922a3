"""From what was scanned or typed to the coupon's own code, by which all else knows it.

A code of our own is read without asking the database. What a barcode of GS1 says is looked up by
its serial number, an EAN-13 among the coupons of the household whose card is shown. Whatever names
no coupon comes to "", after as many queries as what names one.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date
from typing import Final, NamedTuple

from django.db.models.functions import Concat
from django.utils import timezone

from coupons import payloads
from coupons.calls import BasketKey
from coupons.models import Coupon, CouponLock, OfferBarcode
from coupons.sheets import codes
from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.offers import NorthAmerican
from loyalty import merging

Content = OfferBarcode.Content
State = Coupon.State
NO_CARD: Final = " "  # no card has this number
NOBODY: Final = 0  # no household has this id
_IDENTIFIER: Final = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # of the symbology, sent by scanners
_LINK: Final = re.compile(r"(https?):/+", re.IGNORECASE)  # servers on the way may drop a slash


class Shown(NamedTuple):
    """What a till says beside the code: by it one of a household's like coupons is chosen.

    store: by id, the one of `key`; token: of a lock.
    """

    card: str = ""
    day: date = date.min
    store: int = 0
    key: BasketKey | None = None
    token: str = ""


class _Meant(NamedTuple):
    """What a text may mean: the coupon with this code, or one of a household's that are alike."""

    code: str
    alike: Sequence[Coupon] = ()


def code_of(text: str, shown: Shown, *, for_update: bool = False) -> str:
    """Return the code of the coupon that is meant, "" for what names none.

    A code of our own comes back whether there is such a coupon or not. for_update: lock what of a
    household's coupons could be meant, so that two tills at once are not given the same.
    """
    (meant,) = _meant([(text, shown.card)], for_update=for_update)
    return _best(meant.alike, shown) or meant.code


def codes_of(texts: Iterable[str], shown: Shown) -> dict[str, str]:
    """Return the codes of the coupons that texts of one receipt mean; "" where one names none."""
    asked = [(text, shown.card) for text in texts]
    return {
        text: _best(meant.alike, shown) or meant.code
        for (text, _), meant in zip(asked, _meant(asked), strict=True)
    }


def candidates(asked: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return the codes of all coupons that each text, with the card shown, may mean.

    Of an EAN-13 there may be several.
    """
    return [
        [coupon.code for coupon in meant.alike] or ([meant.code] if meant.code else [])
        for meant in _meant(asked)
    ]


def own_code(text: str) -> str:
    """Return the code that staff typed or scanned, if need be by GS1. Raises CodeError."""
    code = code_of(text, Shown())
    if not code:
        raise codes.CodeError(f"{text!r} names no coupon")
    return code


def is_for_card(text: str) -> bool:
    """Whether a text is an EAN-13 of a coupon, which names none without the household's card."""
    _, named = _read(text)
    return named is not None and named.gcn.startswith(payloads.EAN_PREFIXES)


def _read(text: str) -> tuple[str, gs1.Scanned | None]:
    """Return the code of our own that a text is, and what it is by GS1; 13 digits may be both."""
    text = text.strip()
    identifier = _IDENTIFIER.match(text)
    bare = text[identifier.end() :] if identifier else text
    try:
        own = codes.normalise(bare)
    except codes.CodeError:
        own = ""
    if own and not bare.isdecimal():
        return own, None
    return own, gs1.parse(_LINK.sub(r"\1://", text, count=1))


def _meant(asked: Sequence[tuple[str, str]], *, for_update: bool = False) -> list[_Meant]:
    """Return what texts mean, each with the card that was shown: no query for codes of our own,
    one for all that have serial numbers, two for all EAN-13 and one more to lock these.
    """
    reads = [_read(text) for text, _ in asked]
    serials, eans, cards = [], [], set()
    for (_, card), (_, named) in zip(asked, reads, strict=True):
        if named is not None and named.kind == "ean":
            eans.append(named)
            cards.add(_number(card))
        elif named is not None:
            serials.append(named)
    by_serial = _by_serial(serials) if serials else {}
    by_card = _by_card(eans, cards, for_update=for_update) if eans else {}
    meant = []
    for (_, card), (own, named) in zip(asked, reads, strict=True):
        if named is None:
            meant.append(_Meant(own))
        elif named.kind == "ean":
            meant.append(_Meant(own, by_card.get((_number(card), named.payload), ())))
        else:
            meant.append(_Meant(by_serial.get(named.payload, "")))
    return meant


def _number(card: str) -> str:
    """The card's number as the database may be asked for it: PostgreSQL keeps no NUL."""
    return card.replace("\0", " ") or NO_CARD


def _by_serial(named: Sequence[gs1.Scanned]) -> dict[str, str]:
    """Return, by payload, the codes of coupons whose offers are named beside their serials."""
    saves = {one.payload: _saves(one) for one in named}
    by_serial: dict[int, dict[str, gs1.Scanned]] = defaultdict(dict)
    for one in named:
        by_serial[-1 if one.serial is None else one.serial][one.payload] = one
    coupons = Coupon.objects.filter(serial__in=list(by_serial), offer__barcode__isnull=False)
    return {
        payload: coupon.code
        for coupon in coupons.select_related("offer__barcode", "level__offer")
        for payload, one in by_serial[coupon.serial or -1].items()
        if _is_named(coupon, one, saves[payload])
    }


def _is_named(coupon: Coupon, named: gs1.Scanned, saves: tuple[int, int] | None) -> bool:
    barcode = coupon.offer.barcode
    if barcode.content != named.kind:
        return False
    if barcode.content == Content.GCN:
        return named.gcn[:12] == barcode.company_prefix + barcode.reference
    if (named.company_prefix, named.reference) != (barcode.company_prefix, barcode.reference):
        return False
    return saves is None or saves == payloads.save_value_of(coupon.terms)


def _saves(named: gs1.Scanned) -> tuple[int, int] | None:
    """What a coupon of North America says it saves: at another level it is another coupon."""
    if named.kind != Content.NORTH_AMERICAN:
        return None
    said = NorthAmerican.from_text(named.payload.partition(")")[2])
    return said.save_value, said.save_value_code


def _by_card(
    eans: Sequence[gs1.Scanned], cards: Collection[str], *, for_update: bool
) -> dict[tuple[str, str], list[Coupon]]:
    """Return the coupons that EAN-13 may mean, by card and digits."""
    digits = {one.payload for one in eans}
    # Three digits before the last may say what it is worth; the others name the offer.
    names = [name for ean in digits for name in (ean[:12], ean[:9])]
    # Also of households that were merged into the card's: what they were promised stays good.
    shown: dict[int, list[str]] = defaultdict(list)
    for card, home in merging.whose(cards):
        shown[home].append(card)
    homes = list(shown) or [NOBODY]  # who is not known takes as many queries
    coupons = (
        Coupon.objects.filter(offer__barcode__content=Content.EAN, sheet__household__in=homes)
        .annotate(named=Concat("offer__barcode__company_prefix", "offer__barcode__reference"))
        .filter(named__in=names)
        .order_by("pk")
    )
    if for_update:
        # Another statement reads them: what it finds of locks is then what was waited for.
        list(coupons.select_for_update(of=("self",)).values_list("pk"))
    found: dict[tuple[str, str], list[Coupon]] = defaultdict(list)
    for coupon in coupons.select_related("offer__barcode", "level__offer", "lock", "sheet"):
        with suppress(ValueError):  # worth what its barcode cannot say: not what was scanned
            ean = payloads.ean_of(coupon.offer.barcode, coupon.terms)
            if ean in digits:
                for card in shown[coupon.sheet.household_id]:
                    found[card, ean].append(coupon)
    return found


def _best(alike: Sequence[Coupon], shown: Shown) -> str:
    """Return the code of the one that a shopper would be given.

    That is what the receipt, or the lock, has already; else one that is good and that nobody
    holds, worth most; else one that says why there is none.
    """
    if not alike:
        return ""
    now = timezone.now()

    def rank(coupon: Coupon) -> tuple[object, ...]:
        lock: CouponLock | None = getattr(coupon, "lock", None)
        return (
            lock is None or not _is_shown(lock, shown),
            usefulness(coupon, shown.day),
            lock is not None and lock.expires_at > now,
            -coupon.terms.face_value,
            coupon.valid_to,
            coupon.pk,
        )

    return min(alike, key=rank).code


def usefulness(coupon: Coupon, day: date) -> int:
    """0 for a coupon that is good on `day`, more for others: used, of another time, void."""
    if coupon.state == State.VOID:
        return 3
    if not coupon.valid_from <= day <= coupon.valid_to:
        return 2
    return 0 if coupon.state == State.OPEN else 1


def _is_shown(lock: CouponLock, shown: Shown) -> bool:
    if shown.token and lock.token == shown.token:
        return True
    key = shown.key
    return key is not None and (lock.store_id, lock.till, lock.business_date, lock.receipt) == (
        *(shown.store, key.till, key.business_date, key.receipt),
    )
