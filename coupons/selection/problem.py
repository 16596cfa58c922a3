"""What a selection decides about: who could get what, what it is worth, and the rules. PURE.

A column is one offer at one discount level. Columns are numbered in the order of (category, rival
group, offer, level), and a household's items come in the order of their columns, so that one scan
meets a category's items together, and within it a rival group's.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
Marks = npt.NDArray[np.int8]

NO_LIMIT = float("inf")


class Columns(NamedTuple):
    """The offers at their levels; one entry a column unless it is said otherwise."""

    offer: Ints  # position of the offer, 0 to offers - 1
    rivals: Ints  # at most one coupon of a group on a sheet; an offer's levels are in one group
    category: Ints  # int64, from 0; every group lies in one category
    face: Floats  # > 0, store currency: the most it takes off
    cost: Floats  # >= 0, store currency: expected cost of one redemption, counted by budgets
    funder: Ints  # [offers] position of who pays, 0 to funders - 1


class Table(NamedTuple):
    """The households, and what each could get (items); 11 bytes an item."""

    starts: Ints  # int64[households + 1]
    column: npt.NDArray[np.uint16]  # ascending within a household, none twice
    is_new: npt.NDArray[np.bool_]  # of a category the household has not bought, alike within one
    value: npt.NDArray[np.float32]  # expected worth of printing it, finite, of any sign
    chance: npt.NDArray[np.float32]  # of redemption, 0 to 1
    places: npt.NDArray[np.uint8]  # [households] coupons each gets; no more than its rules let it
    band: npt.NDArray[np.int16]  # [households] tier x size: (tier * sizes + size)


class Rules(NamedTuple):
    """What every sheet keeps to."""

    per_sheet: int  # no household has more places
    per_category: int
    new_at_least: int  # items with is_new on a sheet, as far as a household has places for them


class Limits(NamedTuple):
    """What all sheets together keep to; NO_LIMIT where there is none. Money: expected cost."""

    least: Floats  # [offers] coupons guaranteed, >= 0
    most: Floats  # [offers] coupons at most
    offer_budget: Floats  # [offers]
    funder_budget: Floats  # [funders]
    budget: float
    fairness: float  # mean face of a tier's and of a size's coupons within 1 +/- this of all's
    tiers: int
    sizes: int


class Problem(NamedTuple):
    columns: Columns
    table: Table
    rules: Rules
    limits: Limits


class Prices(NamedTuple):
    """What limits cost at the margin, >= 0; all in worth, as Table.value."""

    most: Floats  # [offers] worth of one more print
    least: Floats  # [offers] cost of one more guaranteed print
    offer_budget: Floats  # [offers] worth of one more unit of budget
    funder_budget: Floats  # [funders]
    budget: float
    fair_most: Floats  # [tiers + sizes] of the upper edge of the band
    fair_least: Floats


def no_prices(limits: Limits) -> Prices:
    offers, bands = len(limits.most), limits.tiers + limits.sizes
    return Prices(
        np.zeros(offers),
        np.zeros(offers),
        np.zeros(offers),
        np.zeros(len(limits.funder_budget)),
        0.0,
        np.zeros(bands),
        np.zeros(bands),
    )


class Usage(NamedTuple):
    """What chosen sheets use of the limits."""

    coupons: Floats  # [offers]
    cost: Floats  # [offers] expected cost
    face: Floats  # [tiers * sizes] face value by band
    places: Floats  # [tiers * sizes] coupons by band


class Solution(NamedTuple):
    """The sheets, and how good they are."""

    chosen: npt.NDArray[np.int64]  # [households, per_sheet] item numbers, ascending; -1: no place
    moved_for: Marks  # [households, per_sheet] a Row the repair moved it for, or -1
    prices: Prices
    bound: float  # no choice within the limits is worth more
    value: float  # of the chosen
    passes: int  # over all households
    seconds: dict[str, float]  # by step; for reports only

    @property
    def gap(self) -> float:
        """Share of the bound that is missing, >= 0."""
        return max(self.bound - self.value, 0.0) / max(abs(self.bound), 1e-12)


class Row:
    """Kinds of limits, as Solution.moved_for says them."""

    NONE, MOST, LEAST, OFFER_BUDGET, FUNDER_BUDGET, BUDGET, FAIRNESS, VALUE = (
        -1,
        0,
        1,
        2,
        3,
        4,
        5,
        6,
    )
