"""The sales files in tests/samples, and what is in them once they are read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pos_integration import formats

FOLDER = Path(__file__).parent.parent / "samples"
MEDIA_TYPES = {
    "poslog-2.xml": "application/xml",
    "poslog-6.xml": "text/xml",
    "sales.csv": "text/csv",
    "square.json": "application/vnd.square+json",
    "lightspeed-x.json": "application/vnd.lightspeed-x+json",
    "loyverse.json": "application/vnd.loyverse+json",
    "shopify.json": "application/vnd.shopify+json",
}


def sample(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def read(name: str, body: bytes | None = None) -> list[formats.Entry]:
    """The entries of a sample, or of `body` read as its kind."""
    return list(formats.read(sample(name) if body is None else body, MEDIA_TYPES[name]))


def told(entry: formats.Entry) -> dict[str, Any]:
    """A basket's fields as JSON would have them, without those that say nothing."""
    assert entry.basket is not None, entry
    said: dict[str, Any] = _filled(msgspec.to_builtins(entry.basket))
    return said


def _filled(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: _filled(value) for name, value in tree.items() if value not in (None, [])}
    return [_filled(value) for value in tree] if isinstance(tree, list) else tree


class Endless:
    """A source of any length: what comes first, a piece again and again, what comes last."""

    def __init__(self, first: bytes, again: Iterator[bytes], last: bytes) -> None:
        self._parts = self._all(first, again, last)
        self._held = b""
        self.size = 0

    @staticmethod
    def _all(first: bytes, again: Iterator[bytes], last: bytes) -> Iterator[bytes]:
        yield first
        yield from again
        yield last

    def read(self, size: int, /) -> bytes:
        while not self._held:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._held = part
        given, self._held = self._held[:size], self._held[size:]
        self.size += len(given)
        return given
