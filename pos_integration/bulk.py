"""COPY: rows as text, into a table or out of the way of one."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import connection

NULL = r"\N"
READ_CHARACTERS = 2**16
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class _Stream:
    """Rows as the file that psycopg2 wants to read from, without a copy of them all."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._rows: Iterator[str] = iter(rows)

    def read(self, size: int) -> str:
        chunk, length = [], 0
        for row in self._rows:
            chunk.append(row)
            length += len(row)
            if length >= size:
                break
        return "".join(chunk)


def escape(text: str) -> str:
    """Return `text` as one field of COPY's text format; NUL characters cannot be kept."""
    return text if text.isalnum() else text.translate(_ESCAPES)


def field(value: object) -> str:
    """Return any value as a field: None is NULL, bytes are hexadecimal, the rest is `str`."""
    if value is None:
        return NULL
    if isinstance(value, bytes):
        return rf"\\x{value.hex()}"
    return escape(str(value))


def row(values: Iterable[object]) -> str:
    """Return one row of COPY's text format."""
    return "\t".join([field(value) for value in values]) + "\n"


def copy(table: str, columns: Sequence[str], rows: Iterable[str]) -> None:
    """Append `rows`, as `row` writes them, to `table` in the current transaction.

    `table` and `columns` are names of our own: they are not quoted.
    """
    with connection.cursor() as cursor:
        source: Any = _Stream(rows)
        cursor.copy_expert(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN", source, READ_CHARACTERS
        )
