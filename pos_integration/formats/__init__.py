"""The feeds that can be read: one file each, found by media type."""

from collections.abc import Iterator
from io import BytesIO

from pos_integration.formats import (
    csv,
    json,
    lightspeed_x,
    loyverse,
    ndjson,
    poslog,
    shopify,
    square,
)
from pos_integration.formats.entries import Entry, Source, UnreadableError

__all__ = ["MEDIA_TYPES", "Entry", "UnreadableError", "read"]

_READERS = {
    "application/json": json.read,
    "application/x-ndjson": ndjson.read,
    "text/csv": csv.read,
    "application/xml": poslog.read,
    "text/xml": poslog.read,
    "application/vnd.square+json": square.read,
    "application/vnd.lightspeed-x+json": lightspeed_x.read,
    "application/vnd.loyverse+json": loyverse.read,
    "application/vnd.shopify+json": shopify.read,
}
MEDIA_TYPES = tuple(_READERS)


def read(source: Source | bytes, media_type: str) -> Iterator[Entry]:
    """Yield every basket of `source`, good or bad, in order, as its bytes are read.

    source: anything with `.read(size)`; of any length, since no more than some MiB are held.
    Raises UnreadableError, at once or where the bytes stop making sense; what was yielded before
    stands. One bad basket never hides its neighbours: it comes as an Entry with a fault.
    """
    reader = _READERS.get(media_type)
    if reader is None:
        raise UnreadableError(f"'{media_type}' cannot be read: send one of {', '.join(_READERS)}")
    return reader(BytesIO(source) if isinstance(source, bytes) else source)
