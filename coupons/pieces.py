"""What a selection keeps of each bucket: what could be chosen, then what was, as packed arrays."""

from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from loyalty.beliefs import pack, unpack

FREE, DRAWN, TAKEN = 0, 1, 2
"""Of an item: the solver may choose it, it was drawn by lot, or the lot took its category."""


def starts_of(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where the items of each row begin, and where the last row's end: int64[rows + 1]."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


class Evidence(NamedTuple):
    """What speaks for each item, for the reasons: of the product that speaks most."""

    bought: npt.NDArray[np.int32]  # days on which it was bought; 0: never
    gap_days: npt.NDArray[np.float32]  # usual, between purchases
    last_day: npt.NDArray[np.int32]  # day number of the last purchase; -1: never
    weekday: npt.NDArray[np.int8]  # favourite, 0 = Monday; -1: none
    is_several: npt.NDArray[np.bool_]  # whether the offer is good on more than one product
    knows_category: npt.NDArray[np.bool_]


class Could(NamedTuple):
    """What the households of a bucket could get. [households], then [items]."""

    households: npt.NDArray[np.int64]  # Household ids, ascending
    is_ghost: npt.NDArray[np.bool_]  # held out: chosen for, to measure against, and never sent
    places: npt.NDArray[np.uint8]  # what the rules let it have beside its lots, for the solver
    tier: npt.NDArray[np.int8]  # index in TIERS
    size: npt.NDArray[np.int8]  # index in terms.SIZES
    store: npt.NDArray[np.int32]  # Store where it shops most; 0: none
    starts: npt.NDArray[np.int64]  # [households + 1]
    column: npt.NDArray[np.uint16]  # see terms.columns(); ascending within a household
    is_new: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]
    chance: npt.NDArray[np.float32]  # of redemption
    need: npt.NDArray[np.float32]  # chance that it buys of the offer anyway while coupons are good
    tag: npt.NDArray[np.int8]  # response.BUY, BACK, NEW
    state: npt.NDArray[np.int8]  # FREE, DRAWN, TAKEN
    drawn_share: npt.NDArray[np.float32]  # of DRAWN: the chance with which it was; else 0
    evidence: Evidence

    def to_bytes(self) -> bytes:
        return _packed(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        return cls(*_unpacked(cls._fields, data))


class Chosen(NamedTuple):
    """The sheets of a bucket, ghosts among them: [sheets], then [coupons], best first."""

    households: npt.NDArray[np.int64]
    is_ghost: npt.NDArray[np.bool_]
    tier: npt.NDArray[np.int8]
    size: npt.NDArray[np.int8]
    store: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]  # [sheets + 1]
    offer: npt.NDArray[np.int32]  # Offer ids
    level: npt.NDArray[np.int32]  # OfferLevel ids; 0: the offer's own worth
    value: npt.NDArray[np.float32]
    chance: npt.NDArray[np.float32]
    need: npt.NDArray[np.float32]
    tag: npt.NDArray[np.int8]
    drawn_share: npt.NDArray[np.float32]
    circulation: npt.NDArray[np.float32]  # what its limits of number cost, in worth
    cost: npt.NDArray[np.float32]  # what its budgets cost
    fairness: npt.NDArray[np.float32]
    left_out: npt.NDArray[np.int32]  # Offer that would have been next best there; 0: none
    margin: npt.NDArray[np.float32]  # by how much less
    moved_for: npt.NDArray[np.int8]  # problem.Row the repair moved it for; -1: none
    evidence: Evidence

    def to_bytes(self) -> bytes:
        return _packed(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        return cls(*_unpacked(cls._fields, data))


def _packed(arrays: Could | Chosen) -> bytes:
    plain = {name: getattr(arrays, name) for name in arrays._fields if name != "evidence"}
    return pack(
        plain | {f"evidence.{name}": one for name, one in arrays.evidence._asdict().items()}
    )


def _unpacked(fields: tuple[str, ...], data: bytes) -> list[Any]:
    arrays = unpack(data)
    evidence = Evidence(*(arrays[f"evidence.{name}"] for name in Evidence._fields))
    return [evidence if name == "evidence" else arrays[name] for name in fields]
