"""What every feed yields: a basket or the fault in it, with its place and its text."""

from io import BytesIO
from typing import Any, NamedTuple, Protocol

import msgspec

from pos_integration.records import Basket, Fault, explain

MEBIBYTE = 1 << 20
LONGEST_BASKET = 8 * MEBIBYTE  # bytes; a till's longest receipt has some thousand lines
SHOWN_BYTES = 10_000  # of a basket that is too long, for staff
PIECE = 256 * 1024  # bytes that are read from a source at a time


class UnreadableError(ValueError):
    """A body in which not even the baskets can be told apart; the message says why."""


class Entry(NamedTuple):
    """One basket of an upload, or what is there instead: exactly one of the last three is set."""

    position: int  # from 0
    raw: bytes | memoryview  # as the till sent it
    basket: Basket | None
    fault: Fault | None
    skipped: str = ""  # why this is no sale: "training", "sign-on", ...

    @property
    def text(self) -> str:
        """The basket as the till sent it, in a form that a database can keep."""
        return bytes(self.raw).decode(errors="backslashreplace").replace("\0", "\\x00")


def converted(position: int, raw: bytes | memoryview, said: dict[str, Any]) -> Entry:
    """Return the basket with the fields of `said`, or what is wrong with them.

    The fields are those of the REST API's own basket, so a fault reads the same in every feed.
    """
    try:
        return Entry(position, raw, msgspec.convert(said, Basket), None)
    except msgspec.ValidationError as error:
        return Entry(position, raw, None, explain(error, said))


def too_long(position: int, start: bytes, most: str = f"{LONGEST_BASKET} bytes") -> Entry:
    """Return what stands for a basket that begins so and has more than `most`."""
    detail = f"The basket has more than {most}; only its start is kept here."
    return Entry(position, start[:SHOWN_BYTES], None, Fault("too_long", detail))


class Source(Protocol):
    """Where a feed's bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, none only at the end."""
        ...


class Ahead:
    """A source of which the start was read already: gives that first, then the rest."""

    def __init__(self, start: bytes, rest: Source) -> None:
        self._start = BytesIO(start)
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        return self._start.read(size) or self._rest.read(size)
