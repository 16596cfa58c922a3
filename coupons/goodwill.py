"""Goodwill: a coupon that staff give a household to make up for something, at once.

All of a month's are in one mailing, which no night selects, issues, prints or measures: staff
chose them, so they say nothing of what a model believes. At tills they are coupons like any other,
and clear and settle like any.
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from coupons import issuing, payloads, posting, restrictions, terms
from coupons.models import Coupon, Goodwill, Mailing, Offer, Sheet
from coupons.sheets import codes
from loyalty import merging
from loyalty.models import Address, Erasure, Household

GOOD_DAYS: Final = 28
MOST_GOOD_DAYS: Final = 60
WORTH: Final = Decimal("5.00")
"""What a coupon given by store staff may come to at most, store currency."""
WORTH_OF_OTHERS: Final = Decimal("25.00")
"""The same for who may change offers: marketing and administrators."""
A_DAY: Final = 10
"""Goodwill coupons that one of the store staff may give a day."""
A_DAY_OF_OTHERS: Final = 100
PLACES: Final = 8  # of a household's sheet of the month
WHY_LENGTH: Final = 200
STAFF_REASON: Final = "Goodwill, given at the desk"
REASONS: Final = {
    "en": "A thank-you from your store, with our apologies.",
    "de": "Ein Dankeschön Ihres Marktes, mit der Bitte um Entschuldigung.",
}


class GoodwillError(ValueError):
    """What was found and what was wanted, in a sentence for staff."""


def give(
    household: Household,
    offer: Offer,
    why: str,
    by: AbstractBaseUser,
    *,
    good_days: int = GOOD_DAYS,
) -> Coupon:
    """Promise the household the offer, from today for `good_days` or as long as it lasts.

    why: for who asks later, 200 letters. Raises GoodwillError for an offer that is not good today,
    that law keeps from this household, that it was given this month, whose copies are all given
    out, and for more, or worth more, than `by` may give.
    """
    for tries_left in reversed(range(issuing.TRIES)):
        try:
            with transaction.atomic():
                return _give(household, offer, why.strip(), by, good_days)
        except IntegrityError as error:
            if not tries_left or issuing.SERIAL_ONCE not in str(error):
                raise
    raise AssertionError("every try returns or raises")


def mailing_of(day: date) -> Mailing:
    """The goodwill mailing of the day's month, made when it is first asked for."""
    first = day.replace(day=1)
    last = first.replace(day=monthrange(day.year, day.month)[1])
    code = f"goodwill-{day:%Y-%m}"
    made, _is_new = Mailing.objects.get_or_create(
        code=code,
        defaults={
            "name": f"Goodwill {day:%B %Y}",
            "state": Mailing.State.MAILED,  # it is out as soon as it is there
            "channel": Mailing.Channel.NONE,
            "issue_on": first,
            "valid_from": first,
            "valid_to": last + timedelta(days=MOST_GOOD_DAYS),
            "holdout_share": Decimal(0),
            "coupons_per_sheet": PLACES,
            "discovery_slots": 0,
            "headline": "For you, with our thanks.",
            "explanation": "From the team at your store.",
            "is_goodwill": True,
        },
    )
    return made


def offers_on(day: date, by: AbstractBaseUser) -> list[Offer]:
    """What `by` may give on that day, for a choice: at most 200, the cheapest first."""
    most, _number = limits_of(by)
    good = Offer.objects.filter(valid_from__lte=day, valid_to__gte=day, face_value__lte=most)
    return list(good.order_by("face_value", "name", "pk")[:200])


def limits_of(by: AbstractBaseUser) -> tuple[Decimal, int]:
    """What a coupon that `by` gives may come to at most, and how many it may be a day."""
    if isinstance(by, PermissionsMixin) and by.has_perm("coupons.change_offer"):
        return WORTH_OF_OTHERS, A_DAY_OF_OTHERS
    return WORTH, A_DAY


