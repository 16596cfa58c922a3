"""JSON: an object with a list of baskets, each read on its own."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import msgspec

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    Ahead,
    Entry,
    Source,
    UnreadableError,
    too_long,
)
from pos_integration.formats.json_elements import TwinError, elements, without_twins
from pos_integration.records import Basket, Fault, explain

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_WHOLE = LONGEST_BASKET  # a body of up to so many bytes is read at once: the fast way


class _Envelope(msgspec.Struct):
    baskets: list[msgspec.Raw]


# Half of a character, as an escape: what a text ends in that was cut off in the middle of one.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_envelope = msgspec.json.Decoder(_Envelope)
_anything = msgspec.json.Decoder()


def read(source: Source) -> Iterator[Entry]:
    """Yield the baskets of `{"baskets": [...]}`; raises UnreadableError if it is none.

    Of a small body nothing is yielded before all of it was found to be JSON; of a large one
    UnreadableError may come after any number of good baskets.
    """
    start = source.read(_WHOLE + 1)
    while len(start) <= _WHOLE and (more := source.read(_WHOLE + 1 - len(start))):
        start += more
    if len(start) <= _WHOLE:
        return _read_whole(start)
    return _read_long(Ahead(start, source))


def _read_long(source: Source) -> Iterator[Entry]:
    for position, (raw, is_whole) in enumerate(elements(source, "baskets")):
        yield read_basket(position, raw) if is_whole else too_long(position, raw)


def _read_whole(body: bytes) -> Iterator[Entry]:
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        raws = _split(body)
    except UnreadableError:
        raise
    except msgspec.ValidationError as error:
        raise UnreadableError(f'This is not {{"baskets": [...]}}: {error}') from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"This is not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise UnreadableError("This JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError(f"This is not JSON as it should be: {error}") from error
    return (read_basket(position, raw) for position, raw in enumerate(raws))


def _split(body: bytes) -> list[bytes]:
    """Return the text of each basket."""
    try:
        raws: list[bytes] = [bytes(raw) for raw in _envelope.decode(body).baskets]
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if not _SURROGATE.search(body):
            raise
        # This may be JSON still, with the fault in one basket only: cut without understanding.
        return [raw for raw, _ in elements(BytesIO(body), "baskets")]
    if body.count(b'"baskets"') > 1:
        return [raw for raw, _ in elements(BytesIO(body), "baskets")]
    return raws


def read_basket(position: int, raw: bytes) -> Entry:
    """Return the one basket that `raw` holds, or what is wrong with it.

    It is parsed once, into a tree in which all its keys can be counted; making the basket from
    the tree costs less than parsing the text once more.
    """
    try:
        tree = _anything.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Entry(position, raw, None, _unparsed(error, raw))
    try:
        basket = msgspec.convert(tree, Basket)
    except msgspec.ValidationError as error:
        return Entry(position, raw, None, explain(error, tree))
    fault = _hidden_fault(raw, tree)
    return Entry(position, raw, None if fault else basket, fault)


def _unparsed(error: Exception, raw: bytes) -> Fault:
    if isinstance(error, RecursionError):
        return Fault("bad_field", "The basket is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Fault("bad_text", "The basket holds bytes that are no text in UTF-8.")
    if _SURROGATE.search(raw):
        return Fault("bad_text", "The basket holds half of a character, a single surrogate.")
    return Fault("bad_json", f"{error}.")


def _hidden_fault(raw: bytes, tree: dict[str, Any]) -> Fault | None:
    """Return what the shape of a basket lets through: NUL characters and keys that come twice.

    A field given twice may mean two things, and the last would silently win. Every key was
    written with a colon: those are counted against the keys that were kept. Only where there are
    more is the basket read again slowly: for twins, but also for colons in texts and for objects
    not counted.
    """
    has_escapes = b"\\" in raw
    if has_escapes and b"\\u0000" in raw and _holds_nul(tree):
        return Fault("bad_text", "The basket holds a NUL character, which no text can keep.")
    if not (has_escapes and b"\\u003" in raw):  # as which a colon might hide
        # The time of day is the one text of every basket that has colons.
        ended_at = tree.get("ended_at")
        times = ended_at.count(":") if ended_at else 0
        if raw.count(b":") == _keys(tree) + times:
            return None
    try:
        json.loads(raw, object_pairs_hook=without_twins)
    except TwinError as error:
        return Fault("bad_field", f"{error}.")
    return None


def _keys(tree: dict[str, Any]) -> int:
    """Return how many keys a basket of the right shape has, or fewer: never more."""
    count = len(tree)
    for name in ("lines", "coupons", "tenders"):
        if parts := tree.get(name):
            count += sum(map(len, parts))
    return count


def _holds_nul(tree: Any) -> bool:
    if isinstance(tree, str):
        return "\0" in tree
    if isinstance(tree, dict):
        return any(_holds_nul(key) or _holds_nul(value) for key, value in tree.items())
    return isinstance(tree, list) and any(_holds_nul(value) for value in tree)
