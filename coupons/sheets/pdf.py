"""A PDF file written front to back: objects leave soon, only their places stay in memory.

Small objects go together, compressed, into object streams, and so does the table of where all
are: PDF 1.6, which PDF/X-4 allows. The same objects in the same order give the same bytes: no
clock and no random number enter.
"""

import hashlib
from array import array
from typing import BinaryIO, Final

import numpy as np
from isal import isal_zlib

VERSION: Final = "1.6"
_BUFFER_BYTES: Final = 1 << 20
_LEVEL: Final = 1  # ISA-L's: a third of zlib's time for as many bytes; 2 and 3 save few
_TOGETHER: Final = 200  # small objects in a stream: viewers unpack one stream to see one of them
_PLACE_BITS: Final = 16
_WITHIN: Final = 1 << 63  # marks where an object is in a stream: its number, its place in there
_FREE: Final = (1 << 63) - 1  # marks a number that nothing has


class PdfWriter:
    """Numbers, compresses and writes objects to `out`, which need not be seekable."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self._parts: list[bytes] = []
        self._held = 0
        self._position = 0
        self._places = array("Q", [_FREE])  # by object number; 0 is no object
        self._stream = 0  # the number of the object stream being filled, 0 if there is none
        self._numbers: list[int] = []
        self._bodies: list[bytes] = []
        self._next = self._beyond = 0  # numbers put by for its members
        self._emit(b"%%PDF-%b\n%%\xe2\xe3\xcf\xd3\n" % VERSION.encode())

    @property
    def size_bytes(self) -> int:
        """How many bytes have been written or are about to be."""
        return self._position

    @property
    def sha256(self) -> str:
        """The digest of those bytes, in hexadecimal."""
        self._flush()
        return self._digest.hexdigest()

    def _emit(self, data: bytes) -> None:
        self._parts.append(data)
        self._position += len(data)
        self._held += len(data)
        if self._held >= _BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        data = b"".join(self._parts)
        self._out.write(data)
        self._digest.update(data)
        self._parts.clear()
        self._held = 0

    def reserve(self) -> int:
        """Return the number of an object to be written later."""
        self._places.append(0)
        return len(self._places) - 1

    def write(self, body: bytes, number: int | None = None) -> int:
        """Write an object, under `number` if one was reserved, and return its number."""
        if number is None:
            number = self.reserve()
        self._places[number] = self._position
        self._emit(b"%d 0 obj\n%b\nendobj\n" % (number, body))
        return number

    def write_small(self, body: bytes, number: int | None = None) -> int:
        """Write an object that is no stream, together with others; return its number.

        As `write`, but for a few bytes where that takes a hundred: for what each page has.
        """
        if not self._stream:
            self._stream = self.reserve()
        if number is None:
            number = self._next_small()
        self._places[number] = _WITHIN | self._stream << _PLACE_BITS | len(self._bodies)
        self._numbers.append(number)
        self._bodies.append(body)
        if len(self._bodies) == _TOGETHER:
            self._end_stream()
        return number

    def reserve_small(self) -> int:
        """Return the number of an object to be written later, by `write_small`."""
        number = self._next_small()
        self._places[number] = 0
        return number

    def _next_small(self) -> int:
        # Numbers one after the other, here and of the pages' contents in between, make a table
        # of places whose rows differ little from the one above, which is what is written.
        if self._next == self._beyond:
            self._next = len(self._places)
            self._beyond = self._next + _TOGETHER
            self._places.extend([_FREE] * _TOGETHER)
        self._next += 1
        return self._next - 1

    def _end_stream(self) -> None:
        places: list[str] = []
        at = 0
        for number, body in zip(self._numbers, self._bodies, strict=True):
            places.append(f"{number} {at}")
            at += len(body) + 1
        head = " ".join(places).encode() + b"\n"
        self.write_stream(
            head + b"\n".join(self._bodies),
            b"/Type/ObjStm/N %d/First %d" % (len(self._bodies), len(head)),
            number=self._stream,
        )
        self._stream = 0
        self._numbers.clear()
        self._bodies.clear()

    def write_stream(
        self,
        data: bytes,
        entries: bytes = b"",
        *,
        packed: bool = False,
        number: int | None = None,
    ) -> int:
        """Write `data` compressed, `entries` in its dictionary, and return its number.

        Data that is packed is written as it stands; `entries` then say by which filter, if any.
        """
        if not packed:
            data = isal_zlib.compress(data, _LEVEL)
            entries += b"/Filter/FlateDecode"
        return self.write(
            b"<<%b/Length %d>>stream\n%b\nendstream" % (entries, len(data), data), number
        )

    def close(self, catalogue: int, information: int) -> None:
        """Write the table of where the objects are. `out` itself stays open.

        Raises ValueError if an object was reserved and never written.
        """
        if self._stream:
            self._end_stream()
        table = self.reserve()
        self._places[table] = start = self._position
        rows = _rows(np.frombuffer(self._places, dtype=np.uint64))
        identity = self.sha256[:32].encode()  # of all that precedes: a reprint has the same
        self.write_stream(
            _differences(rows),
            b"/Type/XRef/Size %d/W[1 %d 2]/DecodeParms<</Predictor 12/Columns %d>>"
            b"/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]"
            % (
                len(rows),
                rows.shape[1] - 3,
                rows.shape[1],
                catalogue,
                information,
                identity,
                identity,
            ),
            number=table,
        )
        self._emit(b"startxref\n%d\n%%%%EOF\n" % start)
        self._flush()


def _rows(
    places: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Return the rows of a cross-reference stream: kind, offset or stream, place within it.

    Raises ValueError if an object has no place.
    """
    missing = np.flatnonzero(places == 0)
    if len(missing):
        raise ValueError(f"object {missing[0]} was reserved and never written")
    within, free = places >= _WITHIN, places == _FREE
    kind = np.where(free, 0, np.where(within, 2, 1))
    where = np.where(within, (places & np.uint64(_WITHIN - 1)) >> np.uint64(_PLACE_BITS), places)
    numbers = np.flatnonzero(free)
    where[numbers] = np.roll(numbers, -1)  # each free number names the next, the last the first
    place = np.where(within, places & np.uint64((1 << _PLACE_BITS) - 1), np.where(free, 65535, 0))
    width = max(1, (int(where.max()).bit_length() + 7) // 8)
    return np.column_stack(
        [
            kind.astype(np.uint8),
            where.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :],
            place.astype(">u2").view(np.uint8).reshape(-1, 2),
        ]
    )


def _differences(rows: np.ndarray[tuple[int, int], np.dtype[np.uint8]]) -> bytes:
    """Return each row as what differs from the one above, after PNG's mark for that."""
    above = np.zeros_like(rows)
    above[1:] = rows[:-1]
    return np.insert(rows - above, 0, 2, axis=1).tobytes()
