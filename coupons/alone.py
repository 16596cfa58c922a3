"""Work that two may not do at once: whoever holds its name in the database does it."""

from collections.abc import Collection, Iterator
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


_HELD = (
    "(SELECT classid::bigint << 32 | objid::bigint FROM pg_locks"
    " WHERE locktype = 'advisory' AND granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)
IS_HELD = f"hashtextextended(%s, 0) IN {_HELD}"
"""Whether somebody holds a name, in SQL."""
_HELD_OF = f"SELECT name FROM unnest(%s::text[]) AS name WHERE hashtextextended(name, 0) IN {_HELD}"  # noqa: S608 - of constants


def is_held(name: str) -> bool:
    """Whether somebody is at it."""
    return bool(held_of([name]))


def held_of(names: Collection[str]) -> set[str]:
    """Those of the names that somebody is at."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD_OF, [[*names]])
        return {name for (name,) in cursor}
