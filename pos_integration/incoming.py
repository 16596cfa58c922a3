"""The body of a till's call as it comes in: a stream, unpacked on the way, never over its limit."""

import tempfile
import zlib
from collections.abc import Iterator
from types import TracebackType

from django.http import HttpRequest, UnreadablePostError

from pos_integration.problems import Problem

READ_BYTES = 2**18
SPOOLED_BYTES = 8 * 2**20
_GZIP = 31  # zlib's word for gzip with its header


class NotGzipError(ValueError):
    """What was to be gzip is not, or ends too early."""


class Body:
    """A request's body, read once, a part at a time.

    Raises Problem 411 without a length, 413 as soon as there is more than `limit`, packed or
    unpacked, and 415 for an encoding that is not read here. What is packed is also kept as it
    came until the end, should it turn out to be no gzip.
    """

    def __init__(self, request: HttpRequest, limit: int) -> None:
        self._request = request
        self._limit = limit
        length = request.META.get("CONTENT_LENGTH") or ""
        if not length and request.META.get("HTTP_TRANSFER_ENCODING"):
            raise Problem(
                411, "length_required", "Send a Content-Length; chunks are not read here."
            )
        if length.isdigit() and int(length) > limit:
            raise Problem(
                413, "too_large", f"The body has {length} bytes; at most {limit} are read."
            )
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise Problem(
                415, "unknown_encoding", f"'{encoding[:40]}' is not read here; send gzip."
            )
        self._is_packed = encoding in ("gzip", "x-gzip")
        self._came = tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> "Body":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._came.close()

    def unpacked(self) -> Iterator[bytes]:
        """Yield the body in parts, unpacked; raises NotGzipError where it cannot be."""
        return self._gunzipped() if self._is_packed else self._read()

    def as_it_came(self) -> Iterator[bytes]:
        """Yield the whole body as it came, after `unpacked` has failed."""
        self._came.seek(0)
        while part := self._came.read(READ_BYTES):
            yield part
        yield from self._read()

    def _read(self) -> Iterator[bytes]:
        try:
            while part := self._request.read(READ_BYTES):
                yield part
        except (UnreadablePostError, OSError) as error:
            raise Problem(400, "cut_off", "The connection ended before the body did.") from error

    def _gunzipped(self) -> Iterator[bytes]:
        """Unpack all gzip members, one after another."""
        room = self._limit
        member = zlib.decompressobj(wbits=_GZIP)
        is_begun = False
        for came in self._read():
            self._came.write(came)
            part, is_full = came, False
            while part or is_full:  # a full answer may have more behind it
                if member.eof:
                    member = zlib.decompressobj(wbits=_GZIP)
                is_begun = True
                try:
                    opened = member.decompress(part, READ_BYTES)
                except zlib.error as error:
                    raise NotGzipError from error
                room -= len(opened)
                if room < 0:
                    raise Problem(
                        413, "too_large", f"Unpacked, the body has more than {self._limit} bytes."
                    )
                if opened:
                    yield opened
                part = member.unused_data if member.eof else member.unconsumed_tail
                is_full = not member.eof and len(opened) == READ_BYTES
        if not (is_begun and member.eof):
            raise NotGzipError
