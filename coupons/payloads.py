"""What coupons' barcodes say: their own code, or by GS1's rules an offer and a serial number."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Prefetch, Q

from coupons.models import Coupon, Mailing, Offer, OfferBarcode, OfferLevel, Terms, Theme
from coupons.sheets import codes
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import gs1, gs1_128, symbol
from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer

Content = OfferBarcode.Content
Kind = Offer.Kind
RESOLVER: Final = "https://id.gs1.org"  # where a Digital Link leads of a chain without a site
EAN_PREFIXES: Final = ("981", "982", "983", "984", "99")  # of coupons, among GS1's
OWN_EAN_PREFIX: Final = "99"  # where a theme's prefix is a company's, for products
LONGEST: Final = 80  # that a till's basket may say of a coupon
FEWEST_SERIAL: Final = 10 ** (gs1.SERIAL_DIGITS - 1)  # all are written with as many digits


class PayloadError(ValueError):
    """An offer whose barcode cannot say what it should; a sentence for staff."""


class Bars(NamedTuple):
    """How a coupon's barcode looks, what stands under it, and what it says."""

    symbology: Symbology
    printed: str
    payload: str


def barcode_of(offer: Offer) -> OfferBarcode | None:
    """An offer's barcode by GS1's rules, if it has one; `select_related("barcode")` for many."""
    found: OfferBarcode | None = getattr(offer, "barcode", None)
    return found


def symbology_of(offer: Offer) -> Symbology:
    """How the barcodes of an offer's coupons look."""
    barcode = barcode_of(offer)
    return Symbology.CODE_128 if barcode is None else Symbology(barcode.symbology)


def bars_of(coupon: Coupon, home: str) -> Bars:
    """A coupon's barcode as it is drawn by itself; `select_related("offer__barcode")`.

    That is its own code, which every till takes, where it was issued before its offer had a
    barcode, or is worth what that cannot say. home: as in faces_of.
    """
    barcode = barcode_of(coupon.offer)
    if barcode is not None and (coupon.serial is not None or barcode.content == Content.EAN):
        with suppress(ValueError):
            said = faces_of(coupon.code, coupon.serial, coupon.terms, barcode, home)
            return Bars(Symbology(barcode.symbology), *said)
    return Bars(Symbology.CODE_128, codes.grouped(coupon.code), coupon.code)


def faces_of(
    code: str, serial: int | None, terms: Terms, barcode: OfferBarcode | None, home: str
) -> tuple[str, str]:
    """What stands under a coupon's bars, and what they say.

    serial: of 12 digits; a coupon without one has its own code in Code 128, but in EAN-13
    barcode: the offer's; None: it has none
    home: the chain's own address, below which a QR code's link lies; "": GS1's resolver
    Under what is too long to be typed stands the coupon's own code. Raises ValueError for what the
    barcode cannot say.
    """
    if barcode is not None and barcode.content == Content.EAN:
        digits = ean_of(barcode, terms)
        return digits, digits
    printed = codes.grouped(code)
    if barcode is None or serial is None:
        return printed, code
    digits = f"{serial:0{gs1.SERIAL_DIGITS}}"
    if barcode.content == Content.NORTH_AMERICAN:
        return printed, _north_american(terms, barcode, digits)
    if barcode.content == Content.POSITIVE:
        positive = PositiveOffer(barcode.company_prefix, barcode.reference, digits)
        return printed, gs1.ai_8112(positive)
    number = gs1.gcn(barcode.company_prefix, barcode.reference)
    if barcode.symbology == Symbology.QR:
        return printed, gs1.digital_link(home or RESOLVER, number, digits)
    return printed, gs1.ai_255(number, digits)


def ean_of(barcode: OfferBarcode, terms: Terms) -> str:
    """The 13 digits that all coupons of these terms carry. Raises ValueError."""
    says_worth = barcode.company_prefix.startswith(("981", "982"))
    worth = None if terms.kind == Kind.FREE_ITEM or not says_worth else _cents(terms.face_value)
    return gs1.ean13(barcode.company_prefix, barcode.reference, worth)


def save_value_of(terms: Terms) -> tuple[int, int]:
    """What a coupon of North America says that it saves: the value, and GS1's code for its unit.

    Percent by themselves; of a free item, and of all that has no code of its own, the cents that
    it may come to at most.
    """
    if terms.kind == Kind.PERCENT and terms.percent is not None:
        return terms.percent, 5
    return _cents(terms.face_value), 1 if terms.kind == Kind.FREE_ITEM else 0


def _north_american(terms: Terms, barcode: OfferBarcode, serial: str) -> str:
    """Its element string, with the offer's days as far as there is room for them."""
    offer = terms.offer if isinstance(terms, OfferLevel) else terms
    save_value, save_value_code = save_value_of(terms)
    is_spent = offer.threshold is not None
    coupon = NorthAmerican(
        company_prefix=barcode.company_prefix,
        offer_code=barcode.reference,
        save_value=save_value,
        save_value_code=save_value_code,
        requirement=_cents(offer.threshold) if offer.threshold is not None else offer.units,
        requirement_code=1 if is_spent else 0,
        family_code=barcode.family_code,
        expires=offer.valid_to,
        starts=offer.valid_from,
        serial=serial,
    )
    if barcode.symbology == Symbology.GS1_128:
        if not _has_room(coupon):
            coupon = replace(coupon, starts=None)
        if not _has_room(coupon):
            coupon = replace(coupon, expires=None)
    return gs1.ai_8110(coupon)


