"""The elements of one list in a JSON object, cut out of a stream of any length."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pos_integration.formats.entries import (
    LONGEST_BASKET,
    PIECE,
    SHOWN_BYTES,
    Source,
    UnreadableError,
)

_DEEPEST = 5_000  # brackets in brackets; what is told apart here is judged by a parser later
_LONGEST_REST = 1 << 20  # bytes of the object beside the list
_KEY_REACH = 400  # bytes before a list in which its key is looked for
# What holds no bracket and, up to a bound, whole texts: one step of the scan. Bounds keep what
# the pattern has to remember small; where they are reached, the scan goes on from there.
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+){0,500}"'
_FLAT = (
    rb'\{[^"{}\[\]]*+(?:%s[^"{}\[\]]*+){0,60}\}' % _TEXT
)  # an object with nothing in it but texts
_UNIT = rb"(?:%s|%s)" % (_TEXT, _FLAT)
_BETWEEN = re.compile(rb'[^"{}\[\]]*+(?:%s[^"{}\[\]]*+){0,200}' % _UNIT, re.DOTALL)
_IN_LIST = re.compile(rb'[^",{}\[\]]*+(?:%s[^",{}\[\]]*+){0,200}' % _UNIT, re.DOTALL)
_IN_TEXT = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+){0,500}', re.DOTALL)
_CLOSES = {ord("]"): ord("["), ord("}"): ord("{")}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class TwinError(ValueError):
    """A key that an object has twice: it may mean two things, and the last would win silently."""


def without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of these keys; for `json.loads`. Raises TwinError."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise TwinError(f"'{twin[:40]}' is given twice")
    return found


def no_number(name: str) -> None:
    """Refuse NaN and Infinity; for `json.loads`."""
    raise ValueError(f"{name} is no number")


def elements(
    source: Source, key: str, longest: int = LONGEST_BASKET
) -> Iterator[tuple[bytes, bool]]:
    """Yield the text of every element of the list `key`, and whether it is whole.

    Of one with more than `longest` bytes only the start is given. The object's other keys
    may come before the list or after it. Raises UnreadableError where the bytes are no such
    object, which for what stands behind the list is known only after its last element.
    """
    scan = _Scan(key, longest)
    while piece := source.read(PIECE):
        yield from scan.feed(piece)
    scan.end()


class _Scan:
    """Follows brackets and texts; knows only whether it is in the list or beside it."""

    def __init__(self, key: str, longest: int) -> None:
        self._key = key
        self._longest = longest
        self._begins = re.compile(rb'"%s"\s*:\s*$' % re.escape(key.encode()))
        self._buffer = b""
        self._at = 0  # all before this place was scanned
        self._start = 0  # of the element, or of what is beside the list and not yet kept
        self._in_text = False
        self._stack = bytearray()  # the open brackets
        self._list_depth = 0  # of the stack in the list itself; 0: not in it
        self._commas = 0
        self._rest = bytearray()  # the object without the list's elements
        self._too_long: bytes | None = None
        self._is_first = True

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, bool]]:
        """Scan on; yield the elements that end here."""
        self._buffer = self._buffer[self._start :] + piece
        self._at -= self._start
        self._start = 0
        if self._is_first:
            if len(self._buffer) < len(_BYTE_ORDER_MARK) and _BYTE_ORDER_MARK.startswith(
                self._buffer
            ):
                return  # part of a mark, perhaps
            self._buffer = self._buffer.removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        while self._at < len(self._buffer):
            if self._in_text:
                if not self._leave_text():
                    break
                continue
            in_list = len(self._stack) == self._list_depth > 0
            match = (_IN_LIST if in_list else _BETWEEN).match(self._buffer, self._at)
            assert match is not None
            self._at = match.end()
            if self._at == len(self._buffer):
                break
            sign = self._buffer[self._at]
            if sign == ord('"'):
                self._in_text = True
                self._at += 1
            elif in_list and sign in b",]":
                yield from self._end_element(sign)
            elif sign in b"{[":
                self._open(sign)
            elif sign in b"}]":
                self._close(sign)
        self._keep()

    def end(self) -> None:
        """Check what is left when the source is at its end."""
        if self._list_depth or self._stack or self._in_text:
            raise UnreadableError("This JSON is cut off")
        self._rest += self._buffer[self._start :]
        text = bytes(self._rest)
        try:
            tree = json.loads(text, object_pairs_hook=without_twins, parse_constant=no_number)
        except UnicodeDecodeError as error:
            raise UnreadableError(f"This is not UTF-8: {error.reason}") from error
        except (ValueError, RecursionError) as error:
            raise UnreadableError(f"This is not JSON as it should be: {error}") from error
        if not isinstance(tree, dict) or not isinstance(tree.get(self._key), list):
            raise UnreadableError(f'This is not {{"{self._key}": [...]}}')

    def _leave_text(self) -> bool:
        """Scan on in a text; returns whether anything is left to scan."""
        match = _IN_TEXT.match(self._buffer, self._at)
        assert match is not None
        self._at = match.end()
        sign = self._buffer[self._at : self._at + 1]
        if sign == b'"':
            self._in_text = False
            self._at += 1
            return True
        # A last backslash waits for what it escapes, which comes with the next piece.
        return self._at < len(self._buffer) - 1

    def _open(self, sign: int) -> None:
        if len(self._stack) >= _DEEPEST:
            raise UnreadableError("This JSON is nested too deeply")
        self._stack.append(sign)
        self._at += 1
        if sign == ord("[") and len(self._stack) == 2 and not self._list_depth:
            near = self._buffer[max(self._start, self._at - 1 - _KEY_REACH) : self._at - 1]
            if self._begins.search(bytes(self._rest[-_KEY_REACH:]) + near):
                self._rest += self._buffer[self._start : self._at]
                self._start = self._at
                self._list_depth = 2
                self._commas = 0

    def _close(self, sign: int) -> None:
        if not self._stack or self._stack.pop() != _CLOSES[sign]:
            raise UnreadableError(f"This is not JSON: a '{chr(sign)}' closes nothing")
        self._at += 1

    def _end_element(self, sign: int) -> Iterator[tuple[bytes, bool]]:
        self._measure()
        text = self._buffer[self._start : self._at].strip(b" \t\r\n")
        if self._too_long is not None:
            yield self._too_long, False
            self._too_long = None
        elif text:
            yield text, True
        elif sign == ord(",") or self._commas:
            raise UnreadableError(f"This is not JSON: a comma in '{self._key}' parts nothing")
        self._commas += 1
        if sign == ord("]"):
            self._start = self._at
            self._list_depth = 0
            self._stack.pop()
        self._at += 1
        if sign == ord(","):
            self._start = self._at

    def _measure(self) -> None:
        if self._too_long is None and self._at - self._start > self._longest:
            self._too_long = self._buffer[self._start :][:SHOWN_BYTES].lstrip()

    def _keep(self) -> None:
        """Let go of what was scanned and is needed no more."""
        if self._list_depth:
            self._measure()
            if self._too_long is not None:
                self._start = self._at
            return
        self._rest += self._buffer[self._start : self._at]
        self._start = self._at
        if len(self._rest) > _LONGEST_REST:
            raise UnreadableError(f"This JSON has many million bytes beside '{self._key}'")
