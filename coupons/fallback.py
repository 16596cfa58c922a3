"""Fallback offers: what fills the places of a sheet that no other offer fits."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from coupons import tabling
from coupons.pieces import Chosen, Evidence
from coupons.selection.reasons import FOR_ALL
from coupons.selection.response import NEW, USUAL_RATE
from coupons.terms import OfferTerms, Terms


def fill(chosen: Chosen, terms: Terms) -> Chosen:
    """Give short sheets the mailing's fallback offers, in order, as far as places are free.

    What a household said, and the law, is kept to; they have no limits of number or money, and
    nothing it bought speaks for them. The held out are given theirs, too.
    """
    counts = np.diff(chosen.starts)
    short = np.flatnonzero(counts < terms.per_sheet)
    known = {offer.pk for offer in terms.offers}
    offers = tuple(offer for offer in terms.fallback if offer.pk not in known)
    if not offers or not len(short):
        return chosen
    may = tabling.eligible_unprofiled(chosen.households[short], replace(terms, offers=offers))
    rank = np.cumsum(may, axis=1)
    takes = may & (rank <= (terms.per_sheet - counts[short])[:, None])
    row, column = np.nonzero(takes)
    return _with(chosen, short[row], [offers[at] for at in column.tolist()])


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
        starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
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
