"""Baskets of a day as a till would upload them, with the coupons that the data says were used."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, cast

import msgspec
import numpy as np
import pandas as pd
from django.db import connections
from django.db.models import Count

from coupons import clearing
from coupons.demo.journey import CAMPAIGN, Journey
from coupons.demo.shop import TILL, code_of
from coupons.models import Coupon, Offer
from pos_integration import gtin, ingest
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
) -> tuple[int, int]:
    """Upload the baskets of the days `begin` to `end` (left out), a day an upload, in order.

    Days that are in already, basket for basket, are passed over. Returns (baskets, lines) taken.
    """
    table = journey.baskets
    table = _between(table, begin, end)
    there = dict(
        Basket.objects.filter(business_date__gte=begin, business_date__lt=end)
        .values_list("business_date")
        .annotate(Count("pk"))
    )
    uses = _uses(journey, begin, end)
    personal = _personal_codes(journey)
    offers = {int(o.shared_code or 0): o for o in Offer.objects.exclude(shared_code=None)}
    code_of_product = {
        number: gtin.in_store(str(number))[1:] for number in table["product"].unique().tolist()
    }
    days = [(cast(pd.Timestamp, key).date(), lines) for key, lines in table.groupby("day")]

    def hand_over(day: date, lines: pd.DataFrame) -> int | None:
        """Keep the day's upload, as the collector's thread; None if the day is in already."""
        if there.get(day, 0) >= lines["basket"].nunique():
            return None
        body = _body(day, lines, uses, personal, offers, code_of_product)
        return ingest.accept(collector, body, "application/json")[0].pk

    taken_baskets = taken_lines = 0
    # One day is handed over while the one before is loaded, as a collector and a server would.
    with ThreadPoolExecutor(1) as collecting:
        ahead = deque(collecting.submit(hand_over, *day) for day in days[:1])
        for done in range(1, len(days) + 1):
            if done < len(days):
                ahead.append(collecting.submit(hand_over, *days[done]))
            upload_id = ahead.popleft().result()
            if upload_id is not None:
                upload = ingest.load(upload_id)
                taken_baskets += upload.accepted
                taken_lines += upload.lines
            progress(done, len(days))
        collecting.submit(connections.close_all).result()  # the thread's own
    return taken_baskets, taken_lines


def _between(table: pd.DataFrame, begin: date, end: date) -> pd.DataFrame:
    """The rows of the days `begin` to `end`, which is left out."""
    return table[(table["day"] >= pd.Timestamp(begin)) & (table["day"] < pd.Timestamp(end))]


def _personal_codes(journey: Journey) -> dict[tuple[int, int], str]:
    """(household, coupon) of the sheets that we issued -> the code on the paper."""
    rows = Coupon.objects.filter(sheet__mailing__code=code_of(CAMPAIGN)).values_list(
        "sheet__household__cards__number", "offer__shared_code", "code"
    )
    return {(int(card), int(upc or 0)): code for card, upc, code in rows}


def _body(
    day: date,
    lines: pd.DataFrame,
    uses: dict[int, list[Use]],
    personal: dict[tuple[int, int], str],
    offers: dict[int, Offer],
    code_of_product: dict[int, str],
) -> bytes:
    columns = ["basket", "household", "store", "ended_at", "product", "quantity", "amount_cents",
               "discount_cents", "coupon_cents"]  # fmt: skip
    rows = lines[columns].sort_values(["ended_at", "basket"], kind="stable")
    rows = rows.assign(ended_at=np.datetime_as_string(rows["ended_at"].to_numpy(), unit="s"))
    values = {column: rows[column].to_numpy().tolist() for column in columns}
    plain = zip(*values.values(), strict=True)
    baskets = [
        _basket(day, list(group), uses.get(number, []), personal, offers, code_of_product)
        for number, group in groupby(plain, key=itemgetter(0))
    ]
    return msgspec.json.encode({"baskets": baskets})


def _basket(
    day: date,
    rows: list[tuple[Any, ...]],
    uses: list[Use],
    personal: dict[tuple[int, int], str],
    offers: dict[int, Offer],
    code_of_product: dict[int, str],
) -> dict[str, Any]:
    number, household, store, ended_at = rows[0][:4]
    total = sum(row[6] for row in rows)
    paid_by_coupon = [row[8] for row in rows if row[8]]
    tenders = [{"kind": "coupon", "amount": _money(cents)} for cents in paid_by_coupon]
    return {
        "store": str(store),
        "till": TILL,
        "business_date": day.isoformat(),
        "receipt": str(number),
        "ended_at": ended_at,
        "kind": "sale",
        "card": str(household),
        "currency": "USD",
        "lines": [
            {
                "line": place,
                "code": code_of_product[row[4]],
                "quantity": str(row[5]),
                "amount": _money(row[6]),
                "discount": _money(row[7]),
            }
            for place, row in enumerate(rows, 1)
        ],
        "coupons": _coupons(uses, personal, offers),
        "tenders": [*tenders, {"kind": "cash", "amount": _money(total - sum(paid_by_coupon))}],
    }


def _coupons(
    uses: list[Use], personal: dict[tuple[int, int], str], offers: dict[int, Offer]
) -> list[dict[str, Any]]:
    """What the till tells of the coupons: ours by the code on our sheet, others by their own."""
    told = []
    mine = dict(personal) if uses else {}
    for use in uses:
        key = (use.household, use.upc)
        ours = mine.pop(key, None) if use.campaign == CAMPAIGN else None
        worth = clearing.worth(offers[use.upc], use.price) if use.price else Decimal("0.00")
        entry: dict[str, Any] = {"code": ours or str(use.upc), "amount": str(worth)}
        if use.line is not None:
            entry["line"] = use.line
        told.append(entry)
    return told


@cache
def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"


def _uses(journey: Journey, begin: date, end: date) -> dict[int, list[Use]]:
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
    found: dict[int, list[Use]] = {}
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
        found.setdefault(int(best["basket"]), []).append(
            Use(int(home), int(upc), int(campaign), int(best["basket"]), line, price)
        )
    return found
