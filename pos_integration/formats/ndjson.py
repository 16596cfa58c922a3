"""NDJSON: a basket a line, so that a till may write its file as it sells."""

from collections.abc import Iterator

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    PIECE,
    SHOWN_BYTES,
    Entry,
    Source,
    too_long,
)
from pos_integration.formats.json import read_basket


def read(source: Source) -> Iterator[Entry]:
    """Yield the basket of every line that is not blank; a broken line is a fault of its own."""
    position = 0
    for line, is_whole in lines(source):
        if not is_whole:
            yield too_long(position, line)
        elif line.strip():
            yield read_basket(position, line)
        else:
            continue
        position += 1


def lines(source: Source) -> Iterator[tuple[bytes, bool]]:
    """Yield every line without its end, and whether it is whole.

    Of one with more than LONGEST_BASKET bytes only the start is given.
    """
    parts: list[bytes] = []  # of the line that has not ended
    length = 0
    is_first = True
    while True:
        piece = source.read(PIECE)
        first, *others = piece.split(b"\n") if piece else (b"", b"")  # the end ends a line too
        parts.append(first)
        length += len(first)
        if length > LONGEST_BASKET:
            parts = [b"".join(parts)[:SHOWN_BYTES]]
        if others:
            line = b"".join(parts)
            if is_first:
                line = line.removeprefix(b"\xef\xbb\xbf")
                is_first = False
            yield line, length <= LONGEST_BASKET
            yield from ((line, True) for line in others[:-1])
            parts, length = [others[-1]], len(others[-1])
        if not piece:
            return
