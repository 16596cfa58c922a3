"""Fallback offers: what fills the places of a sheet that no other offer fits."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coupons import permitting
from coupons.pieces import Chosen, Could, Evidence, starts_of
from coupons.selection.reasons import FOR_ALL
from coupons.selection.response import NEW, USUAL_RATE
from coupons.terms import OfferTerms, Terms

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_OF_SHEETS = ("households", "is_ghost", "tier", "size", "store")


def opened(chosen: Chosen, could: Could) -> Chosen:
    """The same sheets, and an empty one for every household that none of its offers fits."""
    counts = np.zeros(len(could.households), np.int64)
    counts[np.searchsorted(could.households, chosen.households)] = np.diff(chosen.starts)
    return chosen._replace(
        **{name: getattr(could, name) for name in _OF_SHEETS}, starts=starts_of(counts)
    )


def fill(chosen: Chosen, terms: Terms) -> Chosen:
    """Give short sheets the mailing's fallback offers, in order, as far as places are free.

    What a household said, the law, and how many of a category or of rivals a sheet may have, is
    kept to; they have no limits of number or money, and nothing it bought speaks for them. The
    held out are given theirs, too. Sheets that stay empty are left out.
    """
    counts = np.diff(chosen.starts)
    short = np.flatnonzero(counts < terms.per_sheet)
    known = {offer.pk for offer in terms.offers}
    offers = tuple(offer for offer in terms.fallback if offer.pk not in known)
    if not len(short):
        return chosen
    may = permitting.unprofiled(chosen.households[short], replace(terms, offers=offers))
    takes = _taken(chosen, terms, offers, short, may) if offers else may
    row, column = np.nonzero(takes)
    return _without_empty(_with(chosen, short[row], [offers[at] for at in column.tolist()]))


def _taken(
    chosen: Chosen, terms: Terms, offers: tuple[OfferTerms, ...], short: Ints, may: Flags
) -> Flags:
    """Which of the fallback offers each short sheet takes, bool[short, offers]."""
    on_sheet = np.repeat(np.arange(len(chosen.households)), np.diff(chosen.starts))
    every = {offer.pk: offer for offer in terms.offers}
    free = terms.per_sheet - np.diff(chosen.starts)[short]
    takes = np.zeros_like(may)

    def like(offer: OfferTerms, others: Iterable[OfferTerms]) -> list[bool]:
        return [_category(other) == _category(offer) for other in others]

    def rival(offer: OfferTerms, others: Iterable[OfferTerms]) -> list[bool]:
        return [
            bool(offer.rivals) and other.rivals == offer.rivals and is_like
            for other, is_like in zip(others, like(offer, others), strict=True)
        ]

    def there(alike: list[bool]) -> Ints:
        """Coupons on each short sheet of those of the mailing's offers that are alike."""
        ids = [pk for pk, is_alike in zip(every, alike, strict=True) if is_alike]
        mine = on_sheet[np.isin(chosen.offer, np.array(ids, np.int32))]
        return np.bincount(mine, minlength=len(chosen.households))[short]

    own = list(every.values())
    for at, offer in enumerate(offers):
        before = takes[:, :at]
        of_category = there(like(offer, own)) + before[:, like(offer, offers[:at])].sum(axis=1)
        of_rivals = there(rival(offer, own)) + before[:, rival(offer, offers[:at])].sum(axis=1)
        has_room = (of_category < terms.per_category) & (of_rivals == 0)
        takes[:, at] = may[:, at] & (free > 0) & has_room
        free = free - takes[:, at]
    return takes


def _category(offer: OfferTerms) -> int:
    """An offer of no category is one by itself."""
    return offer.category or -offer.pk


def _without_empty(chosen: Chosen) -> Chosen:
    counts = np.diff(chosen.starts)
    kept = counts > 0
    return chosen._replace(
        **{name: getattr(chosen, name)[kept] for name in _OF_SHEETS}, starts=starts_of(counts[kept])
    )


def _with(chosen: Chosen, home: npt.NDArray[np.int64], offers: list[OfferTerms]) -> Chosen:
    """Append each offer to its household's sheet."""
    count = len(offers)
    nothing = np.zeros(count, np.float32)
    added: dict[str, npt.NDArray[Any]] = {
        "offer": np.array([offer.pk for offer in offers], np.int32),
        "level": np.zeros(count, np.int32),
        "chance": np.full(count, USUAL_RATE, np.float32),
        "tag": np.full(count, NEW, np.int8),
        "moved_for": np.full(count, -1, np.int8),
        "left_out": np.zeros(count, np.int32),
        **dict.fromkeys(
            ("value", "need", "drawn_share", "circulation", "cost", "fairness", "margin"), nothing
        ),
    }
    of_coupon = np.repeat(np.arange(len(chosen.households)), np.diff(chosen.starts))
    order = np.argsort(np.concatenate([of_coupon, home]), kind="stable")
    counts = np.diff(chosen.starts) + np.bincount(home, minlength=len(chosen.households))
    none = Evidence(
        np.full(count, FOR_ALL, np.int32),
        nothing,
        np.full(count, -1, np.int32),
        np.full(count, -1, np.int8),
        np.array([offer.products > 1 for offer in offers], np.bool_),
        np.zeros(count, np.bool_),
    )
    return chosen._replace(
        starts=starts_of(counts),
        evidence=Evidence(
            *(
                np.concatenate([ours, theirs])[order]
                for ours, theirs in zip(chosen.evidence, none, strict=True)
            )
        ),
        **{
            name: np.concatenate([getattr(chosen, name), values])[order]
            for name, values in added.items()
        },
    )
