"""What every feed yields: a basket or the fault in it, with its place and its text."""

from typing import NamedTuple

from pos_integration.records import Basket, Fault


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
