"""Keep the bytes that tills hand over, before anything is parsed, and give them back."""

import hashlib
import io
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, reset_queries, transaction
from django.utils import timezone
from isal import igzip, isal_zlib

from pos_integration.formats import cards
from pos_integration.models import Terminal, Upload, UploadPiece

LEASE = timedelta(minutes=10)  # a batch takes seconds; after this its worker is held to be dead
PIECE_BYTES = 4 * 2**20  # unpacked; what is held in memory at a time
SPOOLED_BYTES = 8 * 2**20  # packed; more goes to a file while it comes in
_LEVEL = 1  # of igzip: as quick as a copy, and a sixth of the size for JSON
_GZIP = 31  # zlib's word for gzip with its header
_BEGINNING = 10_000


def accept(
    terminal: Terminal,
    body: bytes | Iterable[bytes],
    media_type: str,
    *,
    is_claimed: bool = False,
) -> tuple[Upload, bool]:
    """Keep `body`, whole or in parts, unread; return its upload and whether it is new.

    The bytes are committed on return, so this may not be called inside a transaction. Numbers of
    payment cards are made illegible on the way. The same bytes from the same terminal are kept
    once, however many calls bring them at the same time; under another media type they say
    something else, and what failed under a wrong one may come again under the right one. Memory
    stays at a few pieces, whatever the size.

    is_claimed: a new one is claimed for the caller, who loads it at once.
    """
    parts = [body] if isinstance(body, bytes) else body
    hasher = hashlib.sha256(media_type.encode() + b"\n")
    size = 0
    lengths: list[int] = []  # of the packed pieces
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as spool:
        legible = cards.conceal(parts, media_type, settings.LOYALTY_CARD_PREFIXES)
        for piece in _pieces(legible, PIECE_BYTES):
            hasher.update(piece)
            size += len(piece)
            lengths.append(spool.write(igzip.compress(piece, _LEVEL)))
        sha256 = hasher.hexdigest()
        known = Upload.objects.filter(terminal=terminal, sha256=sha256).defer("body")
        # A small body is not asked after: it is new nearly always, and the constraint will tell.
        if len(lengths) > 1 and (upload := known.first()):
            return upload, False
        spool.seek(0)
        try:
            with transaction.atomic(durable=True):
                upload = Upload.objects.create(
                    terminal=terminal,
                    sha256=sha256,
                    media_type=media_type,
                    body=spool.read(lengths[0]) if lengths else b"",
                    is_packed=True,
                    size=size,
                    attempts=int(is_claimed),
                    claimed_until=timezone.now() + LEASE if is_claimed else None,
                )
                for number, length in enumerate(lengths[1:], start=1):
                    UploadPiece.objects.create(
                        upload=upload, number=number, data=spool.read(length)
                    )
                    reset_queries()  # DEBUG keeps their text
        except IntegrityError:
            return known.get(), False
    return upload, True


def again(first: Upload) -> Upload:
    """Return a new upload that waits and reads the bytes of `first` once more."""
    number = first.replays.count() + 1
    sha256 = hashlib.sha256(f"replay {number} of upload {first.pk}".encode()).hexdigest()
    return Upload.objects.create(
        terminal=first.terminal,
        sha256=sha256,
        media_type=first.media_type,
        body=b"",
        size=first.size,
        replay_of=first,
    )


def opened(upload: Upload) -> BinaryIO:
    """Return the bytes of `upload` from their beginning; a replay has the first one's."""
    if upload.replay_of_id is None and "body" not in upload.get_deferred_fields():
        first = _unpacked(upload)
        if upload.size is None or upload.size <= len(first):
            return io.BytesIO(first)
    return io.BufferedReader(_Kept(upload.replay_of_id or upload.pk), PIECE_BYTES)


def _unpacked(upload: Upload) -> bytes:
    body = bytes(upload.body)
    return isal_zlib.decompress(body, _GZIP) if upload.is_packed and body else body


def beginning(upload: Upload) -> str:
    """Return its first bytes as text that staff can look at and the database can keep."""
    with opened(upload) as source:
        start = source.read(_BEGINNING)
    return start.decode(errors="backslashreplace").replace("\0", "\\x00")


def _pieces(parts: Iterable[bytes], length: int) -> Iterator[bytes]:
    """Cut `parts` anew, into pieces of `length` bytes and a shorter last one."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= length:
            whole = b"".join(held)
            cut = size - size % length
            for start in range(0, cut, length):
                yield whole[start : start + length]
            held, size = [whole[cut:]], size - cut
    if size:
        yield b"".join(held)


class _Kept(io.RawIOBase):
    """The kept bytes of an upload as a file, a piece in memory at a time."""

    def __init__(self, upload_id: int) -> None:
        self._upload_id = upload_id
        self._number = 0
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # it is given one
        while not self._rest:
            piece = self._piece()
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        length = min(len(buffer), len(self._rest))
        buffer[:length] = self._rest[:length]
        self._rest = self._rest[length:]
        return length

    def _piece(self) -> bytes | None:
        """Fetch the next piece, unpacked; None after the last."""
        number, self._number = self._number, self._number + 1
        if number == 0:
            first = Upload.objects.only("body", "is_packed").get(pk=self._upload_id)
            return _unpacked(first) or None
        pieces = UploadPiece.objects.filter(upload=self._upload_id, number=number)
        data = pieces.values_list("data", flat=True).first()
        return None if data is None else isal_zlib.decompress(data, _GZIP)
