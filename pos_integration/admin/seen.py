"""When a till last called, in words and as a colour, and the filters of the list of tills."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from pos_integration.desk import pill
from pos_integration.models import Terminal

SILENT_AFTER = timedelta(hours=3)  # behind the last call of its store's other tills
JUST_NOW = timedelta(minutes=10)  # calls are noted every five


def ago(span: timedelta) -> str:
    """A span of time as it is said: `2 minutes`, `3 hours`, `4 days`."""
    minutes = max(1, int(span.total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    days = hours // 24
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": days}


def seen_in_words(
    last: datetime | None, store_last: datetime | None, now: datetime
) -> tuple[str, str]:
    """Say when a till last called, and the tone of it: bad where its store called since.

    store_last: the latest call of any till of its store
    """
    if last is None:
        return _("never called"), "warn"
    said = ago(now - last)
    if store_last is not None and store_last - last >= SILENT_AFTER:
        return _("silent for %(time)s") % {"time": said}, "bad"
    return _("%(time)s ago") % {"time": said}, "good" if now - last <= JUST_NOW else "plain"


def seen_pill(till: Terminal, now: datetime) -> SafeString:
    """For a row of `newest_by_store`."""
    if till.revoked_at is not None and till.last_seen_at is None:
        return pill(_("never called"))
    store_last = None if till.revoked_at else getattr(till, "store_last", None)
    return pill(*seen_in_words(till.last_seen_at, store_last, now))


def newest_by_store(tills: QuerySet[Terminal]) -> QuerySet[Terminal]:
    """Beside each till, as `store_last`, the latest call of its store's tills."""
    others = Terminal.objects.filter(store=OuterRef("store"), revoked_at=None).order_by()
    newest = others.values("store").annotate(newest=Max("last_seen_at")).values("newest")
    return tills.annotate(store_last=Subquery(newest))


class SignInFilter(admin.SimpleListFilter):
    title = gettext_lazy("sign-in")
    parameter_name = "sign_in"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("may", _("May sign in")),
            ("never", _("Never called")),
            ("revoked", _("Revoked")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> QuerySet[Terminal]:
        match self.value():
            case "may":
                return queryset.filter(revoked_at=None)
            case "never":
                return queryset.filter(revoked_at=None, last_seen_at=None)
            case "revoked":
                return queryset.exclude(revoked_at=None)
        return queryset


class KindFilter(admin.SimpleListFilter):
    title = gettext_lazy("speaks for")
    parameter_name = "collects"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("no", _("Its own store")), ("yes", _("Every store"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Terminal]) -> QuerySet[Terminal]:
        if self.value() in ("yes", "no"):
            return queryset.filter(is_collector=self.value() == "yes")
        return queryset
