"""Tills sign in with `Authorization: Bearer TOKEN`; a token belongs to one terminal."""

import hashlib

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from pos_integration.models import Terminal, TerminalToken

LIVE_TOKENS = 2  # the old one still works while the new one is carried to the till


class TerminalAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[AnonymousUser, Terminal] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        row = (
            TerminalToken.objects.select_related("terminal__store")
            .filter(
                sha256=hashlib.sha256(token.strip()).hexdigest(),
                revoked_at=None,
                terminal__revoked_at=None,
            )
            .first()
        )
        if row is None:
            raise AuthenticationFailed("This token is unknown or was revoked.")
        return AnonymousUser(), row.terminal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class IsTerminal(BasePermission):
    def has_permission(self, request: Request, view: object) -> bool:
        return isinstance(request.auth, Terminal)


@transaction.atomic
def issue_token(terminal: Terminal) -> str:
    """Return a new token for `terminal`, readable this once; only the newest two stay live."""
    Terminal.objects.select_for_update().get(pk=terminal.pk)
    token, sha256 = TerminalToken.new_secret()
    TerminalToken.objects.create(terminal=terminal, sha256=sha256)
    live = TerminalToken.objects.filter(terminal=terminal, revoked_at=None).order_by("-pk")
    older = list(live.values_list("pk", flat=True)[LIVE_TOKENS:])
    TerminalToken.objects.filter(pk__in=older).update(revoked_at=timezone.now())
    return token
