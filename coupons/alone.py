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
