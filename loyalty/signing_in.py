"""Who signs in at the desk comes with their second factor: no page asks for it by itself."""

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty import second_factor
from pos_integration.staff import StaffBackend


class DeskBackend(StaffBackend):
    """Adds `device_in_use`, the number of the device that somebody has to show, None without."""

    def staff(self) -> QuerySet[User]:
        rows = super().staff()
        if settings.SECOND_FACTOR == second_factor.OFF:
            return rows
        theirs = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("-pk")
        return rows.annotate(device_in_use=Subquery(theirs.values("pk")[:1]))