def _has_room(coupon: NorthAmerican) -> bool:
    return len(gs1.unbracketed(gs1.ai_8110(coupon))) <= gs1_128.MOST_CHARACTERS


def _cents(amount: Decimal) -> int:
    return int(amount * 100)


@transaction.atomic
def freeze(mailing: Mailing) -> int:
    """Give a mailing's offers the barcodes that its theme wants; returns how many got one.

    What is printed stays known, whatever the theme becomes: so this comes before a coupon is
    issued. An offer that has a barcode keeps it; repeated, it changes nothing. Raises PayloadError
    for a barcode that cannot be, or cannot say what the offer or one of its levels takes off.
    """
    theme = mailing.theme or Theme.objects.filter(is_default=True).first() or Theme()
    offers = list(
        Offer.objects.filter(
            Q(pk__in=mailing.offers.values("pk")) | Q(pk__in=mailing.fallback_offers.values("pk"))
        )
        .select_related("barcode")
        .prefetch_related(Prefetch("levels", OfferLevel.objects.select_related("offer")))
        .order_by("pk")
    )
    made = [
        _made(offer, theme)
        for offer in offers
        if theme.symbology != Symbology.CODE_128 and barcode_of(offer) is None
    ]
    _refuse_taken(made)
    for offer in offers:
        _check(offer, theme.home)
    OfferBarcode.objects.bulk_create(made)
    return len(made)


def _made(offer: Offer, theme: Theme) -> OfferBarcode:
    """The barcode, unsaved, of an offer that has none: its reference is the offer's id."""
    prefix = theme.company_prefix
    if theme.symbology == Symbology.EAN_13:
        content = Content.EAN
        prefix = prefix if prefix.startswith(EAN_PREFIXES) else OWN_EAN_PREFIX
        digits = 9 if prefix.startswith(("981", "982")) else 12
    else:
        content, digits = Content.GCN, 12
        if not prefix:
            raise PayloadError(
                f"The theme '{theme}' has no GS1 company prefix, which its barcodes want"
            )
    wide = digits - len(prefix)
    reference = f"{offer.pk:0{max(wide, 1)}}"
    if len(reference) > wide:
        raise PayloadError(
            f"'{offer}' needs a barcode of its own: after the prefix {prefix} of the theme "
            f"'{theme}' {max(wide, 0)} digits are left, and its number is {offer.pk}"
        )
    return OfferBarcode(
        offer=offer,
        symbology=theme.symbology,
        content=content,
        company_prefix=prefix,
        reference=reference,
    )


def _refuse_taken(made: Sequence[OfferBarcode]) -> None:
    wanted = {(one.content, one.company_prefix, one.reference): one for one in made}
    others = OfferBarcode.objects.filter(reference__in=[one.reference for one in made])
    for other in others.select_related("offer"):
        one = wanted.get((other.content, other.company_prefix, other.reference))
        if one is not None:
            raise PayloadError(
                f"'{one.offer}' needs a barcode of its own: {one.company_prefix} {one.reference} "
                f"names '{other.offer}' already"
            )


def _check(offer: Offer, home: str) -> None:
    barcode = barcode_of(offer)
    worths: list[Terms] = [offer, *offer.levels.all()]
    for terms in worths:
        try:
            _, payload = faces_of(codes.mint(), FEWEST_SERIAL, terms, barcode, home)
            symbol.extent(symbology_of(offer), payload)
        except ValueError as error:
            raise PayloadError(f"The barcode of '{terms}': {error}") from None
        if len(payload) > LONGEST:
            raise PayloadError(
                f"The barcode of '{terms}' says {len(payload)} characters, and tills send "
                f"{LONGEST} at most: {payload}"
            )


def serials(how_many: int) -> list[int]:
    """Return `how_many` serial numbers of 12 digits that no coupon has, at random: one query.

    Two at once may be given the same number, hardly ever: the table then refuses the second, who
    asks again.
    """
    found: dict[int, None] = {}
    while len(found) < how_many:
        tried = dict.fromkeys(
            FEWEST_SERIAL + secrets.randbelow(9 * FEWEST_SERIAL)
            for _ in range(how_many - len(found))
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT serial FROM coupons_coupon WHERE serial = ANY(%s)", [list(tried)]
            )
            taken = {serial for (serial,) in cursor.fetchall()}
        found |= {serial: None for serial in tried if serial not in taken}
    return list(found)


def serials_for(offer_ids: Sequence[int]) -> list[int | None]:
    """Return a serial number for each coupon to be made of these offers, in their order.

    None for a coupon that carries its own code, or is known by the card.
    """
    with_serials = set(
        OfferBarcode.objects.filter(offer__in=set(offer_ids))
        .exclude(content=Content.EAN)
        .values_list("offer_id", flat=True)
    )
    if not with_serials:
        return [None] * len(offer_ids)
    numbers = iter(serials(sum(offer in with_serials for offer in offer_ids)))
    return [next(numbers) if offer in with_serials else None for offer in offer_ids]
