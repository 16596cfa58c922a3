"""Tills that race for coupons, each call sent twice, while workers and PostgreSQL are killed.

What must come of it: as many redemptions as coupons, each one that a till was told of in the
database and the other way round, and for every Idempotency-Key one answer.
"""

import http.client
import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks import servers, tillshop
from tests.benchmarks.tillshop import Reply, Shop

PATIENCE_SECONDS = 1_800.0  # of all the race


@dataclass(frozen=True)
class Proof:
    """lost: told to a till, not in the database; untold: in the database, told to nobody."""

    coupons: int
    calls: int
    answers: int
    tries: int
    worker_kills: int
    postgres_kills: int
    redemptions: int
    lost: int
    untold: int
    double: int
    keys_with_two_answers: int
    other_answers: int
    seconds: float

    @property
    def is_proven(self) -> bool:
        wrongs = self.lost + self.untold + self.double + self.keys_with_two_answers
        return (
            wrongs + self.other_answers == 0
            and self.redemptions == self.coupons
            and self.answers == 2 * self.calls
        )


class _Race:
    """Every till wants every coupon, in about the same order; each till is on two lines at once."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.answers: defaultdict[str, list[Reply]] = defaultdict(list)
        self.done = 0
        self.tries = 0
        self._counting = threading.Lock()
        self._until = time.monotonic() + PATIENCE_SECONDS

    def take_part(self, till: int, line: int) -> None:
        dice = random.Random(f"{till} {line}")
        coupons = range(len(self.shop.codes))
        for number in sorted(coupons, key=lambda number: number + dice.uniform(0, 8)):
            key = f"{till}-{number}"
            body = json.dumps(
                {"basket_key": self.shop.basket_key(till, key), "amount": "0.50"}
            ).encode()
            reply = self._ask(f"coupons/{self.shop.codes[number]}/redeem", till, body, key)
            with self._counting:
                self.answers[key].append(reply)
                self.done += 1

    def _ask(self, path: str, till: int, body: bytes, key: str) -> Reply:
        """Send until there is an answer: neither silence nor a server's confusion is one."""
        while time.monotonic() < self._until:
            with self._counting:
                self.tries += 1
            try:
                reply = tillshop.post(
                    self.shop.server.url, path, self.shop.tokens[till - 1], body, key
                )
            except (OSError, http.client.HTTPException):
                pass
            else:
                if reply.status < 500:
                    return reply
            time.sleep(0.05)
        raise TimeoutError(f"no answer to {key} in {PATIENCE_SECONDS} s")


def prove(
    *,
    coupons: int = 2_500,
    tills: int = 4,
    worker_kills: int = 6,
    postgres_kills: int = 3,
    workers: int = 2,
) -> Proof:
    """Let `tills` race for all `coupons`, each call sent twice, with kills spread over the race."""
    # Preloaded, so that a worker that was killed is there again at once.
    with servers.running(workers, ["--preload"]) as server:
        shop = tillshop.opened(server, coupons=coupons, tills=tills)
        race = _Race(shop)
        begun = time.monotonic()
        threads = [
            threading.Thread(target=race.take_part, args=[till, line], daemon=True)
            for till in range(1, tills + 1)
            for line in range(2)
        ]
        for thread in threads:
            thread.start()
        calls = tills * coupons
        kills = ["worker"] * worker_kills + ["postgres"] * postgres_kills
        random.Random(1).shuffle(kills)
        for number, victim in enumerate(kills, 1):
            while race.done < 2 * calls * number / (len(kills) + 1) and _alive(threads):
                time.sleep(0.005)
            if victim == "worker":
                server.kill_worker()
            else:
                server.kill_postgres()
                server.start_postgres()
        for thread in threads:
            thread.join()
        seconds = round(time.monotonic() - begun, 1)
        rows = server.rows("SELECT id, coupon_id FROM coupons_redemption WHERE reversed_at IS NULL")
    return _judged(race, rows, coupons, calls, worker_kills, postgres_kills, seconds)


def _judged(
    race: _Race,
    rows: Sequence[tuple[int, int]],
    coupons: int,
    calls: int,
    worker_kills: int,
    postgres_kills: int,
    seconds: float,
) -> Proof:
    told = {
        json.loads(reply.body)["redemption"]
        for replies in race.answers.values()
        for reply in replies
        if reply.status == 201
    }
    kept = {str(redemption) for redemption, _ in rows}
    return Proof(
        coupons=coupons,
        calls=calls,
        answers=sum(map(len, race.answers.values())),
        tries=race.tries,
        worker_kills=worker_kills,
        postgres_kills=postgres_kills,
        redemptions=len(rows),
        lost=len(told - kept),
        untold=len(kept - told),
        double=len(rows) - len({coupon for _, coupon in rows}),
        keys_with_two_answers=sum(len(set(replies)) > 1 for replies in race.answers.values()),
        other_answers=sum(
            reply.status not in (201, 409) for replies in race.answers.values() for reply in replies
        ),
        seconds=seconds,
    )


def _alive(threads: Sequence[threading.Thread]) -> bool:
    return any(thread.is_alive() for thread in threads)
