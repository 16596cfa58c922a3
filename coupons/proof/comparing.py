"""One bucket's part of a measurement: households with a sheet and held out ones, as moments. PURE.

Money is in store currency from here on, as float64: these are statistics, not accounts.
"""

from typing import NamedTuple, Self

import numpy as np

from coupons.proof.moments import Floats, Ints, Moments, count_up, gather
from coupons.proof.purchases import (
    AFTER,
    DIRECT,
    DURING,
    EARLIER,
    HALO,
    LATELY,
    NEIGHBOURS,
    Bought,
    Flags,
    Goods,
    Ints32,
    Sold,
    bought,
)

TAGS = 3
BANDS = 10
"""Strata of what was predicted of a sheet."""


class Of:
    """Columns of an offer's moments: sales (S) and margin (M) of each part, and net of our cost."""

    ONE, DIRECT_S, DIRECT_M, NEIGHBOURS_S, NEIGHBOURS_M, HALO_S, HALO_M, AFTER_S, AFTER_M = range(9)
    NET, ALL_TOLD = 9, 10  # of the offer's products; with neighbours, halo and the weeks after
    PRE_DIRECT, PRE_NEIGHBOURS, PRE_HALO, PRE_WHOLE = 11, 12, 13, 14


class By:
    """Columns of the moments of groups. TOLD: the margin, with that of the weeks after."""

    ONE, SALES, MARGIN, NET, AFTER_S, AFTER_M, TOLD, PRE, PRE_MORE = range(9)


class Lot:
    """Columns of one offer's coupons that were drawn: each row weighs 1 / chance to be drawn."""

    WEIGHT, USED, NET, PRE = range(4)


class Policy:
    """Columns of each household's coupons: chosen, then drawn, the latter weighed as in Lot."""

    ONE, CHOSEN, CHOSEN_USED, CHOSEN_NET, DRAWN, DRAWN_USED, DRAWN_NET = range(7)


class Account:
    """Columns of accounts, whole numbers: of who got a sheet. Money in cents, thousandths of it."""

    SHEETS, COUPONS, USED, OFF, FUNDED, FEES, SHEETS_USED = range(7)


class Cells(NamedTuple):
    """How many of each there are. Groups: all, tiers, stores, tags, funders, in this order."""

    offers: int
    tiers: int
    stores: int
    funders: int

    @property
    def first(self) -> tuple[int, int, int, int, int]:
        """The first cell of all, tiers, stores, tags, funders."""
        stores = 1 + self.tiers
        tags = stores + self.stores
        return 0, 1, stores, tags, tags + TAGS

    @property
    def groups(self) -> int:
        return self.first[-1] + self.funders


class Compared(NamedTuple):
    """The households of a bucket that are compared, and the coupons chosen for them."""

    is_held_out: Flags  # [households]
    tier: Ints
    store: Ints
    band: Ints  # of predicted redemptions, 0 to BANDS - 1
    starts: Ints  # int64[households + 1]
    offer: Ints  # [coupons] position
    tag: Ints
    drawn_share: Floats  # 0: chosen
    predicted: Floats  # margin it was expected to bring before what it costs
    used: Flags  # whether it was redeemed; never of the held out
    off_cents: Ints  # that it took off
    added_cents: Ints  # of that, taken off what the lines say was paid
    funded: Floats  # of what it took off, in cents: the funder's part
    fee: Floats  # cents


class Sums(NamedTuple):
    """What buckets add up: of who got a sheet, and of who was held out."""

    offers: tuple[Moments, Moments]
    groups: tuple[Moments, Moments]
    strata: tuple[Moments, Moments]  # those who used no coupon; held out
    lots: tuple[Moments, Moments]
    policy: tuple[Moments, Moments]
    accounts: Ints  # [groups, Account]
    offer_accounts: Ints  # [offers, Account]
    predicted: Floats  # [TAGS] of who got a sheet

    @classmethod
    def none(cls, cells: Cells) -> Self:
        def two(count: int, columns: int) -> tuple[Moments, Moments]:
            return Moments.none(count, columns), Moments.none(count, columns)

        return cls(
            two(cells.offers, Of.PRE_WHOLE + 1),
            two(cells.groups, By.PRE_MORE + 1),
            two(cells.tiers * BANDS, By.PRE_MORE + 1),
            two(cells.offers, Lot.PRE + 1),
            two(1, Policy.DRAWN_NET + 1),
            np.zeros((cells.groups, Account.SHEETS_USED + 1), np.int64),
            np.zeros((cells.offers, Account.SHEETS_USED + 1), np.int64),
            np.zeros(TAGS),
        )

    def plus(self, other: Self) -> Self:
        """Add another bucket's."""
        return type(self)(
            _plus(self.offers, other.offers),
            _plus(self.groups, other.groups),
            _plus(self.strata, other.strata),
            _plus(self.lots, other.lots),
            _plus(self.policy, other.policy),
            self.accounts + other.accounts,
            self.offer_accounts + other.offer_accounts,
            self.predicted + other.predicted,
        )


