"""Task B: which of a campaign's coupons each of its recipients uses, by simple rules, and judged.

Every pair of a recipient and a coupon counts. Only days before the campaign begins are known, and
of coupons only what was used before then.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp  # type: ignore[import-untyped]  # it brings no types
from sklearn.metrics import (  # type: ignore[import-untyped]  # it brings no types
    average_precision_score,
    roc_auc_score,
)

from coupons.demo.journey import Journey
from tests.benchmarks.shopper_baselines import Known, known_before, rates, table_of_rates
from tests.benchmarks.shopper_tasks import (
    Flags,
    Floats,
    Ints,
    Metrics,
    Shop,
    calibration_error,
    day_number,
    discounted_gain,
    events,
)

TEST_CAMPAIGNS = (8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 21, 22)
TYPE_A = "Type A"  # its households got 16 of the coupons each, and it is not known which
PRINTED = 8  # coupons a sheet
_TABLES_FROM = 60  # day; the closed form is fitted once, long before the first test campaign
_LEAST = 1e-7  # a chance that may be taken the logarithm of


class Campaign(NamedTuple):
    """A campaign's pairs, and which of them were used: bool[households, coupons]."""

    number: int
    kind: str
    begins: int  # day
    ends: int
    households: Ints  # places in the shop, ascending
    coupons: Ints  # the data set's numbers, ascending
    used: Flags


def campaigns(journey: Journey, shop: Shop, numbers: tuple[int, ...]) -> list[Campaign]:
    """The campaigns of these numbers, with those recipients that bought anything that counts."""
    told = {campaign.number: campaign for campaign in journey.campaigns}
    found = []
    for number in numbers:
        sent, offered, used = (
            table[table["campaign_id"] == number]
            for table in (journey.recipients, journey.coupons, journey.redemptions)
        )
        homes = np.intersect1d(sent["household_id"].to_numpy(np.int64), shop.households)
        coupons = np.unique(offered["coupon_upc"].to_numpy(np.int64))
        by = used[used["household_id"].isin(homes)]
        cells = np.zeros((len(homes), len(coupons)), np.bool_)
        rows = np.searchsorted(homes, by["household_id"].to_numpy(np.int64))
        cells[rows, np.searchsorted(coupons, by["coupon_upc"].to_numpy(np.int64))] = True
        found.append(
            Campaign(
                number=number,
                kind=told[number].kind,
                begins=day_number(told[number].begins),
                ends=day_number(told[number].ends),
                households=np.searchsorted(shop.households, homes),
                coupons=coupons,
                used=cells,
            )
        )
    return found


class Baselines(NamedTuple):
    """One campaign's pairs by three simple rules, float64[households, coupons] each."""

    popularity: Floats  # households that bought anything the coupon is for
    personal_top: Floats  # days on which the household bought what it is for
    closed_form: Floats  # need x the household's way with coupons x the coupon's own record


