"""One coupon made void by staff, before anybody used it."""

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from coupons.models import Coupon, CouponLock


class VoidError(ValueError):
    """What was found and what was wanted, in a sentence for staff."""


@transaction.atomic
def void(coupon: Coupon, by: AbstractBaseUser, why: str) -> bool:
    """Let tills refuse the coupon from now on; False if it was void already.

    Who asks while a till honours it waits for the till. Raises VoidError without a reason, for a
    coupon that was used, and for one that a till holds for a receipt.
    """
    if not why.strip():
        raise VoidError(_("Say why: whoever asks later wants to know."))
    locked = Coupon.objects.select_for_update().get(pk=coupon.pk)
    if locked.state == Coupon.State.VOID:
        return False
    if locked.state == Coupon.State.REDEEMED:
        raise VoidError(_("It was used already: what was used stays used."))
    if CouponLock.objects.filter(coupon=locked, expires_at__gt=timezone.now()).exists():
        raise VoidError(_("A till holds it for a receipt just now: try again in some minutes."))
    locked.state = Coupon.State.VOID
    locked.save(update_fields=["state"])
    CouponLock.objects.filter(coupon=locked).delete()
    rows = Coupon.objects.filter(pk=locked.pk)
    LogEntry.objects.log_actions(
        by.pk, rows, CHANGE, f"Made void: {why.strip()[:200]}", single_object=True
    )
    return True
