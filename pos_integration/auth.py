"""Tills sign in with `Authorization: Bearer TOKEN`; a token belongs to one terminal."""

import hashlib
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from pos_integration.models import Store, Terminal, TerminalToken

LIVE_TOKENS = 2  # the old one still works while the new one is carried to the till
SEEN_EVERY = timedelta(minutes=5)  # a till that calls each second is not written each second


# Every call of every till begins with this; the ORM would take longer to write it than the database
# to answer it. Columns in the models' order.
_TERMINAL = ("id", "store_id", "number", "is_collector", "revoked_at", "last_seen_at")
_STORE = ("id", "number", "name", "currency", "time_zone")
_FIND = f"""
    SELECT {", ".join(f"terminal.{name}" for name in _TERMINAL)},
        {", ".join(f"store.{name}" for name in _STORE)}
    FROM pos_integration_terminaltoken AS token
    JOIN pos_integration_terminal AS terminal ON terminal.id = token.terminal_id
    JOIN pos_integration_store AS store ON store.id = terminal.store_id
    WHERE token.sha256 = %s AND token.revoked_at IS NULL AND terminal.revoked_at IS NULL
"""  # noqa: S608 - our own names
# A call that holds the terminal's row writes it soon enough: nobody waits to say "seen".
_SEEN = """
    UPDATE pos_integration_terminal SET last_seen_at = %(now)s WHERE id = (
        SELECT id FROM pos_integration_terminal
        WHERE id = %(id)s AND (last_seen_at IS NULL OR last_seen_at <= %(stale)s)
        FOR NO KEY UPDATE SKIP LOCKED
    )
"""


class TerminalAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[AnonymousUser, Terminal] | None:
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        with connection.cursor() as cursor:
            cursor.execute(_FIND, [hashlib.sha256(token.strip()).hexdigest()])
            row = cursor.fetchone()
        if row is None:
            raise AuthenticationFailed("This token is unknown or was revoked.")
        terminal = Terminal.from_db("default", _TERMINAL, row[: len(_TERMINAL)])
        _note_seen(terminal)
        terminal.store = Store.from_db("default", _STORE, row[len(_TERMINAL) :])
        return AnonymousUser(), terminal

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _note_seen(terminal: Terminal) -> None:
    """Keep that `terminal` called, at most once in SEEN_EVERY."""
    now = timezone.now()
    stale = now - SEEN_EVERY
    if terminal.last_seen_at is None or terminal.last_seen_at <= stale:
        with connection.cursor() as cursor:
            cursor.execute(_SEEN, {"id": terminal.pk, "now": now, "stale": stale})


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
