"""What coupons add to a till's page: what was refused of it, and what it asked for in vain."""

from datetime import timedelta
from typing import NamedTuple

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from coupons import guessing
from coupons.admin.refusals import verdict_pill, with_currency
from coupons.models import Refusal, TillMiss
from pos_integration.admin.terminals import TerminalAdmin
from pos_integration.desk import Panel, Tool, kept, link, pill, table
from pos_integration.models import Terminal
from pos_integration.said import retold

REFUSED_DAYS = 28
REFUSALS_SHOWN = 8

admin.site.unregister(Terminal)


class Misses(NamedTuple):
    """What a till asked for in vain: of the day that is kept, and how long it is locked out."""

    kept: int
    lately: int  # within the window that counts
    wait: timedelta  # zero: it is answered


def misses_of(till: Terminal) -> Misses:
    """Read once a page: its buttons and its card both want it."""
    return kept(till, "desk_misses", lambda: _misses_of(till))


def _misses_of(till: Terminal) -> Misses:
    now = timezone.now()
    times = list(
        TillMiss.objects.filter(terminal=till, at__gt=now - guessing.WINDOW)
        .order_by("-at")
        .values_list("at", flat=True)[: guessing.MISSES]
    )
    kept = TillMiss.objects.filter(terminal=till).aggregate(n=Count("pk"), last=Max("at"))
    wait = timedelta(0)
    if len(times) >= guessing.MISSES:
        wait = times[-1] + guessing.WINDOW - now
    return Misses(kept["n"], len(times), wait)


@admin.register(Terminal)
class TerminalWithCouponsAdmin(TerminalAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.again_view)
        name = "pos_integration_terminal_again"
        return [path("<int:pk>/again/", view, name=name), *super().get_urls()]

    def row_tools(self, request: HttpRequest, row: Terminal) -> list[Tool]:
        tools = super().row_tools(request, row)
        if misses_of(row).wait and self._may_let_try(request):
            url = reverse("admin:pos_integration_terminal_again", args=[row.pk])
            tools.append(Tool(_("Let it try again"), url, is_main=True))
        return tools

    def _may_let_try(self, request: HttpRequest) -> bool:
        return request.user.has_perm("coupons.delete_tillmiss")

    def panels(self, request: HttpRequest, row: Terminal) -> list[Panel]:
        since = timezone.localdate() - timedelta(days=REFUSED_DAYS)
        refusals = (
            Refusal.objects.filter(
                record__basket__store=row.store_id,
                record__basket__till=row.number,
                record__basket__business_date__gte=since,
            )
            .select_related("record__basket__store", "verdict")
            .order_by("-pk")[:REFUSALS_SHOWN]
        )
        refused = table(
            (_("Day"), _("What was found"), _("Taken off") + "#", _("Decision")),
            (
                (
                    date_format(one.record.basket.business_date, "SHORT_DATE_FORMAT"),
                    link(
                        reverse("admin:coupons_refusal_change", args=[one.pk]), retold(one.detail)
                    ),
                    with_currency(one),
                    verdict_pill(one),
                )
                for one in refusals
            ),
            _("No coupon that it honoured was refused."),
        )
        days = _("last %(n)s days") % {"n": REFUSED_DAYS}
        first, second, *rest = super().panels(request, row)
        return [first, second, Panel(_("Refused"), refused, days), self._misses(row), *rest]

    def _misses(self, till: Terminal) -> Panel:
        misses = misses_of(till)
        if not misses.kept:
            said = _("It asked for nothing in vain in the last day.")
            return Panel(_("Asked in vain"), format_html('<p class="empty">{}</p>', said))
        counted = _(
            "%(n)s times in the last day it asked for a coupon or a card that there is not, or "
            "that it may know nothing of; %(lately)s times in the last %(minutes)s minutes."
        ) % {
            "n": misses.kept,
            "lately": misses.lately,
            "minutes": guessing.WINDOW.seconds // 60,
        }
        state = pill(_("answered"), "good")
        if misses.wait:
            until = timezone.localtime(timezone.now() + misses.wait)
            said = _("locked out until %(time)s") % {"time": date_format(until, "TIME_FORMAT")}
            state = pill(said, "bad")
        return Panel(_("Asked in vain"), format_html("<p>{}</p><p>{}</p>", state, counted))

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, then forget a till's misses, so that it is answered at once."""
        till = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self._may_let_try(request):
            raise PermissionDenied
        back = reverse("admin:pos_integration_terminal_change", args=[pk])
        if request.method != "POST":
            return self.ask(
                request,
                title=_("Let it try again: %(till)s") % {"till": till},
                says=[
                    _(
                        "It asked too often for what it may know nothing of, as somebody does who "
                        "guesses codes. Find out why first; it is answered again by itself after "
                        "%(minutes)s minutes."
                    )
                    % {"minutes": guessing.WINDOW.seconds // 60}
                ],
                button=_("Let it try again"),
                back=back,
            )
        TillMiss.objects.filter(terminal=till).delete()
        self.log_change(request, till, _("Let try again."))
        messages.success(request, _("%(till)s is answered again.") % {"till": till})
        return HttpResponseRedirect(back)
