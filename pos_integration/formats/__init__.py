"""The feeds that can be read: one file each, found by media type."""

from collections.abc import Iterator

from pos_integration.formats import json, ndjson
from pos_integration.formats.entries import Entry, UnreadableError

__all__ = ["MEDIA_TYPES", "Entry", "UnreadableError", "read"]

_READERS = {
    "application/json": json.read,
    "application/x-ndjson": ndjson.read,
}
MEDIA_TYPES = tuple(_READERS)


def read(body: bytes, media_type: str) -> Iterator[Entry]:
    """Yield every basket of `body`, good or bad, in order; raises UnreadableError if there is none.

    One bad basket never hides its neighbours: it comes as an Entry with a fault.
    """
    reader = _READERS.get(media_type)
    if reader is None:
        raise UnreadableError(f"'{media_type}' cannot be read: send one of {', '.join(_READERS)}")
    return reader(body)
