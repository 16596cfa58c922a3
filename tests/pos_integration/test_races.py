"""Many tills at once, and workers that die."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from pos_integration import ingest, keeping
from pos_integration.models import Basket, BasketLine, Product, Upload
from tests.pos_integration.tills import basket, body, line, open_store, outcome

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls):
    """Run `calls` in threads that start together; returns what they return."""
    barrier = threading.Barrier(len(calls))
    answers: list[Any] = [None] * len(calls)

    def run(place):
        try:
            barrier.wait()
            answers[place] = calls[place]()
        except Exception as error:
            answers[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers


def test_overlapping_batches_at_once_neither_block_each_other_nor_double():
    till = open_store(tills=4)
    sold = [
        basket(
            str(number),
            till=1 + number % 4,
            lines=[line(place, code=f"DELI/{(number * 7 + place) % 90}") for place in range(5)],
        )
        for number in range(120)
    ]
    batches = [sold[:90], sold[30:][::-1], sold[::2] + sold[1::2], sold[::-1]]
    uploads = [keeping.accept(till, body(*batch), "application/json")[0].pk for batch in batches]

    loaded = at_once(*[lambda pk=pk: ingest.load(pk) for pk in uploads])

    assert sum(upload.accepted for upload in loaded) == Basket.objects.count() == 120
    assert sum(upload.duplicates for upload in loaded) == sum(map(len, batches)) - 120
    assert sum(upload.rejected for upload in loaded) == 0
    assert BasketLine.objects.count() == 600
    known = set(Product.objects.values_list("pk", flat=True))
    assert set(BasketLine.objects.values_list("product_id", flat=True)) == known
    assert len(known) == 90


def test_one_upload_loaded_and_sent_by_many_at_once_is_written_once():
    till = open_store()
    content = body(*[basket(str(number)) for number in range(20)])

    def send():
        upload, is_new = keeping.accept(till, content, "application/json")
        ingest.load(upload.pk)
        return upload.pk, is_new

    answers = at_once(*[send] * 6)

    assert sorted(is_new for _, is_new in answers) == [False] * 5 + [True]
    assert len({pk for pk, _ in answers}) == 1
    assert outcome(Upload.objects.get()) == (20, 0, 0)
    assert BasketLine.objects.count() == 20


WORKER = """
import django, os, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from pos_integration import ingest
print("begins", flush=True)
ingest.load(int(sys.argv[2]))
"""


def test_a_worker_killed_in_the_middle_leaves_nothing_and_another_does_it_all():
    till = open_store()
    content = body(*[basket(str(number)) for number in range(50)])
    upload, _ = keeping.accept(till, content, "application/json")

    with transaction.atomic(), connection.cursor() as cursor:
        # The worker gets as far as its baskets and waits here for its lines.
        cursor.execute("LOCK TABLE pos_integration_basketline IN EXCLUSIVE MODE")
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, connection.settings_dict["NAME"], str(upload.pk)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings"},
            stdout=subprocess.PIPE,
        )
        try:
            for _ in range(600):
                # A writer's lock: autovacuum may wait here too, to summarise the BRIN index.
                cursor.execute(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted"
                    " AND mode = 'RowExclusiveLock'"
                    " AND relation = 'pos_integration_basketline'::regclass"
                )
                if cursor.fetchone() == (1,):
                    break
                assert worker.poll() is None
                time.sleep(0.05)
            else:
                pytest.fail("the worker never came to its lines")
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.communicate()

    assert ingest.load(upload.pk).state == "received"  # the dead one's lease still runs
    assert Basket.objects.count() == 0
    late = timezone.now() - timedelta(seconds=1)
    Upload.objects.update(claimed_until=late)
    assert ingest.load_waiting() == {"loaded": 1}
    assert outcome(Upload.objects.get()) == (50, 0, 0)
    assert Upload.objects.get().attempts == 2
    assert Basket.objects.count() == BasketLine.objects.count() == 50


def test_a_load_that_breaks_leaves_its_upload_to_the_next():
    till = open_store()
    upload, _ = keeping.accept(till, body(basket()), "application/json")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pos_integration_basketline RENAME TO elsewhere")
        try:
            assert ingest.load_waiting() == {"broken": 1}
        finally:
            cursor.execute("ALTER TABLE elsewhere RENAME TO pos_integration_basketline")

    assert Basket.objects.count() == 0
    assert ingest.load(upload.pk).state == "loaded"