def _give(
    household: Household, offer: Offer, why: str, by: AbstractBaseUser, good_days: int
) -> Coupon:
    today = timezone.localdate()
    if not why:
        raise GoodwillError(_("Say why: whoever asks later wants to know."))
    if len(why) > WHY_LENGTH:
        raise GoodwillError(_("Say why in %(most)s letters at most.") % {"most": WHY_LENGTH})
    if not 1 <= good_days <= MOST_GOOD_DAYS:
        raise GoodwillError(_("It can be good for 1 to %(most)s days.") % {"most": MOST_GOOD_DAYS})
    # Held until the end: sheets are numbered, and what somebody gave today is counted, in turn.
    month = Mailing.objects.select_for_update(no_key=True).get(pk=mailing_of(today).pk)
    _refuse_offer(offer, today)
    _refuse_limits(offer, by, today)
    _refuse_household(household, offer)
    sheet = _sheet(month, household)
    if sheet.coupons.filter(offer=offer).exists():
        raise GoodwillError(
            _("'%(household)s' was given '%(offer)s' this month already: choose another.")
            % {"household": household, "offer": offer}
        )
    place = (sheet.coupons.aggregate(Max("position"))["position__max"] or 0) + 1
    if place > PLACES:
        raise GoodwillError(_("Its sheet of the month is full: %(most)s.") % {"most": PLACES})
    month.offers.add(offer)
    try:
        payloads.freeze(month)
    except payloads.PayloadError as error:
        raise GoodwillError(f"{str(error).rstrip('.')}.") from None
    (serial,) = payloads.serials_for([offer.pk])
    language = sheet.language or issuing.usual_language(month)
    coupon = Coupon.objects.create(
        code=codes.mint(),
        serial=serial,
        sheet=sheet,
        position=place,
        offer=offer,
        valid_from=today,
        valid_to=min(today + timedelta(days=good_days - 1), offer.valid_to),
        chance=1.0,  # asked for, so budgets count on its use
        tag=Coupon.Tag.BACK,
        reason=REASONS.get(language, REASONS["en"]),
        staff_reason=STAFF_REASON,
    )
    Sheet.objects.filter(pk=sheet.pk).update(savings=F("savings") + offer.face_value)
    Goodwill.objects.create(coupon=coupon, why=why, given_by_id=by.pk)
    return coupon


def _refuse_offer(offer: Offer, today: date) -> None:
    if not offer.valid_from <= today <= offer.valid_to:
        raise GoodwillError(
            _("'%(offer)s' is not good today: choose one that is.") % {"offer": offer}
        )
    given = offer.coupons.exclude(state=Coupon.State.VOID)
    if offer.most_coupons is not None and given.count() >= offer.most_coupons:
        raise GoodwillError(
            _("All %(most)s coupons of '%(offer)s' are given out: choose another.")
            % {"most": offer.most_coupons, "offer": offer}
        )


def _refuse_limits(offer: Offer, by: AbstractBaseUser, today: date) -> None:
    worth, number = limits_of(by)
    if offer.face_value > worth:
        raise GoodwillError(
            _("You may give up to %(worth)s at a time: choose a smaller one, or ask marketing.")
            % {"worth": worth}
        )
    if Goodwill.objects.filter(given_by=by.pk, given_at__date=today).count() >= number:
        raise GoodwillError(
            _("You gave %(number)s goodwill coupons today, as many as you may: ask marketing.")
            % {"number": number}
        )


def _refuse_household(household: Household, offer: Offer) -> None:
    if Erasure.objects.filter(household_number=household.pk).exists():
        raise GoodwillError(_("'%(household)s' was erased.") % {"household": household})
    if (merger := merging.into(household)) is not None:
        raise GoodwillError(
            _("'%(household)s' was merged into '%(kept)s': give it there.")
            % {"household": household, "kept": merger.kept}
        )
    lives = Address.objects.filter(household=household).first()
    country, region = (lives.country, lives.region) if lives else ("", "")
    if not restrictions.allowed(terms.goods_of(offer), country, region, household.is_of_age):
        raise GoodwillError(
            _(
                "Law restricts what '%(offer)s' is good on, and it may not be given to this "
                "household: choose another."
            )
            % {"offer": offer}
        )


def _sheet(month: Mailing, household: Household) -> Sheet:
    """The household's sheet of the month that is not void, made if there is none."""
    mine = Sheet.objects.filter(mailing=month, household=household).order_by("pk")
    last = mine.last()
    if last is not None and last.voided_at is None:
        return last
    home_country = posting.home_country(month)
    number = month.sheets.aggregate(Max("number"))["number__max"] or 0
    return Sheet.objects.create(
        mailing=month,
        household=household,
        number=number + 1,
        address="\n".join(issuing.lines_of(household, home_country)),
        savings=Decimal(0),
        is_generic=True,  # nothing of its purchases was asked
        language=household.language,
        replaces=last,
    )
