"""Which offers a household may be given at all, before it is asked what they are worth. PURE.

What a household said counts before anything inferred. A "never" blocks an offer that is in that
category, or in one below it, and any of which at least NEVER_SHARE of the products are: a coupon
on all of a department stays possible for who never wants one of its many shelves. A favourite
speaks for an offer that is in that category, or in one below it, and any of which at least
FAVOURITE_SHARE of the products are.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from loyalty.shopper.kernel import Flags, Floats, Ints

NEVER_SHARE = 0.25
FAVOURITE_SHARE = 0.5


class Nodes(NamedTuple):
    """Where offers lie in the tree of categories; by category, bool[offers]."""

    never: Mapping[int, Flags]  # whether a "never" of it blocks them
    favourite: Mapping[int, Flags]  # whether a favourite of it speaks for them
    offers: int


class Said(NamedTuple):
    """What households said of the offers, bool[households, offers]."""

    never: Flags
    favourite: Flags


def nodes(
    category: Sequence[int],
    products: Sequence[Mapping[int, int]],
    above: Mapping[int, Sequence[int]],
) -> Nodes:
    """Work out which categories each offer falls under.

    category: of each offer, 0 for none. products: how many of its products are directly in which
    category (0: in none). above: each category with itself and all above it.
    """
    offers = len(category)
    shares: dict[int, Floats] = {}
    for offer, counts in enumerate(products):
        total = sum(counts.values())
        for node, count in counts.items():
            for up in above.get(node, ()):
                shares.setdefault(up, np.zeros(offers))[offer] += count / total
    for offer, node in enumerate(category):
        for up in above.get(node, ()):
            shares.setdefault(up, np.zeros(offers))[offer] = 1.0
    # A share is a sum of fractions: a quarter may come out a hair below.
    return Nodes(
        {node: share >= NEVER_SHARE - 1e-9 for node, share in shares.items()},
        {node: share >= FAVOURITE_SHARE - 1e-9 for node, share in shares.items()},
        offers,
    )


def said(
    nodes: Nodes,
    households: int,
    nevers: Sequence[tuple[int, int]],
    favourites: Sequence[tuple[int, int]],
) -> Said:
    """Spread what was said over the offers. nevers, favourites: (row of household, category).

    Where the two meet in one offer, never is stronger.
    """
    shape = (households, nodes.offers)
    found = Said(np.zeros(shape, np.bool_), np.zeros(shape, np.bool_))
    for pairs, by_node, out in (
        (nevers, nodes.never, found.never),
        (favourites, nodes.favourite, found.favourite),
    ):
        for row, node in pairs:
            if (mine := by_node.get(node)) is not None:
                out[row] |= mine
    found.favourite[found.never] = False
    return found


def good_at(store: npt.NDArray[np.int32], stores: Sequence[Sequence[int]]) -> Flags:
    """Which offers are good where each household shops, bool[households, offers].

    store: of each household, 0 where it is not known: then offers of certain stores are not for
    it. stores: of each offer; none: it is good everywhere.
    """
    good = np.ones((len(store), len(stores)), np.bool_)
    for offer, some in enumerate(stores):
        if some:
            good[:, offer] = np.isin(store, np.array(some))
    return good


def below_limit(
    shape: tuple[int, int],
    per_household: Sequence[int | None],
    given: Sequence[tuple[int, int, int]],
) -> Flags:
    """Which offers a household may still be given, by its own count of them.

    given: (row of household, offer's position, coupons it got of it in other mailings).
    """
    below = np.ones(shape, np.bool_)
    for row, offer, count in given:
        limit = per_household[offer]
        if limit is not None and count >= limit:
            below[row, offer] = False
    return below


def has_room(
    most: Sequence[int | None],
    budget: Sequence[float | None],
    expected_cost: Floats,
    *,
    lots: int,
    part: float = 0.25,
) -> Flags:
    """Which offers may be drawn by lot: those whose own limits a lot's share does not strain.

    most: coupons still to be given out; budget: expected cost still to be spent; None: no limit.
    expected_cost: of one coupon. lots: drawn of all offers together. An offer is kept out where
    its share of the lots comes to more than `part` of its limit.
    """
    room = np.ones(len(most), np.bool_)
    for _ in range(len(most)):
        each = lots / max(int(room.sum()), 1)
        tight = np.array(
            [
                room[at]
                and (
                    ((number := most[at]) is not None and each > part * number)
                    or ((money := budget[at]) is not None and each * cost > part * money)
                )
                for at, cost in enumerate(expected_cost.tolist())
            ],
            dtype=np.bool_,
        )
        if not tight.any():
            break
        room &= ~tight
    return room


def eligible(
    in_dates: Flags,
    said: Said,
    blocked: Flags,
    good_at_store: Flags,
    below_limit: Flags,
    is_shared: Flags,
) -> Flags:
    """What households may be given, bool[households, offers].

    in_dates: bool[offers], good on all days of the mailing and on something at all. blocked: by
    law. is_shared: bool[households], whose cards go around: nothing is for them.
    """
    may: Flags = (
        in_dates[None, :]
        & ~said.never
        & ~blocked
        & good_at_store
        & below_limit
        & ~is_shared[:, None]
    )
    return may


def new_categories(
    known: Flags, bought: Flags, category: Ints, is_sensitive: Flags, is_for_all: Flags
) -> Flags:
    """Which offers are of a category the household has not bought, alike within a category.

    known: bool[households, offers], whether it bought in the offer's category; bought: whether it
    bought what the offer is good on; both without sensitive purchases. category: int64[offers].
    is_for_all: bool[offers], good on whatever is bought: nothing new to anybody. A category all of
    whose offers are sensitive is new to nobody, whoever buys there: that an offer takes a place
    kept for discoveries tells nothing. In a category with other offers, too, these decide.
    """
    counts = ~is_sensitive
    groups = int(category.max(initial=-1)) + 1
    meets = np.zeros((len(known), groups), np.bool_)
    for offer in np.flatnonzero(counts).tolist():
        group = category[offer]
        meets[:, group] |= known[:, offer] | bought[:, offer] | is_for_all[offer]
    plain = np.bincount(category[counts], minlength=groups) > 0
    meets |= ~plain[None, :]
    new: Flags = ~meets[:, category]
    return new
