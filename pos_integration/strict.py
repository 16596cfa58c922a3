"""JSON of a till's call, read strictly: what could mean two things, or nothing, is refused."""

import json
import zlib
from collections.abc import Mapping
from typing import IO, Any, TypeVar

import msgspec
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from pos_integration.problems import Problem

MAX_BYTES = 2**20  # a call may carry a whole basket
MAX_DEPTH = 20

T = TypeVar("T")


class StrictJSONParser(BaseParser):
    """What `parse` returns for a request's body; Problem 400, 411, 413 or 415 for others."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        assert parser_context is not None
        _refuse_charset(media_type or "")
        return parse(body(parser_context["request"]))


def body(request: Request) -> bytes:
    """Return the body, unpacked where it is gzip.

    Problem 413 for more than MAX_BYTES, packed or not, before they are read; 411 for a body that
    does not say how long it is; 415 for an unknown Content-Encoding; 400 for what is no gzip.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
        raise Problem(411, "length_required", "Send a Content-Length; chunks are not read here.")
    if length.isdigit() and int(length) > MAX_BYTES:
        raise Problem(
            413, "too_large", f"The body has {length} bytes; at most {MAX_BYTES} are read."
        )
    sent: bytes = request._request.body
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return sent
    if encoding not in ("gzip", "x-gzip"):
        raise Problem(415, "unknown_encoding", f"'{encoding[:40]}' is not read here; send gzip.")
    member = zlib.decompressobj(wbits=31)
    try:
        unpacked = member.decompress(sent, MAX_BYTES + 1)
    except zlib.error:
        raise Problem(400, "bad_gzip", "The body is not gzip, as it says.") from None
    if len(unpacked) > MAX_BYTES:
        raise Problem(413, "too_large", f"Unpacked, the body has more than {MAX_BYTES} bytes.")
    if not member.eof or member.unused_data:
        raise Problem(400, "bad_gzip", "The body is not one whole gzip member.")
    return unpacked


def parse(text: bytes) -> Any:
    """Return what the JSON `text` says.

    Problem 400 for what is no JSON or no UTF-8, and for what a lenient reader lets through: a key
    given twice, NaN and infinities, numbers too large, NUL characters, halves of characters, and
    more than MAX_DEPTH levels.
    """
    try:
        tree = json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=_without_twins,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        raise Problem(400, "bad_json", f"This is not UTF-8: {error.reason}.") from None
    except RecursionError:
        raise Problem(400, "bad_json", "This JSON is nested too deeply.") from None
    except ValueError as error:
        raise Problem(400, "bad_json", f"This is not JSON as it should be: {error}.") from None
    _inspect(tree)
    return tree


def shaped(tree: Any, shape: type[T]) -> T:
    """Return `tree` as a `shape`; Problem 400 that points at the first part that does not fit."""
    try:
        return msgspec.convert(tree, shape)
    except msgspec.ValidationError as error:
        message, _, path = str(error).replace("`", "").partition(" - at $")
        pointer = path.replace(".", "/").replace("[", "/").replace("]", "")
        raise Problem(
            400,
            "invalid",
            "The request does not have the form that is wanted.",
            [{"pointer": pointer, "code": "invalid", "detail": f"{message}."}],
        ) from None


def _refuse_charset(media_type: str) -> None:
    for parameter in media_type.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip(' "') not in ("utf-8", "utf8", "us-ascii"):
            raise Problem(415, "unknown_charset", f"Send UTF-8, not {value.strip()[:40]}.")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twin[:40]!r} is given twice")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if abs(number) == float("inf"):
        raise ValueError(f"{text[:40]} is too large a number")
    return number


def _inspect(tree: Any) -> None:
    """Walk level by level, so that depth is a count and no text is passed over."""
    level = [tree]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                _refuse_bad_text(value)
            elif isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
        if not below:
            return
        level = below
    raise Problem(400, "bad_json", "This JSON is nested too deeply.")


def _refuse_bad_text(text: str) -> None:
    if "\0" in text:
        raise Problem(400, "bad_text", "There is a NUL character, which no text can keep.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise Problem(
                400, "bad_text", "There is half of a character, a single surrogate."
            ) from None
