"""A shop with coupons that are good today, and a till's calls to it over plain HTTP."""

import http.client
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from tests.benchmarks.servers import Server

STORE = "330"
ITEM = "5012345678900"


@dataclass(frozen=True)
class Shop:
    """tokens: of tills 1, 2, 3 ...; collector: of the one that uploads; codes: good coupons."""

    server: Server
    today: str
    tokens: Sequence[str]
    collector: str
    codes: Sequence[str]

    def basket_key(self, till: int, receipt: str) -> dict[str, Any]:
        return {"store": STORE, "till": till, "business_date": self.today, "receipt": receipt}


class Reply(NamedTuple):
    status: int
    body: bytes


def opened(server: Server, *, coupons: int, tills: int) -> Shop:
    """Fill the fresh database of `server` with one store, its tills and `coupons` at 0.50."""
    script = f"from tests.benchmarks import tillshop; tillshop.stock({coupons}, {tills})"
    return Shop(server, **json.loads(server.manage("shell", "-c", script).splitlines()[-1]))


def stock(coupons: int, tills: int) -> None:
    """Do what `opened` says, within the server's own settings, and print a Shop as JSON."""
    from coupons.models import Coupon, Sheet  # once Django is set up
    from coupons.sheets import codes
    from coupons.till import store_today
    from loyalty.models import Household, slot_of
    from tests import make

    store = make.store(STORE)
    today = store_today(store)
    first, last = today - timedelta(days=1), today + timedelta(days=7)
    offer = make.offer()
    mailing = make.mailing()
    homes = Household.objects.bulk_create(
        Household(joined_on=first, slot=slot_of(str(number))) for number in range(coupons)
    )
    sheets = Sheet.objects.bulk_create(
        Sheet(mailing=mailing, household=home, number=number, address="", savings="0.50")
        for number, home in enumerate(homes, 1)
    )
    minted = codes.mint_many(coupons)
    Coupon.objects.bulk_create(
        Coupon(
            code=code,
            sheet=sheet,
            position=1,
            offer=offer,
            valid_from=first,
            valid_to=last,
            chance=0.1,
            tag="buy",
            reason="You buy this.",
            staff_reason="",
        )
        for code, sheet in zip(minted, sheets, strict=True)
    )
    tokens = [make.terminal(store, number)[1] for number in range(1, tills + 1)]
    collector, token = make.terminal(store, tills + 1)
    collector.is_collector = True
    collector.save()
    shop = {"today": str(today), "tokens": tokens, "collector": token, "codes": minted}
    sys.stdout.write(json.dumps(shop))


def post(url: str, path: str, token: str, body: bytes, key: str = "") -> Reply:
    """POST JSON on a connection of its own; OSError or HTTPException where no answer came."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    try:
        connection.request("POST", f"/api/v1/{path}", body, headers)
        answer = connection.getresponse()
        return Reply(answer.status, answer.read())
    finally:
        connection.close()


def line(number: int, amount: str = "2.00", code: str = ITEM) -> dict[str, Any]:
    return {"line": number, "code": code, "quantity": "1", "amount": amount}


def upload(shop: Shop, till: int, receipts: Iterator[int], baskets: int, lines: int) -> bytes:
    """Return the body of an upload of new baskets of `till`, each of `lines` lines."""
    sold = [line(number, code=f"DELI{number % 97}") for number in range(1, lines + 1)]
    return json.dumps(
        {
            "baskets": [
                {**shop.basket_key(till, f"u{next(receipts)}"), "lines": sold}
                for _ in range(baskets)
            ]
        }
    ).encode()
