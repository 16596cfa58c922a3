"""NDJSON: a basket a line, so that a till may write its file as it sells."""

from collections.abc import Iterator

from pos_integration.formats.entries import Entry
from pos_integration.formats.json import read_basket


def read(body: bytes) -> Iterator[Entry]:
    """Yield the basket of every line that is not blank; a broken line is a fault of its own."""
    lines = (line for line in body.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip())
    return (read_basket(position, line) for position, line in enumerate(lines))
