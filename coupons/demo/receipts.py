"""A day of the data set as the JSON that a till would upload. PURE: it runs in a process beside."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from pos_integration import gtin

TILL = 1
COLUMNS = (
    "basket", "household", "store", "ended_at", "product", "quantity", "amount_cents",
    "discount_cents", "coupon_cents",
)  # fmt: skip


def body(
    day: date, columns: Sequence[list[Any]], coupons: Mapping[int, list[dict[str, Any]]]
) -> bytes:
    """Return the upload of `day`.

    columns: COLUMNS, a value a line, the lines of a basket together. coupons: what the till tells
    of those used, by basket.
    """
    rows = zip(*columns, strict=True)
    baskets = [
        _basket(day, list(lines), coupons.get(number, []))
        for number, lines in groupby(rows, key=itemgetter(0))
    ]
    return msgspec.json.encode({"baskets": baskets})


def _basket(
    day: date, rows: list[tuple[Any, ...]], coupons: list[dict[str, Any]]
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
                "code": _scanned(row[4]),
                "quantity": str(row[5]),
                "amount": _money(row[6]),
                "discount": _money(row[7]),
            }
            for place, row in enumerate(rows, 1)
        ],
        "coupons": coupons,
        "tenders": [*tenders, {"kind": "cash", "amount": _money(total - sum(paid_by_coupon))}],
    }


@cache
def _scanned(product: int) -> str:
    """The EAN-13 of restricted circulation that stands on the product."""
    return gtin.in_store(str(product))[1:]


@cache
def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
