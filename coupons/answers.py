"""Answers to tills: work done once, its answer kept with what it did and repeated byte for byte."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

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


@transaction.atomic
def answer(
    terminal: Terminal,
    work: Callable[[], dict[str, Any]],
    *,
    status: int = 200,
    key: str = "",
    request: bytes = b"",
) -> Answer:
    """Do `work`, once where the terminal gave a `key`, and return its answer.

    status: of the answer when `work` returns; a Problem that it raises has its own
    request: method, path and body; the same key with another request is Problem 422 key_reused

    A terminal's calls are answered one after another. An answer under a key is kept in the
    transaction of the work, and given again even to a terminal that is locked out: it tells
    nothing new. A miss is kept although what the work wrote is not. Raises LockedOutError.
    """
    guessing.one_at_a_time(terminal)
    sha256 = hashlib.sha256(request).hexdigest()
    if key:
        kept = TillAnswer.objects.filter(terminal=terminal, key=key).first()
        if kept is not None:
            if kept.request_sha256 != sha256:
                raise problems.Problem(
                    422, "key_reused", "This Idempotency-Key came with another request before."
                )
            return Answer(kept.status, bytes(kept.body))
    guessing.refuse_if_locked_out(terminal)
    try:
        with transaction.atomic():
            given = Answer(status, msgspec.json.encode(work()))
    except problems.Problem as problem:
        given = Answer(
            problem.status_code,
            msgspec.json.encode(
                problems.body(problem.status_code, problem.code, problem.sentence, problem.errors)
            ),
        )
        if isinstance(problem, guessing.UnknownError):
            guessing.note_miss(terminal)
    if key:
        TillAnswer.objects.create(
            terminal=terminal,
            key=key,
            request_sha256=sha256,
            status=given.status,
            body=given.body,
        )
    return given


def purge(now: datetime) -> int:
    """Forget answers older than KEPT; returns how many. Their keys may then be used anew."""
    return TillAnswer.objects.filter(answered_at__lt=now - KEPT).delete()[0]
