"""Upload the data set's baskets day by day, with the coupons that it says were used."""

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, cast

import numpy as np
import pandas as pd
from django.db import connections
from django.db.models import Count

from coupons import clearing
from coupons.demo import receipts
from coupons.demo.journey import CAMPAIGN, Journey
from coupons.demo.shop import code_of
from coupons.models import Coupon, Offer
from pos_integration import ingest, keeping
from pos_integration.models import Basket, Terminal

Progress = Callable[[int, int], None]


class Use(NamedTuple):
    """A coupon that the data says a household used, on the receipt where it fits best."""

    household: int
    upc: int
    campaign: int
    basket: int
    line: int | None  # the line it was taken off, where one is of its products
    price: Decimal  # of one unit there, or nothing


def upload_days(
    journey: Journey, collector: Terminal, begin: date, end: date, progress: Progress
) -> None:
    """Upload the baskets of the days `begin` to `end` (left out), a day an upload, in order.

    Days that are in already, basket for basket, are passed over.
    """
    table = journey.baskets
    table = _between(table, begin, end)
    there = dict(
        Basket.objects.filter(business_date__gte=begin, business_date__lt=end)
        .values_list("business_date")
        .annotate(Count("pk"))
    )
    told = _told(journey, begin, end)
    days = [(cast(pd.Timestamp, key).date(), lines) for key, lines in table.groupby("day")]

    def hand_over(day: date, lines: pd.DataFrame) -> int | None:
        """Keep the day's upload, as the collector's thread; None if the day is in already."""
        if there.get(day, 0) >= lines["basket"].nunique():
            return None
        lines = lines.sort_values(["ended_at", "basket"], kind="stable")
        lines = lines.assign(ended_at=np.datetime_as_string(lines["ended_at"].to_numpy(), unit="s"))
        columns = [lines[name].to_numpy().tolist() for name in receipts.COLUMNS]
        coupons = {number: told[number] for number in set(columns[0]) & told.keys()}
        body = writing.submit(receipts.body, day, columns, coupons).result()
        return keeping.accept(collector, body, "application/json")[0].pk

    gc.freeze()  # what the demo holds stays: no need to look through it again with every upload
    # One day is written and handed over while the one before is loaded, as a collector and a
    # server would; writing JSON takes a core of its own.
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as writing,
        ThreadPoolExecutor(1) as collecting,
    ):
        ahead = deque(collecting.submit(hand_over, *day) for day in days[:1])
        for done in range(1, len(days) + 1):
            if done < len(days):
                ahead.append(collecting.submit(hand_over, *days[done]))
            upload_id = ahead.popleft().result()
            if upload_id is not None:
                ingest.load(upload_id)
            progress(done, len(days))
        collecting.submit(connections.close_all).result()  # the thread's own


def _between(table: pd.DataFrame, begin: date, end: date) -> pd.DataFrame:
    """The rows of the days `begin` to `end`, which is left out."""
    return table[(table["day"] >= pd.Timestamp(begin)) & (table["day"] < pd.Timestamp(end))]


def _personal_codes(journey: Journey) -> dict[tuple[int, int], str]:
    """(household, coupon) of the sheets that we issued -> the code on the paper."""
    standing = Coupon.objects.exclude(state=Coupon.State.VOID)
    rows = standing.filter(sheet__mailing__code=code_of(CAMPAIGN)).values_list(
        "sheet__household__cards__number", "offer__shared_code", "code"
    )
    return {(int(card), int(upc or 0)): code for card, upc, code in rows}


def _told(journey: Journey, begin: date, end: date) -> dict[int, list[dict[str, Any]]]:
    """What the till tells of the coupons used on each receipt: ours by the code on our sheet, any
    other by its own.
    """
    personal = _personal_codes(journey)
    offers = {int(o.shared_code or 0): o for o in Offer.objects.exclude(shared_code=None)}
    told: dict[int, list[dict[str, Any]]] = {}
    for use in _uses(journey, begin, end):
        # A paper coupon of ours is handed in once; another use was of the original campaign's.
        ours = personal.pop((use.household, use.upc), None) if use.campaign == CAMPAIGN else None
        worth = clearing.worth(offers[use.upc], use.price) if use.price else Decimal("0.00")
        entry: dict[str, Any] = {"code": ours or str(use.upc), "amount": str(worth)}
        if use.line is not None:
            entry["line"] = use.line
        told.setdefault(use.basket, []).append(entry)
    return told


def _uses(journey: Journey, begin: date, end: date) -> list[Use]:
    """Put each use of a coupon on a receipt: of that day with an item of the coupon, else of that
    day, else the household's nearest.
    """
    uses = journey.redemptions
    uses = _between(uses, begin, end)
    table = journey.baskets
    table = _between(table[table["household"].isin(uses["household_id"])], begin, end)
    place = table.groupby("basket").cumcount() + 1
    table = table.assign(line=place)
    of_home = dict(iter(table.groupby("household")))
    products = {
        key: set(rows.tolist())
        for key, rows in journey.coupons.groupby(["coupon_upc", "campaign_id"])["product_id"]
    }
    found = []
    for home, upc, campaign, day in zip(
        uses["household_id"], uses["coupon_upc"], uses["campaign_id"], uses["day"], strict=True
    ):
        rows = of_home.get(home)
        if rows is None:
            continue
        fits = rows[rows["product"].isin(products.get((upc, campaign), set()))]
        today = fits[fits["day"] == day]
        line, price = None, Decimal(0)
        if len(today):
            best = today.iloc[0]
            line = int(best["line"])
            units = max(int(best["quantity"]), 1)
            price = Decimal(int(best["amount_cents"] + best["discount_cents"])) / 100 / units
        else:
            best = rows.iloc[int(np.argmin(np.abs((rows["day"] - day).to_numpy())))]
        found.append(Use(int(home), int(upc), int(campaign), int(best["basket"]), line, price))
    return found
