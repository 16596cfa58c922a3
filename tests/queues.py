"""A real queue beside a test, and tasks that say which process is at them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ

QUEUE = """
import django, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.core.management import call_command
call_command("qcluster")
"""


@contextmanager
def queue(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A queue with processes of its own, killed at the end together with all of them."""
    process = subprocess.Popen(
        [sys.executable, "-c", QUEUE, connection.settings_dict["NAME"]],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "loyalty.settings", **environment},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        cache.clear()  # its heartbeat: no test's end forgets what is in there


def until(what: Callable[[], Any], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            pytest.fail(f"waited for {seconds:g} seconds")
        time.sleep(0.02)


def at_work() -> int:
    return int(OrmQ.objects.filter(lock__gt=timezone.now()).count())


def told(path: str, task: str, *arguments: Any) -> Any:
    """Do `task`, and add to the file `path` a line with the process that is at it."""
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    return import_string(task)(*arguments)


def told_last(first: int, task: str, path: str) -> Any:
    """The same of a task of one argument, which stands first as the desk looks for it."""
    return told(path, task, first)


def workers(path: Path) -> list[int]:
    """The processes that were at it, in order."""
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def sleep_in_database(seconds: float) -> None:
    """Hold the name 'tests.asleep', and ask for something long."""
    from coupons.alone import alone

    with alone("tests.asleep"), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def in_processes() -> list[int]:
    from loyalty import engine

    return sorted(engine.map_buckets(after, [1, 2]))


def after(bucket: int) -> int:
    return bucket + 1
