"""Work that two may not do at once: whoever holds its name in the database does it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


class TakenError(Exception):
    """Somebody else is at it."""


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold `name`, which the database lets go if this process dies. Raises TakenError."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (mine,) = cursor.fetchone()
    if not mine:
        raise TakenError(name)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


IS_HELD = (
    "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%s, 0))"
)
"""Whether somebody holds a name, in SQL."""


def is_held(name: str) -> bool:
    """Whether somebody is at it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_HELD}", [name])
        (held,) = cursor.fetchone()
    return bool(held)
