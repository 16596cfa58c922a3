"""A till's tokens on its page: which are live, and one of them stopped by itself."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pos_integration.desk import Page, Panel, link, pill, table
from pos_integration.models import Terminal, TerminalToken

SHOWN = 5

if TYPE_CHECKING:
    Base = Page[Terminal]
else:
    Base = object


class WithTokens(Base):
    """What the page of a till has to do with its tokens."""

    def tokens_panel(self, request: HttpRequest, row: Terminal) -> Panel:
        may_stop = self.has_change_permission(request, row)
        body = table(
            (_("Issued"), _("State"), ""),
            (
                (
                    _issued(token),
                    pill(_("revoked"), "bad") if token.revoked_at else pill(_("live"), "good"),
                    link(_stop_url(token), _("Stop it"))
                    if may_stop and token.revoked_at is None
                    else "",
                )
                for token in row.tokens.order_by("-pk")[:SHOWN]
            ),
            _("No token yet: 'Issue a new token' above."),
        )
        return Panel(_("Tokens"), body, _("two live while rotating"))

    def stop_view(self, request: HttpRequest, pk: int, token_pk: int) -> HttpResponse:
        """Ask, then refuse one token: the old one when the till has the new, or one that leaked."""
        till = get_object_or_404(self.get_queryset(request), pk=pk)
        if not self.has_change_permission(request, till):
            raise PermissionDenied
        token = get_object_or_404(TerminalToken, pk=token_pk, terminal=till)
        back = reverse("admin:pos_integration_terminal_change", args=[pk])
        if request.method != "POST" or "confirmed" not in request.POST:
            return self.ask(
                request,
                title=_("Stop a token of %(till)s") % {"till": till},
                says=[
                    _("The token issued on %(day)s is refused from now on.")
                    % {"day": _issued(token)},
                    _("If the till still signs in with it, it is shut out: issue a new one first."),
                ],
                button=_("Stop it"),
                back=back,
            )
        stopped = TerminalToken.objects.filter(pk=token.pk, revoked_at=None)
        if stopped.update(revoked_at=timezone.now()):
            self.log_change(
                request, till, _("Stopped the token issued on %(day)s.") % {"day": _issued(token)}
            )
        messages.success(request, _("The token is stopped. What it sent stays."))
        return HttpResponseRedirect(back)


def _issued(token: TerminalToken) -> str:
    return date_format(timezone.localtime(token.created_at), "DATETIME_FORMAT")


def _stop_url(token: TerminalToken) -> str:
    return reverse("admin:pos_integration_terminal_stop", args=[token.terminal_id, token.pk])
