"""Who acts at the desk, said to the database with each statement, so that it notes their changes.

Triggers (`pos_integration.watching`) note a change only while the setting `loyalty.staff` says who
acts. It is set in front of each statement that writes, in the same message to the server, and for
its transaction only (`is_local`): there is no statement of its own to pay for, nothing to take
back when a request ends or fails, and nothing a persistent connection could carry to the next
request. It holds as well behind a pooler that gives a connection for one transaction, such as
PgBouncer's transaction mode; that mode with prepared statements, or a driver that sends the
parts of a statement one by one (psycopg 3 does with parameters), would need another way.

Plain COPY goes past it and is noted only in a transaction that wrote something else before:
nothing that staff do at the desk copies into a watched table.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from psycopg2.extensions import (  # type: ignore[import-untyped] # ships no types
    TRANSACTION_STATUS_INTRANS,
)

from pos_integration.models import Change

_WRITES: Final = re.compile(
    r"\s*(?:INSERT|UPDATE|DELETE|MERGE|WITH\b.*\b(?:INSERT|UPDATE|DELETE))\b", re.I | re.S
)
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
SECURITY: Final = frozenset(
    {
        "auth_user",
        "auth_user_groups",
        "auth_user_user_permissions",
        "auth_group",
        "auth_group_permissions",
        "pos_integration_storestaff",
        "pos_integration_terminaltoken",
        "otp_totp_totpdevice",
        "otp_static_staticdevice",
        "otp_static_statictoken",
    }
)
"""Tables whose changes administrators alone are told."""


class _Said:
    """Puts who acts in front of each statement that writes."""

    def __init__(self, user: Any, page: str) -> None:
        self.was_said = False
        who = {"id": user.pk, "name": user.get_username(), "page": page.replace("\0", "")[:200]}
        # ASCII without quotes and percent signs: it can end no literal and is no placeholder.
        text = json.dumps(who).replace("'", r"\u0027").replace("%", r"\u0025")
        self.said = f"SELECT set_config('loyalty.staff', '{text}', true); "

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        if isinstance(sql, str) and _WRITES.match(sql):
            self.was_said = True
            sql = self.said + sql
        return execute(sql, params, many, context)


@contextmanager
def acting(user: Any, page: str) -> Iterator[None]:
    """Note what is changed meanwhile as `user`'s, for a request or a task that they began.

    user: None is nobody, and notes nothing
    page: where they asked for it, such as the page's path, or the task's name
    """
    if user is None:
        yield
        return
    said = _Said(user, page)
    with connection.execute_wrapper(said):
        try:
            yield
        finally:
            if said.was_said and connection.in_atomic_block:
                _say_nobody()


def _say_nobody() -> None:
    """Within a transaction that goes on, nobody acts any more; past Django's count of queries."""
    raw = connection.connection
    if raw is not None and raw.info.transaction_status == TRANSACTION_STATUS_INTRANS:
        with raw.cursor() as cursor:
            cursor.execute("SELECT set_config('loyalty.staff', '', true)")


def note(user: Any, page: str, table: str, what: str) -> None:
    """Note what somebody began that no row tells of, such as a night by hand.

    table: of what comes of it, on whose list it is told
    """
    Change.objects.create(
        at=timezone.now(),
        by_id=user.pk,
        by_name=user.get_username(),
        page=page[:200],
        kind=Change.Kind.MADE,
        table_name=table,
        label=what[:80],
        about_table=table,
    )


class ChangesMiddleware:
    """Whoever is signed in at the desk and sends something acts, until it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.desk = reverse("admin:index")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            request.method in _SAFE
            or not request.path.startswith(self.desk)
            or not request.user.is_authenticated
        ):
            return self.get_response(request)
        with acting(request.user, request.path):
            return self.get_response(request)


def told_on() -> set[str]:
    """The tables on whose pages something can be told, as the triggers have them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT split_part(encode(tgargs, 'escape'), '\\000', 1) FROM pg_trigger"
            " WHERE tgname LIKE %s",
            [r"%\_noted"],
        )
        return {table for (table,) in cursor.fetchall()}


def of(table: str, pk: Any) -> QuerySet[Change]:
    """What was changed of a row and of what is told on its page, newest first."""
    return Change.objects.filter(
        Q(about_table=table, about_id=str(pk)) | Q(table_name=table, row_id=str(pk))
    ).order_by("-pk")


def about(table: str, pks: list[int]) -> QuerySet[Change]:
    """What was changed of rows, and of what is told on their pages."""
    keys = [str(pk) for pk in pks]
    return Change.objects.filter(
        Q(about_table=table, about_id__in=keys) | Q(table_name=table, row_id__in=keys)
    )


def forget(table: str, pks: list[int]) -> int:
    """Empty what is held of these rows; who changed them, when and that they did stays."""
    return about(table, pks).update(label="", before={}, after={})


def drop_older(since: date) -> int:
    """Delete what was changed before the day `since`; returns how many."""
    return Change.objects.filter(at__date__lt=since).delete()[0]
