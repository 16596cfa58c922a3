"""Who gets no mailing, so that the mailing's uplift can be measured."""

import hashlib


def in_holdout(household: int, *, salt: str, share: float) -> bool:
    """Say whether `household` sits out, with probability `share` (0 to 1) over households.

    The answer depends on nothing but the arguments: it survives reruns, restores and new
    households. Give each mailing its own `salt`, or the same homes always sit out.
    Raises ValueError if `share` is not within 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"share of the holdout is {share}, not within 0 and 1")
    digest = hashlib.sha256(f"{salt}:{household}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64