def compare(homes: Compared, sold: Sold, goods: Goods, funder: Ints32, cells: Cells) -> Sums:
    """Sum up one bucket. funder: int32[offers], position of who pays."""
    count = len(homes.is_held_out)
    home = np.repeat(np.arange(count), np.diff(homes.starts))
    tags = _Rows.of(home, homes.tag, TAGS)
    funders = _Rows.of(home, funder[homes.offer].astype(np.int64), max(cells.funders, 1))
    found = bought(
        sold, goods, homes.starts, homes.offer, tags.row, funders.row,
        (len(tags.home), len(funders.home)),
    )  # fmt: skip
    # What a coupon took off is part of the sale, and our part of it a cost.
    added = homes.added_cents / 100
    extra = _Extra(
        added,
        added * goods.offer_margin[homes.offer] if len(added) else added,
        (homes.off_cents - homes.funded - homes.fee) / 100,
    )
    accounts = _accounts(homes)
    offers, lots, policy = _of_coupons(homes, home, found, extra, cells)
    whole = found.whole / 100
    before = whole[0, :, EARLIER] + whole[0, :, LATELY]
    every = _columns(whole, extra.of(home, count), [before, whole[0, :, LATELY]])
    of_home = _summed(accounts, home, count)
    of_home[:, Account.SHEETS] = ~homes.is_held_out
    of_home[:, Account.SHEETS_USED] = of_home[:, Account.USED] > 0
    groups = _arms(homes.is_held_out, np.full(count, -1), every, cells.groups)
    account = np.zeros((cells.groups, Account.SHEETS_USED + 1), np.int64)
    first = cells.first
    everybody = np.zeros(count, np.int64)
    for at, cell in zip(first[:3], (everybody, homes.tier, homes.store), strict=True):
        place = np.where(cell >= 0, cell + at, -1)
        groups = _plus(groups, _arms(homes.is_held_out, place, every, cells.groups))
        np.add.at(account, place[place >= 0], of_home[place >= 0])
    for at, rows, part in (
        (first[3], tags, found.tags / 100),
        (first[4], funders, found.funders / 100),
    ):
        length, held_out = len(rows.home), homes.is_held_out[rows.home]
        pre = [part[0, :, EARLIER] + part[0, :, LATELY], before[rows.home]]
        columns = _columns(part, extra.of(rows.row, length), pre)
        groups = _plus(groups, _arms(held_out, rows.cell + at, columns, cells.groups))
        of_row = _summed(accounts, rows.row, length)
        of_row[:, Account.SHEETS] = ~held_out
        of_row[:, Account.SHEETS_USED] = of_row[:, Account.USED] > 0
        np.add.at(account, rows.cell + at, of_row)
    stratum, strata = homes.tier * BANDS + homes.band, cells.tiers * BANDS
    used_one = of_home[:, Account.SHEETS_USED] > 0
    never = gather(np.where(homes.is_held_out | used_one, -1, stratum), every, strata)
    others = gather(np.where(homes.is_held_out, stratum, -1), every, strata)
    sent = ~homes.is_held_out[home]
    return Sums(
        offers, groups, (never, others), lots, policy, account,
        _summed(accounts, homes.offer, cells.offers),
        count_up(homes.tag[sent], homes.predicted[sent], TAGS),
    )  # fmt: skip


class _Rows(NamedTuple):
    """A household's coupons of one tag, or of one funder, are one row."""

    row: Ints  # [coupons]
    home: Ints  # [rows]
    cell: Ints  # [rows]

    @classmethod
    def of(cls, home: Ints, cell: Ints, cells: int) -> Self:
        key, row = np.unique(home * cells + cell, return_inverse=True)
        return cls(row, *np.divmod(key, cells))


