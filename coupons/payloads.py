"""What the barcodes of coupons say: their own code, or by GS1's rules an offer and a serial."""

import secrets
from collections.abc import Sequence
from typing import Final

from coupons.models import Coupon, Mailing, Offer, OfferBarcode, Terms, Theme
from coupons.models.barcodes import Symbology as Carrier
from coupons.sheets import codes
from coupons.sheets.faces import Symbology
from coupons.sheets.symbols import gs1
from coupons.sheets.symbols.offers import NorthAmerican, PositiveOffer

Content = OfferBarcode.Content
SERIALS: Final = 10**12  # twelve digits, as AI 255 has room for
ANY_HOME: Final = "https://id.gs1.org"  # of a Digital Link where the chain has no page of its own
BY_SERIAL: Final = (Content.GCN, Content.NORTH_AMERICAN, Content.POSITIVE)


class PayloadError(Exception):
    """Why an offer's coupons can have no barcode, in a sentence that names the offer."""


def barcode_of(offer: Offer) -> OfferBarcode | None:
    """The offer's barcode by GS1's rules, if it has one; `select_related("barcode")` for many."""
    found: OfferBarcode | None = getattr(offer, "barcode", None)
    return found


def symbology_of(offer: Offer) -> Symbology:
    """How the barcodes of an offer's coupons look."""
    barcode = barcode_of(offer)
    return Symbology(barcode.symbology) if barcode else Symbology.CODE_128


def faces_of(
    code: str, serial: int | None, terms: Terms, barcode: OfferBarcode | None, home: str
) -> tuple[str, str]:
    """Return what stands under a coupon's bars, for who must type it, and what the bars say.

    home: the chain's own address, below which a Digital Link lies; "" is any.
    Raises PayloadError for a coupon whose offer was given its barcode after it was issued.
    """
    if barcode is None:
        return codes.grouped(code), code
    if barcode.content == Content.EAN:
        digits = ean_of(barcode, terms)
        return digits, digits
    if serial is None:
        raise PayloadError(
            f"{codes.grouped(code)} of '{terms}' has no serial number: its offer had no barcode by "
            "GS1's rules when it was issued. Take the barcode from the offer to print it."
        )
    digits = f"{serial:012}"
    under = codes.grouped(code)  # shorter than the element string, and any till takes it
    match barcode.content:
        case Content.NORTH_AMERICAN:
            return under, gs1.ai_8110(_north_american(barcode, terms, digits))
        case Content.POSITIVE:
            offer = PositiveOffer(barcode.company_prefix, barcode.reference, digits)
            return under, gs1.ai_8112(offer)
    number = gs1.gcn(barcode.company_prefix, barcode.reference)
    if barcode.symbology == Carrier.QR:
        return under, gs1.digital_link(home or ANY_HOME, number, digits)
    return under, gs1.ai_255(number, digits)


def ean_of(barcode: OfferBarcode, terms: Terms) -> str:
    """The 13 digits of an EAN-13 coupon; with prefix 981 or 982 they say what it is worth."""
    says_worth = barcode.company_prefix[:3] in ("981", "982")
    cents = int(terms.face_value * 100) if says_worth else None
    return gs1.ean13(barcode.company_prefix, barcode.reference, cents)


def _north_american(barcode: OfferBarcode, terms: Terms, serial: str) -> NorthAmerican:
    offer = terms if isinstance(terms, Offer) else terms.offer
    percent = terms.kind == Offer.Kind.PERCENT
    spent = terms.kind == Offer.Kind.THRESHOLD and terms.threshold is not None
    says = {Offer.Kind.PERCENT: 5, Offer.Kind.FREE_ITEM: 1, Offer.Kind.THRESHOLD: 6}
    return NorthAmerican(
        company_prefix=barcode.company_prefix,
        offer_code=barcode.reference,
        save_value=int(terms.percent or 0) if percent else int(terms.face_value * 100),
        requirement=int((terms.threshold or 0) * 100) if spent else terms.units,
        requirement_code=2 if spent else 0,
        family_code=barcode.family_code,
        expires=offer.valid_to,
        serial=serial,
        save_value_code=says.get(Offer.Kind(terms.kind), 0),
    )


def freeze(mailing: Mailing) -> int:
    """Give the mailing's offers the theme's barcode where they have none; returns how many.

    Before its coupons are issued: what is printed then stays known, whatever the theme becomes.
    Raises PayloadError for an offer whose number leaves no room beside the company's prefix.
    """
    theme = mailing.theme or Theme.objects.filter(is_default=True).first()
    if theme is None or theme.symbology == Carrier.CODE_128:
        return 0
    without = Offer.objects.filter(mailings=mailing, barcode=None).order_by("pk")
    made = [_by_theme(theme, offer) for offer in without]
    return len(OfferBarcode.objects.bulk_create(made, ignore_conflicts=True))


def _by_theme(theme: Theme, offer: Offer) -> OfferBarcode:
    room = 12 - len(theme.company_prefix)
    reference = f"{offer.pk:0{room}}" if room > 0 else ""
    if not theme.company_prefix or len(reference) != room or len(reference) > 10:
        raise PayloadError(
            f"'{offer}' ({offer.code}) can have no barcode of the theme '{theme}': its number "
            f"{offer.pk} and the company prefix '{theme.company_prefix}' do not make 12 digits. "
            "Give the offer a barcode of its own, or the theme another prefix."
        )
    return OfferBarcode(
        offer=offer,
        symbology=theme.symbology,
        content=Content.EAN if theme.symbology == Carrier.EAN_13 else Content.GCN,
        company_prefix=theme.company_prefix,
        reference=reference,
    )


def serials_for(offer_ids: Sequence[int]) -> list[int | None]:
    """Return a new serial number for each coupon of these offers, None where it needs none.

    No two are alike, and none is in use; two who ask at once may still meet, and then the
    database refuses the second, who asks again.
    """
    numbered = set(
        OfferBarcode.objects.filter(offer__in=set(offer_ids), content__in=BY_SERIAL).values_list(
            "offer", flat=True
        )
    )
    wanted = sum(offer in numbered for offer in offer_ids)
    fresh: dict[int, None] = {}
    while len(fresh) < wanted:
        fresh |= dict.fromkeys(secrets.randbelow(SERIALS) for _ in range(wanted - len(fresh)))
        used = Coupon.objects.filter(serial__in=list(fresh)).values_list("serial", flat=True)
        for taken in used:
            if taken is not None:
                fresh.pop(taken)
    numbers = iter(fresh)
    return [next(numbers) if offer in numbered else None for offer in offer_ids]
