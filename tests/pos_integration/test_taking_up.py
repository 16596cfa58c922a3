"""A queue that is killed loses nothing: the next one takes up what it was at."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Success
from django_q.status import Stat
from django_q.tasks import async_task

from pos_integration import taking_up

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = """
import django, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.core.management import call_command
call_command("qcluster")
"""


@contextmanager
def queue():
    """A queue with processes of its own, killed at the end together with all of them."""
    process = subprocess.Popen(
        [sys.executable, "-c", QUEUE, connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings"},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def until(what):
    for _ in range(600):
        if what():
            return
        time.sleep(0.05)
    pytest.fail("waited for half a minute")


def at_work():
    return OrmQ.objects.filter(lock__gt=timezone.now()).count()


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
