"""Lost sheets: what was on them is made void, and another sheet may take their place.

A coupon used before stays used, and is not given again. Whoever asks while a till honours one of
the coupons waits for the till, which locks the coupon's row: it is either used or void, never both.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from coupons import payloads, posting
from coupons.issuing import SERIAL_ONCE, TRIES
from coupons.models import Coupon, CouponLock, Goodwill, Mailing, Sheet
from coupons.sheets import codes
from loyalty.models import Address
from pos_integration.said import stated

WHY_LENGTH = 200
GOES_ON = (Mailing.State.ISSUED, Mailing.State.PRINTED, Mailing.State.MAILED)


class ReplaceError(Exception):
    """What was found and what was wanted, in a sentence for staff."""


@transaction.atomic
def void(sheet: Sheet, by: AbstractBaseUser, why: str) -> int:
    """Make void whatever of a lost sheet was not used; returns how many coupons that were.

    Tills that hold one of them lose their lock. A sheet that is void already is left as it is.
    Raises ReplaceError for a mailing that is not out, or is over, and without a reason.
    """
    _, locked = _locked(sheet, why)
    if locked.voided_at is not None:
        return 0
    count = len(_void(locked))
    _note(by, locked, CHANGE, f"Made void with {count} coupons: {why.strip()}")
    sheet.refresh_from_db()
    return count


@transaction.atomic
def replace(sheet: Sheet, by: AbstractBaseUser, why: str) -> Sheet:
    """Make a lost sheet void, and return a new one with all that was not used of it.

    Its coupons have the same terms, dates, reasons and order, and codes of their own; it goes to
    where the household lives now, as the last of the mailing's sheets. A sheet is replaced once:
    its replacement may be lost, too. Raises ReplaceError as `void` does, and where nothing is left
    to replace.
    """
    mailing, locked = _locked(sheet, why)
    instead = locked.replacements.first()
    if instead is not None:
        raise ReplaceError(f"'{locked}' was replaced by sheet {instead.number} already")
    lost = _void(locked)
    if not lost:
        raise ReplaceError(f"Every coupon of '{locked}' was used: nothing is left to replace")
    last = mailing.sheets.aggregate(Max("number"))["number__max"]
    made = Sheet.objects.create(
        mailing=mailing,
        household=locked.household,
        number=last + 1,
        address=_address(locked),
        savings=sum((coupon.terms.face_value for coupon in lost), Decimal(0)),
        is_generic=locked.is_generic,
        language=locked.language,  # the reasons are in it
        replaces=locked,
    )
    _give_again(made, lost)
    told = why.strip()
    _note(by, locked, CHANGE, f"Lost, sheet {made.number} stands in its place: {told}")
    _note(by, made, ADDITION, f"In place of sheet {locked.number}: {told}")
    sheet.refresh_from_db()
    return made


def _give_again(made: Sheet, lost: list[Coupon]) -> None:
    """Write the same coupons on another sheet, with codes and serial numbers of their own."""
    for tries_left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                again = Coupon.objects.bulk_create(_again(made, lost))
                _give_reasons_again(again, lost)
        except IntegrityError as error:
            if not tries_left or SERIAL_ONCE not in str(error):
                raise
        else:
            return


def _give_reasons_again(made: list[Coupon], lost: list[Coupon]) -> None:
    """What was given as goodwill is so on another sheet, too."""
    given = {one.coupon_id: one for one in Goodwill.objects.filter(coupon__in=lost)}
    Goodwill.objects.bulk_create(
        Goodwill(coupon=new, why=given[old.pk].why, given_by_id=given[old.pk].given_by_id)
        for new, old in zip(made, lost, strict=True)
        if old.pk in given
    )


def _again(made: Sheet, lost: list[Coupon]) -> Iterator[Coupon]:
    minted = codes.mint_many(len(lost))
    serials = payloads.serials_for([coupon.offer_id for coupon in lost])
    for position, (code, serial, coupon) in enumerate(zip(minted, serials, lost, strict=True), 1):
        yield Coupon(
            code=code,
            serial=serial,
            sheet=made,
            position=position,
            offer=coupon.offer,
            level=coupon.level,
            valid_from=coupon.valid_from,
            valid_to=coupon.valid_to,
            chance=coupon.chance,
            value=coupon.value,
            drawn_share=coupon.drawn_share,
            tag=coupon.tag,
            reason=coupon.reason,
            staff_reason=coupon.staff_reason,
        )


def _locked(sheet: Sheet, why: str) -> tuple[Mailing, Sheet]:
    """Its mailing and itself, held until the transaction ends: sheets of one mailing follow each
    other, since each takes the next number.
    """
    if not why.strip():
        raise ReplaceError("Say why: whoever asks later wants to know")
    if len(why.strip()) > WHY_LENGTH:
        raise ReplaceError(f"Say why in {WHY_LENGTH} letters at most")
    mailing = Mailing.objects.select_for_update(no_key=True).get(pk=sheet.mailing_id)
    if mailing.state not in GOES_ON:
        raise ReplaceError(
            f"'{mailing}' is {stated(mailing)}; sheets are replaced from when "
            "they are issued until it is closed"
        )
    if mailing.valid_to < timezone.localdate():
        raise ReplaceError(f"'{mailing}' was good until {mailing.valid_to}: nothing to replace")
    locked = Sheet.objects.select_for_update(no_key=True, of=("self",))
    return mailing, locked.select_related("household").get(pk=sheet.pk)


def _void(sheet: Sheet) -> list[Coupon]:
    """Make void what was not used, and return it in the order of the sheet."""
    rows = Coupon.objects.select_for_update(of=("self",)).filter(sheet=sheet).order_by("pk")
    related = rows.select_related("offer", "level__offer")
    # A till that was first has changed the state of a row that was waited for.
    lost = [coupon for coupon in related if coupon.state != Coupon.State.REDEEMED]
    Coupon.objects.filter(pk__in=[coupon.pk for coupon in lost]).update(state=Coupon.State.VOID)
    CouponLock.objects.filter(coupon__in=lost).delete()
    if sheet.voided_at is None:
        sheet.voided_at = timezone.now()
        sheet.save(update_fields=["voided_at"])
    return sorted(lost, key=lambda coupon: coupon.position)


def _address(sheet: Sheet) -> str:
    """Where it goes now; whoever has no address any more is written to as before."""
    address = Address.objects.filter(household=sheet.household).select_related("household").first()
    if address is None:
        return sheet.address
    return "\n".join(posting.block_of(address, posting.home_country(sheet.mailing)))


def _note(by: AbstractBaseUser, sheet: Sheet, what: int, words: str) -> None:
    """Keep who did it and why, where the desk shows a row's history."""
    LogEntry.objects.log_actions(
        by.pk, Sheet.objects.filter(pk=sheet.pk), what, words, single_object=True
    )
