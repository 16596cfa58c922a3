"""How long a till waits for its coupons while the shop's sales come in.

    python -m tests.benchmarks.till [--seconds 60] [--workers 4]
    python -m tests.benchmarks.till --proof

Lock and redeem at 100 calls a second, on one server with uploads of 5,000 lines a second. Calls
start when they are due, whether or not earlier ones were answered, and each is timed from when
it was due. With --proof no times are measured: tills race for coupons while workers and
PostgreSQL are killed (till_races.py). The last line is one JSON object.
"""

import argparse
import itertools
import json
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import NamedTuple

from tests.benchmarks import servers, till_races, tillshop
from tests.benchmarks.tillshop import Shop

CALLS_PER_SECOND = 100
TILLS = 20
CLIENTS = 48  # far more than ever wait for an answer, so that every call starts in time
WARM_UP_SECONDS = 8.0
SHOPPING_SECONDS = 1.0  # from the lock to the payment
UPLOADS_PER_SECOND = 5
BASKETS, LINES = 100, 10  # of an upload


class Call(NamedTuple):
    """What is due `at` so many seconds from the start; `number` counts calls of one name."""

    at: float
    name: str
    number: int


class Calls:
    """The calls of one run: each returns whether it was answered as it should be."""

    def __init__(self, shop: Shop, uploads: int) -> None:
        self._shop = shop
        self._locks: dict[int, str] = {}
        receipts = itertools.count()
        self._uploads = [
            tillshop.upload(shop, TILLS + 1, receipts, BASKETS, LINES) for _ in range(uploads)
        ]

    def lock(self, number: int) -> bool:
        key = self._shop.basket_key(number % TILLS + 1, str(number))
        basket = {**key, "lines": [tillshop.line(1), tillshop.line(2, code="DELI1")]}
        reply = self._say(number, "lock", {"basket": basket})
        if reply.status == 200:
            self._locks[number] = json.loads(reply.body)["lock"]
        return reply.status == 200

    def redeem(self, number: int) -> bool:
        key = self._shop.basket_key(number % TILLS + 1, str(number))
        body = {"basket_key": key, "amount": "0.50", "lock": self._locks.get(number)}
        return self._say(number, "redeem", body).status == 201

    def upload(self, number: int) -> bool:
        shop = self._shop
        body = self._uploads[number]
        return tillshop.post(shop.server.url, "uploads", shop.collector, body).status == 201

    def _say(self, number: int, act: str, body: object) -> tillshop.Reply:
        shop = self._shop
        path = f"coupons/{shop.codes[number]}/{act}"
        token = shop.tokens[number % TILLS]
        return tillshop.post(
            shop.server.url,
            path,
            token,
            json.dumps(body).encode(),
            f"{act} {number}".replace(" ", "-"),
        )


def timetable(seconds: float) -> list[Call]:
    pairs = int(seconds * CALLS_PER_SECOND / 2)
    beat = 2 / CALLS_PER_SECOND
    locks = [Call(number * beat, "lock", number) for number in range(pairs)]
    redeems = [Call(SHOPPING_SECONDS + (n + 0.5) * beat, "redeem", n) for n in range(pairs)]
    uploads = [
        Call((number + 0.25) / UPLOADS_PER_SECOND, "upload", number)
        for number in range(int(seconds * UPLOADS_PER_SECOND))
    ]
    return sorted([*locks, *redeems, *uploads])


def run(calls: Calls, due: list[Call]) -> tuple[dict[str, list[float]], int]:
    """Make the calls when they are due; return each name's waits in ms, and how many went wrong."""
    waits: dict[str, list[float]] = {"lock": [], "redeem": [], "upload": []}
    wrong: list[Call] = []
    acts: dict[str, Callable[[int], bool]] = {
        "lock": calls.lock,
        "redeem": calls.redeem,
        "upload": calls.upload,
    }
    coming: Iterator[Call] = iter(due)
    taking = threading.Lock()
    start = time.perf_counter() + 0.5

    def client() -> None:
        while True:
            with taking:
                call = next(coming, None)
            if call is None:
                return
            time.sleep(max(0.0, start + call.at - time.perf_counter()))
            try:
                is_right = acts[call.name](call.number)
            except OSError:
                is_right = False
            waits[call.name].append((time.perf_counter() - start - call.at) * 1000)
            if not is_right:
                wrong.append(call)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waits, len(wrong)


def warm_up(shop: Shop) -> None:
    """Keep every worker busy until each has imported all that it needs and has connected."""
    until = time.monotonic() + WARM_UP_SECONDS

    def ask() -> None:
        while time.monotonic() < until:
            tillshop.post(shop.server.url, "coupons/x/release", shop.tokens[0], b"{}")

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(seconds: float, workers: int) -> dict[str, float]:
    """Return percentiles in ms; those without a name are of locks and redeems together."""
    due = timetable(seconds)
    with servers.running(workers, ["--preload"]) as server:
        coupons = sum(call.name == "lock" for call in due)
        shop = tillshop.opened(server, coupons=coupons, tills=TILLS)
        calls = Calls(shop, sum(call.name == "upload" for call in due))
        warm_up(shop)
        waits, errors = run(calls, due)
        ((redemptions, coupons_redeemed, lines),) = server.rows(
            "SELECT count(*), count(DISTINCT coupon_id),"
            " (SELECT count(*) FROM pos_integration_basketline) FROM coupons_redemption"
        )
    both = waits["lock"] + waits["redeem"]
    found: dict[str, float] = {"p50_ms": percentile(both, 50), "p99_ms": percentile(both, 99)}
    for name, times in waits.items():
        found[f"{name}_p50_ms"] = percentile(times, 50)
        found[f"{name}_p99_ms"] = percentile(times, 99)
        found[f"{name}_max_ms"] = round(max(times), 1)
    return {
        **found,
        "calls": len(both),
        "redemptions": redemptions,
        "upload_lines_per_s": round(lines / seconds),
        "errors": errors,
        "double_redemptions": redemptions - coupons_redeemed,
    }


def percentile(times: list[float], share: int) -> float:
    return round(statistics.quantiles(times, n=100, method="inclusive")[share - 1], 1)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    words.add_argument("--seconds", type=float, default=60)
    words.add_argument("--workers", type=int, default=4, help="of gunicorn")
    words.add_argument("--proof", action="store_true", help="races and kills, no times")
    said = words.parse_args()
    if said.proof:
        proof = till_races.prove(workers=said.workers)
        for name, value in asdict(proof).items():
            print(f"{name.replace('_', ' '):<28}{value:>10,}")
        print(json.dumps({**asdict(proof), "is_proven": proof.is_proven}))
        sys.exit(not proof.is_proven)
    found = measure(said.seconds, said.workers)
    print(f"{'':<10}{'p50 ms':>10}{'p99 ms':>10}{'max ms':>10}")
    for name in ("lock", "redeem", "upload"):
        times = "".join(f"{found[f'{name}_{part}_ms']:>10.1f}" for part in ("p50", "p99", "max"))
        print(f"{name:<10}{times}")
    print(
        f"{found['calls']:,} calls in {said.seconds:g} s beside "
        f"{found['upload_lines_per_s']:,} lines/s, {said.workers} workers"
    )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
