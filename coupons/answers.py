"""Answers to tills: work done once, its answer kept with what it did and repeated byte for byte."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from coupons import guessing
from coupons.models import TillAnswer
from pos_integration import problems
from pos_integration.models import Terminal

KEPT = timedelta(days=30)
KEY_LENGTH = 80


@dataclass(frozen=True)
class Answer:
    """What a till is told: the same question under the same key gets the same bytes."""

    status: int
    body: bytes

    @property
    def content_type(self) -> str:
        return "application/json" if self.status < 400 else "application/problem+json"


def check_key(key: str | None) -> str:
    """Return the Idempotency-Key, "" where none was sent; Problem 400 for a malformed one."""
    if key is None:
        return ""
    if not 1 <= len(key) <= KEY_LENGTH or not all("!" <= character <= "~" for character in key):
        raise problems.Problem(
            400,
            "bad_key",
            f"The Idempotency-Key is not 1 to {KEY_LENGTH} visible ASCII characters.",
        )
    return key


# One trip of three statements, each of which sees what those before it waited for. `miss` is the
# one that makes MISSES within WINDOW, if there are as many.
_BEFORE = """
    SELECT pg_advisory_xact_lock(hashtextextended('till', %(terminal)s));
    SAVEPOINT before_work;
    SELECT kept.request_sha256, kept.status, kept.body, miss.at
    FROM (VALUES (1)) AS one
    LEFT JOIN coupons_tillanswer AS kept
        ON kept.terminal_id = %(terminal)s AND kept.key = %(key)s
    LEFT JOIN LATERAL (
        SELECT at FROM coupons_tillmiss WHERE terminal_id = %(terminal)s AND at > %(since)s
        ORDER BY at DESC OFFSET %(others)s LIMIT 1
    ) AS miss ON true
"""
_KEEP = """
    INSERT INTO coupons_tillanswer (terminal_id, key, request_sha256, status, body, answered_at)
    VALUES (%s, %s, %s, %s, %s, %s)
"""


@transaction.atomic
def answer(
    terminal: Terminal,
    work: Callable[[], dict[str, Any] | bytes],
    *,
    status: int = 200,
    key: str = "",
    request: bytes = b"",
) -> Answer:
    """Do `work`, once where the terminal gave a `key`, and return its answer.

    work: returns what is told as JSON, or bytes that are told as they are
    status: of the answer when `work` returns; a Problem that it raises has its own
    request: method, path and body; the same key with another request is Problem 422 key_reused

    A terminal's calls are answered one after another. An answer under a key is kept in the
    transaction of the work, and given again even to a terminal that is locked out: it tells
    nothing new. A miss is kept although what the work wrote is not. Raises LockedOutError.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _BEFORE,
            {
                "terminal": terminal.pk,
                "key": key,
                "since": now - guessing.WINDOW,
                "others": guessing.MISSES - 1,
            },
        )
        kept_sha256, kept_status, kept_body, last_straw = cursor.fetchone()
        sha256 = hashlib.sha256(request).hexdigest()
        if kept_sha256 is not None:
            if kept_sha256 != sha256:
                raise problems.Problem(
                    422, "key_reused", "This Idempotency-Key came with another request before."
                )
            return Answer(kept_status, bytes(kept_body))
        if last_straw is not None:
            raise guessing.LockedOutError(last_straw, now)
        try:
            said = work()
            given = Answer(status, said if isinstance(said, bytes) else msgspec.json.encode(said))
        except problems.Problem as problem:
            cursor.execute("ROLLBACK TO SAVEPOINT before_work")
            given = _refusal(problem)
            if isinstance(problem, guessing.UnknownError):
                guessing.note_miss(terminal)
        if key:
            cursor.execute(
                _KEEP, [terminal.pk, key, sha256, given.status, given.body, timezone.now()]
            )
    return given


def _refusal(problem: problems.Problem) -> Answer:
    body = problems.body(problem.status_code, problem.code, problem.sentence, problem.errors)
    return Answer(problem.status_code, msgspec.json.encode(body))


def purge(now: datetime) -> int:
    """Forget answers older than KEPT; returns how many. Their keys may then be used anew."""
    return TillAnswer.objects.filter(answered_at__lt=now - KEPT).delete()[0]
