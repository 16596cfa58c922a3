"""JSON: an object with a list of baskets, each read on its own."""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from pos_integration.formats.entries import Entry, UnreadableError
from pos_integration.records import Basket, Fault, explain

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _Envelope(msgspec.Struct):
    baskets: list[msgspec.Raw]


# Half of a character, as an escape: what a text ends in that was cut off in the middle of one.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_envelope = msgspec.json.Decoder(_Envelope)
_basket = msgspec.json.Decoder(Basket)
_anything = msgspec.json.Decoder()


def read(body: bytes) -> Iterator[Entry]:
    """Yield the baskets of `{"baskets": [...]}`; raises UnreadableError, at once, if it is none."""
    body = body.removeprefix(_BYTE_ORDER_MARK)
    try:
        raws = _split(body)
    except msgspec.ValidationError as error:
        raise UnreadableError(f'This is not {{"baskets": [...]}}: {error}') from error
    except UnicodeDecodeError as error:
        raise UnreadableError(f"This is not UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise UnreadableError("This JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError(f"This is not JSON as it should be: {error}") from error
    return (read_basket(position, raw) for position, raw in enumerate(raws))


def _split(body: bytes) -> list[bytes | memoryview]:
    """Return the text of each basket."""
    try:
        raws: list[bytes | memoryview] = [memoryview(raw) for raw in _envelope.decode(body).baskets]
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        if not _SURROGATE.search(body):
            raise
        # This may be JSON still, with the fault in one basket only. Each is then written anew.
        tree = json.loads(body, object_pairs_hook=_without_twins, parse_constant=_no_number)
        baskets = msgspec.convert(tree, dict[str, Any]).get("baskets")
        return [json.dumps(basket).encode() for basket in msgspec.convert(baskets, list[Any])]
    if body.count(b'"baskets"') > 1:
        json.loads(body, object_pairs_hook=_without_twins)
    return raws


def read_basket(position: int, raw: bytes | memoryview) -> Entry:
    """Return the one basket that `raw` holds, or what is wrong with it."""
    try:
        basket = _basket.decode(raw)
        fault = _hidden_fault(bytes(raw))
    except msgspec.ValidationError as error:
        return Entry(position, raw, None, _explained(error, raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Entry(position, raw, None, _unparsed(error, raw))
    return Entry(position, raw, None if fault else basket, fault)


def _explained(error: msgspec.ValidationError, raw: bytes | memoryview) -> Fault:
    try:
        return explain(error, _anything.decode(raw))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
        return _unparsed(worse, raw)


def _unparsed(error: Exception, raw: bytes | memoryview) -> Fault:
    if isinstance(error, RecursionError):
        return Fault("bad_field", "The basket is nested too deeply.")
    if isinstance(error, UnicodeDecodeError):
        return Fault("bad_text", "The basket holds bytes that are no text in UTF-8.")
    if _SURROGATE.search(raw):
        return Fault("bad_text", "The basket holds half of a character, a single surrogate.")
    return Fault("bad_json", f"{error}.")


def _hidden_fault(raw: bytes) -> Fault | None:
    """Return what a typed decoder lets through: NUL characters and keys that come twice.

    A field given twice may mean two things, and the last would silently win. The keys that were
    kept are counted against the colons after a quote. Only where there are fewer is the basket
    read again slowly: for twins, but also for a text with `":` in it or for objects not counted.
    """
    if b"\\u0000" in raw and _holds_nul(_anything.decode(raw)):
        return Fault("bad_text", "The basket holds a NUL character, which no text can keep.")
    if raw.count(b'":') != _keys(_anything.decode(raw)):
        try:
            json.loads(raw, object_pairs_hook=_without_twins)
        except _TwinError as error:
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


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


class _TwinError(ValueError):
    pass


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise _TwinError(f"'{twin[:40]}' is given twice")
    return found
