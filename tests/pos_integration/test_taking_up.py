"""A queue that is killed, or one of its workers, loses nothing: what it was at is taken up."""

import os
import signal
import time
from functools import partial

import pytest
from django.db import connection
from django_q.brokers import get_broker
from django_q.models import Failure, OrmQ, Success
from django_q.status import Stat
from django_q.tasks import async_task

from pos_integration import ingest, keeping, taking_up
from tests.pos_integration.tills import basket, body, open_store
from tests.queues import at_work, queue, until, workers

pytestmark = pytest.mark.django_db(transaction=True)
TOLD = "tests.queues.told"


def test_what_a_killed_queue_was_at_is_begun_again_by_the_next():
    async_task("time.sleep", 1.5)
    with queue():
        until(at_work)
    assert at_work() == 1
    assert not Success.objects.exists()
    with queue():
        until(Success.objects.exists)
    assert Success.objects.get().func == "time.sleep"


def test_what_a_queue_that_lives_is_at_is_left_to_it():
    async_task("time.sleep", 60)
    with queue():
        until(lambda: at_work() and Stat.get_all(get_broker()))
        assert taking_up.take_up(patience=1.0) == 0
        assert at_work() == 1


def test_where_nothing_is_at_work_nobody_waits():
    async_task("time.sleep", 1)
    before = OrmQ.objects.get().lock
    assert taking_up.take_up() == 0
    assert OrmQ.objects.get().lock == before


def test_what_a_killed_worker_was_at_is_soon_begun_again_by_another_and_once(tmp_path):
    path, other = tmp_path / "it", tmp_path / "other"
    async_task(TOLD, str(path), "time.sleep", 5)
    async_task(TOLD, str(other), "time.sleep", 5)
    with queue():
        until(lambda: workers(path) and workers(other))
        os.kill(workers(path)[0], signal.SIGKILL)
        until(Failure.objects.exists)
        assert Failure.objects.get().result == taking_up.DIED
        until(lambda: Success.objects.count() == 2, 60)
        until(lambda: not OrmQ.objects.exists())
        time.sleep(1)
    first, again = workers(path)
    assert first != again
    assert len(workers(other)) == 1  # whose worker lived
    assert not Failure.objects.exists()


def test_the_database_lets_go_of_what_a_killed_worker_held_while_it_waited_for_an_answer(tmp_path):
    path = tmp_path / "it"
    async_task(TOLD, str(path), "tests.queues.sleep_in_database", 300)
    with queue():
        until(lambda: workers(path) and _is_asleep())
        os.kill(workers(path)[0], signal.SIGKILL)
        until(lambda: not _is_asleep())
        until(lambda: len(workers(path)) == 2 and _is_asleep())  # by the next, under the same name
        assert [failure.result for failure in Failure.objects.all()] == [taking_up.DIED]
        os.kill(workers(path)[1], signal.SIGKILL)
        until(lambda: not _is_asleep())  # for the next test


def _is_asleep():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'SELECT pg\\_sleep%'"
            " AND state = 'active'"
        )
        return cursor.fetchone() != (0,)


def test_a_file_whose_worker_was_killed_is_loaded_without_waiting_for_its_claim():
    upload, _ = keeping.accept(open_store(), body(basket("1")), "application/json", is_claimed=True)
    async_task("pos_integration.tasks.load", upload.pk)
    assert ingest.load(upload.pk).state == "received"  # somebody is at it
    task = OrmQ.objects.get()
    taking_up.take_up_from_dead(task.pk, after_s=0)
    assert ingest.load(upload.pk).state == "loaded"


def test_what_kills_every_worker_is_given_up_after_three(tmp_path):
    path = tmp_path / "it"
    async_task(TOLD, str(path), "os.abort")
    with queue():
        until(lambda: Failure.objects.filter(attempt_count=3).exists(), 90)
        until(lambda: not OrmQ.objects.exists())
        assert len(workers(path)) == 3


def _are_done(many: int) -> bool:
    return bool(Success.objects.count() == many)


def test_a_worker_that_is_killed_while_it_waits_for_work_keeps_no_other_from_theirs(tmp_path):
    path = tmp_path / "it"
    with queue():
        for many in range(1, 5):  # of two, one waits for the other
            async_task(TOLD, str(path), "os.getpid")
            until(partial(_are_done, many))
            time.sleep(0.2)
            os.kill(workers(path)[-1], signal.SIGKILL)
    assert len(set(workers(path))) == 4
    assert not Failure.objects.exists()


def test_a_worker_may_have_processes_of_its_own():
    async_task("tests.queues.in_processes")
    with queue(LOYALTY_ENGINE="processes"):
        until(lambda: Success.objects.exists() or Failure.objects.exists())
    assert Success.objects.get().result == [2, 3]
