"""Wrong passwords: counted by name and address, and of all names by address alone.

Who mistypes their own is locked out by name, from where they are. Who tries a few passwords with
many names is seen by their address alone; there are stores whose staff all share one, so it may
have many wrong ones an hour, and those of a name that got in after all are no attack.
"""

from collections.abc import Iterable
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessFailureLog, AccessLog
from axes.utils import reset
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.signals import user_login_failed
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

AN_HOUR: Final = timedelta(hours=1)
LATELY: Final = timedelta(days=30)
_OWN_BITS: Final = 64  # of an IPv6 address whoever has one may choose so many


class Handler(AxesDatabaseHandler):  # type: ignore[misc] # axes ships no types
    """Axes', which also asks how many wrong passwords an address had."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return bool(super().is_locked(request, credentials)) or is_full(came_from(request))


def is_full(address: str | None) -> bool:
    """Whether so many wrong passwords came from there lately that no more are looked at."""
    most: int = settings.SIGN_IN_FAILURES
    if not most or address is None:
        return False
    got_in = AccessLog.objects.filter(
        username=OuterRef("username"), attempt_time__gt=OuterRef("attempt_time")
    )
    wrong = AccessFailureLog.objects.filter(
        _from(address), ~Exists(got_in.filter(_from(address))), attempt_time__gt=_ago(AN_HOUR)
    )
    return len(wrong.order_by().values_list("pk")[:most]) == most


def forgive(names: Iterable[str]) -> None:
    """Let these users try again at once, also where they lately signed in from."""
    for name in names:
        reset(username=name)
        seen = AccessLog.objects.filter(username=name, attempt_time__gt=_ago(LATELY))
        theirs = Q(username=name)
        for address in set(seen.values_list("ip_address", flat=True)) - {None}:
            theirs |= _from(address)
        AccessFailureLog.objects.filter(theirs).delete()


def forget() -> int:
    """Delete what is counted no more; returns how many."""
    old: QuerySet[AccessFailureLog] = AccessFailureLog.objects.filter(
        attempt_time__lt=_ago(AN_HOUR)
    )
    return old.delete()[0]


def password_change(request: HttpRequest) -> HttpResponse:
    """Change one's own password; a wrong old one counts like a wrong one at the door."""
    credentials = {"username": request.user.get_username()}
    if request.method == "POST" and not AxesProxyHandler.is_allowed(request, credentials):
        return locked_out(request)
    response: Any = admin.site.password_change(request)
    if request.method == "POST":
        if response.status_code == 302:
            reset(username=credentials["username"], ip=came_from(request))
        elif response.context_data["form"].has_error("old_password", "password_incorrect"):
            user_login_failed.send(__name__, credentials=credentials, request=request)
    return response  # type: ignore[no-any-return]


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """The page for whom no more passwords are looked at; for axes."""
    told = {
        "minutes": int(settings.AXES_COOLOFF_TIME.total_seconds() // 60),
        "is_address": is_full(came_from(request)),
    }
    return render(request, "admin/locked_out.html", told, status=429)


def came_from(request: HttpRequest) -> str | None:
    """The address somebody signs in from, for axes.

    Behind PROXIES proxies it is what the outermost of them says; whatever stands left of that
    the browser may have made up.
    """
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if 0 < settings.PROXIES <= len(told):
        try:
            return str(ip_address(told[-settings.PROXIES].strip()))
        except ValueError:
            pass  # no address: of use for nothing
    return request.META.get("REMOTE_ADDR") or None  # none by a socket of this machine


def _from(address: str) -> Q:
    """Whatever came from there; of IPv6, from the same network, whose addresses are free."""
    if ip_address(address).version == 4:
        return Q(ip_address=address)
    network = ip_network(f"{address}/{_OWN_BITS}", strict=False)
    return Q(ip_address__gte=str(network[0]), ip_address__lte=str(network[-1]))


def _ago(time: timedelta) -> Any:
    return timezone.now() - time
