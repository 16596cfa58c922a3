"""Who gets no mailing, so that the mailing's uplift can be measured.

A household sits out if the first eight bytes of the SHA-256 of "salt:household" lie below the
edge of the share. Bytes are compared as they stand, so a database can do it to the same effect.
"""

import hashlib
import math

BYTES = 8
"""Of the digest that are looked at."""


def edge(share: float) -> bytes:
    """Return what the digests of a `share` (0 to 1) of all households lie below, byte by byte.

    Raises ValueError if `share` is not within 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share of the holdout is {share}, not within 0 and 1")
    count = math.ceil(share * 2 ** (8 * BYTES))  # exact: a power of two moves no digit
    # Of all there is no edge of eight bytes; every eight lie below these nine.
    return b"\xff" * (BYTES + 1) if count >> (8 * BYTES) else count.to_bytes(BYTES, "big")


def in_holdout(household: int, *, salt: str, share: float) -> bool:
    """Say whether `household` sits out, with probability `share` (0 to 1) over households.

    The answer depends on nothing but the arguments: it survives reruns, restores and new
    households. Give each mailing its own `salt`, or the same homes always sit out.
    Raises ValueError if `share` is not within 0 and 1.
    """
    return hashlib.sha256(f"{salt}:{household}".encode()).digest()[:BYTES] < edge(share)
