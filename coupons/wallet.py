"""A card's coupons, and what its household said, for a kiosk, a till's printer or a phone."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from coupons import calls, guessing, looks, slips, till
from coupons.models import Coupon
from coupons.models.offers import worth_in
from coupons.sheets import codes
from coupons.sheets.words import Words, in_language
from loyalty import merging, voice
from loyalty.models import Card, Consent, Household
from pos_integration import problems
from pos_integration.models import Terminal

POST = Consent.Purpose.POST.value


def household_of(number: str) -> Household | None:
    """Return whose card this is, None for one that nobody claimed; UnknownError for no card."""
    card = Card.objects.select_related("household").filter(number=number.replace("\0", " ")).first()
    if card is None:
        raise guessing.UnknownError("card")
    return card.household


def live_of(terminal: Terminal, household: Household | None) -> list[Coupon]:
    """Return a household's coupons that are good in this store today, best first.

    Best is what is likeliest to save most: the chance of being used times the value. No household,
    no coupons. A terminal that speaks for all stores is told of all that are good in any.
    """
    if household is None:
        return []
    today = till.store_today(terminal.store)
    here = Q() if terminal.is_collector else till.good_in(terminal.store, "offer")
    live = (
        Coupon.objects.filter(
            here,
            sheet__household__in=merging.absorbed(household.pk),
            state=Coupon.State.OPEN,
            valid_from__lte=today,
            valid_to__gte=today,
        )
        .exclude(lock__expires_at__gt=timezone.now())
        .select_related("offer__barcode", "level__offer")
    )
    return sorted(
        live, key=lambda one: (-one.chance * float(one.terms.face_value), one.position, one.pk)
    )


def coupons_of(terminal: Terminal, number: str) -> dict[str, Any]:
    """Return the card's coupons, those of `live_of`. Raises UnknownError."""
    return {
        "card": number,
        "coupons": [
            {
                "state": "good",
                **till.described(coupon),
                "position": coupon.position,
                "reason": coupon.reason,
            }
            for coupon in live_of(terminal, household_of(number))
        ],
    }


def receipt_of(terminal: Terminal, number: str, paper: str) -> bytes:
    """Return the card's coupons for the till's printer, on `paper` of 58 or 80 mm.

    Raises UnknownError, and Problem 400 bad_paper for another width.
    """
    if paper not in {str(width) for width in slips.PAPERS}:
        raise problems.Problem(400, "bad_paper", "The paper is 58 or 80 mm wide.")
    household = household_of(number)
    theme = looks.house_theme()
    language = in_language((household.language if household else "") or theme.language)
    today = till.store_today(terminal.store)
    return slips.receipt(
        [_slip(coupon, language) for coupon in live_of(terminal, household)],
        brand=theme.brand,
        date=f"{language.day_of(today)} {today.year}",
        words=language,
        paper_mm=int(paper),
    )


def slip_of(coupon: Coupon) -> bytes:
    """Return one coupon for a printer of 80 mm paper, in its household's language."""
    theme = looks.house_theme()
    words = in_language(coupon.sheet.household.language or theme.language)
    today = timezone.localdate()
    return slips.receipt(
        [_slip(coupon, words)],
        brand=theme.brand,
        date=f"{words.day_of(today)} {today.year}",
        words=words,
    )


def _slip(coupon: Coupon, language: Words) -> slips.Slip:
    offer = coupon.offer
    return slips.Slip(
        value=" ".join(worth_in(language, coupon.terms)).strip(),
        product=offer.name,
        detail=offer.detail,
        valid=language.dates(coupon.valid_from, coupon.valid_to),
        terms=tuple(offer.terms.splitlines()[:2]),
        code=coupon.code,
        printed=codes.grouped(coupon.code),
    )


def preferences_of(number: str) -> dict[str, Any]:
    """Return what the card's household said. Raises UnknownError, Problem 409 unclaimed_card."""
    return _preferences(number, voice.heard(_claimed(number)))


def prefer(number: str, said: calls.Preferences) -> dict[str, Any]:
    """Keep what the card's household says now, and return all that it said.

    Raises UnknownError, and Problem: 409 unclaimed_card, 422 unknown_category, unknown_language or
    contradiction.
    """
    household = _claimed(number)
    objections: set[str] | None = None if said.opt_outs is None else {*said.opt_outs}
    if said.channel is not None:
        if objections is None:
            others = {*voice.heard(household).objections} - {POST}
            objections = others | {POST} if said.channel == "none" else others
        elif (said.channel == "none") != (POST in objections):
            raise problems.Problem(
                422,
                "contradiction",
                f"The channel is '{said.channel}', and the opt-outs say otherwise of post.",
            )
    try:
        heard = voice.say(
            household,
            "till",
            favourites=said.favourites,
            nevers=said.never_agains,
            objections=objections,
            language=said.language,
        )
    except voice.UnknownCategoryError as error:
        raise problems.Problem(422, "unknown_category", str(error)) from None
    except voice.UnknownLanguageError as error:
        raise problems.Problem(422, "unknown_language", str(error)) from None
    except ValueError as error:
        raise problems.Problem(422, "contradiction", str(error)) from None
    return _preferences(number, heard)


def _claimed(number: str) -> Household:
    household = household_of(number)
    if household is None:
        raise problems.Problem(
            409,
            "unclaimed_card",
            "No household has claimed this card yet: nobody can speak for it.",
        )
    return household


def _preferences(number: str, heard: voice.Voice) -> dict[str, Any]:
    return {
        "card": number,
        "favourites": list(heard.favourites),
        "never_agains": list(heard.nevers),
        "channel": "none" if POST in heard.objections else "post",
        "opt_outs": list(heard.objections),
        "language": heard.language,
    }