class Rules:
    """The simple rules, with what they know of the whole shop."""

    def __init__(self, journey: Journey, shop: Shop) -> None:
        self._journey, self._shop = journey, shop
        self._products, self._types = events(shop, "product"), events(shop, "type")
        self._product_table = table_of_rates(self._products, _TABLES_FROM)
        self._type_table = table_of_rates(self._types, _TABLES_FROM)
        sold = np.arange(len(shop.products))
        self._type_of = sp.csr_matrix(
            (np.ones(len(sold), np.float32), (sold, shop.type_of)),
            shape=(len(sold), len(shop.types)),
        )

    def score(self, campaign: Campaign) -> Baselines:
        goods = self._goods(campaign)
        cut = max(campaign.begins, 1)
        products, types = known_before(self._products, cut), known_before(self._types, cut)
        covered = self._coverage(goods, cut).T
        rows = campaign.households
        ever = products.matrix(np.ones(len(products.item), np.float32))
        buyers = np.asarray(((ever @ goods.T) > 0).sum(0)).ravel()

        def own(known: Known, values: npt.NDArray[np.floating], of: sp.spmatrix) -> Floats:
            table = known.matrix(np.asarray(values, np.float32))[rows] @ of
            return np.asarray(table.toarray(), dtype=np.float64)

        needed = own(products, _expected(products, self._product_table), goods.T)
        of_type = own(types, _expected(types, self._type_table), covered)
        willing = self._redemption_rate(campaign) * (self._coupon_share(campaign, cut) + 0.01)
        return Baselines(
            popularity=np.tile(buyers / products.households, (len(rows), 1)),
            personal_top=own(products, products.n, goods.T) + 0.001 * own(types, types.n, covered),
            closed_form=(needed + 0.5 * of_type + 0.002)
            * willing[:, None]
            * self._coupon_rate(campaign),
        )

    def _goods(self, campaign: Campaign) -> sp.csr_matrix:
        """Coupons by products: ones where the coupon is for the product."""
        offered = self._journey.coupons
        offered = offered[
            (offered["campaign_id"] == campaign.number)
            & offered["product_id"].isin(self._shop.products)
        ].drop_duplicates(["coupon_upc", "product_id"])
        row = np.searchsorted(campaign.coupons, offered["coupon_upc"].to_numpy(np.int64))
        column = np.searchsorted(self._shop.products, offered["product_id"].to_numpy(np.int64))
        return sp.csr_matrix(
            (np.ones(len(row), np.float32), (row, column)),
            shape=(len(campaign.coupons), len(self._shop.products)),
        )

    def _coverage(self, goods: sp.csr_matrix, cut: int) -> sp.csr_matrix:
        """Coupons by types: the share of the type's late sales that the coupon is good for."""
        shop = self._shop
        past = shop.day < cut
        sales = np.bincount(
            shop.product[past], 0.5 ** ((cut - shop.day[past]) / 45), len(shop.products)
        )
        of_type = np.bincount(shop.type_of, sales, len(shop.types))
        part = sp.csr_matrix(goods.multiply(sales)) @ self._type_of
        return sp.csr_matrix(part.multiply(1 / np.maximum(of_type, 1e-6)))

    def _coupon_share(self, campaign: Campaign, cut: int) -> Floats:
        """Share of the household's lines that carried a coupon."""
        shop = self._shop
        past = shop.day < cut
        homes = len(shop.households)
        lines = np.bincount(shop.household[past], minlength=homes)
        with_coupon = np.bincount(shop.household[past & shop.with_coupon], minlength=homes)
        return ((with_coupon + 0.3) / (lines + 20))[campaign.households]

    def _earlier(self, campaign: Campaign) -> tuple[pd.DataFrame, list[int]]:
        """Coupons used before the campaign, once a household and campaign; campaigns before it."""
        used = self._journey.redemptions
        day = used["day"].dt.date.map(day_number)
        used = used[day < campaign.begins]
        before = [
            each.number
            for each in self._journey.campaigns
            if day_number(each.begins) < campaign.begins
        ]
        return used.drop_duplicates(["household_id", "coupon_upc", "campaign_id"]), before

    def _redemption_rate(self, campaign: Campaign) -> Floats:
        """Coupons the household used for each campaign that it got."""
        used, before = self._earlier(campaign)
        sent = self._journey.recipients
        sent = sent[sent["campaign_id"].isin(before)]
        homes = pd.Index(self._shop.households[campaign.households])
        uses, mailings = (
            table.groupby("household_id").size().reindex(homes).fillna(0).to_numpy(np.float64)
            for table in (used, sent)
        )
        return np.asarray((uses + 0.4) / (mailings + 1), dtype=np.float64)

    def _coupon_rate(self, campaign: Campaign) -> Floats:
        """How often each coupon was used of the times it was sent before, pulled to the mean."""
        used, before = self._earlier(campaign)
        journey = self._journey
        sent = journey.recipients.groupby("campaign_id").size()
        earlier = journey.coupons[journey.coupons["campaign_id"].isin(before)]
        earlier = earlier[["coupon_upc", "campaign_id"]].drop_duplicates()
        copies = earlier["campaign_id"].map(sent).groupby(earlier["coupon_upc"]).sum()
        uses = used.groupby("coupon_upc").size()
        usual = (uses.sum() + 1) / (copies.sum() + 400)
        mine, sheets = (
            counted.reindex(pd.Index(campaign.coupons)).fillna(0).to_numpy(np.float64)
            for counted in (uses, copies)
        )
        return np.asarray((mine + 800 * usual) / (sheets + 800), dtype=np.float64)


def _expected(known: Known, table: Floats) -> Floats:
    rate, place = rates(known)
    return rate * table[place]


def judge(told: list[Campaign], scores: list[Floats]) -> Metrics:
    """Judge one table of scores a campaign: over all pairs, and within type A's households."""
    used = np.concatenate([campaign.used.ravel() for campaign in told])
    score = np.concatenate([table.ravel() for table in scores])
    within = [
        _within(campaign.used, table)
        for campaign, table in zip(told, scores, strict=True)
        if campaign.kind == TYPE_A
    ]
    recall, gain, auc = (np.concatenate(column) for column in zip(*within, strict=True))
    return {
        "b_auc": float(roc_auc_score(used, score)),
        "b_ap": float(average_precision_score(used, score)),
        "b_rec8": float(recall.mean()),
        "b_ndcg8": float(gain.mean()),
        "b_within_auc": float(np.nanmean(auc)),
    }


def judge_chances(told: list[Campaign], chances: list[Floats], usual: list[float]) -> Metrics:
    """Judge chances: log-loss skill against `usual`, each campaign's known rate, and ECE."""
    used = np.concatenate([campaign.used.ravel() for campaign in told])
    chance = np.concatenate([table.ravel() for table in chances])
    base = np.concatenate(
        [np.full(campaign.used.size, rate) for campaign, rate in zip(told, usual, strict=True)]
    )
    return {
        "b_skill": 1 - _log_loss(used, chance) / _log_loss(used, base),
        "b_ece": calibration_error(used, chance),
    }


def _log_loss(used: Flags, chance: Floats) -> float:
    chance = np.clip(chance, _LEAST, 1 - _LEAST)
    return float(-np.where(used, np.log(chance), np.log1p(-chance)).mean())


def _within(used: Flags, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """Recall and NDCG of the best eight, and AUC, of each household that used any."""
    rows = np.flatnonzero(used.any(1))
    used, scores = used[rows], scores[rows]
    order = np.argsort(-scores, axis=1, kind="stable")
    hits = np.take_along_axis(used, order, 1)[:, :PRINTED]
    count = used.sum(1)
    auc = [
        roc_auc_score(each, score) if 0 < each.sum() < len(each) else np.nan
        for each, score in zip(used, scores, strict=True)
    ]
    return hits.sum(1) / count, discounted_gain(hits, count), np.array(auc, dtype=np.float64)