class _Extra(NamedTuple):
    """Of each coupon, or of each row of them: what redeeming it changes in the books."""

    sales: Floats
    margin: Floats
    cost: Floats  # to us, less what its funder pays for handling it

    def of(self, row: Ints, rows: int) -> Self:
        return type(self)(*(count_up(row, part, rows) for part in self))


def _columns(bought: Floats, extra: _Extra, pre: list[Floats]) -> list[Floats]:
    """Columns as By has them. bought: float64[2, rows, WINDOWS]."""
    sales, margin = bought
    during = margin[:, DURING] + extra.margin
    return [
        np.ones(len(sales)),
        sales[:, DURING] + extra.sales,
        during,
        during - extra.cost,
        sales[:, AFTER],
        margin[:, AFTER],
        during + margin[:, AFTER],
        *pre,
    ]


def _of_coupons(
    homes: Compared, home: Ints, found: Bought, extra: _Extra, cells: Cells
) -> list[tuple[Moments, Moments]]:
    """Moments of offers, of lots, and of the policy."""
    sales, margin = found.coupons / 100
    direct = margin[:, DIRECT, DURING] + extra.margin
    net = direct - extra.cost
    beside = margin[:, NEIGHBOURS, DURING] + margin[:, HALO, DURING] + margin[:, DIRECT, AFTER]
    pre = sales[:, :, EARLIER] + sales[:, :, LATELY]
    before = (found.whole[0, :, EARLIER] + found.whole[0, :, LATELY]) / 100
    held_out = homes.is_held_out[home]
    columns = [
        np.ones(len(home)),
        sales[:, DIRECT, DURING] + extra.sales, direct,
        sales[:, NEIGHBOURS, DURING], margin[:, NEIGHBOURS, DURING],
        sales[:, HALO, DURING], margin[:, HALO, DURING],
        sales[:, DIRECT, AFTER], margin[:, DIRECT, AFTER],
        net, net + beside, *pre.T, before[home],
    ]  # fmt: skip
    is_drawn = homes.drawn_share > 0
    weight = np.divide(1.0, homes.drawn_share, where=is_drawn, out=np.zeros(len(home)))
    lot = [weight, weight * homes.used, weight * net, weight * pre[:, DIRECT]]
    count = len(homes.is_held_out)
    policy = [
        count_up(home, share * value, count)
        for share in ((~is_drawn).astype(np.float64), weight)
        for value in (np.ones(len(home)), homes.used, net)
    ]
    everybody = np.zeros(count, np.int64)
    return [
        _arms(held_out, homes.offer, columns, cells.offers),
        _arms(held_out, np.where(is_drawn, homes.offer, -1), lot, cells.offers),
        _arms(homes.is_held_out, everybody, [np.ones(count), *policy], 1),
    ]


def _arms(
    held_out: Flags, cell: Ints, columns: list[Floats], cells: int
) -> tuple[Moments, Moments]:
    sent, kept = (gather(np.where(held_out == arm, cell, -1), columns, cells) for arm in (0, 1))
    return sent, kept


def _plus(one: tuple[Moments, Moments], two: tuple[Moments, Moments]) -> tuple[Moments, Moments]:
    return one[0].plus(two[0]), one[1].plus(two[1])


def _summed(rows: Ints, cell: Ints, cells: int) -> Ints:
    out = np.zeros((cells, rows.shape[1]), np.int64)
    np.add.at(out, cell, rows)
    return out


def _accounts(homes: Compared) -> Ints:
    """A row a coupon, as Account has them; zeros for the held out's."""
    rows = np.zeros((len(homes.offer), Account.SHEETS_USED + 1), np.int64)
    sent = ~np.repeat(homes.is_held_out, np.diff(homes.starts))
    rows[:, Account.SHEETS] = rows[:, Account.COUPONS] = sent
    rows[:, Account.SHEETS_USED] = rows[:, Account.USED] = homes.used
    rows[:, Account.OFF] = homes.off_cents * 1000
    rows[:, Account.FUNDED] = np.rint(homes.funded * 1000)
    rows[:, Account.FEES] = np.rint(homes.fee * 1000)
    return rows
